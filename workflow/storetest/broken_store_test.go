package storetest_test

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/memstore"
)

type (
	ctxt  = context.Context
	docs  = iter.Seq2[workflow.Document, error]
	feed  = iter.Seq2[workflow.Event, error]
	event = workflow.Event
)

func onGet(f func(s *memstore.Store, ctx ctxt, ref workflow.Ref) (workflow.Document, error)) func() hooks {
	return func() hooks { return hooks{get: f} }
}

func onCommit(f func(s *memstore.Store, ctx ctxt, b workflow.Batch) error) func() hooks {
	return func() hooks { return hooks{commit: f} }
}

func onFind(f func(s *memstore.Store, ctx ctxt, q workflow.Query) docs) func() hooks {
	return func() hooks { return hooks{find: f} }
}

func onEvents(f func(s *memstore.Store, ctx ctxt, after workflow.Position, x workflow.Filter) feed) func() hooks {
	return func() hooks { return hooks{events: f} }
}

var brokenStores = []broken{
	{"rounds times to the millisecond", []string{"commit/get-returns-what-was-committed"},
		onGet(func(s *memstore.Store, ctx ctxt, ref workflow.Ref) (workflow.Document, error) {
			d, err := s.Get(ctx, ref)
			d.Updated = d.Updated.Truncate(time.Millisecond)
			return d, err
		})},
	{"hides the kind of error", []string{"commit/get-of-unknown"},
		onGet(func(s *memstore.Store, ctx ctxt, ref workflow.Ref) (workflow.Document, error) {
			d, err := s.Get(ctx, ref)
			if err != nil {
				err = errors.New(err.Error())
			}
			return d, err
		})},
	{"loses updates", []string{"commit/stale-write", "concurrent/linearizable"},
		onCommit(func(s *memstore.Store, ctx ctxt, b workflow.Batch) error {
			if err := s.Commit(ctx, b); !errors.Is(err, workflow.ErrConflict) {
				return err
			}
			return nil
		})},
	{"reads the past now and then", []string{"concurrent/linearizable"}, readsThePast},
	{"keeps half a batch", []string{"commit/all-or-nothing"},
		onCommit(func(s *memstore.Store, ctx ctxt, b workflow.Batch) error {
			if err := b.Validate(); err != nil {
				return err
			}
			for _, part := range split(b) {
				if err := s.Commit(ctx, part); err != nil {
					return err
				}
			}
			return nil
		})},
	{"shows half a batch", []string{"concurrent/no-half-batch"}, showsHalf},
	{"reports a deadlock", []string{"commit/opposite-order"},
		onCommit(func(s *memstore.Store, ctx ctxt, b workflow.Batch) error {
			if len(b.Writes) == 2 && b.Writes[0].Document.ID.String() > b.Writes[1].Document.ID.String() {
				return errors.New("deadlock detected")
			}
			return s.Commit(ctx, b)
		})},
	{"ignores the batch id", []string{"commit/same-batch-twice"}, func() hooks {
		ids := workflow.SeededIDs(2)
		return hooks{commit: func(s *memstore.Store, ctx ctxt, b workflow.Batch) error {
			return s.Commit(ctx, renamed(b, ids.NewID(time.Unix(0, 0))))
		}}
	}},
	{"uses up the id of a refused batch", []string{"commit/failed-batch-again"}, func() hooks {
		var used sync.Map
		return hooks{commit: func(s *memstore.Store, ctx ctxt, b workflow.Batch) error {
			if _, again := used.LoadOrStore(b.ID, true); again {
				return nil
			}
			return s.Commit(ctx, b)
		}}
	}},
	{"forgets work that comes alone", []string{"commit/work-without-writes"},
		onCommit(func(s *memstore.Store, ctx ctxt, b workflow.Batch) error {
			if len(b.Writes) == 0 && len(b.Messages) == 0 {
				return nil
			}
			return s.Commit(ctx, b)
		})},
	{"takes what is invalid", []string{"commit/invalid-refused"},
		onCommit(func(s *memstore.Store, ctx ctxt, b workflow.Batch) error {
			if err := s.Commit(ctx, b); !errors.Is(err, workflow.ErrInvalid) {
				return err
			}
			return nil
		})},
	{"does not look at the context", []string{"commit/cancelled"},
		onCommit(func(s *memstore.Store, ctx ctxt, b workflow.Batch) error {
			return s.Commit(context.WithoutCancel(ctx), b)
		})},
	{"keeps the caller's memory", []string{"commit/no-aliasing"}, func() hooks {
		kept := map[workflow.Ref]workflow.Index{}
		return hooks{
			commit: func(s *memstore.Store, ctx ctxt, b workflow.Batch) error {
				for _, w := range b.Writes {
					kept[w.Document.Ref] = w.Document.Index
				}
				return s.Commit(ctx, b)
			},
			get: func(s *memstore.Store, ctx ctxt, ref workflow.Ref) (workflow.Document, error) {
				d, err := s.Get(ctx, ref)
				d.Index = kept[ref]
				return d, err
			},
		}
	}},

	{"takes an empty list for no condition", []string{"find/conditions"},
		onFind(func(s *memstore.Store, ctx ctxt, q workflow.Query) docs {
			q.Where = slices.DeleteFunc(slices.Clone(q.Where), func(c workflow.Condition) bool { return len(c.Keys) == 0 })
			return s.Find(ctx, q)
		})},
	{"sorts records without the key last", []string{"find/order"},
		onFind(func(s *memstore.Store, ctx ctxt, q workflow.Query) docs {
			return reordered(s.Find(ctx, q), func(all []workflow.Document) {
				slices.SortStableFunc(all, func(a, b workflow.Document) int {
					missing := map[bool]int{true: 1}
					return missing[a.Index.First(q.OrderBy) == ""] - missing[b.Index.First(q.OrderBy) == ""]
				})
			})
		})},
	{"sorts keys without regard to case", []string{"find/bytewise"},
		onFind(func(s *memstore.Store, ctx ctxt, q workflow.Query) docs {
			return reordered(s.Find(ctx, q), func(all []workflow.Document) {
				slices.SortStableFunc(all, func(a, b workflow.Document) int {
					return strings.Compare(strings.ToLower(string(a.Index.First(q.OrderBy))), strings.ToLower(string(b.Index.First(q.OrderBy))))
				})
			})
		})},
	{"looks at the first condition only", []string{"find/like-the-reference"},
		onFind(func(s *memstore.Store, ctx ctxt, q workflow.Query) docs {
			q.Where = q.Where[:min(1, len(q.Where))]
			return s.Find(ctx, q)
		})},
	{"keeps former index keys", []string{"find/index-follows-record"},
		onCommit(func(s *memstore.Store, ctx ctxt, b workflow.Batch) error {
			b.Writes = slices.Clone(b.Writes)
			for i, w := range b.Writes {
				if old, err := s.Get(ctx, w.Document.Ref); err == nil {
					b.Writes[i].Document.Index = workflow.NewIndex(append(old.Index, w.Document.Index...)...)
				}
			}
			return s.Commit(ctx, b)
		})},
	{"skips one record behind a cursor", []string{"find/limit-and-cursor"},
		onFind(func(s *memstore.Store, ctx ctxt, q workflow.Query) docs {
			return withoutFirst(s.Find(ctx, q), q.After != "")
		})},
	{"pages by offset", []string{"find/cursor-while-others-write"}, pagesByOffset},
	{"gives something for any cursor", []string{"find/invalid-refused"},
		onFind(func(s *memstore.Store, ctx ctxt, q workflow.Query) docs {
			if q.Validate() != nil {
				q.After = ""
			}
			return s.Find(ctx, q)
		})},
	{"holds its lock while yielding", []string{"find/commit-inside-the-loop"}, locksWhileYielding},

	{"loses an event", []string{"feed/complete-and-in-order", "concurrent/feed-misses-nothing"},
		onEvents(func(s *memstore.Store, ctx ctxt, after workflow.Position, x workflow.Filter) feed {
			return kept(s.Events(ctx, after, x), func(e event) bool { return e.Position != "8" })
		})},
	{"turns the order of a record's events", []string{"feed/complete-and-in-order"},
		onEvents(func(s *memstore.Store, ctx ctxt, after workflow.Position, x workflow.Filter) feed {
			return reordered(s.Events(ctx, after, x), slices.Reverse)
		})},
	{"shows a late commit behind those who passed", []string{"concurrent/feed-misses-nothing"}, showsLate},
	{"repeats the event at the position", []string{"feed/resume"},
		onEvents(func(s *memstore.Store, ctx ctxt, after workflow.Position, x workflow.Filter) feed {
			return kept(s.Events(ctx, "", x), func(e event) bool {
				return len(e.Position) > len(after) || len(e.Position) == len(after) && e.Position >= after
			})
		})},
	{"ignores the kinds when a record is asked for", []string{"feed/filter"},
		onEvents(func(s *memstore.Store, ctx ctxt, after workflow.Position, x workflow.Filter) feed {
			if !x.Record.IsZero() {
				x.Kinds = nil
			}
			return s.Events(ctx, after, x)
		})},
	{"keeps JSON numbers as floats", []string{"feed/exact"},
		onEvents(func(s *memstore.Store, ctx ctxt, after workflow.Position, x workflow.Filter) feed {
			return changed(s.Events(ctx, after, x), func(e event) event {
				for i, c := range e.Changes {
					var v any
					if json.Unmarshal(c.New, &v) == nil {
						e.Changes[i].New, _ = json.Marshal(v)
					}
				}
				return e
			})
		})},
	{"takes a position it did not mint for the beginning", []string{"feed/unknown-position"},
		onEvents(func(s *memstore.Store, ctx ctxt, after workflow.Position, x workflow.Filter) feed {
			if strings.Trim(string(after), "0123456789") != "" {
				after = ""
			}
			return s.Events(ctx, after, x)
		})},
	{"runs after its own tail", []string{"feed/commit-inside-the-loop"}, runsForEver},

	{"takes tenants without regard to case", []string{"tenant/isolation"}, func() hooks { return hooks{tenant: strings.ToLower} }},
	{"gives every handle its own data", []string{"tenant/same-name-same-data"}, func() hooks {
		n := 0
		return hooks{tenant: func(name string) string {
			n++
			return name + strings.Repeat("'", n)
		}}
	}},
	{"cuts a large batch", []string{"limit/largest-batch"},
		onCommit(func(s *memstore.Store, ctx ctxt, b workflow.Batch) error {
			b.Writes = b.Writes[:min(len(b.Writes), 1000)]
			return s.Commit(ctx, b)
		})},
	{"has narrow columns", []string{"limit/largest-record"},
		onCommit(func(s *memstore.Store, ctx ctxt, b workflow.Batch) error {
			b.Timers = slices.Clone(b.Timers)
			for i, t := range b.Timers {
				b.Timers[i].Name = t.Name[:min(len(t.Name), 255)]
			}
			return s.Commit(ctx, b)
		})},
	{"has 999 parameters", []string{"limit/largest-query"},
		onFind(func(s *memstore.Store, ctx ctxt, q workflow.Query) docs {
			if len(q.Where) > 0 && len(q.Where[0].Keys) > 999 {
				return failing[workflow.Document](errors.New("too many parameters"))
			}
			return s.Find(ctx, q)
		})},
	{"forgets everything in a restart", []string{"durable/records-and-history", "durable/feed-and-batches", "durable/work"},
		func() hooks {
			return hooks{reopen: func(*memstore.Store) (*memstore.Store, error) { return memstore.New(), nil }}
		}},
}

