package catalog

import (
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

// Person is what a catalogue may know of somebody: whoever an item is for.
type Person struct {
	ID         string              `json:"id"`
	Customer   string              `json:"customer,omitempty"`
	Attributes map[string][]string `json:"attributes,omitempty"` // "group": {"engineering"}
}

// Clone returns a copy that shares nothing with p.
func (p Person) Clone() Person {
	p.Attributes = maps.Clone(p.Attributes)
	for name, values := range p.Attributes {
		p.Attributes[name] = slices.Clone(values)
	}
	return p
}

// facts are the person's as tests see them. Of attributes that the catalogue does not name
// it knows nothing.
func (p Person) facts() facts {
	f := facts{}
	for name, values := range p.Attributes {
		if len(values) > 0 {
			f["for."+name] = values
		}
	}
	delete(f, "for.customer")
	if p.Customer != "" {
		f["for.customer"] = []string{p.Customer}
	}
	return f
}

// ErrNotEntitled is what a [*EntitlementError] matches.
var ErrNotEntitled = errors.New("not entitled")

// EntitlementError tells everything that keeps somebody from ordering something.
type EntitlementError struct {
	Name   string // the item or bundle
	Person string
	Why    []string
}

// Error names the item, the person and the reasons.
func (e *EntitlementError) Error() string {
	return fmt.Sprintf("catalog: %.100s is not there for %.100s: %s: %v", e.Name, e.Person, strings.Join(e.Why, "; "), ErrNotEntitled)
}

// Unwrap gives [ErrNotEntitled] and [workflow.ErrForbidden].
func (e *EntitlementError) Unwrap() []error { return []error{ErrNotEntitled, workflow.ErrForbidden} }

// Entitled reports whether an item can be ordered for somebody at an instant: nil, or a
// [*EntitlementError]. The error matches [workflow.ErrNotFound] if there is no such item.
func (v *Version) Entitled(name string, who Person, at time.Time) error {
	it := v.items[name]
	if it == nil {
		return fmt.Errorf("catalog: there is no item %.64q: %w", name, workflow.ErrNotFound)
	}
	var why []string
	v.admit(&why, "the item", it.Status, it.Access, who)
	v.underneath(&why, it.Category, who, at)
	return entitlement(name, who, why)
}

func entitlement(name string, who Person, why []string) error {
	if len(why) == 0 {
		return nil
	}
	return &EntitlementError{Name: name, Person: who.ID, Why: why}
}

// underneath asks the category and the service of something.
func (v *Version) underneath(why *[]string, category string, who Person, at time.Time) {
	c := v.categories[category]
	s := v.services[c.Service]
	v.admit(why, "category "+c.Name, c.Status, c.Access, who)
	v.admit(why, "service "+s.Name, s.Status, s.Access, who)
	if v.def.ByContract && !slices.ContainsFunc(v.def.Contracts, func(k Contract) bool {
		return k.inForce(at) && slices.Contains(k.Customers, who.Customer) && slices.Contains(k.Services, s.Name)
	}) {
		*why = append(*why, fmt.Sprintf("customer %q has no contract in force that includes service %s", who.Customer, s.Name))
	}
}

func (v *Version) admit(why *[]string, what string, s Status, a Access, who Person) {
	f := who.facts()
	meets := func(name string) bool { return all(v.criteria[name].When, f) }
	if s != Live {
		*why = append(*why, fmt.Sprintf("%s is %s", what, s))
	}
	if i := slices.IndexFunc(a.NotAvailableFor, meets); i >= 0 {
		*why = append(*why, fmt.Sprintf("%s is not available for %s", what, a.NotAvailableFor[i]))
	} else if len(a.AvailableFor) > 0 && !slices.ContainsFunc(a.AvailableFor, meets) {
		*why = append(*why, fmt.Sprintf("%s is available for %s only", what, strings.Join(a.AvailableFor, ", ")))
	}
}

// Visible yields the items that somebody can order at an instant, in the order of the
// definition.
func (v *Version) Visible(who Person, at time.Time) iter.Seq[Item] {
	return func(yield func(Item) bool) {
		for _, it := range v.def.Items {
			if v.Entitled(it.Name, who, at) != nil {
				continue
			}
			if one, _ := v.Item(it.Name); !yield(one) {
				return
			}
		}
	}
}
