package sqlstore

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

const (
	// anythingDue needs no write lock: workers that poll in vain disturb nobody.
	anythingDue = `SELECT EXISTS (SELECT 1 FROM itsm_timers WHERE tenant = t.tenant AND lane = 1 AND due <= ?2)
	OR EXISTS (SELECT 1 FROM itsm_timers WHERE tenant = t.tenant AND lane = 2 AND ready <= ?2)
	OR EXISTS (SELECT 1 FROM itsm_messages WHERE tenant = t.tenant AND lane = 1)
	OR EXISTS (SELECT 1 FROM itsm_messages WHERE tenant = t.tenant AND lane = 2 AND ready <= ?2)
FROM itsm_tenants t WHERE t.name = ?1`

	wakeTimers   = "SELECT kind, id, name FROM itsm_timers WHERE tenant = ? AND lane = 2 AND ready <= ?"
	wokenTimer   = "UPDATE itsm_timers SET out = 0 WHERE kind = ? AND id = ? AND name = ?"
	wakeMessages = "SELECT kind, id, seq FROM itsm_messages WHERE tenant = ? AND lane = 2 AND ready <= ?"
	wokenMessage = "UPDATE itsm_messages SET out = 0, lane = 0 WHERE seq = ?"

	timerColumns   = "m.kind, k.name, m.id, m.token, m.attempt, m.error, m.name, m.due, m.payload"
	messageColumns = "m.kind, k.name, m.id, m.token, m.attempt, m.error, m.seq, m.message, m.topic, m.at, m.payload"

	freeTimers = "SELECT " + timerColumns + ` FROM itsm_timers m CROSS JOIN itsm_kinds k ON k.kind = m.kind
WHERE m.tenant = ?1 AND m.lane = 1 AND m.due <= ?2 AND m.ready <= ?2 ORDER BY m.due, m.name LIMIT ?3`
	freeMessages = "SELECT " + messageColumns + ` FROM itsm_messages m CROSS JOIN itsm_kinds k ON k.kind = m.kind
WHERE m.tenant = ?1 AND m.lane = 1 AND m.ready <= ?2 ORDER BY m.seq LIMIT ?3`

	countLeases  = "UPDATE itsm_tenants SET leases = leases + ?1 WHERE tenant = ?2 RETURNING leases - ?1"
	leaseTimer   = "UPDATE itsm_timers SET lane = 2, out = 1, ready = ?, attempt = ?, token = ? WHERE kind = ? AND id = ? AND name = ?"
	leaseMessage = "UPDATE itsm_messages SET lane = 2, out = 1, ready = ?, attempt = ?, token = ? WHERE seq = ?"
)

// maxClaim bounds what one claim takes at a time.
const maxClaim = 10_000

// workSize is about what a lease, or the end of one, writes.
const workSize = 256

// Claim implements [workflow.Queue]. It costs as much as there is work due; one
// that finds none takes no lock. Where more is due than n, timers and messages
// get half each, and what the one does not need goes to the other.
func (s *Store) Claim(ctx context.Context, now time.Time, n int, lease time.Duration) ([]workflow.Due, error) {
	if n < 0 || lease <= 0 {
		return nil, fmt.Errorf("sqlstore: claim of %d for %v: want a number and a lease above zero: %w", n, lease, workflow.ErrInvalid)
	}
	if n == 0 {
		return nil, ctx.Err()
	}
	at := encodeTime(now)
	found, err := s.due(ctx, at)
	if err != nil || !found {
		return nil, err
	}
	var due []workflow.Due
	err = s.write(&turn{ctx: ctx, what: "claim", size: min(n, maxClaim) * workSize, f: func(names *namer) error {
		tenant, err := names.number(tenantLevel, 0, s.tenant)
		if err != nil {
			return err
		}
		c := claim{namer: names, tenant: tenant, now: at, until: encodeTime(now.Add(lease))}
		due, err = c.take(min(n, maxClaim))
		return err
	}})
	if err != nil {
		return nil, err
	}
	return due, nil
}

func (s *Store) due(ctx context.Context, now int64) (found bool, err error) {
	err = s.look(ctx, "claim", func(n *session) error {
		_, err := n.one(anythingDue, []any{s.tenant, now}, &found)
		return err
	})
	return found, err
}

// claim is one call of Claim within its transaction.
type claim struct {
	*namer
	tenant, now, until int64
}

