package sla

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/shopspring/decimal"

	"github.com/itsm-go/itsm/workflow"
)

// CreditTerms say what a customer is given back for a period, such as a month, in
// which promises were broken. Amounts are in the currency of the fee. The zero
// terms give nothing back.
type CreditTerms struct {
	Fee          decimal.Decimal      `json:"fee"` // of the period: percentages are of it
	Breaches     []BreachCredit       `json:"breaches,omitempty"`
	Availability []AvailabilityCredit `json:"availability,omitempty"`
	// Cap is the most that is given back for a period, in percent of the fee.
	// Zero: no cap.
	Cap decimal.Decimal `json:"cap,omitzero"`
}

// BreachCredit is what each breach of a target costs: a percentage of the fee, an
// amount, an amount for each hour of business time beyond the goal, or all of them
// together.
type BreachCredit struct {
	Target  string          `json:"target"`
	Percent decimal.Decimal `json:"percent,omitzero"`
	Amount  decimal.Decimal `json:"amount,omitzero"`
	Grace   int             `json:"grace,omitempty"`   // so many breaches of a period, the first, cost nothing
	PerHour decimal.Decimal `json:"per_hour,omitzero"` // in proportion, to the second
	Free    time.Duration   `json:"free,omitempty"`    // business time beyond the goal that PerHour leaves out
	Most    decimal.Decimal `json:"most,omitzero"`     // that one breach costs; zero: no limit
}

// AvailabilityCredit is a tier: what an availability below a percentage costs.
// Of the tiers that fit, the lowest counts alone.
type AvailabilityCredit struct {
	Below   decimal.Decimal `json:"below"`   // percent available
	Percent decimal.Decimal `json:"percent"` // of the fee
}

// Breach is a promise that was broken.
type Breach struct {
	Target   string        `json:"target"`
	Record   string        `json:"record"` // the number people know it by
	At       time.Time     `json:"at"`
	Over     time.Duration `json:"over,omitempty"`     // business time beyond the goal
	Excluded string        `json:"excluded,omitempty"` // why it costs nothing, such as "caused by the customer"
}

// Statement is an itemised account: its lines add up to the total.
type Statement struct {
	Lines []CreditLine    `json:"lines"`
	Total decimal.Decimal `json:"total"`
}

// CreditLine is one position of a statement. Every breach has one, also those
// that cost nothing; the note says why.
type CreditLine struct {
	What   string          `json:"what"` // the target, "availability" or "cap"
	Record string          `json:"record,omitempty"`
	At     time.Time       `json:"at,omitzero"`
	Amount decimal.Decimal `json:"amount"`
	Note   string          `json:"note,omitempty"`
}

// Validate reports everything wrong with the terms, in one error matching
// [workflow.ErrInvalid].
func (c CreditTerms) Validate() error {
	var p workflow.Problems
	percent := func(what string, d decimal.Decimal) {
		if d.IsNegative() || d.GreaterThan(hundred()) {
			p.Addf("%s: %s is not a percentage from 0 to 100", what, d)
		}
	}
	if c.Fee.IsNegative() {
		p.Addf("the fee is negative")
	}
	percent("cap", c.Cap)
	for i, b := range c.Breaches {
		what := fmt.Sprintf("breaches of %q", b.Target)
		if b.Target == "" || slices.ContainsFunc(c.Breaches[:i], func(o BreachCredit) bool { return o.Target == b.Target }) {
			p.Addf("%s: no target, or there twice", what)
		}
		percent(what, b.Percent)
		if b.Amount.IsNegative() || b.PerHour.IsNegative() || b.Most.IsNegative() || b.Grace < 0 || b.Free < 0 {
			p.Addf("%s: a negative amount, grace or free time", what)
		}
	}
	for i, a := range c.Availability {
		what := fmt.Sprintf("availability below %s %%", a.Below)
		percent(what, a.Percent)
		if !a.Below.IsPositive() || a.Below.GreaterThan(hundred()) {
			p.Addf("%s: want more than 0 and at most 100", what)
		}
		for _, o := range c.Availability[:i] {
			if o.Below.Equal(a.Below) {
				p.Addf("%s: there twice", what)
			}
			if o.Below.LessThan(a.Below) && o.Percent.LessThan(a.Percent) || o.Below.GreaterThan(a.Below) && o.Percent.GreaterThan(a.Percent) {
				p.Addf("%s: worse must not cost less than below %s %%", what, o.Below)
			}
		}
	}
	return p.Err("sla: credit terms")
}

