package oncall_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/sla/calendar"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/routing/oncall"
)

func at(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return t
}

func weekly() oncall.Rota {
	return oncall.Rota{Name: "network", Version: 1, Zone: "Europe/Berlin", Layers: []oncall.Layer{{
		Name: "primary", Participants: []string{"ann", "bob", "cho"},
		Rotation: oncall.Rotation{Every: oncall.Week, On: "monday", At: "09:00", Start: "2026-01-05"},
	}}}
}

func compile(t testing.TB, rota oncall.Rota) *oncall.Roster {
	t.Helper()
	r, err := oncall.NewRoster(rota)
	require.NoError(t, err)
	return r
}

func who(r *oncall.Roster, s string) string {
	d, _ := r.OnCall(at(s))
	return d.String()
}

func TestTurnsHandOverOnTheWallClock(t *testing.T) {
	r := compile(t, weekly())
	for when, want := range map[string]string{
		"2026-01-05T08:59:59+01:00": "nobody", // before the start
		"2026-01-05T09:00:00+01:00": "ann: turn 1 in layer primary",
		"2026-01-12T08:59:59+01:00": "ann: turn 1 in layer primary",
		"2026-01-12T09:00:00+01:00": "bob: turn 2 in layer primary",
		"2026-03-30T08:59:59+02:00": "cho: turn 12 in layer primary", // summer has begun
		"2026-03-30T09:00:00+02:00": "ann: turn 13 in layer primary",
		"2099-12-31T23:00:00Z":      "cho: turn 3861 in layer primary",
		"2100-01-01T00:00:00Z":      "nobody",
	} {
		require.Equal(t, want, who(r, when), when)
	}
	var short oncall.Span
	for s := range r.Duties(at("2026-03-23T12:00:00Z"), at("2026-04-06T12:00:00Z")) {
		short = s
		break
	}
	require.Equal(t, at("2026-03-30T07:00:00Z").Sub(at("2026-03-23T12:00:00Z")), short.Length())
}

// The clock skips 02:00 to 03:00 on 29 March, and repeats it on 25 October.
func TestHandoversInAnHourThatIsSkippedOrRepeated(t *testing.T) {
	rota := weekly()
	rota.Layers[0].Rotation = oncall.Rotation{Every: oncall.Day, At: "02:30", Start: "2026-01-05"}
	r := compile(t, rota)
	handovers := func(from, until string) (list []string) {
		for h := range r.Handovers(at(from), at(until)) {
			list = append(list, h.At.Format("02 15:04 MST ")+h.To.Person)
		}
		return list
	}
	require.Equal(t, []string{"28 02:30 CET bob", "29 03:00 CEST cho", "30 02:30 CEST ann"}, handovers("2026-03-27T12:00:00Z", "2026-03-30T12:00:00Z"))
	require.Equal(t, []string{"24 02:30 CEST bob", "25 02:30 CEST cho", "25 02:00 CET bob", "25 02:30 CET cho", "26 02:30 CET ann"},
		handovers("2026-10-23T12:00:00Z", "2026-10-26T12:00:00Z"))
	var kinds []string
	for _, f := range r.Lint(at("2026-01-05T12:00:00Z"), at("2027-01-05T12:00:00Z")) {
		kinds = append(kinds, f.String())
	}
	require.Equal(t, []string{
		"clock_change: primary: the hand-over of 2026-03-29 02:30 is skipped by the clock: it happens right behind the gap",
		"clock_change: primary: the hand-over of 2026-10-25 02:30 comes twice on the clock: the one before is on call again in between",
	}, kinds)
}

