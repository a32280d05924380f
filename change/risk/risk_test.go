package risk_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/change/risk"
)

func assessor(t testing.TB, c risk.Config) *risk.Assessor {
	t.Helper()
	a, err := risk.New(c)
	require.NoError(t, err)
	return a
}

func equals(fact, value string) risk.Test {
	return risk.Test{Fact: fact, Op: risk.Equals, Values: []string{value}}
}

// survey asks two questions always, one of production, and takes one if it is given.
func survey() *risk.Questionnaire {
	yesNo := func(no int) []risk.Choice { return []risk.Choice{{"yes", "Yes", 0}, {"no", "No", no}} }
	return &risk.Questionnaire{Name: "survey", Version: 3, Questions: []risk.Question{
		{ID: "tested", Text: "Tested?", Weight: 3, Choices: yesNo(2)},
		{ID: "plan", Text: "Is there a plan?", Choices: yesNo(4)},
		{ID: "backup", Text: "Is there a backup?", When: []risk.Test{equals("environment", "production")}, Choices: yesNo(5)},
		{ID: "twin", Text: "Is there a twin?", Optional: true, Choices: []risk.Choice{{"yes", "Yes", -2}, {"no", "No", 0}}},
	}, Thresholds: []risk.Threshold{{-3, risk.Low}, {4, risk.Moderate}, {9, risk.High}, {14, risk.VeryHigh}}}
}

func TestScoresOfAQuestionnaire(t *testing.T) {
	a := assessor(t, risk.Config{Questionnaire: survey()})
	for _, test := range []struct {
		name, environment, answers string
		score                      int
		want                       risk.Level
	}{
		{"nothing is wrong", "", "tested=yes plan=yes", 0, risk.Low},
		{"exactly on the threshold is not greater", "", "tested=yes plan=no", 4, risk.Low},
		{"an answer weighs", "", "tested=no plan=yes", 6, risk.Moderate},
		{"answers add up", "", "tested=no plan=no", 10, risk.High},
		{"what makes it safer", "", "tested=no plan=no twin=yes", 8, risk.Moderate},
		{"another question in production", "production", "tested=no plan=no backup=no", 15, risk.VeryHigh},
		{"what is not asked any more does not count", "test", "tested=yes plan=yes backup=no", 0, risk.Low},
	} {
		t.Run(test.name, func(t *testing.T) {
			result, err := a.Assess(risk.Input{Facts: risk.Facts{"environment": test.environment}, Answers: answers(test.answers)})
			require.NoError(t, err)
			c, ok := result.By(risk.ByQuestionnaire)
			require.True(t, ok)
			require.Equal(t, test.want, result.Level)
			require.Equal(t, test.score, c.Score)
			sum := 0
			for _, p := range c.Points {
				sum += p.Score
			}
			require.Equal(t, c.Score, sum, "the points explain the score")
			require.Equal(t, 3, c.Version)
		})
	}
}

func answers(text string) map[string]string {
	all := map[string]string{}
	for _, a := range strings.Fields(text) {
		q, choice, _ := strings.Cut(a, "=")
		all[q] = choice
	}
	return all
}

func TestQuestionsThatAreAsked(t *testing.T) {
	a := assessor(t, risk.Config{Questionnaire: survey()})
	for environment, want := range map[string]int{"production": 4, "test": 3, "": 3} {
		asked, err := a.Questions(risk.Facts{"environment": environment})
		require.NoError(t, err)
		require.Len(t, asked, want)
		asked[0].Choices[0].Score = 99 // a copy
	}
	require.Equal(t, survey(), a.Config().Questionnaire)
	none, err := assessor(t, risk.Config{Rules: []risk.Rule{{Name: "all", Risk: risk.Low}}}).Questions(nil)
	require.NoError(t, err)
	require.Empty(t, none)
	q := survey()
	q.Questions = q.Questions[2:3]
	q.Thresholds = []risk.Threshold{{-1, risk.Low}, {4, risk.High}}
	result, err := assessor(t, risk.Config{Questionnaire: q}).Assess(risk.Input{})
	require.NoError(t, err)
	require.Equal(t, risk.Unassessed, result.Level, "a questionnaire of which nothing is asked says nothing")
	require.Contains(t, result.String(), "risk not assessed")
}

