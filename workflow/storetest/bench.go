package storetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

// Bench measures a backend: one command's commit, a command's commit with four
// timers and two messages, a read, a search by index with order and limit, an event
// read from the feed, and a claim. Every benchmark runs on a fresh backend.
func Bench(b *testing.B, open func(t testing.TB) Backend) {
	benchmarks := []struct {
		name string
		run  func(b *testing.B, p *probe)
	}{
		{"Commit", func(b *testing.B, p *probe) { benchCommit(b, p, 0, 0) }},
		{"CommitWithWork", func(b *testing.B, p *probe) { benchCommit(b, p, 4, 2) }},
		{"Get", benchGet},
		{"Find", benchFind},
		{"Feed", benchFeed},
		{"Claim", benchClaim},
	}
	for _, x := range benchmarks {
		b.Run(x.name, func(b *testing.B) {
			backend := open(b)
			if backend.Close != nil {
				defer func() {
					if err := backend.Close(); err != nil {
						b.Error(err)
					}
				}()
			}
			p := newProbe(context.Background(), backend)
			p.guard(func(p *probe) { x.run(b, p) })
			for _, err := range p.found {
				b.Error(err)
			}
		})
	}
}

// benchBody is about as large as a ticket.
const benchBody = `{"number":"INC0012345","title":"Mail is down","impact":1,"urgency":2,"priority":1,"state":"in_progress",` +
	`"assignee":"0190b6a2-6c1e-7c3a-8f61-0d0f8a1b2c3d","group":"mail","text":"Nobody in the building can send or receive mail since nine."}`

func benchIndex(i int) workflow.Index {
	return workflow.NewIndex(entry("assignee", workflow.IntKey(int64(i%100))), entry("opened", workflow.TimeKey(after(time.Duration(i)*time.Second))),
		entry("priority", workflow.IntKey(int64(i%4))), entry("state", workflow.Key(fmt.Sprintf("s%d", i%6))))
}

// fill creates n records.
func (p *probe) fill(n int) []workflow.Document {
	docs := make([]workflow.Document, 0, n)
	for len(docs) < n {
		batch := p.batch()
		for range min(workflow.MaxBatch, n-len(docs)) {
			docs = append(docs, p.write(&batch, p.unborn("incident"), benchIndex(len(docs)), benchBody))
		}
		p.commit(batch)
	}
	return docs
}

// benchCommit commits updates of a hundred records in turn, built beforehand.
func benchCommit(b *testing.B, p *probe, timers, messages int) {
	docs := p.fill(100)
	batches := make([]workflow.Batch, b.N)
	for i := range batches {
		batch := p.batch()
		at := i % len(docs)
		docs[at] = p.write(&batch, docs[at], benchIndex(i), benchBody)
		for t := range timers {
			batch.Timers = append(batch.Timers, workflow.Timer{Ref: docs[at].Ref, Name: fmt.Sprint("timer", t), Due: after(time.Duration(i) * time.Second), Payload: []byte(`{"a":1}`)})
		}
		for range messages {
			batch.Messages = append(batch.Messages, workflow.Message{ID: p.id(), Ref: docs[at].Ref, Topic: "notify", At: epoch, Payload: []byte(`{"a":1}`)})
		}
		batches[i] = batch
	}
	b.ReportAllocs()
	b.ResetTimer()
	for _, batch := range batches {
		if err := p.store.Commit(p.ctx, batch); err != nil {
			b.Fatal(err)
		}
	}
}

func benchGet(b *testing.B, p *probe) {
	docs := p.fill(10_000)
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		if _, err := p.store.Get(p.ctx, docs[i*7919%len(docs)].Ref); err != nil {
			b.Fatal(err)
		}
	}
}

// benchFind asks for the first 20 of an assignee's tickets by opening time.
func benchFind(b *testing.B, p *probe) {
	p.fill(10_000)
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		q := workflow.Query{Kind: "incident", OrderBy: "opened", Limit: 20,
			Where: where(workflow.Is("assignee", workflow.IntKey(int64(i%100))), workflow.Is("priority", workflow.IntKey(int64(i%4))))}
		if n := len(p.find(q)); n != 20 && n != 0 {
			b.Fatalf("%d records", n)
		}
	}
}

// benchFeed reads the feed of many records from its beginning to its end, again and
// again; one operation is one event.
func benchFeed(b *testing.B, p *probe) {
	p.fill(10_000)
	b.ReportAllocs()
	b.ResetTimer()
	for n := 0; n < b.N; {
		before := n
		for _, err := range p.store.Events(p.ctx, "", workflow.Filter{}) {
			if err != nil {
				b.Fatal(err)
			}
			if n++; n == b.N {
				return
			}
		}
		if n == before {
			b.Fatal("the feed is empty")
		}
	}
}

// benchClaim claims and settles ten timers at a time out of many that are not
// due.
func benchClaim(b *testing.B, p *probe) {
	p.needQueue()
	const waiting = 20_000
	for i := 0; i < waiting; {
		batch := p.batch()
		for ; i < waiting && len(batch.Timers) < workflow.MaxBatch; i++ {
			batch.Timers = append(batch.Timers, workflow.Timer{Ref: p.ref(), Name: "t", Due: after(time.Duration(1+i/10) * time.Minute)})
		}
		p.commit(batch)
	}
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		now := after(time.Duration(1+i) * time.Minute)
		due := p.claim(now, 10)
		var ends []workflow.Settlement
		for _, d := range due {
			ends = append(ends, workflow.Settlement{Receipt: d.Receipt, Outcome: workflow.Retry, RetryAt: now.Add(waiting / 10 * time.Minute)})
		}
		p.must(p.queue.Settle(p.ctx, ends...), "settle")
	}
}
