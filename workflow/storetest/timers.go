package storetest

import (
	"bytes"
	"fmt"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

var timerRules = []Rule{
	{"timer/not-before-due", "a breach announced a second early is a false breach", timerDue},
	{"timer/order", "the deadline that passed first must be handled first", timerOrder},
	{"timer/exact", "the handler needs what was set, to the byte and the microsecond", timerExact},
	{"timer/set-again", "when a ticket is resumed its old deadline must not fire any more", timerReplace},
	{"timer/cancel", "a closed ticket must not breach", timerCancel},
	{"timer/one-out-per-record", "two workers on one record would handle its deadlines in any order", timerOnePerRecord},
}

// needQueue ends the rule if the backend has no queue.
func (p *probe) needQueue() {
	if !p.hasQueue() {
		p.stop()
	}
}

// set commits timers of one record, each by its name and instant.
func (p *probe) set(ref workflow.Ref, timers ...workflow.Timer) {
	b := p.batch()
	for _, t := range timers {
		t.Ref = ref
		b.Timers = append(b.Timers, t)
	}
	p.commit(b)
}

// ref returns a new record reference; work needs no document.
func (p *probe) ref() workflow.Ref { return workflow.Ref{Kind: "incident", ID: p.id()} }

func after(d time.Duration) time.Time { return epoch.Add(d) }

func timerDue(p *probe) {
	p.needQueue()
	p.set(p.ref(), workflow.Timer{Name: "t", Due: after(time.Hour)})
	p.wantDue("a year before", p.claim(after(-365*24*time.Hour), 10))
	p.wantDue("a microsecond before", p.claim(after(time.Hour-time.Microsecond), 10))
	p.wantDue("at the instant", p.claim(after(time.Hour), 10), "t")
}

func timerOrder(p *probe) {
	p.needQueue()
	var names []string
	b := p.batch()
	for i, at := range []int{3, 1, 2, 2, 10, 9} {
		name := fmt.Sprintf("at%02d.%c", at, 'z'-rune(i))
		names = append(names, name)
		b.Timers = append(b.Timers, workflow.Timer{Ref: p.ref(), Name: name, Due: after(time.Duration(at) * time.Minute)})
	}
	p.commit(b)
	want := []string{names[1], names[3], names[2], names[0], names[5], names[4]}
	now := after(time.Hour)
	p.wantDue("no more than asked for", p.claim(now, 0))
	p.wantDue("the first two", p.claim(now, 2), want[:2]...)
	p.wantDue("the others", p.claim(now, 100), want[2:]...)
	p.wantDue("all are out", p.claim(now, 100))
}

func timerExact(p *probe) {
	p.needQueue()
	ref := p.ref()
	payload := []byte("{\"a\": 1.10}\x00\xff")
	due := after(time.Hour).In(time.FixedZone("elsewhere", 5400))
	p.set(ref, workflow.Timer{Name: "sla/ü \"x\"", Due: due, Payload: payload})
	got := p.claim(after(time.Hour), 1)
	p.wantDue("one timer", got, "sla/ü \"x\"")
	t := got[0].Timer
	if got[0].Message != nil || got[0].Receipt == "" || got[0].Attempt != 1 || got[0].Error != "" || got[0].Ref() != ref {
		p.errorf("got %+v, want a first attempt of a timer of %v", got[0], ref)
	}
	if t.Ref != ref || !t.Due.Equal(due) || !bytes.Equal(t.Payload, payload) {
		p.errorf("got timer %+v, want due %v, payload %q", t, due, payload)
	}
	retry := workflow.Settlement{Receipt: got[0].Receipt, Outcome: workflow.Retry, RetryAt: after(2 * time.Hour), Error: "line down"}
	p.must(p.queue.Settle(p.ctx, retry), "settle")
	got = p.claim(after(2*time.Hour), 1)
	p.wantDue("again", got, "sla/ü \"x\"")
	if t := got[0].Timer; !t.Due.Equal(due) || got[0].Attempt != 2 || got[0].Error != "line down" {
		p.errorf("got %+v due %v, want attempt 2 of the timer as it was set, with the error", got[0], t.Due)
	}
}

func timerReplace(p *probe) {
	p.needQueue()
	ref := p.ref()
	p.set(ref, workflow.Timer{Name: "t", Due: after(time.Minute)})
	p.set(ref, workflow.Timer{Name: "t", Due: after(time.Hour), Payload: []byte("second")})
	p.wantDue("at the old instant", p.claim(after(2*time.Minute), 10))
	old := p.claim(after(time.Hour), 10)
	p.wantDue("at the new instant, once", old, "t")

	p.set(ref, workflow.Timer{Name: "t", Due: after(2 * time.Hour), Payload: []byte("third")})
	err := p.queue.Settle(p.ctx, workflow.Settlement{Receipt: old[0].Receipt, Outcome: workflow.Done})
	p.wantError(err, workflow.ErrLeaseLost, "settling a timer that was set anew while it was out")
	got := p.claim(after(2*time.Hour), 10)
	p.wantDue("the new one survives the old one's settlement", got, "t")
	if string(got[0].Timer.Payload) != "third" || got[0].Attempt != 1 {
		p.errorf("got %q at attempt %d, want the third setting at its first attempt", got[0].Timer.Payload, got[0].Attempt)
	}

	p.settle(workflow.Park, got[0])
	p.set(ref, workflow.Timer{Name: "t", Due: after(3 * time.Hour)})
	if parked := p.parked(); len(parked) != 0 {
		p.errorf("%d parked timers after the parked one was set anew", len(parked))
	}
	p.wantDue("set anew after it was parked", p.claim(after(3*time.Hour), 10), "t")
}

func (p *probe) parked() []workflow.Due {
	parked, err := all(p.queue.Parked(p.ctx))
	p.must(err, "parked")
	return parked
}

func timerCancel(p *probe) {
	p.needQueue()
	ref, other := p.ref(), p.ref()
	p.set(ref, workflow.Timer{Name: "a", Due: after(time.Minute)}, workflow.Timer{Name: "b", Due: after(time.Minute)})
	p.set(other, workflow.Timer{Name: "a", Due: after(time.Minute)})
	p.set(ref, workflow.Timer{Name: "a"}, workflow.Timer{Name: "never set"})
	got := p.claim(after(time.Hour), 10)
	if len(got) == 2 && got[0].Ref() == ref {
		got[0], got[1] = got[1], got[0]
	}
	p.wantDue("the other name, and the other record", got, "a", "b")
	p.set(ref, workflow.Timer{Name: "b"})
	err := p.queue.Settle(p.ctx, workflow.Settlement{Receipt: got[1].Receipt, Outcome: workflow.Retry, RetryAt: epoch})
	p.wantError(err, workflow.ErrLeaseLost, "settling a timer that was cancelled while it was out")
	p.settle(workflow.Done, got[0])
	p.wantDue("nothing is left", p.claim(after(100*time.Hour), 10))
}

func timerOnePerRecord(p *probe) {
	p.needQueue()
	ref := p.ref()
	p.set(ref, workflow.Timer{Name: "b", Due: after(time.Minute)}, workflow.Timer{Name: "a", Due: after(2 * time.Minute)},
		workflow.Timer{Name: "c", Due: after(2 * time.Minute)})
	now := after(time.Hour)
	for _, name := range []string{"b", "a", "c"} {
		got := p.claim(now, 10)
		p.wantDue("the first in line", got, name)
		p.wantDue("the next waits", p.claim(now, 10))
		p.set(ref, workflow.Timer{Name: "0 " + name, Due: epoch})
		p.wantDue("an earlier one that is set meanwhile waits too", p.claim(now, 10))
		p.set(ref, workflow.Timer{Name: "0 " + name})
		p.settle(workflow.Done, got...)
	}
	p.wantDue("all done", p.claim(now, 10))
}
