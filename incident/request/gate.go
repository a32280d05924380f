package request

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/itsm-go/itsm/incident/request/catalog"
	"github.com/itsm-go/itsm/sla/calendar"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/approval"
)

// host answers the questions of an approval for one command; item is empty for the request
// as a whole.
type host struct {
	st   *step
	item string
}

// Owner is the relation that the catalogue itself knows: whom it names as the owner of an
// item, or of its service.
const Owner = "owner"

func (h host) Members(s approval.Selector) ([]string, error) {
	if s.Kind == approval.Person {
		return []string{s.Name}, nil
	}
	if it := h.st.r.item(h.item); it != nil && s.Kind == approval.Relation && s.Name == Owner {
		if owner := h.st.v.Handling(it.Name).Owner; owner != "" {
			return []string{owner}, nil
		}
	}
	return h.st.s.cfg.Directory.Members(h.st.tx.Context(), s, h.st.r.clone(), h.item)
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
		return time.Time{}, fmt.Errorf("request: the working time never gets there from %v: %w", from, workflow.ErrInvalid)
	}
	return due, nil
}

// wholeFacts are what policies may know of a request as a whole: cost, currency,
// recurring.<frequency>, items, services, lines, for.<attribute>, requested_for, customer.
// They are those of the order, whatever becomes of its items.
func (r *Request) wholeFacts() approval.Facts {
	f := approval.Facts{}
	r.quote(func(*Item) bool { return true }).Facts(f)
	r.For.Facts(f)
	var items, services, lines []string
	for _, it := range r.Items {
		items, services = append(items, it.Name), append(services, it.Service)
		lines = append(lines, approval.Digest(it.facts(r.For), nil))
	}
	join := func(all []string) string {
		slices.Sort(all)
		return strings.Join(slices.Compact(all), " ")
	}
	f["items"], f["services"] = join(items), join(services)
	slices.Sort(lines)
	f["lines"] = strings.Join(lines, " ") // what tells this order from any other
	return bound(f)
}

func (it *Item) facts(who catalog.Person) approval.Facts {
	o := catalog.Ordered{Name: it.Name, Title: it.Title, Service: it.Service, Category: it.Category, Bundle: it.Bundle,
		Quantity: it.Quantity, Answers: it.Answers, Quote: it.Price}
	return bound(o.Facts(who))
}

// bound replaces what is longer than a policy takes by what tells it from any other text.
func bound(f approval.Facts) approval.Facts {
	for name, v := range f {
		if len(v) > approval.MaxText {
			f[name] = "sha256 " + approval.Digest(approval.Facts{"": v}, []string{""})
		}
	}
	return f
}

// excluded are the people who do not approve: whom it is for, and whoever had a hand in the
// order. Who acts for one of them does not either, by the rules of approvals.
func (r *Request) excluded() []approval.Exclusion {
	out := []approval.Exclusion{{Person: r.For.ID, Why: "the requester"}}
	for _, person := range append([]string{r.CreatedBy.ID, r.CreatedBy.OnBehalfOf}, r.Ordered...) {
		if person != "" && !slices.ContainsFunc(out, func(e approval.Exclusion) bool { return e.Person == person }) {
			out = append(out, approval.Exclusion{Person: person, Why: "who ordered it"})
		}
	}
	return out
}

// put is what is put to the approvers of an item, or of the request as a whole.
func (r *Request) put(it *Item) approval.Case {
	c := approval.Case{Excluded: r.excluded()}
	if it == nil {
		c.Facts = r.wholeFacts()
	} else {
		c.Facts = it.facts(r.For)
	}
	return c
}

// seat is a place where approval may be asked for.
type seat struct {
	item   *Item // nil: the request as a whole
	policy approval.Policy
	a      **approval.Request
}

func (s seat) id() string {
	if s.item == nil {
		return ""
	}
	return s.item.ID
}

// seats are the places of the request where the catalogue asks for approval and that are
// not beyond it.
func (st *step) seats() []seat {
	var all []seat
	if p, ok := st.v.RequestPolicy(); ok {
		all = append(all, seat{nil, p, &st.r.Approval})
	}
	for i := range st.r.Items {
		it := &st.r.Items[i]
		if p, ok := st.v.Policy(it.Name); ok && it.State.open() {
			all = append(all, seat{it, p, &it.Approval})
		}
	}
	return all
}

// ask puts what is not approved to its approvers, and asks again what is not as it was
// approved, or was rejected before.
func (st *step) ask() error {
	for _, s := range st.seats() {
		if err := st.askAt(s); err != nil {
			return err
		}
	}
	for i := range st.r.Items {
		if it := &st.r.Items[i]; it.State.open() {
			it.State = ItemWaiting
		}
	}
	return nil
}

func (st *step) askAt(s seat) error {
	now, h := st.tx.Now(), host{st, s.id()}
	var r approval.Request
	var err error
	switch a := *s.a; {
	case a == nil:
		r, err = approval.Open(s.policy, st.r.put(s.item), h, now)
	case a.Status == approval.Rejected || a.Status == approval.Cancelled:
		r, err = a.Reset(s.policy, st.r.put(s.item), h, now)
	default:
		d, fault := a.Check(st.r.put(s.item), h, now)
		if fault != nil || !d.Any() {
			return fault
		}
		r, err = a.Reset(s.policy, st.r.put(s.item), h, now)
	}
	if err != nil {
		return fmt.Errorf("request: %s: %w", st.r.Name(), err)
	}
	*s.a, st.moved = &r, true
	return nil
}

