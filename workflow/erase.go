package workflow

import (
	"context"
	"errors"
	"fmt"
)

// Erasure names a record to be erased, and the version at which that was decided.
type Erasure struct {
	Ref     Ref
	Version int64
}

// Eraser is what a [Store] may implement beside its contract: it forgets.
type Eraser interface {
	// Erase removes records with all that belongs to them: index entries, events,
	// timers and messages, parked and leased ones too. All or nothing. A record at
	// another version is an error matching [ErrConflict]; one that is not there is
	// erased already. The feed keeps its other events and its positions; it may end
	// at an earlier one. The ids of commits stay: they name nobody, and make
	// committing again harmless.
	Erase(ctx context.Context, records ...Erasure) error

	// EraseTenant removes everything of the store's tenant, so that its handle is as
	// good as new. Positions, cursors and receipts given out before are void, and so
	// is what a [Desk] keeps at hand: throw both away.
	EraseTenant(ctx context.Context) error
}

func eraserOf(s Store) (Eraser, error) {
	if e, ok := s.(Eraser); ok {
		return e, nil
	}
	return nil, fmt.Errorf("workflow: %T cannot erase: %w", s, errors.ErrUnsupported)
}
