package cmdb

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

// Selection says which items are meant. The zero Selection is all of them.
type Selection struct {
	Classes []string      `json:"classes,omitempty"` // those below them included; empty = all
	Items   []workflow.ID `json:"items,omitempty"`   // these alone; empty = all
	Gone    bool          `json:"gone,omitempty"`    // retired and disposed items and duplicates too
}

func (inv *Inventory) selects(s Selection, ci *CI) bool {
	switch {
	case !s.Gone && (ci.DuplicateOf != (workflow.ID{}) || !inService(inv.Category(ci))):
		return false
	case len(s.Items) > 0 && !slices.Contains(s.Items, ci.ID):
		return false
	}
	return inv.cfg.Model.isAny(ci.Class, s.Classes)
}

// Snapshot is items as they were at an instant.
type Snapshot struct {
	At    time.Time `json:"at"`
	Items []*CI     `json:"items"` // by id
}

// GetAt reads an item as it was at an instant. It is an error matching
// [workflow.ErrNotFound] if there was none yet.
func (inv *Inventory) GetAt(ctx context.Context, id workflow.ID, at time.Time) (*CI, error) {
	ci, err := inv.Get(ctx, id)
	if err == nil {
		ci, err = inv.asOf(ctx, ci, at)
	}
	if err == nil && ci == nil {
		err = fmt.Errorf("cmdb: item %v did not exist at %s: %w", id, at.Format(time.RFC3339), workflow.ErrNotFound)
	}
	return ci, err
}

// asOf takes an item back to an instant, by its history; nil if it was not there.
func (inv *Inventory) asOf(ctx context.Context, ci *CI, at time.Time) (*CI, error) {
	if ci.CreatedAt.After(at) {
		return nil, nil
	}
	if !ci.UpdatedAt.After(at) {
		return ci, nil
	}
	var past []workflow.Event
	for e, err := range inv.desk.Store().Events(ctx, "", workflow.Filter{Record: inv.kind.Ref(ci.ID)}) {
		if err != nil {
			return nil, err
		}
		if e.At.After(at) {
			break
		}
		past = append(past, e)
	}
	if len(past) == 0 {
		return nil, nil
	}
	return inv.kind.Replay(past)
}

// atVersion reads an item as it was at a version.
func (inv *Inventory) atVersion(ctx context.Context, id workflow.ID, version int64) (*CI, error) {
	ci, err := inv.Get(ctx, id)
	if err != nil || ci.Version == version {
		return ci, err
	}
	var past []workflow.Event
	for e, err := range inv.desk.Store().Events(ctx, "", workflow.Filter{Record: inv.kind.Ref(id)}) {
		if err != nil {
			return nil, err
		}
		if e.Version > version {
			break
		}
		past = append(past, e)
	}
	if int64(len(past)) != version {
		return nil, fmt.Errorf("cmdb: item %v has no version %d: %w", id, version, workflow.ErrTampered)
	}
	return inv.kind.Replay(past)
}

// present returns the selected items as they are.
func (inv *Inventory) present(ctx context.Context, s Selection) (Snapshot, error) {
	var snap Snapshot
	for ci, err := range inv.Find(ctx, workflow.Query{}) {
		if err != nil {
			return Snapshot{}, err
		}
		if inv.selects(s, ci) {
			snap.Items = append(snap.Items, ci)
		}
	}
	slices.SortFunc(snap.Items, func(a, b *CI) int { return slices.Compare(a.ID[:], b.ID[:]) })
	return snap, nil
}

// Snapshot returns the selected items as they were at an instant, from their
// history.
func (inv *Inventory) Snapshot(ctx context.Context, at time.Time, s Selection) (Snapshot, error) {
	snap := Snapshot{At: at}
	for ci, err := range inv.Find(ctx, workflow.Query{}) {
		if err == nil {
			ci, err = inv.asOf(ctx, ci, at)
		}
		if err != nil {
			return Snapshot{}, err
		}
		if ci != nil && inv.selects(s, ci) {
			snap.Items = append(snap.Items, ci)
		}
	}
	slices.SortFunc(snap.Items, func(a, b *CI) int { return slices.Compare(a.ID[:], b.ID[:]) })
	return snap, nil
}

