package detect_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/problem/detect"
	"github.com/itsm-go/itsm/workflow"
)

// by makes so many incidents of each value.
func by(counts map[string]int) (list []detect.Incident) {
	for value, n := range counts {
		for range n {
			list = append(list, detect.Incident{ID: fmt.Sprint("x", len(list)), Opened: at(0, len(list)), Cost: int64(len(value)), Downtime: time.Hour,
				Attributes: []detect.Attribute{attr("category", value)}})
		}
	}
	return list
}

func pareto(t *testing.T, list []detect.Incident, dimension string, m detect.Measure) detect.Pareto {
	t.Helper()
	p, err := detect.NewPareto(slices.Values(list), dimension, m)
	require.NoError(t, err)
	return p
}

func TestTheVitalFewAreTheFewestThatReachFourFifths(t *testing.T) {
	for name, c := range map[string]struct {
		counts map[string]int
		vital  int
		gini   float64
	}{
		"exactly 80 % is enough":   {map[string]int{"a": 8, "b": 1, "c": 1}, 1, 7.0 / 15},
		"a hair below is not":      {map[string]int{"a": 79, "b": 11, "c": 10}, 2, 0.46},
		"all the same":             {map[string]int{"a": 5, "b": 5, "c": 5, "d": 5}, 4, 0},
		"one has all":              {map[string]int{"a": 5}, 1, 0},
		"nothing":                  {nil, 0, 0},
		"the last one is needless": {map[string]int{"a": 4, "b": 3, "c": 2, "d": 1}, 3, 0.25},
	} {
		p := pareto(t, by(c.counts), "category", detect.ByCount)
		require.Equal(t, c.vital, p.Vital, name)
		require.InDelta(t, c.gini, p.Gini, 1e-12, name)
		var sum int64
		for _, r := range p.Rows {
			sum += r.Amount
			require.InDelta(t, float64(sum)/float64(p.Total), r.Cumulative, 1e-12)
		}
		require.Equal(t, p.Total, sum, name)
	}
}

func TestAmountsOfCostAndDowntime(t *testing.T) {
	list := by(map[string]int{"cheap": 3, "expensive": 2})
	list = append(list, detect.Incident{ID: "y", Opened: at(0, 0), Cost: 7}, detect.Incident{ID: "z", Opened: at(0, 0), Cost: 1,
		Attributes: []detect.Attribute{attr("category", "cheap"), attr("category", "cheap"), attr("category", "both"), attr("category", "")}})
	p := pareto(t, list, "category", detect.ByCost)
	require.Equal(t, int64(7), p.None)
	require.Equal(t, []string{"expensive", "cheap", "both"}, []string{p.Rows[0].Value, p.Rows[1].Value, p.Rows[2].Value})
	require.Equal(t, []int64{18, 16, 1}, []int64{p.Rows[0].Amount, p.Rows[1].Amount, p.Rows[2].Amount})
	require.Equal(t, int64(5*3600), pareto(t, list, "category", detect.ByDowntime).Total)
	for _, m := range []detect.Measure{detect.ByCount, detect.ByCost, detect.ByDowntime} {
		text, err := json.Marshal(pareto(t, list, "category", m))
		require.NoError(t, err)
		var back detect.Pareto
		require.NoError(t, json.Unmarshal(text, &back))
		require.Equal(t, m, back.Measure)
	}
	for _, bad := range []string{"", detect.Words} {
		_, err := detect.NewPareto(slices.Values(list), bad, detect.ByCount)
		require.ErrorIs(t, err, workflow.ErrInvalid)
	}
	_, err := detect.NewPareto(slices.Values(list), "category", detect.Measure(9))
	require.ErrorIs(t, err, workflow.ErrInvalid)
}

func TestAParetoAsATable(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, pareto(t, by(map[string]int{"E-mail": 50, "Network": 25, "Printing\t\u202e": 15, "Other": 10}), "category", detect.ByCount).WriteText(&out, 3))
	require.Equal(t, strings.Join([]string{
		"Pareto of incidents by category",
		"3 of 4 values make up 90.0 % of 100; Gini 0.33.",
		"category      incidents  share   cumulative",
		"E-mail        50         50.0 %  50.0 %",
		"Network       25         25.0 %  75.0 %",
		"Printing      15         15.0 %  90.0 %",
		"------------                     ",
		"1 others      10         10.0 %  100.0 %",
		"",
	}, "\n"), out.String())
	out.Reset()
	require.NoError(t, detect.Pareto{Dimension: "x"}.WriteText(&out, 0))
	require.Contains(t, out.String(), "nothing to show")
}

// A picture is read as XML, whatever the values are.
func TestAParetoAsAPictureNeedsNothingElse(t *testing.T) {
	counts := map[string]int{"<script>alert(1)</script>": 9, "a & b": 30, strings.Repeat("long ", 30): 4, "\x00\xff\u202e": 2}
	for i := range 40 {
		counts[strings.Repeat("v", i+1)] = 1 + i
	}
	for _, list := range [][]detect.Incident{nil, by(counts), by(map[string]int{"one": 1})} {
		var out bytes.Buffer
		p := pareto(t, list, "category", detect.ByCount)
		require.NoError(t, p.SVG(&out))
		text := out.String()
		d := xml.NewDecoder(&out)
		bars := 0
		for {
			token, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			require.NoError(t, err)
			if e, ok := token.(xml.StartElement); ok {
				require.NotContains(t, []string{"script", "image", "a"}, e.Name.Local)
				if e.Name.Local == "g" {
					bars++
				}
			}
		}
		require.LessOrEqual(t, bars, 26)
		require.Equal(t, min(26, len(p.Rows)), bars)
		require.NotContains(t, text, "NaN")
		require.NotContains(t, text, "url(")
	}
}
