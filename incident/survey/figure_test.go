package survey_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/incident/survey"
	"github.com/itsm-go/itsm/workflow"
)

// rated are sheets with these answers to a question, all of one day.
func rated(question string, values ...int) []survey.Sheet {
	var list []survey.Sheet
	for _, v := range values {
		list = append(list, survey.Sheet{At: monday, Answers: survey.Answers{question: strconv.Itoa(v)}})
	}
	return list
}

func times(n, value int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = value
	}
	return list
}

func join(lists ...[]int) (all []int) {
	for _, l := range lists {
		all = append(all, l...)
	}
	return all
}

func TestCSATIsTheShareOfTheTwoBestRatings(t *testing.T) {
	s := compile(t, definition())
	for _, test := range []struct {
		values []int
		want   string
	}{
		// Wilson's intervals, 95 %.
		{join(times(8, 5), times(2, 1)), "8 of 10 gave 4 and 5 of 5: 80 (49.02 to 94.33) %, average 4.2"},
		{join(times(80, 4), times(20, 3)), "80 of 100 gave 4 and 5 of 5: 80 (71.12 to 86.66) %, average 3.8"},
		{times(10, 5), "10 of 10 gave 4 and 5 of 5: 100 (72.25 to 100) %, average 5"},
		{times(10, 1), "0 of 10 gave 4 and 5 of 5: 0 (0 to 27.75) %, average 1"},
		{[]int{5, 3, 3}, "1 of 3 gave 4 and 5 of 5: 33.33 (6.15 to 79.23) %, average 3.67"},
	} {
		groups, err := s.Satisfaction("overall", rated("overall", test.values...), survey.Cut{})
		require.NoError(t, err)
		require.Len(t, groups, 1)
		require.Equal(t, test.want, groups[0].Figure.String())
	}
	low := compile(t, onRecord())
	groups, err := low.Satisfaction("satisfaction", rated("satisfaction", 1, 1, 2, 4), survey.Cut{})
	require.NoError(t, err)
	require.Contains(t, groups[0].Figure.String(), "3 of 4 gave 1 and 2 of 4: 75 ", "where a low rating is the best")
	require.Equal(t, []int{2, 1, 0, 1}, groups[0].Figure.Counts)
	none, err := s.Satisfaction("overall", rated("overall", 9), survey.Cut{})
	require.NoError(t, err)
	require.Empty(t, none, "what is not on the scale of this version does not count")
}

func TestNPSIsPromotersLessDetractors(t *testing.T) {
	s := compile(t, definition())
	for _, test := range []struct {
		values                          []int
		promoters, passives, detractors int
		value, low, high                string
	}{
		{[]int{10, 9, 8, 7, 6, 0}, 2, 2, 2, "0", "-65.33", "65.33"},
		{join(times(50, 9), times(30, 8), times(20, 6)), 50, 30, 20, "30", "14.69", "45.31"},
		{times(5, 10), 5, 0, 0, "100", "100", "100"},
		{times(5, 0), 0, 0, 5, "-100", "-100", "-100"},
		{join(times(9, 10), times(1, 0)), 9, 0, 1, "80", "42.81", "100"},
	} {
		groups, err := s.Promoters("recommend", rated("recommend", test.values...), survey.Cut{})
		require.NoError(t, err)
		f := groups[0].Figure
		require.Equal(t, []int{test.promoters, test.passives, test.detractors}, []int{f.Promoters, f.Passives, f.Detractors})
		require.Equal(t, []string{test.value, test.low, test.high}, []string{f.Score.Value.String(), f.Score.Low.String(), f.Score.High.String()})
	}
}

