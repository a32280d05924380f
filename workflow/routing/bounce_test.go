package routing_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/routing"
)

// hops makes a history in which each group follows the one before after an hour.
func hops(groups ...string) (all []routing.Hop) {
	for i, g := range groups {
		all = append(all, routing.Hop{At: monday.Add(time.Duration(i) * time.Hour), Group: g, By: "ann"})
	}
	return all
}

func TestPingPongIsFound(t *testing.T) {
	later := monday.AddDate(0, 0, 1)
	for _, row := range []struct {
		name    string
		history []routing.Hop
		rules   routing.BounceRules
		want    []string
	}{
		{"there and back", hops("desk", "network", "desk"), routing.BounceRules{}, []string{"return: desk > network > desk in 1h0m0s"}},
		{"onwards only", hops("desk", "network", "mail"), routing.BounceRules{}, nil},
		{"another person of the group is no hop", hops("desk", "desk", "network", "network"), routing.BounceRules{}, nil},
		{"in a circle", hops("desk", "network", "mail", "desk"), routing.BounceRules{}, []string{"cycle: desk > network > mail > desk in 2h0m0s"}},
		{"again and again", hops("a", "b", "a", "b"), routing.BounceRules{}, []string{"return: a > b > a in 1h0m0s", "return: b > a > b in 1h0m0s"}},
		{"fewer returns than count", hops("a", "b", "a"), routing.BounceRules{Returns: 2}, nil},
		{"as many as count", hops("a", "b", "a", "b"), routing.BounceRules{Returns: 2}, []string{"return: a > b > a in 1h0m0s", "return: b > a > b in 1h0m0s"}},
		{"a desk passes work on by its nature", hops("desk", "network", "desk", "mail"), routing.BounceRules{Ignore: []string{"desk"}}, nil},
		{"nobody's for a time is no group", hops("a", "", "a"), routing.BounceRules{}, nil},
		{"too many hands", hops("a", "b", "c", "d", "e"), routing.BounceRules{Hops: 2, Within: routing.Duration(150 * time.Minute)},
			[]string{"too many hops: a > b > c > d in 2h0m0s"}},
		{"as many as are good", hops("a", "b", "c"), routing.BounceRules{Hops: 2, Within: routing.Duration(150 * time.Minute)}, nil},
		{"slowly enough", hops("a", "b", "c", "d"), routing.BounceRules{Hops: 2, Within: routing.Duration(2 * time.Hour)}, nil},
		{"nothing", nil, routing.BounceRules{}, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			require.NoError(t, row.rules.Validate())
			var got []string
			for _, b := range routing.Bounces(row.history, row.rules, later) {
				got = append(got, b.String())
			}
			require.Equal(t, row.want, got)
		})
	}
	require.ErrorIs(t, routing.BounceRules{Returns: -1, Hops: 1}.Validate(), workflow.ErrInvalid)
	require.ErrorContains(t, routing.BounceRules{Returns: -1, Hops: 1, Ignore: []string{""}}.Validate(), "not negative\nhops and within belong together\nignored")
}

func TestPingPongIsFoundAsItWasThen(t *testing.T) {
	history := hops("desk", "network", "desk")
	require.Empty(t, routing.Bounces(history, routing.BounceRules{}, monday.Add(90*time.Minute)), "it has not come back yet")
	r := rand.New(rand.NewPCG(1, 1))
	want := routing.Bounces(history, routing.BounceRules{}, monday.AddDate(0, 0, 1))
	r.Shuffle(len(history), func(i, j int) { history[i], history[j] = history[j], history[i] })
	require.Equal(t, want, routing.Bounces(history, routing.BounceRules{}, monday.AddDate(0, 0, 1)), "in any order")
}

func TestTimeIsCountedWhereItWasHeld(t *testing.T) {
	require.Equal(t, map[string]time.Duration{"desk": 2 * time.Hour, "network": 3 * time.Hour},
		routing.Travelled(hops("desk", "network", "network", "desk", "network"), false, nil, monday.Add(5*time.Hour)).Held)
}

