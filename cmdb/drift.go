package cmdb

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/itsm-go/itsm/workflow"
)

// Desired is how the selected items ought to be: a standard, a hardening rule, a
// definition of what a service consists of.
type Desired struct {
	Name      string           `json:"name"`
	Selection Selection        `json:"selection,omitzero"`
	States    []string         `json:"states,omitempty"` // only items in one of these states; empty = all
	Expect    map[string]any   `json:"expect,omitempty"` // attributes; nil: not set
	OneOf     map[string][]any `json:"one_of,omitempty"` // attributes that may have one of several values

	Relations []ExpectedRelations `json:"relations,omitempty"`
}

// ExpectedRelations says how many relations of a type an item ought to have.
type ExpectedRelations struct {
	Type    string      `json:"type"`
	To      workflow.ID `json:"to,omitzero"`        // to this item; zero = any
	ToClass string      `json:"to_class,omitempty"` // to items of the class; empty = any
	Least   int         `json:"least"`
	Most    int         `json:"most,omitempty"` // 0 = any number
}

// Discrepancy is where an item is not as it ought to be.
type Discrepancy struct {
	Desired string      `json:"desired"` // the name of what it breaks
	ID      workflow.ID `json:"id"`
	Number  string      `json:"number"`
	Name    string      `json:"name"`
	Field   string      `json:"field"` // "field." and an attribute, or "relation." and a type
	Want    string      `json:"want"`
	Have    string      `json:"have"`
}

// Drift yields where items are not as they ought to be, item by item. A desired
// state that names what the model does not have is an error matching
// [workflow.ErrInvalid].
func (inv *Inventory) Drift(ctx context.Context, desired ...Desired) iter.Seq2[Discrepancy, error] {
	return func(yield func(Discrepancy, error) bool) {
		if err := inv.checkDesired(desired); err != nil {
			yield(Discrepancy{}, err)
			return
		}
		for ci, err := range inv.Find(ctx, workflow.Query{}) {
			var found []Discrepancy
			for i := range desired {
				if err == nil && inv.selects(desired[i].Selection, ci) {
					var some []Discrepancy
					some, err = inv.drift(ctx, &desired[i], ci)
					found = append(found, some...)
				}
			}
			if err != nil {
				yield(Discrepancy{}, err)
				return
			}
			for _, d := range found {
				if !yield(d, nil) {
					return
				}
			}
		}
	}
}

func (inv *Inventory) checkDesired(desired []Desired) error {
	var p workflow.Problems
	for i, d := range desired {
		if d.Name == "" {
			p.Addf("desired state %d has no name", i+1)
		}
		for _, c := range d.Selection.Classes {
			if inv.cfg.Model.classes[c] == nil {
				p.Addf("%s: there is no class %q", d.Name, c)
			}
		}
		wanted := d.values()
		for _, name := range slices.Sorted(maps.Keys(wanted)) {
			values := wanted[name]
			for _, c := range inv.targets(d.Selection) {
				a, known := c.attribute(name)
				if !known {
					p.Addf("%s: class %s has no attribute %s", d.Name, c.Name, name)
					continue
				}
				s, err := workflow.NewSchema(a.optional())
				p.Add(err)
				for _, v := range values {
					if _, err := s.Check(map[string]any{name: v}); err != nil {
						p.Add(fmt.Errorf("%s: %w", d.Name, err))
					}
				}
			}
		}
		for _, r := range d.Relations {
			if _, known := inv.cfg.Model.relations[r.Type]; !known {
				p.Addf("%s: there is no type of relation %q", d.Name, r.Type)
			}
			if r.Least < 0 || r.Most != 0 && r.Most < r.Least {
				p.Addf("%s: %d to %d relations %s", d.Name, r.Least, r.Most, r.Type)
			}
		}
	}
	return p.Err("cmdb: drift")
}

// values are what the attributes may be.
func (d *Desired) values() map[string][]any {
	all := maps.Clone(d.OneOf)
	if all == nil {
		all = map[string][]any{}
	}
	for name, v := range d.Expect {
		all[name] = []any{v}
	}
	return all
}

func (a Attribute) optional() workflow.Field {
	f := a.Field
	f.Required = false
	return f
}

// targets lists the classes that a selection names, or those that all others inherit
// from.
func (inv *Inventory) targets(s Selection) []*class {
	var list []*class
	for _, name := range inv.cfg.Model.topDown() {
		c := inv.cfg.Model.classes[name]
		if slices.Contains(s.Classes, name) || len(s.Classes) == 0 && c.Parent == "" {
			list = append(list, c)
		}
	}
	return list
}

func (inv *Inventory) drift(ctx context.Context, d *Desired, ci *CI) ([]Discrepancy, error) {
	if len(d.States) > 0 && !slices.Contains(d.States, ci.State) {
		return nil, nil
	}
	c := inv.cfg.Model.classes[ci.Class]
	var found []Discrepancy
	note := func(field, want, have string) {
		found = append(found, Discrepancy{Desired: d.Name, ID: ci.ID, Number: ci.Number, Name: ci.Title, Field: field, Want: want, Have: have})
	}
	if c == nil {
		note("class", "one that the model has", ci.Class)
		return found, nil
	}
	values := d.values()
	for _, name := range slices.Sorted(maps.Keys(values)) {
		a, _ := c.attribute(name)
		have := ci.Fields[name]
		if !slices.ContainsFunc(values[name], func(v any) bool { return a.same(v, have) }) {
			note("field."+name, oneOfText(values[name]), valueText(have))
		}
	}
	for _, r := range d.Relations {
		n, err := inv.count(ctx, ci, r)
		if err != nil {
			return nil, err
		}
		if n < r.Least || r.Most > 0 && n > r.Most {
			want := fmt.Sprintf("at least %d", r.Least)
			if r.Most > 0 {
				want = fmt.Sprintf("%d to %d", r.Least, r.Most)
			}
			note("relation."+r.Type, want, fmt.Sprint(n))
		}
	}
	return found, nil
}

// same reports whether a value, in whatever form it was given, is one that an item
// has.
func (a Attribute) same(want, have any) bool {
	if s, ok := want.(string); ok && a.Format != "" {
		if normal, err := a.Format.Normal(s); err == nil {
			want = normal
		}
	}
	s, err := workflow.NewSchema(a.optional())
	if err != nil {
		return false
	}
	normal, err := s.Check(map[string]any{a.Name: want})
	return err == nil && normal[a.Name] == have
}

func (inv *Inventory) count(ctx context.Context, ci *CI, r ExpectedRelations) (int, error) {
	n := 0
	for _, to := range ci.Related(r.Type) {
		if r.To != (workflow.ID{}) && r.To != to {
			continue
		}
		if r.ToClass != "" {
			other, err := inv.Get(ctx, to)
			if err != nil {
				return 0, err
			}
			if !inv.cfg.Model.Is(other.Class, r.ToClass) {
				continue
			}
		}
		n++
	}
	return n, nil
}

func oneOfText(values []any) string {
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = valueText(v)
	}
	return strings.Join(texts, " or ")
}

func valueText(v any) string {
	if v == nil {
		return "not set"
	}
	return fmt.Sprint(v)
}
