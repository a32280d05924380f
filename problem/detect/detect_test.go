package detect_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/problem/detect"
	"github.com/itsm-go/itsm/workflow"
)

// outage is a quiet log with forty incidents of one item within two days.
func outage(seed int) []detect.Incident {
	r := random(seed)
	return plant(r, noise(r, 80, 20), 70, 2, 40)
}

func TestAnOutageIsProposedOnceByTheItemThatExplainsIt(t *testing.T) {
	got := run(t, detector(t, detect.Config{}), 71, outage(1)).Proposals
	require.Len(t, got, 1, "not once more by its category, its site and its windows")
	p := got[0]
	require.Equal(t, detect.Key{attr("ci", "planted")}, p.Key)
	require.Equal(t, detect.Cluster, p.Kind)
	require.Equal(t, p.Key.Fingerprint(), p.Fingerprint)
	require.Equal(t, 40, p.Observed)
	require.Len(t, p.Incidents, 40)
	require.Zero(t, p.Past)
	require.Zero(t, p.Expected)
	require.Zero(t, p.Ratio, "there is nothing to divide by")
	require.Less(t, p.Adjusted, 1e-20)
	require.Contains(t, p.Shared, detect.Share{attr("category", "c2"), 40})
	require.Contains(t, p.Evidence, "ci planted: 40 incidents in the 7 days from 11 to 17 March 2026, where the 65 days before let expect none. There were none before.")
	require.Contains(t, p.Evidence, "40 of 40 with category c2")
	require.Positive(t, p.Cost)
	require.Equal(t, 2, p.Days)
}

func TestTheOrderOfTheIncidentsDoesNotMatter(t *testing.T) {
	log := plant(random(4), outage(2), 40, 7, 20)
	d := detector(t, detect.Config{})
	whole, day := scan(t, d, log), run(t, d, 71, log)
	require.NotEmpty(t, whole.Proposals)
	for seed := range 5 {
		other := slices.Clone(log)
		random(seed).Shuffle(len(other), func(i, j int) { other[i], other[j] = other[j], other[i] })
		for i := range other {
			other[i].Attributes = slices.Clone(other[i].Attributes)
			slices.Reverse(other[i].Attributes)
		}
		require.Equal(t, whole, scan(t, d, other))
		require.Equal(t, day, run(t, d, 71, other))
	}
}

// What comes later changes nothing, and what lies before the lookback only says how
// much past there is.
func TestARunLooksNeitherAheadNorTooFarBack(t *testing.T) {
	log := outage(3)
	d := detector(t, detect.Config{})
	for _, day := range []int{20, 35, 55, 70, 71, 75} {
		upTo := slices.DeleteFunc(slices.Clone(log), func(i detect.Incident) bool { return !i.Opened.Before(at(day+1, 0)) })
		require.Equal(t, run(t, d, day, upTo), run(t, d, day, log), "day %d", day)
	}
	short := detector(t, detect.Config{Lookback: 60})
	old := slices.Clone(log)
	for i := range old {
		if old[i].Opened.Before(at(12, 0)) {
			old[i].Attributes = []detect.Attribute{attr("ci", "planted")}
		}
	}
	require.Equal(t, run(t, short, 71, log), run(t, short, 71, old))
}

