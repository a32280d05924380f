package storetest

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

var forgetRules = []Rule{
	{"forget/sealed-forms", "an event of which a value was removed must come back as it is, or its chain breaks", sealedForms},
	{"forget/redact", "a value that was removed must not be found, and what is left must stay provable", redactValues},
	{"forget/redact-all-or-nothing", "half a redaction would leave the history at odds with itself", redactAllOrNothing},
	{"forget/erase", "a record that is erased leaves neither keys, nor events, nor work, and takes nobody else's", eraseRecord},
	{"forget/erase-another-version", "a record that changed after it was decided to erase it may have a reason to stay", eraseOtherVersion},
	{"forget/erase-tenant", "a tenant that left must leave nothing, and the others everything", eraseTenant},
	{"forget/backlog", "work that an export does not show never happens where it is read in", showBacklog},
}

func (p *probe) lacks(what string) {
	p.notes = append(p.notes, "the backend is no "+what+": what this rule says is not offered to its host")
}

// seal gives the write's event a salt, and seals it anew.
func (p *probe) seal(w *workflow.Write, salt byte) {
	w.Event.Salt = workflow.Salt{salt, 1}
	p.must(w.Event.Seal(), "seal")
	w.Document.Head = w.Event.Hash
}

// redacted commits a salted record of two versions, the second of which announces what
// is to be removed from the first.
func (p *probe) redacted() (workflow.Document, workflow.Redaction) {
	b := p.batch()
	p.write(&b, p.unborn("incident"), nil, `{"n":1,"who":"ann of the third floor"}`)
	p.seal(&b.Writes[0], 1)
	p.commit(b)
	r := workflow.Redaction{Ref: b.Writes[0].Document.Ref, Values: []workflow.Removal{
		{Event: 1, At: "/changes/1/new", As: json.RawMessage(`"x"`)}, {Event: 1, At: "/note", As: json.RawMessage(`"y"`)},
		{Event: 2, At: "/changes/0/old", As: json.RawMessage(`"x"`)}}}
	c := p.batch()
	p.write(&c, b.Writes[0].Document, nil, `{"n":1,"who":"x"}`)
	c.Writes[0].Event.Redacts = &workflow.Notice{Rule: "asked", Values: r.Values}
	p.seal(&c.Writes[0], 2)
	p.commit(c)
	return c.Writes[0].Document, r
}

func (p *probe) encoded(events []workflow.Event) (all []string) {
	for _, e := range events {
		b, err := e.Encode()
		p.must(err, "encode")
		all = append(all, string(b))
	}
	return all
}

func sealedForms(p *probe) {
	b := p.batch()
	p.write(&b, p.unborn("incident"), nil, `{"n":1,"who":"ann of the third floor"}`)
	w := &b.Writes[0]
	p.seal(w, 1)
	var err error
	w.Event, err = workflow.Redaction{Ref: w.Event.Ref, Values: []workflow.Removal{{Event: 1, At: "/changes/1/new", As: json.RawMessage(`"x"`)}}}.Apply(w.Event)
	p.must(err, "redact")
	w.Document.Body = workflow.RawBody([]byte(`{"n":1,"who":"x"}`))
	p.commit(b)
	c := p.batch()
	p.write(&c, w.Document, nil, `{"n":2,"who":"x"}`)
	c.Writes[0].Event.Redacts = &workflow.Notice{Rule: "asked", Values: []workflow.Removal{{Event: 1, At: "/changes/1/new", As: json.RawMessage(`"x"`)}}}
	p.seal(&c.Writes[0], 2)
	p.commit(c)
	doc := c.Writes[0].Document
	p.wantHistory(doc, p.events("", workflow.Filter{Record: doc.Ref}), b, c)
}

