package storetest

import (
	"fmt"
	"sync"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

var leaseRules = []Rule{
	{"lease/exclusive-until-it-ends", "work handed to two workers is done twice; work of a dead worker must come back", leaseEnds},
	{"lease/late-settlement", "a worker that was slow, but whose work nobody else was given, has still done it", lateSettlement},
	{"lease/lost", "a worker that lost its lease must learn it, and its other work must count", leaseLost},
	{"lease/only-the-time-passed-in", "a store that reads a clock of its own cannot be simulated, tested or replayed", onlyGivenTime},
	{"lease/no-double", "many workers claim at once, and each piece of work must go to one of them", noDoubleLease},
	{"lease/invalid-settlement", "an outcome that means nothing must not be taken for one that does", invalidSettlement},
}

func leaseEnds(p *probe) {
	p.needQueue()
	ref := p.ref()
	p.send(ref, "m")
	p.set(ref, workflow.Timer{Name: "t", Due: epoch})
	first := p.claim(epoch, 10)
	if len(first) != 2 {
		p.errorf("claimed %d, want a record's first timer and its first message", len(first))
		p.stop()
	}
	p.wantDue("before the lease ends", p.claim(after(lease-time.Microsecond), 10))
	p.wantDue("a worker whose clock is behind", p.claim(after(-time.Hour), 10))
	second := p.claim(after(lease), 10)
	if len(second) != 2 {
		p.errorf("claimed %d when the leases ended, want 2", len(second))
		p.stop()
	}
	for _, d := range second {
		if d.Attempt != 2 {
			p.errorf("%s came back as attempt %d, want 2", workName(d), d.Attempt)
		}
	}
	for _, d := range first {
		err := p.queue.Settle(p.ctx, workflow.Settlement{Receipt: d.Receipt, Outcome: workflow.Done})
		p.wantError(err, workflow.ErrLeaseLost, "settling %s after another worker got it", workName(d))
	}
	p.wantDue("the second worker's lease stands", p.claim(after(lease+time.Second), 10))
	p.settle(workflow.Done, second...)
	p.wantDue("done is done", p.claim(after(100*time.Hour), 10))
}

func lateSettlement(p *probe) {
	p.needQueue()
	p.send(p.ref(), "m")
	got := p.claim(epoch, 10)
	p.wantDue("other work, after the lease ended, claimed up to none", p.claim(after(2*lease), 0))
	p.settle(workflow.Done, got...)
	p.wantDue("it counts", p.claim(after(3*lease), 10))
}

func leaseLost(p *probe) {
	p.needQueue()
	p.send(p.ref(), "a")
	p.send(p.ref(), "b")
	got := p.claim(epoch, 10)
	p.wantDue("two messages", got, "a", "b")
	p.settle(workflow.Done, got[0])
	err := p.queue.Settle(p.ctx,
		workflow.Settlement{Receipt: "never given", Outcome: workflow.Done},
		workflow.Settlement{Receipt: got[0].Receipt, Outcome: workflow.Done},
		workflow.Settlement{Receipt: got[1].Receipt, Outcome: workflow.Done})
	p.wantError(err, workflow.ErrLeaseLost, "an unknown receipt, and one settled before")
	p.wantDue("the others were settled all the same", p.claim(after(100*time.Hour), 10))
	p.must(p.queue.Settle(p.ctx), "settle nothing")
}

// onlyGivenTime plays the same story far in the past and far in the future.
func onlyGivenTime(p *probe) {
	p.needQueue()
	for _, year := range []int{1999, 2100} {
		at := time.Date(year, 12, 31, 23, 59, 0, 0, time.UTC)
		ref := p.ref()
		b := p.batch()
		b.Timers = []workflow.Timer{{Ref: ref, Name: fmt.Sprint("t", year), Due: at.Add(time.Hour)}}
		b.Messages = []workflow.Message{{ID: p.id(), Ref: ref, Topic: fmt.Sprint("m", year), At: at}}
		p.commit(b)
		message := p.claim(at, 10)
		p.wantDue("the message at once", message, fmt.Sprint("m", year))
		p.wantDue("the message again when its lease ended", p.claim(at.Add(lease), 10), fmt.Sprint("m", year))
		p.wantDue("both an hour later", p.claim(at.Add(time.Hour), 1), fmt.Sprint("t", year))
		message = p.claim(at.Add(time.Hour), 10)
		p.wantDue("both an hour later", message, fmt.Sprint("m", year))
		p.settle(workflow.Done, message...)
		timer := p.claim(at.Add(2*time.Hour), 10)
		p.wantDue("the timer again", timer, fmt.Sprint("t", year))
		p.settle(workflow.Done, timer...)
	}
}

// noDoubleLease lets eight workers drain the work of few records in rounds.
// Each settles what it has and claims again, all at the same time, and what was
// claimed in one round is out until the next: so two of them never hold work of
// one line by right, however the goroutines interleave.
func noDoubleLease(p *probe) {
	p.needQueue()
	const records, each, workers = 6, 20, 8
	const total = 2 * records * each
	for range records {
		ref := p.ref()
		b := p.batch()
		for i := range each {
			b.Timers = append(b.Timers, workflow.Timer{Ref: ref, Name: fmt.Sprintf("t%02d", i), Due: after(time.Duration(i) * time.Second)})
			b.Messages = append(b.Messages, workflow.Message{ID: p.id(), Ref: ref, Topic: fmt.Sprintf("m%02d", i), At: epoch})
		}
		p.commit(b)
	}
	now := after(time.Hour)
	book := deliveries{out: map[string]string{}, next: map[string]int{}}
	held := make([][]workflow.Due, workers)
	for book.done < total {
		claims := book.claims
		p.parallel(workers, func(i int) (err error) {
			if err := p.queue.Settle(p.ctx, book.leave(held[i], now)...); err != nil {
				return err
			}
			if held[i], err = p.queue.Claim(p.ctx, now, 1+i%3, lease); err != nil {
				return err
			}
			return book.enter(held[i])
		})
		if len(p.found) == 0 && claims == book.claims && book.done < total {
			p.errorf("%d pieces of work were done, and no more of the %d are handed out", book.done, total)
		}
		if len(p.found) > 0 {
			return
		}
	}
	p.wantDue("all was done", p.claim(now.Add(100*time.Hour), 10))
}

// deliveries is what workers write down about what they were handed.
type deliveries struct {
	mu           sync.Mutex
	out          map[string]string // by record and sort of work: what is out
	next         map[string]int    // by record and sort of work: what must come next
	claims, done int
}

// enter checks what was handed out.
func (b *deliveries) enter(due []workflow.Due) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, d := range due {
		b.claims++
		name := workName(d)
		if other, out := b.out[line(d)]; out {
			return fmt.Errorf("got %s of %v while %s was out", name, d.Ref(), other)
		}
		if want := fmt.Sprintf("%02d", b.next[line(d)]); name[1:] != want {
			return fmt.Errorf("got %s of %v, but %s is next", name, d.Ref(), want)
		}
		b.out[line(d)] = name
	}
	return nil
}