func TestTrafficShowsWhoSendsWhomWhatIsNotTheirs(t *testing.T) {
	var traffic routing.Traffic
	for range 3 {
		traffic.Add(hops("desk", "network", "desk", "mail"), monday.Add(4*time.Hour))
	}
	traffic.Add(hops("desk", "mail"), monday.Add(4*time.Hour))
	all, bounced := traffic.Records()
	require.Equal(t, []int{4, 3}, []int{all, bounced})
	require.Equal(t, []routing.Pair{
		{From: "desk", To: "network", Handed: 3, Bounced: 3, Lost: 3 * time.Hour},
		{From: "desk", To: "mail", Handed: 4},
		{From: "network", To: "desk", Handed: 3},
	}, traffic.Pairs())
}

func TestABounceShowsTheAssignments(t *testing.T) {
	history := hops("desk", "network", "desk")
	history[1].By, history[2].By = "bob", "cho"
	require.Equal(t, []routing.Bounce{{Kind: routing.Return, Way: []string{"desk", "network", "desk"}, Hops: history,
		From: monday.Add(time.Hour), Until: monday.Add(2 * time.Hour), Lost: time.Hour}}, routing.Bounces(history, routing.BounceRules{}, monday.Add(9*time.Hour)))
}

func TestPingPongBetweenPeopleOfOneGroup(t *testing.T) {
	var history []routing.Hop
	for i, person := range []string{"", "ann", "bob", "", "ann"} {
		history = append(history, routing.Hop{At: monday.Add(time.Duration(i) * time.Hour), Group: "network", Person: person})
	}
	require.Empty(t, routing.Bounces(history, routing.BounceRules{}, monday.AddDate(0, 0, 1)))
	found := routing.Bounces(history, routing.BounceRules{People: true}, monday.AddDate(0, 0, 1))
	require.Len(t, found, 1)
	require.Equal(t, "return: ann > bob > ann in 2h0m0s", found[0].String())
}

func TestTimeThatIsLostIsCountedInWorkingTime(t *testing.T) {
	friday := monday.AddDate(0, 0, 4)
	history := []routing.Hop{{At: friday, Group: "desk"}, {At: friday.Add(7 * time.Hour), Group: "network"}, {At: friday.AddDate(0, 0, 3), Group: "desk"}}
	rules := routing.BounceRules{Hours: officeHours(t), Hops: 1, Within: routing.Duration(3 * time.Hour)}
	var got []string
	for _, b := range routing.Bounces(history, rules, friday.AddDate(0, 0, 7)) {
		got = append(got, b.String())
	}
	// On Friday there is an hour left from 17:00 on, on Monday two until 10:00.
	require.Equal(t, []string{"return: desk > network > desk in 3h0m0s"}, got, "three hours are not less than three")
	rules.Within++
	require.Len(t, routing.Bounces(history, rules, friday.AddDate(0, 0, 7)), 2)
}

func TestAJourneyIsSummedUp(t *testing.T) {
	for _, row := range []struct {
		groups []string
		want   routing.Journey
		ratio  float64
	}{
		{nil, routing.Journey{Held: map[string]time.Duration{}}, 0},
		{[]string{"a"}, routing.Journey{Groups: 1, Held: map[string]time.Duration{"a": 5 * time.Hour}}, 0},
		{[]string{"a", "b", "c"}, routing.Journey{Groups: 3, Hops: 2, Held: map[string]time.Duration{"a": time.Hour, "b": time.Hour, "c": 3 * time.Hour}}, 0},
		{[]string{"a", "b", "a", "", "a"}, routing.Journey{Groups: 2, Hops: 2, Needless: 1, Idle: time.Hour, Held: map[string]time.Duration{"a": 3 * time.Hour, "b": time.Hour}}, 0.5},
	} {
		got := routing.Travelled(hops(row.groups...), false, nil, monday.Add(5*time.Hour))
		require.Equal(t, row.want, got)
		require.InDelta(t, row.ratio, got.Ratio(), 0)
	}
}

