package risk_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/change/risk"
)

func TestAConfigurationIsReadStrictly(t *testing.T) {
	for _, bad := range []string{``, `[]`, `{}`, `null`, `{"rule":[]}`, `{"rules":[{"name":"a","risk":"medium"}]}`, `{"rules":[{"name":"a","risk":"low"}]} {}`,
		`{"rules":[{"name":"a","risk":"low"}]}]`, `{"rules":[{"name":"a"}]}`, strings.Repeat(" ", risk.MaxConfig+1)} {
		c, err := risk.Parse([]byte(bad))
		require.ErrorIs(t, err, risk.ErrInvalid, "%.60s", bad)
		require.Equal(t, risk.Config{}, c)
	}
	data, err := json.Marshal(risk.Starter())
	require.NoError(t, err)
	c, err := risk.Parse(data)
	require.NoError(t, err)
	require.Equal(t, risk.Starter(), c)
}

func TestMistakesOfAConfigurationAreToldTogether(t *testing.T) {
	bad := risk.Config{
		Questionnaire: &risk.Questionnaire{
			Questions: []risk.Question{
				{ID: "a", Text: "A?", Weight: -1, Choices: []risk.Choice{{"x", "X", 1}, {"x", "", 2000}}},
				{ID: "a", Choices: []risk.Choice{{"x", "X", 1}}, When: []risk.Test{{Fact: "f", Op: "like"}}},
			},
			Thresholds: []risk.Threshold{{5, risk.High}, {4, risk.Low}, {6, risk.Unassessed}}},
		Rules: []risk.Rule{{Name: "r", Risk: 9, Impact: 9, When: []risk.Test{{Op: risk.Set, Values: []string{"x"}}, {Fact: "n", Op: risk.AtLeast, Values: []string{"1e9"}}}},
			{Name: "r"}},
		Impact:  &risk.ImpactModel{Steps: []risk.Step{{Impact: risk.GradeHigh, Risk: risk.High, Users: 10}, {Impact: risk.GradeLow, Risk: risk.Moderate, Users: 5, ServicesDown: -1}, {}}},
		History: &risk.HistoryModel{LowFrom: 50, MediumFrom: 50, Least: -1, Unknown: 9, Lookup: []risk.Row{{}}},
	}
	_, err := risk.New(bad)
	require.ErrorIs(t, err, risk.ErrInvalid)
	for _, want := range []string{`questionnaire: name ""`, "version: 0", `question "a": weight: -1`, `choice "x" is there twice`, "score: 2000", `question "a" is there twice`,
		"number of choices: 1", `op "like"`, "thresholds must ascend", `risk "level(9)"`, `"grade(9)"`, "set takes 0 to 0 values", `"1e9" is not a number`, `rule "r" is there twice`,
		"sets neither risk nor impact", "steps must ascend", "has no effect", "has no limit", "services_down: -1", "no probability is medium", "least: -1", "lookup has 1 rows"} {
		require.ErrorContains(t, err, want)
	}
	lookup := risk.DefaultLookup()
	lookup[0] = lookup[1]
	lookup[8].Risk = risk.Low
	_, err = risk.New(risk.Config{History: &risk.HistoryModel{LowFrom: 80, MediumFrom: 50, Lookup: lookup}})
	require.ErrorContains(t, err, "is there twice")
	require.ErrorContains(t, err, "more must not be less risky")
}

