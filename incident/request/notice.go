package request

import (
	"slices"
	"time"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/approval"
)

// The topics of the messages that requests put into the outbox, besides those of
// automations. The payload of each is a [Notice] as JSON.
const (
	TopicSubmitted  = "request.submitted"
	TopicApproval   = "request.approval_requested"
	TopicNoLonger   = "request.approval_no_longer_required"
	TopicReminder   = "request.approval_reminder"
	TopicEscalated  = "request.approval_escalated" // not decided in time, or blocked
	TopicItem       = "request.item"               // an item has come to another stage
	TopicState      = "request.state"
	TopicAssigned   = "request.assigned"
	TopicTask       = "request.task" // a task is open
	TopicTaskFailed = "request.task_failed"
	TopicAsked      = "request.asked" // the requester is asked for something
	TopicReplied    = "request.replied"
	TopicComment    = "request.comment"
	TopicReopened   = "request.reopened"
	TopicWarning    = "request.sla_warning"
	TopicBreach     = "request.sla_breach"
	TopicOverdue    = "request.sla_overdue" // a threshold beyond the breach
)

// Notice is what people are told about a request.
type Notice struct {
	ID     workflow.ID `json:"id"`
	Number string      `json:"number"`
	Title  string      `json:"title"`
	State  string      `json:"state"`
	To     []string    `json:"to"`              // persons and groups, without repetition
	Item   string      `json:"item,omitempty"`  // the id of an item
	Stage  Stage       `json:"stage,omitempty"` // of the item
	Task   string      `json:"task,omitempty"`  // the id of a task
	Text   string      `json:"text,omitempty"`
	Due    time.Time   `json:"due,omitzero"` // of an approval

	Target    string    `json:"target,omitempty"` // of a service level
	Threshold string    `json:"threshold,omitempty"`
	Percent   int       `json:"percent,omitempty"`
	At        time.Time `json:"at,omitzero"`
	Do        []string  `json:"do,omitempty"`
}

// notice addresses people.
func (st *step) notice(to ...string) Notice {
	n := Notice{ID: st.r.ID, Number: st.r.Number, Title: st.r.Title, State: st.r.State, To: []string{}}
	for _, t := range to {
		if t != "" && !slices.Contains(n.To, t) {
			n.To = append(n.To, t)
		}
	}
	return n
}

func (st *step) send(topic string, n Notice) error {
	return st.tx.Send(st.s.kind.Ref(st.r.ID), topic, n)
}

// tell tells people what the actor knows, as he did it.
func (st *step) tell(topic, item, text string, to ...string) error {
	return st.inform(topic, item, text, slices.DeleteFunc(to, func(p string) bool { return p == st.tx.Actor().ID })...)
}

func (st *step) inform(topic, item, text string, to ...string) error {
	n := st.notice(to...)
	n.Item, n.Text = item, text
	return st.send(topic, n)
}

func (st *step) tellTask(topic string, it *Item, t *Task) error {
	n := st.notice(t.Assignee, t.Group)
	n.Item, n.Stage, n.Task, n.Text = it.ID, it.Stage(), t.ID, t.Title
	if topic == TopicTaskFailed {
		n.To, n.Text = st.notice(t.Assignee, t.Group, st.r.Assignee, st.r.Group).To, t.Failure
	}
	return st.send(topic, n)
}

// tellChanges compares the request with how it was, and tells whom it concerns.
func (st *step) tellChanges() error {
	before := st.before
	if before == nil {
		before = &Request{}
	}
	if err := st.tellApprovers("", st.r.Approval, before.Approval); err != nil {
		return err
	}
	for i := range st.r.Items {
		it := &st.r.Items[i]
		was := before.item(it.ID)
		if was == nil {
			was = &Item{State: ItemRequested}
		}
		if err := st.tellApprovers(it.ID, it.Approval, was.Approval); err != nil {
			return err
		}
		if err := st.tellItem(it, was); err != nil {
			return err
		}
	}
	for i := range before.Items {
		if was := &before.Items[i]; st.r.item(was.ID) == nil {
			if err := st.tellApprovers(was.ID, nil, was.Approval); err != nil {
				return err
			}
		}
	}
	if before.State == "" || before.State == st.r.State {
		return nil
	}
	return st.inform(TopicState, "", st.reason, append([]string{st.r.For.ID, st.r.CreatedBy.ID, st.r.Assignee}, st.r.Watchers...)...)
}

// tellItem tells the requester of another stage, and automations of what is not needed.
func (st *step) tellItem(it, was *Item) error {
	for i := range it.Tasks {
		t := &it.Tasks[i]
		old := was.task(t.ID)
		if old == nil || t.Automation == "" || old.State != TaskInProgress || !t.State.Over() || st.told == t.Job {
			continue
		}
		if err := st.tx.Send(st.s.kind.Ref(st.r.ID), TopicAutomation+t.Automation, st.job(it, t, true)); err != nil {
			return err
		}
	}
	if it.Stage() == was.Stage() {
		return nil
	}
	n := st.notice(st.r.For.ID, st.r.CreatedBy.ID)
	n.Item, n.Stage, n.Text = it.ID, it.Stage(), it.Note
	return st.send(TopicItem, n)
}

// tellApprovers tells who is asked now, and who is not any more.
func (st *step) tellApprovers(item string, a, old *approval.Request) error {
	var was, now approval.Request
	if old != nil {
		was = *old
	}
	if a != nil {
		now = *a
	}
	before, pending, voters := was.Pending(), now.Pending(), now.Voters()
	var asked, dropped []string
	for _, p := range pending {
		if !slices.Contains(before, p) || was.Round != now.Round {
			asked = append(asked, p)
		}
	}
	for _, p := range before {
		if !slices.Contains(pending, p) && !slices.Contains(voters, p) {
			dropped = append(dropped, p)
		}
	}
	if len(asked) > 0 {
		n := st.notice(asked...)
		panel, _ := now.Panel(now.Current())
		n.Item, n.Due = item, panel.Due
		if err := st.send(TopicApproval, n); err != nil {
			return err
		}
	}
	if len(dropped) > 0 {
		if err := st.tell(TopicNoLonger, item, now.Reason, dropped...); err != nil {
			return err
		}
	}
	if now.Status == approval.Blocked && (was.Status != now.Status || was.Reason != now.Reason) || overdue(&now) && !overdue(&was) {
		return st.inform(TopicEscalated, item, now.Reason, st.r.Assignee, st.r.Group, st.r.For.ID)
	}
	return nil
}

func overdue(r *approval.Request) bool {
	return slices.ContainsFunc(r.Panels, func(p approval.Panel) bool { return p.Overdue })
}
