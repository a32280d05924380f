package cmdb

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/itsm-go/itsm/cmdb/graph"
	"github.com/itsm-go/itsm/workflow"
)

// KindName is the kind of configuration items in a store.
const KindName = "ci"

// CI is a configuration item: anything that has to be managed to deliver a service,
// the services themselves included. Title is its name, Fields are its attributes. It
// is changed through an [Inventory] alone; what an Inventory returns is a copy.
type CI struct {
	workflow.Record

	Class     string                `json:"class"`
	Relations []Relation            `json:"relations,omitempty"` // that begin here, sorted
	Needs     map[string]graph.Gate `json:"needs,omitempty"`     // by type of relation, against that of the type

	Claims  map[string]Claim `json:"claims,omitempty"`  // by attribute: who says so
	Sources []Sighting       `json:"sources,omitempty"` // who has reported the item, sorted
	SeenAt  time.Time        `json:"seen_at,omitzero"`  // when it was last reported

	DuplicateOf workflow.ID `json:"duplicate_of,omitzero"` // it was merged into that item
	Lent        *Loan       `json:"lent,omitempty"`        // what that item has from it
}

// SourceManual is the source of what people enter.
const SourceManual = "manual"

// ClaimName is what the claim on an item's name stands under: the name is no
// attribute.
const ClaimName = "name"

// Claim is who gave an attribute its value, and when they saw it.
type Claim struct {
	Source string    `json:"source"`
	At     time.Time `json:"at"`
}

// Sighting is an item as a source knows it.
type Sighting struct {
	Source string    `json:"source"` // "discovery", "vcenter"
	Key    string    `json:"key"`    // the source's own key
	At     time.Time `json:"at"`
}

func compareSightings(a, b Sighting) int {
	if c := strings.Compare(a.Source, b.Source); c != 0 {
		return c
	}
	return strings.Compare(a.Key, b.Key)
}

// clone returns a copy that shares nothing with ci.
func (ci *CI) clone() *CI {
	c := *ci
	c.Record = ci.Record.Clone()
	c.Relations = slices.Clone(ci.Relations)
	c.Needs = maps.Clone(ci.Needs)
	c.Claims = maps.Clone(ci.Claims)
	c.Sources = slices.Clone(ci.Sources)
	if ci.Lent != nil {
		c.Lent = &Loan{slices.Clone(ci.Lent.Attributes), slices.Clone(ci.Lent.Relations)}
	}
	return &c
}

// Related returns the ends of the item's relations of a type.
func (ci *CI) Related(relation string) []workflow.ID {
	var ids []workflow.ID
	for _, r := range ci.Relations {
		if r.Type == relation {
			ids = append(ids, r.To)
		}
	}
	return ids
}

// The fields an item can be found by, besides those of every record and its indexed
// attributes, which are under "field." and their name.
const (
	IndexClass       = "class"        // its own, and every one above it
	IndexCategory    = "category"     // of the state
	IndexName        = "name"         // in lower case
	IndexTo          = "to"           // an IDKey: every item it has a relation to
	IndexSource      = "source"       // the first 50 sources and keys that report it, see [SourceKey]
	IndexReported    = "reported"     // a BoolKey: whether any source reports it
	IndexSeen        = "seen"         // a TimeKey
	IndexDuplicateOf = "duplicate_of" // an IDKey
)

// maxIndexedSources bounds by how many sources an item can be found.
const maxIndexedSources = 50

// SourceKey is the index key of an item as a source knows it.
func SourceKey(source, key string) workflow.Key { return workflow.StringKey(source + "\x00" + key) }

// NameKey is the index key of a name.
func NameKey(name string) workflow.Key { return workflow.StringKey(strings.ToLower(name)) }

func (inv *Inventory) index(ci *CI) []workflow.IndexEntry {
	entries := []workflow.IndexEntry{
		{Field: IndexClass, Key: workflow.StringKey(ci.Class)},
		{Field: IndexCategory, Key: workflow.StringKey(inv.Category(ci).String())},
		{Field: IndexName, Key: NameKey(ci.Title)},
		{Field: IndexReported, Key: workflow.BoolKey(len(ci.Sources) > 0)},
	}
	c := inv.cfg.Model.classes[ci.Class]
	if c != nil {
		for _, above := range c.above {
			entries = append(entries, workflow.IndexEntry{Field: IndexClass, Key: workflow.StringKey(above)})
		}
		entries = append(entries, c.schema.Index(ci.Fields)...)
		entries = append(entries, c.schema.Index(c.identities(ci.Fields))...)
	}
	for _, r := range ci.Relations {
		entries = append(entries, workflow.IndexEntry{Field: IndexTo, Key: workflow.IDKey(r.To)})
	}
	for _, s := range ci.Sources[:min(len(ci.Sources), maxIndexedSources)] {
		entries = append(entries, workflow.IndexEntry{Field: IndexSource, Key: SourceKey(s.Source, s.Key)})
	}
	if !ci.SeenAt.IsZero() {
		entries = append(entries, workflow.IndexEntry{Field: IndexSeen, Key: workflow.TimeKey(ci.SeenAt)})
	}
	if ci.DuplicateOf != (workflow.ID{}) {
		entries = append(entries, workflow.IndexEntry{Field: IndexDuplicateOf, Key: workflow.IDKey(ci.DuplicateOf)})
	}
	return entries
}
