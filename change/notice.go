package change

import (
	"fmt"
	"slices"
	"time"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/approval"
)

// The topics of the messages that changes put into the outbox. The payload of each is
// a [Notice] as JSON.
const (
	TopicApproval  = "change.approval_requested"
	TopicNoLonger  = "change.approval_no_longer_required"
	TopicReminder  = "change.approval_reminder"
	TopicEscalated = "change.approval_escalated" // not decided in time, or blocked
	TopicDecided   = "change.approval_decided"
	TopicState     = "change.state"
)

// Notice is what people are told about a change.
type Notice struct {
	ID     workflow.ID `json:"id"`
	Number string      `json:"number"`
	Title  string      `json:"title"`
	State  string      `json:"state"`
	To     []string    `json:"to"`
	Gate   string      `json:"gate,omitempty"`
	Text   string      `json:"text,omitempty"`
	Due    time.Time   `json:"due,omitzero"`
}

func (st *step) tell(topic, gate, text string, due time.Time, to ...string) error {
	n := Notice{ID: st.c.ID, Number: st.c.Number, Title: st.c.Title, State: st.c.State, To: []string{}, Gate: gate, Text: text, Due: due}
	for _, person := range to {
		if person != "" && person != st.tx.Actor().ID && !slices.Contains(n.To, person) {
			n.To = append(n.To, person)
		}
	}
	return st.tx.Send(st.s.kind.Ref(st.c.ID), topic, n)
}

// tellApprovers compares the approvals with how they were: who is asked now, who is
// not any more, and what was decided.
func (st *step) tellApprovers() error {
	for i := range st.c.Approvals {
		a := &st.c.Approvals[i]
		var was approval.Request
		if st.before != nil {
			was, _ = st.before.Approval(a.State)
		}
		if err := st.tellGate(a, &was); err != nil {
			return err
		}
	}
	if st.before != nil && st.before.State != st.c.State {
		return st.tell(TopicState, "", st.reason, time.Time{}, st.c.Requester, st.c.Assignee)
	}
	return nil
}

func (st *step) tellGate(a *Approval, was *approval.Request) error {
	before, now := was.Pending(), a.Request.Pending()
	var asked, dropped []string
	for _, p := range now {
		if !slices.Contains(before, p) || was.Round != a.Request.Round {
			asked = append(asked, p)
		}
	}
	voters := a.Request.Voters()
	for _, p := range before {
		if !slices.Contains(now, p) && !slices.Contains(voters, p) {
			dropped = append(dropped, p)
		}
	}
	if len(asked) > 0 {
		current, _ := a.Request.Panel(a.Request.Current())
		if err := st.tell(TopicApproval, a.State, "", current.Due, asked...); err != nil {
			return err
		}
	}
	if len(dropped) > 0 {
		if err := st.tell(TopicNoLonger, a.State, a.Request.Reason, time.Time{}, dropped...); err != nil {
			return err
		}
	}
	decided := a.Request.Status.Final() && (was.Status != a.Request.Status || was.Round != a.Request.Round)
	if decided {
		return st.tell(TopicDecided, a.State, string(a.Request.Status)+": "+a.Request.Reason, time.Time{}, st.c.Requester, st.c.Assignee)
	}
	if a.Request.Status == approval.Blocked && was.Reason != a.Request.Reason || overdue(&a.Request) && !overdue(was) {
		return st.tell(TopicEscalated, a.State, a.Request.Reason, time.Time{}, st.c.Requester, st.c.Group)
	}
	return nil
}

func overdue(r *approval.Request) bool {
	return slices.ContainsFunc(r.Panels, func(p approval.Panel) bool { return p.Overdue })
}

// remind reminds those who have not voted.
func (st *step) remind(a *Approval, timer string) error {
	for name, alarm := range alarms(st.c) {
		if name == timer && alarm.Kind == approval.AlarmRemind && !st.tx.Now().Before(alarm.At) {
			panel, _ := a.Request.Panel(alarm.Stage)
			return st.tell(TopicReminder, a.State, "", panel.Due, a.Request.Pending()...)
		}
	}
	return nil
}

// alarms are the instants of the approval that the change waits for, by the name of
// their timer.
func alarms(c *Change) map[string]approval.Alarm {
	all := map[string]approval.Alarm{}
	if c == nil {
		return all
	}
	for i := range c.Approvals {
		a := &c.Approvals[i]
		for n, alarm := range a.Request.Alarms() {
			all[fmt.Sprintf("approval/%s/%d", a.State, n)] = alarm
		}
	}
	return all
}

func (st *step) timers() {
	ref := st.s.kind.Ref(st.c.ID)
	want, have := alarms(st.c), alarms(st.before)
	for _, name := range sortedKeys(want) {
		if !have[name].At.Equal(want[name].At) {
			st.tx.SetTimer(ref, name, want[name].At)
		}
	}
	for _, name := range sortedKeys(have) {
		if _, still := want[name]; !still {
			st.tx.ClearTimer(ref, name)
		}
	}
}
