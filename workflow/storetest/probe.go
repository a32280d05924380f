package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

// probe is what a rule works with: a backend, a made-up clock and ids, and the
// findings. All its methods but parallel, tick and id are for one goroutine.
type probe struct {
	ctx     context.Context
	backend Backend
	store   workflow.Store // of the default tenant
	queue   workflow.Queue // likewise; nil if the backend has none

	mu    sync.Mutex
	ids   workflow.IDSource
	clock time.Time
	found []error
	notes []string
}

// epoch is where the clock of every rule begins. Its microseconds are odd, so
// that a store which rounds them is found out.
var epoch = time.Date(2026, 3, 1, 9, 0, 0, 123_457_000, time.UTC)

func newProbe(ctx context.Context, b Backend) *probe {
	p := &probe{ctx: ctx, backend: b, ids: workflow.SeededIDs(1), clock: epoch}
	p.handles()
	return p
}

// handles gets new handles, as after a restart.
func (p *probe) handles() {
	p.store = p.backend.Store("")
	if p.backend.Queue != nil {
		p.queue = p.backend.Queue("")
	}
}

// stopped ends a rule that cannot go on; the finding is recorded already.
type stopped struct{}

func (p *probe) guard(run func(*probe)) {
	defer func() {
		if r := recover(); r != nil && r != (stopped{}) {
			panic(r)
		}
	}()
	run(p)
}

// errorf records a finding.
func (p *probe) errorf(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.found = append(p.found, fmt.Errorf(format, args...))
}

func (p *probe) stop() { panic(stopped{}) }

// must records the error, if there is one, and ends the rule.
func (p *probe) must(err error, format string, args ...any) {
	if err != nil {
		p.errorf("%s: %w", fmt.Sprintf(format, args...), err)
		p.stop()
	}
}

// wantError records a finding unless the error matches.
func (p *probe) wantError(err, want error, format string, args ...any) {
	if !errors.Is(err, want) {
		p.errorf("%s: got error %v, want one that matches %q", fmt.Sprintf(format, args...), err, want)
	}
}

// hasQueue reports whether the backend has a queue, and notes it if not.
func (p *probe) hasQueue() bool {
	if p.queue == nil {
		p.notes = append(p.notes, "the backend has no queue of its own: what this rule says about timers and messages is left to the host")
	}
	return p.queue != nil
}

// parallel runs n goroutines, waits for all and records their errors.
func (p *probe) parallel(n int, work func(i int) error) {
	var all sync.WaitGroup
	for i := range n {
		all.Add(1)
		go func() {
			defer all.Done()
			if err := work(i); err != nil {
				p.errorf("client %d: %w", i, err)
			}
		}()
	}
	all.Wait()
}

// tick returns the next instant of the made-up clock.
func (p *probe) tick() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clock = p.clock.Add(time.Millisecond)
	return p.clock
}

// id returns a new id.
func (p *probe) id() workflow.ID { return p.ids.NewID(p.tick()) }

// unborn returns a record of the kind that is yet to be written.
func (p *probe) unborn(kind string) workflow.Document {
	return workflow.Document{Ref: workflow.Ref{Kind: kind, ID: p.id()}}
}

// write returns the next version of a record, to go into the batch.
func (p *probe) write(b *workflow.Batch, before workflow.Document, ix workflow.Index, body string) workflow.Document {
	w, err := NewWrite(b.ID, p.tick(), before, ix, body)
	p.must(err, "build a write")
	b.Writes = append(b.Writes, w)
	return w.Document
}

func (p *probe) batch() workflow.Batch { return workflow.Batch{ID: p.id()} }

// commit commits the batch and ends the rule if that fails.
func (p *probe) commit(b workflow.Batch) {
	p.must(p.store.Commit(p.ctx, b), "commit of %d writes, %d timers, %d messages", len(b.Writes), len(b.Timers), len(b.Messages))
}

// put commits the next version of one record.
func (p *probe) put(before workflow.Document, ix workflow.Index, body string) workflow.Document {
	b := p.batch()
	doc := p.write(&b, before, ix, body)
	p.commit(b)
	return doc
}

// create commits a new record with the index entries.
func (p *probe) create(kind string, entries ...workflow.IndexEntry) workflow.Document {
	return p.put(p.unborn(kind), workflow.NewIndex(entries...), `{"n":1}`)
}

// wantStored records a finding unless the record is exactly doc.
func (p *probe) wantStored(doc workflow.Document) {
	got, err := p.store.Get(p.ctx, doc.Ref)
	if err == nil {
		err = sameDocument(got, doc)
	}
	if err != nil {
		p.errorf("get %v: %w", doc.Ref, err)
	}
}

