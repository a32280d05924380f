package cab

import (
	"cmp"
	"math/big"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/approval"
)

// Agenda is the rule by which an agenda comes about.
type Agenda struct {
	// When says which of the changes that wait for the board come onto its agenda:
	// all tests must hold. None = all changes.
	When []approval.Test `json:"when,omitempty"`
	// Order is what the agenda is ordered by, one after the other. Default:
	// [DefaultOrder].
	Order []Sort `json:"order,omitempty"`
	// Minutes is the time for one change. Default: [DefaultMinutes].
	Minutes int `json:"minutes,omitempty"`
	// Longer gives some changes another time: the first that holds counts.
	Longer []Slot `json:"longer,omitempty"`
	// Show names facts that agenda and minutes keep of a change, besides those that
	// this rule looks at.
	Show []string `json:"show,omitempty"`
}

// Slot is the time for the changes that pass its tests.
type Slot struct {
	When    []approval.Test `json:"when"`
	Minutes int             `json:"minutes"`
}

// Sort is one thing to order an agenda by.
type Sort struct {
	// By is "planned_start", "number" or the name of a fact. Facts that are numbers
	// are ordered as numbers, and before those that are not; a change that has none
	// comes last.
	By string `json:"by"`
	// Ranks are the values of the fact from first to last; others come behind them.
	Ranks []string `json:"ranks,omitempty"`
	Desc  bool     `json:"desc,omitempty"` // the greatest first
}

// What an agenda can be ordered by, besides facts.
const (
	ByPlannedStart = "planned_start"
	ByNumber       = "number"
)

// DefaultMinutes is the time for one change if a board says nothing else.
const DefaultMinutes = 10

// DefaultOrder is by risk, high first, then by planned start and number.
func DefaultOrder() []Sort {
	return []Sort{{By: "risk", Ranks: []string{"very_high", "high", "moderate", "medium", "low"}}, {By: ByPlannedStart}, {By: ByNumber}}
}

const maxRules = 50

func (a Agenda) clone() Agenda {
	a.When, a.Order, a.Longer, a.Show = cloneTests(a.When), slices.Clone(a.Order), slices.Clone(a.Longer), slices.Clone(a.Show)
	for i := range a.Order {
		a.Order[i].Ranks = slices.Clone(a.Order[i].Ranks)
	}
	for i := range a.Longer {
		a.Longer[i].When = cloneTests(a.Longer[i].When)
	}
	return a
}

func cloneTests(when []approval.Test) []approval.Test {
	when = slices.Clone(when)
	for i := range when {
		when[i].Values = slices.Clone(when[i].Values)
	}
	return when
}

// validate checks the rule for meetings of so many minutes. A change that would never
// fit into one is a mistake.
func (a Agenda) validate(p *workflow.Problems, length int) {
	if len(a.Order) > maxRules || len(a.Longer) > maxRules || len(a.Show) > maxRules {
		p.Addf("agenda: order, longer and show have at most %d entries each", maxRules)
		return
	}
	if a.Minutes < 0 || length >= 1 && a.standard() > length {
		p.Addf("agenda: %d minutes for a change, must be 1 to the %d of a meeting", a.standard(), length)
	}
	if err := tests("agenda", a.When).Validate(); err != nil {
		p.Addf("agenda: when: %w", err)
	}
	for i, s := range a.Longer {
		if s.Minutes < 1 || length >= 1 && s.Minutes > length {
			p.Addf("agenda: longer %d: %d minutes, must be 1 to the %d of a meeting", i+1, s.Minutes, length)
		}
		if len(s.When) == 0 {
			p.Addf("agenda: longer %d: has no tests; the time for all changes is minutes", i+1)
		}
		if err := tests("longer", s.When).Validate(); err != nil {
			p.Addf("agenda: longer %d: %w", i+1, err)
		}
	}
	for i, s := range a.Order {
		switch {
		case !validName(s.By):
			p.Addf("agenda: order %d: by %.64q must be planned_start, number or a fact", i+1, s.By)
		case len(s.Ranks) > 0 && (s.By == ByPlannedStart || s.By == ByNumber):
			p.Addf("agenda: order %d: %s has no ranks", i+1, s.By)
		case len(s.Ranks) > maxRules:
			p.Addf("agenda: order %d: %d ranks, at most %d", i+1, len(s.Ranks), maxRules)
		}
	}
	for _, name := range a.Show {
		if !validName(name) {
			p.Addf("agenda: show %.64q must be the name of a fact", name)
		}
	}
}

