package postgres

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

// maxClaim bounds what one claim takes at a time.
const maxClaim = 10_000

// Claim implements [workflow.Queue]. It costs as much as there is work due, whatever
// else waits; one that finds none takes no lock. Workers pass over what others have at
// hand. Where more is due than n, timers and messages get half each, and what the one
// does not need goes to the other. When the connection is lost it is tried again; work
// that the first try leased and nobody was told of comes back when the lease ends.
func (s *Store) Claim(ctx context.Context, now time.Time, n int, lease time.Duration) ([]workflow.Due, error) {
	if n < 0 || lease <= 0 {
		return nil, fmt.Errorf("postgres: claim of %d for %v: want a number and a lease above zero: %w", n, lease, workflow.ErrInvalid)
	}
	if n == 0 || !validText(s.tenant) {
		return nil, ctx.Err()
	}
	var work []piece
	err := s.look(ctx, "claim", func(nm *namer) error {
		work = nil
		tenant, err := nm.tenant(s.tenant, false)
		if err != nil || tenant == 0 {
			return err
		}
		var found bool
		if _, err := nm.one(nm.db.sql.anythingDue, []any{tenant, now}, &found); err != nil || !found {
			return err
		}
		rows, err := nm.query(nm.db.sql.claim, tenant, now, now.Add(lease), min(n, maxClaim))
		if err != nil {
			return err
		}
		work, err = collect(rows, scanClaimed)
		return err
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(work, comparePieces)
	due := make([]workflow.Due, len(work))
	for i := range work {
		due[i] = work[i].due
		due[i].Receipt = work[i].receipt()
	}
	return due, nil
}

// Settle implements [workflow.Queue], in one transaction. A lease that has run out
// still holds until another worker claims the work. When the connection is lost it is
// tried again, and what the first try settled is not taken for a lost lease.
func (s *Store) Settle(ctx context.Context, settlements ...workflow.Settlement) error {
	var p workflow.Problems
	for _, x := range settlements {
		if x.Outcome < workflow.Done || x.Outcome > workflow.Park {
			p.Addf("receipt %.80q: outcome %d, want done, retry or park", x.Receipt, x.Outcome)
		}
	}
	if err := p.Err("postgres: settle"); err != nil || len(settlements) == 0 {
		return err
	}
	receipts := make([]workflow.Receipt, len(settlements))
	for i, x := range settlements {
		receipts[i] = x.Receipt
	}
	h := holders(receipts, workflow.ErrLeaseLost)
	outcomes, again, reasons := []int32{}, []*time.Time{}, []string{}
	for _, i := range h.index {
		x := settlements[i]
		outcomes, reasons = append(outcomes, int32(x.Outcome)), append(reasons, strings.ToValidUTF8(strings.ReplaceAll(x.Error, "\x00", ""), "�"))
		var at *time.Time
		if x.Outcome == workflow.Retry {
			at = &x.RetryAt
		}
		again = append(again, at)
	}
	return s.release(ctx, "settle", h, func(n *namer, tenant int32) (string, []any) {
		return n.db.sql.settle, []any{tenant, some(h.kinds), some(h.ids), some(h.names), some(h.seqs), some(h.tokens), outcomes, again, reasons, h.doubt}
	})
}

// Revive implements [workflow.Queue], in one transaction. The work keeps its place in
// the order of its record.
func (s *Store) Revive(ctx context.Context, at time.Time, receipts ...workflow.Receipt) error {
	if len(receipts) == 0 {
		return nil
	}
	h := holders(receipts, workflow.ErrNotFound)
	return s.release(ctx, "revive", h, func(n *namer, tenant int32) (string, []any) {
		return n.db.sql.revive, []any{tenant, at, some(h.kinds), some(h.ids), some(h.names), some(h.seqs), some(h.tokens), h.doubt}
	})
}

// held is what receipts say, as the arrays that a function takes.
type held struct {
	kinds  []int32
	ids    [][16]byte
	names  []string
	seqs   []int64
	tokens []int64
	index  []int // which receipt each is of
	none   error // what a receipt that does not hold matches
	bad    []error
	doubt  bool // an answer was lost: what looks done may have been our doing
}

func holders(receipts []workflow.Receipt, none error) *held {
	h := &held{none: none}
	for i, r := range receipts {
		p, ok := parseReceipt(r)
		if !ok {
			h.bad = append(h.bad, fmt.Errorf("postgres: receipt %.80q: %w", r, none))
			continue
		}
		h.kinds, h.ids, h.names = append(h.kinds, p.kind), append(h.ids, p.id), append(h.names, p.name)
		h.seqs, h.tokens, h.index = append(h.seqs, p.seq), append(h.tokens, p.token), append(h.index, i)
	}
	return h
}

// release carries out settle or revive. Receipts that do not hold are all reported and
// keep nothing from the others.
func (s *Store) release(ctx context.Context, what string, h *held, call func(*namer, int32) (string, []any)) error {
	var lost []int32
	err := s.look(ctx, what, func(n *namer) error {
		if len(h.index) == 0 {
			return nil
		}
		tenant, err := n.tenant(s.tenant, false)
		if err != nil {
			return err
		}
		text, args := call(n, tenant)
		_, err = n.one(text, args, &lost)
		h.doubt = h.doubt || open(err)
		return err
	})
	if err != nil {
		return err
	}
	bad := h.bad
	for _, i := range lost {
		bad = append(bad, fmt.Errorf("postgres: %s: work of record %v: %w", what, workflow.ID(h.ids[i-1]), h.none))
	}
	return errors.Join(bad...)
}

// Parked implements [workflow.Queue]: the timers by due time, then the messages in the
// order of their commits, as they stood when the loop began.
func (s *Store) Parked(ctx context.Context) iter.Seq2[workflow.Due, error] {
	return func(yield func(workflow.Due, error) bool) {
		for _, list := range []struct {
			text string
			scan func(cursor) (piece, error)
		}{{s.db.sql.parkedTimers, scanTimer}, {s.db.sql.parkedMessages, scanMessage}} {
			var letters []piece
			err := s.look(ctx, "parked", func(n *namer) error {
				letters = nil
				if !validText(s.tenant) {
					return nil
				}
				tenant, err := n.tenant(s.tenant, false)
				if err != nil || tenant == 0 {
					return err
				}
				rows, err := n.query(list.text, tenant)
				if err != nil {
					return err
				}
				letters, err = collect(rows, list.scan)
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

// piece is a stored timer or message: what workers get, and where it stands.
type piece struct {
	kind  int32
	id    [16]byte
	token int64
	name  string // of a timer
	seq   int64  // of a message, else 0
	due   workflow.Due
}

func comparePieces(a, b piece) int {
	if a.seq != 0 || b.seq != 0 {
		return int(min(1, max(-1, a.seq-b.seq)))
	}
	if n := a.due.Timer.Due.Compare(b.due.Timer.Due); n != 0 {
		return n
	}
	return strings.Compare(a.name, b.name)
}

// scanClaimed reads what the function claim returns.
func scanClaimed(rows cursor) (piece, error) {
	var p piece
	var kind string
	var due, at *time.Time
	var message [16]byte
	var topic string
	var payload []byte
	var attempt int32
	err := rows.Scan(&p.kind, &kind, &p.id, &p.name, &p.seq, &p.token, &attempt, &p.due.Error, &due, &message, &topic, &at, &payload)
	if err != nil {
		return p, err
	}
	p.due.Attempt = int(attempt)
	ref := workflow.Ref{Kind: kind, ID: p.id}
	if message == ([16]byte{}) {
		p.due.Timer = &workflow.Timer{Ref: ref, Name: p.name, Due: due.UTC(), Payload: payload}
	} else {
		p.due.Message = &workflow.Message{ID: message, Ref: ref, Topic: topic, At: at.UTC(), Payload: payload}
	}
	return p, nil
}

// scanTimer reads timerColumns.
func scanTimer(rows cursor) (piece, error) {
	var p piece
	t := &workflow.Timer{}
	var attempt int32
	err := rows.Scan(&p.kind, &t.Ref.Kind, &p.id, &p.token, &attempt, &p.due.Error, &p.name, &t.Due, &t.Payload)
	t.Ref.ID, t.Name, t.Due = p.id, p.name, t.Due.UTC()
	p.due.Timer, p.due.Attempt = t, int(attempt)
	return p, err
}

// scanMessage reads messageColumns.
func scanMessage(rows cursor) (piece, error) {
	var p piece
	m := &workflow.Message{}
	var message [16]byte
	var attempt int32
	err := rows.Scan(&p.kind, &m.Ref.Kind, &p.id, &p.token, &attempt, &p.due.Error, &p.seq, &message, &m.Topic, &m.At, &m.Payload)
	m.ID, m.Ref.ID, m.At = message, p.id, m.At.UTC()
	p.due.Message, p.due.Attempt = m, int(attempt)
	return p, err
}

// A receipt names the lease by its token, which is never given twice, and the place
// of the work. The name of a timer comes last: it may contain anything.
func (p *piece) receipt() workflow.Receipt {
	return workflow.Receipt(fmt.Sprintf("%d:%d:%v:%d:%s", p.token, p.kind, workflow.ID(p.id), p.seq, p.name))
}

// parseReceipt undoes receipt. What this package never gave out is no lease.
func parseReceipt(r workflow.Receipt) (p piece, ok bool) {
	parts := strings.SplitN(string(r), ":", 5)
	if len(parts) != 5 || !validText(parts[4]) {
		return p, false
	}
	token, err1 := strconv.ParseInt(parts[0], 10, 64)
	kind, err2 := strconv.ParseInt(parts[1], 10, 32)
	id, err3 := workflow.ParseID(parts[2])
	seq, err4 := strconv.ParseInt(parts[3], 10, 64)
	ok = err1 == nil && err2 == nil && err3 == nil && err4 == nil && token > 0
	return piece{token: token, kind: int32(kind), id: id, seq: seq, name: parts[4]}, ok
}
