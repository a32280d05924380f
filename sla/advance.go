package sla

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

// moment is what is known of a record at an instant at which its clocks are
// advanced.
type moment struct {
	facts Facts
	at    time.Time
	cause string
}

// move is a clock of a target on its way to a moment.
type move struct {
	*moment
	e      *Engine
	target int // place in the engine's targets
	clock  Clock
	alerts []Alert
	again  bool // another clock is to start
	anew   bool // by the same version, as this one was given up for it
}

// Advance takes a record's clocks to an instant at which the record has the
// given facts: it starts, pauses, resumes, stops, resets and cancels them, and
// notices what has come due. The cause says in words why the facts are what they
// are. The clocks given are not changed.
//
// Advance may be called as often as one likes: what comes due is dated by
// when it came due, not by when it was noticed, so one late call gives the
// clocks that many early ones give. An instant before the last change of a clock
// is an error matching [workflow.ErrOutOfOrder]; a clock or a zone that is not
// known matches [workflow.ErrInvalid].
func (e *Engine) Advance(clocks []Clock, f Facts, at time.Time, cause string) ([]Clock, []Alert, error) {
	f.at = at.UTC()
	m := moment{f, f.at, cause}
	out := slices.Clone(clocks)
	var alerts []Alert
	for i := range e.lines {
		var err error
		if out, alerts, err = e.advance(&e.lines[i], out, alerts, &m); err != nil {
			return clocks, nil, err
		}
	}
	return out, alerts, nil
}

func (e *Engine) advance(l *line, clocks []Clock, alerts []Alert, m *moment) ([]Clock, []Alert, error) {
	k := current(clocks, l.name)
	if k < 0 {
		c, ok, err := e.start(l, m, 1)
		if ok && err == nil {
			clocks = append(clocks, c)
		}
		return clocks, alerts, err
	}
	mv, err := e.move(l, &clocks[k], m)
	if err == nil {
		err = mv.do(l)
	}
	if err != nil {
		return nil, nil, err
	}
	clocks[k] = mv.clock
	if mv.again {
		fresh, ok, err := mv.fresh(l)
		if err != nil {
			return nil, nil, err
		}
		if ok {
			clocks = append(clocks, fresh)
		}
	}
	return clocks, append(alerts, mv.alerts...), nil
}

// move checks the clock and gets a copy of it ready.
func (e *Engine) move(l *line, c *Clock, m *moment) (*move, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if last := c.changed(); m.at.Before(last) {
		return nil, fmt.Errorf("sla: target %q: %s is before the clock's last change at %s: %w",
			l.name, m.at.Format(time.RFC3339Nano), last.Format(time.RFC3339Nano), workflow.ErrOutOfOrder)
	}
	v, err := e.version(l, c)
	return &move{moment: m, e: e, target: v, clock: c.Clone()}, err
}

// do takes the clock to the moment. What was due before is noticed first, by the
// goal that held until now.
func (mv *move) do(l *line) error {
	if err := mv.notice(); err != nil {
		return err
	}
	c, policy := &mv.clock, mv.t().OnChange
	adopted := mv.adopt(l)
	if adopted {
		policy = mv.t().OnVersion
	}
	goal, changes := c.Goal, len(c.Periods)+len(c.Overrides)
	c.take(mv.facts.Overrides, mv.at)
	if !mv.reset(l) {
		mv.follow()
	}
	switch {
	case mv.again || !c.open():
	case adopted && policy == Restart:
		mv.restart()
	case c.override() == nil:
		if err := mv.regoal(policy); err != nil {
			return err
		}
	}
	if goal == c.Goal && changes == len(c.Periods)+len(c.Overrides) {
		return nil // what was due and is due stays as it was
	}
	if c.open() {
		if err := mv.notice(); err != nil {
			return err
		}
	}
	return mv.settle()
}

func (mv *move) t() *Target { return &mv.e.targets[mv.target] }

// current returns the place of a target's latest clock, or -1.
func current(clocks []Clock, target string) int {
	for i := len(clocks) - 1; i >= 0; i-- {
		if clocks[i].Target == target {
			return i
		}
	}
	return -1
}

func (e *Engine) start(l *line, m *moment, cycle int) (Clock, bool, error) {
	i := e.inForce(l, m.at)
	if i < 0 || !e.targets[i].startable(m.facts) {
		return Clock{}, false, nil
	}
	return e.begin(i, m, cycle)
}

// restart gives the clock up for another one. What it takes to start need not hold
// any more.
func (mv *move) restart() {
	mv.clock.enter(StateCancelled, mv.moment)
	mv.again, mv.anew = true, true
}

// fresh starts the clock that follows this one.
func (mv *move) fresh(l *line) (Clock, bool, error) {
	if mv.anew {
		return mv.e.begin(mv.target, mv.moment, mv.clock.Cycle+1)
	}
	return mv.e.start(l, mv.moment, mv.clock.Cycle+1)
}

