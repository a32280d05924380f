package storetest

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

var commitRules = []Rule{
	{"commit/get-returns-what-was-committed", "a decision is made on what Get returns", commitAndGet},
	{"commit/get-of-unknown", "callers tell a missing record from a failing store with errors.Is", getUnknown},
	{"commit/stale-write", "a write decided on an old version would undo somebody else's change", staleWrite},
	{"commit/all-or-nothing", "half a batch leaves a parent resolved and its children open", allOrNothing},
	{"commit/opposite-order", "two commands over the same records must not lock each other for ever", oppositeOrder},
	{"commit/same-batch-twice", "after a lost connection the caller commits again and must not act twice", sameBatchTwice},
	{"commit/failed-batch-again", "a batch that was refused did not happen, so its id is not used up", failedBatchAgain},
	{"commit/work-without-writes", "a follow-up may need a timer or a message and no change", workWithoutWrites},
	{"commit/invalid-refused", "all stores must refuse alike, and before anything is written", invalidRefused},
	{"commit/cancelled", "a caller who gave up must be able to rely on nothing having happened", cancelled},
	{"commit/no-aliasing", "a caller who reuses a buffer must not rewrite history", noAliasing},
}

func commitAndGet(p *probe) {
	ix := workflow.NewIndex(entry("state", "open"), entry("ci", "b"), entry("ci", "a"), entry("empty", ""))
	doc := p.put(p.unborn("incident"), ix, `{"title":"Mail is down","n":[1,2,{"x":null}]}`)
	p.wantStored(doc)
	next := p.put(doc, workflow.NewIndex(entry("state", "closed")), `{"title":"Mail is down","n":[]}`)
	p.wantStored(next)
	bare := p.put(p.unborn("Kind-1.x_y"), nil, `{}`)
	p.wantStored(bare)
	other := bare.Ref
	other.Kind = "incident"
	p.wantAbsent(other)
}

func getUnknown(p *probe) {
	p.wantAbsent(workflow.Ref{Kind: "incident", ID: p.id()})
	p.wantAbsent(workflow.Ref{})
}

func staleWrite(p *probe) {
	first := p.create("incident")
	second := p.put(first, nil, `{"n":2}`)
	stranger := first
	stranger.ID = p.id()
	ahead := second
	ahead.Version++
	cases := []struct {
		name             string
		before           workflow.Document
		expected, actual int64
	}{
		{"update of version 1 when it is at 2", first, 1, 2},
		{"creation over an existing record", workflow.Document{Ref: first.Ref}, 0, 2},
		{"update of a record that does not exist", stranger, 1, 0},
		{"update of a version that is yet to come", ahead, 3, 2},
	}
	for _, c := range cases {
		b := p.batch()
		p.write(&b, c.before, nil, `{"n":99}`)
		err := p.store.Commit(p.ctx, b)
		p.wantError(err, workflow.ErrConflict, "%s", c.name)
		want := workflow.ConflictError{Ref: c.before.Ref, Expected: c.expected, Actual: c.actual}
		if ce := (*workflow.ConflictError)(nil); !errors.As(err, &ce) || *ce != want {
			p.errorf("%s: got %v, want the conflict %v", c.name, err, &want)
		}
	}
	p.wantStored(second)
	p.wantAbsent(stranger.Ref)
	if n := len(p.events("", workflow.Filter{})); n != 2 {
		p.errorf("%d events after refused writes, want 2", n)
	}
}

func allOrNothing(p *probe) {
	for bad := range 3 {
		stale := p.create("incident", entry("state", "old"))
		fresh := p.put(stale, workflow.NewIndex(entry("state", "old")), `{"n":2}`)
		good := p.create("incident", entry("state", "old"))
		born := p.unborn("problem")
		before := p.events("", workflow.Filter{})

		b := p.batch()
		ix := workflow.NewIndex(entry("state", "new"))
		for i := range 3 {
			switch {
			case i == bad:
				p.write(&b, stale, ix, `{"n":3}`)
			case i == (bad+1)%3:
				p.write(&b, good, ix, `{"n":3}`)
			default:
				p.write(&b, born, ix, `{"n":3}`)
			}
		}
		b.Timers = []workflow.Timer{{Ref: good.Ref, Name: "t", Due: epoch}}
		b.Messages = []workflow.Message{{ID: p.id(), Ref: good.Ref, Topic: "m", At: epoch}}
		err := p.store.Commit(p.ctx, b)
		p.wantError(err, workflow.ErrConflict, "batch whose write %d is stale", bad)

		p.wantStored(fresh)
		p.wantStored(good)
		p.wantAbsent(born.Ref)
		for _, kind := range []string{"incident", "problem"} {
			p.wantFound("index keys of a refused batch", workflow.Query{Kind: kind, Where: []workflow.Condition{workflow.Is("state", "new")}})
		}
		if n := len(p.events("", workflow.Filter{})); n != len(before) {
			p.errorf("a refused batch left %d events", n-len(before))
		}
		if p.hasQueue() {
			p.wantDue("work of a refused batch", p.claim(p.tick().Add(time.Hour), 10))
		}
	}
}

