package survey_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/incident/survey"
	"github.com/itsm-go/itsm/sla/calendar"
	"github.com/itsm-go/itsm/workflow"
)

func TestADefinitionIsToldAllItsFaultsAtOnce(t *testing.T) {
	for name, test := range map[string]struct {
		break_ func(*survey.Definition)
		faults []string
	}{
		"everything": {func(d *survey.Definition) { *d = survey.Definition{} },
			[]string{"the name", "version 0", "0 times a language", "0 questions", "0 times a kind of record", "0 times a occasion", "0 times a part to ask", "expires after 0s"}},
		"questions": {func(d *survey.Definition) {
			d.Questions = []survey.Question{
				{Name: "a b", Kind: "stars", Text: en("x")}, {Name: "r", Kind: survey.Rating, Scale: 1, Text: en("x")}, {Name: "r", Kind: survey.NPS, Scale: 10, Text: en("x")},
				{Name: "c", Kind: survey.Choice, Text: survey.Text{"de": "x"}, Options: []survey.Option{{Name: "one", Text: en("x")}}},
				{Name: "w", Kind: survey.Words, Text: en("x")}, {Name: "if", Kind: survey.YesNo, Text: en("x"), If: &survey.Given{Question: "w", In: []string{"x"}}},
				{Name: "late", Kind: survey.YesNo, Text: en("x"), If: &survey.Given{Question: "late", In: []string{"yes"}}},
				{Name: "never", Kind: survey.YesNo, Text: en("x"), If: &survey.Given{Question: "if", In: []string{"maybe", "yes", "yes"}}},
			}
		}, []string{`kind "stars"`, "a scale of 1", "the name is there twice", "only a rating has a scale", "1 options", `in language "en"`,
			"free text", `no question "late" before it`, `"maybe" is not yes or no`, `the answer "yes" is there twice`}},
		"time": {func(d *survey.Definition) {
			d.Delay = survey.Delay{Elapsed: 1, Business: 1}
			d.Remind = []survey.Duration{3, 2, d.Expires}
			d.Quiet = []survey.Quiet{{Name: "none", From: monday, Until: monday}}
		}, []string{"the delay must be one of", "needs hours", "reminder 2", "reminder 3", "ends before it begins"}},
		"caps": {func(d *survey.Definition) {
			d.PersonCap, d.PeriodCap = &survey.PersonCap{}, &survey.PeriodCap{Most: 1, Per: "week"}
			d.Sampling = &survey.Sampling{Rate: survey.Full + 1, By: "entity"}
			d.Anonymous, d.Editable = true, true
			d.FollowUp = []survey.FollowUp{{Given: survey.Given{Question: "words", In: []string{"bad"}}}}
		}, []string{"a cap of 0 invitations to a person", "a cap of 1 invitations per", "from 0% to 100%", "at least one rate", "anonymous", "free text", "follow-up 1 tells"}},
		"trigger": {func(d *survey.Definition) {
			d.Trigger = survey.Trigger{Kinds: []string{"a", "a"}, On: []string{"?"}, Ask: []string{""}, When: []survey.Test{{}}}
		}, []string{`kind of record "a"`, `occasion "?"`, `part to ask ""`, "condition 1"}},
		"hours that never open": {func(d *survey.Definition) {
			d.Hours, _ = calendar.New("UTC")
		}, []string{"the hours never open"}},
	} {
		t.Run(name, func(t *testing.T) {
			d := definition()
			test.break_(&d)
			_, err := survey.Compile(d)
			require.ErrorIs(t, err, workflow.ErrInvalid)
			for _, f := range test.faults {
				require.ErrorContains(t, err, f)
			}
		})
	}
}

// full has everything that a definition can have.
func full(t testing.TB) survey.Definition {
	d := definition()
	d.Hours = officeHours(t)
	d.Delay = survey.Delay{BusinessDays: 2}
	d.Quiet = []survey.Quiet{{Name: "year's end", From: monday, Until: monday.AddDate(0, 0, 7)}}
	d.PersonCap, d.PeriodCap = &survey.PersonCap{Most: 1, Within: survey.Duration(30 * 24 * time.Hour)}, &survey.PeriodCap{Most: 100, Per: survey.Month}
	d.Sampling = &survey.Sampling{Rate: 12_50, Seed: "2026", By: "entity", Rates: map[string]survey.Rate{"paris": 100_00, "rome": 5}}
	d.Trigger.When = []survey.Test{{Fact: "channel", In: []string{"monitoring"}, Not: true}}
	d.Editable = true
	return d
}

func TestADefinitionSurvivesJSON(t *testing.T) {
	text, err := json.Marshal(compile(t, full(t)))
	require.NoError(t, err)
	require.Contains(t, string(text), `"rate":"12.5%"`)
	require.Contains(t, string(text), `"rome":"0.05%"`)
	again, err := survey.Parse(text)
	require.NoError(t, err)
	text2, err := json.Marshal(again)
	require.NoError(t, err)
	require.JSONEq(t, string(text), string(text2))
	d := again.Definition()
	d.Questions[0].Text["en"], d.Sampling.Rates["paris"], d.PersonCap.Most = "changed", 0, 50
	text3, err := json.Marshal(again)
	require.NoError(t, err)
	require.Equal(t, string(text2), string(text3), "a compiled survey shares nothing with its definition")

	for _, bad := range []string{``, `null`, `[]`, `{"nme":"x"}`, string(text) + `x`, `{"sampling":{"rate":"12"}}`, `{"expires":7}`} {
		_, err := survey.Parse([]byte(bad))
		require.ErrorIs(t, err, workflow.ErrInvalid, bad)
	}
}

