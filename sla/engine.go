package sla

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/itsm-go/itsm/sla/calendar"
	"github.com/itsm-go/itsm/workflow"
)

// Limits of an engine.
const (
	MaxTargets    = 20_000 // versions included; each is asked whether it starts, so that many cost milliseconds
	MaxGoals      = 1_000  // of one target
	MaxThresholds = 50     // of one target

	MaxWithin = 10 * 365 * 24 * time.Hour // of a goal, and of a threshold before and after it
	MaxDays   = 10 * 365
)

// Engine runs the clocks of a set of targets. It is immutable and safe for
// concurrent use, reads no clock and does no I/O: what it says depends on what
// it is given.
type Engine struct {
	targets   []Target
	lines     []line
	names     [][]string // the calendar of each goal of each target
	calendars map[string]*calendar.Calendar
	floating  sync.Map // "name@zone" to the calendar, made when it is first needed
	kept      atomic.Int64
}

// maxFloating bounds what is kept of calendars taken to zones: there are some six
// hundred zones, and more ways to write them.
const maxFloating = 10_000

// line is the versions of one target, the earliest first.
type line struct {
	name     string
	versions []int // places in targets
}

// NewEngine checks the targets, all of them, and returns their engine.
func NewEngine(targets ...Target) (*Engine, error) {
	var p workflow.Problems
	e := &Engine{calendars: map[string]*calendar.Calendar{}}
	if len(targets) > MaxTargets {
		p.Addf("%d targets, at most %d", len(targets), MaxTargets)
	}
	for _, t := range targets {
		e.add(&p, t)
	}
	for _, l := range e.lines {
		e.order(&p, l)
	}
	if err := p.Err("sla: targets"); err != nil {
		return nil, err
	}
	return e, nil
}

func (e *Engine) add(p *workflow.Problems, t Target) {
	fault := func(format string, args ...any) { p.Addf("target %q: %s", t.Name, fmt.Sprintf(format, args...)) }
	if t.Name == "" || len(t.Name) > 100 || strings.ContainsAny(t.Name, "/\n") {
		fault("a name has 1 to 100 bytes, without a slash")
	}
	if t.Stop == nil {
		fault("no stop condition: the clock would never be met")
	}
	if t.Resume != nil && t.Pause == nil {
		fault("a resume condition goes with a pause condition")
	}
	if t.Version < 0 || !t.Until.IsZero() && !t.From.Before(t.Until) {
		fault("version %d: want a positive number, and in force for longer than no time", t.Version)
	}
	t.defaults()
	if !slices.Contains(changePolicies, t.OnChange) || !slices.Contains(reopenPolicies, t.OnReopen) ||
		!slices.Contains(resetPolicies, t.OnReset) || t.OnVersion != "" && !slices.Contains(changePolicies, t.OnVersion) {
		fault("unknown policy %q, %q, %q or %q", t.OnChange, t.OnReopen, t.OnReset, t.OnVersion)
	}
	for i, f := range t.ResetOn {
		if !f.valid() || slices.Contains(t.ResetOn[:i], f) {
			fault("reset on %q: unknown, or there twice", f)
		}
	}
	t.Thresholds = named(t.Thresholds, fault)
	t.Goals = slices.Clone(t.Goals)
	for i := range t.Goals {
		t.Goals[i].Priorities = slices.Clone(t.Goals[i].Priorities)
	}
	place := len(e.targets)
	e.targets = append(e.targets, t)
	e.names = append(e.names, e.goals(fault, t.Goals))
	l := slices.IndexFunc(e.lines, func(l line) bool { return l.name == t.Name })
	if l < 0 {
		l = len(e.lines)
		e.lines = append(e.lines, line{name: t.Name})
	}
	e.lines[l].versions = append(e.lines[l].versions, place)
}

func (t *Target) defaults() {
	t.Version = max(t.Version, 1)
	if t.Start == nil {
		t.Start = Open
	}
	if t.Pause == nil {
		t.Pause = never
	}
	if t.Cancel == nil {
		t.Cancel = OnCancelled
	}
	t.OnChange = cmp.Or(t.OnChange, CarryElapsed)
	t.OnReopen = cmp.Or(t.OnReopen, Continue)
	t.OnReset = cmp.Or(t.OnReset, ResetStops)
	t.ResetOn = slices.Clone(t.ResetOn)
	t.From, t.Until = t.From.UTC(), t.Until.UTC()
}

func never(Facts) bool { return false }