// The textbook formulas in floating point are near, whatever the sample.
func TestIntervalsAgreeWithTheTextbook(t *testing.T) {
	s := compile(t, definition())
	r := rand.New(rand.NewPCG(4, 4))
	z := map[survey.Confidence]float64{0: 1.959964, 90: 1.644854, 95: 1.959964, 99: 2.575829}
	for range 400 {
		values := make([]int, 1+r.IntN(60))
		var top, promoters, detractors float64
		nps := make([]int, len(values))
		for i := range values {
			values[i], nps[i] = 1+r.IntN(5), r.IntN(11)
			if values[i] >= 4 {
				top++
			}
			if nps[i] >= 9 {
				promoters++
			} else if nps[i] <= 6 {
				detractors++
			}
		}
		for confidence, z := range z {
			cut := survey.Cut{Confidence: confidence}
			n := float64(len(values))
			p := top / n
			mid, half := (p+z*z/(2*n))/(1+z*z/n), z/(1+z*z/n)*math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
			groups, err := s.Satisfaction("overall", rated("overall", values...), cut)
			require.NoError(t, err)
			e := groups[0].Figure.Share
			near(t, p*100, e.Value.InexactFloat64())
			near(t, math.Max(0, mid-half)*100, e.Low.InexactFloat64())
			near(t, math.Min(1, mid+half)*100, e.High.InexactFloat64())

			promoted, err := s.Promoters("recommend", rated("recommend", nps...), cut)
			require.NoError(t, err)
			score := (promoters - detractors) / n
			spread := z * math.Sqrt(math.Max(0, ((promoters+detractors)/n-score*score)/n))
			e = promoted[0].Figure.Score
			near(t, score*100, e.Value.InexactFloat64())
			near(t, math.Max(-1, score-spread)*100, e.Low.InexactFloat64())
			near(t, math.Min(1, score+spread)*100, e.High.InexactFloat64())
		}
	}
}

func near(t *testing.T, want, got float64) {
	t.Helper()
	require.InDelta(t, want, got, 0.00501)
}

func TestOptionsAndYesOrNoAreCounted(t *testing.T) {
	s := compile(t, definition())
	sheets := []survey.Sheet{{Answers: survey.Answers{"solved": "yes"}}, {Answers: survey.Answers{"solved": "no"}}, {Answers: survey.Answers{"solved": "yes"}}, {Answers: survey.Answers{"overall": "1"}}}
	groups, err := s.Distribution("solved", sheets, survey.Cut{})
	require.NoError(t, err)
	f := groups[0].Figure
	require.Equal(t, 3, f.N)
	require.Equal(t, 2, f.Of[0].N)
	require.Equal(t, "66.67", f.Estimate().Value.String())
	groups, err = s.Distribution("why", []survey.Sheet{{Answers: survey.Answers{"overall": "1", "why": "unsolved"}}}, survey.Cut{})
	require.NoError(t, err)
	require.Equal(t, "unsolved", groups[0].Figure.Of[1].Answer)
	require.Equal(t, 1, groups[0].Figure.Of[1].N)
}

func TestTheResponseRateCountsWhatWasSent(t *testing.T) {
	var list []survey.Sending
	for state, n := range map[string]int{survey.StateAnswered: 4, survey.StateExpired: 3, survey.StateDeclined: 2, survey.StateSent: 1} {
		for range n {
			list = append(list, survey.Sending{At: monday, State: state})
		}
	}
	groups, err := survey.ResponseRates(list, survey.Cut{})
	require.NoError(t, err)
	r := groups[0].Figure
	require.Equal(t, []int{10, 4, 2, 3, 1}, []int{r.Sent, r.Answered, r.Declined, r.Expired, r.Open})
	require.Equal(t, "40 (16.82 to 68.73)", r.Rate.String())
}

func TestFiguresByDayMonthAndFact(t *testing.T) {
	s := compile(t, definition())
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	late := time.Date(2026, 3, 31, 22, 30, 0, 0, time.UTC) // the first of April in Berlin
	sheets := []survey.Sheet{
		{At: monday, As: "caller", Facts: map[string]string{"group": "mail"}, Answers: survey.Answers{"overall": "5"}},
		{At: late, As: "caller", Answers: survey.Answers{"overall": "2"}},
		{At: monday.Add(time.Hour), As: "assignee", Facts: map[string]string{"group": "net"}, Answers: survey.Answers{"overall": "4"}},
	}
	for _, test := range []struct {
		cut  survey.Cut
		want string
	}{
		{survey.Cut{By: survey.ByDay}, "2026-03-02:2 2026-03-31:1 "},
		{survey.Cut{By: survey.ByDay, Zone: berlin}, "2026-03-02:2 2026-04-01:1 "},
		{survey.Cut{By: survey.ByMonth}, "2026-03:3 "},
		{survey.Cut{By: survey.ByMonth, Zone: berlin}, "2026-03:2 2026-04:1 "},
		{survey.Cut{By: survey.ByAs}, "assignee:1 caller:2 "},
		{survey.Cut{By: "group"}, ":1 mail:1 net:1 "},
	} {
		groups, err := s.Satisfaction("overall", sheets, test.cut)
		require.NoError(t, err)
		text := ""
		for _, g := range groups {
			text += fmt.Sprintf("%s:%d ", g.Key, g.N)
		}
		require.Equal(t, test.want, text)
	}
	for _, bad := range []survey.Cut{{By: "@week"}, {Least: -1}, {Confidence: 80}, {By: "a b"}} {
		_, err := s.Satisfaction("overall", sheets, bad)
		require.ErrorIs(t, err, workflow.ErrInvalid)
	}
	_, err = s.Satisfaction("recommend", sheets, survey.Cut{})
	require.ErrorIs(t, err, workflow.ErrInvalid)
	_, err = s.Promoters("mood", sheets, survey.Cut{})
	require.ErrorIs(t, err, workflow.ErrNotFound)
	_, err = s.Distribution("words", sheets, survey.Cut{})
	require.ErrorIs(t, err, workflow.ErrInvalid)
}

