package request

import (
	"fmt"
	"strings"
	"time"

	"github.com/itsm-go/itsm/sla"
	"github.com/itsm-go/itsm/workflow"
)

// advance moves the clocks of the request and its items to now, and tells what came due. A
// draft has none.
func (st *step) advance() error {
	if st.draft() {
		return nil
	}
	s, r := st.s, st.r
	var err error
	if r.Clocks, err = st.clocks(s.engine, r.Clocks, s.facts(r), "", r.HoldReason, r.State, r.Assignee, r.Group); err != nil {
		return err
	}
	for i := range r.Items {
		it := &r.Items[i]
		e := st.v.Engine(it.Name)
		if e == nil {
			continue
		}
		f := s.itemFacts(r, it)
		if it.Clocks, err = st.clocks(e, it.Clocks, f, it.ID, HoldReason(f.HoldReason), f.State, st.doers(it)...); err != nil {
			return err
		}
	}
	return nil
}

// doers are those who work on the item now, or see to the whole of it.
func (st *step) doers(it *Item) []string {
	to := []string{st.r.Assignee, st.r.Group}
	for _, t := range it.Tasks {
		if t.State == TaskOpen || t.State == TaskInProgress {
			to = append(to, t.Assignee, t.Group)
		}
	}
	return to
}

func (st *step) clocks(e *sla.Engine, have []sla.Clock, f sla.Facts, item string, hold HoldReason, state string, to ...string) ([]sla.Clock, error) {
	// The cause depends on the record alone, so that replaying the events gives the same.
	cause := state
	if hold != "" {
		cause = string(hold)
	}
	clocks, alerts, err := e.Advance(have, f, st.tx.Now(), strings.ReplaceAll(cause, "_", " "))
	if err != nil {
		return nil, fmt.Errorf("request: %s: %w", st.r.Name(), err)
	}
	for _, a := range alerts {
		n := st.notice(to...)
		n.Item, n.Target, n.Percent, n.Threshold, n.At, n.Do = item, a.Target, a.Percent, a.Threshold, a.At, a.Do
		topic := map[sla.AlertKind]string{sla.AlertWarning: TopicWarning, sla.AlertBreach: TopicBreach, sla.AlertOverdue: TopicOverdue}[a.Kind]
		if err := st.send(topic, n); err != nil {
			return nil, err
		}
	}
	return clocks, nil
}

// facts are how service levels see a request. Its service is that of its items, if they are
// of one.
func (s *Service) facts(r *Request) sla.Facts {
	f := sla.Facts{State: r.State, Category: s.Category(r), HoldReason: string(r.HoldReason), Assigned: r.Assignee != "",
		Responded: !r.RespondedAt.IsZero(), Waiting: r.AwaitsReply, Replies: r.Replies, Group: r.Group, Assignee: r.Assignee,
		Customer: r.For.Customer, Fields: r.Fields}
	for i, it := range r.Items {
		if f.Service = it.Service; i > 0 && it.Service != r.Items[0].Service {
			f.Service = ""
			break
		}
	}
	return f
}

// itemFacts are how delivery targets see an item: its state, the category that this state
// has for an item, and its answers as fields. It is on hold with its request.
func (s *Service) itemFacts(r *Request, it *Item) sla.Facts {
	category := s.Category(r)
	f := sla.Facts{State: string(it.State), Category: workflow.CategoryNew, Service: it.Service, Customer: r.For.Customer, Fields: it.Answers,
		Responded: !r.RespondedAt.IsZero(), Waiting: r.AwaitsReply, Replies: r.Replies}
	switch {
	case it.State == ItemFulfilment && it.Hold != "":
		f.Category, f.HoldReason = workflow.CategoryOnHold, string(it.Hold)
	case it.State == ItemFulfilment && category == workflow.CategoryOnHold:
		f.Category, f.HoldReason = workflow.CategoryOnHold, string(r.HoldReason)
	case it.State == ItemFulfilment:
		f.Category = workflow.CategoryActive
	case it.State.worked() && category == workflow.CategoryClosed:
		f.Category = workflow.CategoryClosed
	case it.State.worked():
		f.Category = workflow.CategoryResolved
	case it.State.Over():
		f.Category = workflow.CategoryCancelled
	}
	return f
}

// Clock returns the latest clock of a target of the request, or nil.
func (r *Request) Clock(target string) *sla.Clock { return latest(r.Clocks, target) }

// Clock returns the latest clock of a delivery target of the item, or nil.
func (it *Item) Clock(target string) *sla.Clock { return latest(it.Clocks, target) }

func latest(clocks []sla.Clock, target string) *sla.Clock {
	for i := len(clocks) - 1; i >= 0; i-- {
		if clocks[i].Target == target {
			return &clocks[i]
		}
	}
	return nil
}

// ServiceLevels tells of every target of the request how it stands at an instant, or, with
// the id of an item, of every delivery target of it; also of those that have no clock, and
// why.
func (s *Service) ServiceLevels(r *Request, item string, at time.Time) ([]sla.Status, error) {
	if item == "" {
		return s.engine.Status(r.Clocks, s.facts(r), at)
	}
	v, err := s.cfg.Catalog.Version(r.Catalog)
	it := r.item(item)
	if err != nil || it == nil {
		return nil, fmt.Errorf("request: %s, item %.32q: %w (%v)", r.Name(), item, workflow.ErrNotFound, err)
	}
	return v.Engine(it.Name).Status(it.Clocks, s.itemFacts(r, it), at)
}

// Cases returns the clocks of the request and its items with what reports on service levels
// ask of them.
func (s *Service) Cases(r *Request) []sla.Case {
	var cases []sla.Case
	for _, c := range r.Clocks {
		cases = append(cases, sla.Case{Record: r.Number, Clock: c.Clone(), Group: r.Group, Service: s.facts(r).Service, Customer: r.For.Customer})
	}
	for _, it := range r.Items {
		for _, c := range it.Clocks {
			cases = append(cases, sla.Case{Record: r.Number + "/" + it.ID, Clock: c.Clone(), Group: r.Group, Service: it.Service, Customer: r.For.Customer})
		}
	}
	return cases
}