// Statement accounts for the breaches and the availability of one period. The
// availability may be nil if none was measured. Amounts are rounded to two
// places, half away from zero, line by line.
func (c CreditTerms) Statement(breaches []Breach, availability *Availability) (Statement, error) {
	if err := c.Validate(); err != nil {
		return Statement{}, err
	}
	s := Statement{Lines: []CreditLine{}}
	sorted := slices.Clone(breaches)
	slices.SortStableFunc(sorted, func(a, b Breach) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Target, b.Target), cmp.Compare(a.Record, b.Record))
	})
	forgiven := map[string]int{}
	for _, b := range sorted {
		s.add(c.breach(b, forgiven))
	}
	if availability != nil {
		if line, ok := c.tier(*availability); ok {
			s.add(line)
		}
	}
	if most := c.share(c.Cap); c.Cap.IsPositive() && s.Total.GreaterThan(most) {
		s.add(CreditLine{What: "cap", Amount: most.Sub(s.Total), Note: fmt.Sprintf("at most %s %% of the fee", c.Cap)})
	}
	return s, nil
}

func (s *Statement) add(l CreditLine) {
	s.Lines = append(s.Lines, l)
	s.Total = s.Total.Add(l.Amount)
}

func (c CreditTerms) share(percent decimal.Decimal) decimal.Decimal {
	return c.Fee.Mul(percent).DivRound(hundred(), 2)
}

func (c CreditTerms) breach(b Breach, forgiven map[string]int) CreditLine {
	line := CreditLine{What: b.Target, Record: b.Record, At: b.At}
	i := slices.IndexFunc(c.Breaches, func(t BreachCredit) bool { return t.Target == b.Target })
	switch {
	case b.Excluded != "":
		line.Note = "excluded: " + b.Excluded
	case i < 0:
		line.Note = "no credit is agreed"
	case forgiven[b.Target] < c.Breaches[i].Grace:
		forgiven[b.Target]++
		line.Note = fmt.Sprintf("%d of %d that cost nothing", forgiven[b.Target], c.Breaches[i].Grace)
	default:
		t := c.Breaches[i]
		line.Amount = c.share(t.Percent).Add(t.Amount.Round(2))
		if beyond := (b.Over - t.Free).Truncate(time.Second); t.PerHour.IsPositive() && beyond > 0 {
			line.Amount = line.Amount.Add(t.PerHour.Mul(decimal.NewFromInt(int64(beyond/time.Second))).DivRound(decimal.NewFromInt(3600), 2))
			line.Note = beyond.String() + " beyond the goal"
		}
		if t.Most.IsPositive() && line.Amount.GreaterThan(t.Most) {
			line.Amount, line.Note = t.Most.Round(2), fmt.Sprintf("at most %s for a breach", t.Most)
		}
	}
	return line
}

// tier finds the lowest tier that fits. As for a target, the times themselves
// decide.
func (c CreditTerms) tier(a Availability) (CreditLine, bool) {
	var found *AvailabilityCredit
	for i := range c.Availability {
		t := &c.Availability[i]
		if !a.Meets(t.Below) && (found == nil || t.Below.LessThan(found.Below)) {
			found = t
		}
	}
	if found == nil {
		return CreditLine{}, false
	}
	percent, _ := a.Percent()
	return CreditLine{What: "availability", Amount: c.share(found.Percent), Note: fmt.Sprintf("%s %% is below %s %%", percent, found.Below)}, true
}

// String writes the statement for a customer.
func (s Statement) String() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, l := range s.Lines {
		at := ""
		if !l.At.IsZero() {
			at = l.At.Format("2006-01-02 15:04 MST")
		}
		fmt.Fprintf(w, "%s\t  %s\n", l.Amount.StringFixed(2), strings.Join(slices.DeleteFunc([]string{l.What, l.Record, at, l.Note}, func(s string) bool { return s == "" }), ", "))
	}
	fmt.Fprintf(w, "%s\t  in all\n", s.Total.StringFixed(2))
	_ = w.Flush() // a strings.Builder takes everything
	return b.String()
}
