package eventbus

import (
	"context"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

// result is what became of a message that was published when it was claimed.
type result struct {
	err     error
	expires time.Time // when its lease ends; then nobody asks any more
}

// Ahead returns the queue for relays that publish much: what a claim brings is
// published together, so that a batch costs one wait for the broker and not one
// for each message. The relay then asks the handler for each, which knows the
// outcome already. Only messages for which publish answers true are sent; nil
// means all. As a claim holds at most one message of a record, the order per record
// is kept; at most the relay's batch is in flight for each relay.
//
//	relay, err := workflow.NewRelay(h.Ahead(store, nil), h, workflow.RelayConfig{Batch: 256})
func (h *Handler) Ahead(q workflow.Queue, publish func(workflow.Message) bool) workflow.Queue {
	return &aheadQueue{q, h, publish}
}

type aheadQueue struct {
	workflow.Queue
	h    *Handler
	want func(workflow.Message) bool
}

func (q *aheadQueue) Claim(ctx context.Context, now time.Time, n int, lease time.Duration) ([]workflow.Due, error) {
	due, err := q.Queue.Claim(ctx, now, n, lease)
	if err != nil {
		return due, err
	}
	var batch []Envelope
	var receipts []workflow.Receipt
	for _, d := range due {
		if d.Message == nil || q.want != nil && !q.want(*d.Message) {
			continue
		}
		if e, err := q.h.origin.Message(*d.Message); err == nil { // Handle reports the error
			batch, receipts = append(batch, e), append(receipts, d.Receipt)
		}
	}
	if len(batch) > 0 {
		q.h.remember(receipts, q.h.publish(ctx, batch), now, now.Add(lease))
	}
	return due, nil
}

// remember keeps the outcomes for the calls of Handle that follow, and drops
// those of relays that went away without asking.
func (h *Handler) remember(receipts []workflow.Receipt, err error, now, expires time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for r, old := range h.ahead {
		if !old.expires.After(now) {
			delete(h.ahead, r)
		}
	}
	for i, r := range receipts {
		h.ahead[r] = result{Outcome(err, i), expires}
	}
}

func (h *Handler) known(r workflow.Receipt) (error, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	res, ok := h.ahead[r]
	delete(h.ahead, r)
	return res.err, ok
}
