package storetest

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

var limitRules = []Rule{
	{"limit/largest-batch", "a change of a whole site is one batch, and must work or be refused, never cut", largestBatch},
	{"limit/largest-record", "a store with narrower columns would cut or refuse what the library accepts", largestRecord},
	{"limit/largest-query", "a database has its own limit of parameters, which a query must not run into", largestQuery},
}

func largestBatch(p *probe) {
	b := p.batch()
	for i := range workflow.MaxBatch {
		doc := p.write(&b, p.unborn("ci"), workflow.NewIndex(entry("n", workflow.IntKey(int64(i)))), `{"n":1}`)
		b.Timers = append(b.Timers, workflow.Timer{Ref: doc.Ref, Name: fmt.Sprint("t", i), Due: epoch})
		b.Messages = append(b.Messages, workflow.Message{ID: p.id(), Ref: doc.Ref, Topic: fmt.Sprint("m", i), At: epoch})
	}
	p.commit(b)
	if n := len(p.find(workflow.Query{Kind: "ci", OrderBy: "n"})); n != workflow.MaxBatch {
		p.errorf("%d records found of a batch of %d", n, workflow.MaxBatch)
	}
	p.wantFeed("the feed of a large batch", p.events("", workflow.Filter{Batch: b.ID}), []workflow.Batch{b}, workflow.Filter{})
	over := p.batch()
	over.Messages = slices.Repeat(b.Messages[:1], workflow.MaxBatch+1)
	for i := range over.Messages {
		over.Messages[i].ID = p.id()
	}
	p.wantError(p.store.Commit(p.ctx, over), workflow.ErrInvalid, "a batch over the limit")
	if !p.hasQueue() {
		return
	}
	work := map[bool]int{}
	for range 2*workflow.MaxBatch + 1 {
		due := p.claim(after(time.Hour), 1500)
		if len(due) == 0 {
			break
		}
		for _, d := range due {
			work[d.Timer != nil]++
		}
		p.settle(workflow.Done, due...)
	}
	if work[true] != workflow.MaxBatch || work[false] != workflow.MaxBatch {
		p.errorf("%d timers and %d messages of %d each", work[true], work[false], workflow.MaxBatch)
	}
}

func largestRecord(p *probe) {
	var entries []workflow.IndexEntry
	for i := range workflow.MaxIndex {
		key := workflow.StringKey(fmt.Sprintf("%03d", i) + strings.Repeat("ü", workflow.MaxKey))
		entries = append(entries, entry(strings.Repeat("f", workflow.MaxKey), key))
	}
	body := `{"text":"` + strings.Repeat("x", workflow.MaxBody-20) + `"}`
	b := p.batch()
	before := workflow.Document{Ref: workflow.Ref{Kind: strings.Repeat("k", workflow.MaxKey), ID: p.id()}}
	doc := p.write(&b, before, workflow.NewIndex(entries...), body)
	name := strings.Repeat("n", workflow.MaxKey)
	payload := slices.Repeat([]byte{0, 0xff}, workflow.MaxBody/2)
	b.Timers = []workflow.Timer{{Ref: doc.Ref, Name: name, Due: epoch, Payload: payload}}
	b.Messages = []workflow.Message{{ID: p.id(), Ref: doc.Ref, Topic: name, At: epoch, Payload: payload}}
	p.commit(b)
	p.wantStored(doc)
	p.wantFound("by its last key", workflow.Query{Kind: doc.Kind, OrderBy: entries[0].Field,
		Where: where(workflow.Is(entries[0].Field, entries[len(entries)-1].Key))}, doc)
	events := p.events("", workflow.Filter{Record: doc.Ref})
	if len(events) != 1 || len(events[0].Changes) != 1 || !bytes.Equal(events[0].Changes[0].New, b.Writes[0].Event.Changes[0].New) {
		p.errorf("the event of a large record was cut")
	}
	if p.hasQueue() {
		for _, d := range p.claim(epoch, 2) {
			if workName(d) != name || d.Timer != nil && string(d.Timer.Payload) != string(payload) || d.Message != nil && string(d.Message.Payload) != string(payload) {
				p.errorf("a long name or a large payload was cut")
			}
		}
	}
}

func largestQuery(p *probe) {
	doc := p.create("ticket", entry("n", workflow.IntKey(workflow.MaxInList-1)), entry("k", "a"))
	p.create("ticket", entry("n", workflow.IntKey(workflow.MaxInList)))
	q := workflow.Query{Kind: "ticket", OrderBy: "n"}
	var keys []workflow.Key
	for i := range workflow.MaxInList {
		keys = append(keys, workflow.IntKey(int64(i)))
	}
	for range workflow.MaxConditions {
		q.Where = append(q.Where, workflow.In("n", keys...))
	}
	p.wantFound("the largest query", q, doc)
	q.Where = append(q.Where, workflow.Is("k", "a"))
	_, err := all(p.store.Find(p.ctx, q))
	p.wantError(err, workflow.ErrInvalid, "one condition more")
	_, err = all(p.store.Find(p.ctx, workflow.Query{Kind: "ticket", Where: where(workflow.In("n", append(keys, "x")...))}))
	p.wantError(err, workflow.ErrInvalid, "one key more")
}
