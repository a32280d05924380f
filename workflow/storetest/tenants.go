package storetest

import (
	"slices"
	"strings"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

var tenantRules = []Rule{
	{"tenant/isolation", "one customer must never see, or stop, the work of another", tenantIsolation},
	{"tenant/same-name-same-data", "two handles of one tenant are two doors to one room", tenantSameData},
}

func tenantIsolation(p *probe) {
	a := p.batch()
	doc := p.write(&a, p.unborn("incident"), workflow.NewIndex(entry("k", "a")), `{"of":"the default tenant"}`)
	a.Messages = []workflow.Message{{ID: p.id(), Ref: doc.Ref, Topic: "m", At: epoch}}
	a.Timers = []workflow.Timer{{Ref: doc.Ref, Name: "t", Due: epoch}}
	p.commit(a)
	for _, name := range []string{"acme", "Acme", "acme/../x", "ä", "'; --", strings.Repeat("long", 30)} {
		p.foreign(name, doc, a)
	}
	p.wantStored(doc)
	p.wantFeed("the default tenant's feed", p.events("", workflow.Filter{}), []workflow.Batch{a}, workflow.Filter{})
	if p.hasQueue() {
		due := p.claim(epoch, 10)
		if len(due) != 2 {
			p.errorf("%d pieces of work of the default tenant, want 2", len(due))
		}
		p.settle(workflow.Done, due...)
	}
}

// foreign looks at the default tenant's data from another tenant, and then
// writes the same record under the same ids there.
func (p *probe) foreign(tenant string, doc workflow.Document, theirs workflow.Batch) {
	q := &probe{ctx: p.ctx, backend: p.backend, store: p.backend.Store(tenant), ids: p.ids, clock: p.clock}
	if p.backend.Queue != nil {
		q.queue = p.backend.Queue(tenant)
	}
	defer func() {
		p.clock = q.clock
		for _, err := range q.found {
			p.errorf("tenant %.20q: %w", tenant, err)
		}
	}()
	q.wantAbsent(doc.Ref)
	q.wantFound("another tenant's records", workflow.Query{Kind: "incident"})
	q.wantFeed("another tenant's feed", q.events("", workflow.Filter{}), nil, workflow.Filter{})
	if q.queue != nil {
		q.wantDue("another tenant's work", q.claim(epoch.Add(time.Hour), 10))
	}
	own := workflow.Batch{ID: theirs.ID}
	mine := q.write(&own, workflow.Document{Ref: doc.Ref}, workflow.NewIndex(entry("k", "b")), `{"of":"another tenant"}`)
	own.Messages, own.Timers = slices.Clone(theirs.Messages), slices.Clone(theirs.Timers)
	q.commit(own)
	q.wantStored(mine)
	if q.queue == nil {
		return
	}
	due := q.claim(epoch, 10)
	if len(due) != 2 {
		q.errorf("%d pieces of own work, want 2", len(due))
		return
	}
	q.settle(workflow.Park, due[0])
	for _, d := range append(q.parked(), due[1]) {
		err := p.queue.Settle(p.ctx, workflow.Settlement{Receipt: d.Receipt, Outcome: workflow.Done})
		p.wantError(err, workflow.ErrLeaseLost, "settling with a receipt of tenant %.20q", tenant)
		err = p.queue.Revive(p.ctx, epoch, d.Receipt)
		p.wantError(err, workflow.ErrNotFound, "reviving with a receipt of tenant %.20q", tenant)
	}
	if n := len(p.parked()); n != 0 {
		p.errorf("%d dead letters of tenant %.20q are seen", n, tenant)
	}
	q.settle(workflow.Done, due[1])
}

func tenantSameData(p *probe) {
	one, two := p.backend.Store("acme"), p.backend.Store("acme")
	p.store = one
	doc := p.create("incident")
	p.store = two
	p.wantStored(doc)
	doc = p.put(doc, nil, `{"n":2}`)
	p.store = one
	p.wantStored(doc)
	if p.hasQueue() {
		p.send(doc.Ref, "m")
		p.queue = p.backend.Queue("acme")
		p.wantDue("by one handle", p.claim(epoch, 10), "m")
		p.queue = p.backend.Queue("acme")
		p.wantDue("not again by the other", p.claim(epoch, 10))
	}
}
