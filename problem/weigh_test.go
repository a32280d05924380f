package problem_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/problem"
	"github.com/itsm-go/itsm/workflow"
)

func figure(of string, cost int64, down time.Duration) problem.IncidentFigures {
	return problem.IncidentFigures{Problem: of, Cost: decimal.New(cost, 0), Downtime: down}
}

func TestProblemsAreWeighedByWhatTheirIncidentsCost(t *testing.T) {
	r, err := problem.Weigh([]problem.IncidentFigures{
		figure("PRB2", 100, time.Hour), figure("PRB1", 300, 0), figure("PRB2", 0, 2*time.Hour), figure("PRB3", 0, 0),
	}, problem.EqualWeights())
	require.NoError(t, err)
	var lines []string
	for _, x := range r {
		lines = append(lines, fmt.Sprintf("%s %v: %d incidents, %v, %v", x.Problem, x.Score, x.Incidents, x.Cost, x.Downtime))
	}
	require.Equal(t, []string{
		"PRB2 58.33: 2 incidents, 100, 3h0m0s", // 25 % of cost, all of the downtime, half of the incidents
		"PRB1 33.33: 1 incidents, 300, 0s",
		"PRB3 8.33: 1 incidents, 0, 0s",
	}, lines)
	require.Equal(t, []string{
		"cost 100, 25.0 % of all, weighs 1 of 3: 8.33 points",
		"downtime 3h0m0s, 100.0 % of all, weighs 1 of 3: 33.33 points",
		"2 incidents, 50.0 % of all, weighs 1 of 3: 16.67 points",
	}, r[0].Reasons)
}

func TestFiguresNobodyHasCountNothing(t *testing.T) {
	r, err := problem.Weigh([]problem.IncidentFigures{figure("b", 0, 0), figure("a", 0, 0)}, problem.Weights{Cost: 3, Downtime: 2})
	require.NoError(t, err)
	require.Equal(t, "a", r[0].Problem, "the same score: by name")
	require.Equal(t, "50", r[0].Score.String())
	r, err = problem.Weigh(nil, problem.EqualWeights())
	require.NoError(t, err)
	require.Empty(t, r)
}

func TestFiguresThatCannotBeWeighed(t *testing.T) {
	_, err := problem.Weigh([]problem.IncidentFigures{figure("", -1, -1)}, problem.Weights{})
	require.ErrorIs(t, err, workflow.ErrInvalid)
	for _, part := range []string{"weights", "its problem", "a cost", "downtime"} {
		require.ErrorContains(t, err, part)
	}
	many := make([]problem.IncidentFigures, 5000)
	_, err = problem.Weigh(many, problem.EqualWeights())
	require.Less(t, len(err.Error()), 10_000)
	for i := range many {
		many[i] = figure("a", 0, problem.MaxDowntime)
	}
	_, err = problem.Weigh(many, problem.EqualWeights())
	require.ErrorContains(t, err, "longer than can be counted")
}

// The order of the figures does not matter, the scores add up, and one more incident
// never makes a problem weigh less.
func TestWeighingIsFair(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		var figures []problem.IncidentFigures
		for range 1 + r.IntN(20) {
			figures = append(figures, figure(fmt.Sprint("P", r.IntN(5)), r.Int64N(3)*r.Int64N(1000), time.Duration(r.IntN(3)*r.IntN(600))*time.Minute))
		}
		w := problem.Weights{Cost: r.IntN(3), Downtime: r.IntN(3), Count: 1 + r.IntN(3)}
		a, err := problem.Weigh(figures, w)
		require.NoError(t, err)
		sum := 0.0
		for _, x := range a {
			sum += x.Score.InexactFloat64()
		}
		require.InDelta(t, 100, sum, 0.05)
		r.Shuffle(len(figures), func(i, j int) { figures[i], figures[j] = figures[j], figures[i] })
		b, err := problem.Weigh(figures, w)
		require.NoError(t, err)
		require.Equal(t, a, b)
		c, err := problem.Weigh(append(figures, figures[0]), problem.Weights{Count: 1})
		require.NoError(t, err)
		b, err = problem.Weigh(figures, problem.Weights{Count: 1})
		require.NoError(t, err)
		require.True(t, score(c, figures[0].Problem).GreaterThanOrEqual(score(b, figures[0].Problem)))
	}
}

func score(r problem.Ranking, name string) decimal.Decimal {
	for _, x := range r {
		if x.Problem == name {
			return x.Score
		}
	}
	return decimal.Zero
}
