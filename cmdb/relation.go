package cmdb

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/itsm-go/itsm/cmdb/graph"
	"github.com/itsm-go/itsm/workflow"
)

// Dependence says which end of a relation works only thanks to the other, and so
// which way a failure travels: to the end that depends.
type Dependence string

// The ways.
const (
	FromDependsOnTo Dependence = "from"    // "runs on": the failure of To reaches From
	ToDependsOnFrom Dependence = "to"      // "member of": the cluster lives by its members
	NoDependence    Dependence = "neither" // "owned by": no failure travels
)

// RelationType gives relations their meaning. A relation is kept with the item
// that it begins at, so types are declared from the end of which there are many:
// "contained in", not "contains".
type RelationType struct {
	Name    string `json:"name"`    // read from its beginning: "runs_on"
	Inverse string `json:"inverse"` // read from its end: "runs"

	Depends Dependence `json:"depends"`
	Soft    bool       `json:"soft,omitempty"` // without the other end, an item works less well, but works

	// Need is how many of its relations of the type the dependent end needs, unless
	// the item says it itself: all, a number, or a percentage. It is for redundancy;
	// a soft type has none.
	Need graph.Gate `json:"need,omitzero"`

	Contains bool `json:"contains,omitempty"` // From is inside To: no item is inside of itself, however many lie between
	Hosts    bool `json:"hosts,omitempty"`    // From lives on To, and can be identified by its name there
	Most     int  `json:"most,omitempty"`     // that one item may have, from its side; 0 = [MaxRelations]

	From []string `json:"from,omitempty"` // classes at its beginning, those below included; empty = all
	To   []string `json:"to,omitempty"`   // classes at its end
}

// Relation begins at the item that has it.
type Relation struct {
	Type string      `json:"type"`
	To   workflow.ID `json:"to"`
}

// String gives "runs_on 01890a5d-…".
func (r Relation) String() string { return r.Type + " " + r.To.String() }

// limit is how many relations of the type one item may have; 0 = any number.
func (t RelationType) limit() int {
	if t.Contains {
		return 1
	}
	return t.Most
}

func compareRelations(a, b Relation) int {
	return cmp.Or(cmp.Compare(a.Type, b.Type), strings.Compare(string(a.To[:]), string(b.To[:])))
}

func (t RelationType) validate(p *workflow.Problems, m *Model) {
	fault := func(format string, args ...any) {
		p.Addf("relation %s: %s", t.Name, fmt.Sprintf(format, args...))
	}
	if !validName(t.Name) || !validName(t.Inverse) {
		fault("name %q and inverse %q: want letters, digits, '.', '_' or '-'", t.Name, t.Inverse)
	}
	switch t.Depends {
	case FromDependsOnTo, ToDependsOnFrom:
	case NoDependence:
		if t.Soft {
			fault("nothing depends by it, so it is not soft")
		}
	default:
		fault("depends %q: want one of %q", t.Depends, []Dependence{FromDependsOnTo, ToDependsOnFrom, NoDependence})
	}
	if t.Need != 0 && (t.Soft || t.Depends == NoDependence) {
		fault("a need of %v has no meaning where nothing is needed", t.Need)
	}
	if t.Most < 0 || t.Most > MaxRelations {
		fault("most is 0 to %d, not %d", MaxRelations, t.Most)
	}
	for _, c := range slices.Concat(t.From, t.To) {
		if m.classes[c] == nil {
			fault("there is no class %q", c)
		}
	}
}