func TestSpansTileARangeBeyondTheYearsOfTheRoster(t *testing.T) {
	rota := weekly()
	rota.Layers[0].Rotation.Start = "1900-01-01"
	r := compile(t, rota)
	for _, c := range []struct{ from, until, first, last string }{
		{"1890-06-01T00:00:00.5Z", "1900-02-01T00:00:00.25Z", "nobody", "bob: turn 5 in layer primary"},
		{"2099-12-20T00:00:00Z", "2300-01-01T00:00:00Z", "cho: turn 10434 in layer primary", "nobody"},
	} {
		var all []oncall.Span
		for s := range r.Spans(at(c.from), at(c.until)) {
			require.True(t, len(all) == 0 || all[len(all)-1].Until.Equal(s.From))
			all = append(all, s)
		}
		require.True(t, all[0].From.Equal(at(c.from)) && all[len(all)-1].Until.Equal(at(c.until)))
		require.Equal(t, c.first, all[0].String())
		require.Equal(t, c.last, all[len(all)-1].String())
	}
	require.Empty(t, slices.Collect(r.Spans(at("2026-01-02T00:00:00Z"), at("2026-01-02T00:00:00Z"))))
	require.Equal(t, []string{"the roster knows the years 1900 to 2099 only"}, r.Explain(at("2100-01-02T00:00:00Z")))
}

func TestAskingDoesNotAllocate(t *testing.T) {
	rota := weekly()
	rota.Layers[0].Hours = []calendar.Hours{{From: time.Monday, To: time.Friday, Spans: []string{"08:00-18:00"}}}
	rota.Overrides = []oncall.Override{{Name: "drill", Kind: oncall.Replace, Person: "max", For: "ann", From: at("2026-01-01T00:00:00Z"), Until: at("2026-01-08T00:00:00Z")}}
	r := compile(t, rota)
	require.Zero(t, testing.AllocsPerRun(100, func() { r.OnCall(at2026) }))
}

var at2026 = time.Date(2026, 1, 6, 12, 0, 0, 0, time.UTC)

func TestUnitsOfRotation(t *testing.T) {
	rota := weekly()
	for name, c := range map[string]struct {
		rotation oncall.Rotation
		want     []string // hand-overs of the first weeks
	}{
		"every day":                  {oncall.Rotation{Every: oncall.Day, Start: "2026-01-05"}, []string{"2026-01-06 00:00", "2026-01-07 00:00"}},
		"every 3 days at an hour":    {oncall.Rotation{Every: oncall.Day, Count: 3, At: "08:00", Start: "2026-01-05"}, []string{"2026-01-08 08:00", "2026-01-11 08:00"}},
		"every 12 hours":             {oncall.Rotation{Every: oncall.Hour, Count: 12, At: "07:00", Start: "2026-01-05"}, []string{"2026-01-05 19:00", "2026-01-06 07:00"}},
		"every 2 weeks":              {oncall.Rotation{Every: oncall.Week, Count: 2, Start: "2026-01-05"}, []string{"2026-01-19 00:00", "2026-02-02 00:00"}},
		"a first turn that is short": {oncall.Rotation{Every: oncall.Week, On: "friday", At: "17:00", Start: "2026-01-05"}, []string{"2026-01-09 17:00", "2026-01-16 17:00"}},
	} {
		rota.Layers[0].Rotation = c.rotation
		var got []string
		for h := range compile(t, rota).Handovers(at("2026-01-05T17:00:00Z"), at("2026-03-01T00:00:00Z")) {
			got = append(got, h.At.Format("2006-01-02 15:04"))
		}
		require.Equal(t, c.want, got[:2], name)
	}
}