// judge takes over what was decided on the items.
func (st *step) judge() {
	r := st.r
	_, whole := st.v.RequestPolicy()
	for i := range r.Items {
		it := &r.Items[i]
		_, own := st.v.Policy(it.Name)
		switch {
		case it.State == ItemRequested && !whole && !own:
			it.State, st.moved = ItemApproved, true
		case it.State != ItemWaiting: // decided, or not asked yet
		case whole && r.Approval != nil && r.Approval.Status == approval.Rejected:
			st.endItem(it, ItemRejected, r.Approval.Reason)
		case own && it.Approval != nil && it.Approval.Status == approval.Rejected:
			st.endItem(it, ItemRejected, it.Approval.Reason)
		case (!whole || granted(r.Approval)) && (!own || granted(it.Approval)):
			it.State, st.moved = ItemApproved, true
		}
	}
	if !st.s.cfg.AllOrNothing {
		return
	}
	first := slices.IndexFunc(r.Items, func(it Item) bool { return it.State == ItemRejected })
	for i := range r.Items {
		if it := &r.Items[i]; first >= 0 && it.State.open() {
			st.endItem(it, ItemRejected, "with item "+r.Items[first].ID+", "+r.Items[first].Title)
		}
	}
}

func granted(a *approval.Request) bool { return a != nil && a.Granted() }

// fresh reports whether the item is approved as it is now. What is not is asked again.
func (st *step) fresh(it *Item) (bool, error) {
	_, whole := st.v.RequestPolicy()
	p, own := st.v.Policy(it.Name)
	if whole && !granted(st.r.Approval) || own && !granted(it.Approval) {
		return false, st.ask()
	}
	check := func(s seat) (bool, error) {
		d, err := (*s.a).Check(st.r.put(s.item), host{st, s.id()}, st.tx.Now())
		if err != nil || !d.Any() {
			return !d.Any(), err
		}
		return false, st.ask()
	}
	if whole {
		if ok, err := check(seat{nil, approval.Policy{}, &st.r.Approval}); err != nil || !ok {
			return false, err
		}
	}
	if own {
		return check(seat{it, p, &it.Approval})
	}
	return true, nil
}

// decide carries out a command on the approval of an item, or of the request as a whole.
func (s *Service) decide(ctx context.Context, actor workflow.Actor, id workflow.ID, item, name string, command func(*step, *approval.Request, host) (approval.Request, error)) (*Request, error) {
	return s.run(ctx, actor, id, name, func(st *step) error {
		if err := st.unfinished(); err != nil {
			return err
		}
		a := st.r.Approval
		it := st.r.item(item)
		if it != nil {
			a = it.Approval
		}
		if st.draft() || a == nil || item != "" && (it == nil || it.State != ItemWaiting) {
			return fmt.Errorf("request: %s, item %.32q: %w", st.r.Name(), item, ErrNoApproval)
		}
		a.Case.Excluded = st.r.excluded() // who may have changed
		r, err := command(st, a, host{st, item})
		if err != nil {
			return fmt.Errorf("request: %s: %w", st.r.Name(), err)
		}
		*a = r
		return nil
	})
}

// Vote says what the actor thinks of an item, or of the request as a whole if item is empty,
// as one of those who are asked or as a delegate of one of them: see
// [approval.Request.Vote]. The vote is the actor's own: v.By is set here, and neither a
// program nor somebody who acts on behalf of another can vote, as that takes a delegation.
func (s *Service) Vote(ctx context.Context, actor workflow.Actor, id workflow.ID, item string, v approval.Vote) (*Request, error) {
	if actor.Type != workflow.ActorUser || actor.OnBehalfOf != "" {
		return nil, fmt.Errorf("request: %v votes: only people do, in their own name or by a delegation: %w", actor, workflow.ErrForbidden)
	}
	v.By = actor.ID
	return s.decide(ctx, actor, id, item, "vote", func(st *step, r *approval.Request, h host) (approval.Request, error) {
		st.reason = v.Comment
		return r.Vote(v, h, s.cfg.Verify, st.tx.Now())
	})
}

// Recuse takes the actor out of a decision, for a reason.
func (s *Service) Recuse(ctx context.Context, actor workflow.Actor, id workflow.ID, item, reason string) (*Request, error) {
	return s.decide(ctx, actor, id, item, "recuse", func(st *step, r *approval.Request, h host) (approval.Request, error) {
		st.reason = reason
		return r.Recuse(actor.ID, reason, h, st.tx.Now())
	})
}

// RefreshApprovers works out anew who decides, because people have joined or left.
func (s *Service) RefreshApprovers(ctx context.Context, actor workflow.Actor, id workflow.ID, item string) (*Request, error) {
	return s.decide(ctx, actor, id, item, "refresh_approvers", func(st *step, r *approval.Request, h host) (approval.Request, error) {
		if err := st.staff(); err != nil {
			return approval.Request{}, err
		}
		return r.Refresh(h, st.tx.Now())
	})
}