func (c *claim) take(n int) ([]workflow.Due, error) {
	if err := c.wakeTimers(); err != nil {
		return nil, err
	}
	if err := c.wakeMessages(); err != nil {
		return nil, err
	}
	timers, err := c.free(freeTimers, scanTimer, n)
	if err != nil {
		return nil, err
	}
	messages, err := c.free(freeMessages, scanMessage, n)
	if err != nil {
		return nil, err
	}
	timers = timers[:min(len(timers), max(n-len(messages), (n+1)/2))]
	work := append(timers, messages[:min(len(messages), n-len(timers))]...)
	var token int64
	if _, err := c.one(countLeases, []any{len(work), c.tenant}, &token); err != nil {
		return nil, err
	}
	due := make([]workflow.Due, len(work))
	for i, w := range work {
		w.token = token + int64(i) + 1
		w.due.Attempt++
		if w.due.Timer != nil {
			_, err = c.exec(leaseTimer, c.until, w.due.Attempt, w.token, w.kind, w.id[:], w.name)
		} else {
			_, err = c.exec(leaseMessage, c.until, w.due.Attempt, w.token, w.seq)
		}
		if err != nil {
			return nil, err
		}
		due[i] = w.due
		due[i].Receipt = w.receipt()
	}
	return due, nil
}

// wakeTimers frees the timers whose lease has run out or whose next attempt has
// come. Every lease and retry is woken at most once, so claims do not look
// again and again at work that is not due.
func (c *claim) wakeTimers() error {
	held, err := collect(c.query(wakeTimers, c.tenant, c.now))(func(rows rows) (piece, error) {
		var p piece
		return p, rows.Scan(&p.kind, &p.rawID, &p.name)
	})
	if err != nil {
		return err
	}
	for _, p := range held {
		copy(p.id[:], p.rawID)
		if _, err := c.exec(wokenTimer, p.kind, p.rawID, p.name); err != nil {
			return err
		}
		of, err := c.timersOf(p.kind, p.id)
		if err != nil {
			return err
		}
		if err := c.storeTimers(of, c.tenant, c.now); err != nil {
			return err
		}
	}
	return nil
}

func (c *claim) wakeMessages() error {
	held, err := collect(c.query(wakeMessages, c.tenant, c.now))(func(rows rows) (piece, error) {
		var p piece
		return p, rows.Scan(&p.kind, &p.rawID, &p.seq)
	})
	if err != nil {
		return err
	}
	for _, p := range held {
		copy(p.id[:], p.rawID)
		if _, err := c.exec(wokenMessage, p.seq); err != nil {
			return err
		}
		if err := c.advance(p.kind, p.id, c.now); err != nil {
			return err
		}
	}
	return nil
}

func (c *claim) free(statement string, scan func(rows) (piece, error), n int) ([]piece, error) {
	return collect(c.query(statement, c.tenant, c.now, n))(scan)
}

// collect reads all rows of a query.
func collect(r rows, err error) func(func(rows) (piece, error)) ([]piece, error) {
	return func(scan func(rows) (piece, error)) ([]piece, error) {
		if err != nil {
			return nil, err
		}
		defer r.Close()
		var all []piece
		for r.Next() {
			p, err := scan(r)
			if err != nil {
				return nil, err
			}
			all = append(all, p)
		}
		return all, r.Err()
	}
}

const (
	parkedTimers = "SELECT " + timerColumns + ` FROM itsm_timers m JOIN itsm_kinds k ON k.kind = m.kind
WHERE m.tenant = (SELECT tenant FROM itsm_tenants WHERE name = ?) AND m.lane = 3
ORDER BY m.due, m.name`
	parkedMessages = "SELECT " + messageColumns + ` FROM itsm_messages m JOIN itsm_kinds k ON k.kind = m.kind
WHERE m.tenant = (SELECT tenant FROM itsm_tenants WHERE name = ?) AND m.lane = 3
ORDER BY m.seq`
)

// Parked implements [workflow.Queue]: the timers by due time, then the messages
// in the order of their commits, as they stood when the loop began.
func (s *Store) Parked(ctx context.Context) iter.Seq2[workflow.Due, error] {
	return func(yield func(workflow.Due, error) bool) {
		for _, list := range []struct {
			text string
			scan func(rows) (piece, error)
		}{{parkedTimers, scanTimer}, {parkedMessages, scanMessage}} {
			var letters []piece
			err := s.look(ctx, "parked", func(n *session) (err error) {
				letters, err = collect(n.query(list.text, s.tenant))(list.scan)
				return err
			})
			if err != nil {
				yield(workflow.Due{}, err)
				return
			}
			for _, p := range letters {
				p.due.Receipt = p.receipt()
				if !yield(p.due, nil) {
					return
				}
			}
		}
	}
}