func TestOverridesAndAbsencesByPrecedence(t *testing.T) {
	rota := weekly()
	day := func(name string, kind oncall.OverrideKind, person, instead string, from, until string) {
		rota.Overrides = append(rota.Overrides, oncall.Override{Name: name, Kind: kind, Person: person, For: instead,
			From: at(from + "T00:00:00+01:00"), Until: at(until + "T00:00:00+01:00")})
	}
	day("wedding", oncall.Replace, "bob", "ann", "2026-01-07", "2026-01-09")
	day("thanks", oncall.Replace, "ann", "bob", "2026-01-07", "2026-01-20")
	day("drill", oncall.Take, "max", "", "2026-01-08", "2026-01-09")
	day("before", oncall.Fill, "eve", "", "2026-01-01", "2026-01-10")
	rota.Absences = []oncall.Absence{
		{Person: "cho", Substitute: "dan", Why: "leave", From: at("2026-01-19T00:00:00+01:00"), Until: at("2026-01-22T00:00:00+01:00")},
		{Person: "dan", Substitute: "eve", From: at("2026-01-20T00:00:00+01:00"), Until: at("2026-01-21T00:00:00+01:00")},
		{Person: "cho", From: at("2026-01-22T00:00:00+01:00"), Until: at("2026-01-23T00:00:00+01:00")},
	}
	r := compile(t, rota)
	for when, want := range map[string]string{
		"2026-01-04T12:00:00+01:00": "eve: override before (fill)",
		"2026-01-06T12:00:00+01:00": "ann: turn 1 in layer primary",
		"2026-01-07T12:00:00+01:00": "bob: turn 1 of ann in layer primary, override wedding", // not ann again: a swap
		"2026-01-08T12:00:00+01:00": "max: override drill (take)",
		"2026-01-14T12:00:00+01:00": "ann: turn 2 of bob in layer primary, override thanks",
		"2026-01-19T12:00:00+01:00": "dan: turn 3 of cho in layer primary, substitute of cho",
		"2026-01-20T12:00:00+01:00": "eve: turn 3 of cho in layer primary, substitute of cho",
		"2026-01-22T12:00:00+01:00": "nobody",
	} {
		require.Equal(t, want, who(r, when), when)
	}
	require.Equal(t, []string{
		"override drill (take): max",
		"layer primary: turn 1 of ann, override wedding: bob",
		"override before (fill): eve",
		"max: override drill (take)",
	}, r.Explain(at("2026-01-08T12:00:00+01:00")))
	require.Equal(t, []string{
		"layer primary: turn 3 of cho, but cho is absent without a substitute",
		"nobody",
	}, r.Explain(at("2026-01-22T12:00:00+01:00")))
	require.Equal(t, []string{"eve", "ann"}, r.Order(at("2026-01-20T12:00:00+01:00"))[:2], "the others in the order of their turns")
}

func TestSubstitutesOfEachOtherAreNobody(t *testing.T) {
	rota := weekly()
	from, until := at("2026-01-05T00:00:00Z"), at("2026-02-05T00:00:00Z")
	rota.Absences = []oncall.Absence{{Person: "ann", Substitute: "bob", From: from, Until: until}, {Person: "bob", Substitute: "ann", From: from, Until: until}}
	require.Equal(t, "nobody", who(compile(t, rota), "2026-01-06T00:00:00Z"))
}

func TestALayerAloneIsASecondLine(t *testing.T) {
	rota := weekly()
	rota.Layers = append(rota.Layers, oncall.Layer{Name: "second", Participants: []string{"max"}})
	r := compile(t, rota)
	d, ok := r.Layer("second", at("2026-01-06T00:00:00Z"))
	require.True(t, ok)
	require.Equal(t, "max", d.Person)
	_, ok = r.Layer("third", at("2026-01-06T00:00:00Z"))
	require.False(t, ok)
}

func TestNextDutyAndHandover(t *testing.T) {
	r := compile(t, weekly())
	s, ok := r.Next("cho", at("2026-01-06T00:00:00Z"))
	require.True(t, ok)
	require.Equal(t, "2026-01-19T09:00:00+01:00", s.From.Format(time.RFC3339))
	_, ok = r.Next("nobody we know", at("2026-01-06T00:00:00Z"))
	require.False(t, ok)
	h, ok := r.NextHandover(at("2026-01-12T09:00:00+01:00"))
	require.True(t, ok, "the one at the instant has happened")
	require.Equal(t, "2026-01-19T09:00:00+01:00", h.At.Format(time.RFC3339))
	require.Equal(t, "bob", h.From.Person)
	require.Equal(t, "cho", h.To.Person)
	require.Len(t, slices.Collect(r.DutiesOf("bob", at("2026-01-01T00:00:00Z"), at("2026-03-01T00:00:00Z"))), 3)
}

func TestAnotherReasonIsNoHandover(t *testing.T) {
	rota := weekly()
	rota.Overrides = []oncall.Override{{Name: "sure", Kind: oncall.Take, Person: "ann", From: at("2026-01-06T00:00:00Z"), Until: at("2026-01-07T00:00:00Z")}}
	r := compile(t, rota)
	require.Len(t, slices.Collect(r.Spans(at("2026-01-05T08:00:00Z"), at("2026-01-10T00:00:00Z"))), 3)
	require.Empty(t, slices.Collect(r.Handovers(at("2026-01-05T08:00:00Z"), at("2026-01-10T00:00:00Z"))))
	loads, err := r.Loads(at("2026-01-05T08:00:00Z"), at("2026-01-10T00:00:00Z"))
	require.NoError(t, err)
	require.Equal(t, 1, loads[0].Stretches)
}

