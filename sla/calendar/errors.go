package calendar

import (
	"errors"
	"fmt"
	"strings"
)

// ErrInvalid is what every error about a calendar's definition matches.
var ErrInvalid = errors.New("invalid calendar")

// Problem is one mistake in a definition, or one doubt about it: see
// [Calendar.Lint].
type Problem struct {
	Where string // the part, such as "holiday 2026-02-30" or "weekly Monday-Friday"
	What  string // what is wrong and what would be right
}

// String reads "where: what".
func (p Problem) String() string { return p.Where + ": " + p.What }

// Error lists everything that is wrong with one definition. It matches
// [ErrInvalid].
type Error struct {
	Calendar string // the calendar's name, or its zone when it has none
	Problems []Problem
}

// Error names the calendar and all problems, one a line when there are several.
func (e *Error) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.String()
	}
	sep := " "
	if len(lines) > 1 {
		sep = "\n\t"
	}
	return fmt.Sprintf("calendar %q:%s%s", e.Calendar, sep, strings.Join(lines, sep))
}

// Unwrap returns [ErrInvalid].
func (e *Error) Unwrap() error { return ErrInvalid }

// problems collects mistakes until there is somebody to tell.
type problems []Problem

func (p *problems) add(where, format string, args ...any) {
	if len(*p) < maxProblems {
		*p = append(*p, Problem{where, fmt.Sprintf(format, args...)})
	}
}

func (p problems) err(def *Definition) error {
	if len(p) == 0 {
		return nil
	}
	name := def.Name
	if name == "" {
		name = def.Zone
	}
	return &Error{Calendar: clip(name), Problems: p}
}

// clip keeps hostile input from flooding an error message.
func clip(s string) string {
	if len(s) > 60 {
		return strings.ToValidUTF8(s[:60], "") + "…"
	}
	return s
}