func (a Agenda) standard() int { return cmp.Or(a.Minutes, DefaultMinutes) }

// tests makes a policy of a condition: package approval says what tests mean, and asks
// the one stage of this policy if they hold.
func tests(name string, when []approval.Test) approval.Policy {
	return approval.Policy{Name: name, Version: 1, NoneNeeded: true, Stages: []approval.Stage{{
		Name: name, When: when, Ask: []approval.Selector{{Kind: approval.Person, Name: name}}, Approve: approval.Rule{Kind: approval.Any}}}}
}

func holds(when []approval.Test, f approval.Facts) (bool, error) {
	if len(when) == 0 {
		return true, nil
	}
	r, err := approval.Open(tests("rule", when), approval.Case{Facts: f}, approval.People{}, time.Time{})
	return err == nil && r.Status == approval.Requested, err
}

// minutes is the time that the rule gives a change.
func (a Agenda) minutes(f approval.Facts) (int, error) {
	for _, s := range a.Longer {
		ok, err := holds(s.When, f)
		if err != nil {
			return a.standard(), err
		}
		if ok {
			return s.Minutes, nil
		}
	}
	return a.standard(), nil
}

// keep picks the facts that the rule names. A change has many more, and whole plans
// among them, which do not belong into a meeting's record.
func (a Agenda) keep(f approval.Facts) approval.Facts {
	names := slices.Clone(a.Show)
	for _, s := range a.order() {
		names = append(names, s.By)
	}
	conditions := [][]approval.Test{a.When}
	for _, s := range a.Longer {
		conditions = append(conditions, s.When)
	}
	for _, t := range slices.Concat(conditions...) {
		names = append(names, t.Fact)
	}
	var kept approval.Facts
	for _, n := range names {
		if v := f[n]; v != "" {
			if kept == nil {
				kept = approval.Facts{}
			}
			kept[n] = cut(v, maxFact)
		}
	}
	return kept
}

const maxFact = 256 // bytes of a fact, or a reason that comes with a change, that a meeting keeps

// cut shortens a text to so many bytes, between characters.
func cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most] + "…"
}

func (a Agenda) order() []Sort {
	if len(a.Order) == 0 {
		return DefaultOrder()
	}
	return a.Order
}

// compare orders two items of an agenda. In the end the number decides, and the id, so
// that no order depends on how the changes were listed.
func (a Agenda) compare(x, y Item) int {
	for _, s := range a.order() {
		if n := s.compare(x, y); n != 0 {
			return n
		}
	}
	return cmp.Or(strings.Compare(x.Number, y.Number), strings.Compare(x.Change.ID.String(), y.Change.ID.String()))
}

func (s Sort) compare(x, y Item) int {
	var n int
	switch s.By {
	case ByPlannedStart:
		if n = lastIfEmpty(x.PlannedStart.IsZero(), y.PlannedStart.IsZero()); n != 0 {
			return n
		}
		n = x.PlannedStart.Compare(y.PlannedStart)
	case ByNumber:
		n = strings.Compare(x.Number, y.Number)
	default:
		a, b := x.Facts[s.By], y.Facts[s.By]
		if n = lastIfEmpty(a == "", b == ""); n != 0 {
			return n
		}
		n = s.values(a, b)
	}
	if s.Desc {
		return -n
	}
	return n
}

func (s Sort) values(a, b string) int {
	rank := func(v string) int {
		if i := slices.Index(s.Ranks, v); i >= 0 {
			return i
		}
		return len(s.Ranks)
	}
	if n := cmp.Compare(rank(a), rank(b)); n != 0 {
		return n
	}
	x, isX := decimal(a)
	y, isY := decimal(b)
	switch {
	case isX && isY:
		return x.Cmp(y)
	case isX != isY:
		return lastIfEmpty(!isX, !isY)
	}
	return strings.Compare(a, b)
}

// lastIfEmpty puts whatever has no value behind the rest.
func lastIfEmpty(a, b bool) int {
	switch {
	case a && !b:
		return 1
	case b && !a:
		return -1
	}
	return 0
}

// decimal reads a plain number. Exponents are not taken: a few bytes of them are a
// number of gigabytes.
func decimal(s string) (*big.Rat, bool) {
	if len(s) > 64 || s == "" || strings.Trim(s, "-.0123456789") != "" {
		return nil, false
	}
	return new(big.Rat).SetString(s)
}
