package risk_test

import (
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/change/risk"
)

func anyInput(r *rand.Rand) risk.Input {
	in := risk.Input{Facts: risk.Facts{"type": []string{"standard", "normal", "emergency"}[r.IntN(3)], "lead_hours": strconv.Itoa(r.IntN(60))}, Answers: map[string]string{},
		Impact:  risk.Grade(r.IntN(4)),
		History: risk.History{Successful: 1 + r.IntN(30), SuccessfulWithIssues: r.IntN(5), Unsuccessful: r.IntN(5), P1Caused: r.IntN(2), P2Caused: r.IntN(3), P3Caused: r.IntN(4)},
		Effects: &risk.Effects{ServicesDown: r.IntN(12), ServicesDegraded: r.IntN(5), Users: r.IntN(20_000), SinglePoint: r.IntN(2) > 0}}
	for _, q := range risk.Starter().Questionnaire.Questions {
		in.Answers[q.ID] = q.Choices[r.IntN(len(q.Choices))].ID
	}
	return in
}

// The level is always the highest of all methods, and the same input has the same
// assessment.
func TestTheHighestRiskCounts(t *testing.T) {
	a := assessor(t, risk.Starter())
	r := rand.New(rand.NewPCG(1, 1))
	for range 2000 {
		in := anyInput(r)
		result, err := a.Assess(in)
		require.NoError(t, err)
		highest := risk.Unassessed
		for _, c := range result.Contributions {
			highest = max(highest, c.Level)
			require.NotEmpty(t, c.Text)
		}
		require.Equal(t, highest, result.Level)
		require.Len(t, result.Contributions, 4)
		again, err := a.Assess(in)
		require.NoError(t, err)
		require.Equal(t, result, again)
	}
}

// Whatever gets worse, the level never falls.
func TestWorseIsNeverLessRisky(t *testing.T) {
	worse := []func(r *rand.Rand, c *risk.Config, in *risk.Input){
		func(r *rand.Rand, c *risk.Config, in *risk.Input) { // the score of an answer that was given
			q := &c.Questionnaire.Questions[r.IntN(5)]
			for i := range q.Choices {
				if q.Choices[i].ID == in.Answers[q.ID] {
					q.Choices[i].Score += r.IntN(10)
				}
			}
		},
		func(r *rand.Rand, c *risk.Config, in *risk.Input) { // another answer
			for _, q := range c.Questionnaire.Questions {
				in.Answers[q.ID] = q.Choices[len(q.Choices)-1].ID
			}
		},
		func(_ *rand.Rand, _ *risk.Config, in *risk.Input) {
			in.Impact = min(risk.GradeHigh, in.Impact+1)
		},
		func(_ *rand.Rand, _ *risk.Config, in *risk.Input) {
			in.History.Successful--
			in.History.Unsuccessful++
		},
		func(_ *rand.Rand, _ *risk.Config, in *risk.Input) {
			in.History.Successful--
			in.History.SuccessfulWithIssues++
		},
		func(_ *rand.Rand, _ *risk.Config, in *risk.Input) { in.History.P1Caused++ },
		func(_ *rand.Rand, _ *risk.Config, in *risk.Input) { in.History.P3Caused++ },
		func(r *rand.Rand, _ *risk.Config, in *risk.Input) { in.Effects.ServicesDown += r.IntN(10) },
		func(_ *rand.Rand, _ *risk.Config, in *risk.Input) {
			in.Effects.CriticalServices = append(in.Effects.CriticalServices, "shop")
		},
		func(r *rand.Rand, _ *risk.Config, in *risk.Input) { in.Effects.Users += r.IntN(10_000) },
		func(_ *rand.Rand, _ *risk.Config, in *risk.Input) { in.Effects.SinglePoint = true },
	}
	for seed := range uint64(3000) {
		r := rand.New(rand.NewPCG(seed, 2))
		c, in := risk.Starter(), anyInput(r)
		before, err := assessor(t, c).Assess(in)
		require.NoError(t, err)
		worse[r.IntN(len(worse))](r, &c, &in)
		after, err := assessor(t, c).Assess(in)
		require.NoError(t, err)
		require.GreaterOrEqual(t, after.Level, before.Level, "%v\n%v", before, after)
	}
}

func BenchmarkRisk(b *testing.B) {
	a := assessor(b, risk.Starter())
	in := anyInput(rand.New(rand.NewPCG(1, 1)))
	b.Run("assess", func(b *testing.B) {
		for b.Loop() {
			_, _ = a.Assess(in)
		}
	})
	b.Run("compile", func(b *testing.B) {
		for b.Loop() {
			_, _ = risk.New(risk.Starter())
		}
	})
}