// A host that runs every evening, opens a problem for what is new and updates those it
// has, ends with the findings of a scan, found on the same days.
func TestRunningDayByDayFindsWhatAScanFinds(t *testing.T) {
	for seed := range 4 {
		r := random(80 + seed)
		log := noise(r, 120, 18)
		log = plant(r, log, 50, 1, 12)
		log = plant(r, log, 88+seed*4, 10, 40)
		for day := range 100 {
			for range day / 25 {
				inc := about(r, len(log), at(day+10, r.IntN(1440)))
				inc.Attributes[1] = attr("ci", "wears out")
				log = append(log, inc)
			}
		}
		want := scan(t, detector(t, detect.Config{}), log)
		require.NotEmpty(t, want.Proposals)
		d := detector(t, detect.Config{Horizon: want.Days})
		type problem struct {
			detect.Known
			found, latest int
		}
		var problems []problem
		for day := range 120 {
			var open []detect.Known
			for _, p := range problems {
				if p.latest+d.Config().CoolDown >= day {
					open = append(open, p.Known)
				}
			}
			for _, p := range run(t, d, day, log, open...).Proposals {
				if p.Known == "" {
					problems = append(problems, problem{p.Problem(), day, day})
					continue
				}
				for i := len(problems) - 1; ; i-- {
					if problems[i].Fingerprint == p.Known {
						problems[i].Update(p)
						problems[i].latest = day
						break
					}
				}
			}
		}
		var got, scanned []string
		for _, p := range problems {
			got = append(got, fmt.Sprint(p.Fingerprint, at(p.found, 0), at(p.latest, 0)))
		}
		for _, p := range want.Proposals {
			scanned = append(scanned, fmt.Sprint(p.Fingerprint, p.Found, p.Latest))
		}
		require.Equal(t, scanned, got, "seed %d", seed)
	}
}

func TestSlowGrowthOfAnItemIsATrend(t *testing.T) {
	r := random(11)
	log := noise(r, 112, 25)
	for week := range 16 {
		for range week * week / 12 {
			inc := about(r, len(log), at(week*7+r.IntN(5), r.IntN(1440)))
			inc.Attributes[1] = attr("ci", "disk 9")
			log = append(log, inc)
		}
	}
	d := detector(t, detect.Config{Windows: []int{1}})
	p := run(t, d, 111, log).Proposals[0]
	require.Equal(t, detect.Trend, p.Kind)
	require.Equal(t, detect.Key{attr("ci", "disk 9")}, p.Key)
	require.Equal(t, 16, p.Weeks)
	require.Greater(t, p.Ratio, 1.5)
	require.Contains(t, p.Evidence, "ci disk 9 grows: 70 incidents in the 5 weeks from 23 March to 26 April 2026")
	require.Empty(t, run(t, d, 110, log).Proposals, "on Sundays only")
	require.Empty(t, run(t, detector(t, detect.Config{Windows: []int{1}, NoTrends: true}), 111, log).Proposals)
}

// A batch that fails every Monday is as it always was, however surely its incidents
// come on Mondays.
func TestAKeyThatAlwaysComesInBurstsIsNotUnusual(t *testing.T) {
	r := random(12)
	log := noise(r, 85, 60)
	for week := range 13 {
		log = plant(r, log, week*7, 1, 26)
	}
	p := run(t, detector(t, detect.Config{}), 84, log).Proposals
	require.False(t, has(p, attr("ci", "planted")), "%v", p)
	p = run(t, detector(t, detect.Config{MaxRecurrence: 1, MinDeviation: 1e-9}), 84, log).Proposals
	require.True(t, has(p, attr("ci", "planted")), "only its past speaks against it")
}

func TestGuardsOfSizeDaysAndCallers(t *testing.T) {
	r := random(13)
	log := plant(r, noise(r, 80, 20), 71, 1, 9)
	for i := len(log) - 9; i < len(log); i++ {
		log[i].Caller = []string{"ann", "ben"}[i%2]
	}
	for name, c := range map[string]struct {
		cfg   detect.Config
		found bool
	}{
		"as it is":         {detect.Config{}, true},
		"too few":          {detect.Config{MinIncidents: 10}, false},
		"just enough":      {detect.Config{MinIncidents: 9}, true},
		"on one day":       {detect.Config{MinDays: 2}, false},
		"by two callers":   {detect.Config{MinCallers: 3}, false},
		"two are enough":   {detect.Config{MinCallers: 2}, true},
		"other dimensions": {detect.Config{Dimensions: []string{"site"}}, false},
		"not most of all":  {detect.Config{MaxShare: 0.001}, false},
	} {
		require.Equal(t, c.found, has(run(t, detector(t, c.cfg), 71, log).Proposals, attr("ci", "planted")), name)
	}
}

