package approval

import (
	"errors"
	"fmt"
	"strings"
)

// What stands against a policy or a command. Errors of this package match one of
// these through [errors.Is]; a [*RefusalError] says more.
var (
	// ErrInvalid: the input is wrong in itself and will be wrong again.
	ErrInvalid = errors.New("invalid")
	// ErrNotOpen: the stage is not the one that is being decided. It is
	// decided already, or not yet asked, or the vote is from an earlier round.
	ErrNotOpen = errors.New("not open")
	// ErrSuspended: the request is on hold.
	ErrSuspended = errors.New("suspended")
	// ErrQuorum: too few people have voted to close the vote.
	ErrQuorum = errors.New("quorum not reached")
	// ErrNotEligible: the person was not asked, nor is there a delegation
	// by which he could vote for somebody who was.
	ErrNotEligible = errors.New("not eligible")
	// ErrConflictOfInterest: separation of duties. The person is part of what is
	// to be approved, acts for somebody who is, or has recused himself.
	ErrConflictOfInterest = errors.New("conflict of interest")
	// ErrComment: a rejection says why.
	ErrComment = errors.New("comment required")
	// ErrSignature: a signature is missing, or could not be verified.
	ErrSignature = errors.New("signature not accepted")
	// ErrNotDue: there is no due time, or it is still to come.
	ErrNotDue = errors.New("not due")
	// ErrOutOfOrder: the command says that it happened before what the
	// request already knows.
	ErrOutOfOrder = errors.New("out of order")
)

// RefusalError tells which rule refused a command and who would have been
// allowed. It matches one of the errors above. Nothing has changed.
type RefusalError struct {
	Policy  string
	Stage   string   // the stage that the command was for; empty for the request as a whole
	Person  string   // who was refused
	Rule    string   // the rule in words
	Allowed []string // the people who decide on the open stage, in the order in which they were asked

	cause error
}

// Error names policy, stage, person, rule and the people allowed.
func (e *RefusalError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "approval: %s", e.Policy)
	if e.Stage != "" {
		fmt.Fprintf(&b, ", stage %.128s", e.Stage)
	}
	if e.Person != "" {
		fmt.Fprintf(&b, ": %.128s refused", e.Person)
	}
	fmt.Fprintf(&b, ": %s: %v", e.Rule, e.cause)
	if len(e.Allowed) > 0 {
		fmt.Fprintf(&b, " (allowed: %s)", strings.Join(e.Allowed, ", "))
	}
	return b.String()
}

// Unwrap gives the error above that stands for the rule.
func (e *RefusalError) Unwrap() error { return e.cause }

// problems collects everything that is wrong with one input.
type problems struct{ errs []error }

// maxProblems bounds what is told of an input that is nothing but mistakes.
const maxProblems = 200

func (p *problems) addf(format string, args ...any) {
	switch {
	case len(p.errs) < maxProblems:
		p.errs = append(p.errs, fmt.Errorf(format, args...))
	case len(p.errs) == maxProblems:
		p.errs = append(p.errs, errors.New("and more"))
	}
}

func (p *problems) err(what string) error {
	if len(p.errs) == 0 {
		return nil
	}
	return fmt.Errorf("approval: %s: %w: %w", what, ErrInvalid, errors.Join(p.errs...))
}
