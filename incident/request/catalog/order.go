package catalog

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/itsm-go/itsm/sla"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/approval"
)

// Ordered is a line of an order as the catalogue understands it.
type Ordered struct {
	Name     string
	Title    string
	Service  string
	Category string
	Bundle   string
	Quantity int
	Answers  workflow.Fields
	Quote    Quote
}

// Order checks a line that orders an item for somebody at an instant, and prices it. The
// error lists everything that is wrong, and matches [ErrNotEntitled] if he is not entitled.
// A draft may leave out what is mandatory.
func (v *Version) Order(l Line, who Person, at time.Time, draft bool) (Ordered, error) {
	it := v.items[l.Item]
	if it == nil {
		return Ordered{}, fmt.Errorf("catalog: there is no item %.64q: %w", l.Item, workflow.ErrNotFound)
	}
	var p workflow.Problems
	if err := v.Entitled(l.Item, who, at); err != nil {
		p.Add(err)
	}
	if l.Quantity == 0 {
		l.Quantity = 1
	}
	if l.Quantity < 1 || l.Quantity > it.MaxQuantity {
		p.Addf("quantity %d, want 1 to %d", l.Quantity, it.MaxQuantity)
	}
	answers, known, err := it.form.check(l.Answers, who.facts(), draft)
	p.Add(err)
	if err := p.Err("catalog: item " + l.Item); err != nil {
		return Ordered{}, err
	}
	return Ordered{Name: it.Name, Title: it.Title, Category: it.Category, Service: v.categories[it.Category].Service, Bundle: l.Bundle,
		Quantity: l.Quantity, Answers: answers, Quote: it.Pricing.quote(it.Title, l.Quantity, known)}, nil
}

// Price quotes lines, items and bundles, for somebody at an instant.
func (v *Version) Price(who Person, at time.Time, lines ...Line) (Quote, error) {
	var q Quote
	var p workflow.Problems
	for _, l := range lines {
		each := []Line{l}
		if l.Bundle != "" {
			var err error
			each, err = v.Expand(l, who, at, true)
			p.Add(err)
		}
		for _, one := range each {
			o, err := v.Order(one, who, at, true)
			p.Add(err)
			if err == nil {
				q, err = q.Add(o.Quote)
				p.Add(err)
			}
		}
	}
	return q, p.Err("catalog: price")
}

// known are the facts that tests of an item see: the person's and the answers.
func (it *item) known(answers workflow.Fields, who Person) facts {
	return it.form.asked(answers, who.facts(), func(*Question, bool, bool) {})
}

// Plan returns the tasks of an item as they apply to an order, each behind those it waits
// for, and the working time that they take. It is not ok if there is no such item.
func (v *Version) Plan(name string, answers workflow.Fields, who Person) (tasks []Planned, lead time.Duration, ok bool) {
	it := v.items[name]
	if it == nil {
		return nil, 0, false
	}
	f := it.known(answers, who)
	return it.Item.Plan.planned(f), it.Item.Plan.lead(f), true
}

// Item returns a copy of an item, defaults filled in.
func (v *Version) Item(name string) (Item, bool) {
	it := v.items[name]
	if it == nil {
		return Item{}, false
	}
	return it.Item.clone(), true
}

// Handling is how an item is dealt with once it is ordered.
type Handling struct {
	Partial     Partial
	Review      bool
	PreApproved bool
	Owner       string // of the item, or of its service
}

// Handling returns how an item is dealt with, whatever the order says; the zero value if
// there is no such item.
func (v *Version) Handling(name string) Handling {
	it := v.items[name]
	if it == nil {
		return Handling{}
	}
	h := Handling{Partial: it.Item.Plan.Partial, Review: it.Review, PreApproved: it.PreApproved, Owner: it.Owner}
	if h.Owner == "" {
		h.Owner = v.services[v.categories[it.Category].Service].Owner
	}
	return h
}

// Cancellation returns until when an item can be cancelled and by whom, and never if there
// is no such item.
func (v *Version) Cancellation(name string) Cancellation {
	it := v.items[name]
	if it == nil {
		return Cancellation{Until: Never}
	}
	c := it.Cancel
	if c.By = slices.Clone(c.By); len(c.By) == 0 {
		c.By = []string{"requester", "opener", "agent"}
	}
	return c
}