func TestLoadsCountStandingIn(t *testing.T) {
	rota := weekly()
	rota.Overrides = []oncall.Override{
		{Name: "swap", Kind: oncall.Replace, Person: "bob", For: "ann", From: at("2026-01-06T00:00:00Z"), Until: at("2026-01-06T05:00:00Z")},
		{Name: "drill", Kind: oncall.Take, Person: "bob", From: at("2026-01-07T00:00:00Z"), Until: at("2026-01-07T02:00:00Z")}}
	loads, err := compile(t, rota).Loads(at("2026-01-05T08:00:00Z"), at("2026-01-12T08:00:00Z"))
	require.NoError(t, err)
	require.Equal(t, 7*time.Hour, loads[1].For)
	require.Equal(t, 2, loads[1].Stretches)
	require.Equal(t, 3, loads[0].Stretches)
	require.Zero(t, loads[0].For)
}

func TestLoadsCountNightsWeekendsAndHolidays(t *testing.T) {
	rota := weekly()
	rota.Layers[0].Participants = append(rota.Layers[0].Participants, "zoe")
	loads, err := compile(t, rota).Loads(at("2026-01-05T08:00:00Z"), at("2026-01-19T08:00:00Z"), calendar.Day{Date: "01-06", Name: "Epiphany"})
	require.NoError(t, err)
	require.Equal(t, []string{"ann", "bob", "cho", "zoe"}, []string{loads[0].Person, loads[1].Person, loads[2].Person, loads[3].Person})
	require.Equal(t, oncall.Load{Person: "ann", Total: 168 * time.Hour, Weekend: 48 * time.Hour, Night: 56 * time.Hour,
		Holiday: 24 * time.Hour, Stretches: 1, Share: 0.5}, loads[0])
	require.Zero(t, loads[1].Holiday)
	require.Equal(t, oncall.Load{Person: "zoe"}, loads[3])
	_, err = compile(t, rota).Loads(at("2026-01-05T08:00:00Z"), at("2026-01-19T08:00:00Z"), calendar.Day{Date: "someday"})
	require.ErrorIs(t, err, calendar.ErrInvalid)
}

func TestLintTellsDoubts(t *testing.T) {
	rota := weekly()
	rota.Layers[0].Hours = []calendar.Hours{{From: time.Monday, To: time.Friday, Spans: []string{"08:00-18:00"}}}
	rota.Layers = append(rota.Layers,
		oncall.Layer{Name: "night", Participants: []string{"dan", "eve"}, Hours: []calendar.Hours{{From: time.Saturday, To: time.Saturday, Spans: []string{"00:00-24:00"}}},
			Rotation: oncall.Rotation{Every: oncall.Day, At: "02:30", Start: "2026-01-05"}},
		oncall.Layer{Name: "late", Participants: []string{"fay"}, Hours: []calendar.Hours{{From: time.Monday, To: time.Monday, Spans: []string{"10:00-11:00"}}}})
	from, until := at("2026-01-05T12:00:00Z"), at("2026-01-20T00:00:00Z")
	rota.Overrides = []oncall.Override{
		{Name: "a", Kind: oncall.Take, Person: "max", From: from, Until: until},
		{Name: "b", Kind: oncall.Take, Person: "moe", From: from, Until: until}}
	var kinds []string
	for _, f := range compile(t, rota).Lint(at("2026-01-05T08:00:00Z"), at("2026-06-01T00:00:00Z")) {
		kinds = append(kinds, f.Kind+" "+f.Where)
	}
	require.Equal(t, []string{"gap network", "layer_not_reached late", "no_effect a", "overlap a", "split_shift primary", "clock_change night", "split_shift night"}, kinds)
	rota = weekly()
	require.Empty(t, compile(t, rota).Lint(at("2026-01-05T08:00:00Z"), at("2026-06-01T00:00:00Z")))
	require.Equal(t, "nobody", compile(t, rota).Lint(at("2025-01-05T08:00:00Z"), at("2025-06-01T00:00:00Z"))[0].Kind)
}

