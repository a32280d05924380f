package escalation

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

// State is how an escalation stands.
type State string

// The states.
const (
	Running      State = "running"
	Acknowledged State = "acknowledged" // somebody takes care
	Cancelled    State = "cancelled"
	Exhausted    State = "exhausted" // the ladder has ended, and nobody has acknowledged
)

// Escalation is how far a ladder has been climbed: a value to keep in a record. It is
// changed by [Engine.Advance], [Engine.Reassign], [Escalation.Acknowledge] and
// [Escalation.Cancel], which return another one and leave theirs as it was.
type Escalation struct {
	Policy  string    `json:"policy"` // with the version it was started by, and stays with
	Version int       `json:"version"`
	Ladder  string    `json:"ladder"`
	Why     string    `json:"why"` // this ladder
	Facts   Facts     `json:"facts,omitempty"`
	State   State     `json:"state"`
	Started time.Time `json:"started"`
	// Next is when to call [Engine.Advance]; zero once the escalation is over.
	Next time.Time `json:"next,omitzero"`

	Round   int         `json:"round"` // through the ladder, from 1
	Rung    int         `json:"rung"`  // from 1; behind the last at the ladder's end
	Calls   [][]Contact `json:"calls,omitempty"`
	Call    int         `json:"call,omitempty"`    // of Calls, from 1: who is being told
	Told    int         `json:"told,omitempty"`    // how often
	Reached bool        `json:"reached,omitempty"` // anybody in this round
	Steps   int         `json:"steps"`             // so far

	Ended  time.Time `json:"ended,omitzero"`
	By     string    `json:"by,omitempty"`     // who has acknowledged
	Reason string    `json:"reason,omitempty"` // of the end
}

// Do is what a step is about.
type Do string

// What steps do.
const (
	Tell   Do = "tell"   // the people of a rung, for the first time
	Remind Do = "remind" // them again
	Skip   Do = "skip"   // a rung that reaches nobody; the next one comes at once
	Finish Do = "finish" // the ladder has ended: tell those of its end, if there are any
)

// Step is something to do now: whom to tell, and why.
type Step struct {
	Number int       `json:"number"` // of the record's escalation, from 1: a key that is used once
	At     time.Time `json:"at"`     // when it was due
	Do     Do        `json:"do"`
	Round  int       `json:"round"` // from 1
	Rung   int       `json:"rung"`  // from 1; behind the last at the end
	Name   string    `json:"name"`  // of the rung
	Type   Type      `json:"type,omitempty"`
	// Attempt counts from 1 how often these people are told.
	Attempt int       `json:"attempt,omitempty"`
	Tell    []Contact `json:"tell,omitempty"`
	// Problem tells which targets reached nobody, and why. A step may have people and a
	// problem.
	Problem string `json:"problem,omitempty"`
}

// String reads "2026-01-05T09:10:00Z remind rung 1 (on call), attempt 2: ann".
func (s Step) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s rung %d", s.At.Format(time.RFC3339), s.Do, s.Rung)
	if s.Do == Finish {
		b.Reset()
		fmt.Fprintf(&b, "%s finish", s.At.Format(time.RFC3339))
	}
	if s.Name != "" {
		fmt.Fprintf(&b, " (%s)", s.Name)
	}
	if s.Attempt > 1 {
		fmt.Fprintf(&b, ", attempt %d", s.Attempt)
	}
	for i, c := range s.Tell {
		b.WriteString([]string{": ", ", "}[min(i, 1)] + c.Person)
	}
	if s.Problem != "" {
		b.WriteString("; " + s.Problem)
	}
	return b.String()
}

// Errors of this package match one of these, or an error of package workflow.
var (
	// ErrNoLadder: no choice matches, and the policy has no default.
	ErrNoLadder = errors.New("no ladder matches")
	// ErrNobody: a whole ladder has reached nobody. See [*NobodyError].
	ErrNobody = errors.New("nobody can be reached")
	// ErrEnded: the escalation is over.
	ErrEnded = errors.New("escalation has ended")
)

// NobodyError is the [ErrNobody] of a ladder of which no rung has reached anybody, nor
// its end.
type NobodyError struct {
	Policy, Ladder string
	At             time.Time
	Problems       []string // one for each rung and for the end
}

// Error names the ladder and all reasons.
func (e *NobodyError) Error() string {
	return fmt.Sprintf("escalation: policy %q ladder %q at %s: %v: %s", e.Policy, e.Ladder, e.At.Format(time.RFC3339),
		ErrNobody, strings.Join(e.Problems, "; "))
}

// Unwrap gives [ErrNobody].
func (e *NobodyError) Unwrap() error { return ErrNobody }

// Acknowledge stops the escalation, as somebody takes care. What was due before and has
// not been fetched by [Engine.Advance] is not told any more. It fails with [ErrEnded]
// if the escalation is over, with [workflow.ErrInvalid] without a name and with
// [workflow.ErrOutOfOrder] before the start.
func (e Escalation) Acknowledge(by string, now time.Time) (Escalation, error) {
	if by == "" {
		return e, fmt.Errorf("escalation: %w: acknowledged by nobody", workflow.ErrInvalid)
	}
	ended, err := e.stop(Acknowledged, "acknowledged", now)
	if err == nil {
		ended.By = by
	}
	return ended, err
}

// Cancel stops the escalation for another reason: the record is resolved, or on hold.
// Its errors are those of [Escalation.Acknowledge].
func (e Escalation) Cancel(why string, now time.Time) (Escalation, error) {
	return e.stop(Cancelled, why, now)
}

func (e Escalation) stop(state State, reason string, now time.Time) (Escalation, error) {
	if e.State != Running {
		return e, fmt.Errorf("escalation: %w: it is %s since %s", ErrEnded, e.State, e.Ended.Format(time.RFC3339))
	}
	if now.Before(e.Started) {
		return e, fmt.Errorf("escalation: %w: %s is before its start at %s", workflow.ErrOutOfOrder,
			now.Format(time.RFC3339), e.Started.Format(time.RFC3339))
	}
	return e.over(state, reason, now), nil
}

func (e Escalation) over(state State, reason string, now time.Time) Escalation {
	e.State, e.Reason, e.Ended, e.Next = state, reason, now.UTC(), time.Time{}
	return e
}
