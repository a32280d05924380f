package request

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/itsm-go/itsm/incident/request/catalog"
	"github.com/itsm-go/itsm/workflow"
)

// Order is what somebody wants. Lines are needed once it is placed.
type Order struct {
	Title   string         `json:"title,omitempty"` // default: what is ordered
	Details string         `json:"details,omitempty"`
	For     string         `json:"for,omitempty"`    // default: the actor, or the person he acts for
	Begin   time.Time      `json:"begin,omitzero"`   // work does not begin before
	Lines   []catalog.Line `json:"lines,omitempty"`  // a cart
	Fields  map[string]any `json:"fields,omitempty"` // custom fields
}

// ParseOrder decodes an order from JSON, as a portal sends it. Unknown fields are refused.
func ParseOrder(data []byte) (Order, error) {
	var o Order
	if err := workflow.ParseJSON(data, "request: order", &o); err != nil {
		return Order{}, err
	}
	return o, nil
}

// Clone returns a copy that shares nothing with o.
func (o Order) Clone() Order {
	o.Lines, o.Fields = cloneLines(o.Lines), maps.Clone(o.Fields)
	return o
}

// Draft saves an order without placing it: nobody hears of it, and mandatory answers may
// be missing. If the lifecycle does not begin with a draft the order is placed.
func (s *Service) Draft(ctx context.Context, actor workflow.Actor, o Order) (*Request, error) {
	return s.create(ctx, actor, o, "draft", workflow.ID{})
}

// Place orders at once: it is [Service.Draft] and [Service.Submit] in one commit.
func (s *Service) Place(ctx context.Context, actor workflow.Actor, o Order) (*Request, error) {
	return s.create(ctx, actor, o, "place", workflow.ID{})
}

// Copy drafts a new order of what was ordered before, by the catalogue as it is now: after
// a rejection, or because somebody wants the same.
func (s *Service) Copy(ctx context.Context, actor workflow.Actor, id workflow.ID) (*Request, error) {
	old, err := s.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	o := old.order()
	for i := range o.Lines {
		o.Lines[i].ID = ""
	}
	o.Begin = time.Time{}
	access := workflow.Access{Ref: s.kind.Ref(id), State: old.State, Roles: []string{RoleRequester, RoleOpener, RoleAgent, RoleManager}, Relations: relations(old, actor)}
	return s.create(ctx, actor, o, "copy", id, access)
}

func (r *Request) involves(actor workflow.Actor) bool {
	return actor.Is(r.For.ID) || actor.Is(r.CreatedBy.ID)
}

// order is what the request says as somebody would have ordered it.
func (r *Request) order() Order {
	return Order{Title: r.Title, Details: r.Details, For: r.For.ID, Begin: r.Begin, Lines: cloneLines(r.Lines), Fields: maps.Clone(r.Fields)}
}

func (s *Service) create(ctx context.Context, actor workflow.Actor, o Order, name string, copyOf workflow.ID, also ...workflow.Access) (*Request, error) {
	o = o.Clone()
	if o.For == "" {
		o.For = actor.ID
		if actor.OnBehalfOf != "" {
			o.For = actor.OnBehalfOf
		}
	}
	var r *Request
	cmd := workflow.Command{Name: "request." + name, Actor: actor, Key: s.key, At: s.at}
	res, err := s.desk.Do(ctx, cmd, func(tx *workflow.Tx) error {
		for _, a := range append(also, workflow.Access{Ref: workflow.Ref{Kind: KindName}, Roles: s.cfg.OpenRoles}) {
			if err := tx.Authorize(a); err != nil {
				return err
			}
		}
		d := s.cfg.Model.Lifecycle
		r = &Request{CopyOf: copyOf}
		r.State, r.Lifecycle = d.Initial, workflow.LifecycleRef{Name: d.Name, Version: d.Version}
		st := &step{s: s, tx: tx, r: r, placing: name == "place"}
		var err error
		if st.v, err = s.cfg.Catalog.InForce(tx.Now()); err != nil {
			return err
		}
		if err := st.fill(o); err != nil {
			return err
		}
		if err := s.kind.Create(tx, r, workflow.Entry{}); err != nil {
			return err
		}
		if st.placing || !st.draft() {
			r.SubmittedAt = tx.Now()
		}
		if st.placing && st.draft() {
			if err := st.fire(ActionSubmit); err != nil {
				return err
			}
		}
		if err := st.finish(); err != nil || st.draft() {
			return err
		}
		return st.inform(TopicSubmitted, "", "", r.For.ID, r.CreatedBy.ID)
	})
	if err != nil {
		return nil, err
	}
	if res.Duplicate {
		return s.Get(ctx, res.Events[0].ID)
	}
	return r, nil
}