func oppositeOrder(p *probe) {
	x, y := p.create("incident"), p.create("incident")
	const rounds = 40
	p.parallel(4, func(i int) error {
		for range rounds {
			for {
				err := p.bump(i%2 == 0, x.Ref, y.Ref)
				if err == nil {
					break
				}
				if !errors.Is(err, workflow.ErrConflict) {
					return err
				}
			}
		}
		return nil
	})
	for _, ref := range []workflow.Ref{x.Ref, y.Ref} {
		doc, err := p.store.Get(p.ctx, ref)
		p.must(err, "get")
		if want := int64(4*rounds + 1); doc.Version != want {
			p.errorf("%v is at version %d after %d updates, want %d", ref, doc.Version, 4*rounds, want)
		}
	}
}

// bump commits the next version of all records in one batch, in the order given
// or the other way round. It is for many goroutines.
func (p *probe) bump(reverse bool, records ...workflow.Ref) error {
	b := workflow.Batch{ID: p.id()}
	for i := range records {
		if reverse {
			i = len(records) - 1 - i
		}
		doc, err := p.store.Get(p.ctx, records[i])
		if err != nil {
			return err
		}
		w, err := NewWrite(b.ID, p.tick(), doc, doc.Index, `{"n":1}`)
		if err != nil {
			return err
		}
		b.Writes = append(b.Writes, w)
	}
	return p.store.Commit(p.ctx, b)
}

func sameBatchTwice(p *probe) {
	b := p.batch()
	doc := p.write(&b, p.unborn("incident"), nil, `{"n":1}`)
	b.Timers = []workflow.Timer{{Ref: doc.Ref, Name: "t", Due: epoch}}
	b.Messages = []workflow.Message{{ID: p.id(), Ref: doc.Ref, Topic: "m", At: epoch}}
	p.commit(b)
	if p.queue != nil {
		due := p.claim(epoch, 10)
		p.settle(workflow.Done, due...)
	}
	now := p.put(doc, nil, `{"n":2}`)

	other := workflow.Batch{ID: b.ID}
	p.write(&other, p.unborn("problem"), nil, `{"n":1}`)
	if err := p.store.Commit(p.ctx, b); err != nil {
		p.errorf("the same batch again: %w", err)
	}
	if err := p.store.Commit(p.ctx, other); err != nil {
		p.errorf("another content under the same id: %w", err)
	}
	p.wantStored(now)
	p.wantAbsent(other.Writes[0].Document.Ref)
	if n := len(p.events("", workflow.Filter{})); n != 2 {
		p.errorf("%d events, want 2", n)
	}
	if p.hasQueue() {
		p.wantDue("work that was done before the batch came again", p.claim(epoch.Add(time.Hour), 10))
	}
}

func failedBatchAgain(p *probe) {
	first := p.create("incident")
	second := p.put(first, nil, `{"n":2}`)
	b := p.batch()
	p.write(&b, first, nil, `{"n":3}`)
	p.wantError(p.store.Commit(p.ctx, b), workflow.ErrConflict, "stale write")
	b.Writes = nil
	third := p.write(&b, second, nil, `{"n":3}`)
	p.commit(b)
	p.wantStored(third)
}

func workWithoutWrites(p *probe) {
	ref := workflow.Ref{Kind: "incident", ID: p.id()}
	b := p.batch()
	b.Messages = []workflow.Message{{ID: p.id(), Ref: ref, Topic: "m", At: epoch}}
	p.commit(b)
	p.commit(b)
	c := p.batch()
	c.Timers = []workflow.Timer{{Ref: ref, Name: "t", Due: epoch}}
	p.commit(c)
	p.wantAbsent(ref)
	if p.hasQueue() {
		due := p.claim(epoch, 10)
		if len(due) == 2 && due[0].Message != nil {
			due[0], due[1] = due[1], due[0]
		}
		p.wantDue("one timer and one message", due, "t", "m")
	}
}

