package workflow

import (
	"context"
	"fmt"
	"iter"
)

// ChainError tells which event of which record breaks the history, and how. It
// matches [ErrTampered].
type ChainError struct {
	Ref     Ref
	Version int64 // the event at fault
	Problem string
}

// Error names the record, the event and the fault.
func (e *ChainError) Error() string {
	return fmt.Sprintf("workflow: %v, event %d: %s: %v", e.Ref, e.Version, e.Problem, ErrTampered)
}

// Unwrap gives [ErrTampered].
func (e *ChainError) Unwrap() error { return ErrTampered }

// VerifyChain checks that the events are the whole history of one record from
// its first event on: numbered without a gap, each hash right, each linked to
// the one before. An edit, a removal, an insertion or a changed order gives a
// [*ChainError]. So does a value that was redacted unless a later event says that
// it was, and why. Removal of the last events shows only against the record: see
// [VerifyDocument].
func VerifyChain(events []Event) error {
	for i, e := range events {
		fault := func(format string, args ...any) error {
			return &ChainError{e.Ref, e.Version, fmt.Sprintf(format, args...)}
		}
		var prev Hash
		if i > 0 {
			prev = events[i-1].Hash
		}
		digest, err := e.digest()
		switch {
		case err != nil:
			return err
		case e.Ref != events[0].Ref:
			return fault("belongs to another record than %v", events[0].Ref)
		case e.Version != int64(i)+1:
			return fault("stands where event %d should", i+1)
		case e.Prev != prev:
			return fault("is not linked to the event before it")
		case e.Hash != digest:
			return fault("was edited: its hash does not match its content")
		}
	}
	return checkTombstones(events)
}

// VerifyDocument checks a record against its whole history: the chain itself,
// that the record's version, head, times are those of the last event, and that
// replaying the changes from nothing gives exactly the stored body. What the history
// says was redacted counts as removed, even where it has yet to be.
func VerifyDocument(doc Document, events []Event) error {
	if err := VerifyChain(events); err != nil {
		return err
	}
	fault := func(format string, args ...any) error {
		return &ChainError{doc.Ref, doc.Version, fmt.Sprintf(format, args...)}
	}
	if len(events) == 0 || int64(len(events)) != doc.Version {
		return fault("the record has %d events", len(events))
	}
	first, last := events[0], events[len(events)-1]
	switch {
	case last.Ref != doc.Ref:
		return fault("the events belong to %v", last.Ref)
	case last.Hash != doc.Head:
		return fault("the record ends in another event than its history")
	case !first.At.Equal(doc.Created) || !last.At.Equal(doc.Updated):
		return fault("the record's times are not those of its first and last event")
	}
	events, err := settled(events)
	if err != nil {
		return err
	}
	replayed, err := Replay(events)
	if err != nil {
		return err
	}
	stored, err := doc.Body.encoded()
	if err != nil {
		return err
	}
	if same, err := sameJSON(replayed, stored); err != nil || !same {
		return fault("replaying the events does not give the stored record")
	}
	return nil
}

// Verified is what [VerifyStore] found.
type Verified struct {
	Records, Events int
}

// VerifyStore reads every record of the kinds and its events, and checks each
// with [VerifyDocument]; check, when not nil, is called with every record that
// passed and may add tests of its own. It stops at the first fault.
func VerifyStore(ctx context.Context, s Store, check func(Document, []Event) error, kinds ...string) (Verified, error) {
	var v Verified
	for _, kind := range kinds {
		for doc, err := range s.Find(ctx, Query{Kind: kind}) {
			if err != nil {
				return v, err
			}
			events, err := collect(s.Events(ctx, "", Filter{Record: doc.Ref}))
			if err != nil {
				return v, err
			}
			if err := VerifyDocument(doc, events); err != nil {
				return v, err
			}
			if check != nil {
				if err := check(doc, events); err != nil {
					return v, err
				}
			}
			v.Records++
			v.Events += len(events)
		}
	}
	return v, nil
}

// History returns all events of one record in order. A record nobody knows has
// none.
func History(ctx context.Context, s Store, ref Ref) ([]Event, error) {
	return collect(s.Events(ctx, "", Filter{Record: ref}))
}

func collect[T any](seq iter.Seq2[T, error]) ([]T, error) {
	var all []T
	for v, err := range seq {
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, nil
}
