package template

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/itsm-go/itsm/sla/calendar"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/approval"
)

// host answers the questions of an approval for one command.
type host struct{ st *step }

func (h host) Members(s approval.Selector) ([]string, error) {
	if s.Kind == approval.Person {
		return []string{s.Name}, nil
	}
	return h.st.s.cfg.Directory.Members(h.st.tx.Context(), s, h.st.t.clone())
}

func (h host) Delegations(policy string, at time.Time) ([]approval.Delegation, error) {
	return h.st.s.cfg.Directory.Delegations(h.st.tx.Context(), policy, at)
}

func (h host) Due(from time.Time, d approval.Deadline) (time.Time, error) {
	hours := h.st.s.cfg.Hours
	if hours == nil {
		return from.Add(time.Duration(d.Within)).AddDate(0, 0, d.Days), nil
	}
	due, ok := hours.Add(from, time.Duration(d.Within))
	if d.Days > 0 {
		due, ok = hours.AddDays(from, calendar.Days(d.Days), false)
	}
	if !ok {
		return time.Time{}, fmt.Errorf("template: the working time never gets there from %v: %w", from, workflow.ErrInvalid)
	}
	return due, nil
}

// The topics of the messages about templates. The payload of each is a [Notice].
const (
	TopicApproval  = "template.approval_requested"
	TopicReminder  = "template.approval_reminder"
	TopicEscalated = "template.approval_escalated" // not decided in time, or blocked
	TopicState     = "template.state"
)

// Notice is what people are told about a template.
type Notice struct {
	ID     workflow.ID `json:"id"`
	Number string      `json:"number"`
	Name   string      `json:"name"`
	State  string      `json:"state"`
	To     []string    `json:"to"`
	Text   string      `json:"text,omitempty"`
}

func (st *step) send(topic, text string, to ...string) error {
	n := Notice{ID: st.t.ID, Number: st.t.Number, Name: st.t.Title, State: st.t.State, To: []string{}, Text: text}
	for _, person := range to {
		if person != "" && person != st.tx.Actor().ID && !slices.Contains(n.To, person) {
			n.To = append(n.To, person)
		}
	}
	return st.tx.Send(st.s.kind.Ref(st.t.ID), topic, n)
}

// tell compares the template with how it was.
func (st *step) tell() error {
	t, was := st.t, st.before
	if t.State != was.State {
		if err := st.send(TopicState, st.reason, slices.Concat(t.Authors, t.By)...); err != nil {
			return err
		}
	}
	before := was.Request.Pending()
	asked := slices.DeleteFunc(t.Request.Pending(), func(p string) bool { return slices.Contains(before, p) })
	if len(asked) > 0 {
		return st.send(TopicApproval, "", asked...)
	}
	late := func(r *approval.Request) bool {
		return r.Status == approval.Blocked || slices.ContainsFunc(r.Panels, func(p approval.Panel) bool { return p.Overdue })
	}
	if late(&t.Request) && !late(&was.Request) {
		return st.send(TopicEscalated, t.Request.Reason, t.Authors...)
	}
	return nil
}

func alarms(t *Template) map[string]approval.Alarm {
	all := map[string]approval.Alarm{}
	if t.State == StateSubmitted {
		for n, a := range t.Request.Alarms() {
			all["approval/"+strconv.Itoa(n)] = a
		}
	}
	return all
}

func (st *step) timers() {
	ref := st.s.kind.Ref(st.t.ID)
	want, have := alarms(st.t), alarms(st.before)
	for n := range max(len(want), len(have)) {
		name := "approval/" + strconv.Itoa(n)
		a, set := want[name]
		if _, was := have[name]; was && !set {
			st.tx.ClearTimer(ref, name)
		}
		if set && !have[name].At.Equal(a.At) {
			st.tx.SetTimer(ref, name, a.At)
		}
	}
}

// Handle answers the timers of approvals: reminders, and what happens when one is not
// decided in time. Give it to a [workflow.Mux] under [KindName]. It bears repetition.
func (s *Service) Handle(ctx context.Context, d workflow.Due) error {
	timer := d.Timer
	if timer == nil || timer.Ref.Kind != KindName {
		return workflow.Permanent(fmt.Errorf("template: %s is not a timer of a template: %w", d.Key(), workflow.ErrInvalid))
	}
	t, err := s.kind.Load(ctx, s.desk.Store(), timer.Ref.ID)
	if err != nil {
		if errors.Is(err, workflow.ErrNotFound) {
			return workflow.Permanent(err)
		}
		return err
	}
	_, err = s.run(ctx, workflow.System("approvals"), t.Title, "approval_due", func(st *step) error {
		if st.t.State != StateSubmitted {
			return nil
		}
		r, err := st.t.Request.Expire(host{st}, st.tx.Now())
		if errors.Is(err, approval.ErrNotDue) {
			if a := alarms(st.t)[timer.Name]; a.Kind == approval.AlarmRemind && !st.tx.Now().Before(a.At) {
				return st.send(TopicReminder, "", st.t.Request.Pending()...)
			}
			return nil
		}
		if _, refused := approval.IsRefusal(err); refused {
			return nil // it was decided meanwhile
		}
		if err != nil {
			return err
		}
		st.t.Request = r
		st.settle()
		return nil
	})
	return err
}