func TestAnswersAreCheckedAgainstWhatIsAsked(t *testing.T) {
	s := compile(t, definition())
	for _, test := range []struct {
		name    string
		answers survey.Answers
		fault   string // empty = they are right
	}{
		{"the required one alone", survey.Answers{"overall": "3"}, ""},
		{"a bad rating with its reason", survey.Answers{"overall": "2", "why": "slow"}, ""},
		{"everything", survey.Answers{"overall": "5", "recommend": "0", "solved": "yes", "words": "Thanks!"}, ""},
		{"an empty answer is none", survey.Answers{"overall": "5", "words": "  "}, ""},
		{"nothing", nil, "overall must be answered"},
		{"a bad rating without its reason", survey.Answers{"overall": "1"}, "why must be answered"},
		{"a reason that is not asked for", survey.Answers{"overall": "4", "why": "slow"}, "why is not asked: it depends on the answer to overall"},
		{"beyond the scale", survey.Answers{"overall": "6"}, `"6" is not a number from 1 to 5`},
		{"below the scale", survey.Answers{"overall": "0"}, `"0" is not a number from 1 to 5`},
		{"another way to write a number", survey.Answers{"overall": "+4"}, `"+4" is not a number`},
		{"beyond ten", survey.Answers{"overall": "4", "recommend": "11"}, "from 0 to 10"},
		{"neither yes nor no", survey.Answers{"overall": "4", "solved": "true"}, "is not yes or no"},
		{"no such option", survey.Answers{"overall": "1", "why": "rude"}, "none of its 2 options"},
		{"no such question", survey.Answers{"overall": "4", "mood": "5"}, `no question "mood"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := s.Check(test.answers)
			if test.fault == "" {
				require.NoError(t, err)
				require.NotContains(t, got, "mood")
				return
			}
			require.ErrorIs(t, err, workflow.ErrInvalid)
			require.ErrorContains(t, err, test.fault)
		})
	}
	require.Len(t, s.Asked(nil), 4)
	require.Len(t, s.Asked(survey.Answers{"overall": "1"}), 5)
	_, err := s.ParseAnswers([]byte(`{"overall":5}`))
	require.ErrorIs(t, err, workflow.ErrInvalid, "answers are texts")
}

func TestTheServiceChecksItsConfiguration(t *testing.T) {
	lifecycle := survey.Lifecycle()
	lifecycle.States = lifecycle.States[1:]
	_, err := survey.NewService(nil, survey.Config{Surveys: []survey.Definition{{}, definition(), definition()}, Lifecycle: lifecycle,
		Closed: []string{"gone"}, PersonCap: &survey.PersonCap{Most: -1}})
	require.ErrorIs(t, err, workflow.ErrInvalid)
	for _, fault := range []string{"no desk", "the name", "given twice", "has no state due", `"gone" is closed and not there`, "a cap of -1", "initial"} {
		require.ErrorContains(t, err, fault)
	}
}

func FuzzParse(f *testing.F) {
	for _, d := range []survey.Definition{definition(), full(f)} {
		text, err := json.Marshal(d)
		require.NoError(f, err)
		f.Add(text)
	}
	f.Add([]byte(`{"hours":{"zone":"UTC"},"delay":{"business_days":-1}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := survey.Parse(text)
		if err != nil {
			require.ErrorIs(t, err, workflow.ErrInvalid)
			return
		}
		once, err := json.Marshal(s)
		require.NoError(t, err)
		again, err := survey.Parse(once)
		require.NoError(t, err)
		twice, err := json.Marshal(again)
		require.NoError(t, err)
		require.Equal(t, once, twice)
	})
}

func FuzzParseAnswers(f *testing.F) {
	s := compile(f, definition())
	for _, text := range []string{`{"overall":"5"}`, `{"overall":"1","why":"slow"}`, `{"words":"x"}`, `null`, `{"overall":"007"}`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		a, err := s.ParseAnswers(text)
		if err != nil {
			require.ErrorIs(t, err, workflow.ErrInvalid)
			return
		}
		again, err := s.Check(a)
		require.NoError(t, err, "what was accepted is accepted again")
		require.Equal(t, a, again)
	})
}

func FuzzRate(f *testing.F) {
	for _, text := range []string{"0%", "12.5%", "100%", "100.01%", "5", ".5%", "1.%", "00.10%"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var r survey.Rate
		if r.UnmarshalText([]byte(text)) != nil {
			return
		}
		require.True(t, r >= 0 && r <= survey.Full)
		back, err := r.MarshalText()
		require.NoError(t, err)
		var again survey.Rate
		require.NoError(t, again.UnmarshalText(back))
		require.Equal(t, r, again)
	})
}

func TestTheLibrarysGuardsAreItsOwn(t *testing.T) {
	always := workflow.Guard[survey.Facts]{Check: func(survey.Facts) bool { return true }, Explain: "always"}
	w := standard(t)
	_, err := survey.NewService(workflow.NewDesk(w.store, workflow.DeskConfig{}), survey.Config{Surveys: []survey.Definition{definition()},
		Guards: map[string]workflow.Guard[survey.Facts]{survey.GuardEditable: always}})
	require.ErrorContains(t, err, survey.GuardEditable)
}
