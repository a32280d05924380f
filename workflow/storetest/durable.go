package storetest

import (
	"time"

	"github.com/itsm-go/itsm/workflow"
)

var durableRules = []Rule{
	{"durable/records-and-history", "what was committed must be there after a restart, to the byte", durableHistory},
	{"durable/feed-and-batches", "followers and retries outlive a restart, and must go on where they were", durableFeed},
	{"durable/work", "a deadline must not be forgotten because the process was restarted", durableWork},
}

// reopen restarts the backend. It ends the rule if the data lives in the
// process only.
func (p *probe) reopen() {
	if p.backend.Reopen == nil {
		p.notes = append(p.notes, "the data lives in the process only: nothing is durable, and nothing is promised to be")
		p.stop()
	}
	p.must(p.backend.Reopen(), "reopen")
	p.handles()
}

func durableHistory(p *probe) {
	b := p.batch()
	doc := p.write(&b, p.unborn("incident"), workflow.NewIndex(entry("k", "a")), `{"big":12345678901234567890,"money":1.10}`)
	p.commit(b)
	c := p.batch()
	doc = p.write(&c, doc, workflow.NewIndex(entry("k", "\xff")), `{"big":12345678901234567891,"money":1.1}`)
	p.commit(c)
	p.reopen()
	p.wantStored(doc)
	p.wantHistory(doc, p.events("", workflow.Filter{Record: doc.Ref}), b, c)
	p.wantFound("by its key", workflow.Query{Kind: "incident", Where: where(workflow.Is("k", "\xff"))}, doc)
	next := p.put(doc, nil, `{"big":1}`)
	p.reopen()
	p.wantStored(next)
	p.store = p.backend.Store("acme")
	p.wantAbsent(doc.Ref)
}

func durableFeed(p *probe) {
	docs, batches := makeHistory(p)
	whole := p.events("", workflow.Filter{})
	half := len(whole) / 2
	q := workflow.Query{Kind: "incident"}
	q.After = q.CursorAt(docs[0])
	behind := len(p.find(q))
	p.reopen()
	p.wantFeed("behind a position from before the restart", p.events(whole[half].Position, workflow.Filter{}), restOf(whole[half+1:]), workflow.Filter{})
	if n := len(p.find(q)); n != behind {
		p.errorf("%d records behind a cursor from before the restart, want %d", n, behind)
	}
	p.must(p.store.Commit(p.ctx, batches[0]), "a batch from before the restart, again")
	if n := len(p.events("", workflow.Filter{})); n != len(whole) {
		p.errorf("%d events, want %d", n, len(whole))
	}
	docs[0] = p.put(docs[0], nil, `{"n":9}`)
	if n := len(p.events(whole[len(whole)-1].Position, workflow.Filter{})); n != 1 {
		p.errorf("%d events behind the last position after one more commit, want 1", n)
	}
}

func durableWork(p *probe) {
	p.needQueue()
	x, y := p.ref(), p.ref()
	p.set(x, workflow.Timer{Name: "later", Due: after(10 * time.Hour)})
	p.set(y, workflow.Timer{Name: "cancelled", Due: after(time.Hour)})
	p.set(y, workflow.Timer{Name: "cancelled"})
	p.send(x, "parked", "leased", "waiting")
	p.settle(workflow.Park, p.claim(epoch, 10)...)
	leased := p.claim(epoch, 10)
	p.wantDue("the second", leased, "leased")
	p.reopen()
	p.wantDue("the lease outlives the restart", p.claim(after(lease-time.Microsecond), 10))
	p.settle(workflow.Done, leased...)
	p.wantDue("the order too", p.claim(after(lease), 10), "waiting")
	parked := p.parked()
	p.wantDue("and the dead letter", parked, "parked")
	p.must(p.queue.Revive(p.ctx, epoch, parked[0].Receipt), "revive")
	p.wantDue("timers too, and no cancelled one", p.claim(after(10*time.Hour), 1), "later")
}
