package sla

import (
	"fmt"
	"slices"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

// Override is a due time that was agreed on by hand, for one record and target.
// From then on the clock's due is that instant: neither pauses nor a changed
// priority move it, as in Freshservice. A breach that has happened stays. An
// override without a due time lifts the one before.
//
// Overrides are facts of the record: keep them with it, and give them to
// [Engine.Advance] with the other [Facts].
type Override struct {
	Target string    `json:"target"`
	Due    time.Time `json:"due,omitzero"`
	Reason string    `json:"reason"`
	By     string    `json:"by"`
	At     time.Time `json:"at"` // when it was agreed on
}

// Check reports whether an override can be made: the clock of its target must be
// running or paused, the due time in the future, and somebody must give a reason.
// The error lists everything and matches [workflow.ErrInvalid].
func (o Override) Check(clocks []Clock) error {
	var p workflow.Problems
	k := current(clocks, o.Target)
	switch {
	case k < 0:
		p.Addf("there is no clock %q", o.Target)
	case !clocks[k].open():
		p.Addf("the clock is %s; a due time is set while it runs or is paused", clocks[k].State)
	case o.Due.IsZero() && clocks[k].override() == nil:
		p.Addf("there is no due time set by hand to lift")
	}
	if !o.Due.IsZero() && !o.Due.After(o.At) {
		p.Addf("due %s is not after %s, when it is set", o.Due.Format(time.RFC3339Nano), o.At.Format(time.RFC3339Nano))
	}
	if o.Reason == "" || o.By == "" || o.At.IsZero() {
		p.Addf("want a reason, who gives it, and when")
	}
	return p.Err(fmt.Sprintf("sla: due time of %q", o.Target))
}

// override returns the due time set by hand that is in force, or nil.
func (c *Clock) override() *Override {
	if n := len(c.Overrides) - 1; n >= 0 && !c.Overrides[n].Due.IsZero() {
		return &c.Overrides[n]
	}
	return nil
}

// take gives the clock the overrides that were made since its last change.
func (c *Clock) take(overrides []Override, at time.Time) {
	for _, o := range overrides {
		if o.Target != c.Target || !c.open() || o.At.After(at) || o.At.Before(c.Periods[len(c.Periods)-1].From) {
			continue
		}
		o.Due, o.At = o.Due.UTC(), o.At.UTC()
		if c.Cycle > 1 && o.At.Equal(c.Started()) {
			continue // it was for the clock before
		}
		if n := len(c.Overrides); n > 0 && o.At.Before(c.Overrides[n-1].At) || slices.Contains(c.Overrides, o) {
			continue // taken before
		}
		c.Overrides = append(c.Overrides, o)
	}
}