// However a history goes, the needless hops are the returns, and no time is lost or
// counted twice.
func TestEveryNeedlessHopIsAReturn(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	for range 500 {
		var groups []string
		for range r.IntN(12) {
			groups = append(groups, []string{"a", "b", "c", "d", ""}[r.IntN(5)])
		}
		history, until := hops(groups...), monday.Add(time.Duration(1+r.IntN(14))*time.Hour)
		j := routing.Travelled(history, false, nil, until)
		found := routing.Bounces(history, routing.BounceRules{}, until)
		require.Len(t, found, j.Needless)
		for _, b := range found {
			require.Equal(t, b.Way[0], b.Way[len(b.Way)-1])
			require.NotContains(t, b.Way[1:len(b.Way)-1], b.Way[0], "the shortest way")
			require.Equal(t, b.Kind == routing.Return, len(b.Way) == 3)
			require.Len(t, b.Hops, len(b.Way))
		}
		total := j.Idle
		for _, held := range j.Held {
			total += held
		}
		if first := slices.IndexFunc(groups, func(g string) bool { return g != "" }); first >= 0 && monday.Add(time.Duration(first)*time.Hour).Before(until) {
			require.Equal(t, until.Sub(monday)-time.Duration(first)*time.Hour, total)
		} else {
			require.Zero(t, total)
		}
	}
}

func TestTrafficAsATable(t *testing.T) {
	var one, other routing.Traffic
	for i := range 6 {
		part := &one
		if i%2 == 1 {
			part = &other
		}
		part.Add(hops("desk", "network", "desk", "network"), monday.Add(4*time.Hour))
	}
	one.Add(hops("mail", "desk"), monday.Add(4*time.Hour))
	one.Add(hops("server", "network", "server"), monday.Add(4*time.Hour))
	one.Merge(&other)
	all, bounced := one.Records()
	require.Equal(t, []int{8, 7}, []int{all, bounced})
	m := one.Matrix(10)
	require.Equal(t, routing.Matrix{Groups: []string{"network", "desk", "server"},
		Handed: [][]int{{0, 6, 1}, {12, 0, 0}, {1, 0, 0}}, Bounced: [][]int{{0, 6, 0}, {6, 0, 0}, {1, 0, 0}}}, m)
	require.Equal(t, []string{"network", "desk"}, one.Matrix(2).Groups)
	require.Empty(t, one.Matrix(-1).Groups)
	require.Equal(t, ""+
		"           network    desk  server\n"+
		"  network        -  6 of 6  0 of 1\n"+
		"     desk  6 of 12       -       -\n"+
		"   server   1 of 1       -       -\n", m.String())
}

func TestRulesOfBouncingAreReadStrictly(t *testing.T) {
	r, err := routing.ParseBounceRules([]byte(`{"returns": 2, "hops": 4, "within": "48h", "ignore": ["desk"], "hours": {"zone": "UTC", "weekly": [{"days": "monday", "spans": ["09:00-10:00"]}]}}`))
	require.NoError(t, err)
	raw, err := json.Marshal(r)
	require.NoError(t, err)
	again, err := routing.ParseBounceRules(raw)
	require.NoError(t, err)
	require.Equal(t, fmt.Sprint(r.Returns, r.Hops, r.Within, r.Ignore), fmt.Sprint(again.Returns, again.Hops, again.Within, again.Ignore))
	require.Equal(t, time.Hour, again.Hours.Between(monday, monday.AddDate(0, 0, 6)))
	for _, bad := range []string{`{"return": 2}`, `{"hops": 3}`, `{"within": "2 days"}`, `{"within": 5}`, `{} {}`} {
		_, err := routing.ParseBounceRules([]byte(bad))
		require.ErrorIs(t, err, workflow.ErrInvalid, bad)
	}
}

func FuzzBounces(f *testing.F) {
	f.Add([]byte(`{"hops": 1, "within": "3h", "people": true}`), []byte("abacab"))
	f.Fuzz(func(t *testing.T, rules, way []byte) {
		r, err := routing.ParseBounceRules(rules)
		if err != nil {
			require.ErrorIs(t, err, workflow.ErrInvalid)
			return
		}
		var history []routing.Hop
		for i, b := range way[:min(len(way), 100)] {
			history = append(history, routing.Hop{At: monday.Add(time.Duration(i^int(b&3)) * time.Hour), Group: string(rune('a' + b%4)), Person: string(rune('p' + b%2))})
		}
		for _, b := range routing.Bounces(history, r, monday.AddDate(0, 0, 3)) {
			require.GreaterOrEqual(t, b.Lost, time.Duration(0))
			require.Len(t, b.Hops, len(b.Way))
			require.NotEmpty(t, b.String())
		}
	})
}
