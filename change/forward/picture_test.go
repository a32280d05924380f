package forward_test

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/change/forward"
	"github.com/itsm-go/itsm/change/schedule"
)

// picture is what can be seen in an SVG.
type picture struct {
	Width  float64 `xml:"width,attr"`
	Groups []group `xml:"g"`
	Texts  []text  `xml:"text"`
	Paths  []struct {
		Class string `xml:"class,attr"`
		D     string `xml:"d,attr"`
	} `xml:"path"`
}

type group struct {
	Class string `xml:"class,attr"`
	Title string `xml:"title"`
	Rects []rect `xml:"rect"`
	Text  text   `xml:"text"`
	Paths []struct {
		Class string `xml:"class,attr"`
	} `xml:"path"`
}

type rect struct {
	X      float64 `xml:"x,attr"`
	Y      float64 `xml:"y,attr"`
	Width  float64 `xml:"width,attr"`
	Height float64 `xml:"height,attr"`
}

type text struct {
	X     float64 `xml:"x,attr"`
	Y     float64 `xml:"y,attr"`
	Class string  `xml:"class,attr"`
	Text  string  `xml:",chardata"`
}

// helvetica are the widths of Helvetica and Arial, in thousandths of the size.
var helvetica = func() map[rune]float64 {
	widths := map[rune]float64{' ': 278, '-': 333, '…': 1000}
	for i, w := range []float64{556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500} {
		widths['a'+rune(i)] = w
	}
	for i, w := range []float64{667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611} {
		widths['A'+rune(i)] = w
	}
	for r := '0'; r <= '9'; r++ {
		widths[r] = 556
	}
	return widths
}()

func (x text) width(t *testing.T) float64 {
	sum := 0.0
	for _, r := range x.Text {
		w, known := helvetica[r]
		require.True(t, known, "%q", r)
		sum += w * 11 / 1000
	}
	return sum
}

func see(t *testing.T, s *forward.Schedule) picture {
	t.Helper()
	var p picture
	require.NoError(t, xml.Unmarshal([]byte(written(t, s.SVG)), &p))
	return p
}

func (p picture) groups(class string) []group {
	var list []group
	for _, g := range p.Groups {
		if strings.HasPrefix(g.Class, class) {
			list = append(list, g)
		}
	}
	return list
}

// random is a view with changes and windows of all lengths.
func random(t *testing.T, seed uint64) forward.View {
	r := rand.New(rand.NewPCG(seed, 1))
	from, _ := week(t)
	length := []time.Duration{time.Hour, 24 * time.Hour, 7 * 24 * time.Hour, 31 * 24 * time.Hour, 365 * 24 * time.Hour}[r.IntN(5)]
	v := forward.View{From: from, To: from.Add(length), Zone: from.Location(), By: []forward.Grouping{"", forward.ByService, forward.ByItem, forward.ByTeam, forward.ByType}[r.IntN(5)]}
	when := func() (start, end time.Time) {
		start = from.Add(time.Duration((r.Float64()*1.2 - .1) * float64(length)))
		return start, start.Add(1 + time.Duration(r.Float64()*r.Float64()*r.Float64()*float64(length)))
	}
	for i := range r.IntN(80) {
		start, end := when()
		e := forward.Entry{ID: fmt.Sprintf("CHG%03d", i), Title: strings.Repeat("Upgrade WWW ", r.IntN(5)), Start: start, End: end, Team: []string{"", "Web", "Databases"}[r.IntN(3)],
			Type: []forward.Type{forward.Standard, forward.Normal, forward.Emergency}[r.IntN(3)], Status: []forward.Status{forward.Proposed, forward.Approved, forward.Cancelled}[r.IntN(3)]}
		for range r.IntN(4) {
			e.Services = append(e.Services, []string{"Shop", "Ledger", "Mail"}[r.IntN(3)])
			e.Items = append(e.Items, fmt.Sprint("db", r.IntN(6)))
		}
		if r.IntN(4) == 0 {
			e.Conflicts = []string{"busy"}
		}
		v.Entries = append(v.Entries, e)
	}
	for i := range r.IntN(20) {
		start, end := when()
		v.Windows = append(v.Windows, forward.Window{Name: fmt.Sprint("Window ", i), Kind: []schedule.Kind{schedule.Blackout, schedule.Maintenance}[r.IntN(2)], Start: start, End: end, Scope: schedule.Scope{Everything: r.IntN(2) == 0, Services: []string{"Shop"}}})
	}
	return v
}

const left, right = 190.0, 1260.0 // of the part of the picture that has a time

// at is where an instant is to be.
func at(v forward.View, t time.Time) float64 {
	part := float64(t.Sub(v.From)) / float64(v.To.Sub(v.From))
	return left + min(max(part, 0), 1)*(right-left)
}

// lanesOf is what lanes an entry belongs to, found in the plainest way.
func lanesOf(by forward.Grouping, e forward.Entry) []string {
	names := map[forward.Grouping][]string{forward.ByService: e.Services, forward.ByItem: e.Items, forward.ByTeam: {e.Team}, forward.ByType: {string(e.Type)}, "": {"All changes"}}[by]
	names = slices.DeleteFunc(slices.Clone(names), func(n string) bool { return n == "" })
	slices.Sort(names)
	if names = slices.Compact(names); len(names) == 0 {
		return []string{"No " + string(by)}
	}
	return names
}

