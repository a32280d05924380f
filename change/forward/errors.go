package forward

import (
	"errors"
	"fmt"
)

// ErrInvalid is what every error about what was given matches through [errors.Is]. An
// error of the writer is returned as it is.
var ErrInvalid = errors.New("invalid")

// Limits of a view.
const (
	maxEntries = 5_000
	maxWindows = 5_000
	maxNames   = 200    // services, items or conflicts of one change
	maxScope   = 1_000  // items, services and classes of one window
	maxText    = 4_000  // bytes of one text
	maxBars    = 20_000 // changes in lanes, and windows behind lanes
	maxDays    = 400    // of the time shown
	maxTold    = 100    // problems in one error
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

// texts checks that none is too long.
func (p *problems) texts(what string, texts ...string) {
	for _, t := range texts {
		if len(t) > maxText {
			p.addf("%s: a text of %d bytes, more than %d", what, len(t), maxText)
		}
	}
}

func (p *problems) err() error {
	if len(p.errs) == 0 {
		return nil
	}
	return fmt.Errorf("forward schedule: %w: %w", ErrInvalid, errors.Join(p.errs...))
}

// clip keeps text that may be long from filling an error, or a line.
func clip(text string) string {
	const most = 60
	if r := []rune(text); len(r) > most {
		return string(r[:most]) + "…"
	}
	return text
}