func redactValues(p *probe) {
	redactor, ok := p.store.(workflow.Redactor)
	if !ok {
		p.lacks("workflow.Redactor")
		return
	}
	other := p.create("incident")
	doc, r := p.redacted()
	before := p.events("", workflow.Filter{})
	for range 2 {
		p.must(redactor.Redact(p.ctx, r), "redact")
	}
	after := p.events("", workflow.Filter{})
	if len(after) != len(before) {
		p.errorf("%d events in the feed after a redaction, want %d", len(after), len(before))
		p.stop()
	}
	for i, e := range after {
		if e.Position != before[i].Position || e.Hash != before[i].Hash || e.Ref != before[i].Ref {
			p.errorf("event %d of %v has another place or hash after a redaction", e.Version, e.Ref)
		}
	}
	events := p.events("", workflow.Filter{Record: doc.Ref})
	want, err := r.Apply(events[0])
	p.must(err, "apply")
	if got := p.encoded(events)[0]; got != p.encoded([]workflow.Event{want})[0] || len(events[0].Redacted) != 2 {
		p.errorf("after the redaction the event is\n %s", got)
	}
	if err := workflow.VerifyDocument(doc, events); err != nil {
		p.errorf("history after a redaction: %w", err)
	}
	if len(workflow.PendingRedaction(events).Values) > 0 {
		p.errorf("values are left of a redaction")
	}
	p.wantStored(doc)
	p.wantStored(other)
	next := p.put(doc, nil, `{"n":2,"who":"x"}`)
	p.wantStored(next)
	p.wantError(redactor.Redact(p.ctx, workflow.Redaction{Ref: p.unborn("incident").Ref, Values: r.Values}), workflow.ErrNotFound, "redaction of an unknown record")
	ctx, cancel := context.WithCancel(p.ctx)
	cancel()
	p.wantError(redactor.Redact(ctx, r), context.Canceled, "Redact with a cancelled context")
}

func redactAllOrNothing(p *probe) {
	redactor, ok := p.store.(workflow.Redactor)
	if !ok {
		p.lacks("workflow.Redactor")
		return
	}
	doc, r := p.redacted()
	before := p.encoded(p.events("", workflow.Filter{}))
	for name, bad := range map[string]struct {
		removal workflow.Removal
		want    error
	}{
		"of an event that is not there": {workflow.Removal{Event: 3, At: "/note", As: json.RawMessage(`"x"`)}, workflow.ErrNotFound},
		"of a value that is not there":  {workflow.Removal{Event: 2, At: "/changes/9/new", As: json.RawMessage(`"x"`)}, workflow.ErrInvalid},
		"by what is no scalar":          {workflow.Removal{Event: 2, At: "/note", As: json.RawMessage(`{}`)}, workflow.ErrInvalid},
	} {
		err := redactor.Redact(p.ctx, workflow.Redaction{Ref: doc.Ref, Values: []workflow.Removal{r.Values[0], bad.removal}})
		p.wantError(err, bad.want, "redaction %s", name)
	}
	for i, e := range p.encoded(p.events("", workflow.Filter{})) {
		if e != before[i] {
			p.errorf("a redaction that failed changed event %d", i+1)
		}
	}
}

// withWork commits two versions of a record with keys, timers and messages.
func (p *probe) withWork() workflow.Document {
	first := p.create("incident", entry("state", "open"), entry("ci", "a"), entry("ci", "b"))
	b := p.batch()
	doc := p.write(&b, first, workflow.NewIndex(entry("state", "shut"), entry("ci", "b")), `{"n":2}`)
	b.Timers = []workflow.Timer{{Ref: doc.Ref, Name: "t", Due: epoch}, {Ref: doc.Ref, Name: "u", Due: epoch.Add(time.Hour)}}
	b.Messages = []workflow.Message{{ID: p.id(), Ref: doc.Ref, Topic: "m", At: epoch}, {ID: p.id(), Ref: doc.Ref, Topic: "n", At: epoch}}
	p.commit(b)
	return doc
}

