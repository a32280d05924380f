package storetest

import (
	"bytes"
	"slices"
	"strings"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

var feedRules = []Rule{
	{"feed/complete-and-in-order", "whoever follows the feed must see every event, and those of one record as they happened", feedComplete},
	{"feed/resume", "a follower that stops and goes on must neither miss nor repeat an event", feedResume},
	{"feed/filter", "a record's history and a projection of one kind are filtered feeds", feedFilter},
	{"feed/exact", "one changed byte, digit or microsecond breaks the hash chain", feedExact},
	{"feed/unknown-position", "a follower with a damaged position must be told, not be given everything or nothing", feedUnknownPosition},
	{"feed/commit-inside-the-loop", "a follower may write, and the loop must end nevertheless", commitInsideEvents},
}

// makeHistory commits a few batches over records of two kinds, some together.
func makeHistory(p *probe) (docs []workflow.Document, batches []workflow.Batch) {
	b := p.batch()
	docs = append(docs, p.write(&b, p.unborn("incident"), nil, `{"n":0}`), p.write(&b, p.unborn("problem"), nil, `{"n":0}`))
	p.commit(b)
	batches = append(batches, b)
	docs = append(docs, workflow.Document{Ref: workflow.Ref{Kind: "incident", ID: p.id()}})
	for i := range 12 {
		b := p.batch()
		docs[i%3] = p.write(&b, docs[i%3], nil, `{"n":1}`)
		if i%4 == 0 {
			docs[(i+1)%3] = p.write(&b, docs[(i+1)%3], nil, `{"n":2}`)
		}
		p.commit(b)
		batches = append(batches, b)
	}
	return docs, batches
}

func feedComplete(p *probe) {
	if n := len(p.events("", workflow.Filter{})); n != 0 {
		p.errorf("%d events in an empty store", n)
	}
	docs, batches := makeHistory(p)
	p.wantFeed("the whole feed", p.events("", workflow.Filter{}), batches, workflow.Filter{})
	for _, d := range docs {
		events, err := workflow.History(p.ctx, p.store, d.Ref)
		p.must(err, "history")
		if err := workflow.VerifyDocument(d, events); err != nil {
			p.errorf("%w", err)
		}
	}
}

// wantFeed compares events with what the batches hold: each event once, those
// of one record in order.
func (p *probe) wantFeed(what string, got []workflow.Event, batches []workflow.Batch, f workflow.Filter) {
	want := map[workflow.Hash]bool{}
	for _, b := range batches {
		for _, w := range b.Writes {
			if f.Matches(w.Event) {
				want[w.Event.Hash] = true
			}
		}
	}
	last := map[workflow.Ref]int64{}
	for _, e := range got {
		if !want[e.Hash] {
			p.errorf("%s: event %d of %v is not wanted, or came twice", what, e.Version, e.Ref)
		}
		delete(want, e.Hash)
		if e.Version <= last[e.Ref] {
			p.errorf("%s: event %d of %v came after event %d", what, e.Version, e.Ref, last[e.Ref])
		}
		last[e.Ref] = e.Version
	}
	if len(want) > 0 {
		p.errorf("%s: %d events are missing", what, len(want))
	}
}

func feedResume(p *probe) {
	_, batches := makeHistory(p)
	whole := p.events("", workflow.Filter{})
	p.wantFeed("the whole feed", whole, batches, workflow.Filter{})
	for i, e := range whole {
		if e.Position == "" {
			p.errorf("event %d of the feed has no position", i)
			p.stop()
		}
		rest := p.events(e.Position, workflow.Filter{})
		same := slices.EqualFunc(rest, whole[i+1:], func(a, b workflow.Event) bool { return a.Hash == b.Hash && a.Position == b.Position })
		if !same {
			p.errorf("behind event %d of %d: %d events, or others than before", i, len(whole), len(rest))
		}
		f := workflow.Filter{Kinds: []string{"problem"}}
		p.wantFeed("the rest under a filter", p.events(e.Position, f), restOf(whole[i+1:]), f)
	}
	last := whole[len(whole)-1].Position
	doc := p.create("incident")
	rest := p.events(last, workflow.Filter{})
	if len(rest) != 1 || rest[0].Ref != doc.Ref {
		p.errorf("behind the last position there are %d events after one commit", len(rest))
	}
}

// restOf puts events back into a batch, for comparison.
func restOf(events []workflow.Event) []workflow.Batch {
	var b workflow.Batch
	for _, e := range events {
		b.Writes = append(b.Writes, workflow.Write{Event: e})
	}
	return []workflow.Batch{b}
}

func feedFilter(p *probe) {
	docs, batches := makeHistory(p)
	nobody := workflow.Ref{Kind: "incident", ID: p.id()}
	filters := []workflow.Filter{
		{Kinds: []string{"incident"}},
		{Kinds: []string{"problem", "incident"}},
		{Kinds: []string{"nobody"}},
		{Record: docs[0].Ref},
		{Record: nobody},
		{Batch: batches[0].ID},
		{Batch: batches[1].ID},
		{Batch: nobody.ID},
		{Batch: batches[1].ID, Record: docs[1].Ref},
		{Record: docs[0].Ref, Kinds: []string{"problem"}},
	}
	for _, f := range filters {
		got := p.events("", f)
		p.wantFeed("filtered feed", got, batches, f)
		for i, e := range got {
			if rest := p.events(e.Position, f); len(rest) != len(got)-i-1 {
				p.errorf("filter %+v: %d events behind event %d of %d", f, len(rest), i, len(got))
			}
		}
	}
}

func feedExact(p *probe) {
	body := func(note string) string {
		return `{"big":12345678901234567890,"exp":1e400,"money":1.10,"neg":-0.0,"nul":null,"note":"` + note + `","of":{"a/b~c":[1,[],{}]}}`
	}
	b := p.batch()
	doc := p.write(&b, p.unborn("incident"), workflow.NewIndex(entry("k", "a")), body(`é \u0000 \" 日本`))
	p.commit(b)
	c := p.batch()
	doc = p.write(&c, doc, workflow.NewIndex(entry("k", "b")), strings.Replace(body(strings.Repeat("long ", 40_000)), "1.10", "1.100", 1))
	p.commit(c)
	p.wantStored(doc)
	events := p.events("", workflow.Filter{Record: doc.Ref})
	p.wantHistory(doc, events, b, c)
}

// wantHistory compares events to the byte with those committed.
func (p *probe) wantHistory(doc workflow.Document, events []workflow.Event, batches ...workflow.Batch) {
	if len(events) != len(batches) {
		p.errorf("%d events, want %d", len(events), len(batches))
		p.stop()
	}
	for i, e := range events {
		want := batches[i].Writes[0].Event
		got, err := e.Encode()
		p.must(err, "encode")
		encoded, err := want.Encode()
		p.must(err, "encode")
		if !bytes.Equal(got, encoded) {
			p.errorf("event %d came back as\n %.300s\nwant\n %.300s", e.Version, got, encoded)
		}
		if !e.At.Equal(want.At.Truncate(time.Microsecond)) {
			p.errorf("event %d happened at %v, want %v", e.Version, e.At, want.At)
		}
	}
	if err := workflow.VerifyChain(events); err != nil {
		p.errorf("%w", err)
	}
	if err := workflow.VerifyDocument(doc, events); err != nil {
		p.errorf("%w", err)
	}
}

func feedUnknownPosition(p *probe) {
	p.create("incident")
	for _, after := range []workflow.Position{"no position", "\x00", "-1", workflow.Position(strings.Repeat("9", 400))} {
		events, err := all(p.store.Events(p.ctx, after, workflow.Filter{}))
		p.wantError(err, workflow.ErrInvalid, "events after %.20q", after)
		if len(events) > 0 {
			p.errorf("events after %.20q gave %d events", after, len(events))
		}
	}
}

func commitInsideEvents(p *probe) {
	docs, _ := makeHistory(p)
	before := len(p.events("", workflow.Filter{}))
	seen := 0
	for _, err := range p.store.Events(p.ctx, "", workflow.Filter{}) {
		p.must(err, "events")
		docs[0] = p.put(docs[0], nil, `{"n":3}`)
		if seen++; seen > 10*before {
			p.errorf("a loop that commits once per event goes on for ever")
			break
		}
	}
	for range p.store.Events(p.ctx, "", workflow.Filter{}) {
		break
	}
	docs[0] = p.put(docs[0], nil, `{"n":4}`)
	if n := len(p.events("", workflow.Filter{})); n != before+seen+1 {
		p.errorf("%d events, want %d", n, before+seen+1)
	}
}