// Revise changes an order: the whole of it is given anew, and lines that stay name their
// id. A draft can be changed freely, and an order that was placed until work on it begins:
// then whoever has to approve what is not as it was put to him is asked again.
func (s *Service) Revise(ctx context.Context, actor workflow.Actor, id workflow.ID, edit func(*Order)) (*Request, error) {
	return s.run(ctx, actor, id, "revise", func(st *step) error {
		if err := st.authorize(RoleRequester, RoleOpener, RoleAgent, RoleManager, workflow.RoleSystem); err != nil {
			return err
		}
		if err := st.unfinished(); err != nil {
			return err
		}
		if slices.ContainsFunc(st.r.Items, func(it Item) bool { return it.State == ItemFulfilment || it.State.worked() }) {
			return fmt.Errorf("request: %s is %s, cancel items or order again: %w", st.r.Name(), st.r.State, ErrBegun)
		}
		o := st.r.order()
		edit(&o)
		if err := st.fill(o.Clone()); err != nil {
			return err
		}
		switch {
		case st.draft():
			return nil
		case st.can(ActionReassess):
			return st.fire(ActionReassess)
		}
		return st.ask()
	})
}

// Submit places an order that was saved. It is checked and priced by the catalogue that is
// in force now, whatever it said when the order was saved.
func (s *Service) Submit(ctx context.Context, actor workflow.Actor, id workflow.ID) (*Request, error) {
	return s.run(ctx, actor, id, ActionSubmit, func(st *step) error {
		if err := st.submit(); err != nil {
			return err
		}
		return st.inform(TopicSubmitted, "", "", st.r.For.ID, st.r.CreatedBy.ID)
	})
}

func (st *step) submit() error {
	if !st.can(ActionSubmit) {
		return st.fire(ActionSubmit) // which says why not
	}
	var err error
	if st.v, err = st.s.cfg.Catalog.InForce(st.tx.Now()); err != nil {
		return err
	}
	st.placing = true
	if err = st.fill(st.r.order()); err != nil {
		return err
	}
	st.r.SubmittedAt = st.tx.Now()
	return st.fire(ActionSubmit)
}

// fill makes the request what an order says. Everything that is wrong is told at once.
func (st *step) fill(o Order) error {
	r, now := st.r, st.tx.Now()
	var p workflow.Problems
	who, err := st.s.cfg.Directory.Person(st.tx.Context(), o.For)
	if err != nil {
		return fmt.Errorf("request: who is %.64q: %w", o.For, err)
	}
	if err := st.s.cfg.MayOrderFor(st.tx.Context(), st.tx.Actor(), who.Clone()); err != nil {
		return err
	}
	if who.ID != o.For || len(who.ID) > workflow.MaxKey || len(who.Customer) > workflow.MaxKey {
		p.Addf("the directory says that %.64q is %.64q of %.64q", o.For, who.ID, who.Customer)
	}
	known := 0
	for name, values := range who.Attributes {
		known += len(name)
		for _, v := range values {
			known += len(v)
		}
	}
	if known > workflow.MaxText {
		p.Addf("the directory knows %d bytes of %.64q, at most %d are kept", known, o.For, workflow.MaxText)
	}
	r.For, r.Catalog = who.Clone(), st.v.Ref()
	r.Details, r.Begin = o.Details, o.Begin.UTC()
	for _, person := range []string{st.tx.Actor().ID, st.tx.Actor().OnBehalfOf} {
		if person != "" && !slices.Contains(r.Ordered, person) {
			r.Ordered = append(r.Ordered, person)
		}
	}
	fields, err := st.s.cfg.Fields.Check(o.Fields)
	p.Add(err)
	r.Fields = fields
	st.number(&p, o.Lines)
	items := st.items(&p, who)
	r.Title = o.Title
	if o.Title == "" {
		r.Title = titled(items)
	}
	if len(r.Title) > workflow.MaxTitle || len(r.Details) > workflow.MaxText || r.Begin.Year() > 9999 {
		p.Addf("a title has at most %d bytes, details at most %d, and work begins before the year 10000", workflow.MaxTitle, workflow.MaxText)
	}
	if len(items) == 0 && !st.lenient() {
		p.Addf("nothing is ordered")
	}
	if len(items) > MaxItems {
		p.Addf("%d items, at most %d", len(items), MaxItems)
	}
	tasks := 0
	for _, it := range items {
		planned, _, _ := st.v.Plan(it.Name, it.Answers, who)
		tasks += len(planned)
	}
	if tasks > MaxTasks {
		p.Addf("the plans of the items have %d tasks, at most %d: order them separately", tasks, MaxTasks)
	}
	if err := p.Err(fmt.Sprintf("request: order for %.64s at %s", o.For, now.Format(time.RFC3339))); err != nil {
		return err
	}
	r.Items = items
	return nil
}

