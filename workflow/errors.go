package workflow

import (
	"errors"
	"fmt"
)

// The classes of failure. Errors of this module wrap one of them with the
// record, the rule and what would have been allowed; match with [errors.Is].
var (
	// ErrInvalid: the input is wrong in itself and will be wrong again.
	ErrInvalid = errors.New("invalid")
	// ErrNotFound: no such record in this tenant.
	ErrNotFound = errors.New("not found")
	// ErrConflict: the record was changed by somebody else since it was read.
	ErrConflict = errors.New("conflict")
	// ErrUnsure: the store cannot tell whether the commit happened, for
	// example because the connection was lost. Committing the same [Batch]
	// again is safe and settles it.
	ErrUnsure = errors.New("outcome of the commit unknown")
	// ErrOutOfOrder: the command says that it happened before the record's
	// last change.
	ErrOutOfOrder = errors.New("out of order")
	// ErrForbidden: the actor may not do this.
	ErrForbidden = errors.New("forbidden")
	// ErrLeaseLost: the receipt no longer holds: its lease ran out and another
	// worker has the work, the work was settled before, or a timer was set anew.
	ErrLeaseLost = errors.New("lease lost")
	// ErrTampered: history does not agree with its hash chain, or the stored
	// record does not agree with its history.
	ErrTampered = errors.New("history tampered with")
)

// ConflictError is the [ErrConflict] of a store: which record stood at another
// version than the command had read.
type ConflictError struct {
	Ref      Ref
	Expected int64 // the version the command was decided on; 0 = must not exist
	Actual   int64 // the version the store holds; 0 = does not exist
}

// Error names the record and both versions.
func (e *ConflictError) Error() string {
	return fmt.Sprintf("workflow: %v is at version %d, the command was decided on version %d: %v",
		e.Ref, e.Actual, e.Expected, ErrConflict)
}

// Unwrap gives [ErrConflict].
func (e *ConflictError) Unwrap() error { return ErrConflict }

// NotFoundError is the [ErrNotFound] of a store.
type NotFoundError struct{ Ref Ref }

// Error names the record.
func (e *NotFoundError) Error() string { return fmt.Sprintf("workflow: %v: %v", e.Ref, ErrNotFound) }

// Unwrap gives [ErrNotFound].
func (e *NotFoundError) Unwrap() error { return ErrNotFound }

// Problems collects everything that is wrong with one input, so that the caller
// is told all of it at once. The zero value is ready to use.
type Problems struct{ errs []error }

// Addf records a problem; the format may wrap an error with %w.
func (p *Problems) Addf(format string, args ...any) {
	p.errs = append(p.errs, fmt.Errorf(format, args...))
}

// Add records err unless it is nil.
func (p *Problems) Add(err error) {
	if err != nil {
		p.errs = append(p.errs, err)
	}
}

// Err returns nil when there was no problem, and otherwise one error that names
// what and lists every problem. It matches [ErrInvalid] and each wrapped error.
func (p *Problems) Err(what string) error {
	if len(p.errs) == 0 {
		return nil
	}
	return fmt.Errorf("%s: %w: %w", what, ErrInvalid, errors.Join(p.errs...))
}