// renamed returns the batch under another id.
func renamed(b workflow.Batch, id workflow.ID) workflow.Batch {
	b.ID = id
	b.Writes = slices.Clone(b.Writes)
	for i := range b.Writes {
		b.Writes[i].Event.Batch = b.ID
	}
	return b
}

// split cuts a batch into one for each write.
func split(b workflow.Batch) []workflow.Batch {
	var parts []workflow.Batch
	for i, w := range b.Writes {
		part := workflow.Batch{ID: b.ID, Writes: []workflow.Write{w}}
		if i > 0 {
			id := b.ID
			id[15] ^= byte(i)
			part = renamed(part, id)
		}
		parts = append(parts, part)
	}
	if len(parts) == 0 {
		return []workflow.Batch{b}
	}
	parts[0].Timers, parts[0].Messages = b.Timers, b.Messages
	return parts
}

func readsThePast() hooks {
	var mu sync.Mutex
	first, n := map[workflow.Ref]workflow.Document{}, 0
	return hooks{get: func(s *memstore.Store, ctx ctxt, ref workflow.Ref) (workflow.Document, error) {
		d, err := s.Get(ctx, ref)
		mu.Lock()
		defer mu.Unlock()
		if _, ok := first[ref]; !ok && err == nil {
			first[ref] = d
		}
		if n++; n%5 == 0 && err == nil {
			return first[ref], nil
		}
		return d, err
	}}
}