// leave decides the outcomes: every third piece of a line fails once.
func (b *deliveries) leave(due []workflow.Due, now time.Time) []workflow.Settlement {
	b.mu.Lock()
	defer b.mu.Unlock()
	var ends []workflow.Settlement
	for _, d := range due {
		end := workflow.Settlement{Receipt: d.Receipt, Outcome: workflow.Done, RetryAt: now}
		if b.next[line(d)]%3 == 0 && d.Attempt == 1 {
			end.Outcome = workflow.Retry
		} else {
			b.next[line(d)]++
			b.done++
		}
		delete(b.out, line(d))
		ends = append(ends, end)
	}
	return ends
}

// line is the record, and whether timer or message.
func line(d workflow.Due) string { return d.Ref().String() + workName(d)[:1] }

func invalidSettlement(p *probe) {
	p.needQueue()
	p.send(p.ref(), "m")
	got := p.claim(epoch, 1)
	p.wantDue("the message", got, "m")
	for _, o := range []workflow.Outcome{0, workflow.Park + 1} {
		err := p.queue.Settle(p.ctx, workflow.Settlement{Receipt: got[0].Receipt, Outcome: o})
		p.wantError(err, workflow.ErrInvalid, "outcome %d", o)
	}
	p.settle(workflow.Done, got...)
	p.wantDue("the lease stood until then", p.claim(after(100*time.Hour), 10))
}
