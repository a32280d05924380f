package cmdb

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/itsm-go/itsm/workflow"
)

// Model is what a configuration consists of: the classes of its items and the types
// of their relations. It is immutable and safe for concurrent use.
type Model struct {
	classes   map[string]*class
	relations map[string]RelationType
}

// Limits of a model and of an item.
const (
	MaxDepth     = 20  // classes above one another
	MaxRelations = 400 // that begin at one item
)

// NewModel checks the declarations and compiles them. The error lists everything
// that is wrong, and matches [workflow.ErrInvalid].
func NewModel(classes []Class, relations []RelationType) (*Model, error) {
	var p workflow.Problems
	m := &Model{classes: map[string]*class{}, relations: map[string]RelationType{}}
	for _, c := range classes {
		if !validName(c.Name) {
			p.Addf("class %.64q: a name has letters, digits, '.', '_' or '-'", c.Name)
		}
		if m.classes[c.Name] != nil {
			p.Addf("class %s is declared twice", c.Name)
		}
		if c.StaleDays < 0 {
			p.Addf("class %s: stale after %d days", c.Name, c.StaleDays)
		}
		m.classes[c.Name] = &class{Class: c}
	}
	for _, name := range slices.Sorted(maps.Keys(m.classes)) {
		p.Add(m.ancestry(m.classes[name]))
	}
	if err := p.Err("cmdb: model"); err != nil {
		return nil, err // without ancestry nothing can be inherited
	}
	for _, name := range m.topDown() {
		m.inherit(&p, m.classes[name])
	}
	for _, t := range relations {
		if _, twice := m.relations[t.Name]; twice {
			p.Addf("relation %s is declared twice", t.Name)
		}
		t.validate(&p, m)
		t.From, t.To = slices.Clone(t.From), slices.Clone(t.To)
		m.relations[t.Name] = t
	}
	if err := p.Err("cmdb: model"); err != nil {
		return nil, err
	}
	return m, nil
}

// modelJSON is the text form of a model.
type modelJSON struct {
	Classes   []Class        `json:"classes"`
	Relations []RelationType `json:"relations"`
}

// ParseModel compiles a model written as JSON: lists of "classes" and "relations".
// Unknown fields are refused.
func ParseModel(data []byte) (*Model, error) {
	var j modelJSON
	if err := workflow.ParseJSON(data, "cmdb: model", &j); err != nil {
		return nil, err
	}
	return NewModel(j.Classes, j.Relations)
}

// MarshalJSON writes the model as [ParseModel] reads it, what is inherited written
// out.
func (m *Model) MarshalJSON() ([]byte, error) {
	return json.Marshal(modelJSON{m.Classes(), m.RelationTypes()})
}

// ancestry finds the classes above and notes it with them.
func (m *Model) ancestry(c *class) error {
	for at := c; ; {
		at.below = append(at.below, c.Name)
		if at.Parent == "" {
			return nil
		}
		next := m.classes[at.Parent]
		if next == nil {
			return fmt.Errorf("class %s: there is no class %q to inherit from", c.Name, at.Parent)
		}
		if next == c || len(c.above) == MaxDepth {
			return fmt.Errorf("class %s inherits from itself, or from more than %d classes", c.Name, MaxDepth)
		}
		c.above = append(c.above, next.Name)
		at = next
	}
}

