package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/itsm-go/itsm/workflow"
)

// Backend is one fresh, empty database under test.
type Backend struct {
	// Store returns a tenant's handle; handles of the same tenant, however
	// many, work on the same data. The empty name is a tenant like any other.
	Store func(tenant string) workflow.Store

	// Queue does the same for the tenant's work. It is nil if the host
	// delivers timers and messages in its own way.
	Queue func(tenant string) workflow.Queue

	// Reopen closes the database and opens it again, as a restart of the
	// process does; handles got before are not used any more. It is nil if the
	// data lives in the process only.
	Reopen func() error

	// Close releases the database; nil if there is nothing to release.
	Close func() error
}

// Rule is one promise of the contract.
type Rule struct {
	Name string // "commit/all-or-nothing"
	Why  string // what goes wrong in a program when the rule is broken

	run func(p *probe)
}

// RuleError tells which rule a backend breaks, and every way it was seen to.
type RuleError struct {
	Name, Why string
	Err       error
}

// Error names the rule, the reason for it and the findings.
func (e *RuleError) Error() string {
	return fmt.Sprintf("storetest: rule %s is broken: %v\nThe rule is there because %s.", e.Name, e.Err, e.Why)
}

// Unwrap gives the findings.
func (e *RuleError) Unwrap() error { return e.Err }

// Rules returns every rule in the order in which they run.
func Rules() []Rule {
	return slices.Concat(commitRules, findRules, feedRules, timerRules, messageRules, leaseRules,
		tenantRules, limitRules, durableRules, forgetRules, concurrentRules)
}

// Run checks every rule, each as a subtest on a backend of its own.
func Run(t *testing.T, open func(t testing.TB) Backend) {
	for _, r := range Rules() {
		t.Run(r.Name, func(t *testing.T) {
			notes, err := r.check(t.Context(), open(t))
			for _, n := range notes {
				t.Log(n)
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
}

// Check checks every rule without go test, each on a backend of its own, and
// returns the [*RuleError] of each broken one, joined.
func Check(ctx context.Context, open func() (Backend, error)) error {
	var broken []error
	for _, r := range Rules() {
		b, err := open()
		if err == nil {
			err = r.Check(ctx, b)
		}
		if err != nil {
			broken = append(broken, err)
		}
	}
	return errors.Join(broken...)
}

// Check checks the rule on a backend, which must be fresh, and closes it. The
// error is a [*RuleError].
func (r Rule) Check(ctx context.Context, b Backend) error {
	_, err := r.check(ctx, b)
	return err
}

func (r Rule) check(ctx context.Context, b Backend) (notes []string, err error) {
	p := newProbe(ctx, b)
	p.guard(r.run)
	if b.Close != nil {
		if err := b.Close(); err != nil {
			p.errorf("close: %w", err)
		}
	}
	if len(p.found) == 0 {
		return p.notes, nil
	}
	return p.notes, &RuleError{r.Name, r.Why, errors.Join(p.found...)}
}