func TestWhatHasNoEffectIsTold(t *testing.T) {
	test := func(op risk.Op, values ...string) risk.Test {
		return risk.Test{Fact: "f", Op: op, Values: values}
	}
	other := equals("g", "x")
	for _, c := range []struct {
		name           string
		first, second  []risk.Test
		hidden, absurd bool
	}{
		{"behind one that takes all", nil, []risk.Test{other}, true, false},
		{"the same", []risk.Test{other}, []risk.Test{other}, true, false},
		{"a narrower one", []risk.Test{test(risk.OneOf, "a", "b")}, []risk.Test{test(risk.Equals, "a"), other}, true, false},
		{"a wider one", []risk.Test{test(risk.Equals, "a")}, []risk.Test{test(risk.OneOf, "a", "b")}, false, false},
		{"a test more first", []risk.Test{test(risk.Equals, "a"), other}, []risk.Test{test(risk.Equals, "a")}, false, false},
		{"set", []risk.Test{test(risk.Set)}, []risk.Test{test(risk.Equals, "a")}, true, false},
		{"none of another", []risk.Test{test(risk.NoneOf, "b")}, []risk.Test{test(risk.Equals, "a")}, true, false},
		{"none of, and not set", []risk.Test{test(risk.NoneOf, "b")}, []risk.Test{test(risk.NotSet)}, true, false},
		{"none of less", []risk.Test{test(risk.NoneOf, "a", "b")}, []risk.Test{test(risk.NoneOf, "a")}, false, false},
		{"a greater number", []risk.Test{test(risk.AtLeast, "10")}, []risk.Test{test(risk.AtLeast, "10.5")}, true, false},
		{"a smaller number", []risk.Test{test(risk.AtLeast, "10.5")}, []risk.Test{test(risk.AtLeast, "10")}, false, false},
		{"between", []risk.Test{test(risk.Below, "5")}, []risk.Test{test(risk.AtLeast, "1"), test(risk.Below, "5")}, true, false},
		{"written another way", []risk.Test{test(risk.Equals, "5")}, []risk.Test{test(risk.Equals, "5.0")}, false, false},
		{"two values at once", []risk.Test{other}, []risk.Test{test(risk.Equals, "a"), test(risk.Equals, "b")}, false, true},
		{"no number in between", []risk.Test{other}, []risk.Test{test(risk.AtLeast, "5"), test(risk.Below, "5.0")}, false, true},
		{"a word where numbers are", []risk.Test{test(risk.AtLeast, "5")}, []risk.Test{test(risk.Equals, "many")}, false, true},
		{"set and not set", []risk.Test{other}, []risk.Test{test(risk.Set), test(risk.NotSet)}, false, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := risk.Config{Rules: []risk.Rule{{Name: "first", When: c.first, Risk: risk.Low}, {Name: "second", When: c.second, Risk: risk.High}}}.Validate()
			switch {
			case c.hidden:
				require.ErrorContains(t, err, `rule "second" never matches: rule "first" comes first`)
			case c.absurd:
				require.ErrorContains(t, err, `rule "second" never matches: no value of "f"`)
			default:
				require.NoError(t, err)
			}
		})
	}
	q := survey()
	q.Questions[2].When = append(q.Questions[2].When, equals("environment", "test"))
	require.ErrorContains(t, risk.Config{Questionnaire: q}.Validate(), `question "backup" is never asked`)
	q = survey()
	q.Thresholds = []risk.Threshold{{-2, risk.Low}, {15, risk.High}}
	err := risk.Config{Questionnaire: q}.Validate()
	require.ErrorContains(t, err, "may add up to -2, which would have no level")
	require.ErrorContains(t, err, "level high is never reached: answers add up to 15 at most")
}

// What the host does to its configuration later does not reach the assessor.
func TestAnAssessorKeepsItsConfiguration(t *testing.T) {
	c := risk.Starter()
	a := assessor(t, c)
	c.Rules[0].When[0].Values[0] = "changed"
	c.Questionnaire.Questions[0].Choices[0].Score = 99
	c.Impact.Steps[0].Users = 1
	c.History.Lookup[0].Risk = risk.VeryHigh
	require.Equal(t, risk.Starter(), a.Config())
	mine := a.Config()
	mine.Rules[0].Name = "changed"
	require.Equal(t, risk.Starter(), a.Config())
}

func FuzzParse(f *testing.F) {
	data, err := json.Marshal(risk.Starter())
	require.NoError(f, err)
	f.Add(data)
	f.Add([]byte(`{"rules":[{"name":"a","when":[{"fact":"f","op":"at_least","values":["-0.5"]}],"risk":"low"}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := risk.Parse(b)
		if err != nil {
			require.ErrorIs(t, err, risk.ErrInvalid)
			return
		}
		again, err := json.Marshal(c)
		require.NoError(t, err)
		same, err := risk.Parse(again)
		require.NoError(t, err)
		once, err := json.Marshal(same)
		require.NoError(t, err)
		require.Equal(t, string(again), string(once))
		_, err = risk.New(c)
		require.NoError(t, err, "what is parsed can be used")
	})
}