// Forty incidents that one person opens make neither their item unusual nor, because of
// them, the category that others report too.
func TestWhatOnePersonTellsOfDoesNotCountForWiderKeys(t *testing.T) {
	r := random(13)
	log := plant(r, noise(r, 80, 20), 71, 1, 40)
	for i := len(log) - 40; i < len(log); i++ {
		log[i].Caller = "ann"
		log[i].Attributes[0] = attr("category", "c11")
	}
	for _, caller := range []string{"ben", "cleo", "dan"} {
		inc := about(r, len(log), at(71, 600))
		inc.Caller, inc.Attributes[0] = caller, attr("category", "c11")
		log = append(log, inc)
	}
	require.NotEmpty(t, run(t, detector(t, detect.Config{}), 71, log).Proposals)
	require.Empty(t, run(t, detector(t, detect.Config{MinCallers: 3}), 71, log).Proposals)
}

func TestAPairIsToldWhereNeitherOfItsValuesExplainsIt(t *testing.T) {
	r := random(14)
	log := noise(r, 80, 40)
	for range 30 {
		inc := about(r, len(log), at(70+r.IntN(2), r.IntN(1440)))
		inc.Attributes = []detect.Attribute{attr("site", "s3"), attr("category", "c1")}
		log = append(log, inc)
	}
	p := run(t, detector(t, detect.Config{Dimensions: []string{"category", "site"}}), 71, log).Proposals
	require.Len(t, p, 1)
	require.Equal(t, "category c1, site s3", p[0].Key.String())
	p = run(t, detector(t, detect.Config{NoPairs: true}), 71, log).Proposals
	require.Len(t, p, 1)
	require.Len(t, p[0].Key, 1)
}

func TestTwoOutagesAtATimeAreTwoProposals(t *testing.T) {
	r := random(15)
	log := plant(r, noise(r, 80, 20), 70, 2, 30)
	for range 20 {
		inc := about(r, len(log), at(70+r.IntN(2), r.IntN(1440)))
		inc.Attributes[0], inc.Attributes[1] = attr("category", "c7"), attr("ci", "other")
		log = append(log, inc)
	}
	p := run(t, detector(t, detect.Config{}), 71, log).Proposals
	require.Len(t, p, 2)
	require.True(t, has(p, attr("ci", "planted")) && has(p, attr("ci", "other")))
}

func TestSymptomsAreTheWordsOfTitles(t *testing.T) {
	r := random(16)
	log := noise(r, 80, 20)
	for i := range log {
		log[i].Title = []string{"Printer is slow", "Mail does not open", "Please reset password"}[r.IntN(3)]
	}
	for i := range 12 {
		inc := about(r, len(log), at(71, r.IntN(1440)))
		inc.Title = fmt.Sprintf("Please help: certificate expired on laptop %d", i)
		log = append(log, inc)
	}
	p := run(t, detector(t, detect.Config{}), 71, log).Proposals
	require.Len(t, p, 1)
	require.Contains(t, p[0].Evidence, `words "certificate expired": 12 incidents`)
	require.Empty(t, run(t, detector(t, detect.Config{NoWords: true}), 71, log).Proposals)
}

