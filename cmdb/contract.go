package cmdb

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/itsm-go/itsm/workflow"
	"github.com/shopspring/decimal"
)

// Renewal is what happens when a contract's term ends.
type Renewal string

// The ways.
const (
	RenewalNone      Renewal = "none"
	RenewalManual    Renewal = "manual"    // somebody has to renew it
	RenewalAutomatic Renewal = "automatic" // it goes on for another term unless notice is given
)

// Contract is what a contract item says, as what it is.
type Contract struct {
	ID         workflow.ID
	Number     string
	Name       string
	Vendor     workflow.ID
	Reference  string // the vendor's number for it
	Starts     time.Time
	Ends       time.Time // of the first term; zero: it has no end
	Renewal    Renewal
	Term       int // months of each further term; zero: it is not known
	NoticeDays int // calendar days before the end of a term
	Cost       decimal.Decimal
	CostPer    string   // "month", "year" or "term"
	Agreements []string // the names of the service level agreements that it underpins
}

// ContractOf reads the contract in an item of the class [ClassContract] or one below
// it that has kept its attributes.
func ContractOf(ci *CI) (Contract, error) {
	vendor, ok := ci.Fields.Reference("vendor")
	if !ok {
		return Contract{}, fmt.Errorf("cmdb: %s, a %s, is no contract: it has no vendor: %w", ci.called(), ci.Class, workflow.ErrInvalid)
	}
	c := Contract{ID: ci.ID, Number: ci.Number, Name: ci.Title, Vendor: vendor.ID, Reference: ci.Fields.String("reference"),
		Renewal: Renewal(ci.Fields.String("renewal")), CostPer: ci.Fields.String("cost_per")}
	c.Starts, _ = ci.Fields.Time("starts")
	c.Ends, _ = ci.Fields.Time("ends")
	c.Cost, _ = ci.Fields.Decimal("cost")
	term, _ := ci.Fields.Number("term_months")
	notice, _ := ci.Fields.Number("notice_days")
	c.Term, c.NoticeDays = int(min(max(term, 0), 1200)), int(min(max(notice, 0), 36500))
	for _, name := range strings.Split(ci.Fields.String("agreements"), ",") {
		if name = strings.TrimSpace(name); name != "" {
			c.Agreements = append(c.Agreements, name)
		}
	}
	return c, nil
}

// EndAfter is when the term ends that the contract is in at an instant, if nobody
// gives notice: for a contract that renews itself the end of the first, second or
// later term. It is not ok for a contract without an end, and for one that is over.
func (c Contract) EndAfter(at time.Time) (end time.Time, ok bool) {
	if c.Ends.IsZero() {
		return time.Time{}, false
	}
	for n := 0; ; n++ {
		end = addMonths(c.Ends, n*c.Term)
		if end.After(at) {
			return end, true
		}
		if c.Renewal != RenewalAutomatic || c.Term == 0 || n > 12000 {
			return time.Time{}, false
		}
	}
}

// NoticeBy is the last instant from which notice can still be given, and the end of
// the term that it is for: so many calendar days before that. When that of the term
// the contract is in has passed, and the contract renews itself, it is that of the
// first term for which it has not. It is not ok for a contract without an end or one
// that is over; one that ends by itself is told of even when it is too late.
func (c Contract) NoticeBy(at time.Time) (by, end time.Time, ok bool) {
	end, ok = c.EndAfter(at)
	for ok {
		by = end.AddDate(0, 0, -c.NoticeDays)
		if !by.Before(at) || c.Renewal != RenewalAutomatic || c.Term == 0 {
			return by, end, true
		}
		end, ok = c.EndAfter(end)
	}
	return time.Time{}, time.Time{}, false
}

// addMonths keeps to the end of a month: a month after 31 January is 28 February.
func addMonths(t time.Time, months int) time.Time {
	next := t.AddDate(0, months, 0)
	if next.Day() != t.Day() {
		next = next.AddDate(0, 0, -next.Day())
	}
	return next
}

// Yearly is what the contract costs in a year, as far as that can be told from its
// cost and the months of its term.
func (c Contract) Yearly() (cost decimal.Decimal, ok bool) {
	switch {
	case c.CostPer == "month":
		return c.Cost.Mul(decimal.NewFromInt(12)), true
	case c.CostPer == "year":
		return c.Cost, true
	case c.CostPer == "term" && c.Term > 0:
		return c.Cost.Mul(decimal.NewFromInt(12)).DivRound(decimal.NewFromInt(int64(c.Term)), 2), true
	}
	return decimal.Decimal{}, false
}

// Deadline is a contract that somebody has to decide about.
type Deadline struct {
	Contract Contract
	By       time.Time // notice is to be given, or the contract renewed
	Ends     time.Time // of the term
}

// ContractsDue lists the contracts in service whose notice or end falls into
// [from, to), the most pressing first.
func (inv *Inventory) ContractsDue(ctx context.Context, from, to time.Time) ([]Deadline, error) {
	var due []Deadline
	q := workflow.Query{Where: []workflow.Condition{workflow.Is(IndexClass, workflow.StringKey(ClassContract))}}
	for ci, err := range inv.Find(ctx, q) {
		if err != nil {
			return nil, err
		}
		if ci.DuplicateOf != (workflow.ID{}) || !inService(inv.Category(ci)) {
			continue
		}
		c, err := ContractOf(ci)
		if err != nil {
			return nil, err
		}
		by, end, ok := c.NoticeBy(from)
		if !ok {
			continue
		}
		if by.Before(from) { // too late for notice, but it ends
			by = end
		}
		if by.Before(to) {
			due = append(due, Deadline{c, by, end})
		}
	}
	slices.SortStableFunc(due, func(a, b Deadline) int { return a.By.Compare(b.By) })
	return due, nil
}