func TestEveryChangeIsDrawnOncePerLaneAndNothingOverlaps(t *testing.T) {
	for seed := range uint64(150) {
		v := random(t, seed)
		s := arrange(t, v)
		p := see(t, s)
		require.ElementsMatch(t, ids(v.Entries), append(ids(s.Entries()), ids(s.Outside())...), "seed %d", seed)

		want, got := map[string]int{}, map[string]int{}
		entries := map[string]forward.Entry{}
		for _, e := range s.Entries() {
			entries[e.ID] = e
			for _, lane := range lanesOf(v.By, e) {
				want[lane+" "+e.ID]++
			}
		}
		for _, g := range p.groups("change") {
			id, _, _ := strings.Cut(g.Title, " ")
			got[p.laneAt(g.Rects[0].Y)+" "+id]++
			checkBar(t, v, entries[id], g)
		}
		require.Equal(t, want, got, "seed %d", seed)
		require.Len(t, p.groups("window"), len(s.Windows()))
		checkRows(t, seed, append(p.groups("change"), p.groups("window")...))
	}
}

// laneAt is the name of the lane in which something stands.
func (p picture) laneAt(y float64) string {
	name := ""
	for _, g := range p.groups("") {
		if g.Text.Class == "lane" && g.Text.Y <= y+14 {
			name = g.Title[:strings.LastIndex(g.Title, ":")]
		}
	}
	return name
}

func checkBar(t *testing.T, v forward.View, e forward.Entry, g group) {
	t.Helper()
	r := g.Rects[0]
	from, to := at(v, e.Start), at(v, e.End)
	require.GreaterOrEqual(t, r.Width, 6.0, "it is seen")
	require.LessOrEqual(t, r.Width, max(6, to-from)+.2)
	require.LessOrEqual(t, r.X, from+.1)
	require.GreaterOrEqual(t, r.X+r.Width, to-.15)
	require.Equal(t, len(e.Conflicts) > 0, strings.HasSuffix(g.Class, " conflict"))
	signs, points := 0, 0
	for _, p := range g.Paths {
		switch p.Class {
		case "sign":
			signs++
		case "point":
			points++
		}
	}
	require.Equal(t, len(e.Conflicts) > 0, signs == 1)
	if r.Width >= 14 {
		clipped := 0
		for _, is := range []bool{e.Start.Before(v.From), e.End.After(v.To)} {
			if is {
				clipped++
			}
		}
		require.Equal(t, clipped, points)
	}
	if g.Text.Class == "inside" {
		require.GreaterOrEqual(t, g.Text.X, r.X)
		require.LessOrEqual(t, g.Text.X+g.Text.width(t), r.X+r.Width)
	}
}

// checkRows looks whether bars with their texts keep clear of each other.
func checkRows(t *testing.T, seed uint64, groups []group) {
	type extent struct{ from, to float64 }
	rows := map[float64][]extent{}
	for _, g := range groups {
		r := g.Rects[0]
		x := extent{min(r.X, g.Text.X), max(r.X+r.Width, g.Text.X+g.Text.width(t))}
		require.GreaterOrEqual(t, x.from, left, "seed %d", seed)
		require.LessOrEqual(t, x.to, right+.11, "seed %d", seed)
		rows[r.Y] = append(rows[r.Y], x)
	}
	for y, row := range rows {
		slices.SortFunc(row, func(a, b extent) int { return int(a.from*10) - int(b.from*10) })
		for i := range row[1:] {
			require.LessOrEqual(t, row[i].to, row[i+1].from, "seed %d, row at %v", seed, y)
		}
	}
}

