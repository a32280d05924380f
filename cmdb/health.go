package cmdb

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

// Ailment is a way in which an item of the configuration is not what it should be.
type Ailment string

// The ailments, after the health dashboard of ServiceNow: completeness (required,
// recommended), correctness (orphan, stale, duplicate) and the health of relations.
const (
	MissingRequired    Ailment = "missing_required"    // since it was entered the class has come to require an attribute
	MissingRecommended Ailment = "missing_recommended" //
	InvalidValue       Ailment = "invalid_value"       // the class has changed since
	Orphan             Ailment = "orphan"              // it has nothing to do with any other item
	Stale              Ailment = "stale"               // nobody has reported or changed it for longer than its class allows
	Duplicate          Ailment = "duplicate"           // another item has the same identity
	BrokenRelation     Ailment = "broken_relation"     // it leads to what is retired, a duplicate, or not allowed
	BrokenReference    Ailment = "broken_reference"    // an attribute refers to what is retired, a duplicate, or not allowed
	UnmetNeed          Ailment = "unmet_need"          // it needs more of its relations than there are
)

var ailments = []Ailment{MissingRequired, MissingRecommended, InvalidValue, Orphan, Stale, Duplicate, BrokenRelation, BrokenReference, UnmetNeed}

// Finding is an ailment of an item.
type Finding struct {
	Ailment Ailment     `json:"ailment"`
	ID      workflow.ID `json:"id"`
	Number  string      `json:"number"`
	Name    string      `json:"name"`
	Class   string      `json:"class"`
	Detail  string      `json:"detail"`
}

// Health is how well the configuration of a class is known.
type Health struct {
	Class string          `json:"class"`
	Items int             `json:"items"`         // in service
	Ill   map[Ailment]int `json:"ill,omitempty"` // items with the ailment
	Sound int             `json:"sound"`         // items without any
}

// Share is the share of items without an ailment, 0 to 1; 1 if there are none.
func (h Health) Share(a Ailment) float64 {
	if h.Items == 0 {
		return 1
	}
	return float64(h.Items-h.Ill[a]) / float64(h.Items)
}

// HealthReport is the health of the configuration at an instant.
type HealthReport struct {
	At       time.Time `json:"at"`
	Total    Health    `json:"total"` // of all classes
	Classes  []Health  `json:"classes"`
	Findings []Finding `json:"findings"` // by ailment, class and name
}

// Health looks at every item in service. It is complete: what is to be left out is
// left out by its reader.
func (inv *Inventory) Health(ctx context.Context, at time.Time) (HealthReport, error) {
	snap, err := inv.Snapshot(ctx, at, Selection{Gone: true})
	if err != nil {
		return HealthReport{}, err
	}
	x := &examination{inv: inv, at: at, items: map[workflow.ID]*CI{}, touched: map[workflow.ID]bool{},
		twins: map[string][]*CI{}, inbound: map[workflow.ID]map[string]int{}}
	for _, ci := range snap.Items {
		x.admit(ci)
	}
	for _, ci := range snap.Items {
		if x.inService(ci) {
			x.examine(ci)
		}
	}
	return x.report(), nil
}

type examination struct {
	inv      *Inventory
	at       time.Time
	items    map[workflow.ID]*CI
	touched  map[workflow.ID]bool // by a relation from another item
	inbound  map[workflow.ID]map[string]int
	twins    map[string][]*CI // by identity
	findings []Finding
}

func (x *examination) inService(ci *CI) bool {
	return ci != nil && ci.DuplicateOf == (workflow.ID{}) && inService(x.inv.Category(ci))
}

// admit notes what others have to know of an item.
func (x *examination) admit(ci *CI) {
	x.items[ci.ID] = ci
	if !x.inService(ci) {
		return
	}
	for _, r := range ci.Relations {
		x.touched[r.To] = true
		if x.inbound[r.To] == nil {
			x.inbound[r.To] = map[string]int{}
		}
		x.inbound[r.To][r.Type]++
	}
	for _, key := range x.identities(ci) {
		x.twins[key] = append(x.twins[key], ci)
	}
}

// identities are what no two items should have in common: what is unique, and what
// makers give a device once.
func (x *examination) identities(ci *CI) []string {
	var keys []string
	c := x.inv.cfg.Model.classes[ci.Class]
	if c == nil {
		return nil
	}
	for _, a := range c.Attributes {
		v := ci.Fields[a.Name]
		s, isText := v.(string)
		switch {
		case v == nil:
		case isText && a.Format.Placeholder(s) != "":
		case a.Unique:
			keys = append(keys, fmt.Sprintf("%s\x00%s\x00%v", c.declared[a.Name], a.Name, a.identity(v)))
		case isText && (a.Format == FormatSerial || a.Format == FormatUUID):
			keys = append(keys, c.declared[a.Name]+"\x00"+a.Name+"\x00"+a.Format.Identity(s))
		}
	}
	return keys
}

func (x *examination) find(ci *CI, a Ailment, format string, args ...any) {
	x.findings = append(x.findings, Finding{Ailment: a, ID: ci.ID, Number: ci.Number, Name: ci.Title, Class: ci.Class, Detail: fmt.Sprintf(format, args...)})
}

