package storetest_test

import (
	"context"
	"errors"
	"iter"
	"slices"
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
	for _, b := range slices.Concat(brokenStores, brokenQueues) {
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

// broken is a store with one fault and the rules that must find it.
type broken struct {
	fault string
	rules []string
	make  func() hooks
}
