package sla

import (
	"fmt"
	"slices"
	"strings"

	"github.com/itsm-go/itsm/workflow"
)

// State is where a clock stands. Breached is not a state but a flag that stays,
// whatever the clock does afterwards.
type State string

// The states of a clock.
const (
	StatePending   State = "pending" // not started yet; no clock is in it, see [Engine.Status]
	StateRunning   State = "running"
	StatePaused    State = "paused"
	StateStopped   State = "stopped"   // the goal is met, unless the clock is breached
	StateCancelled State = "cancelled" // it does not count; another clock starts if its start comes to hold again
)

var states = []State{StateRunning, StatePaused, StateStopped, StateCancelled}

// UnmarshalText implements [encoding.TextUnmarshaler] and rejects unknown states.
func (s *State) UnmarshalText(b []byte) error { return oneOf(s, b, "clock state", states) }

// ChangePolicy says what becomes of a clock under way when its goal changes, for
// example with the record's priority. The zero policy is CarryElapsed.
type ChangePolicy string

// The policies.
const (
	// CarryElapsed keeps the time used so far, as it was counted, and gives it
	// the new goal. A breach stays a breach.
	CarryElapsed ChangePolicy = "carry_elapsed"
	// Retroactive judges the clock as if it had had the new goal and calendar
	// from the start, its pauses kept; a breach is judged anew.
	Retroactive ChangePolicy = "retroactive"
	// Restart cancels the clock and starts another one from now.
	Restart ChangePolicy = "restart"
)

var changePolicies = []ChangePolicy{CarryElapsed, Retroactive, Restart}

// UnmarshalText implements [encoding.TextUnmarshaler] and rejects unknown
// policies.
func (p *ChangePolicy) UnmarshalText(b []byte) error {
	return oneOf(p, b, "change policy", changePolicies)
}

// ReopenPolicy says what becomes of a stopped clock when its stop condition no
// longer holds, for example because the record is reopened. The zero policy is
// Continue.
type ReopenPolicy string

// The policies.
const (
	Continue    ReopenPolicy = "continue"     // the same clock goes on; the time it was stopped counts as a pause
	NewCycle    ReopenPolicy = "new_cycle"    // another clock starts
	StayStopped ReopenPolicy = "stay_stopped" // once is enough, as for a first response
)

var reopenPolicies = []ReopenPolicy{Continue, NewCycle, StayStopped}

// UnmarshalText implements [encoding.TextUnmarshaler] and rejects unknown
// policies.
func (p *ReopenPolicy) UnmarshalText(b []byte) error {
	return oneOf(p, b, "reopen policy", reopenPolicies)
}

// ResetPolicy says what becomes of the clock that another one replaces when it is
// reset. The zero policy is ResetStops.
type ResetPolicy string

// The policies.
const (
	ResetStops   ResetPolicy = "stop"   // it is stopped: met, unless it is breached
	ResetCancels ResetPolicy = "cancel" // it does not count
)

var resetPolicies = []ResetPolicy{ResetStops, ResetCancels}

// UnmarshalText implements [encoding.TextUnmarshaler] and rejects unknown
// policies.
func (p *ResetPolicy) UnmarshalText(b []byte) error {
	return oneOf(p, b, "reset policy", resetPolicies)
}

func oneOf[T ~string](v *T, b []byte, what string, all []T) error {
	if !slices.Contains(all, T(b)) {
		names := make([]string, len(all))
		for i, a := range all {
			names[i] = string(a)
		}
		return fmt.Errorf("sla: %s %.32q, want one of %s: %w", what, b, strings.Join(names, ", "), workflow.ErrInvalid)
	}
	*v = T(b)
	return nil
}
