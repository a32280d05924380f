package change_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/itsm-go/itsm/change"
	"github.com/itsm-go/itsm/change/risk"
	"github.com/itsm-go/itsm/workflow"
	"github.com/stretchr/testify/require"
)

// safe are the answers that speak for a change most.
func safe() map[string]string {
	return map[string]string{"tested": "like_production", "back_out": "at_once", "outage": "no", "experience": "often", "teams": "one"}
}

// assessing sets up the starter's assessment; what would be affected is given.
func assessing(t *testing.T, effects *risk.Effects) func(*change.Config) {
	a, err := risk.New(risk.Starter())
	require.NoError(t, err)
	return func(c *change.Config) {
		c.Risk = a
		c.RiskInput = func(context.Context, *change.Change) (risk.Input, error) {
			return risk.Input{Effects: effects, History: risk.History{Successful: 100}}, nil
		}
	}
}

func TestTheRiskIsAssessedBeforeAChangeIsSubmitted(t *testing.T) {
	for _, row := range []struct {
		name    string
		effects risk.Effects
		stated  string
		answers func(map[string]string)
		want    string
	}{
		{"nothing speaks against it", risk.Effects{}, "", nil, "low"},
		{"the questionnaire says more", risk.Effects{}, "", func(a map[string]string) { a["tested"] = "no"; a["teams"] = "few" }, "moderate"},
		{"the configuration says most", risk.Effects{CriticalServices: []string{"mail"}}, "", func(a map[string]string) { a["tested"] = "no" }, "high"},
		{"people say more", risk.Effects{}, "very_high", nil, "very_high"},
		{"people cannot say less", risk.Effects{CriticalServices: []string{"mail"}}, "low", nil, "high"},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t, assessing(t, &row.effects))
			p := proposal("normal")
			p.Risk, p.Answers = row.stated, safe()
			p.Start, p.End = monday.AddDate(0, 0, 2), monday.AddDate(0, 0, 2).Add(time.Hour)
			if row.answers != nil {
				row.answers(p.Answers)
			}
			c, err := w.Propose(ctx, ann, p)
			require.NoError(t, err)
			c, err = w.drive(c, "submit")
			require.NoError(t, err)
			require.Equal(t, row.want, c.Risk)
			require.Len(t, c.Assessment.Contributions, 4, "every method says why")
		})
	}
}

func TestAChangeWithoutAnswersIsNotSubmitted(t *testing.T) {
	w := newWorld(t, assessing(t, &risk.Effects{}))
	p := proposal("normal")
	p.Risk = "low"
	c, err := w.Propose(ctx, ann, p)
	require.NoError(t, err, "a draft may lack them")
	require.Nil(t, c.Assessment)
	asked, err := w.Questions(ctx, c)
	require.NoError(t, err)
	require.Len(t, asked, 5)

	_, err = w.drive(c, "submit")
	require.ErrorIs(t, err, change.ErrNotAssessed)
	require.ErrorContains(t, err, "tested")
	c, err = w.Get(ctx, c.ID)
	require.NoError(t, err)
	require.Equal(t, change.StateNew, c.State)

	c, err = w.Update(ctx, ann, c.ID, func(p *change.Proposal) { p.Answers = safe() })
	require.NoError(t, err)
	_, err = w.drive(c, "submit")
	require.NoError(t, err)
}

func TestARiskThatRisesIsPutToTheApproversAgain(t *testing.T) {
	w := newWorld(t, assessing(t, &risk.Effects{}))
	p := proposal("normal")
	p.Risk, p.Answers, p.Start, p.End = "", safe(), monday.AddDate(0, 0, 2), monday.AddDate(0, 0, 2).Add(time.Hour)
	c, err := w.Propose(ctx, ann, p)
	require.NoError(t, err)
	c, err = w.drive(c, "submit", "gus+")
	require.NoError(t, err)
	require.Equal(t, change.StateScheduled, c.State, "a low risk needs no board")

	_, err = w.Update(ctx, ann, c.ID, func(p *change.Proposal) { delete(p.Answers, "tested") })
	require.ErrorIs(t, err, change.ErrNotAssessed, "once it is submitted nothing may be missing")
	c, err = w.Update(ctx, ann, c.ID, func(p *change.Proposal) { p.Answers["tested"], p.Answers["teams"] = "no", "few" })
	require.NoError(t, err)
	require.Equal(t, "moderate", c.Risk)
	require.Equal(t, change.StateAssess, c.State)
	c, err = w.drive(c, "gus+")
	require.NoError(t, err)
	require.Equal(t, change.StateAuthorize, c.State, "now the board decides")
}

func TestNoRiskIsAssumedWhenTheHostCannotTell(t *testing.T) {
	down := errors.New("the configuration is down")
	w := newWorld(t, assessing(t, nil), func(c *change.Config) {
		c.RiskInput = func(context.Context, *change.Change) (risk.Input, error) { return risk.Input{}, down }
	})
	_, err := w.Propose(ctx, ann, proposal("normal"))
	require.ErrorIs(t, err, down)
}

func TestHistoryCountsReviewedChanges(t *testing.T) {
	w := newWorld(t)
	for i, outcome := range []change.Outcome{change.Successful, change.Successful, change.SuccessfulWithIssues, change.Unsuccessful} {
		p := proposal("standard")
		p.Group = "dba"
		c, err := w.Propose(ctx, ann, p)
		require.NoError(t, err)
		c, err = w.drive(c, "submit", "implement", "complete")
		require.NoError(t, err)
		if i == 3 {
			for n, priority := range []int{1, 2, 3, 3, 4} {
				_, err = w.NoteCaused(ctx, mia, c.ID, change.Caused{Incident: string(rune('a' + n)), Priority: priority, At: w.now})
				require.NoError(t, err)
			}
		}
		_, err = w.Close(ctx, mia, c.ID, change.Review{Outcome: outcome, Notes: "noted"})
		require.NoError(t, err)
	}
	h, err := w.History(ctx, workflow.Query{Where: []workflow.Condition{workflow.Is(change.IndexGroup, workflow.StringKey("dba"))}})
	require.NoError(t, err)
	require.Equal(t, risk.History{Successful: 2, SuccessfulWithIssues: 1, Unsuccessful: 1, P1Caused: 1, P2Caused: 1, P3Caused: 2}, h)
}
