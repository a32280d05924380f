package sla

import (
	"slices"
	"time"

	"github.com/itsm-go/itsm/sla/calendar"
)

// Target is something promised about a record: that it is answered, taken,
// resolved in time.
//
// Targets of one name are versions of one promise. A clock goes by the version
// that was in force when it started, and keeps it, unless a later version says in
// OnVersion that it takes over the clocks under way. Editing a target is therefore
// adding a version of it; the one before stays, for the clocks that are pinned
// to it.
type Target struct {
	Name    string // "response", "resolution"; a clock remembers it
	Version int    // default: 1; each version of a name has its own, ascending with From
	From    time.Time
	Until   time.Time // clocks start from From on and before Until; zero = no bound

	Goals []Goal // the first that fits counts; a record that fits none has no clock

	Start  Condition // default: [Open]
	Pause  Condition // default: never
	Resume Condition // default: as soon as Pause no longer holds; wins over Pause

	// Stop is needed. A clock is stopped while it holds, not because it once did: when
	// it holds no longer, and Start does, OnReopen says what happens, by default that
	// the clock goes on. So a stop on "active" lets a clock go on when the record is put
	// on hold; what is to stop it for good is a fact that stays, such as [OnResponded],
	// or has OnReopen [StayStopped].
	Stop Condition

	Cancel Condition // default: [OnCancelled]

	// A clock begins anew when Reset comes to hold, or when one of the facts in
	// ResetOn changes, and a clock could start then. Reset by [FactReplies], a
	// promise to keep the caller informed runs from one word to the next; reset
	// by [FactGroup], each group has the whole time of its OLA.
	Reset   Condition
	ResetOn []Fact

	OnChange  ChangePolicy // of the goal; default: [CarryElapsed]
	OnReopen  ReopenPolicy // default: [Continue]
	OnReset   ResetPolicy  // default: [ResetStops]
	OnVersion ChangePolicy // what this version does to clocks of earlier ones, when they are next advanced; default: nothing

	Thresholds []Threshold // when to warn and to escalate

	data *Definition // if it was written as data
}

// Goal is a row of a target's table: how much time there is, for which records,
// by which calendar. Either Within or Days is set.
type Goal struct {
	Priorities []int     // empty = any
	When       Condition // nil = any

	Within   time.Duration // business time: open time of the calendar
	Days     calendar.Days // business days of the calendar
	EndOfDay bool          // with Days: until the last closing of that day
	By       time.Duration // with Days: until the wall clock of that day reads so much; see [calendar.Calendar.AddDaysBy]
	Calendar *calendar.Calendar
	Floating bool // the calendar is read on the wall clock of the record's zone, see [Facts]
}

// Within is the goal of a business time, for records of the given priorities or,
// without any, for all.
func Within(d time.Duration, c *calendar.Calendar, priorities ...int) Goal {
	return Goal{Within: d, Calendar: c, Priorities: slices.Clone(priorities)}
}

func (g *Goal) fits(f Facts) bool {
	return (len(g.Priorities) == 0 || slices.Contains(g.Priorities, f.Priority)) && (g.When == nil || g.When(f))
}

// catchAll reports whether no record gets past the goal.
func (g *Goal) catchAll() bool { return len(g.Priorities) == 0 && g.When == nil }

// inForce reports whether clocks start by the version at an instant.
func (t *Target) inForce(at time.Time) bool {
	return !at.Before(t.From) && (t.Until.IsZero() || at.Before(t.Until))
}

// startable reports whether a record with these facts would have a clock running
// or paused.
func (t *Target) startable(f Facts) bool { return t.Start(f) && !t.Stop(f) && !t.Cancel(f) }

// hasGoal reports whether a goal fits a record.
func (t *Target) hasGoal(f Facts) bool {
	return slices.ContainsFunc(t.Goals, func(g Goal) bool { return g.fits(f) })
}

// wants is the state that the facts ask of a clock under way.
func (t *Target) wants(now State, f Facts) State {
	switch {
	case t.Resume != nil && t.Resume(f):
		return StateRunning
	case t.Pause(f), t.Resume != nil && now == StatePaused:
		return StatePaused
	}
	return StateRunning
}
