package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/itsm-go/itsm/change"
	"github.com/itsm-go/itsm/incident"
	"github.com/itsm-go/itsm/incident/announce"
	"github.com/itsm-go/itsm/incident/major"
	"github.com/itsm-go/itsm/workflow"
)

// resolve ends the incident, and with it those of all callers, though the process that
// carries it out dies on the way.
func (h *house) resolve() error {
	if err := h.until(10, 11, 2); err != nil {
		return err
	}
	h.title("it is repaired")
	if err := errors.Join(
		into(&h.fix)(h.changes.Complete(ctx, stig, h.fix.ID)),
		into(&h.fix)(h.changes.Close(ctx, cho, h.fix.ID, change.Review{Outcome: change.Successful, Notes: "the other array has the same firmware"})),
		h.plans(h.fix),
	); err != nil {
		return err
	}
	h.say("%s is closed as %s.", h.fix.Number, h.fix.Review.Outcome)
	if err := errors.Join(
		h.until(10, 11, 4),
		into(&h.outage)(h.incidents.Resolve(ctx, ron, h.outage.ID, "fixed", "Firmware 4.2 on both controllers, and the cache is on.")),
	); err != nil {
		return err
	}
	h.say("ron resolves %s. Its %d children follow, some with each commit.", h.outage.Number, h.outage.Children)
	if err := h.dieOnTheWay(); err != nil {
		return err
	}
	h.say("The process dies: %s. What it did last it could not report.", h.resolved())
	if err := h.start(); err != nil {
		return err
	}
	if err := h.until(10, 11, 6); err != nil {
		return err
	}
	cascade, err := h.incidents.Cascade(ctx, h.outage.ID)
	if err != nil {
		return err
	}
	h.say("Another process takes over when the lease has run out: %s. It was given that again, and did not do it again: %d have followed.", h.resolved(), cascade.Followed)
	told := slices.DeleteFunc(h.mail.told(incident.TopicResolved), func(to string) bool { return to == "monitoring" })
	slices.Sort(told)
	if len(slices.Compact(slices.Clone(told))) != len(told) {
		return errors.New("somebody was told twice")
	}
	h.say("%d callers are told, each of them once: %s.", len(told), strings.Join(told, ", "))
	return nil
}

// dieOnTheWay works until more than half of the callers have followed. What was
// committed last is not reported back to the queue any more.
func (h *house) dieOnTheWay() error {
	queue := &mortal{Queue: h.store, dies: func() bool {
		c, err := h.incidents.Cascade(ctx, h.outage.ID)
		return err == nil && c.State == incident.CascadeFollowing && c.Followed > len(h.callers)/2
	}}
	relay, err := workflow.NewRelay(queue, h.work, workflow.RelayConfig{Clock: func() time.Time { return h.now }, Batch: 1})
	if err != nil {
		return err
	}
	if _, err := relay.Drain(ctx); !errors.Is(err, errDied) {
		return errors.Join(errors.New("the process should have died"), err)
	}
	return nil
}

// mortal is the queue of a process that dies before it can say what it has done.
type mortal struct {
	workflow.Queue
	dies func() bool
}

var errDied = errors.New("the process is gone")

func (q *mortal) Settle(ctx context.Context, s ...workflow.Settlement) error {
	if q.dies() {
		return errDied
	}
	return q.Queue.Settle(ctx, s...)
}

// resolved tells how many of the callers' incidents are.
func (h *house) resolved() string {
	n := 0
	for _, id := range h.callers {
		if inc, err := h.incidents.Get(ctx, id); err == nil && inc.State == incident.StateResolved {
			n++
		}
	}
	return fmt.Sprintf("%d of %d are resolved", n, len(h.callers))
}

// allClear tells everybody that it is over.
func (h *house) allClear() error {
	if err := h.until(10, 11, 8); err != nil {
		return err
	}
	h.title("it is over")
	return errors.Join(
		h.update(major.Resolved, "Everything works as before."),
		into(&h.bulletin)(h.informing.Clear(ctx, cleo, h.bulletin.ID, announce.Words{"en": {Title: "Shop and warehouse work as before"}})),
		h.deliver(),
	)
}