// topDown lists the classes, each behind those above it.
func (m *Model) topDown() []string {
	return slices.SortedFunc(maps.Keys(m.classes), func(a, b string) int {
		if d := len(m.classes[a].above) - len(m.classes[b].above); d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
}

// inherit completes a class by what is above it, which is complete.
func (m *Model) inherit(p *workflow.Problems, c *class) {
	all, declared := map[string]Attribute{}, map[string]string{}
	if parent := m.classes[c.Parent]; parent != nil {
		for _, a := range parent.Attributes {
			all[a.Name] = a
		}
		maps.Copy(declared, parent.declared)
		if c.StaleDays == 0 {
			c.StaleDays = parent.StaleDays
		}
		c.Lone = c.Lone || parent.Lone
	}
	if c.StaleDays == 0 {
		c.StaleDays = defaultStaleDays
	}
	own := map[string]bool{}
	for _, a := range c.Class.Attributes {
		a.validate(p, c.Name)
		if own[a.Name] {
			p.Addf("class %s: attribute %s is declared twice", c.Name, a.Name)
		}
		if old, there := all[a.Name]; there && old.Type != a.Type {
			p.Addf("class %s: attribute %s is a %s, and was a %s in class %s", c.Name, a.Name, a.Type, old.Type, declared[a.Name])
		}
		for _, r := range a.Classes {
			if m.classes[r] == nil {
				p.Addf("class %s: attribute %s: there is no class %q", c.Name, a.Name, r)
			}
		}
		if len(a.Classes) > 0 {
			a.Kinds = []string{KindName}
		}
		if a.Unique {
			a.Indexed = true
		}
		own[a.Name] = true
		all[a.Name] = a.clone()
		if declared[a.Name] == "" {
			declared[a.Name] = c.Name
		}
	}
	c.declared = declared
	c.Class.Attributes = nil
	fields := make([]workflow.Field, 0, len(all))
	for _, name := range slices.Sorted(maps.Keys(all)) {
		c.Class.Attributes = append(c.Class.Attributes, all[name])
		fields = append(fields, all[name].Field)
	}
	var err error
	c.schema, err = workflow.NewSchema(fields...)
	if err != nil {
		p.Add(fmt.Errorf("class %s: %w", c.Name, err))
	}
	for i := range fields {
		fields[i].Required = false
	}
	c.partly, _ = workflow.NewSchema(fields...) // wrong in the same ways, which were told
	slices.Sort(c.below)
}

func (a Attribute) clone() Attribute {
	a.Values, a.Kinds, a.Classes = slices.Clone(a.Values), slices.Clone(a.Kinds), slices.Clone(a.Classes)
	return a
}

func (c *class) clone() Class {
	out := c.Class
	out.Attributes = make([]Attribute, len(c.Attributes))
	for i, a := range c.Attributes {
		out.Attributes[i] = a.clone()
	}
	return out
}

// Class returns a class with all the attributes it has, those it inherits
// included, by name.
func (m *Model) Class(name string) (Class, bool) {
	c := m.classes[name]
	if c == nil {
		return Class{}, false
	}
	return c.clone(), true
}

// Classes returns all classes, each behind the one it inherits from.
func (m *Model) Classes() []Class {
	var out []Class
	for _, name := range m.topDown() {
		out = append(out, m.classes[name].clone())
	}
	return out
}

// Is reports whether a class is another one or inherits from it.
func (m *Model) Is(class, other string) bool {
	c := m.classes[class]
	return c != nil && (class == other || slices.Contains(c.above, other))
}

// isAny reports whether a class is one of others or inherits from one; no others
// are all classes.
func (m *Model) isAny(class string, others []string) bool {
	return len(others) == 0 || slices.ContainsFunc(others, func(o string) bool { return m.Is(class, o) })
}

// RelationType returns the type of relation with the name.
func (m *Model) RelationType(name string) (RelationType, bool) {
	t, ok := m.relations[name]
	t.From, t.To = slices.Clone(t.From), slices.Clone(t.To)
	return t, ok
}

// RelationTypes returns all types of relation, by name.
func (m *Model) RelationTypes() []RelationType {
	var out []RelationType
	for _, name := range slices.Sorted(maps.Keys(m.relations)) {
		t, _ := m.RelationType(name)
		out = append(out, t)
	}
	return out
}

// Check returns the attributes of an item of a class in normal form, or one error that
// lists all that is wrong with them, what is missing included.
func (m *Model) Check(class string, attributes map[string]any) (workflow.Fields, error) {
	c, err := m.concrete(class)
	if err != nil {
		return nil, err
	}
	return c.check(attributes)
}

// CheckPartly does what [Model.Check] does for attributes that are only some of an
// item's: nothing is missing.
func (m *Model) CheckPartly(class string, attributes map[string]any) (workflow.Fields, error) {
	c, err := m.concrete(class)
	if err != nil {
		return nil, err
	}
	return c.normal(attributes, c.partly)
}

// Allows reports whether a relation of a type may lead from an item of one class to
// one of another, as an error that says why not.
func (m *Model) Allows(relation, from, to string) error {
	t, known := m.relations[relation]
	var p workflow.Problems
	switch {
	case !known:
		p.Addf("there is no such type")
	case !m.isAny(from, t.From):
		p.Addf("it begins at one of %q, not at a %s", t.From, from)
	case !m.isAny(to, t.To):
		p.Addf("it ends at one of %q, not at a %s", t.To, to)
	}
	return p.Err("cmdb: relation " + relation)
}

// references are the attributes of a class that refer to items.
func (m *Model) references(class string) []Attribute {
	c := m.classes[class]
	if c == nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(c.Attributes), func(a Attribute) bool { return a.Type != workflow.FieldReference })
}

// concrete returns the class for an item of it.
func (m *Model) concrete(name string) (*class, error) {
	c := m.classes[name]
	switch {
	case c == nil:
		return nil, fmt.Errorf("cmdb: there is no class %.64q: %w", name, workflow.ErrInvalid)
	case c.Abstract:
		return nil, fmt.Errorf("cmdb: class %s is abstract, use one of %s: %w", name, strings.Join(c.below, ", "), workflow.ErrInvalid)
	}
	return c, nil
}

// validName is the rule that names of fields have.
func validName(s string) bool {
	if s == "" || len(s) > 64 {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '_' || r == '-')
	})
}
