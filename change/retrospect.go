package change

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/itsm-go/itsm/change/schedule"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/approval"
)

// RetrospectiveLifecycle is new, authorize, review, closed, for work that could not
// wait: it is recorded when it is done, and approved afterwards. There is no way out of
// it but through the decision, and the review. A rejection leads to the review too,
// which says what becomes of the work.
func RetrospectiveLifecycle() workflow.Definition {
	staff := []string{RoleManager, RoleAgent, RoleImplementer, RoleRequester, workflow.RoleSystem}
	d := workflow.Definition{Name: "change-retrospective", Version: 1, Initial: StateNew}
	for _, s := range states() {
		if slices.Contains([]string{StateNew, StateAuthorize, StateReview, StateClosed}, s.Name) {
			d.States = append(d.States, s)
		}
	}
	d.Actions = []workflow.Action{{Name: ActionSubmit, Label: "Request approval"}, {Name: ActionClose, Label: "Close"}}
	d.Transitions = []workflow.Transition{
		{From: []string{StateNew}, Action: ActionSubmit, To: StateAuthorize, Roles: staff, Required: []string{"actual_start", "actual_end"}},
		{From: []string{StateAuthorize}, To: StateReview, Automatic: true, Guards: []string{"approved." + StateAuthorize, "!rejected." + StateAuthorize}},
		{From: []string{StateAuthorize}, To: StateReview, Automatic: true, Guards: []string{"rejected." + StateAuthorize}},
		{From: []string{StateReview}, Action: ActionClose, To: StateClosed, Roles: []string{RoleManager, workflow.RoleSystem},
			Required: []string{"outcome", "review_notes"}, Guards: []string{GuardTasksDone}},
	}
	return d
}

// retrospective is the shipped model of changes that are approved afterwards.
func retrospective() Model {
	return Model{Name: "retrospective", Type: Emergency, Retrospective: true, Lifecycle: RetrospectiveLifecycle(), Gates: map[string]approval.Policy{
		StateAuthorize: {Name: "retrospective-authorize", Version: 1, Delegations: 2, Material: Material(), Stages: []approval.Stage{{
			Name: "ecab", Ask: []approval.Selector{{Kind: approval.Board, Name: "ecab"}}, Approve: approval.Rule{Kind: approval.Any},
			Deadline: &approval.Deadline{Days: 2, Remind: []approval.Duration{approval.Duration(24 * time.Hour), approval.Duration(2 * time.Hour)}},
		}}},
	}}
}

// validateRetrospective makes sure that nothing is forgotten: every approval is due at
// some time, silence approves nothing, and no state ends the change without one.
func (m Model) validateRetrospective(p *workflow.Problems) {
	if len(m.Implementation) > 0 {
		p.Addf("model %q: what is approved afterwards is not implemented in a state of its own", m.Name)
	}
	if len(m.Gates) == 0 {
		p.Addf("model %q: there is no gate at which it is approved afterwards", m.Name)
	}
	for _, state := range sortedKeys(m.Gates) {
		for _, stage := range m.Gates[state].Stages {
			if stage.Deadline == nil || stage.Deadline.AtDue == approval.ApproveAtDue {
				p.Addf("model %q: stage %q of gate %q needs a deadline, at which silence does not approve", m.Name, stage.Name, state)
			}
		}
	}
	for _, s := range m.Lifecycle.States {
		if s.Category == workflow.CategoryCancelled {
			p.Addf("model %q: state %q: work that is done cannot be cancelled", m.Name, s.Name)
		}
	}
}

// decided reports whether every gate of a change that is approved afterwards has been
// decided, one way or the other.
func (st *step) decided() error {
	for _, state := range sortedKeys(st.s.models[st.c.Model].Gates) {
		a := st.c.approval(state)
		if a == nil || !a.Request.Granted() && a.Request.Status != approval.Rejected {
			return fmt.Errorf("change: %s: nobody has decided on it in %s: %w", st.c.Name(), state, ErrNotApproved)
		}
	}
	return nil
}

// Done is work that was done before it was approved.
type Done struct {
	Proposal           // its model is one of those that are approved afterwards
	Started  time.Time `json:"actual_start"`
	Ended    time.Time `json:"actual_end"`

	// Unauthorized: nobody said so before it was done, but it was found out.
	Unauthorized bool          `json:"unauthorized,omitempty"`
	Observed     []Observation `json:"observed,omitempty"`
}

