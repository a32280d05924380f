package cmdb

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/itsm-go/itsm/workflow"
)

// KindBaseline is the kind of baselines in a store.
const KindBaseline = "ci_baseline"

// Baseline is the configuration at a moment that later ones are compared with: a
// release, an audit, the state that was approved. It keeps no copy of the items, for
// their history has it, but the version that each was at, and a digest that tells
// whether the history still gives what was there.
type Baseline struct {
	workflow.Record
	Selection Selection     `json:"selection,omitzero"`
	TakenAt   time.Time     `json:"taken_at"`
	Count     int           `json:"count"` // of items
	Digest    workflow.Hash `json:"digest"`
}

// kindPins is the kind of the records that hold the versions of a baseline.
const kindPins = "ci_baseline_pins"

// pins are the versions of some of a baseline's items, in the order of their ids.
type pins struct {
	workflow.Record
	Pins []pin `json:"pins"`
}

type pin struct {
	CI      workflow.ID `json:"ci"`
	Version int64       `json:"v"`
}

// pinsPerRecord keeps a record small enough for every store.
const pinsPerRecord = 10_000

// pinsID is the id of a baseline's n-th record of pins.
func (b *Baseline) pinsID(n int) workflow.ID {
	return uuid.NewSHA1(b.ID, fmt.Appendf(nil, "pins %d", n))
}

// TakeBaseline keeps the selected items as they are now under a title.
func (inv *Inventory) TakeBaseline(ctx context.Context, actor workflow.Actor, title string, s Selection) (*Baseline, error) {
	if title == "" || len(title) > workflow.MaxTitle {
		return nil, fmt.Errorf("cmdb: a baseline's title has 1 to %d bytes, not %d: %w", workflow.MaxTitle, len(title), workflow.ErrInvalid)
	}
	for _, c := range s.Classes {
		if inv.cfg.Model.classes[c] == nil {
			return nil, fmt.Errorf("cmdb: baseline %q: there is no class %q: %w", title, c, workflow.ErrInvalid)
		}
	}
	var b *Baseline
	cmd := workflow.Command{Name: "cmdb.baseline", Actor: actor, Key: inv.key, At: inv.at}
	res, err := inv.desk.Do(ctx, cmd, func(tx *workflow.Tx) error {
		if err := tx.Authorize(workflow.Access{Ref: workflow.Ref{Kind: KindBaseline}, Roles: inv.cfg.EditRoles}); err != nil {
			return err
		}
		snap, err := inv.present(ctx, s)
		if err != nil {
			return err
		}
		b = &Baseline{Record: workflow.Record{Title: title}, Selection: s, TakenAt: tx.Now(), Count: len(snap.Items)}
		if b.Digest, err = snap.digest(); err != nil {
			return err
		}
		if err := inv.baselines.Create(tx, b, workflow.Entry{}); err != nil {
			return err
		}
		return inv.pin(tx, b, snap)
	})
	if err != nil {
		return nil, err
	}
	if res.Duplicate {
		for _, e := range res.Events {
			if e.Kind == KindBaseline {
				return inv.Baseline(ctx, e.ID)
			}
		}
	}
	return b, nil
}

// pin keeps the versions of the items of a snapshot.
func (inv *Inventory) pin(tx *workflow.Tx, b *Baseline, snap Snapshot) error {
	n := 0
	for part := range slices.Chunk(snap.Items, pinsPerRecord) {
		p := &pins{Record: workflow.Record{ID: b.pinsID(n), Title: b.Title}}
		for _, ci := range part {
			p.Pins = append(p.Pins, pin{ci.ID, ci.Version})
		}
		if err := inv.pins.Create(tx, p, workflow.Entry{}); err != nil {
			return err
		}
		n++
	}
	return nil
}

// Baseline reads a baseline.
func (inv *Inventory) Baseline(ctx context.Context, id workflow.ID) (*Baseline, error) {
	return inv.baselines.Load(ctx, inv.desk.Store(), id)
}

// Baselines yields the baselines that a query selects, the oldest first unless it
// says otherwise.
func (inv *Inventory) Baselines(ctx context.Context, q workflow.Query) iter.Seq2[*Baseline, error] {
	return inv.baselines.Find(ctx, inv.desk.Store(), q)
}

// Open returns the items of a baseline as they were. If the history no longer gives
// what was there, because somebody changed it, the error matches
// [workflow.ErrTampered].
func (inv *Inventory) Open(ctx context.Context, b *Baseline) (Snapshot, error) {
	snap := Snapshot{At: b.TakenAt}
	for n := 0; n*pinsPerRecord < b.Count; n++ {
		part, err := inv.pins.Load(ctx, inv.desk.Store(), b.pinsID(n))
		if err != nil {
			return Snapshot{}, err
		}
		for _, p := range part.Pins {
			ci, err := inv.atVersion(ctx, p.CI, p.Version)
			if err != nil {
				return Snapshot{}, err
			}
			snap.Items = append(snap.Items, ci)
		}
	}
	digest, err := snap.digest()
	if err == nil && digest != b.Digest {
		err = fmt.Errorf("cmdb: baseline %s: the history gives other items than were there at %s: %w", b.Name(), b.TakenAt.Format(time.RFC3339), workflow.ErrTampered)
	}
	return snap, err
}

// Since lists what has changed from a baseline to an instant, in the items that it
// selects.
func (inv *Inventory) Since(ctx context.Context, b *Baseline, at time.Time) ([]Difference, error) {
	then, err := inv.Open(ctx, b)
	if err != nil {
		return nil, err
	}
	now, err := inv.Snapshot(ctx, at, b.Selection)
	if err != nil {
		return nil, err
	}
	return Compare(then, now), nil
}
