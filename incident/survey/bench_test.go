package survey_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/incident/survey"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/memstore"
)

func BenchmarkOccurred(b *testing.B) {
	d := definition()
	d.PersonCap = &survey.PersonCap{Most: 2, Within: survey.Duration(30 * 24 * time.Hour)}
	desk := workflow.NewDesk(memstore.New(), workflow.DeskConfig{Clock: func() time.Time { return monday }, IDs: workflow.SeededIDs(1)})
	s, err := survey.NewService(desk, survey.Config{Surveys: []survey.Definition{d}})
	require.NoError(b, err)
	n := 0
	for b.Loop() {
		n++
		e := event(ids.NewID(monday), monday)
		e.People["caller"] = []string{"person " + strconv.Itoa(n%1000)}
		if _, err := s.Occurred(ctx, e); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSamples(b *testing.B) {
	d := definition()
	d.Sampling = &survey.Sampling{Rate: 10_00}
	s, ref := compile(b, d), workflow.Ref{Kind: "incident", ID: ids.NewID(monday)}
	for b.Loop() {
		s.Samples(ref, nil)
	}
}

// A year of 100,000 answers, by day.
func BenchmarkSatisfactionByDay(b *testing.B) {
	s := compile(b, definition())
	sheets := make([]survey.Sheet, 100_000)
	for i := range sheets {
		sheets[i] = survey.Sheet{At: monday.Add(time.Duration(i) * 5 * time.Minute), Answers: survey.Answers{"overall": strconv.Itoa(1 + i%5)}}
	}
	for b.Loop() {
		if _, err := s.Satisfaction("overall", sheets, survey.Cut{By: survey.ByDay, Least: 5}); err != nil {
			b.Fatal(err)
		}
	}
}