func TestTheFirstRuleCounts(t *testing.T) {
	rule := func(name string, l risk.Level, when ...risk.Test) risk.Rule {
		return risk.Rule{Name: name, When: when, Risk: l}
	}
	a := assessor(t, risk.Config{Rules: []risk.Rule{
		rule("emergency", risk.High, equals("type", "emergency")),
		rule("costly", risk.VeryHigh, risk.Test{Fact: "cost", Op: risk.AtLeast, Values: []string{"1000.5"}}),
		rule("cheap and small", risk.Low, risk.Test{Fact: "cost", Op: risk.Below, Values: []string{"10"}}, risk.Test{Fact: "size", Op: risk.OneOf, Values: []string{"s", "xs"}}),
		{Name: "known site", When: []risk.Test{{Fact: "site", Op: risk.Set}, {Fact: "site", Op: risk.NoneOf, Values: []string{"moon"}}}, Impact: risk.GradeHigh},
		rule("no type", risk.Moderate, risk.Test{Fact: "type", Op: risk.NotSet}),
	}})
	for _, test := range []struct {
		name  string
		facts risk.Facts
		rule  string
		want  risk.Level
	}{
		{"the first of two", risk.Facts{"type": "emergency", "cost": "5000"}, "emergency", risk.High},
		{"at least", risk.Facts{"type": "normal", "cost": "1000.50"}, "costly", risk.VeryHigh},
		{"a little less", risk.Facts{"type": "normal", "cost": "1000.49"}, "", risk.Unassessed},
		{"all tests of a rule", risk.Facts{"type": "normal", "cost": "-1", "size": "xs"}, "cheap and small", risk.Low},
		{"not one of them", risk.Facts{"type": "normal", "cost": "1", "size": "xl"}, "", risk.Unassessed},
		{"no cost is no number below 10", risk.Facts{"type": "normal", "size": "s"}, "", risk.Unassessed},
		{"only the impact", risk.Facts{"type": "normal", "site": "earth"}, "known site", risk.Unassessed},
		{"none of", risk.Facts{"type": "normal", "site": "moon"}, "", risk.Unassessed},
		{"empty is not set", risk.Facts{"type": ""}, "no type", risk.Moderate},
	} {
		t.Run(test.name, func(t *testing.T) {
			result, err := a.Assess(risk.Input{Facts: test.facts})
			require.NoError(t, err)
			c, _ := result.By(risk.ByRules)
			require.Equal(t, test.rule, c.Name)
			require.Equal(t, test.want, result.Level)
			require.Equal(t, test.rule == "known site", result.Impact == risk.GradeHigh)
		})
	}
}

func TestRiskFromHistory(t *testing.T) {
	model := &risk.HistoryModel{LowFrom: 80, MediumFrom: 50, Least: 4}
	a := assessor(t, risk.Config{History: model})
	for _, test := range []struct {
		name   string
		h      risk.History
		impact risk.Grade
		score  int
		want   risk.Level
	}{
		{"nothing is known", risk.History{}, risk.GradeHigh, 0, risk.High},
		{"neither is the impact", risk.History{}, risk.GradeUnknown, 0, risk.Moderate},
		{"three successes are no proof", risk.History{Successful: 3}, risk.GradeHigh, 9, risk.High},
		{"one failure is one", risk.History{Unsuccessful: 1}, risk.GradeHigh, -5, risk.VeryHigh},
		{"all went well", risk.History{Successful: 4}, risk.GradeHigh, 12, risk.Moderate},
		{"exactly 80 percent", risk.History{Successful: 42, Unsuccessful: 3, P3Caused: 1, SuccessfulWithIssues: 0}, risk.GradeLow, 109, risk.Low},
		{"half of the best", risk.History{Successful: 8, SuccessfulWithIssues: 2, P3Caused: 2, Unsuccessful: 0}, risk.GradeMedium, 16, risk.Moderate},
		{"a little less than half", risk.History{Successful: 8, SuccessfulWithIssues: 2, P3Caused: 3}, risk.GradeMedium, 14, risk.High},
		{"an incident of priority 1", risk.History{Successful: 4, P1Caused: 1}, risk.GradeLow, 2, risk.Moderate},
		{"and 2 and 3", risk.History{Successful: 4, P2Caused: 1, P3Caused: 1}, risk.GradeMedium, 5, risk.High},
	} {
		t.Run(test.name, func(t *testing.T) {
			require.Equal(t, test.score, test.h.Score())
			result, err := a.Assess(risk.Input{History: test.h, Impact: test.impact})
			require.NoError(t, err)
			require.Equal(t, test.want, result.Level, "%v", result)
		})
	}
	flat := risk.DefaultLookup()
	for i := range flat {
		flat[i].Risk = risk.High
	}
	result, err := assessor(t, risk.Config{History: &risk.HistoryModel{LowFrom: 80, MediumFrom: 50, Lookup: flat}}).Assess(risk.Input{History: risk.History{Successful: 1}})
	require.NoError(t, err)
	require.Equal(t, risk.High, result.Level)
}

