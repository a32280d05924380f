package catalog

import (
	"fmt"
	"slices"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/itsm-go/itsm/workflow"
)

// Money is an amount in a currency.
type Money struct {
	Amount   decimal.Decimal `json:"amount"`
	Currency string          `json:"currency"` // three capitals, ISO 4217
}

// Frequency is how often a price is due again.
type Frequency string

// The frequencies, which are ServiceNow's. The empty one is a one-off price.
const (
	Once         Frequency = ""
	Daily        Frequency = "daily"
	Weekly       Frequency = "weekly"
	BiWeekly     Frequency = "biweekly"
	Monthly      Frequency = "monthly"
	Quarterly    Frequency = "quarterly"
	SemiAnnually Frequency = "semiannually"
	Yearly       Frequency = "yearly"
)

var frequencies = []Frequency{Daily, Weekly, BiWeekly, Monthly, Quarterly, SemiAnnually, Yearly}

// Recurring is a price that is due again and again.
type Recurring struct {
	Money
	Every Frequency `json:"every"`
}

// Surcharge is what one piece of an item costs more, or less, on a condition.
type Surcharge struct {
	Text      string      `json:"text"`
	When      []Test      `json:"when"`
	Price     *Money      `json:"price,omitempty"`
	Recurring []Recurring `json:"recurring,omitempty"`
}

// Pricing is what an item costs. Nothing at all is free of charge.
type Pricing struct {
	Price      *Money      `json:"price,omitempty"`
	Recurring  []Recurring `json:"recurring,omitempty"`
	Surcharges []Surcharge `json:"surcharges,omitempty"`
}

// Limits of prices.
const (
	MaxPlaces   = 4      // behind the point
	MaxDigits   = 15     // of an amount
	MaxPrices   = 20     // recurring prices and surcharges of one item
	MaxQuantity = 10_000 // of an item in one line of an order
)

// check bounds an amount before anything prints it: ten bytes of exponent are a gigabyte
// of digits.
func (m Money) check(p *workflow.Problems, where string, negative bool) {
	if e := m.Amount.Exponent(); e < -MaxPlaces || e > MaxDigits || m.Amount.NumDigits() > MaxDigits {
		p.Addf("%s: an amount has at most %d digits, %d of them behind the point", where, MaxDigits, MaxPlaces)
	} else if m.Amount.IsNegative() && !negative {
		p.Addf("%s: the amount %s is negative", where, m.Amount)
	}
	if len(m.Currency) != 3 || strings.Trim(m.Currency, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		p.Addf("%s: currency %.16q, want three capitals such as EUR", where, m.Currency)
	}
}

// check reports the currency of the prices, or "" if there are none.
func (pr Pricing) check(p *workflow.Problems, where string, s scope) string {
	if len(pr.Recurring)+len(pr.Surcharges) > MaxPrices {
		p.Addf("%s: more than %d recurring prices and surcharges", where, MaxPrices)
	}
	currency := ""
	one := func(where string, m Money, negative bool) {
		m.check(p, where, negative)
		if currency != "" && m.Currency != currency {
			p.Addf("%s: %.16q, where another price is in %.16q: an item is in one currency", where, m.Currency, currency)
		}
		currency = m.Currency
	}
	several := func(where string, price *Money, recurring []Recurring, negative bool) {
		if price != nil {
			one(where+": price", *price, negative)
		}
		for _, r := range recurring {
			one(where+": recurring price", r.Money, negative)
			if !slices.Contains(frequencies, r.Every) {
				p.Addf("%s: every %.32q, want one of %q", where, r.Every, frequencies)
			}
		}
	}
	several(where, pr.Price, pr.Recurring, false)
	for i, x := range pr.Surcharges {
		at := fmt.Sprintf("%s: surcharge %d", where, i+1)
		if x.Text == "" || len(x.Text) > workflow.MaxTitle || len(x.When) == 0 || x.Price == nil && len(x.Recurring) == 0 || len(x.Recurring) > MaxPrices {
			p.Addf("%s needs a text, a condition and a price", at)
		}
		s.check(p, at, x.When)
		several(at, x.Price, x.Recurring, true)
	}
	return currency
}

// PriceLine is one line of a quote: so many at a unit price.
type PriceLine struct {
	Item     string          `json:"item"` // its title
	Text     string          `json:"text"`
	Every    Frequency       `json:"every,omitempty"`
	Quantity int             `json:"quantity"`
	Unit     decimal.Decimal `json:"unit"`
	Amount   decimal.Decimal `json:"amount"` // Quantity × Unit
}

