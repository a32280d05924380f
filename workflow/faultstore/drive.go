package faultstore

import (
	"errors"
	"fmt"

	"github.com/itsm-go/itsm/workflow"
)

// MaxCalls is the most calls that a driven workflow makes.
const MaxCalls = 10_000

// Run is one run of a driven workflow, for its check to look at.
type Run struct {
	Plain workflow.Store // the store behind, which does not fail
	Fault Fault          // zero in the first run, in which nothing fails
	Op    Op             // what the fault struck
	Err   error          // how the workflow ended
}

// Drive runs a workflow on fresh stores: once in peace, and then with each of
// its calls failing in every mode. Behind each run, check is called with what
// came of it; an error of check is a finding. Drive returns how many calls the
// workflow makes when nothing fails, and one error that lists every finding.
//
// The run in peace must end without an error. A fault must have been met as
// planned: a workflow that makes different calls each time cannot be driven.
func Drive(open func() workflow.Store, run func(*Store) error, check func(Run) error) (calls int, err error) {
	plain := open()
	s := New(plain, Fault{})
	if err := run(s); err != nil {
		return s.Calls(), fmt.Errorf("faultstore: the workflow fails by itself: %w", err)
	}
	calls = s.Calls()
	if calls > MaxCalls {
		return calls, fmt.Errorf("faultstore: the workflow makes %d calls, at most %d: %w", calls, MaxCalls, workflow.ErrInvalid)
	}
	var findings []error
	if err := check(Run{Plain: plain}); err != nil {
		findings = append(findings, fmt.Errorf("faultstore: nothing failed: %w", err))
	}
	for call := 1; call <= calls; call++ {
		for _, mode := range Modes() {
			if err := strike(Fault{call, mode}, open(), run, check); err != nil {
				findings = append(findings, err)
			}
		}
	}
	return calls, errors.Join(findings...)
}

func strike(f Fault, plain workflow.Store, run func(*Store) error, check func(Run) error) error {
	s := New(plain, f)
	r := Run{Plain: plain, Fault: f, Err: run(s), Op: s.Struck()}
	if r.Op == "" {
		return fmt.Errorf("faultstore: call %d was not made: the workflow takes another course each time: %w", f.Call, workflow.ErrInvalid)
	}
	if err := check(r); err != nil {
		return fmt.Errorf("faultstore: call %d, %s, failed (%v): %w", f.Call, r.Op, f.Mode, err)
	}
	return nil
}
