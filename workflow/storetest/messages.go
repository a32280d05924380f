package storetest

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

var messageRules = []Rule{
	{"message/order-per-record", "\"resolved\" must not arrive before \"opened\", however many workers there are", messageOrder},
	{"message/exact", "the handler recognises a repeated delivery by the id, which must stay the same", messageExact},
	{"message/retry-keeps-the-order", "a message that failed goes first again, else the next would overtake it", messageRetry},
	{"message/parked-holds-nothing-up", "a poison message must not stop a record, or everybody", messageParked},
	{"message/revive", "a dead letter is delivered after the fault was found, as if for the first time", messageRevive},
}

// send commits messages of one record, a batch for each.
func (p *probe) send(ref workflow.Ref, topics ...string) {
	for _, topic := range topics {
		b := p.batch()
		b.Messages = []workflow.Message{{ID: p.id(), Ref: ref, Topic: topic, At: epoch}}
		p.commit(b)
	}
}

func messageOrder(p *probe) {
	p.needQueue()
	x, y := p.ref(), p.ref()
	b := p.batch()
	for _, topic := range []string{"x1", "x2"} {
		b.Messages = append(b.Messages, workflow.Message{ID: p.id(), Ref: x, Topic: topic, At: epoch})
	}
	slices.Reverse(b.Messages)
	b.Messages[0].Topic, b.Messages[1].Topic = "x1", "x2" // by their place in the batch, not by their ids
	p.commit(b)
	p.send(y, "y1")
	p.send(x, "x3")
	p.send(y, "y2")
	one := p.claim(epoch, 1)
	p.wantDue("the oldest", one, "x1")
	two := p.claim(epoch, 10)
	p.wantDue("a second worker gets the other record's", two, "y1")
	p.settle(workflow.Done, two...)
	p.wantDue("the other record goes on", p.claim(epoch, 10), "y2")
	for _, topic := range []string{"x2", "x3"} {
		p.settle(workflow.Done, one...)
		one = p.claim(epoch, 10)
		p.wantDue("the next when the one before is settled", one, topic)
	}
}

func messageExact(p *probe) {
	p.needQueue()
	m := workflow.Message{ID: p.id(), Ref: p.ref(), Topic: "notify \"é\"", At: p.tick(), Payload: []byte("{\"a\": 1.10}\x00\xff")}
	b := p.batch()
	b.Messages = []workflow.Message{m}
	p.commit(b)
	for attempt := 1; attempt <= 3; attempt++ {
		got := p.claim(after(time.Duration(attempt)*lease), 10)
		p.wantDue("the message", got, m.Topic)
		d := got[0]
		if d.Timer != nil || d.Attempt != attempt || d.Message.ID != m.ID || d.Ref() != m.Ref || !d.Message.At.Equal(m.At) ||
			!bytes.Equal(d.Message.Payload, m.Payload) {
			p.errorf("attempt %d gave attempt %d of %+v, want %+v", attempt, d.Attempt, d.Message, m)
		}
	}
}

func messageRetry(p *probe) {
	p.needQueue()
	ref := p.ref()
	p.send(ref, "m1", "m2")
	got := p.claim(epoch, 10)
	p.wantDue("the first", got, "m1")
	p.must(p.queue.Settle(p.ctx, workflow.Settlement{Receipt: got[0].Receipt, Outcome: workflow.Retry, RetryAt: after(time.Hour), Error: "busy"}), "settle")
	p.wantDue("a microsecond before the retry, nothing overtakes", p.claim(after(time.Hour-time.Microsecond), 10))
	got = p.claim(after(time.Hour), 10)
	p.wantDue("at the retry", got, "m1")
	if got[0].Attempt != 2 || got[0].Error != "busy" {
		p.errorf("got attempt %d, error %q, want 2, %q", got[0].Attempt, got[0].Error, "busy")
	}
	p.settle(workflow.Done, got...)
	p.wantDue("then the next", p.claim(after(time.Hour), 10), "m2")
}

func messageParked(p *probe) {
	p.needQueue()
	ref := p.ref()
	p.send(ref, "poison", "fine")
	got := p.claim(epoch, 10)
	p.wantDue("the first", got, "poison")
	p.settle(workflow.Park, got...)
	p.wantDue("the next flows", p.claim(after(time.Hour), 10), "fine")
	parked := p.parked()
	p.wantDue("the dead letter", parked, "poison")
	if d := parked[0]; d.Error != "as the rule wants" || d.Attempt != 1 || d.Ref() != ref {
		p.errorf("got dead letter %+v, want attempt 1 of %v with the error", d, ref)
	}
	err := p.queue.Settle(p.ctx, workflow.Settlement{Receipt: got[0].Receipt, Outcome: workflow.Done})
	p.wantError(err, workflow.ErrLeaseLost, "settling what was parked")
	for range p.queue.Parked(p.ctx) {
		break
	}
	p.send(ref, "still writable")
}

func messageRevive(p *probe) {
	p.needQueue()
	ref := p.ref()
	p.send(ref, "poison")
	p.set(ref, workflow.Timer{Name: "bad timer", Due: epoch})
	p.settle(workflow.Park, p.claim(epoch, 10)...)
	parked := p.parked()
	if len(parked) != 2 {
		p.errorf("%d dead letters, want 2", len(parked))
		p.stop()
	}
	p.must(p.queue.Revive(p.ctx, after(time.Hour), parked[0].Receipt, parked[1].Receipt), "revive")
	p.wantDue("no dead letter is left", p.parked())
	p.wantDue("before the instant", p.claim(after(time.Hour-time.Microsecond), 10))
	got := p.claim(after(time.Hour), 10)
	if len(got) == 2 && got[0].Message != nil {
		got[0], got[1] = got[1], got[0]
	}
	p.wantDue("at the instant", got, "bad timer", "poison")
	for _, d := range got {
		if d.Attempt != 1 {
			p.errorf("%s was revived to attempt %d, want 1", workName(d), d.Attempt)
		}
	}
	err := p.queue.Revive(p.ctx, epoch, parked[0].Receipt)
	p.wantError(err, workflow.ErrNotFound, "reviving what is not parked any more")
	p.wantError(p.queue.Revive(p.ctx, epoch, "nonsense"), workflow.ErrNotFound, "reviving an unknown receipt")

	p.settle(workflow.Park, got...)
	for d, err := range p.queue.Parked(p.ctx) {
		p.must(err, "parked")
		p.must(p.queue.Revive(p.ctx, after(time.Hour), d.Receipt), "revive inside the loop")
	}
	got = p.claim(after(time.Hour), 10)
	if len(got) != 2 {
		p.errorf("%d pieces of work after all dead letters were revived again, want 2", len(got))
	}
	p.settle(workflow.Done, got...)
	p.send(ref, fmt.Sprintf("after %d", len(got)))
	p.wantDue("the record goes on", p.claim(after(2*time.Hour), 10), "after 2")
}
