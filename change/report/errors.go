package report

import (
	"errors"
	"fmt"
)

// ErrInvalid is what every error of this package matches through [errors.Is]: the
// cases or the period are wrong, and will be wrong again.
var ErrInvalid = errors.New("invalid")

// maxProblems bounds what is told of an input that is nothing but mistakes.
const maxProblems = 200

// problems collects everything that is wrong with one input.
type problems struct{ errs []error }

func (p *problems) addf(format string, args ...any) {
	switch {
	case len(p.errs) < maxProblems:
		p.errs = append(p.errs, fmt.Errorf(format, args...))
	case len(p.errs) == maxProblems:
		p.errs = append(p.errs, errors.New("and more"))
	}
}

func (p *problems) err() error {
	if len(p.errs) == 0 {
		return nil
	}
	return fmt.Errorf("report: %w: %w", ErrInvalid, errors.Join(p.errs...))
}