// Quote is a price, line by line.
type Quote struct {
	Currency string      `json:"currency,omitempty"` // none if it is free of charge
	Lines    []PriceLine `json:"lines,omitempty"`
}

// Total is the sum of the one-off lines.
func (q Quote) Total() decimal.Decimal { return q.sum(Once) }

func (q Quote) sum(every Frequency) decimal.Decimal {
	total := decimal.Zero
	for _, l := range q.Lines {
		if l.Every == every {
			total = total.Add(l.Amount)
		}
	}
	return total
}

// RecurringTotal is what is due with a frequency.
type RecurringTotal struct {
	Every  Frequency       `json:"every"`
	Amount decimal.Decimal `json:"amount"`
}

// Recurring is the sum of the recurring lines by frequency, the most frequent first. Sums of
// different frequencies are never added up.
func (q Quote) Recurring() []RecurringTotal {
	var totals []RecurringTotal
	for _, every := range frequencies {
		if slices.ContainsFunc(q.Lines, func(l PriceLine) bool { return l.Every == every }) {
			totals = append(totals, RecurringTotal{every, q.sum(every)})
		}
	}
	return totals
}

// Add puts quotes together. The error matches [workflow.ErrInvalid] if they are not in
// one currency.
func (q Quote) Add(o Quote) (Quote, error) {
	switch {
	case q.Currency == "":
		q.Currency = o.Currency
	case o.Currency != "" && o.Currency != q.Currency:
		return q, fmt.Errorf("catalog: prices in %s and in %s, order them separately: %w", q.Currency, o.Currency, workflow.ErrInvalid)
	}
	q.Lines = slices.Concat(q.Lines, o.Lines)
	return q, nil
}

// Clone returns a copy that shares nothing with q.
func (q Quote) Clone() Quote {
	q.Lines = slices.Clone(q.Lines)
	return q
}

// String explains the price for people, a line each.
func (q Quote) String() string {
	if len(q.Lines) == 0 {
		return "free of charge"
	}
	var b strings.Builder
	for _, l := range q.Lines {
		every := ""
		if l.Every != Once {
			every = " " + string(l.Every)
		}
		fmt.Fprintf(&b, "%d × %s, %s: %s %s%s\n", l.Quantity, l.Item, l.Text, amount(l.Amount), q.Currency, every)
	}
	fmt.Fprintf(&b, "total: %s %s", amount(q.Total()), q.Currency)
	for _, r := range q.Recurring() {
		fmt.Fprintf(&b, ", %s %s %s", amount(r.Amount), q.Currency, r.Every)
	}
	return b.String()
}

// amount writes two places, or as many as there are.
func amount(d decimal.Decimal) string { return d.StringFixed(max(2, -d.Exponent())) }

func (pr Pricing) quote(item string, quantity int, f facts) Quote {
	var q Quote
	add := func(text string, m Money, every Frequency) {
		q.Currency = m.Currency
		q.Lines = append(q.Lines, PriceLine{Item: item, Text: text, Every: every, Quantity: quantity, Unit: m.Amount,
			Amount: m.Amount.Mul(decimal.NewFromInt(int64(quantity)))})
	}
	several := func(text string, price *Money, recurring []Recurring) {
		if price != nil {
			add(text, *price, Once)
		}
		for _, r := range recurring {
			add(text, r.Money, r.Every)
		}
	}
	several("price", pr.Price, pr.Recurring)
	for _, x := range pr.Surcharges {
		if all(x.When, f) {
			several(x.Text, x.Price, x.Recurring)
		}
	}
	return q
}

// bounded replaces amounts of absurd exponents by one that is refused as well, but can be
// written.
func (pr Pricing) bounded() Pricing {
	absurd := func(m *Money) bool { return m != nil && (m.Amount.Exponent() > 1000 || m.Amount.Exponent() < -1000) }
	refused := func(m Money) Money { return Money{Amount: decimal.New(1, MaxDigits+1), Currency: m.Currency} }
	several := func(price *Money, recurring []Recurring) (*Money, []Recurring) {
		if absurd(price) {
			other := refused(*price)
			price = &other
		}
		recurring = slices.Clone(recurring)
		for i := range recurring {
			if absurd(&recurring[i].Money) {
				recurring[i].Money = refused(recurring[i].Money)
			}
		}
		return price, recurring
	}
	pr.Price, pr.Recurring = several(pr.Price, pr.Recurring)
	pr.Surcharges = slices.Clone(pr.Surcharges)
	for i := range pr.Surcharges {
		x := &pr.Surcharges[i]
		x.Price, x.Recurring = several(x.Price, x.Recurring)
	}
	return pr
}