func invalidRefused(p *probe) {
	doc := p.create("incident")
	spoil := map[string]func(b *workflow.Batch){
		"no batch id":           func(b *workflow.Batch) { b.ID = workflow.ID{} },
		"empty":                 func(b *workflow.Batch) { b.Writes = nil },
		"written twice":         func(b *workflow.Batch) { b.Writes = append(b.Writes, b.Writes[0]) },
		"no body":               func(b *workflow.Batch) { b.Writes[0].Document.Body = workflow.Body{} },
		"version 0":             func(b *workflow.Batch) { b.Writes[0].Document.Version = 0 },
		"event of other record": func(b *workflow.Batch) { b.Writes[0].Event.ID = p.id() },
		"event of other batch":  func(b *workflow.Batch) { b.Writes[0].Event.Batch = p.id() },
		"head is not the hash":  func(b *workflow.Batch) { b.Writes[0].Document.Head[0]++ },
		"kind with a slash":     func(b *workflow.Batch) { b.Writes[0].Document.Kind, b.Writes[0].Event.Kind = "a/b", "a/b" },
		"unsorted index": func(b *workflow.Batch) {
			b.Writes[0].Document.Index = workflow.Index{entry("b", ""), entry("a", "")}
		},
		"key too long": func(b *workflow.Batch) {
			b.Writes[0].Document.Index = workflow.Index{entry("a", workflow.Key(make([]byte, workflow.MaxKey+1)))}
		},
		"timer without name": func(b *workflow.Batch) { b.Timers = []workflow.Timer{{Ref: doc.Ref, Due: epoch}} },
		"timer set twice": func(b *workflow.Batch) {
			t := workflow.Timer{Ref: doc.Ref, Name: "t", Due: epoch}
			b.Timers = []workflow.Timer{t, t}
		},
		"message without id": func(b *workflow.Batch) {
			b.Messages = []workflow.Message{{Ref: doc.Ref, Topic: "m", At: epoch}}
		},
		"too many": func(b *workflow.Batch) { b.Timers = make([]workflow.Timer, workflow.MaxBatch+1) },
	}
	for _, name := range slices.Sorted(maps.Keys(spoil)) {
		b := p.batch()
		p.write(&b, doc, nil, `{"n":2}`)
		spoil[name](&b)
		p.wantError(p.store.Commit(p.ctx, b), workflow.ErrInvalid, "batch with fault %q", name)
	}
	p.wantStored(doc)
	if n := len(p.events("", workflow.Filter{})); n != 1 {
		p.errorf("%d events after invalid batches, want 1", n)
	}
}

func cancelled(p *probe) {
	doc := p.create("incident")
	b := p.batch()
	p.write(&b, doc, nil, `{"n":2}`)
	b.Messages = []workflow.Message{{ID: p.id(), Ref: doc.Ref, Topic: "m", At: epoch}}
	ctx, cancel := context.WithCancel(p.ctx)
	cancel()
	calls := map[string]func() error{
		"Get":    func() error { _, err := p.store.Get(ctx, doc.Ref); return err },
		"Commit": func() error { return p.store.Commit(ctx, b) },
		"Find":   func() error { _, err := all(p.store.Find(ctx, workflow.Query{Kind: "incident"})); return err },
		"Events": func() error { _, err := all(p.store.Events(ctx, "", workflow.Filter{})); return err },
	}
	if p.hasQueue() {
		calls["Claim"] = func() error { _, err := p.queue.Claim(ctx, epoch, 1, lease); return err }
		calls["Settle"] = func() error {
			return p.queue.Settle(ctx, workflow.Settlement{Receipt: "1", Outcome: workflow.Done})
		}
		calls["Parked"] = func() error { _, err := all(p.queue.Parked(ctx)); return err }
		calls["Revive"] = func() error { return p.queue.Revive(ctx, epoch, "1") }
	}
	for _, name := range slices.Sorted(maps.Keys(calls)) {
		p.wantError(calls[name](), context.Canceled, "%s with a cancelled context", name)
	}
	p.wantStored(doc)
	p.commit(b)
}

func noAliasing(p *probe) {
	ix := workflow.NewIndex(entry("state", "open"))
	b := p.batch()
	doc := p.write(&b, p.unborn("incident"), ix, `{"title":"as committed"}`)
	want := doc
	want.Index = workflow.NewIndex(ix...)
	b.Timers = []workflow.Timer{{Ref: doc.Ref, Name: "t", Due: epoch, Payload: []byte("timer")}}
	b.Messages = []workflow.Message{{ID: p.id(), Ref: doc.Ref, Topic: "m", At: epoch, Payload: []byte("message")}}
	p.commit(b)

	b.Writes[0].Document.Index[0].Key = "scribble"
	b.Writes[0].Event.Changes[0].New[1] = 'X'
	b.Writes[0].Event.Changes[0].Path = "/scribble"
	b.Timers[0].Payload[0], b.Messages[0].Payload[0] = 'X', 'X'
	b.Writes[0] = workflow.Write{}
	p.wantStored(want)

	got, err := p.store.Get(p.ctx, doc.Ref)
	p.must(err, "get")
	got.Index[0].Key = "scribble"
	for _, d := range p.find(workflow.Query{Kind: "incident"}) {
		d.Index[0].Key = "scribble"
	}
	for _, e := range p.events("", workflow.Filter{}) {
		e.Changes[0].New[1] = 'X'
		e.Changes[0].Path = "/scribble"
	}
	p.wantStored(want)
	p.wantFound("by the key committed", workflow.Query{Kind: "incident", Where: []workflow.Condition{workflow.Is("state", "open")}}, want)
	if err := workflow.VerifyDocument(want, p.events("", workflow.Filter{})); err != nil {
		p.errorf("history after the caller wrote into its own memory: %w", err)
	}
	if !p.hasQueue() {
		return
	}
	for attempt, now := 1, epoch; attempt <= 2; attempt, now = attempt+1, now.Add(lease) {
		for _, d := range p.claim(now, 10) {
			if d.Timer != nil && string(d.Timer.Payload) != "timer" || d.Message != nil && string(d.Message.Payload) != "message" {
				p.errorf("payload of %s at attempt %d was written over", workName(d), attempt)
			}
			if d.Timer != nil {
				d.Timer.Payload[0] = 'X'
			} else {
				d.Message.Payload[0] = 'X'
			}
		}
	}
}
