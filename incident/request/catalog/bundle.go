package catalog

import (
	"fmt"
	"slices"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

// Bundle is several items that belong together (ServiceNow: order guide).
type Bundle struct {
	Name        string `json:"name"`
	Title       string `json:"title"`
	Description string `json:"description,omitempty"`
	Category    string `json:"category"`
	Status      Status `json:"status,omitempty"`
	Access
	Form  []Question `json:"form,omitempty"`
	Rules []Rule     `json:"rules"` // in order; every one that holds adds its item
}

// Rule adds an item to a bundle.
type Rule struct {
	When      []Test            `json:"when,omitempty"` // none = always
	Item      string            `json:"item"`
	Quantity  int               `json:"quantity,omitempty"`  // default: 1
	Mandatory bool              `json:"mandatory,omitempty"` // it cannot be left out
	Pass      map[string]string `json:"pass,omitempty"`      // question of the item and that of the bundle whose answer it gets, besides those of the same name
	Set       map[string]any    `json:"set,omitempty"`       // question of the item and a fixed answer
}

// MaxRules is the most rules of one bundle.
const MaxRules = 100

// bundle is a compiled [Bundle].
type bundle struct {
	*Bundle
	form *form
	pass []map[string]string // of each rule: question of the item, of the bundle
}

func (v *Version) bundle(p *workflow.Problems, d *Bundle) {
	b := &bundle{Bundle: d}
	v.bundles[d.Name] = b
	where := "bundle " + d.Name
	checkText(p, where, d.Title, d.Description)
	if c := v.categories[d.Category]; c == nil || c.Type == Incident {
		p.Addf("%s: there is no category of service requests %.64q", where, d.Category)
	}
	if v.items[d.Name] != nil {
		p.Addf("%s: there is an item of that name", where)
	}
	v.access(p, where, d.Access, d.Status, "")
	b.form = compileForm(p, where, d.Form, v.people)
	s := v.people.answered(d.Form)
	if len(d.Rules) == 0 || len(d.Rules) > MaxRules {
		p.Addf("%s: %d rules, want 1 to %d", where, len(d.Rules), MaxRules)
	}
	currency := ""
	for i := range d.Rules {
		r := &d.Rules[i]
		at := fmt.Sprintf("%s: rule %d", where, i+1)
		s.check(p, at, r.When)
		it := v.items[r.Item]
		if it == nil {
			p.Addf("%s: there is no item %.64q", at, r.Item)
			b.pass = append(b.pass, nil)
			continue
		}
		if r.Quantity == 0 {
			r.Quantity = 1
		}
		if r.Quantity < 1 || r.Quantity > it.MaxQuantity {
			p.Addf("%s: quantity %d, want 1 to %d", at, r.Quantity, it.MaxQuantity)
		}
		if currency != "" && it.currency != "" && it.currency != currency {
			p.Addf("%s: item %s costs %s, others cost %s", at, r.Item, it.currency, currency)
		}
		if it.currency != "" {
			currency = it.currency
		}
		b.pass = append(b.pass, b.cascade(p, at, r, it))
	}
}

// cascade works out which answers of the bundle go to which questions of the item.
func (b *bundle) cascade(p *workflow.Problems, at string, r *Rule, it *item) map[string]string {
	pass := map[string]string{}
	for i := range it.Form {
		q := &it.Form[i]
		from := b.form.question(q.Name)
		name, renamed := r.Pass[q.Name]
		if renamed {
			if from = b.form.question(name); from == nil {
				p.Addf("%s: pass: the bundle has no question %.64q", at, name)
			}
		}
		v, fixed := r.Set[q.Name]
		if fixed {
			if _, err := it.form.schema.Check(map[string]any{q.Name: v}); err != nil || renamed {
				p.Addf("%s: set: %s is passed as well, or is no such value (%v)", at, q.Name, err)
			}
			continue
		}
		if from == nil {
			continue
		}
		if err := fits(from, q); err != nil {
			p.Addf("%s: %w", at, err)
		}
		pass[q.Name] = from.Name
	}
	for name := range r.Pass {
		if it.form.question(name) == nil {
			p.Addf("%s: pass: the item has no question %.64q", at, name)
		}
	}
	for name := range r.Set {
		if it.form.question(name) == nil {
			p.Addf("%s: set: the item has no question %.64q", at, name)
		}
	}
	return pass
}

// Line is what somebody orders: an item, or a bundle of them.
type Line struct {
	ID       string         `json:"id,omitempty"` // of the requested item, when an order is changed
	Item     string         `json:"item,omitempty"`
	Bundle   string         `json:"bundle,omitempty"`
	Quantity int            `json:"quantity,omitempty"` // of an item; default: 1
	Answers  map[string]any `json:"answers,omitempty"`
	Without  []string       `json:"without,omitempty"` // items of the bundle that are left out
}

// Expand turns a bundle into the items that its rules select, with the answers that they
// hand on. The error lists everything that is wrong with the order of the bundle; what is
// wrong with its items is told by [Version.Order]. A draft may leave out what is mandatory
// in the form.
func (v *Version) Expand(l Line, who Person, at time.Time, draft bool) ([]Line, error) {
	b := v.bundles[l.Bundle]
	if b == nil {
		return nil, fmt.Errorf("catalog: there is no bundle %.64q: %w", l.Bundle, workflow.ErrNotFound)
	}
	var why []string
	v.admit(&why, "the bundle", b.Status, b.Access, who)
	v.underneath(&why, b.Category, who, at)
	if err := entitlement(l.Bundle, who, why); err != nil {
		return nil, err
	}
	var p workflow.Problems
	if l.Item != "" || l.Quantity != 0 {
		p.Addf("a line is an item or a bundle, and the quantities in a bundle are those of its rules")
	}
	answers, known, err := b.form.check(l.Answers, who.facts(), draft)
	p.Add(err)
	if err := p.Err("catalog: bundle " + l.Bundle); err != nil {
		return nil, err
	}
	var lines []Line
	var left []string
	for i, r := range b.Rules {
		if !all(r.When, known) {
			continue
		}
		if slices.Contains(l.Without, r.Item) {
			left = append(left, r.Item)
			if r.Mandatory {
				p.Addf("item %s cannot be left out", r.Item)
			}
			continue
		}
		lines = append(lines, Line{Item: r.Item, Bundle: l.Bundle, Quantity: r.Quantity, Answers: v.handed(b, i, answers, who)})
	}
	for _, name := range l.Without {
		if !slices.Contains(left, name) {
			p.Addf("item %.64q is not selected, and cannot be left out", name)
		}
	}
	if len(lines) == 0 {
		p.Addf("no item is selected")
	}
	if err := p.Err("catalog: bundle " + l.Bundle); err != nil {
		return nil, err
	}
	return lines, nil
}

// handed are the answers that a rule hands on to its item, as far as it asks for them.
func (v *Version) handed(b *bundle, rule int, answers workflow.Fields, who Person) map[string]any {
	given := map[string]any{}
	for to, from := range b.pass[rule] {
		if a, ok := answers[from]; ok {
			given[to] = a
		}
	}
	for to, a := range b.Rules[rule].Set {
		given[to] = a
	}
	return v.items[b.Rules[rule].Item].form.trim(given, who.facts())
}
