package storetest_test

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/memstore"
	"github.com/itsm-go/itsm/workflow/storetest"
)

// hooks are the faults of a broken store: each stands before a method of a
// right one, the zero hook lets the call through.
type hooks struct {
	tenant func(name string) string
	get    func(s *memstore.Store, ctx context.Context, ref workflow.Ref) (workflow.Document, error)
	commit func(s *memstore.Store, ctx context.Context, b workflow.Batch) error
	find   func(s *memstore.Store, ctx context.Context, q workflow.Query) iter.Seq2[workflow.Document, error]
	events func(s *memstore.Store, ctx context.Context, after workflow.Position, f workflow.Filter) iter.Seq2[workflow.Event, error]
	claim  func(s *memstore.Store, ctx context.Context, now time.Time, n int, lease time.Duration) ([]workflow.Due, error)
	settle func(s *memstore.Store, ctx context.Context, all []workflow.Settlement) error
	revive func(s *memstore.Store, ctx context.Context, at time.Time, receipts []workflow.Receipt) error
	reopen func(db *memstore.Store) (*memstore.Store, error)
	forget forgetting
}

type faulty struct {
	*memstore.Store
	h hooks
}

func (f faulty) Get(ctx context.Context, ref workflow.Ref) (workflow.Document, error) {
	if f.h.get != nil {
		return f.h.get(f.Store, ctx, ref)
	}
	return f.Store.Get(ctx, ref)
}

func (f faulty) Commit(ctx context.Context, b workflow.Batch) error {
	if f.h.commit != nil {
		return f.h.commit(f.Store, ctx, b)
	}
	return f.Store.Commit(ctx, b)
}

func (f faulty) Find(ctx context.Context, q workflow.Query) iter.Seq2[workflow.Document, error] {
	if f.h.find != nil {
		return f.h.find(f.Store, ctx, q)
	}
	return f.Store.Find(ctx, q)
}

func (f faulty) Events(ctx context.Context, after workflow.Position, x workflow.Filter) iter.Seq2[workflow.Event, error] {
	if f.h.events != nil {
		return f.h.events(f.Store, ctx, after, x)
	}
	return f.Store.Events(ctx, after, x)
}

func (f faulty) Claim(ctx context.Context, now time.Time, n int, lease time.Duration) ([]workflow.Due, error) {
	if f.h.claim != nil {
		return f.h.claim(f.Store, ctx, now, n, lease)
	}
	return f.Store.Claim(ctx, now, n, lease)
}

func (f faulty) Settle(ctx context.Context, all ...workflow.Settlement) error {
	if f.h.settle != nil {
		return f.h.settle(f.Store, ctx, all)
	}
	return f.Store.Settle(ctx, all...)
}

func (f faulty) Revive(ctx context.Context, at time.Time, receipts ...workflow.Receipt) error {
	if f.h.revive != nil {
		return f.h.revive(f.Store, ctx, at, receipts)
	}
	return f.Store.Revive(ctx, at, receipts...)
}

// backend puts the hooks before a fresh store. Without a fault it passes every
// rule, the durable ones too: reopening then keeps everything.
func backend(h hooks) storetest.Backend {
	db := memstore.New()
	handle := func(tenant string) faulty {
		if h.tenant != nil {
			tenant = h.tenant(tenant)
		}
		return faulty{db.Tenant(tenant), h}
	}
	return storetest.Backend{
		Store: func(tenant string) workflow.Store { return handle(tenant) },
		Queue: func(tenant string) workflow.Queue { return handle(tenant) },
		Reopen: func() (err error) {
			if h.reopen != nil {
				db, err = h.reopen(db)
			}
			return err
		},
	}
}

func rule(t *testing.T, name string) storetest.Rule {
	t.Helper()
	rules := storetest.Rules()
	i := slices.IndexFunc(rules, func(r storetest.Rule) bool { return r.Name == name })
	if i < 0 {
		t.Fatalf("there is no rule %s", name)
	}
	return rules[i]
}

// TestBrokenStores proves that the suite can fail: every rule has a store that
// breaks it, and the rule finds it out.
func TestBrokenStores(t *testing.T) {
	caught := map[string]bool{}
	for _, b := range slices.Concat(brokenStores, brokenQueues, brokenForgets) {
		t.Run(b.fault, func(t *testing.T) {
			for _, name := range b.rules {
				err := rule(t, name).Check(t.Context(), backend(b.make()))
				if broken := (*storetest.RuleError)(nil); !errors.As(err, &broken) || broken.Name != name {
					t.Errorf("rule %s did not notice: %v", name, err)
				}
				t.Log(err)
				caught[name] = true
			}
		})
	}
	for _, r := range storetest.Rules() {
		if !caught[r.Name] {
			t.Errorf("no broken store proves that rule %s can fail", r.Name)
		}
	}
}

// TestCheck reports what stands in the way of a check as it reports broken rules.
func TestCheck(t *testing.T) {
	full := errors.New("disk full")
	err := storetest.Check(t.Context(), func() (storetest.Backend, error) { return storetest.Backend{}, full })
	if !errors.Is(err, full) {
		t.Errorf("open fails: got %v", err)
	}
	b := backend(hooks{})
	b.Close = func() error { return full }
	if err := rule(t, "commit/get-of-unknown").Check(t.Context(), b); !errors.Is(err, full) {
		t.Errorf("close fails: got %v", err)
	}
	for _, r := range storetest.Rules() {
		if r.Why == "" {
			t.Errorf("rule %s has no reason", r.Name)
		}
		switch theme, _, _ := strings.Cut(r.Name, "/"); theme {
		case "durable":
			if err := r.Check(t.Context(), backend(hooks{})); err != nil {
				t.Errorf("a right store that can be reopened: %v", err)
			}
			fallthrough
		case "timer", "message", "lease", "tenant":
			b := backend(hooks{})
			b.Queue = nil
			if err := r.Check(t.Context(), b); err != nil {
				t.Errorf("a right store without a queue: %v", err)
			}
		}
	}
}

// broken is a store with one fault and the rules that must find it.
type broken struct {
	fault string
	rules []string
	make  func() hooks
}

// failing yields the error alone.
func failing[T any](err error) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var zero T
		yield(zero, err)
	}
}

// kept yields what passes the test.
func kept[T any](seq iter.Seq2[T, error], keep func(T) bool) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for v, err := range seq {
			if (err != nil || keep(v)) && !yield(v, err) {
				return
			}
		}
	}
}

// changed yields what the change makes of each.
func changed[T any](seq iter.Seq2[T, error], change func(T) T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for v, err := range seq {
			if !yield(change(v), err) {
				return
			}
		}
	}
}

// reordered yields everything in another order.
func reordered[T any](seq iter.Seq2[T, error], sort func([]T)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var all []T
		for v, err := range seq {
			if err != nil {
				yield(v, err)
				return
			}
			all = append(all, v)
		}
		sort(all)
		for _, v := range all {
			if !yield(v, nil) {
				return
			}
		}
	}
}

// withoutFirst leaves out the first if skip.
func withoutFirst[T any](seq iter.Seq2[T, error], skip bool) iter.Seq2[T, error] {
	return kept(seq, func(T) bool {
		keep := !skip
		skip = false
		return keep
	})
}
