package major

import (
	"fmt"
	"slices"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

// Review is the review after the incident. The timeline is not part of it: it is made
// anew from the history whenever it is read.
type Review struct {
	Overview   string    `json:"overview,omitempty"`
	Findings   string    `json:"findings,omitempty"`
	Resolution string    `json:"resolution,omitempty"`
	Lessons    string    `json:"lessons,omitempty"`
	Factors    []string  `json:"contributing_factors,omitempty"`
	Actions    []Action  `json:"actions,omitempty"`
	FinishedAt time.Time `json:"finished_at,omitzero"`
	FinishedBy string    `json:"finished_by,omitempty"`
}

// Action is something to be done so that it does not happen again.
type Action struct {
	Number   int         `json:"number"` // 1, 2, … within the review
	Title    string      `json:"title"`
	Owner    string      `json:"owner"`
	Due      time.Time   `json:"due"`
	State    ActionState `json:"state"`
	Note     string      `json:"note,omitempty"` // how it ended
	EndedAt  time.Time   `json:"ended_at,omitzero"`
	EndedBy  string      `json:"ended_by,omitempty"`
	Reminded time.Time   `json:"reminded,omitzero"` // the owner, that it is due
}

// ActionState is how far an action is.
type ActionState string

// The states of an action.
const (
	ActionOpen    ActionState = "open"
	ActionDone    ActionState = "done"
	ActionDropped ActionState = "dropped" // decided against, for a reason
)

func (r *Review) clone() *Review {
	if r == nil {
		return nil
	}
	c := *r
	c.Factors, c.Actions = slices.Clone(r.Factors), slices.Clone(r.Actions)
	return &c
}

// Open returns the actions that are not over.
func (r *Review) Open() []Action {
	var open []Action
	for _, a := range r.Actions {
		if a.State == ActionOpen {
			open = append(open, a)
		}
	}
	return open
}

// Words are the sections of a review to be written; nil leaves one as it is.
type Words struct {
	Overview, Findings, Resolution, Lessons *string
	Factors                                 []string
}

// Write sets sections.
func (r *Review) Write(w Words) error {
	var p workflow.Problems
	p.Add(r.unfinished())
	for _, s := range []struct {
		name string
		have *string
		want *string
	}{{"overview", &r.Overview, w.Overview}, {"findings", &r.Findings, w.Findings},
		{"resolution", &r.Resolution, w.Resolution}, {"lessons", &r.Lessons, w.Lessons}} {
		if s.want == nil {
			continue
		}
		if len(*s.want) > MaxSection {
			p.Addf("the %s has at most %d bytes", s.name, MaxSection)
		}
		*s.have = *s.want
	}
	if w.Factors != nil {
		if len(w.Factors) > MaxFactors {
			p.Addf("%d contributing factors, at most %d", len(w.Factors), MaxFactors)
		}
		for _, f := range w.Factors {
			checkText(&p, "a contributing factor", f, true)
		}
		r.Factors = slices.Clone(w.Factors)
	}
	return p.Err("major: review")
}

func (r *Review) unfinished() error {
	if !r.FinishedAt.IsZero() {
		return fmt.Errorf("the review was finished by %s: %w", r.FinishedBy, workflow.ErrTransition)
	}
	return nil
}

// Add adds an action, which has a number and is open afterwards.
func (r *Review) Add(title, owner string, due, now time.Time) error {
	var p workflow.Problems
	p.Add(r.unfinished())
	checkText(&p, "an action's title", title, true)
	if owner == "" || len(owner) > workflow.MaxKey {
		p.Addf("an action needs an owner")
	}
	if !due.After(now) {
		p.Addf("an action is due at an instant to come")
	}
	if len(r.Actions) >= MaxActions {
		p.Addf("%d actions, the most there may be", MaxActions)
	}
	r.Actions = append(r.Actions, Action{Number: len(r.Actions) + 1, Title: title, Owner: owner, Due: due, State: ActionOpen})
	return p.Err("major: review")
}

// Action finds an action by its number.
func (r *Review) Action(number int) (*Action, error) {
	if r == nil || number < 1 || number > len(r.Actions) {
		return nil, fmt.Errorf("major: the review has no action %d: %w", number, workflow.ErrNotFound)
	}
	return &r.Actions[number-1], nil
}

// End ends an action; one that is dropped needs a note that says why.
func (a *Action) End(state ActionState, by, note string, now time.Time) error {
	var p workflow.Problems
	if state != ActionDone && state != ActionDropped {
		p.Addf("an action ends as %s or %s, not %.64q", ActionDone, ActionDropped, state)
	}
	if a.State != ActionOpen {
		p.Addf("action %d is %s already: %w", a.Number, a.State, workflow.ErrTransition)
	}
	checkText(&p, "the note", note, state == ActionDropped)
	a.State, a.Note, a.EndedAt, a.EndedBy = state, note, now, by
	return p.Err("major: review")
}

// Postpone gives an action another due time, or another owner; who owns it is reminded
// again.
func (a *Action) Postpone(owner string, due, now time.Time) error {
	var p workflow.Problems
	if a.State != ActionOpen {
		p.Addf("action %d is %s already: %w", a.Number, a.State, workflow.ErrTransition)
	}
	if owner == "" || len(owner) > workflow.MaxKey || !due.After(now) {
		p.Addf("an action has an owner, and is due at an instant to come")
	}
	a.Owner, a.Due, a.Reminded = owner, due, time.Time{}
	return p.Err("major: review")
}

// Finish ends the review. It has an overview, findings and a resolution by then, and no
// action is open.
func (r *Review) Finish(by string, now time.Time) error {
	var p workflow.Problems
	p.Add(r.unfinished())
	for _, s := range []struct{ name, text string }{{"overview", r.Overview}, {"findings", r.Findings}, {"resolution", r.Resolution}} {
		if s.text == "" {
			p.Addf("%s: not written yet", s.name)
		}
	}
	for _, a := range r.Open() {
		p.Addf("action %d, %q, of %s is open", a.Number, a.Title, a.Owner)
	}
	r.FinishedAt, r.FinishedBy = now, by
	return p.Err("major: finishing the review")
}
