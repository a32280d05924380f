package eventbus

import (
	"context"
	"sync"

	"github.com/itsm-go/itsm/workflow"
)

// Inbox is a receiver's memory of what it has dealt with. It belongs to one
// transaction of the receiver's own database, the one in which the effect
// happens; so the effect and its mark are there together or not at all, and what
// is delivered twice has its effect once. With SQL it is a table with the key as
// its primary key:
//
//	Seen: SELECT 1 FROM inbox WHERE id = $1
//	Mark: INSERT INTO inbox (id) VALUES ($1)
//
// Two transactions that deal with the same envelope at the same time must not
// both commit: the primary key sees to that.
type Inbox interface {
	// Seen reports whether the key was marked by a transaction that was committed.
	Seen(ctx context.Context, key string) (bool, error)
	// Mark notes the key in the transaction. A key that is there already is an error.
	Mark(ctx context.Context, key string) error
}

// Once lets the effect of an envelope happen unless the inbox has seen it, and
// marks it. It reports whether the effect happened now. On an error the caller
// rolls its transaction back, and gets the envelope again.
func Once(ctx context.Context, in Inbox, e Envelope, effect func(context.Context) error) (bool, error) {
	key := e.Key()
	if seen, err := in.Seen(ctx, key); seen || err != nil {
		return false, err
	}
	if err := effect(ctx); err != nil {
		return false, err
	}
	return true, in.Mark(ctx, key)
}

// Command returns the command by which a receiver that is a desk itself answers
// an envelope. Its key is the envelope's, so that the desk carries it out once
// however often it is delivered: the batch of a command and its mark are one. A
// command that changes nothing leaves no mark, and none is needed.
func Command(name string, actor workflow.Actor, e Envelope) workflow.Command {
	return workflow.Command{Name: name, Actor: actor, Key: e.Key()}
}

// MemoryInbox is an inbox that lasts as long as the process, for tests. The zero
// value is empty. It is safe for concurrent use.
type MemoryInbox struct {
	mu   sync.Mutex
	seen map[string]bool
}

// Transact runs one transaction: its marks count if f returns nil.
func (m *MemoryInbox) Transact(f func(Inbox) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	tx := &memoryTx{m, map[string]bool{}}
	if err := f(tx); err != nil {
		return err
	}
	if m.seen == nil {
		m.seen = map[string]bool{}
	}
	for key := range tx.marked {
		m.seen[key] = true
	}
	return nil
}

// Len returns how many envelopes have been dealt with.
func (m *MemoryInbox) Len() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.seen)
}

type memoryTx struct {
	of     *MemoryInbox
	marked map[string]bool
}

func (tx *memoryTx) Seen(ctx context.Context, key string) (bool, error) {
	return tx.of.seen[key] || tx.marked[key], ctx.Err()
}

func (tx *memoryTx) Mark(ctx context.Context, key string) error {
	var p workflow.Problems
	if seen, _ := tx.Seen(ctx, key); seen {
		p.Addf("%.80q was marked before", key)
	}
	tx.marked[key] = true
	p.Add(ctx.Err())
	return p.Err("eventbus: inbox")
}