func eraseRecord(p *probe) {
	eraser, ok := p.store.(workflow.Eraser)
	if !ok {
		p.lacks("workflow.Eraser")
		return
	}
	other, doc := p.withWork(), p.withWork() // the last in the feed
	known := p.events("", workflow.Filter{})
	end := known[len(known)-1].Position
	if p.hasQueue() {
		p.settle(workflow.Park, p.claim(epoch, 10)...) // the first timer and message of each
		p.claim(epoch, 10)                             // and the next is leased
	}
	for range 2 {
		p.must(eraser.Erase(p.ctx, workflow.Erasure{Ref: doc.Ref, Version: doc.Version}), "erase")
	}
	p.wantAbsent(doc.Ref)
	p.wantStored(other)
	p.wantFound("records that are left", workflow.Query{Kind: "incident"}, other)
	p.wantFound("in the order of a field", workflow.Query{Kind: "incident", OrderBy: "ci"}, other)
	p.wantFound("by a key of both", workflow.Query{Kind: "incident", Where: where(workflow.Is("ci", "b"))}, other)
	if n := len(p.events("", workflow.Filter{Record: doc.Ref})); n > 0 {
		p.errorf("%d events of an erased record", n)
	}
	for _, e := range p.events("", workflow.Filter{}) {
		if e.Ref != other.Ref {
			p.errorf("the feed has event %d of an erased record", e.Version)
		}
	}
	if p.hasQueue() {
		for i := range 6 {
			for _, d := range p.claim(epoch.Add(time.Duration(i+2)*time.Hour), 10) {
				if d.Ref() != other.Ref {
					p.errorf("%s of an erased record was handed out", workName(d))
				}
				p.settle(workflow.Done, d)
			}
		}
		p.wantDue("parked work of the other record", p.parked(), "t", "m")
	}
	again := p.put(workflow.Document{Ref: doc.Ref}, nil, `{"n":1}`)
	p.wantStored(again)
	if err := workflow.VerifyDocument(again, p.events("", workflow.Filter{Record: doc.Ref})); err != nil {
		p.errorf("a record made anew: %w", err)
	}
	if n := len(p.events(end, workflow.Filter{})); n != 1 {
		p.errorf("behind the place where the feed ended before, it has %d events, want the new one", n)
	}
}

func eraseOtherVersion(p *probe) {
	eraser, ok := p.store.(workflow.Eraser)
	if !ok {
		p.lacks("workflow.Eraser")
		return
	}
	doc, other := p.withWork(), p.withWork()
	err := eraser.Erase(p.ctx, workflow.Erasure{Ref: other.Ref, Version: other.Version}, workflow.Erasure{Ref: doc.Ref, Version: 1})
	p.wantError(err, workflow.ErrConflict, "erasing version 1 of a record at 2")
	want := workflow.ConflictError{Ref: doc.Ref, Expected: 1, Actual: 2}
	if ce := (*workflow.ConflictError)(nil); !errors.As(err, &ce) || *ce != want {
		p.errorf("got %v, want the conflict %v", err, &want)
	}
	p.wantStored(doc)
	p.wantStored(other)
}

func eraseTenant(p *probe) {
	eraser, ok := p.store.(workflow.Eraser)
	if !ok {
		p.lacks("workflow.Eraser")
		return
	}
	b := p.batch()
	doc := p.write(&b, p.unborn("incident"), workflow.NewIndex(entry("state", "open")), `{"n":1}`)
	b.Timers = []workflow.Timer{{Ref: doc.Ref, Name: "t", Due: epoch}}
	b.Messages = []workflow.Message{{ID: p.id(), Ref: doc.Ref, Topic: "m", At: epoch}}
	p.commit(b)
	other := p.backend.Store("acme")
	p.must(other.Commit(p.ctx, b), "commit of another tenant")
	p.must(eraser.EraseTenant(p.ctx), "erase the tenant")
	p.wantAbsent(doc.Ref)
	p.wantFound("records of an erased tenant", workflow.Query{Kind: "incident"})
	if n := len(p.events("", workflow.Filter{})); n > 0 {
		p.errorf("%d events of an erased tenant", n)
	}
	if p.hasQueue() {
		p.wantDue("work of an erased tenant", p.claim(epoch.Add(time.Hour), 10))
	}
	if got, err := other.Get(p.ctx, doc.Ref); err != nil || got.Version != 1 {
		p.errorf("another tenant's record: version %d, %v", got.Version, err)
	}
	p.commit(b) // even the id of the commit is forgotten
	p.wantStored(doc)
}

func showBacklog(p *probe) {
	shown, ok := p.store.(workflow.Backlog)
	if !ok {
		p.lacks("workflow.Backlog")
		return
	}
	p.withWork()
	if p.hasQueue() {
		due := p.claim(epoch, 10)
		p.settle(workflow.Park, due[0])
	}
	waiting, err := all(shown.Backlog(p.ctx))
	p.must(err, "backlog")
	names, parked := map[string]int{}, 0
	for _, w := range waiting {
		if w.Timer != nil {
			names[w.Timer.Name]++
		} else {
			names[w.Message.Topic]++
		}
		if w.Parked {
			parked++
		}
	}
	if len(waiting) != 4 || len(names) != 4 || p.queue != nil && parked != 1 {
		p.errorf("the backlog shows %v, %d of it parked, want t, u, m, n and 1", names, parked)
	}
}