// order sorts the versions of a target, and finds those that contradict.
func (e *Engine) order(p *workflow.Problems, l line) {
	slices.SortStableFunc(l.versions, func(a, b int) int { return cmp.Compare(e.targets[a].Version, e.targets[b].Version) })
	for i, v := range l.versions[1:] {
		before, t := &e.targets[l.versions[i]], &e.targets[v]
		switch {
		case before.Version == t.Version:
			p.Addf("target %q is there twice as version %d", t.Name, t.Version)
		case !t.From.After(before.From):
			p.Addf("target %q: version %d does not begin after version %d", t.Name, t.Version, before.Version)
		}
	}
}

func (e *Engine) goals(fault func(string, ...any), goals []Goal) []string {
	if len(goals) == 0 || len(goals) > MaxGoals {
		fault("%d goals, want 1 to %d", len(goals), MaxGoals)
	}
	names := make([]string, len(goals))
	for i, g := range goals {
		if i > 0 && goals[i-1].catchAll() {
			fault("goal %d is never reached: goal %d fits every record", i+1, i)
		}
		if (g.Within > 0) == (g.Days > 0) || g.Within < 0 || g.Days < 0 {
			fault("goal %d needs either a business time or business days, more than none", i+1)
		}
		if g.Within > MaxWithin || g.Days > MaxDays {
			fault("goal %d: at most %v, or %d business days", i+1, MaxWithin, MaxDays)
		}
		if (g.EndOfDay || g.By != 0) && g.Days == 0 {
			fault("goal %d: the end or the time of the day goes with business days", i+1)
		}
		if g.EndOfDay && g.By != 0 || g.By < 0 || g.By > 24*time.Hour {
			fault("goal %d: want the end of the day, or a time of it, from 00:00 to 24:00", i+1)
		}
		if g.Calendar == nil {
			fault("goal %d has no calendar", i+1)
			continue
		}
		if _, ok := g.Calendar.NextOpen(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)); !ok {
			fault("goal %d: its calendar never opens", i+1)
		}
		name, err := e.learn(g.Calendar)
		if err != nil {
			fault("goal %d: %v", i+1, err)
		}
		names[i] = name
	}
	return names
}

// learn remembers a calendar by its name, or by its content when it has none, so
// that a clock can be pinned to it.
func (e *Engine) learn(c *calendar.Calendar) (string, error) {
	def, err := json.Marshal(c)
	if err != nil {
		return "", err
	}
	name := c.Name()
	if name == "" {
		name = fmt.Sprintf("unnamed-%x", sha256.Sum256(def))[:24]
	}
	if strings.Contains(name, "@") {
		return name, fmt.Errorf("the calendar %q has an @ in its name, which stands before the zone of floating hours", name)
	}
	if known := e.calendars[name]; known != nil && known != c {
		other, err := json.Marshal(known)
		if err != nil || !bytes.Equal(def, other) {
			return name, fmt.Errorf("there are two calendars named %q", name)
		}
	}
	e.calendars[name] = c
	return name, nil
}

// calendar finds a calendar by the name that clocks know it by: its own, or
// "name@zone" where it floats.
func (e *Engine) calendar(name string) (*calendar.Calendar, error) {
	if c := e.calendars[name]; c != nil {
		return c, nil
	}
	if c, ok := e.floating.Load(name); ok {
		return c.(*calendar.Calendar), nil
	}
	if i := strings.LastIndexByte(name, '@'); i > 0 && e.calendars[name[:i]] != nil {
		c, err := e.calendars[name[:i]].In(name[i+1:])
		if err != nil {
			return nil, fmt.Errorf("sla: calendar %q: %w: %w", name, err, workflow.ErrInvalid)
		}
		if e.kept.Add(1) <= maxFloating {
			e.floating.Store(name, c)
		}
		return c, nil
	}
	known := slices.Sorted(maps.Keys(e.calendars))
	return nil, fmt.Errorf("sla: a clock is pinned to calendar %q, which is not configured; there are %q: %w", name, known, workflow.ErrInvalid)
}

// inForce returns the place of the version by which clocks start at an instant,
// or -1.
func (e *Engine) inForce(l *line, at time.Time) int {
	for _, v := range slices.Backward(l.versions) {
		if !at.Before(e.targets[v].From) {
			if e.targets[v].inForce(at) {
				return v
			}
			break
		}
	}
	return -1
}

// version returns the place of the version that a clock is pinned to.
func (e *Engine) version(l *line, c *Clock) (int, error) {
	for _, v := range l.versions {
		if e.targets[v].Version == max(c.Version, 1) {
			return v, nil
		}
	}
	return 0, fmt.Errorf("sla: a clock is pinned to version %d of target %q, which is not configured: %w", c.Version, c.Target, workflow.ErrInvalid)
}
