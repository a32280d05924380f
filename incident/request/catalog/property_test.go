package catalog_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/incident/request/catalog"
	"github.com/itsm-go/itsm/workflow/approval"
)

// Whatever is put into a cart, its totals are the sums of what its lines say, and what the
// catalogue charges for them one by one.
func TestTotalsAreTheSumsOfTheLines(t *testing.T) {
	v := version(t)
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		var lines []catalog.Line
		want, monthly := decimal.Zero, decimal.Zero
		for range r.IntN(20) {
			switch r.IntN(3) {
			case 0:
				n, memory := 1+r.IntN(3), []string{"16", "32"}[r.IntN(2)]
				lines = append(lines, catalog.Line{Item: "laptop", Quantity: n, Answers: map[string]any{"memory": memory}})
				unit := "1200"
				if memory == "32" {
					unit = "1380.50"
				}
				want = want.Add(decimal.RequireFromString(unit).Mul(decimal.NewFromInt(int64(n))))
				monthly = monthly.Add(decimal.RequireFromString("9.90").Mul(decimal.NewFromInt(int64(n))))
			case 1:
				n := 1 + r.IntN(2)
				lines = append(lines, catalog.Line{Item: "phone", Quantity: n})
				want = want.Add(decimal.NewFromInt(int64(400 * n)))
				monthly = monthly.Add(decimal.RequireFromString("20.05").Mul(decimal.NewFromInt(int64(n))))
			default:
				lines = append(lines, catalog.Line{Item: "account"})
			}
		}
		q, err := v.Price(ann, monday, lines...)
		require.NoError(t, err)
		require.True(t, want.Equal(q.Total()), "seed %d: %v, want %v", seed, q.Total(), want)
		for _, rec := range q.Recurring() {
			if rec.Every == catalog.Monthly {
				require.True(t, monthly.Equal(rec.Amount), "seed %d: %v, want %v", seed, rec.Amount, monthly)
			}
		}
	}
}

// A plan of any shape is ordered so that each task comes behind those it waits for, and one
// with a circle is refused: decided here by removing tasks that wait for nothing.
func TestPlansAreOrderedOrHaveACircle(t *testing.T) {
	circles, orders := 0, 0
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 2))
		d := workplace(t)
		n := 2 + r.IntN(6)
		after := map[string]map[string]bool{}
		tasks := make([]catalog.Task, n)
		for i := range n {
			tasks[i] = catalog.Task{Name: fmt.Sprint("t", i), Title: "T", Group: "g", Lead: approval.Duration(1)}
			after[tasks[i].Name] = map[string]bool{}
			for j := range n {
				if j != i && r.IntN(5) == 0 {
					tasks[i].After = append(tasks[i].After, fmt.Sprint("t", j))
					after[tasks[i].Name][fmt.Sprint("t", j)] = true
				}
			}
		}
		for removed := true; removed; {
			removed = false
			for name, waits := range after {
				if len(waits) == 0 {
					delete(after, name)
					for _, other := range after {
						delete(other, name)
					}
					removed = true
				}
			}
		}
		d.Items[2].Plan.Tasks = tasks
		c, err := catalog.Compile(nil, d)
		if len(after) > 0 {
			circles++
			require.ErrorContains(t, err, "in a circle", "seed %d", seed)
			continue
		}
		orders++
		require.NoError(t, err, "seed %d", seed)
		planned, _, _ := c.Versions()[0].Plan("phone", nil, ann)
		require.Len(t, planned, n)
		seen := map[string]bool{}
		for _, p := range planned {
			for _, a := range p.After {
				require.True(t, seen[a], "seed %d: %s before %s", seed, p.Name, a)
			}
			seen[p.Name] = true
		}
	}
	require.Greater(t, circles, 50)
	require.Greater(t, orders, 50)
}