func TestKnownProblemsAreUpdatedNotOpenedAgain(t *testing.T) {
	log := outage(1)
	d := detector(t, detect.Config{CoolDown: 10})
	p := run(t, d, 70, log).Proposals[0]
	known := p.Problem()
	for _, day := range []int{71, 72, 74} {
		again := run(t, d, day, log, known)
		require.Len(t, again.Proposals, 1)
		require.Equal(t, known.Fingerprint, again.Proposals[0].Known)
		require.Equal(t, p.Fingerprint, again.Proposals[0].Fingerprint, "stable from day to day")
		known.Update(again.Proposals[0])
	}
	require.Len(t, known.Incidents, 40)

	stored, err := json.Marshal(known)
	require.NoError(t, err)
	var back detect.Known
	require.NoError(t, json.Unmarshal(stored, &back))
	require.Equal(t, known, back)

	byIncidents := detect.Known{Fingerprint: "of another key", Incidents: known.Incidents}
	require.Equal(t, "of another key", run(t, d, 71, log, byIncidents).Proposals[0].Known, "most of its incidents are the same")
	byKey := detect.Known{Fingerprint: "of another key", Keys: []detect.Key{{attr("ci", "planted")}}}
	require.Equal(t, "of another key", run(t, d, 71, log, byKey).Proposals[0].Known)
	require.Empty(t, run(t, d, 71, log, detect.Known{Fingerprint: "x", Incidents: known.Incidents[:3]}).Proposals[0].Known)

	known.Closed = at(65, 0)
	quiet := run(t, d, 75, log, known)
	require.Empty(t, quiet.Proposals)
	require.Equal(t, known.Fingerprint, quiet.Withheld[0].Known)
	over := run(t, d, 76, log, known)
	require.Equal(t, known.Fingerprint, over.Proposals[0].Again)
	require.Empty(t, over.Proposals[0].Known)
	open := p.Problem()
	require.Equal(t, open.Fingerprint, run(t, d, 75, log, known, open).Proposals[0].Known, "an open problem before a closed one")
}

func TestDaysBeginAtTheMidnightsOfTheZone(t *testing.T) {
	log := outage(5)
	for i := range log {
		log[i].Opened = log[i].Opened.Add(-10 * time.Hour) // midnight in Auckland in winter is noon in UTC
	}
	d := detector(t, detect.Config{Zone: "Pacific/Auckland"})
	got, err := d.Run(at(71, -600), slices.Values(log))
	require.NoError(t, err)
	require.NotEmpty(t, got.Proposals)
	for _, p := range got.Proposals {
		require.Equal(t, "00:00", p.From.Format("15:04"))
		require.Equal(t, "Pacific/Auckland", p.From.Location().String())
	}
}

func TestNothingToGoBy(t *testing.T) {
	d := detector(t, detect.Config{})
	require.Empty(t, scan(t, d, nil).Proposals)
	require.Zero(t, run(t, d, 3, nil).Tests)
	early := run(t, d, 27, outage(1))
	require.Zero(t, early.Tests, "there is no past of 28 days yet")
	require.Zero(t, scan(t, d, noise(random(1), 20, 5)).Days)
}

func TestWrongIncidentsAreToldAllAtOnce(t *testing.T) {
	d := detector(t, detect.Config{})
	long := strings.Repeat("x", detect.MaxTitle+1)
	bad := []detect.Incident{
		{ID: "1", Opened: at(0, 0)}, {ID: "1", Opened: at(1, 0)}, {ID: "", Opened: at(0, 0)}, {ID: "2"},
		{ID: "3", Opened: at(0, 0), Title: long}, {ID: "4", Opened: at(0, 0), Cost: -1}, {ID: "5", Opened: at(0, 0), Downtime: -1},
		{ID: "6", Opened: at(0, 0), Attributes: make([]detect.Attribute, detect.MaxAttributes+1)},
		{ID: "7", Opened: at(0, 0), Attributes: []detect.Attribute{{detect.Words, "x"}}},
		{ID: "8", Opened: at(0, 0), Attributes: []detect.Attribute{{"", "x"}}},
	}
	_, err := d.Scan(slices.Values(bad))
	require.ErrorIs(t, err, workflow.ErrInvalid)
	for _, part := range []string{`"1": comes twice`, `"": the id`, `"2": it was opened`, `"3": the title`, `"4": cost`, `"5": cost`, `"6": 33 attributes`, `"7": attribute "words"`, `"8": attribute ""`} {
		require.ErrorContains(t, err, part)
	}
	_, err = d.Scan(slices.Values([]detect.Incident{{ID: "1", Opened: at(0, 0)}, {ID: "2", Opened: at(detect.MaxDays, 0)}}))
	require.ErrorContains(t, err, "more than 40000 days")
	_, err = detect.ParseIncidents([]byte(`[{"id":"1","colour":"red"}]`))
	require.ErrorIs(t, err, workflow.ErrInvalid)
}

