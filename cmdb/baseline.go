package cmdb

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

// KindBaseline is the kind of baselines in a store.
const KindBaseline = "ci_baseline"

// Baseline is the configuration at an instant that later ones are compared with: a
// release, an audit, the state that was approved. It keeps no copy of the items, for
// their history has it, but a digest that tells whether the history still gives what
// was there.
type Baseline struct {
	workflow.Record
	Selection Selection     `json:"selection,omitzero"`
	TakenAt   time.Time     `json:"taken_at"`
	Count     int           `json:"count"` // of items
	Digest    workflow.Hash `json:"digest"`
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
		snap, err := inv.Snapshot(ctx, tx.Now(), s)
		if err != nil {
			return err
		}
		b = &Baseline{Record: workflow.Record{Title: title}, Selection: s, TakenAt: tx.Now(), Count: len(snap.Items)}
		if b.Digest, err = snap.digest(); err != nil {
			return err
		}
		return inv.baselines.Create(tx, b, workflow.Entry{})
	})
	if err != nil {
		return nil, err
	}
	if res.Duplicate {
		return inv.Baseline(ctx, res.Events[0].ID)
	}
	return b, nil
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
// what was there, because somebody changed it or dated a command back, the error
// matches [workflow.ErrTampered].
func (inv *Inventory) Open(ctx context.Context, b *Baseline) (Snapshot, error) {
	snap, err := inv.Snapshot(ctx, b.TakenAt, b.Selection)
	if err != nil {
		return Snapshot{}, err
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
