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
	MaxAfter   = Duration(366 * 24 * time.Hour)
	MaxRepeats = 1_000
	MaxDo      = 50
)

// Monitor says when a record was left alone for too long, as data.
//
//	{"name": "nobody works on it", "when": [{"fact": "state", "op": "one_of", "values": ["new", "in_progress"]}],
//	 "after": "4h", "repeat": "2h", "times": 5, "touched_by": ["comment", "note", "assign"], "do": ["tell:group"]}
type Monitor struct {
	Name string `json:"name"`
	// Condition says which records are watched; one that stops being so is not, and
	// begins anew when it is again.
	Condition
	// Reset begins anew whenever these facts come to hold, whatever else happens.
	Reset []Test `json:"reset,omitempty"`

	After  Duration           `json:"after"`            // without anything happening
	Repeat Duration           `json:"repeat,omitempty"` // and again; 0: once
	Times  int                `json:"times,omitempty"`  // how often at most; 0: with Repeat without end
	Hours  *calendar.Calendar `json:"hours,omitempty"`  // business time; default: elapsed time

	// TouchedBy lists the kinds of activity that count as somebody taking care. Empty:
	// all but those of [Ignored].
	TouchedBy []string `json:"touched_by,omitempty"`
	// Ignored lists the kinds that do not.
	Ignored []string `json:"ignored,omitempty"`
	Do      []string `json:"do,omitempty"` // what is to be done, in the host's words
}

// ParseMonitor reads a monitor from JSON and checks it. Unknown fields are refused.
func ParseMonitor(data []byte) (Monitor, error) {
	var m Monitor
	if err := workflow.ParseJSON(data, "routing: monitor", &m); err != nil {
		return Monitor{}, err
	}
	_, err := NewWatcher(m)
	return m, err
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
	if m.Repeat < 0 || m.Repeat > MaxAfter || m.Times < 0 || m.Times > MaxRepeats {
		p.Addf("repeated every %v, %d times: want at most %v and %d", time.Duration(m.Repeat), m.Times, time.Duration(MaxAfter), MaxRepeats)
	}
	if m.Repeat == 0 && m.Times > 1 {
		p.Addf("%d times, and not how long after each other", m.Times)
	}
	if len(m.Do) > MaxDo || len(m.TouchedBy) > MaxValues || len(m.Ignored) > MaxValues {
		p.Addf("at most %d things to do and %d kinds of activity", MaxDo, MaxValues)
	}
	for _, kind := range m.Ignored {
		if slices.Contains(m.TouchedBy, kind) {
			p.Addf("activity %.64q counts and is ignored", kind)
		}
	}
	if err := p.Err("routing: monitor " + m.Name); err != nil {
		return nil, err
	}
	m.Do, m.TouchedBy, m.Ignored = slices.Clone(m.Do), slices.Clone(m.TouchedBy), slices.Clone(m.Ignored)
	return &Watcher{m, compileCondition(m.Condition), compileCondition(Condition{When: m.Reset})}, nil
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
// its facts are as given. The first activity begins the watch. What was due before must
// have been taken by [Watcher.Advance], up to the same instant.
func (w *Watcher) Touch(x Watch, kind string, f Facts, at time.Time) Watch {
	reset := len(w.monitor.Reset) > 0 && w.reset.holds(f)
	watched := w.condition.holds(f)
	again := reset && !x.Reset
	counts := w.counts(kind)
	x.Reset = reset
	switch {
	case !watched:
		x.Watched, x.Since, x.Fired, x.Next = false, time.Time{}, 0, time.Time{}
	case !x.Watched || again || counts:
		x.Watched, x.Since, x.Fired = true, at, 0
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
		return at.Add(time.Duration(d))
	}
	due, ok := w.monitor.Hours.Add(at, time.Duration(d))
	if !ok {
		return time.Time{}
	}
	return due.UTC()
}

// maxAlerts bounds what one call returns, so that a clock that is far off ends.
const maxAlerts = 1_000

// Advance takes what has come due up to an instant, in order: at most a thousand alerts
// a call. Doing so in parts gives the same as doing so at once.
func (w *Watcher) Advance(x Watch, now time.Time) (Watch, []Alert) {
	var alerts []Alert
	for x.Watched && !x.Next.IsZero() && !x.Next.After(now) && len(alerts) < maxAlerts {
		x.Fired++
		x.Total++
		alerts = append(alerts, Alert{w.monitor.Name, x.Next, x.Since, x.Fired, slices.Clone(w.monitor.Do)})
		if w.monitor.Repeat == 0 || w.monitor.Times > 0 && x.Fired >= w.monitor.Times {
			x.Next = time.Time{}
		} else {
			x.Next = w.after(x.Next, w.monitor.Repeat)
		}
	}
	return x, alerts
}
