package risk

import (
	"fmt"
	"slices"
	"strings"
)

// Level is how risky a change is. Levels are ordered: a greater one is a greater
// risk. As text it is "low", "moderate", "high", "very_high", or "" for
// [Unassessed] (ServiceNow: risk of a change request).
type Level int

// The levels.
const (
	Unassessed Level = iota // nothing is known, which is not the same as a low risk
	Low
	Moderate
	High
	VeryHigh
)

// Grade grades an impact, or the probability that a change fails. Grades are
// ordered. As text it is "low", "medium", "high", or "" for [GradeUnknown]
// (ServiceNow: impact of a change request).
type Grade int

// The grades.
const (
	GradeUnknown Grade = iota
	GradeLow
	GradeMedium
	GradeHigh
)

func levelNames() []string { return []string{"", "low", "moderate", "high", "very_high"} }
func gradeNames() []string { return []string{"", "low", "medium", "high"} }

// String is the text of the level.
func (l Level) String() string { return nameOf(l, "level", levelNames()) }

// String is the text of the grade.
func (g Grade) String() string { return nameOf(g, "grade", gradeNames()) }

// MarshalText implements [encoding.TextMarshaler]. A number that is no level is an
// error matching [ErrInvalid].
func (l Level) MarshalText() ([]byte, error) { return textOf(l, "level", levelNames()) }

// MarshalText implements [encoding.TextMarshaler]. A number that is no grade is an
// error matching [ErrInvalid].
func (g Grade) MarshalText() ([]byte, error) { return textOf(g, "grade", gradeNames()) }

// UnmarshalText implements [encoding.TextUnmarshaler]. A text that is no level is
// an error matching [ErrInvalid].
func (l *Level) UnmarshalText(b []byte) error { return fromText(l, b, "level", levelNames()) }

// UnmarshalText implements [encoding.TextUnmarshaler]. A text that is no grade is
// an error matching [ErrInvalid].
func (g *Grade) UnmarshalText(b []byte) error { return fromText(g, b, "grade", gradeNames()) }

func nameOf[T ~int](v T, what string, names []string) string {
	if v < 0 || int(v) >= len(names) {
		return fmt.Sprintf("%s(%d)", what, int(v))
	}
	return names[v]
}

func textOf[T ~int](v T, what string, names []string) ([]byte, error) {
	if v < 0 || int(v) >= len(names) {
		return nil, fmt.Errorf("risk: %s %d: %w", what, int(v), ErrInvalid)
	}
	return []byte(names[v]), nil
}

func fromText[T ~int](v *T, b []byte, what string, names []string) error {
	i := slices.Index(names, string(b))
	if i < 0 {
		return fmt.Errorf("risk: %s %.32q, want one of %s: %w", what, b, strings.Join(names[1:], ", "), ErrInvalid)
	}
	*v = T(i)
	return nil
}

// level checks a level that has to be given.
func (p *problems) level(where string, l Level) {
	if l <= Unassessed || l > VeryHigh {
		p.addf("%s: risk %q, must be low, moderate, high or very_high", where, l)
	}
}

// grade checks a grade, from the least that is allowed.
func (p *problems) grade(where string, g, least Grade) {
	if g < least || g > GradeHigh {
		p.addf("%s: %q, must be low, medium or high", where, g)
	}
}
