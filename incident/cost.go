package incident

import (
	"context"
	"time"

	"github.com/shopspring/decimal"

	"github.com/itsm-go/itsm/workflow"
)

// Work is time that somebody has spent on an incident, and what it costs.
type Work struct {
	At    time.Time       `json:"at"`
	By    string          `json:"by"`
	Spent time.Duration   `json:"spent"` // working time, in nanoseconds
	Rate  decimal.Decimal `json:"rate"`  // per hour, in the host's currency
	Cost  decimal.Decimal `json:"cost"`  // Spent × Rate, rounded half away from zero to two places
	Note  string          `json:"note,omitempty"`
}

// Limits of work.
const (
	MaxWork  = 2_000               // entries of one incident
	MaxSpent = 31 * 24 * time.Hour // of one entry
)

// LogWork adds time spent, at a rate per hour; the cost follows from both.
func (s *Service) LogWork(ctx context.Context, actor workflow.Actor, id workflow.ID, spent time.Duration, rate decimal.Decimal, note string) (*Incident, error) {
	return s.run(ctx, actor, id, "work", func(st *step) error {
		if err := st.authorize(RoleAgent, RoleManager, workflow.RoleSystem); err != nil {
			return err
		}
		var p workflow.Problems
		if spent <= 0 || spent > MaxSpent {
			p.Addf("time spent is more than nothing and at most %v, not %v", MaxSpent, spent)
		}
		if rate.IsNegative() || rate.GreaterThan(decimal.New(1, 9)) || rate.Exponent() < -9 {
			p.Addf("a rate is 0 to 10^9 with at most nine decimal places")
		}
		if len(note) > workflow.MaxText {
			p.Addf("the note has at most %d bytes", workflow.MaxText)
		}
		if len(st.inc.Work) >= MaxWork {
			p.Addf("%d entries of work, the most there may be", MaxWork)
		}
		if err := p.Err("incident: work on " + st.inc.Name()); err != nil {
			return err
		}
		// Multiplied first, so that the only rounding is the one to cents.
		cost := rate.Mul(decimal.NewFromInt(int64(spent))).DivRound(decimal.NewFromInt(int64(time.Hour)), 2)
		st.inc.Work = append(st.inc.Work, Work{At: st.tx.Now(), By: actor.ID, Spent: spent,
			Rate: rate, Cost: cost, Note: note})
		return nil
	})
}

// TimeWorked is all time spent on the incident.
func (inc *Incident) TimeWorked() time.Duration {
	var sum time.Duration
	for _, w := range inc.Work {
		sum += w.Spent
	}
	return sum
}

// Cost is what all time spent on the incident costs: the sum of the entries as
// they are rounded.
func (inc *Incident) Cost() decimal.Decimal {
	sum := decimal.Zero
	for _, w := range inc.Work {
		sum = sum.Add(w.Cost)
	}
	return sum
}