// begin starts a clock by a version of its target.
func (e *Engine) begin(i int, m *moment, cycle int) (Clock, bool, error) {
	t := &e.targets[i]
	goal, ok, err := e.pick(i, m.facts)
	if !ok || err != nil {
		return Clock{}, false, err
	}
	c := Clock{Target: t.Name, Version: t.Version, Cycle: cycle, Goal: goal}
	c.Watched, c.ResetHeld = t.watched(m.facts), t.Reset != nil && t.Reset(m.facts)
	c.enter(StateRunning, m)
	p, err := e.goal(&c)
	if err != nil {
		return Clock{}, false, err
	}
	c.OriginalDue = p.due
	if t.wants(StateRunning, m.facts) == StatePaused {
		c.Periods = c.Periods[:0]
		c.enter(StatePaused, m)
	}
	return c, true, e.settle(&c)
}

// pick returns the first goal that fits.
func (e *Engine) pick(i int, f Facts) (Pinned, bool, error) {
	goals := e.targets[i].Goals
	for j := range goals {
		g := &goals[j]
		if !g.fits(f) {
			continue
		}
		name := e.names[i][j]
		if g.Floating && f.Zone != "" {
			name += "@" + f.Zone
		}
		_, err := e.calendar(name)
		return Pinned{g.Within, g.Days, g.EndOfDay, g.By, name}, true, err
	}
	return Pinned{}, false, nil
}

// adopt gives a clock under way to the latest version that takes over, if there is
// one.
func (mv *move) adopt(l *line) bool {
	if !mv.clock.open() {
		return false
	}
	for _, v := range slices.Backward(l.versions) {
		t := &mv.e.targets[v]
		if t.Version <= max(mv.clock.Version, 1) {
			return false
		}
		if t.OnVersion != "" && !mv.at.Before(t.From) {
			mv.clock.Was = append(mv.clock.Was, WasGoal{mv.clock.Goal, mv.clock.Version, mv.at})
			mv.target = v
			mv.clock.Version = t.Version
			mv.clock.Watched, mv.clock.ResetHeld = t.watched(mv.facts), t.Reset != nil && t.Reset(mv.facts)
			return true
		}
	}
	return false
}

// reset ends the clock and has another one start, if the facts ask for it.
func (mv *move) reset(l *line) bool {
	t, c := mv.t(), &mv.clock
	held, watched := t.Reset != nil && t.Reset(mv.facts), t.watched(mv.facts)
	fired := held && !c.ResetHeld || watched != c.Watched
	c.ResetHeld, c.Watched = held, watched
	now := mv.e.inForce(l, mv.at)
	if !fired || c.State == StateCancelled || now < 0 || !mv.e.targets[now].startable(mv.facts) || !mv.e.targets[now].hasGoal(mv.facts) {
		return false // no other clock could start
	}
	if c.open() {
		if t.OnReset == ResetCancels {
			c.enter(StateCancelled, mv.moment)
		} else {
			c.enter(StateStopped, mv.moment)
		}
	}
	mv.again = true
	return true
}

// watched writes down the facts by whose change a clock is reset.
func (t *Target) watched(f Facts) string {
	if len(t.ResetOn) == 0 {
		return ""
	}
	var b strings.Builder
	for _, name := range t.ResetOn {
		b.WriteString(string(name) + "=" + strconv.Quote(fmt.Sprint(f.value(name))) + ";")
	}
	return b.String()
}

// follow takes the clock into the state that the facts ask for.
func (mv *move) follow() {
	t, c := mv.t(), &mv.clock
	stop, cancel := t.Stop(mv.facts), t.Cancel(mv.facts)
	switch {
	case c.State == StateCancelled:
		mv.again = true // if what cancelled it is over
		return
	case c.State == StateStopped:
		if stop || cancel || !t.Start(mv.facts) || t.OnReopen == StayStopped {
			return
		}
		if t.OnReopen == NewCycle {
			mv.again = true
			return
		}
	case cancel:
		c.enter(StateCancelled, mv.moment)
		return
	case stop:
		c.enter(StateStopped, mv.moment)
		return
	}
	last := c.Periods[len(c.Periods)-1]
	want := t.wants(c.State, mv.facts)
	if c.State != want || last.Group != mv.facts.Group || last.Assignee != mv.facts.Assignee {
		c.enter(want, mv.moment)
	}
}

// regoal gives the clock the goal that the facts now ask for. A record that
// fits no goal any more keeps the one it has.
func (mv *move) regoal(policy ChangePolicy) error {
	c := &mv.clock
	goal, ok, err := mv.e.pick(mv.target, mv.facts)
	if !ok || err != nil || goal == c.Goal {
		return err
	}
	switch policy {
	case Restart:
		mv.restart()
	case Retroactive:
		c.Goal, c.Was = goal, nil
		for j := range c.Periods {
			if c.Periods[j].State == StateRunning {
				c.Periods[j].Calendar = goal.Calendar
			}
		}
		c.Breached, c.BreachedAt = false, time.Time{}
	default:
		moved := goal.Calendar != c.Goal.Calendar
		c.Was = append(c.Was, WasGoal{c.Goal, c.Version, mv.at})
		c.Goal = goal
		if moved && c.State == StateRunning {
			c.enter(StateRunning, mv.moment)
		}
	}
	return nil
}

// settle brings what is kept for looking up in line with the periods.
func (mv *move) settle() error { return mv.e.settle(&mv.clock) }

func (e *Engine) settle(c *Clock) error {
	p, err := e.goal(c)
	c.Due = time.Time{}
	if p.reached {
		c.Due = p.due
	}
	return err
}