func TestAWrongConfigurationIsToldAllAtOnce(t *testing.T) {
	_, err := detect.New(detect.Config{
		Zone: "Mars/Olympus", Dimensions: []string{"ci", "ci", ""}, Windows: []int{-1, 7, 7, 200}, Lookback: 50, Level: 2, Horizon: -1,
		MinIncidents: 1, MinRatio: 0.5, MaxRecurrence: 2, MinGrowth: 0.1, CoolDown: -2, MinDays: -1, MinCallers: -1, MinPast: -3, MaxShare: 3,
	})
	require.ErrorIs(t, err, workflow.ErrInvalid)
	for _, part := range []string{
		"zone", `dimension "ci"`, `dimension ""`, "a window of -1 days", "7 days comes twice", "a window of 200 days -150 days of past", "level is 2",
		"horizon is -1", "min_incidents is 1", "min_ratio is 0.5", "max_recurrence", "min_growth", "cool_down", "min_days", "min_callers", "min_past", "max_share",
	} {
		require.ErrorContains(t, err, part)
	}
	full := detector(t, detect.Config{Dimensions: []string{"ci"}}).Config()
	text, err := json.Marshal(full)
	require.NoError(t, err)
	back, err := detect.ParseConfig(text)
	require.NoError(t, err)
	require.Equal(t, full, back)
	require.Equal(t, full, detector(t, back).Config())
	_, err = detect.ParseConfig([]byte(`{"levle":0.1}`))
	require.ErrorIs(t, err, workflow.ErrInvalid)
	require.False(t, errors.Is(err, workflow.ErrNotFound))
}

func TestKindsAreText(t *testing.T) {
	for _, k := range []detect.Kind{detect.Cluster, detect.Trend} {
		text, err := k.MarshalText()
		require.NoError(t, err)
		var back detect.Kind
		require.NoError(t, back.UnmarshalText(text))
		require.Equal(t, k, back)
	}
	_, err := detect.Kind(9).MarshalText()
	require.Error(t, err)
	require.Error(t, new(detect.Kind).UnmarshalText(nil))
	require.Equal(t, "Kind(0)", detect.Kind(0).String())
}

func FuzzScan(f *testing.F) {
	f.Add(uint64(1), []byte(`{"windows":[1,3],"min_past":3,"lookback":20}`), []byte(`[{"id":"a","opened":"2026-01-05T00:00:00Z","title":"x y","attributes":[{"dimension":"ci","value":"1"}]}]`))
	f.Fuzz(func(t *testing.T, seed uint64, config, more []byte) {
		c, err := detect.ParseConfig(config)
		if err != nil {
			return
		}
		d, err := detect.New(c)
		if err != nil {
			require.ErrorIs(t, err, workflow.ErrInvalid)
			return
		}
		list, err := detect.ParseIncidents(more)
		if err != nil {
			return
		}
		r := rand.New(rand.NewPCG(seed, 2))
		report, err := d.Scan(slices.Values(plant(r, append(noise(r, 50, 4), list...), 45, 1, 12)))
		if err != nil {
			require.ErrorIs(t, err, workflow.ErrInvalid)
			return
		}
		for _, p := range report.Proposals {
			require.LessOrEqual(t, p.Adjusted, d.Config().Level*(1+1e-9))
			require.GreaterOrEqual(t, p.Observed, d.Config().MinIncidents)
			require.False(t, p.First.Before(p.From) || !p.Last.Before(p.To))
			_, err := json.Marshal(p)
			require.NoError(t, err)
		}
	})
}

func BenchmarkScan(b *testing.B) {
	for _, n := range []int{10_000, 100_000, 1_000_000} {
		r := random(1)
		log := plant(r, noise(r, 365, n*6/5/365), 300, 2, 200)
		d := detector(b, detect.Config{})
		b.Run(fmt.Sprint(len(log), " incidents"), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				scan(b, d, log)
			}
		})
		b.Run(fmt.Sprint(len(log), " incidents, one day"), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				run(b, d, 360, log)
			}
		})
	}
}