// Policy returns the policy by which an item is approved; not ok if nobody has to.
func (v *Version) Policy(item string) (approval.Policy, bool) {
	it := v.items[item]
	if it == nil || it.Policy == "" {
		return approval.Policy{}, false
	}
	return v.def.Policies[v.policies[it.Policy]].Clone(), true
}

// RequestPolicy returns the policy by which requests as a whole are approved; not ok if
// there is none.
func (v *Version) RequestPolicy() (approval.Policy, bool) {
	if v.def.Approval == "" {
		return approval.Policy{}, false
	}
	return v.def.Policies[v.policies[v.def.Approval]].Clone(), true
}

// Engine returns the engine of an item's delivery targets, or nil.
func (v *Version) Engine(item string) *sla.Engine {
	if it := v.items[item]; it != nil {
		return it.engine
	}
	return nil
}

// Facts are what approval policies may know of an ordered item: item, category, service,
// bundle, quantity, cost, currency, recurring.<frequency>, answer.<question>,
// for.<attribute>, requested_for, customer.
func (o Ordered) Facts(who Person) approval.Facts {
	f := approval.Facts{"item": o.Name, "category": o.Category, "service": o.Service, "bundle": o.Bundle, "quantity": fmt.Sprint(o.Quantity)}
	o.Quote.Facts(f)
	who.Facts(f)
	for name, a := range o.Answers {
		f["answer."+name] = text(a)
	}
	return f
}

// Facts adds cost, currency and recurring.<frequency> to what approval policies may know.
func (q Quote) Facts(f approval.Facts) {
	f["cost"], f["currency"] = q.Total().String(), q.Currency
	for _, r := range q.Recurring() {
		f["recurring."+string(r.Every)] = r.Amount.String()
	}
}

// Facts adds for.<attribute>, requested_for and customer to what approval policies may know.
// Several values are joined by commas.
func (p Person) Facts(f approval.Facts) {
	for name, values := range p.Attributes {
		f["for."+name] = strings.Join(values, ",")
	}
	f["requested_for"], f["customer"] = p.ID, p.Customer
}

func (it *Item) clone() Item {
	c := *it
	c.AvailableFor, c.NotAvailableFor = slices.Clone(it.AvailableFor), slices.Clone(it.NotAvailableFor)
	c.Pricing = it.Pricing.clone()
	c.Form = slices.Clone(it.Form)
	for i := range c.Form {
		q := &c.Form[i]
		q.Values, q.Kinds = slices.Clone(q.Values), slices.Clone(q.Kinds)
		q.ShowIf, q.MustIf = cloneTests(q.ShowIf), cloneTests(q.MustIf)
	}
	c.Plan.Tasks = slices.Clone(it.Plan.Tasks)
	for i := range c.Plan.Tasks {
		t := &c.Plan.Tasks[i]
		t.After, t.When, t.Routes = slices.Clone(t.After), cloneTests(t.When), slices.Clone(t.Routes)
		for j := range t.Routes {
			t.Routes[j].When = cloneTests(t.Routes[j].When)
		}
	}
	c.Targets, c.Cancel.By = slices.Clone(it.Targets), slices.Clone(it.Cancel.By)
	return c
}

func cloneTests(tests []Test) []Test {
	tests = slices.Clone(tests)
	for i := range tests {
		tests[i].Values = slices.Clone(tests[i].Values)
	}
	return tests
}

func (pr Pricing) clone() Pricing {
	if pr.Price != nil {
		m := *pr.Price
		pr.Price = &m
	}
	pr.Recurring, pr.Surcharges = slices.Clone(pr.Recurring), slices.Clone(pr.Surcharges)
	for i := range pr.Surcharges {
		x := &pr.Surcharges[i]
		x.When, x.Recurring = cloneTests(x.When), slices.Clone(x.Recurring)
		if x.Price != nil {
			m := *x.Price
			x.Price = &m
		}
	}
	return pr
}

// Services returns the services by family, for a portal: those that somebody can order from,
// in the order of the definition.
func (v *Version) Services(who Person, at time.Time) map[string][]Service {
	tree := map[string][]Service{}
	seen := map[string]bool{}
	for it := range v.Visible(who, at) {
		seen[v.categories[it.Category].Service] = true
	}
	for _, s := range v.def.Services {
		if seen[s.Name] {
			s.AvailableFor, s.NotAvailableFor = slices.Clone(s.AvailableFor), slices.Clone(s.NotAvailableFor)
			tree[s.Family] = append(tree[s.Family], s)
		}
	}
	return tree
}