// wantAbsent records a finding if the record is there.
func (p *probe) wantAbsent(ref workflow.Ref) {
	_, err := p.store.Get(p.ctx, ref)
	p.wantError(err, workflow.ErrNotFound, "get %v, which was never committed", ref)
}

func sameDocument(got, want workflow.Document) error {
	a, err := got.Body.Encoded()
	if err != nil {
		return err
	}
	b, err := want.Body.Encoded()
	switch {
	case err != nil:
		return err
	case got.Ref != want.Ref || got.Version != want.Version || got.Schema != want.Schema || got.Head != want.Head:
		return fmt.Errorf("got %v version %d schema %d head %.8s, want %v version %d schema %d head %.8s",
			got.Ref, got.Version, got.Schema, got.Head, want.Ref, want.Version, want.Schema, want.Head)
	case !got.Created.Equal(want.Created) || !got.Updated.Equal(want.Updated):
		return fmt.Errorf("got times %v, %v, want %v, %v", got.Created, got.Updated, want.Created, want.Updated)
	case !slices.Equal(got.Index, want.Index):
		return fmt.Errorf("got index %q, want %q", got.Index, want.Index)
	case !bytes.Equal(a, b):
		return fmt.Errorf("got body %s, want %s", a, b)
	}
	return nil
}

// find runs the query and ends the rule if that fails.
func (p *probe) find(q workflow.Query) []workflow.Document {
	docs, err := all(p.store.Find(p.ctx, q))
	p.must(err, "find %.400s", fmt.Sprintf("%+v", q))
	return docs
}

// wantFound records a finding unless the query gives exactly these, in order.
func (p *probe) wantFound(why string, q workflow.Query, want ...workflow.Document) {
	got := p.find(q)
	same := slices.EqualFunc(got, want, func(a, b workflow.Document) bool { return a.Ref == b.Ref && a.Version == b.Version })
	if !same {
		p.errorf("%s: query %.400s\n found %s\n  want %s", why, fmt.Sprintf("%+v", q), refs(got), refs(want))
	}
}

// refs shows documents by their index, which tells more than an id.
func refs(docs []workflow.Document) string {
	var b bytes.Buffer
	for _, d := range docs {
		fmt.Fprintf(&b, "[%.13s v%d", d.ID, d.Version)
		for _, x := range d.Index {
			fmt.Fprintf(&b, " %s=%.24q", x.Field, x.Key)
		}
		b.WriteString("] ")
	}
	return b.String()
}

// events reads the feed and ends the rule if that fails.
func (p *probe) events(after workflow.Position, f workflow.Filter) []workflow.Event {
	events, err := all(p.store.Events(p.ctx, after, f))
	p.must(err, "events after %q of %+v", after, f)
	return events
}

// claim claims and ends the rule if that fails.
func (p *probe) claim(now time.Time, n int) []workflow.Due {
	due, err := p.queue.Claim(p.ctx, now, n, lease)
	p.must(err, "claim at %v", now)
	return due
}

// settle settles with one outcome and ends the rule if that fails.
func (p *probe) settle(o workflow.Outcome, due ...workflow.Due) {
	var all []workflow.Settlement
	for _, d := range due {
		all = append(all, workflow.Settlement{Receipt: d.Receipt, Outcome: o, Error: "as the rule wants"})
	}
	p.must(p.queue.Settle(p.ctx, all...), "settle")
}

// wantDue records a finding unless exactly this work was handed out, in order,
// and ends the rule.
func (p *probe) wantDue(why string, got []workflow.Due, want ...string) {
	var names []string
	for _, d := range got {
		names = append(names, workName(d))
	}
	if !slices.Equal(names, want) {
		p.errorf("%s: claimed %q, want %q", why, names, want)
		p.stop()
	}
}

// workName is a timer's name or a message's topic.
func workName(d workflow.Due) string {
	switch {
	case d.Timer != nil:
		return d.Timer.Name
	case d.Message != nil:
		return d.Message.Topic
	}
	return "neither timer nor message"
}

// lease is how long the rules lease work for.
const lease = time.Minute

func all[T any](seq iter.Seq2[T, error]) ([]T, error) {
	var got []T
	for v, err := range seq {
		if err != nil {
			return got, err
		}
		got = append(got, v)
	}
	return got, nil
}

// entry makes an index entry.
func entry(field string, key workflow.Key) workflow.IndexEntry {
	return workflow.IndexEntry{Field: field, Key: key}
}