func (x *examination) examine(ci *CI) {
	c := x.inv.cfg.Model.classes[ci.Class]
	if c == nil {
		x.find(ci, InvalidValue, "the model has no class %s any more", ci.Class)
		return
	}
	for _, a := range c.Attributes {
		switch v := ci.Fields[a.Name]; {
		case filled(v):
		case a.Required:
			x.find(ci, MissingRequired, "no %s", a.Name)
		case a.Recommended:
			x.find(ci, MissingRecommended, "no %s", a.Name)
		}
	}
	x.examineValues(c, ci)
	x.examineReferences(ci)
	x.examineRelations(ci)
	seen := ci.SeenAt
	if seen.Before(ci.UpdatedAt) {
		seen = ci.UpdatedAt
	}
	if days := int(x.at.Sub(seen).Hours() / 24); days >= c.StaleDays {
		x.find(ci, Stale, "not heard of for %d days, %d are allowed", days, c.StaleDays)
	}
	for _, key := range x.identities(ci) {
		if same := x.twins[key]; len(same) > 1 && same[0] != ci { // the first of them is not the duplicate
			x.find(ci, Duplicate, "%s is that of %s too", attributeOf(key), same[0].called())
		}
	}
}

func attributeOf(key string) string {
	parts := strings.SplitN(key, "\x00", 3)
	return parts[1] + " " + parts[2]
}

func (x *examination) examineValues(c *class, ci *CI) {
	for _, name := range slices.Sorted(maps.Keys(ci.Fields)) {
		a, known := c.attribute(name)
		if !known {
			x.find(ci, InvalidValue, "class %s has no %s any more", c.Name, name)
			continue
		}
		if !a.same(ci.Fields[name], ci.Fields[name]) {
			x.find(ci, InvalidValue, "%s %v is not allowed any more", name, ci.Fields[name])
		}
	}
}

func (x *examination) examineReferences(ci *CI) {
	for _, a := range x.inv.cfg.Model.references(ci.Class) {
		ref, set := ci.Fields.Reference(a.Name)
		if !set || ref.Kind != KindName {
			continue
		}
		switch to := x.items[ref.ID]; {
		case to == nil:
			x.find(ci, BrokenReference, "%s: there is no item %v", a.Name, ref.ID)
		case to.DuplicateOf != (workflow.ID{}):
			x.find(ci, BrokenReference, "%s: %s is a duplicate", a.Name, to.called())
		case !inService(x.inv.Category(to)):
			x.find(ci, BrokenReference, "%s: %s is %s", a.Name, to.called(), to.State)
		case !x.inv.cfg.Model.isAny(to.Class, a.Classes):
			x.find(ci, BrokenReference, "%s: %s is a %s", a.Name, to.called(), to.Class)
		}
	}
}

func (x *examination) examineRelations(ci *CI) {
	m := x.inv.cfg.Model
	have := map[string]int{}
	for _, r := range ci.Relations {
		t, known := m.relations[r.Type]
		to := x.items[r.To]
		switch {
		case !known:
			x.find(ci, BrokenRelation, "%v: there is no such type any more", r)
		case to == nil:
			x.find(ci, BrokenRelation, "%v: there is no such item", r)
		case to.DuplicateOf != (workflow.ID{}):
			x.find(ci, BrokenRelation, "%s %s, a duplicate", r.Type, to.called())
		case !inService(x.inv.Category(to)):
			x.find(ci, BrokenRelation, "%s %s, which is %s", r.Type, to.called(), to.State)
		case !m.isAny(ci.Class, t.From) || !m.isAny(to.Class, t.To):
			x.find(ci, BrokenRelation, "%s %s: not between a %s and a %s", r.Type, to.called(), ci.Class, to.Class)
		default:
			have[r.Type]++
		}
	}
	if len(ci.Relations) == 0 && !x.touched[ci.ID] && !m.classes[ci.Class].Lone {
		x.find(ci, Orphan, "no relation to or from any item")
	}
	for _, name := range slices.Sorted(maps.Keys(ci.Needs)) {
		n := have[name]
		if m.relations[name].Depends == ToDependsOnFrom {
			n = x.inbound[ci.ID][name]
		}
		if least, fixed := ci.Needs[name].Fixed(); fixed && least > n {
			x.find(ci, UnmetNeed, "it needs %d %s of %d", least, name, n)
		}
	}
}

func (x *examination) report() HealthReport {
	by := map[string]*Health{}
	total := &Health{Ill: map[Ailment]int{}}
	for _, ci := range x.items {
		if x.inService(ci) {
			if by[ci.Class] == nil {
				by[ci.Class] = &Health{Class: ci.Class, Ill: map[Ailment]int{}}
			}
			by[ci.Class].Items++
			total.Items++
		}
	}
	type once struct {
		id workflow.ID
		a  Ailment
	}
	counted, ill := map[once]bool{}, map[workflow.ID]bool{}
	for _, f := range x.findings {
		if key := (once{f.ID, f.Ailment}); !counted[key] {
			counted[key] = true
			by[f.Class].Ill[f.Ailment]++
			total.Ill[f.Ailment]++
		}
		if !ill[f.ID] {
			ill[f.ID] = true
			by[f.Class].Sound--
			total.Sound--
		}
	}
	r := HealthReport{At: x.at, Findings: x.findings}
	for _, name := range slices.Sorted(maps.Keys(by)) {
		by[name].Sound += by[name].Items
		r.Classes = append(r.Classes, *by[name])
	}
	total.Sound += total.Items
	r.Total = *total
	slices.SortStableFunc(r.Findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(slices.Index(ailments, a.Ailment), slices.Index(ailments, b.Ailment)), cmp.Compare(a.Class, b.Class),
			cmp.Compare(a.Name, b.Name), cmp.Compare(a.Number, b.Number), cmp.Compare(a.Detail, b.Detail))
	})
	return r
}
