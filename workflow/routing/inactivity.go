package routing

import (
	"fmt"
	"slices"
	"time"

	"github.com/itsm-go/itsm/sla/calendar"
	"github.com/itsm-go/itsm/workflow"
)

// Duration is a time span that is written as text: "1h30m".
type Duration time.Duration

// MarshalText implements [encoding.TextMarshaler].
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (d *Duration) UnmarshalText(b []byte) error {
	v, err := time.ParseDuration(string(b))
	if err != nil {
		return fmt.Errorf("routing: %q is not a duration such as 1h30m: %w", b, workflow.ErrInvalid)
	}
	*d = Duration(v)
	return nil
}

// Limits of a monitor.
const (
	MaxAfter = Duration(366 * 24 * time.Hour)
	MaxTimes = 1_000
	MaxDo    = 50
)

// Monitor says when a record was left alone for too long, as data.
//
//	{"name": "nobody works on it", "when": [{"fact": "state", "op": "one_of", "values": ["new", "in_progress"]}],
//	 "after": "4h", "repeat": "2h", "times": 5, "touched_by": ["comment", "note", "assign"],
//	 "do": ["tell:group"], "escalate": [{"from": 3, "do": ["tell:manager"]}]}
type Monitor struct {
	Name string `json:"name"`
	// Condition says which records are watched; one that stops being so is not, and
	// begins anew when it is again.
	Condition
	// Reset begins anew whenever all these facts come to hold, by whatever happens.
	Reset []Test `json:"reset,omitempty"`

	After  Duration `json:"after"`            // without anything happening
	Repeat Duration `json:"repeat,omitempty"` // and again; 0: once
	// Times is how often at most; 0: with Repeat [MaxTimes]. Somebody who has not heard
	// it a thousand times will not.
	Times int                `json:"times,omitempty"`
	Hours *calendar.Calendar `json:"hours,omitempty"` // business time; default: elapsed time

	// TouchedBy lists the kinds of activity that count as somebody taking care. Empty:
	// all but those of [Ignored].
	TouchedBy []string `json:"touched_by,omitempty"`
	// Ignored lists the kinds that do not.
	Ignored []string `json:"ignored,omitempty"`
	Do      []string `json:"do,omitempty"` // what is to be done, in the host's words
	// Escalate says what is to be done besides, from some time on.
	Escalate []Escalation `json:"escalate,omitempty"`
}

// Escalation is what is to be done when nobody has heard.
type Escalation struct {
	From int      `json:"from"` // the first time is 1
	Do   []string `json:"do"`
}

// ParseMonitor reads a monitor from JSON and checks it. Unknown fields are refused.
func ParseMonitor(data []byte) (Monitor, error) {
	var m Monitor
	if err := workflow.ParseJSON(data, "routing: monitor", &m); err != nil {
		return Monitor{}, err
	}
	if _, err := NewWatcher(m); err != nil {
		return Monitor{}, err
	}
	return m, nil
}

// Watcher is a monitor that was checked. It is immutable and safe for concurrent use.
type Watcher struct {
	monitor   Monitor
	condition condition
	reset     condition
}

// NewWatcher checks a monitor, all of it.
func NewWatcher(m Monitor) (*Watcher, error) {
	var p workflow.Problems
	checkText(&p, "the name", m.Name)
	m.Condition.check(&p, "the condition")
	Condition{When: m.Reset}.check(&p, "the reset")
	if m.After <= 0 || m.After > MaxAfter {
		p.Addf("after %v, want more than zero and at most %v", time.Duration(m.After), time.Duration(MaxAfter))
	}
	if m.Repeat < 0 || m.Repeat > MaxAfter || m.Times < 0 || m.Times > MaxTimes {
		p.Addf("repeated every %v, %d times: want at most %v and %d", time.Duration(m.Repeat), m.Times, time.Duration(MaxAfter), MaxTimes)
	}
	if m.Repeat == 0 && m.Times > 1 {
		p.Addf("%d times, and not how long after each other", m.Times)
	}
	for i, e := range m.Escalate {
		if e.From < 1 || e.From > m.times() || len(e.Do) == 0 || len(e.Do) > MaxDo {
			p.Addf("escalation %d, from time %d on: want a time of 1 to %d and 1 to %d things to do", i+1, e.From, m.times(), MaxDo)
		}
	}
	if len(m.Escalate) > MaxDo || len(m.Do) > MaxDo || len(m.TouchedBy) > MaxValues || len(m.Ignored) > MaxValues {
		p.Addf("at most %d things to do, as many escalations, and %d kinds of activity", MaxDo, MaxValues)
	}
	for _, kind := range m.Ignored {
		if slices.Contains(m.TouchedBy, kind) {
			p.Addf("activity %.64q counts and is ignored", kind)
		}
	}
	if err := p.Err("routing: monitor " + m.Name); err != nil {
		return nil, err
	}
	m.Do, m.TouchedBy, m.Ignored, m.Escalate = slices.Clone(m.Do), slices.Clone(m.TouchedBy), slices.Clone(m.Ignored), slices.Clone(m.Escalate)
	for i := range m.Escalate {
		m.Escalate[i].Do = slices.Clone(m.Escalate[i].Do)
	}
	return &Watcher{m, compileCondition(m.Condition), compileCondition(Condition{When: m.Reset})}, nil
}

