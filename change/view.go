package change

import (
	"context"
	"slices"
	"time"

	"github.com/itsm-go/itsm/change/forward"
	"github.com/itsm-go/itsm/change/report"
	"github.com/itsm-go/itsm/change/schedule"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/approval"
)

// Case is the change as reports count it.
func (s *Service) Case(c *Change) report.Case {
	category := s.Category(c)
	r := report.Case{
		ID: c.ID.String(), Number: c.Number, Type: report.Type(c.Type), Model: c.Model, Team: c.Group, Service: c.Service, Risk: c.Risk,
		Requested: c.CreatedAt, Approved: s.approvedAt(c), PlannedStart: c.Start, PlannedEnd: c.End, Started: c.Started, Ended: c.Ended,
		Closed: c.ClosedAt, Cancelled: category == workflow.CategoryCancelled, Unauthorized: c.Unauthorized,
		Expedited: c.Type == Emergency, OnHold: c.Hold != nil, Deployment: c.Deployment, Commit: c.Commit,
	}
	if r.Cancelled && slices.ContainsFunc(c.Approvals, func(a Approval) bool { return a.Request.Status == approval.Rejected }) {
		r.Cancelled, r.Rejected = false, true
	}
	if c.Review != nil && category == workflow.CategoryClosed {
		r.Outcome, r.BackedOut = report.Outcome(c.Review.Outcome), c.Review.BackedOut
	}
	for _, i := range c.Caused {
		r.Caused = append(r.Caused, report.Caused(i))
	}
	return r
}

// Cases are the changes that a query selects, as reports count them.
func (s *Service) Cases(ctx context.Context, q workflow.Query) ([]report.Case, error) {
	var all []report.Case
	for c, err := range s.Find(ctx, q) {
		if err != nil {
			return nil, err
		}
		all = append(all, s.Case(c))
	}
	return all, nil
}

// UnderChange lists the changes of a configuration item that are planned for an instant,
// or under way then, and are scheduled or being implemented: what monitoring reports of
// the item meanwhile is no failure (ServiceNow: CI in maintenance). Once the work has
// ended it is one again.
func (s *Service) UnderChange(ctx context.Context, item string, at time.Time) ([]*Change, error) {
	var all []*Change
	for c, err := range s.Find(ctx, workflow.Query{Where: []workflow.Condition{workflow.Is(IndexItem, workflow.StringKey(item))}}) {
		if err != nil {
			return nil, err
		}
		planned := !c.Start.IsZero() && !at.Before(c.Start) && at.Before(c.End)
		underWay := !c.Started.IsZero() && !at.Before(c.Started)
		if s.Category(c) == workflow.CategoryActive && s.granted(c) && c.Hold == nil && c.Ended.IsZero() && (planned || underWay) {
			all = append(all, c)
		}
	}
	return all, nil
}

// approvedAt is when the last gate of the change's model was granted; zero until then.
func (s *Service) approvedAt(c *Change) time.Time {
	var last time.Time
	for state := range s.models[c.Model].Gates {
		a := c.approval(state)
		if a == nil || !a.Request.Granted() {
			return time.Time{}
		}
		if a.Request.Decided.After(last) {
			last = a.Request.Decided
		}
	}
	return last
}

// Entry is the change as the forward schedule shows it, with what speaks against its
// window; not ok if it has none.
func (s *Service) Entry(c *Change, conflicts []schedule.Conflict) (e forward.Entry, ok bool) {
	if c.Start.IsZero() {
		return forward.Entry{}, false
	}
	e = forward.Entry{ID: c.Number, Title: c.Title, Type: forward.Type(c.Type), Status: forward.Proposed, State: c.State, Risk: c.Risk,
		Start: c.Start, End: c.End, Items: c.itemIDs(), Team: c.Group, Revision: int(c.Version)}
	switch category := s.Category(c); {
	case category == workflow.CategoryCancelled:
		e.Status = forward.Cancelled
	case category != workflow.CategoryNew && s.granted(c):
		e.Status = forward.Approved
	}
	if c.Service != "" {
		e.Services = []string{c.Service}
	}
	for _, it := range c.Items {
		for _, name := range it.Services {
			if !slices.Contains(e.Services, name) {
				e.Services = append(e.Services, name)
			}
		}
	}
	for _, x := range conflicts {
		e.Conflicts = append(e.Conflicts, x.String())
	}
	return e, true
}

// granted reports whether every gate of the change's model is passed.
func (s *Service) granted(c *Change) bool {
	for state := range s.models[c.Model].Gates {
		if a := c.approval(state); a == nil || !a.Request.Granted() {
			return false
		}
	}
	return true
}
