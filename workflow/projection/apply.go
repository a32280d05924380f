package projection

import (
	"context"
	"errors"

	"github.com/itsm-go/itsm/workflow"
)

// Each makes an Apply of a function for one event.
func Each[Tx any](f func(ctx context.Context, tx Tx, e workflow.Event) error) func(context.Context, Tx, []workflow.Event) error {
	return func(ctx context.Context, tx Tx, events []workflow.Event) error {
		for _, e := range events {
			if err := f(ctx, tx, e); err != nil {
				return err
			}
		}
		return nil
	}
}

// Latest makes an Apply that gives each record of the kind that changed to put, once in
// a batch and as it stands now, which may be further on than the events: put writes the
// record's row whatever is there. A record that was erased is given to drop, which may
// be nil. Events of other kinds are passed over.
func Latest[Tx any, T workflow.Recorded](store workflow.Store, kind *workflow.Kind[T], put func(ctx context.Context, tx Tx, rec T) error,
	drop func(ctx context.Context, tx Tx, ref workflow.Ref) error) func(context.Context, Tx, []workflow.Event) error {
	return func(ctx context.Context, tx Tx, events []workflow.Event) error {
		seen := make(map[workflow.Ref]bool, len(events))
		for _, e := range events {
			if e.Kind != kind.Name() || seen[e.Ref] {
				continue
			}
			seen[e.Ref] = true
			rec, err := kind.Load(ctx, store, e.ID)
			switch {
			case err == nil:
				err = put(ctx, tx, rec)
			case errors.Is(err, workflow.ErrNotFound):
				err = nil
				if drop != nil {
					err = drop(ctx, tx, e.Ref)
				}
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
}
