package sla

import (
	"fmt"
	"maps"
	"slices"

	"github.com/itsm-go/itsm/workflow"
)

// Expression is a condition written as data. Everything that is given must hold;
// a list holds when the record has one of its values. This one holds while a
// record of a high priority waits for a vendor:
//
//	{"category": ["on_hold"], "hold_reason": ["awaiting_vendor"], "priority": [1, 2]}
//
// All, Any and Not put expressions together.
type Expression struct {
	All []Expression `json:"all,omitempty"`
	Any []Expression `json:"any,omitempty"`
	Not *Expression  `json:"not,omitempty"`

	Category   []workflow.Category `json:"category,omitempty"`
	State      []string            `json:"state,omitempty"`
	HoldReason []string            `json:"hold_reason,omitempty"`
	Priority   []int               `json:"priority,omitempty"`
	Group      []string            `json:"group,omitempty"`
	Service    []string            `json:"service,omitempty"`
	Assignee   []string            `json:"assignee,omitempty"`
	Customer   []string            `json:"customer,omitempty"`
	Assigned   *bool               `json:"assigned,omitempty"`
	Responded  *bool               `json:"responded,omitempty"`
	Waiting    *bool               `json:"waiting,omitempty"`
	Fields     map[string][]any    `json:"fields,omitempty"` // custom fields: strings, numbers, truth values
}

// Limits of an expression.
const (
	MaxDepth = 16    // of expressions within expressions
	MaxTerms = 1_000 // in one expression, values and expressions within it
)

// Condition returns what the expression means. An expression that says nothing,
// an empty list, a value listed twice, and one that no fact can have are told all
// at once, in an error matching [workflow.ErrInvalid].
func (x Expression) Condition() (Condition, error) {
	var p workflow.Problems
	terms := 0
	c := x.compile(&p, "", 1, &terms)
	if terms > MaxTerms {
		p.Addf("%d terms, at most %d", terms, MaxTerms)
	}
	if err := p.Err("sla: condition"); err != nil {
		return nil, err
	}
	return c, nil
}

func (x Expression) compile(p *workflow.Problems, path string, depth int, terms *int) Condition {
	if *terms++; depth > MaxDepth || *terms > MaxTerms {
		if depth > MaxDepth {
			p.Addf("%s: deeper than %d", path, MaxDepth)
		}
		return nil
	}
	all := append(x.listed(p, path, terms), x.combined(p, path, depth, terms)...)
	for _, flag := range x.flags() {
		if flag.want != nil {
			yes := *flag.want
			all = append(all, func(f Facts) bool { return *flag.of(&f) == yes })
		}
	}
	if len(all) == 0 {
		p.Addf("%s: it says nothing", join(path, "condition"))
	}
	return AllOf(all...)
}

// flag and text are the facts that are truth values and texts, with what an
// expression wants of them.
type (
	flag struct {
		name string
		want *bool
		of   func(*Facts) *bool
	}
	text struct {
		name   string
		values []string
		of     func(*Facts) *string
	}
)

func (x *Expression) flags() []flag {
	return []flag{
		{"assigned", x.Assigned, func(f *Facts) *bool { return &f.Assigned }},
		{"responded", x.Responded, func(f *Facts) *bool { return &f.Responded }},
		{"waiting", x.Waiting, func(f *Facts) *bool { return &f.Waiting }},
	}
}

func (x *Expression) texts() []text {
	return []text{
		{"state", x.State, func(f *Facts) *string { return &f.State }},
		{"hold_reason", x.HoldReason, func(f *Facts) *string { return &f.HoldReason }},
		{"group", x.Group, func(f *Facts) *string { return &f.Group }},
		{"service", x.Service, func(f *Facts) *string { return &f.Service }},
		{"assignee", x.Assignee, func(f *Facts) *string { return &f.Assignee }},
		{"customer", x.Customer, func(f *Facts) *string { return &f.Customer }},
	}
}

// listed are the conditions that a fact is one of a list.
func (x Expression) listed(p *workflow.Problems, path string, terms *int) []Condition {
	var all []Condition
	add := func(name string, c Condition) {
		if c != nil {
			all = append(all, c)
		} else {
			p.Addf("%s: want a list of values, each once", join(path, name))
		}
	}
	if x.Category != nil {
		valid := !slices.ContainsFunc(x.Category, func(c workflow.Category) bool { return !c.Valid() })
		add("category", among(terms, valid, x.Category, func(f Facts) workflow.Category { return f.Category }))
	}
	if x.Priority != nil {
		valid := !slices.ContainsFunc(x.Priority, func(n int) bool { return n < 1 })
		add("priority", among(terms, valid, x.Priority, func(f Facts) int { return f.Priority }))
	}
	for _, t := range x.texts() {
		if t.values != nil {
			add(t.name, among(terms, true, t.values, func(f Facts) string { return *t.of(&f) }))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(x.Fields)) {
		valid := name != "" && !slices.ContainsFunc(x.Fields[name], func(v any) bool { return !scalar(v) })
		var c Condition
		if valid {
			c = among(terms, true, x.Fields[name], func(f Facts) any {
				if v := f.Fields[name]; scalar(v) {
					return v
				}
				return nil // is none of the values
			})
		}
		add("fields."+name, c)
	}
	return all
}

// combined are the conditions made of other expressions.
func (x Expression) combined(p *workflow.Problems, path string, depth int, terms *int) []Condition {
	parts := func(name string, list []Expression) []Condition {
		var out []Condition
		for i, e := range list {
			out = append(out, e.compile(p, fmt.Sprintf("%s[%d]", join(path, name), i), depth+1, terms))
		}
		if len(list) == 0 {
			p.Addf("%s: an empty list", join(path, name))
		}
		return out
	}
	var all []Condition
	if x.All != nil {
		all = append(all, AllOf(parts("all", x.All)...))
	}
	if x.Any != nil {
		all = append(all, AnyOf(parts("any", x.Any)...))
	}
	if x.Not != nil {
		all = append(all, Not(x.Not.compile(p, join(path, "not"), depth+1, terms)))
	}
	return all
}

// among holds when a fact is one of the values; nil if they are no good.
func among[T comparable](terms *int, valid bool, values []T, of func(Facts) T) Condition {
	*terms += len(values)
	seen := make(map[T]bool, len(values))
	for _, v := range values {
		valid = valid && !seen[v]
		seen[v] = true
	}
	if !valid || len(values) == 0 {
		return nil
	}
	return func(f Facts) bool { return seen[of(f)] }
}

// scalar reports whether a custom field can have the value.
func scalar(v any) bool {
	switch v := v.(type) {
	case string, bool:
		return true
	case float64:
		return v == v // not NaN
	}
	return false
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
