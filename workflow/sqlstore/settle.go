package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

const (
	leasedTimer = "SELECT due FROM itsm_timers WHERE kind = ? AND id = ? AND name = ? AND tenant = ? AND token = ? AND lane <> 3"
	putOffTimer = "UPDATE itsm_timers SET out = 0, token = 0, ready = ?, error = ? WHERE kind = ? AND id = ? AND name = ?"
	parkTimer   = "UPDATE itsm_timers SET out = 0, lane = 3, error = ? WHERE kind = ? AND id = ? AND name = ?"
	reviveTimer = `UPDATE itsm_timers SET lane = 0, attempt = 0, token = 0, ready = ?
WHERE kind = ? AND id = ? AND name = ? AND tenant = ? AND token = ? AND lane = 3`

	leasedMessage = "SELECT lane FROM itsm_messages WHERE seq = ? AND kind = ? AND id = ? AND tenant = ? AND token = ? AND lane <> 3"
	putOffMessage = "UPDATE itsm_messages SET lane = 0, out = 0, token = 0, ready = ?, error = ? WHERE seq = ?"
	parkMessage   = "UPDATE itsm_messages SET out = 0, lane = 3, error = ? WHERE seq = ?"
	reviveMessage = `UPDATE itsm_messages SET lane = 0, attempt = 0, token = 0, ready = ?
WHERE seq = ? AND kind = ? AND id = ? AND tenant = ? AND token = ? AND lane = 3`
)

// Settle implements [workflow.Queue], in one transaction. A lease that has run
// out still holds until another worker claims the work.
func (s *Store) Settle(ctx context.Context, settlements ...workflow.Settlement) error {
	var p workflow.Problems
	for _, x := range settlements {
		if x.Outcome < workflow.Done || x.Outcome > workflow.Park {
			p.Addf("receipt %.80q: outcome %d, want done, retry or park", x.Receipt, x.Outcome)
		}
	}
	if err := p.Err("sqlstore: settle"); err != nil || len(settlements) == 0 {
		return err
	}
	return s.eachReceipt(ctx, "settle", len(settlements), func(n *namer, tenant int64, i int) error {
		return n.settle(tenant, settlements[i])
	})
}

// Revive implements [workflow.Queue], in one transaction. The work keeps its
// place in the order of its record.
func (s *Store) Revive(ctx context.Context, at time.Time, receipts ...workflow.Receipt) error {
	return s.eachReceipt(ctx, "revive", len(receipts), func(n *namer, tenant int64, i int) error {
		return n.revive(tenant, encodeTime(at), receipts[i])
	})
}

// eachReceipt calls f for each of n receipts. Those that do not hold are all
// reported and keep nothing from the others.
func (s *Store) eachReceipt(ctx context.Context, what string, n int, f func(*namer, int64, int) error) error {
	var lost []error
	err := s.write(&turn{ctx: ctx, what: what, size: n * workSize, f: func(names *namer) error {
		lost = nil
		tenant, err := names.number(tenantLevel, 0, s.tenant)
		if err != nil {
			return err
		}
		for i := range n {
			err := f(names, tenant, i)
			if errors.Is(err, workflow.ErrLeaseLost) || errors.Is(err, workflow.ErrNotFound) {
				lost = append(lost, err)
			} else if err != nil {
				return err
			}
		}
		return nil
	}})
	if err != nil {
		return err
	}
	return errors.Join(lost...)
}

func (n *namer) settle(tenant int64, x workflow.Settlement) error {
	p, err := parseReceipt(x.Receipt)
	if err != nil {
		return err
	}
	if p.seq == 0 {
		return n.settleTimer(tenant, p, x)
	}
	return n.settleMessage(tenant, p, x)
}

func (n *namer) settleTimer(tenant int64, p piece, x workflow.Settlement) error {
	var due int64
	held, err := n.one(leasedTimer, []any{p.kind, p.id[:], p.name, tenant, p.token}, &due)
	switch {
	case err != nil:
		return err
	case !held:
		return fmt.Errorf("sqlstore: timer %q of record %v: %w", p.name, p.id, workflow.ErrLeaseLost)
	case x.Outcome == workflow.Done:
		_, err = n.exec(dropTimer, p.kind, p.id[:], p.name)
	case x.Outcome == workflow.Retry:
		_, err = n.exec(putOffTimer, encodeTime(x.RetryAt), x.Error, p.kind, p.id[:], p.name)
	default:
		_, err = n.exec(parkTimer, x.Error, p.kind, p.id[:], p.name)
	}
	if err != nil {
		return err
	}
	return n.reorderTimers(tenant, p)
}

func (n *namer) reorderTimers(tenant int64, p piece) error {
	of, err := n.timersOf(p.kind, p.id)
	if err != nil {
		return err
	}
	return n.storeTimers(of, tenant, always)
}

func (n *namer) settleMessage(tenant int64, p piece, x workflow.Settlement) error {
	var lane int
	held, err := n.one(leasedMessage, []any{p.seq, p.kind, p.id[:], tenant, p.token}, &lane)
	switch {
	case err != nil:
		return err
	case !held:
		return fmt.Errorf("sqlstore: message %d of record %v: %w", p.seq, p.id, workflow.ErrLeaseLost)
	case x.Outcome == workflow.Done:
		_, err = n.exec(dropMessage, p.seq)
	case x.Outcome == workflow.Retry:
		_, err = n.exec(putOffMessage, encodeTime(x.RetryAt), x.Error, p.seq)
	default:
		_, err = n.exec(parkMessage, x.Error, p.seq)
	}
	if err != nil || lane == laneBehind {
		return err
	}
	return n.advance(p.kind, p.id, always)
}

func (n *namer) revive(tenant, at int64, r workflow.Receipt) error {
	p, err := parseReceipt(r)
	if err != nil {
		return fmt.Errorf("sqlstore: %.80q is not the receipt of parked work: %w", r, workflow.ErrNotFound)
	}
	var found int64
	if p.seq == 0 {
		found, err = n.exec(reviveTimer, at, p.kind, p.id[:], p.name, tenant, p.token)
	} else {
		found, err = n.exec(reviveMessage, at, p.seq, p.kind, p.id[:], tenant, p.token)
	}
	switch {
	case err != nil:
		return err
	case found == 0:
		return fmt.Errorf("sqlstore: parked work of record %v: %w", p.id, workflow.ErrNotFound)
	case p.seq == 0:
		return n.reorderTimers(tenant, p)
	}
	return n.rejoin(p.kind, p.id)
}
