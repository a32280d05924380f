package eventbus

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/itsm-go/itsm/workflow"
)

// Publisher hands envelopes to a broker. It is what a host implements for a
// broker of its own; packages jetstream and watermill have two.
//
// Publish returns when the broker has said of every envelope that it keeps it,
// and then the error is nil. Otherwise a [*PublishError] tells which were not
// acknowledged; with any other error none counts as acknowledged. An envelope
// that was not acknowledged may have arrived all the same: it will be published
// again, and recognised by its [Envelope.Key]. An error for an envelope that
// matches [workflow.ErrInvalid] says that this envelope will never be taken, as
// one that is too big; one that matches [ErrUnavailable] says that the broker is
// not there for anybody.
//
// Of one record the envelopes are published in the order of the batch, and none
// behind one that was not acknowledged; [Rounds] helps. A Publisher is safe for
// concurrent use, and keeps nothing for later: when it returns, it holds no
// envelope.
type Publisher interface {
	Publish(ctx context.Context, batch []Envelope) error
}

// PublisherFunc makes a function a [Publisher].
type PublisherFunc func(ctx context.Context, batch []Envelope) error

// Publish calls f.
func (f PublisherFunc) Publish(ctx context.Context, batch []Envelope) error { return f(ctx, batch) }

// ErrUnavailable says that the broker did not answer, or that there is none:
// whether it has what was sent to it is unknown.
var ErrUnavailable = errors.New("broker unavailable")

// ErrHeldBack says that an envelope was not sent as one of the same record
// before it was not acknowledged.
var ErrHeldBack = errors.New("held back behind another of its record")

// PublishError tells which envelopes of a batch were not acknowledged, and why.
type PublishError struct {
	Failed []Failure // by index
}

// Failure is one envelope that was not acknowledged.
type Failure struct {
	Index int // in the batch
	Err   error
}

// Error lists the first few.
func (e *PublishError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "eventbus: %d not acknowledged", len(e.Failed))
	for i, f := range e.Failed {
		if i == 3 {
			b.WriteString("; …")
			break
		}
		fmt.Fprintf(&b, "; number %d: %v", f.Index, f.Err)
	}
	return b.String()
}

// Unwrap gives the errors of the envelopes.
func (e *PublishError) Unwrap() []error {
	errs := make([]error, len(e.Failed))
	for i, f := range e.Failed {
		errs[i] = f.Err
	}
	return errs
}

// Outcome returns what Publish's error says of the batch's i-th envelope: nil if
// it was acknowledged. Only a [*PublishError] itself speaks of single envelopes: an
// error that wraps one may be about another batch, and says that none was.
func Outcome(err error, i int) error {
	partial, ok := err.(*PublishError)
	if !ok {
		return err
	}
	for _, f := range partial.Failed {
		if f.Index == i {
			return f.Err
		}
	}
	return nil
}

// Rounds cuts a batch into rounds of indices, each with at most one envelope of
// a record, so that a round can be sent at once without two of a record being in
// flight together. The rounds keep the batch's order per record.
func Rounds(batch []Envelope) iter.Seq[[]int] {
	return func(yield func([]int) bool) {
		var rounds [][]int
		depth := make(map[partition]int, len(batch))
		for i, e := range batch {
			d := depth[partitionOf(e)]
			depth[partitionOf(e)] = d + 1
			if d == len(rounds) {
				rounds = append(rounds, nil)
			}
			rounds[d] = append(rounds[d], i)
		}
		for _, r := range rounds {
			if !yield(r) {
				return
			}
		}
	}
}

type partition struct {
	source string
	ref    workflow.Ref
}

func partitionOf(e Envelope) partition { return partition{e.Source, e.Ref} }

// PublishInRounds carries a batch out by a function that sends one round at once
// and returns an error for each of its envelopes, or nil. It holds back what
// stands behind a failure of its record, and sends nothing more once an error
// matches [ErrUnavailable] or the context is done. It returns what
// [Publisher.Publish] is to return.
func PublishInRounds(ctx context.Context, batch []Envelope, send func(ctx context.Context, round []Envelope) []error) error {
	errs := make([]error, len(batch))
	failed := map[partition]bool{}
	var down error
	for round := range Rounds(batch) {
		var out []Envelope
		var at []int
		for _, i := range round {
			switch {
			case failed[partitionOf(batch[i])]:
				errs[i] = ErrHeldBack
			case down != nil:
				errs[i] = down
			default:
				out, at = append(out, batch[i]), append(at, i)
			}
		}
		if len(out) == 0 {
			continue
		}
		for k, err := range send(ctx, out) {
			if err != nil {
				errs[at[k]] = err
				failed[partitionOf(out[k])] = true
			}
			if errors.Is(err, ErrUnavailable) {
				down = err
			}
		}
		if down == nil && ctx.Err() != nil {
			down = ctx.Err()
		}
	}
	return together(errs)
}

func together(errs []error) error {
	var e PublishError
	for i, err := range errs {
		if err != nil {
			e.Failed = append(e.Failed, Failure{i, err})
		}
	}
	if len(e.Failed) == 0 {
		return nil
	}
	return &e
}
