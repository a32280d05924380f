package catalog

import (
	"fmt"
	"slices"
	"time"

	"github.com/itsm-go/itsm/workflow/approval"
)

// FindingKind says what is wrong with a catalogue that is valid in itself.
type FindingKind string

// What [Version.Lint] finds.
const (
	Unreachable FindingKind = "unreachable" // a task, question, rule or surcharge whose condition can never hold
	Nobody      FindingKind = "nobody"      // an item that nobody can order
	Approval    FindingKind = "approval"    // what [approval.Lint] finds in a policy
	Unused      FindingKind = "unused"      // a policy, criteria, target or category
)

// Finding is one thing that [Version.Lint] found.
type Finding struct {
	Kind  FindingKind `json:"kind"`
	Where string      `json:"where"`
	Text  string      `json:"text"`
}

// String names place and finding.
func (f Finding) String() string { return f.Where + ": " + string(f.Kind) + ": " + f.Text }

// Lint looks for what is wrong with the version although it is valid. With a host it also
// asks whether the people there are could approve; with people, such as a sample of the
// directory, whether any of them can order each item at the instant. Both may be left out.
func (v *Version) Lint(h approval.Host, at time.Time, people ...Person) ([]Finding, error) {
	var found []Finding
	add := func(k FindingKind, where, text string) { found = append(found, Finding{k, where, text}) }
	never := func(s scope, where string, tests []Test) {
		if why := s.never(tests); why != "" {
			add(Unreachable, where, why)
		}
	}
	for _, c := range v.def.Criteria {
		never(v.people, "criteria "+c.Name, c.When)
	}
	for _, it := range v.def.Items {
		where := "item " + it.Name
		s := v.people.answered(it.Form)
		v.lintForm(never, where, it.Form)
		for _, t := range it.Plan.Tasks {
			never(s, where+": task "+t.Name, t.When)
			for i, r := range t.Routes {
				never(s, fmt.Sprintf("%s: task %s: route %d", where, t.Name, i+1), r.When)
			}
		}
		for i, x := range it.Surcharges {
			never(s, fmt.Sprintf("%s: surcharge %d", where, i+1), x.When)
		}
		if why := v.nobody(it, at, people); why != "" {
			add(Nobody, where, why)
		}
	}
	for _, b := range v.def.Bundles {
		s := v.people.answered(b.Form)
		v.lintForm(never, "bundle "+b.Name, b.Form)
		for i, r := range b.Rules {
			never(s, fmt.Sprintf("bundle %s: rule %d", b.Name, i+1), r.When)
		}
	}
	for _, policy := range v.def.Policies {
		findings, err := approval.Lint(policy, h)
		if err != nil {
			return nil, fmt.Errorf("catalog: %w", err)
		}
		for _, f := range findings {
			add(Approval, "policy "+policy.Name, f.String())
		}
	}
	v.unused(add)
	return found, nil
}

func (v *Version) lintForm(never func(scope, string, []Test), where string, form []Question) {
	for i, q := range form {
		s := v.people.answered(form[:i])
		never(s, where+": question "+q.Name, q.ShowIf)
		never(s, where+": question "+q.Name+", mandatory_if", q.MustIf)
	}
}

// nobody says why nobody can order an item, or "".
func (v *Version) nobody(it Item, at time.Time, people []Person) string {
	if it.Status != Live {
		return "" // that is meant
	}
	c := v.categories[it.Category]
	s := v.services[c.Service]
	for _, a := range []Access{it.Access, c.Access, s.Access} {
		open := func(name string) bool {
			return v.people.never(v.criteria[name].When) == "" && !slices.Contains(a.NotAvailableFor, name)
		}
		if len(a.AvailableFor) > 0 && !slices.ContainsFunc(a.AvailableFor, open) {
			return fmt.Sprintf("nobody can meet %q without being among those it is not available for", a.AvailableFor)
		}
	}
	if v.def.ByContract && !slices.ContainsFunc(v.def.Contracts, func(k Contract) bool {
		return slices.Contains(k.Services, s.Name) && (k.Until.IsZero() || at.Before(k.Until))
	}) {
		return "no contract includes service " + s.Name
	}
	if len(people) > 0 && !slices.ContainsFunc(people, func(who Person) bool { return v.Entitled(it.Name, who, at) == nil }) {
		return fmt.Sprintf("none of %d people: %v", len(people), v.Entitled(it.Name, people[0], at))
	}
	return ""
}

func (v *Version) unused(add func(FindingKind, string, string)) {
	policies, criteria, targets, categories := map[string]bool{v.def.Approval: true}, map[string]bool{}, map[string]bool{}, map[string]bool{}
	access := func(a Access) {
		for _, n := range slices.Concat(a.AvailableFor, a.NotAvailableFor) {
			criteria[n] = true
		}
	}
	for _, it := range v.def.Items {
		policies[it.Policy], categories[it.Category] = true, true
		for _, n := range it.Targets {
			targets[n] = true
		}
		access(it.Access)
	}
	for _, b := range v.def.Bundles {
		categories[b.Category] = true
		access(b.Access)
	}
	for _, c := range v.def.Categories {
		access(c.Access)
		if c.Type == ServiceRequest && !categories[c.Name] {
			add(Unused, "category "+c.Name, "has no items")
		}
	}
	for _, s := range v.def.Services {
		access(s.Access)
	}
	for _, x := range v.def.Policies {
		if !policies[x.Name] {
			add(Unused, "policy "+x.Name, "approves nothing")
		}
	}
	for _, x := range v.def.Criteria {
		if !criteria[x.Name] {
			add(Unused, "criteria "+x.Name, "tell nobody apart")
		}
	}
	for _, x := range v.def.Targets {
		if !targets[x.Name] {
			add(Unused, "target "+x.Name, "is promised of nothing")
		}
	}
}