func TestARotaIsToldAllItsFaultsAtOnce(t *testing.T) {
	rota := oncall.Rota{Zone: "Mars/Olympus", Layers: []oncall.Layer{
		{Name: "a", Participants: []string{"ann", ""}, From: "2026-02-30", Hours: []calendar.Hours{{Spans: []string{"9-5"}}}},
		{Name: "a", Participants: []string{"ann", "bob"}, Rotation: oncall.Rotation{Every: "month", On: "moonday", At: "9:00", Count: -1, Start: "soon"}},
		{Name: "b", Rotation: oncall.Rotation{Every: oncall.Day, On: "monday", Start: "2026-01-01", Count: 400}, From: "2026-02-01", Until: "2026-01-01"},
	}, Overrides: []oncall.Override{{Kind: "swap"}, {Name: "x", Kind: oncall.Replace, Person: "ann", For: "ann", From: at("2026-01-02T00:00:00Z"), Until: at("2026-01-01T00:00:00Z")}},
		Absences: []oncall.Absence{{Person: "ann", Substitute: "ann", From: at("1800-01-02T00:00:00Z"), Until: at("2026-01-01T00:00:00Z")}}}
	_, err := oncall.NewRoster(rota)
	require.ErrorIs(t, err, workflow.ErrInvalid)
	for _, want := range []string{"name", "version 0", "Mars/Olympus", `layer "a" is there twice`, "participant", "2026-02-30", "several participants need a rotation",
		"9-5", `every "month"`, "moonday", "9:00", "count -1", "soon", "only weeks have a weekday", "count 400", "participants: 0",
		"from 2026-02-01 is not before until 2026-01-01", `kind "swap"`, "replaces himself", "is not before until", "own substitute", "1900 to 2099"} {
		require.ErrorContains(t, err, want)
	}
	_, err = oncall.NewRoster(oncall.Rota{Layers: make([]oncall.Layer, oncall.MaxLayers+1)})
	require.ErrorContains(t, err, "layers: 51, must be 1 to 50")
}

func TestOverridesAtOneTimeAreBounded(t *testing.T) {
	rota := weekly()
	for range oncall.MaxConcurrent + 1 {
		rota.Absences = append(rota.Absences, oncall.Absence{Person: "ann", From: at("2026-01-02T00:00:00Z"), Until: at("2026-01-03T00:00:00Z")})
	}
	_, err := oncall.NewRoster(rota)
	require.ErrorIs(t, err, workflow.ErrInvalid)
	require.ErrorContains(t, err, "at one time")
}

func TestJSONIsStrictAndRoundTrips(t *testing.T) {
	data, err := json.Marshal(weekly())
	require.NoError(t, err)
	r, err := oncall.ParseRota(data)
	require.NoError(t, err)
	require.Equal(t, weekly(), r.Rota())
	for _, wrong := range []string{`{"name": "a", "colour": "red"}`, string(data) + "{}", "", "[]", `{"layers": [{"hours": [{"days": "noday"}]}]}`} {
		_, err := oncall.ParseRota([]byte(wrong))
		require.ErrorIs(t, err, workflow.ErrInvalid, wrong)
	}
}

func TestAbsencesThatAgreeMayOverlap(t *testing.T) {
	rota := weekly()
	absent := func(substitute string) {
		rota.Absences = append(rota.Absences, oncall.Absence{Person: "ann", Substitute: substitute, From: at("2026-01-06T00:00:00Z"), Until: at("2026-01-08T00:00:00Z")})
	}
	absent("bob")
	absent("bob")
	require.Empty(t, compile(t, rota).Lint(at("2026-01-05T08:00:00Z"), at("2026-06-01T00:00:00Z")))
	absent("cho")
	require.Equal(t, oncall.FindOverlap, compile(t, rota).Lint(at("2026-01-05T08:00:00Z"), at("2026-06-01T00:00:00Z"))[0].Kind)
	require.Equal(t, "cho: turn 1 of ann in layer primary, substitute of ann", who(compile(t, rota), "2026-01-07T00:00:00Z"), "the last counts")
}

