package cmdb

import (
	"cmp"
	"slices"

	"github.com/itsm-go/itsm/workflow"
)

// Class is a sort of configuration item: which attributes its items have. A class
// inherits the attributes of the class above it; one of the same name replaces what
// was inherited, and keeps its type.
type Class struct {
	Name       string      `json:"name"`
	Label      string      `json:"label,omitempty"`
	Parent     string      `json:"parent,omitempty"`
	Abstract   bool        `json:"abstract,omitempty"` // only classes below it have items
	Attributes []Attribute `json:"attributes,omitempty"`

	// StaleDays is after how many days without news an item counts as stale, see
	// [Inventory.Health]. Inherited; zero all the way up is 60, as in ServiceNow.
	StaleDays int `json:"stale_days,omitempty"`
	// Lone items are expected to have no relations, and are no orphans. Inherited.
	Lone bool `json:"lone,omitempty"`
}

// Attribute is a field that the items of a class have.
type Attribute struct {
	workflow.Field
	Recommended bool     `json:"recommended,omitempty"` // its lack shows in the health report
	Unique      bool     `json:"unique,omitempty"`      // among the items of the class that declares it, and of those below
	Format      Format   `json:"format,omitempty"`      // of a string
	Classes     []string `json:"classes,omitempty"`     // of a reference to items: what it may point at, classes below included
}

// defaultStaleDays is ServiceNow's.
const defaultStaleDays = 60

// class is a compiled class.
type class struct {
	Class                      // with what it inherits
	above    []string          // its ancestors, the nearest first
	below    []string          // itself and its descendants, sorted
	declared map[string]string // attribute → the class that declares it first
	schema   workflow.Schema
	partly   workflow.Schema // the same, without anything being required
}

func (c *class) attribute(name string) (Attribute, bool) {
	i, ok := slices.BinarySearchFunc(c.Attributes, name, func(a Attribute, name string) int { return cmp.Compare(a.Name, name) })
	if !ok {
		return Attribute{}, false
	}
	return c.Attributes[i], true
}

// identity is what two values have in common that are one, see [Format.Identity].
func (a Attribute) identity(value any) any {
	if text, ok := value.(string); ok {
		return a.Format.Identity(text)
	}
	return value
}

// Finds returns the condition that finds items by a value of the attribute, which is
// indexed, however it is written.
func (a Attribute) Finds(value any) (workflow.Condition, error) {
	s, err := workflow.NewSchema(a.optional())
	if err != nil {
		return workflow.Condition{}, err
	}
	values := []any{value}
	if identity := a.identity(value); identity != value {
		values = append(values, identity)
	}
	var keys []workflow.Key
	for _, v := range values {
		fields, err := s.Check(map[string]any{a.Name: v})
		if err != nil {
			return workflow.Condition{}, err
		}
		for _, e := range s.Index(fields) {
			keys = append(keys, e.Key)
		}
	}
	return workflow.In("field."+a.Name, keys...), nil
}

func (a Attribute) validate(p *workflow.Problems, class string) {
	if a.Unique {
		switch a.Type {
		case workflow.FieldString, workflow.FieldNumber, workflow.FieldDecimal:
		default:
			p.Addf("class %s: attribute %s: a %s cannot be unique", class, a.Name, a.Type)
		}
	}
	if a.Format != "" && (a.Type != workflow.FieldString || !a.Format.valid()) {
		p.Addf("class %s: attribute %s: format %q: want one of %q, on a string", class, a.Name, a.Format, formats)
	}
	if len(a.Classes) > 0 && a.Type != workflow.FieldReference {
		p.Addf("class %s: attribute %s: only a reference has classes", class, a.Name)
	}
	if a.Required && a.Recommended {
		p.Addf("class %s: attribute %s is required or recommended, not both", class, a.Name)
	}
}

// identities are the values of attributes by which items are found however those are
// written.
func (c *class) identities(values workflow.Fields) workflow.Fields {
	out := workflow.Fields{}
	for _, a := range c.Attributes {
		if v := values[a.Name]; a.Format != "" && a.Indexed && v != nil && a.identity(v) != v {
			out[a.Name] = a.identity(v)
		}
	}
	return out
}