// showsHalf lets readers in between the two halves of a batch.
func showsHalf() hooks {
	var reads atomic.Int64
	return hooks{
		get: func(s *memstore.Store, ctx ctxt, ref workflow.Ref) (workflow.Document, error) {
			reads.Add(1)
			return s.Get(ctx, ref)
		},
		commit: func(s *memstore.Store, ctx ctxt, b workflow.Batch) error {
			for i, part := range split(b) {
				for n, before := 0, reads.Load(); i > 0 && n < 5000 && reads.Load() < before+20; n++ {
					runtime.Gosched()
				}
				if err := s.Commit(ctx, part); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// pagesByOffset takes a cursor for the number of records given so far.
func pagesByOffset() hooks {
	given := map[workflow.Cursor]int{}
	return hooks{find: func(s *memstore.Store, ctx ctxt, q workflow.Query) docs {
		return func(yield func(workflow.Document, error) bool) {
			skip, whole := given[q.After], q
			whole.After, whole.Limit = "", 0
			n := 0
			for d, err := range s.Find(ctx, whole) {
				if n++; n <= skip {
					continue
				}
				given[q.CursorAt(d)] = n
				if !yield(d, err) || q.Limit > 0 && n == skip+q.Limit {
					return
				}
			}
		}
	}}
}

func locksWhileYielding() hooks {
	var mu sync.Mutex
	return hooks{
		find: func(s *memstore.Store, ctx ctxt, q workflow.Query) docs {
			return func(yield func(workflow.Document, error) bool) {
				if !mu.TryLock() {
					yield(workflow.Document{}, errors.New("would wait for ever"))
					return
				}
				defer mu.Unlock()
				s.Find(ctx, q)(yield)
			}
		},
		commit: func(s *memstore.Store, ctx ctxt, b workflow.Batch) error {
			if !mu.TryLock() {
				return errors.New("would wait for ever")
			}
			defer mu.Unlock()
			return s.Commit(ctx, b)
		},
	}
}

// showsLate gives every tenth event only from the second time on that it would
// be read, while those behind it are given at once.
func showsLate() hooks {
	read := map[workflow.Hash]bool{}
	return hooks{events: func(s *memstore.Store, ctx ctxt, after workflow.Position, x workflow.Filter) feed {
		return kept(s.Events(ctx, after, x), func(e event) bool {
			late := strings.HasSuffix(string(e.Position), "7") && !read[e.Hash]
			read[e.Hash] = true
			return !late
		})
	}}
}

func runsForEver() hooks {
	return hooks{events: func(s *memstore.Store, ctx ctxt, after workflow.Position, x workflow.Filter) feed {
		return func(yield func(event, error) bool) {
			for more := true; more; {
				more = false
				for e, err := range s.Events(ctx, after, x) {
					if !yield(e, err) {
						return
					}
					after, more = e.Position, true
				}
			}
		}
	}}
}
