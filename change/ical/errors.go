package ical

import (
	"errors"
	"fmt"
)

// ErrInvalid is what every error about what was given matches through [errors.Is].
// Errors of a reader or writer are wrapped as they are.
var ErrInvalid = errors.New("invalid")

// Limits on what is read.
const (
	maxInput  = 32 << 20 // bytes
	maxEvents = 10_000
	maxHead   = 256 // bytes of a line before its value
	maxTold   = 100 // problems in one error
)

// problems collects everything that is wrong with one input.
type problems struct{ errs []error }

func (p *problems) addf(format string, args ...any) {
	switch {
	case len(p.errs) < maxTold:
		p.errs = append(p.errs, fmt.Errorf(format, args...))
	case len(p.errs) == maxTold:
		p.errs = append(p.errs, errors.New("and more"))
	}
}

func (p *problems) err() error {
	if len(p.errs) == 0 {
		return nil
	}
	return fmt.Errorf("iCalendar: %w: %w", ErrInvalid, errors.Join(p.errs...))
}

// clip keeps an error from being as long as the text that it is about.
func clip(text string) string {
	const most = 60
	if r := []rune(text); len(r) > most {
		return string(r[:most]) + "…"
	}
	return text
}
