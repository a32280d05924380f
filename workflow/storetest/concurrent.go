package storetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync/atomic"

	"github.com/itsm-go/itsm/workflow"
)

var concurrentRules = []Rule{
	{"concurrent/linearizable", "no update may be lost, and nobody may read the past after having read the present", linearizable},
	{"concurrent/no-half-batch", "a reader must not see the parent resolved and its child still open", noHalfBatch},
	{"concurrent/feed-misses-nothing", "a follower that reads while others commit must not pass over an event that commits late", feedWhileWriting},
}

// linearizable judges what 16 clients see of four records.
func linearizable(p *probe) {
	history, err := Load{Clients: 16, Records: 4, Steps: 40, Seed: 42}.Run(p.ctx, p.store)
	p.must(err, "random reads and writes")
	if err := Linearizable(history); err != nil {
		p.errorf("%w", err)
	}
}

// Load is a random load of concurrent reads and writes over few records, some
// of the writes stale, for which a store answers with a [History].
type Load struct {
	Clients int // at the same time
	Records int // which they share, at least one
	Steps   int // reads and writes of each client
	Seed    uint64
}

// Run puts the load on a store, which must be fresh, and returns what the
// clients saw, for [Linearizable] or another checker to judge. Errors of the
// store other than conflicts and unsure commits end it and are returned.
func (l Load) Run(ctx context.Context, s workflow.Store) (History, error) {
	p := newProbe(ctx, Backend{Store: func(string) workflow.Store { return s }})
	refs := make([]workflow.Ref, max(1, l.Records))
	for i := range refs {
		refs[i] = workflow.Ref{Kind: "incident", ID: p.id()}
	}
	var ticks atomic.Int64
	own := make([]History, max(0, l.Clients))
	p.parallel(len(own), func(client int) error {
		c := linearClient{p: p, client: client, ticks: &ticks, last: map[workflow.Ref]workflow.Document{}}
		r := rand.New(rand.NewPCG(l.Seed, uint64(client)))
		for range l.Steps {
			op, err := c.step(refs[r.IntN(len(refs))], r.IntN(2) == 0)
			if err != nil {
				return err
			}
			own[client] = append(own[client], op)
		}
		return nil
	})
	return slices.Concat(own...), errors.Join(p.found...)
}

// linearClient writes over what it last saw of a record, however old that is.
type linearClient struct {
	p      *probe
	client int
	ticks  *atomic.Int64
	last   map[workflow.Ref]workflow.Document
}

func (c *linearClient) step(ref workflow.Ref, read bool) (Op, error) {
	op := Op{Client: c.client, Ref: ref}
	before, known := c.last[ref]
	if !known {
		before.Ref = ref
	}
	if read {
		return c.read(op)
	}
	b := workflow.Batch{ID: c.p.id()}
	w, err := NewWrite(b.ID, c.p.tick(), before, nil, fmt.Sprintf(`{"by":%d}`, c.client))
	if err != nil {
		return op, err
	}
	b.Writes = []workflow.Write{w}
	op.Version, op.Head = w.Document.Version, w.Document.Head
	op.Call = c.ticks.Add(1)
	err = c.p.store.Commit(c.p.ctx, b)
	op.Return = c.ticks.Add(1)
	conflict := (*workflow.ConflictError)(nil)
	switch {
	case err == nil:
		op.Outcome, c.last[ref] = Written, w.Document
	case errors.As(err, &conflict):
		op.Outcome, op.Actual = Refused, conflict.Actual
		delete(c.last, ref)
	case errors.Is(err, workflow.ErrUnsure):
		op.Outcome = Unsure
	default:
		return op, err
	}
	return op, nil
}

func (c *linearClient) read(op Op) (Op, error) {
	op.Outcome = Read
	op.Call = c.ticks.Add(1)
	doc, err := c.p.store.Get(c.p.ctx, op.Ref)
	op.Return = c.ticks.Add(1)
	if errors.Is(err, workflow.ErrNotFound) {
		return op, nil
	}
	op.Version, op.Head = doc.Version, doc.Head
	if err == nil {
		c.last[op.Ref] = doc
	}
	return op, err
}

// noHalfBatch always writes two records together, so that whoever sees both at
// one instant sees the same version of both.
func noHalfBatch(p *probe) {
	x, y := p.create("pair"), p.create("pair")
	const rounds = 60
	var done atomic.Bool
	p.parallel(4, func(i int) error {
		if i > 0 {
			for last := false; !last; {
				last = done.Load()
				if err := p.readPair(x.Ref, y.Ref); err != nil {
					done.Store(true)
					return err
				}
				runtime.Gosched()
			}
			return nil
		}
		defer done.Store(true)
		for n := 0; n < rounds && !done.Load(); n++ {
			if err := p.bump(false, x.Ref, y.Ref); err != nil {
				return err
			}
		}
		return nil
	})
}

// readPair reads both records one after the other, both ways round, and both at
// one instant.
func (p *probe) readPair(x, y workflow.Ref) error {
	for _, pair := range [][2]workflow.Ref{{x, y}, {y, x}} {
		one, err := p.store.Get(p.ctx, pair[0])
		if err != nil {
			return err
		}
		two, err := p.store.Get(p.ctx, pair[1])
		if err != nil {
			return err
		}
		if two.Version < one.Version {
			return fmt.Errorf("read %v at version %d and then %v, which is always written with it, at version %d", one.Ref, one.Version, two.Ref, two.Version)
		}
	}
	both, err := all(p.store.Find(p.ctx, workflow.Query{Kind: "pair"}))
	if err == nil && (len(both) != 2 || both[0].Version != both[1].Version) {
		err = fmt.Errorf("found at one instant, of two records that are always written together: %s", refs(both))
	}
	return err
}

// feedWhileWriting has a reader poll without pause while eight writers commit,
// to their own records and to a shared one.
func feedWhileWriting(p *probe) {
	const writers, rounds = 8, 30
	shared := p.create("incident")
	own := make([]workflow.Document, writers)
	for i := range own {
		own[i] = p.create("problem")
	}
	var left atomic.Int32
	left.Store(writers)
	var got []workflow.Event
	p.parallel(writers+1, func(i int) (err error) {
		if i == writers {
			got, err = p.follow(func() bool { return left.Load() == 0 })
			return err
		}
		defer left.Add(-1)
		for range rounds {
			for err = workflow.ErrConflict; errors.Is(err, workflow.ErrConflict); {
				err = p.bump(i%2 == 0, own[i].Ref, shared.Ref)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	want := 1 + writers + 2*writers*rounds
	seen := map[workflow.Ref]int64{}
	for _, e := range got {
		if e.Version != seen[e.Ref]+1 {
			p.errorf("event %d of %v followed event %d", e.Version, e.Ref, seen[e.Ref])
			p.stop()
		}
		seen[e.Ref] = e.Version
	}
	if len(got) != want {
		p.errorf("the reader saw %d events, want %d", len(got), want)
	}
}

// follow reads the feed from position to position until ended reports that no
// more is to come and the feed is read to its end.
func (p *probe) follow(ended func() bool) ([]workflow.Event, error) {
	var got []workflow.Event
	var at workflow.Position
	for last := false; !last; {
		last = ended()
		for e, err := range p.store.Events(p.ctx, at, workflow.Filter{}) {
			if err != nil {
				return got, err
			}
			got, at = append(got, e), e.Position
		}
		runtime.Gosched()
	}
	return got, nil
}
