package incident

import (
	"slices"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

// The topics of the messages that incidents put into the outbox. The payload of
// each is a [Notice] as JSON.
const (
	TopicOpened   = "incident.opened"
	TopicAssigned = "incident.assigned"
	TopicAsked    = "incident.asked" // the caller is asked for something
	TopicReplied  = "incident.replied"
	TopicComment  = "incident.comment"
	TopicResolved = "incident.resolved"
	TopicReopened = "incident.reopened"
	TopicClosed   = "incident.closed"
	TopicWarning  = "incident.sla_warning"
	TopicBreach   = "incident.sla_breach"
	TopicOverdue  = "incident.sla_overdue" // a threshold beyond the breach
)

// Notice is what people are told about an incident.
type Notice struct {
	ID       workflow.ID `json:"id"`
	Number   string      `json:"number"`
	Title    string      `json:"title"`
	State    string      `json:"state"`
	Priority Priority    `json:"priority"`
	To       []string    `json:"to"` // persons and groups, without repetition
	Text     string      `json:"text,omitempty"`

	Target    string    `json:"target,omitempty"`    // of a service level
	Threshold string    `json:"threshold,omitempty"` // of its goal: "75 %", "1h0m0s before due"
	Percent   int       `json:"percent,omitempty"`   // of its goal, if the threshold is one
	At        time.Time `json:"at,omitzero"`         // when it came due
	Do        []string  `json:"do,omitempty"`        // the escalation actions of the threshold
}

func (st *step) notice(to ...string) Notice {
	inc := st.inc
	n := Notice{ID: inc.ID, Number: inc.Number, Title: inc.Title, State: inc.State, Priority: inc.Priority, To: []string{}}
	for _, t := range to {
		if t != "" && !slices.Contains(n.To, t) {
			n.To = append(n.To, t)
		}
	}
	return n
}

// notify tells people of the incident as it now is. The actor knows already, but
// who reports an incident is told its number.
func (st *step) notify(topic string, to ...string) error {
	return st.tell(topic, "", to...)
}

func (st *step) tell(topic, text string, to ...string) error {
	if st.mute {
		return nil
	}
	n := st.notice(to...)
	n.Text = text
	if topic != TopicOpened {
		n.To = slices.DeleteFunc(n.To, func(p string) bool { return p == st.who() })
	}
	return st.tx.Send(st.s.kind.Ref(st.inc.ID), topic, n)
}
