package risk

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// ErrInvalid is what every error of this package matches through [errors.Is]: the
// configuration or the input is wrong, and will be wrong again.
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

func (p *problems) err(what string) error {
	if len(p.errs) == 0 {
		return nil
	}
	return fmt.Errorf("risk: %s: %w: %w", what, ErrInvalid, errors.Join(p.errs...))
}

// Limits of texts, in bytes.
const (
	maxName   = 128
	maxText   = 1000
	maxNumber = 64
)

// name checks what others refer to.
func (p *problems) name(where, s string) {
	if strings.TrimSpace(s) == "" || len(s) > maxName || !utf8.ValidString(s) {
		p.addf("%s: name %.64q must be 1 to %d bytes of text", where, s, maxName)
	}
}

// text checks what people read.
func (p *problems) text(where, s string) {
	if strings.TrimSpace(s) == "" || len(s) > maxText || !utf8.ValidString(s) {
		p.addf("%s: text %.64q must be 1 to %d bytes of text", where, s, maxText)
	}
}

func (p *problems) between(where string, n, least, most int) {
	if n < least || n > most {
		p.addf("%s: %d, must be %d to %d", where, n, least, most)
	}
}