func TestImpactFromTheConfiguration(t *testing.T) {
	a := assessor(t, risk.Config{Impact: risk.Starter().Impact})
	for _, test := range []struct {
		name   string
		e      risk.Effects
		want   risk.Level
		impact risk.Grade
		says   string
	}{
		{"nothing", risk.Effects{}, risk.Low, risk.GradeLow, "no step is reached"},
		{"two degraded", risk.Effects{ServicesDegraded: 2}, risk.Low, risk.GradeLow, "no step is reached"},
		{"three degraded", risk.Effects{ServicesDegraded: 3}, risk.Moderate, risk.GradeMedium, "services degraded: 3, moderate from 3 on"},
		{"a single point of failure", risk.Effects{SinglePoint: true}, risk.Moderate, risk.GradeMedium, "a single point of failure is changed"},
		{"a critical service, told twice", risk.Effects{CriticalServices: []string{"shop", "shop"}}, risk.High, risk.GradeHigh, "critical services: 1 (shop), high from 1 on"},
		{"the highest step", risk.Effects{ServicesDown: 1, Users: 20_000}, risk.VeryHigh, risk.GradeHigh, "users: 20000, very high from 10000 on"},
		{"many names", risk.Effects{CriticalServices: strings.Split("abcdefghijklm", "")}, risk.VeryHigh, risk.GradeHigh, "13 (a, b, c, d, e, f, g, h, i, j and 3 more)"},
	} {
		t.Run(test.name, func(t *testing.T) {
			result, err := a.Assess(risk.Input{Effects: &test.e})
			require.NoError(t, err)
			require.Equal(t, test.want, result.Level)
			require.Equal(t, test.impact, result.Impact)
			require.Contains(t, result.String(), test.says)
		})
	}
}

// Nothing is assessed by half, and everything that stands against it is told.
func TestInputIsCheckedAsAWhole(t *testing.T) {
	c := risk.Starter()
	c.Questionnaire = survey()
	a := assessor(t, c)
	result, err := a.Assess(risk.Input{
		Facts:   risk.Facts{"lead_hours": "soon", "environment": "production", "bad": "\xff"},
		Answers: map[string]string{"tested": "perhaps", "colour": "red"},
		Impact:  7, History: risk.History{Successful: -1, P1Caused: risk.MaxCount + 1},
	})
	require.Equal(t, risk.Assessment{}, result)
	require.ErrorIs(t, err, risk.ErrInvalid)
	for _, want := range []string{`"lead_hours" is "soon", must be a number`, `fact "bad"`, `"perhaps" is none of its choices`, `there is no such question`,
		`"plan" is not answered: Is there a plan?`, `"backup" is not answered`, "impact: ", "successful: -1", "p1_caused", "the effects of the change are not known"} {
		require.ErrorContains(t, err, want)
	}
	require.NotContains(t, err.Error(), `"twin" is not answered`)
	_, err = a.Questions(risk.Facts{"lead_hours": "1e9"})
	require.ErrorIs(t, err, risk.ErrInvalid)
	_, err = a.Assess(risk.Input{Effects: &risk.Effects{ServicesDown: -1, CriticalServices: []string{""}}})
	require.ErrorContains(t, err, "services_down: -1")
	require.ErrorContains(t, err, `critical service ""`)
	many := map[string]string{}
	facts := risk.Facts{}
	for i := range 2000 {
		many[strings.Repeat("x", i)], facts[strings.Repeat("y", i)] = "y", "y"
	}
	_, err = a.Assess(risk.Input{Answers: many, Facts: facts})
	require.ErrorContains(t, err, "2000 facts")
	require.ErrorContains(t, err, "2000 answers")
}

func TestLevelsAsText(t *testing.T) {
	for text, l := range map[string]risk.Level{"": risk.Unassessed, "low": risk.Low, "moderate": risk.Moderate, "high": risk.High, "very_high": risk.VeryHigh} {
		b, err := l.MarshalText()
		require.NoError(t, err)
		require.Equal(t, text, string(b))
		var again risk.Level
		require.NoError(t, again.UnmarshalText(b))
		require.Equal(t, l, again)
	}
	var l risk.Level
	var g risk.Grade
	require.ErrorIs(t, l.UnmarshalText([]byte("medium")), risk.ErrInvalid)
	require.ErrorIs(t, g.UnmarshalText([]byte("moderate")), risk.ErrInvalid)
	_, err := risk.Level(9).MarshalText()
	require.ErrorIs(t, err, risk.ErrInvalid)
	_, err = risk.Grade(-1).MarshalText()
	require.ErrorIs(t, err, risk.ErrInvalid)
	require.Equal(t, "level(9)", risk.Level(9).String())
	data, err := json.Marshal(risk.Assessment{Level: risk.VeryHigh, Impact: risk.GradeMedium})
	require.NoError(t, err)
	require.JSONEq(t, `{"level":"very_high","impact":"medium","contributions":null}`, string(data))
}