// lenient reports whether mandatory answers may be missing.
func (st *step) lenient() bool { return st.draft() && !st.placing }

// number gives new lines an id, and keeps them as they were given.
func (st *step) number(p *workflow.Problems, lines []catalog.Line) {
	known := map[string]bool{}
	for _, l := range st.r.Lines {
		known[l.ID] = true
	}
	st.r.Lines = []catalog.Line{}
	for i, l := range lines {
		if l.ID == "" {
			st.r.LastLine++
			l.ID = strconv.Itoa(st.r.LastLine)
		} else if !known[l.ID] {
			p.Addf("line %d: the order has no line %.64q, or it is there twice", i+1, l.ID)
		}
		delete(known, l.ID)
		st.r.Lines = append(st.r.Lines, l)
	}
	if len(lines) > MaxItems {
		p.Addf("%d lines, at most %d", len(lines), MaxItems)
		st.r.Lines = st.r.Lines[:MaxItems]
	}
}

// items works out what the lines order. An item that was there before stays the same one.
func (st *step) items(p *workflow.Problems, who catalog.Person) []Item {
	now, draft := st.tx.Now(), st.lenient()
	used := map[string]bool{}
	items := []Item{}
	var total catalog.Quote
	for i, l := range st.r.Lines {
		each := []catalog.Line{l}
		if l.Bundle != "" {
			var err error
			if each, err = st.v.Expand(l, who, now, draft); err != nil {
				p.Addf("line %d: %w", i+1, err)
			}
		}
		for _, one := range each {
			o, err := st.v.Order(one, who, now, draft)
			if err != nil {
				p.Addf("line %d: %w", i+1, err)
				continue
			}
			if total, err = total.Add(o.Quote); err != nil {
				p.Addf("line %d: %w", i+1, err)
			}
			it := st.same(l.ID, o.Name, used)
			used[it.ID] = true
			if it.State == ItemRejected && !sameOrder(it, o) {
				it.State, it.Note, it.EndedAt = ItemRequested, "", time.Time{}
			}
			it.Title, it.Service, it.Category, it.Bundle = o.Title, o.Service, o.Category, o.Bundle
			it.Quantity, it.Answers, it.Price = o.Quantity, o.Answers, o.Quote
			items = append(items, it)
		}
	}
	return items
}

func sameOrder(it Item, o catalog.Ordered) bool {
	return it.Quantity == o.Quantity && maps.Equal(it.Answers, o.Answers)
}

// same returns the item that the line has ordered before, or a new one.
func (st *step) same(line, name string, used map[string]bool) Item {
	for i := range st.r.Items {
		if it := &st.r.Items[i]; it.Line == line && it.Name == name && !used[it.ID] {
			return it.clone()
		}
	}
	st.r.LastItem++
	return Item{ID: strconv.Itoa(st.r.LastItem), Line: line, Name: name, State: ItemRequested}
}

// titled names an order by what it orders.
func titled(items []Item) string {
	var titles []string
	for _, it := range items {
		titles = append(titles, it.Title)
	}
	text := strings.Join(titles, ", ")
	switch {
	case text == "":
		return "Empty order"
	case len(text) > 200:
		return fmt.Sprintf("%s and %d more", clip(titles[0], 150), len(titles)-1)
	}
	return text
}

// clip cuts a text at a number of bytes, between characters.
func clip(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

// unplace makes an order that was refused one that can be placed again.
func (st *step) unplace() {
	for i := range st.r.Items {
		if it := &st.r.Items[i]; it.State != ItemCancelled {
			it.State, it.Note, it.EndedAt = ItemRequested, "", time.Time{}
		}
	}
	st.r.Outcome = Open
	if st.draft() {
		st.r.SubmittedAt = time.Time{}
	}
}
