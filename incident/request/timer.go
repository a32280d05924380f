package request

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/approval"
)

// The timers of requests, besides those of approvals and service levels.
const (
	TimerAutoClose = "autoclose" // closes a fulfilled request
	TimerBegin     = "begin"     // the date on which work begins
)

// due is an instant of a request: the approval that it belongs to, if any.
type due struct {
	at   time.Time
	item string
	kind approval.AlarmKind
	name string // the stage
}

// alarms are the instants at which a request is to be looked at, by the name of the timer.
func (s *Service) alarms(r *Request) map[string]due {
	all := map[string]due{}
	category := s.Category(r)
	if category.Final() {
		return all
	}
	approvals := func(item string, a *approval.Request) {
		if a == nil {
			return
		}
		for n, alarm := range a.Alarms() {
			all[fmt.Sprintf("approval/%s/%d", item, n)] = due{alarm.At, item, alarm.Kind, alarm.Stage}
		}
	}
	approvals("", r.Approval)
	for _, a := range s.engine.Alarms(r.Clocks) {
		all[a.Name] = due{at: a.Due}
	}
	v, err := s.cfg.Catalog.Version(r.Catalog)
	for i := range r.Items {
		it := &r.Items[i]
		if it.State == ItemWaiting {
			approvals(it.ID, it.Approval)
		}
		if err != nil || v.Engine(it.Name) == nil {
			continue
		}
		for _, a := range v.Engine(it.Name).Alarms(it.Clocks) {
			all["item/"+it.ID+"/"+a.Name] = due{at: a.Due}
		}
	}
	if category != workflow.CategoryResolved && !r.Begin.IsZero() && !r.SubmittedAt.IsZero() && r.BegunAt().IsZero() {
		all[TimerBegin] = due{at: r.Begin}
	}
	if s.cfg.AutoClose > 0 && category == workflow.CategoryResolved && !r.FulfilledAt.IsZero() {
		if at, ok := s.cfg.AutoCloseCalendar.AddDays(r.FulfilledAt, s.cfg.AutoClose, false); ok {
			all[TimerAutoClose] = due{at: at.UTC()}
		}
	}
	return all
}

// BegunAt is when work on the first item began; zero = it has not.
func (r *Request) BegunAt() time.Time {
	var first time.Time
	for _, it := range r.Items {
		if !it.BegunAt.IsZero() && (first.IsZero() || it.BegunAt.Before(first)) {
			first = it.BegunAt
		}
	}
	return first
}

// timers sets the timers that differ from those set before.
func (st *step) timers() {
	want, have := st.s.alarms(st.r), map[string]due{}
	if st.before != nil {
		have = st.s.alarms(st.before)
	}
	ref := st.s.kind.Ref(st.r.ID)
	for _, name := range sortedKeys(want) {
		if !have[name].at.Equal(want[name].at) {
			st.tx.SetTimer(ref, name, want[name].at)
		}
	}
	for _, name := range sortedKeys(have) {
		if _, still := want[name]; !still {
			st.tx.ClearTimer(ref, name)
		}
	}
}

// Handle answers the timers that requests have set: service levels that come due, reminders
// and deadlines of approvals, the date on which work begins, closing after the fulfilment.
// Give it to a [workflow.Mux] under [KindName]. It bears repetition.
func (s *Service) Handle(ctx context.Context, d workflow.Due) error {
	t := d.Timer
	if t == nil || t.Ref.Kind != KindName {
		return workflow.Permanent(fmt.Errorf("request: %s is not a timer of a request: %w", d.Key(), workflow.ErrInvalid))
	}
	// Never before the timer's instant: a clock that goes behind the relay's would find
	// nothing due, and the timer would be gone.
	at := s.desk.Now()
	if at.Before(t.Due) {
		at = t.Due
	}
	var err error
	switch s := s.At(at); {
	case t.Name == TimerAutoClose:
		_, err = s.autoClose(ctx, t.Ref.ID)
	case strings.HasPrefix(t.Name, "approval/"):
		// A reminder changes nothing in the request by which its repetition could be told.
		_, err = s.Once(d.Key()).run(ctx, workflow.System("approvals"), t.Ref.ID, "approval_due", func(st *step) error { return st.expire(t.Name) })
	case t.Name == TimerBegin, strings.HasPrefix(t.Name, "sla/"), strings.HasPrefix(t.Name, "item/"):
		_, err = s.run(ctx, workflow.System("clock"), t.Ref.ID, "clock", func(*step) error { return nil })
	default:
		err = fmt.Errorf("request: unknown timer %.64q: %w", t.Name, workflow.ErrInvalid)
	}
	if errors.Is(err, workflow.ErrNotFound) || errors.Is(err, workflow.ErrInvalid) {
		return workflow.Permanent(err)
	}
	return err
}

// autoClose closes a request whose time after the fulfilment is over. One that was reopened
// meanwhile, or fulfilled again, is left alone.
func (s *Service) autoClose(ctx context.Context, id workflow.ID) (*Request, error) {
	return s.run(ctx, workflow.System("autoclose"), id, ActionClose, func(st *step) error {
		d, ok := s.alarms(st.r)[TimerAutoClose]
		if !ok || st.tx.Now().Before(d.at) {
			return nil
		}
		st.reason = fmt.Sprintf("%d business days after its fulfilment", s.cfg.AutoClose)
		return st.fire(ActionClose)
	})
}

// expire does what the policy says of an approval that is not decided in time, or reminds.
func (st *step) expire(timer string) error {
	d, ok := st.s.alarms(st.r)[timer]
	if !ok || st.tx.Now().Before(d.at) {
		return nil // it was decided, or asked again, meanwhile
	}
	a := st.r.Approval
	if it := st.r.item(d.item); it != nil {
		a = it.Approval
	}
	if d.kind == approval.AlarmRemind {
		n := st.notice(a.Pending()...)
		panel, _ := a.Panel(d.name)
		n.Item, n.Due = d.item, panel.Due
		return st.send(TopicReminder, n)
	}
	r, err := a.Expire(host{st, d.item}, st.tx.Now())
	if _, refused := approval.IsRefusal(err); refused {
		return nil
	}
	if err != nil {
		return fmt.Errorf("request: %s: %w", st.r.Name(), err)
	}
	*a = r
	return nil
}