// digest is over everything that the snapshot holds.
func (s Snapshot) digest() (workflow.Hash, error) {
	h := sha256.New()
	enc := json.NewEncoder(h)
	for _, ci := range s.Items {
		if err := enc.Encode(ci); err != nil {
			return workflow.Hash{}, fmt.Errorf("cmdb: %s: %w: %w", ci.called(), err, workflow.ErrInvalid)
		}
	}
	return workflow.Hash(h.Sum(nil)), nil
}

// DifferenceKind says how an item differs between two snapshots.
type DifferenceKind string

// The kinds.
const (
	Added   DifferenceKind = "added"
	Removed DifferenceKind = "removed"
	Changed DifferenceKind = "changed"
)

// Difference is how one item differs between two snapshots.
type Difference struct {
	Kind   DifferenceKind `json:"kind"`
	ID     workflow.ID    `json:"id"`
	Number string         `json:"number,omitempty"`
	Name   string         `json:"name"` // in the later snapshot that has it
	Class  string         `json:"class"`

	Fields    []FieldDifference `json:"fields,omitempty"`
	Related   []Relation        `json:"related,omitempty"`   // relations that came
	Unrelated []Relation        `json:"unrelated,omitempty"` // relations that went
}

// FieldDifference is a field before and after: "name", "details", "class", "state",
// "duplicate_of", an attribute as "field." and its name, or a need as "need." and the
// type of relation. Nil is not set.
type FieldDifference struct {
	Field string `json:"field"`
	Old   any    `json:"old"`
	New   any    `json:"new"`
}

// Compare lists how items differ between an earlier and a later snapshot, by id. An
// item in both that is the same in everything but who reported it and when is left
// out.
func Compare(earlier, later Snapshot) []Difference {
	was := map[workflow.ID]*CI{}
	for _, ci := range earlier.Items {
		was[ci.ID] = ci
	}
	var out []Difference
	for _, ci := range later.Items {
		old := was[ci.ID]
		delete(was, ci.ID)
		if old == nil {
			out = append(out, difference(Added, ci))
			continue
		}
		d := difference(Changed, ci)
		d.Fields = fieldDifferences(old, ci)
		d.Related, d.Unrelated = without(ci.Relations, old.Relations), without(old.Relations, ci.Relations)
		if len(d.Fields)+len(d.Related)+len(d.Unrelated) > 0 {
			out = append(out, d)
		}
	}
	for _, ci := range was {
		out = append(out, difference(Removed, ci))
	}
	slices.SortFunc(out, func(a, b Difference) int { return slices.Compare(a.ID[:], b.ID[:]) })
	return out
}

func difference(kind DifferenceKind, ci *CI) Difference {
	return Difference{Kind: kind, ID: ci.ID, Number: ci.Number, Name: ci.Title, Class: ci.Class}
}

func without(all, those []Relation) []Relation {
	return slices.DeleteFunc(slices.Clone(all), func(r Relation) bool { return slices.Contains(those, r) })
}

func fieldDifferences(old, now *CI) []FieldDifference {
	a, b := old.values(), now.values()
	names := maps.Clone(a)
	maps.Copy(names, b)
	var out []FieldDifference
	for name := range names {
		if a[name] != b[name] {
			out = append(out, FieldDifference{name, a[name], b[name]})
		}
	}
	slices.SortFunc(out, func(x, y FieldDifference) int { return cmp.Compare(x.Field, y.Field) })
	return out
}

// values are the fields of an item that count when two are compared.
func (ci *CI) values() map[string]any {
	v := map[string]any{"name": ci.Title, "class": ci.Class, "state": ci.State}
	if ci.Details != "" {
		v["details"] = ci.Details
	}
	if ci.DuplicateOf != (workflow.ID{}) {
		v["duplicate_of"] = ci.DuplicateOf.String()
	}
	for name, f := range ci.Fields {
		v["field."+name] = f
	}
	for name, g := range ci.Needs {
		v["need."+name] = g.String()
	}
	return v
}