func TestInstantsAreWholeSeconds(t *testing.T) {
	rota := weekly()
	rota.Absences = []oncall.Absence{{Person: "ann", From: at("2026-01-06T00:00:00.5Z"), Until: at("2026-01-08T00:00:00Z")}}
	_, err := oncall.NewRoster(rota)
	require.ErrorContains(t, err, "whole seconds")
}

func TestARosterKeepsNothingOfTheCallers(t *testing.T) {
	rota := weekly()
	rota.Layers[0].Hours = []calendar.Hours{{From: time.Monday, To: time.Sunday, Spans: []string{"00:00-24:00"}}}
	r := compile(t, rota)
	rota.Layers[0].Hours[0].Spans[0] = "08:00-09:00"
	require.Equal(t, []string{"00:00-24:00"}, r.Rota().Layers[0].Hours[0].Spans)
	rota.Layers[0].Participants[0] = "eve"
	r.Rota().Layers[0].Participants[0] = "eve"
	require.Equal(t, []string{"ann", "bob", "cho"}, r.Rota().Layers[0].Participants)
	require.Equal(t, "ann: turn 1 in layer primary", who(r, "2026-01-06T00:00:00Z"))
}

func TestABookAnswersByName(t *testing.T) {
	r := compile(t, weekly())
	book, err := oncall.NewBook(r)
	require.NoError(t, err)
	person, why := book.OnCall("network", "", at("2026-01-06T00:00:00Z"))
	require.Equal(t, "ann", person)
	require.Equal(t, "rota network: turn 1 in layer primary", why)
	person, _ = book.OnCall("network", "primary", at("2026-01-06T00:00:00Z"))
	require.Equal(t, "ann", person)
	for _, c := range [][3]string{
		{"network", "", "rota network: layer primary: the first turn has not begun; nobody"},
		{"network", "primary", "rota network: layer primary: the first turn has not begun"},
		{"network", "spare", `rota network has no layer "spare"`},
		{"mail", "", `oncall: rota "mail": not found, there are network`},
	} {
		person, why = book.OnCall(c[0], c[1], at("2025-01-06T00:00:00Z"))
		require.Empty(t, person)
		require.Equal(t, c[2], why)
	}
	require.Equal(t, []string{"ann", "bob", "cho"}, book.Order("network", at("2026-01-06T00:00:00Z")))
	require.Equal(t, []string{"primary"}, book.Layers("network"))
	require.Empty(t, book.Order("mail", at("2026-01-06T00:00:00Z")))
	require.Empty(t, book.Layers("mail"))
	_, err = oncall.NewBook(r, r, nil)
	require.ErrorIs(t, err, workflow.ErrInvalid)
	require.ErrorContains(t, err, "there twice")
	require.ErrorContains(t, err, "nil")
}

func FuzzParseRota(f *testing.F) {
	data, err := json.Marshal(weekly())
	require.NoError(f, err)
	f.Add(data)
	f.Add([]byte(`{"name":"a","version":1,"zone":"Asia/Kolkata","layers":[{"name":"l","participants":["a"],"hours":[{"days":"mon-fri","spans":["22:00-06:00"]}]}],"overrides":[{"name":"o","kind":"fill","person":"b","from":"2026-01-01T00:00:00Z","until":"2026-01-02T00:00:00Z"}],"absences":[{"person":"a","from":"2026-01-01T00:00:00Z","until":"2026-01-02T00:00:00Z"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := oncall.ParseRota(data)
		if err != nil {
			require.ErrorIs(t, err, workflow.ErrInvalid)
			return
		}
		again, err := json.Marshal(r.Rota())
		require.NoError(t, err)
		r2, err := oncall.ParseRota(again)
		require.NoError(t, err)
		from := at("2026-03-27T00:00:00Z")
		end := from
		for s := range r.Spans(from, from.AddDate(0, 0, 4)) {
			require.True(t, s.From.Equal(end) && s.From.Before(s.Until))
			d, ok := r2.OnCall(s.From)
			require.Equal(t, s.Duty, d)
			require.Equal(t, ok, !s.Gap())
			end = s.Until
		}
		require.True(t, end.Equal(from.AddDate(0, 0, 4)))
	})
}