// times is how often the monitor fires at most, until something happens.
func (m *Monitor) times() int {
	switch {
	case m.Repeat == 0:
		return 1
	case m.Times == 0:
		return MaxTimes
	}
	return m.Times
}

// Watch is how a monitor stands for one record: plain data that is kept with it.
type Watch struct {
	Watched bool      `json:"watched,omitempty"`
	Reset   bool      `json:"reset,omitempty"` // the facts of the reset hold
	Since   time.Time `json:"since,omitzero"`  // when something last happened
	Fired   int       `json:"fired,omitempty"` // times since then
	Next    time.Time `json:"next,omitzero"`   // when it fires next; zero: it does not
	Total   int       `json:"total,omitempty"` // times it ever fired
}

// Alert says that a record was left alone for too long.
type Alert struct {
	Monitor string    `json:"monitor"`
	At      time.Time `json:"at"`    // when it was due
	Since   time.Time `json:"since"` // when something last happened
	Times   int       `json:"times"` // 1 the first time since then
	Do      []string  `json:"do,omitempty"`
}

// Touch notes that something happened to the record: an activity of a kind, after which
// its facts are as given. The first activity begins the watch, whatever its kind. What was
// due before must have been taken by [Watcher.Advance], up to the same instant: at the
// instant itself it is too late. An instant before the last touch counts as that.
func (w *Watcher) Touch(x Watch, kind string, f Facts, at time.Time) Watch {
	if at.Before(x.Since) {
		at = x.Since
	}
	reset := len(w.monitor.Reset) > 0 && w.reset.holds(f)
	again := reset && !x.Reset
	x.Reset = reset
	switch {
	case !w.condition.holds(f):
		x.Watched, x.Since, x.Fired, x.Next = false, time.Time{}, 0, time.Time{}
	case !x.Watched || again || w.counts(kind):
		x.Watched, x.Since, x.Fired = true, at.UTC(), 0
		x.Next = w.after(at, w.monitor.After)
	}
	return x
}

func (w *Watcher) counts(kind string) bool {
	if len(w.monitor.TouchedBy) > 0 {
		return slices.Contains(w.monitor.TouchedBy, kind)
	}
	return !slices.Contains(w.monitor.Ignored, kind)
}

// after is the instant d after at, in the monitor's time. Working time that never gets
// there is never.
func (w *Watcher) after(at time.Time, d Duration) time.Time {
	if w.monitor.Hours == nil {
		return at.Add(time.Duration(d)).UTC()
	}
	due, ok := w.monitor.Hours.Add(at, time.Duration(d))
	if !ok {
		return time.Time{}
	}
	return due.UTC()
}

// Advance takes what has come due up to an instant and at it, in order. Doing so in parts
// gives the same as doing so at once. [Watch].Next is when to come again.
func (w *Watcher) Advance(x Watch, now time.Time) (Watch, []Alert) {
	var alerts []Alert
	for x.Watched && !x.Next.IsZero() && !x.Next.After(now) {
		x.Fired++
		x.Total++
		alerts = append(alerts, Alert{w.monitor.Name, x.Next, x.Since, x.Fired, w.do(x.Fired)})
		if x.Fired >= w.monitor.times() {
			x.Next = time.Time{}
		} else {
			x.Next = w.after(x.Next, w.monitor.Repeat)
		}
	}
	return x, alerts
}

// do lists what is to be done the n-th time.
func (w *Watcher) do(n int) []string {
	all := slices.Clone(w.monitor.Do)
	for _, e := range w.monitor.Escalate {
		if e.From <= n {
			all = append(all, e.Do...)
		}
	}
	return all
}

// Activity is something that happened to a record.
type Activity struct {
	At    time.Time `json:"at"`
	Kind  string    `json:"kind"`
	Facts Facts     `json:"facts,omitempty"` // after it
}

// Replay goes through all that happened to a record, in the order given, up to an instant
// and including it: how the monitor stands then, and every alert there was. It is what
// [Watcher.Advance] and [Watcher.Touch] come to when they are called as things happen.
func (w *Watcher) Replay(history []Activity, now time.Time) (Watch, []Alert) {
	var x Watch
	var all, due []Alert
	for _, a := range history {
		if a.At.After(now) {
			break
		}
		x, due = w.Advance(x, a.At)
		all = append(all, due...)
		x = w.Touch(x, a.Kind, a.Facts, a.At)
	}
	x, due = w.Advance(x, now)
	return x, append(all, due...)
}
