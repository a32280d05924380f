package change

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"time"

	"github.com/itsm-go/itsm/change/risk"
	"github.com/itsm-go/itsm/workflow"
)

// Questions lists the questions about the risk of a change that its assessor asks;
// none without [Config.Risk].
func (s *Service) Questions(ctx context.Context, c *Change) ([]risk.Question, error) {
	if s.cfg.Risk == nil {
		return nil, nil
	}
	in, err := s.riskInput(ctx, c, s.desk.Now())
	if err != nil {
		return nil, err
	}
	return s.cfg.Risk.Questions(in.Facts)
}

// assess works out the risk anew. It is never less than what people state. A change
// that is new may still lack answers, and so may work that is done, which has to be
// recorded whatever is known of it; the risk is then what is stated.
func (st *step) assess(c *Change, now time.Time) error {
	if st.s.cfg.Risk == nil {
		c.Risk = c.Stated
		return nil
	}
	in, err := st.s.riskInput(st.tx.Context(), c, now)
	if err != nil {
		return err
	}
	a, err := st.s.cfg.Risk.Assess(in)
	switch {
	case errors.Is(err, risk.ErrInvalid) && (st.s.Category(c) == workflow.CategoryNew || st.s.models[c.Model].Retrospective):
		c.Assessment, c.Risk = nil, c.Stated
		return nil
	case err != nil:
		return fmt.Errorf("change: %s: its risk is not known: %w: %w", c.Name(), ErrNotAssessed, err)
	}
	var stated risk.Level
	if err := stated.UnmarshalText([]byte(c.Stated)); err != nil {
		return fmt.Errorf("change: %s: the risk that is stated: %w", c.Name(), err)
	}
	c.Assessment, c.Risk = &a, max(a.Level, stated).String()
	return nil
}

// riskInput is what is known of a change: what the host knows, and over it what the
// change says.
func (s *Service) riskInput(ctx context.Context, c *Change, now time.Time) (risk.Input, error) {
	var in risk.Input
	if s.cfg.RiskInput != nil {
		var err error
		if in, err = s.cfg.RiskInput(ctx, c.clone()); err != nil {
			return in, fmt.Errorf("change: %s: what its risk rests on: %w", c.Name(), err)
		}
	}
	facts := risk.Facts(maps.Clone(in.Facts))
	if facts == nil {
		facts = risk.Facts{}
	}
	maps.Copy(facts, c.facts())
	delete(facts, "risk")
	if !c.Start.IsZero() {
		since := c.CreatedAt
		if since.IsZero() {
			since = now
		}
		facts["lead_hours"] = strconv.FormatInt(int64(c.Start.Sub(since)/time.Hour), 10)
	}
	in.Facts, in.Answers = facts, c.Answers
	return in, nil
}

// History counts how the changes that a query selects went, for [risk.Input]: those of
// the same group, say, see [IndexGroup], or of the same model. Only changes with a
// review count.
func (s *Service) History(ctx context.Context, q workflow.Query) (risk.History, error) {
	var h risk.History
	for c, err := range s.Find(ctx, q) {
		if err != nil {
			return risk.History{}, err
		}
		if c.Review == nil || !s.Category(c).Final() {
			continue
		}
		switch c.Review.Outcome {
		case Successful:
			h.Successful++
		case SuccessfulWithIssues:
			h.SuccessfulWithIssues++
		case Unsuccessful:
			h.Unsuccessful++
		}
		for _, i := range c.Caused {
			switch i.Priority {
			case 1:
				h.P1Caused++
			case 2:
				h.P2Caused++
			case 3:
				h.P3Caused++
			}
		}
	}
	return h, nil
}
