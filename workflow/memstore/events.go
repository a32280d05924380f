package memstore

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"sort"
	"strconv"

	"github.com/itsm-go/itsm/workflow"
)

// feedPage is how many events are read under one lock.
const feedPage = 256

// Events yields the events behind the position that were committed when the
// loop began. Commits inside the loop are for the next one. See
// [workflow.Store]; a position that this store did not mint is an error
// matching [workflow.ErrInvalid].
func (s *Store) Events(ctx context.Context, after workflow.Position, f workflow.Filter) iter.Seq2[workflow.Event, error] {
	f.Kinds = slices.Clone(f.Kinds)
	return func(yield func(workflow.Event, error) bool) {
		next, end, err := s.feedBounds(after)
		for next < end && err == nil {
			var page []placed
			if err = ctx.Err(); err == nil {
				page, next = s.feed(next, end, f)
			}
			for _, p := range page {
				e := copyEvent(p.event)
				e.Position = positionBehind(p.at)
				if !yield(e, nil) {
					return
				}
			}
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			yield(workflow.Event{}, err)
		}
	}
}

// placed is an event with its place in the log.
type placed struct {
	event *workflow.Event
	at    int
}

// positionBehind is the number of events up to and with the one at the place.
func positionBehind(at int) workflow.Position { return workflow.Position(strconv.Itoa(at + 1)) }

func (t *tenant) feedBounds(after workflow.Position) (from, end int, err error) {
	t.mu.RLock()
	end = len(t.log)
	t.mu.RUnlock()
	if after == "" {
		return 0, end, nil
	}
	from, err = strconv.Atoi(string(after))
	if err != nil || from < 1 || from > end || positionBehind(from-1) != after {
		return 0, 0, fmt.Errorf("memstore: position %.40q is not one of this feed's %d events: %w", after, end, workflow.ErrInvalid)
	}
	return from, end, nil
}

// feed reads a page from the narrowest list that can serve the filter, and
// returns the place to go on from.
func (t *tenant) feed(next, end int, f workflow.Filter) ([]placed, int) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	var page []placed
	if !f.Record.IsZero() {
		rec := t.record(f.Record)
		if rec == nil {
			return nil, end
		}
		for _, at := range rec.events[sort.SearchInts(rec.events, next):] {
			if at >= end {
				break
			}
			if len(page) == feedPage {
				return page, at
			}
			if e := t.log[at]; f.Matches(*e) {
				page = append(page, placed{e, at})
			}
		}
		return page, end
	}
	from, to := next, end
	if f.Batch != (workflow.ID{}) {
		made := t.batches[f.Batch]
		from, to = max(from, made.from), min(to, made.to)
	}
	stop := min(to, from+16*feedPage)
	for ; from < stop && len(page) < feedPage; from++ {
		if e := t.log[from]; e != nil && f.Matches(*e) { // nil: erased
			page = append(page, placed{e, from})
		}
	}
	if from >= to {
		return page, end
	}
	return page, from
}