func TestDaysBeginAtMidnightOfTheZone(t *testing.T) {
	for _, c := range []struct {
		zone, from string
		why        string
	}{
		{"Europe/Berlin", "2026-03-28T10:00:00Z", "a day of 23 hours"},
		{"Europe/Berlin", "2026-10-23T22:00:00Z", "a day of 25 hours"},
		{"America/Sao_Paulo", "2018-11-02T12:00:00Z", "no midnight"},
		{"Asia/Beirut", "2026-03-27T12:00:00Z", "no midnight"},
		{"America/Havana", "2025-10-31T12:00:00Z", "two midnights"},
		{"Asia/Amman", "2021-10-27T12:00:00Z", "two midnights, east of Greenwich"},
		{"America/Toronto", "1919-03-28T12:00:00Z", "from 23:30 to 00:30"},
		{"Asia/Gaza", "2011-07-30T12:00:00Z", "odd changes"},
		{"Atlantic/Azores", "2026-10-23T12:00:00Z", "the clocks go back to the day before"},
		{"America/Scoresbysund", "2020-10-23T12:00:00Z", "the clocks go back to the day before"},
		{"Pacific/Apia", "2011-12-28T12:00:00Z", "a day left out"},
		{"Australia/Lord_Howe", "2026-04-03T12:00:00Z", "half an hour"},
		{"UTC", "2026-04-03T12:00:00Z", "nothing special"},
	} {
		from, err := time.Parse(time.RFC3339, c.from)
		require.NoError(t, err)
		v := forward.View{From: from, To: from.Add(5 * 24 * time.Hour), Zone: zone(t, c.zone)}
		want := []float64{}
		latest := from.In(v.Zone).Format(time.DateOnly)
		for at0 := from.In(v.Zone); at0.Before(v.To); at0 = at0.Add(time.Minute) {
			if day := at0.Format(time.DateOnly); day > latest { // a date that comes again does not begin again
				latest = day
				want = append(want, at(v, at0))
			}
		}
		got := []float64{}
		for _, p := range see(t, arrange(t, v)).Paths {
			var x, top, x2, bottom float64
			if n, _ := fmt.Sscanf(p.D, "M%f %fL%f %f", &x, &top, &x2, &bottom); p.Class == "day" && n == 4 && x > left && x < right {
				got = append(got, x)
			}
		}
		require.InDeltaSlice(t, want, got, .06, "%s: %s", c.zone, c.why)
	}
}

func TestADayThatDoesNotLast24HoursSaysSo(t *testing.T) {
	for from, want := range map[string]string{"2026-03-29": "Sunday 29 March (23 h)", "2026-10-25": "Sunday 25 October (25 h)", "2026-03-30": "Monday 30 March"} {
		start, err := time.ParseInLocation(time.DateOnly, from, zone(t, "Europe/Berlin"))
		require.NoError(t, err)
		p := see(t, arrange(t, forward.View{From: start, To: start.AddDate(0, 0, 1), Zone: start.Location()}))
		require.True(t, slices.ContainsFunc(p.Texts, func(x text) bool { return x.Text == want }), want)
	}
}

func TestAnyLengthOfTimeHasAnAxis(t *testing.T) {
	from, _ := week(t)
	for span := time.Minute; span < 400*24*time.Hour; span = span*5/4 + time.Minute {
		p := see(t, arrange(t, forward.View{From: from.Add(7 * time.Hour), To: from.Add(7*time.Hour + span), Zone: from.Location()}))
		named, last := 0, 0.0
		for _, x := range p.Texts {
			require.LessOrEqual(t, x.X, right)
			if x.Class == "lane" && x.X > left {
				require.Greater(t, x.X, last, "%v: %s", span, x.Text)
				last, named = x.X+2, named+1
			}
		}
		require.Positive(t, named, "%v", span)
		require.Less(t, len(p.Paths), 130, "%v", span)
	}
}

// FuzzAnyTextIsWellFormed takes any texts there are.
func FuzzAnyTextIsWellFormed(f *testing.F) {
	f.Add("CHG1", "<script>alert(1)</script>", "a&b", "]]>", `"'`)
	f.Add("\x00\x1b[31m", "\xff\xfe", "\u202eevil", "\ufffe\uffff", "\U0001f6a7\r\n\t")
	f.Add("x", strings.Repeat("長い", 100), "-->", "&#0;", "%s%d")
	from := time.Date(2026, 3, 23, 0, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, id, title, service, team, window string) {
		e := forward.Entry{ID: id, Title: title, Type: forward.Normal, Status: forward.Proposed, State: service, Risk: team, Start: from.Add(-time.Hour), End: from.Add(time.Hour),
			Services: []string{service}, Items: []string{window}, Team: team, Conflicts: []string{title}}
		short := e
		short.ID, short.Start, short.End, short.Conflicts = id+"2", from.Add(90*time.Hour), from.Add(91*time.Hour), nil
		for _, by := range []forward.Grouping{forward.Together, forward.ByService, forward.ByTeam} {
			s, err := forward.New(forward.View{Title: title, From: from, To: from.AddDate(0, 0, 7), By: by, Entries: []forward.Entry{e, short},
				Windows: []forward.Window{{Name: window, Kind: schedule.Blackout, Start: from, End: from.Add(time.Hour), Scope: schedule.Scope{Services: []string{service}}}}})
			if err != nil {
				require.ErrorIs(t, err, forward.ErrInvalid)
				return
			}
			wellFormed(t, written(t, s.SVG))
			wellFormed(t, written(t, s.HTML))
			for _, r := range written(t, s.Text) {
				require.False(t, r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)), "%q", r)
			}
		}
	})
}

var known = regexp.MustCompile(`^(svg|title|desc|style|defs|pattern|path|rect|g|text|html|head|meta|body|main|h1|h2|p|div|table|caption|thead|tbody|tr|th|td|time)$`)

func wellFormed(t *testing.T, doc string) {
	d := xml.NewDecoder(strings.NewReader(doc))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		require.NoError(t, err)
		if start, ok := token.(xml.StartElement); ok {
			require.Regexp(t, known, start.Name.Local)
			for _, a := range start.Attr {
				require.False(t, strings.HasPrefix(a.Name.Local, "on"), a.Name.Local)
			}
		}
	}
}