// Report records work that could not wait and asks for its approval, in one commit, so
// that there is no such record for which nobody is asked. What was planned is what was
// done, unless the proposal says otherwise. Who reports it does not approve it.
func (s *Service) Report(ctx context.Context, actor workflow.Actor, d Done) (*Change, error) {
	m, ok := s.models[d.Model]
	if !ok || !m.Retrospective {
		return nil, fmt.Errorf("change: model %q is not one that is approved afterwards: %w", d.Model, workflow.ErrInvalid)
	}
	if d.Start.IsZero() && d.End.IsZero() {
		d.Start, d.End = d.Started, d.Ended
		if !d.Start.Before(d.End) {
			d.End = d.Start.Add(time.Second) // a moment, to a schedule
		}
	}
	c, err := s.propose(actor, m, d.Proposal)
	if err != nil {
		return nil, err
	}
	c.Started, c.Ended, c.Unauthorized, c.Observed = d.Started.UTC(), d.Ended.UTC(), d.Unauthorized, slices.Clone(d.Observed)
	return s.create(ctx, actor, c, func(st *step) error {
		if now := st.tx.Now(); d.Started.IsZero() || d.Ended.Before(d.Started) || d.Ended.After(now) {
			return fmt.Errorf("change: work that was done began and ended by now, in this order: %w", workflow.ErrInvalid)
		}
		return st.fire(ActionSubmit)
	})
}

// Observation is a change of a configuration item that something or somebody has
// noticed.
type Observation struct {
	Item string    `json:"item"`
	At   time.Time `json:"at"`
	By   string    `json:"by,omitempty"` // who made it, as far as known
	What string    `json:"what"`
}

// Detection says how changes of the configuration are held against changes that are
// recorded.
type Detection struct {
	// Model of the changes that are recorded for what nobody has approved.
	// Default: "retrospective".
	Model string
	// Slack is by how much a change of the configuration may come before the work of
	// a recorded change begins, or after it has ended (elapsed), since clocks differ.
	Slack time.Duration
	// Quiet is for how long after an observation further ones of the same item belong
	// to the same unauthorized change (elapsed; ServiceNow: flapper filter).
	Quiet time.Duration
}

// MaxObserved is the most observations that one change keeps.
const MaxObserved = 100

// Finding is what an observation comes to.
type Finding struct {
	Change     *Change
	Authorized bool // the change was under way then
	New        bool // the change was recorded for this observation
}

// Observe holds a change of a configuration item against the changes that are recorded
// for it. If none was under way at that time it is unauthorized, and is recorded and
// put to those who approve afterwards (ServiceNow: unauthorized change). The same
// observation again comes to the same finding.
func (s *Service) Observe(ctx context.Context, actor workflow.Actor, o Observation) (Finding, error) {
	if o.Item == "" || len(o.Item) > workflow.MaxKey || o.At.IsZero() || o.What == "" || len(o.What) > workflow.MaxTitle || len(o.By) > workflow.MaxKey {
		return Finding{}, fmt.Errorf("change: an observation has an item, an instant, and says in 1 to %d bytes what was changed: %w", workflow.MaxTitle, workflow.ErrInvalid)
	}
	o.At = o.At.UTC()
	rules := s.cfg.Detection
	var open *Change
	q := workflow.Query{Where: []workflow.Condition{workflow.Is(IndexItem, workflow.StringKey(o.Item))}}
	for c, err := range s.Find(ctx, q) {
		switch {
		case err != nil:
			return Finding{}, err
		case slices.Contains(c.Observed, o):
			return Finding{Change: c}, nil
		case c.Unauthorized:
			if !s.Category(c).Final() && !o.At.Before(c.Started) && !o.At.After(c.Ended.Add(rules.Quiet)) {
				open = c
			}
		case c.Started.IsZero() || o.At.Before(c.Started.Add(-rules.Slack)):
		case c.Ended.IsZero() || !o.At.After(c.Ended.Add(rules.Slack)):
			return Finding{Change: c, Authorized: true}, nil
		}
	}
	if open != nil {
		c, err := s.run(ctx, actor, open.ID, "observe", func(st *step) error {
			if err := st.authorize(RoleManager, RoleAgent, workflow.RoleSystem); err != nil {
				return err
			}
			if len(st.c.Observed) < MaxObserved && !slices.Contains(st.c.Observed, o) {
				st.c.Observed = append(st.c.Observed, o)
			}
			if o.At.After(st.c.Ended) {
				st.c.Ended = o.At
			}
			return nil
		})
		return Finding{Change: c}, err
	}
	c, err := s.Once("observed/"+o.Item+"/"+o.At.Format(time.RFC3339Nano)).Report(ctx, actor, Done{
		Proposal: Proposal{Model: rules.Model, Title: "Unauthorized: " + o.What, Requester: o.By, Items: []schedule.Item{{ID: o.Item}}},
		Started:  o.At, Ended: o.At, Unauthorized: true, Observed: []Observation{o},
	})
	return Finding{Change: c, New: err == nil}, err
}