func TestSmallGroupsAreHidden(t *testing.T) {
	s := compile(t, definition())
	groups := func(least int, sizes ...int) string {
		var sheets []survey.Sheet
		for i, n := range sizes {
			for range n {
				sheets = append(sheets, survey.Sheet{At: monday, Facts: map[string]string{"group": string(rune('a' + i))}, Answers: survey.Answers{"overall": "5"}})
			}
		}
		list, err := s.Satisfaction("overall", sheets, survey.Cut{By: "group", Least: least})
		require.NoError(t, err)
		text := ""
		for _, g := range list {
			if g.Hidden {
				require.Zero(t, g.N)
				require.Zero(t, g.Figure)
				text += g.Key + ":hidden "
				continue
			}
			text += fmt.Sprintf("%s:%d ", g.Key, g.N)
		}
		return text
	}
	require.Equal(t, "a:1 b:2 ", groups(0, 1, 2), "without a least size nothing is hidden")
	require.Equal(t, "a:5 b:9 ", groups(5, 5, 9))
	require.Equal(t, "a:hidden b:hidden c:9 ", groups(5, 2, 3, 9), "together they are enough")
	require.Equal(t, "a:hidden b:hidden c:9 ", groups(5, 2, 6, 9), "one alone could be told from the whole")
	require.Equal(t, "a:hidden ", groups(5, 4))
}

func TestATrendTellsWhatIsMoreThanChance(t *testing.T) {
	s := compile(t, definition())
	month := func(m time.Month, good, bad int) []survey.Sheet {
		list := rated("overall", join(times(good, 5), times(bad, 1))...)
		for i := range list {
			list[i].At = time.Date(2026, m, 10, 0, 0, 0, 0, time.UTC)
		}
		return list
	}
	var sheets []survey.Sheet
	for _, l := range [][]survey.Sheet{month(1, 90, 10), month(2, 86, 14), month(3, 1, 1), month(4, 50, 50)} {
		sheets = append(sheets, l...)
	}
	groups, err := s.Satisfaction("overall", sheets, survey.Cut{By: survey.ByMonth, Least: 2})
	require.NoError(t, err)
	require.Len(t, survey.Trend(groups), 3)
	groups[2].Hidden = true
	trend := survey.Trend(groups)
	require.Len(t, trend, 2, "a hidden month is left out")
	require.Equal(t, "-4", trend[0].By.String())
	require.False(t, trend[0].Clear)
	require.Equal(t, [2]string{"2026-02", "2026-04"}, [2]string{trend[1].From, trend[1].To})
	require.Equal(t, "-36", trend[1].By.String())
	require.True(t, trend[1].Clear)
}

func TestEveryFigureHasATrend(t *testing.T) {
	s := compile(t, definition())
	sheets := append(rated("recommend", times(40, 10)...), rated("recommend", times(40, 0)...)...)
	sent := []survey.Sending{{At: monday, State: survey.StateAnswered}, {At: monday.AddDate(0, 1, 0), State: survey.StateExpired}}
	for i := range sheets[40:] {
		sheets[40+i].At = monday.AddDate(0, 1, 0)
	}
	scores, err := s.Promoters("recommend", sheets, survey.Cut{By: survey.ByMonth})
	require.NoError(t, err)
	trend := survey.Trend(scores)
	require.Equal(t, "-200", trend[0].By.String())
	require.True(t, trend[0].Clear)
	rates, err := survey.ResponseRates(sent, survey.Cut{By: survey.ByMonth})
	require.NoError(t, err)
	trend = survey.Trend(rates)
	require.Equal(t, "-100", trend[0].By.String())
	require.False(t, trend[0].Clear, "of one and one")
}
