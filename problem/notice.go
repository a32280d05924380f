package problem

import (
	"slices"

	"github.com/itsm-go/itsm/workflow"
)

// The topics of the messages that tell people about problems. The payload of each is
// a [Notice] as JSON. See also [TopicInform] and [TopicMove], which are work for
// [Service.Handle].
const (
	TopicOpened     = "problem.opened"
	TopicAssigned   = "problem.assigned"
	TopicState      = "problem.state"
	TopicTask       = "problem.task" // somebody is given a task
	TopicFixesDone  = "problem.fixes_done"
	TopicInactive   = "problem.inactive"
	TopicRiskReview = "problem.risk_review"
)

// Notice is what people are told about a problem.
type Notice struct {
	ID       workflow.ID `json:"id"`
	Number   string      `json:"number"`
	Title    string      `json:"title"`
	State    string      `json:"state"`
	Priority Priority    `json:"priority"`
	To       []string    `json:"to"` // persons and groups, without repetition
	Text     string      `json:"text,omitempty"`
}

// tell tells people, except the actor, who knows.
func (st *step) tell(topic, text string, to ...string) error {
	n := Notice{ID: st.p.ID, Number: st.p.Number, Title: st.p.Title, State: st.p.State, Priority: st.p.Priority, To: []string{}, Text: text}
	for _, person := range to {
		if person != "" && person != st.tx.Actor().ID && !slices.Contains(n.To, person) {
			n.To = append(n.To, person)
		}
	}
	return st.tx.Send(st.s.kind.Ref(st.p.ID), topic, n)
}

// coordinators are who answers for the problem.
func (p *Problem) coordinators() []string { return []string{p.Assignee, p.Group} }

func (p *Problem) audience() []string { return append(p.coordinators(), p.Watchers...) }

// tellChanges compares the problem with how it was.
func (st *step) tellChanges() error {
	p, was := st.p, st.before
	if p.Assignee != was.Assignee || p.Group != was.Group {
		if err := st.tell(TopicAssigned, st.note, p.coordinators()...); err != nil {
			return err
		}
	}
	if p.State != was.State {
		if err := st.tell(TopicState, st.note, p.audience()...); err != nil {
			return err
		}
	}
	if p.fixed() && !was.fixed() && !st.s.Category(p).Final() {
		return st.tell(TopicFixesDone, "every fix record is completed or cancelled", p.coordinators()...)
	}
	return nil
}
