package ical_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/iotest"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/change/forward"
	"github.com/itsm-go/itsm/change/ical"
	"github.com/itsm-go/itsm/change/schedule"
)

var update = flag.Bool("update", false, "write the golden file anew")

var (
	from = time.Date(2026, 3, 23, 0, 0, 0, 0, time.UTC)
	now  = time.Date(2026, 3, 20, 9, 30, 0, 0, time.UTC)
	feed = ical.Feed{Name: "Changes, of the shop", Domain: "itsm.example.com", Now: now}
)

func entries() []forward.Entry {
	return []forward.Entry{
		{ID: "CHG0000041", Title: "Upgrade; database, \\cluster", Type: forward.Normal, Status: forward.Approved, State: "scheduled", Risk: "high", Revision: 7, Start: from.Add(20 * time.Hour), End: from.Add(22 * time.Hour),
			Services: []string{"Shop", "Ledger"}, Items: []string{"db-01"}, Team: "Databases", Conflicts: []string{"inside_blackout: Quarter end", "service_busy: Shop, with CHG0000042"}},
		{ID: "CHG0000042", Title: "Patch", Type: forward.Standard, Status: forward.Proposed, Start: from.Add(21 * time.Hour), End: from.Add(23*time.Hour + time.Nanosecond), Services: []string{"Shop"}},
		{ID: "CHG0000043", Title: "Replace", Type: forward.Emergency, Status: forward.Cancelled, Start: from.Add(30*time.Hour + time.Millisecond), End: from.Add(30*time.Hour + 2*time.Millisecond)},
		{ID: "CHG0000044", Title: "Next month", Type: forward.Normal, Status: forward.Approved, Start: from.AddDate(0, 1, 0), End: from.AddDate(0, 1, 1)},
	}
}

func arrange(t testing.TB, list ...forward.Entry) *forward.Schedule {
	t.Helper()
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	s, err := forward.New(forward.View{From: from, To: from.AddDate(0, 0, 7), Zone: berlin, By: forward.ByService, Entries: list, Windows: []forward.Window{
		{Name: "Quarter end", Kind: schedule.Blackout, Start: from, End: from.AddDate(0, 0, 2), Scope: schedule.Scope{Services: []string{"Ledger"}}},
		{Name: "Nights", Kind: schedule.Maintenance, Start: from.Add(20 * time.Hour), End: from.Add(24 * time.Hour), Scope: schedule.Scope{Everything: true}},
		{Name: "Nights", Kind: schedule.Maintenance, Start: from.Add(44 * time.Hour), End: from.Add(48 * time.Hour), Scope: schedule.Scope{Everything: true}},
	}})
	require.NoError(t, err)
	return s
}

func written(t testing.TB, s *forward.Schedule, f ical.Feed) string {
	t.Helper()
	var b strings.Builder
	require.NoError(t, ical.Write(&b, s, f))
	return b.String()
}

func read(t testing.TB, text string) []ical.Event {
	t.Helper()
	list, err := ical.Read(strings.NewReader(text))
	require.NoError(t, err)
	return list
}

func TestWhatCalendarsGet(t *testing.T) {
	got := written(t, arrange(t, entries()...), feed)
	if *update {
		require.NoError(t, os.WriteFile("testdata/feed.ics", []byte(got), 0o644))
	}
	want, err := os.ReadFile("testdata/feed.ics")
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}

func TestWhatIsWrittenIsReadBack(t *testing.T) {
	list := read(t, written(t, arrange(t, entries()...), feed))
	require.Len(t, list, 6, "three changes and three windows, and none that lies outside")
	first := list[0]
	require.Contains(t, first.UID, "@itsm.example.com")
	first.UID = ""
	require.Equal(t, ical.Event{
		Change:  "CHG0000041",
		Summary: "CHG0000041 Upgrade; database, \\cluster (in conflict)",
		Description: "Upgrade; database, \\cluster\nPlanned: Mon 23 Mar 2026 21:00 CET to Mon 23 Mar 2026 23:00 CET\nType: normal\nStatus: approved\nState: scheduled\nRisk: high\nTeam: Databases\n" +
			"Services: Shop, Ledger\nItems: db-01\nConflict: inside_blackout: Quarter end\nConflict: service_busy: Shop, with CHG0000042",
		Categories: []string{"normal", ical.CategoryConflict},
		Location:   "Shop, Ledger",
		Start:      from.Add(20 * time.Hour), End: from.Add(22 * time.Hour), Stamp: now,
		Sequence: 7, Status: "CONFIRMED",
	}, first)
	uids := map[string]bool{}
	var got []string
	for _, e := range list {
		uids[e.UID] = true
		got = append(got, fmt.Sprintf("%s %s %s %v %s %s", e.Categories[0], e.Change, e.Status, e.Transparent, e.Start.Format("02T15:04:05"), e.End.Format("02T15:04:05")))
	}
	require.Len(t, uids, 6)
	require.Equal(t, []string{
		"normal CHG0000041 CONFIRMED false 23T20:00:00 23T22:00:00",
		"standard CHG0000042 TENTATIVE true 23T21:00:00 23T23:00:01",
		"emergency CHG0000043 CANCELLED true 24T06:00:00 24T06:00:01",
		"blackout  CONFIRMED true 23T00:00:00 25T00:00:00",
		"maintenance  CONFIRMED true 23T20:00:00 24T00:00:00",
		"maintenance  CONFIRMED true 24T20:00:00 25T00:00:00",
	}, got)
}

func TestAFeedThatTakesNobodysTime(t *testing.T) {
	f := feed
	f.Free = true
	for _, e := range read(t, written(t, arrange(t, entries()...), f)) {
		require.True(t, e.Transparent, e.Summary)
	}
}

func TestAChangeIsKnownAgainHoweverItChanges(t *testing.T) {
	uid := func(e forward.Entry, f ical.Feed) string { return read(t, written(t, arrange(t, e), f))[0].UID }
	before, after, later, elsewhere := entries()[0], entries()[0], feed, feed
	after.Title, after.Start, after.Status, after.Revision, after.Services = "Renamed", from.Add(time.Hour), forward.Cancelled, 8, nil
	later.Now, later.Name = now.AddDate(0, 0, 1), "Renamed"
	elsewhere.Domain = "other.example.com"
	require.Equal(t, uid(before, feed), uid(after, later))
	require.NotEqual(t, uid(before, feed), uid(before, elsewhere))
	require.NotEqual(t, uid(before, feed), uid(entries()[1], feed))
}

func TestLinesAreFoldedAndTextsKept(t *testing.T) {
	e := entries()[0]
	e.Title = strings.Repeat("Größe, 長い; \\n ", 60) + "end"
	text := written(t, arrange(t, e), feed)
	require.NotContains(t, strings.ReplaceAll(text, "\r\n", ""), "\n")
	require.Contains(t, text, "\r\nREFRESH-INTERVAL;VALUE=DURATION:PT60M\r\n")
	for _, line := range strings.Split(text, "\r\n") {
		require.LessOrEqual(t, len(line), 75)
		require.True(t, utf8.ValidString(line))
	}
	require.Equal(t, e.ID+" "+e.Title+" (in conflict)", read(t, text)[0].Summary)
}

func TestErrorsOfAFeedTellEverything(t *testing.T) {
	var b strings.Builder
	err := ical.Write(&b, arrange(t), ical.Feed{Name: " ", Domain: "a@b", Refresh: time.Second})
	require.ErrorIs(t, err, ical.ErrInvalid)
	for _, part := range []string{"no name", `domain "a@b"`, "made at", "whole minutes"} {
		require.ErrorContains(t, err, part)
	}
	require.Empty(t, b.String())
	full := errors.New("full")
	require.ErrorIs(t, ical.Write(broken{full}, arrange(t), feed), full)
}

type broken struct{ err error }

func (b broken) Write([]byte) (int, error) { return 0, b.err }

// object is a calendar with an event that has these lines.
func object(lines ...string) string {
	return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\n" + strings.Join(lines, "\r\n") + "\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
}

func TestWhatIsNotRead(t *testing.T) {
	good := []string{"UID:1", "DTSTAMP:20260320T093000Z", "DTSTART:20260323T200000Z", "DTEND:20260323T220000Z", "STATUS:CONFIRMED"}
	read(t, object(good...))
	with := func(lines ...string) string { return object(append(lines, good...)...) }
	without := func(i int, lines ...string) string {
		return object(append(append(lines, good[:i]...), good[i+1:]...)...)
	}
	for _, c := range []struct{ name, text, want string }{
		{"nothing", "", "not complete"},
		{"no calendar", "hello", "NAME:value"},
		{"another object", "BEGIN:VCARD\nEND:VCARD\n", "outside of the calendar"},
		{"half of it", strings.TrimSuffix(with(), "END:VCALENDAR\r\n"), "not complete"},
		{"more than it", with() + with(), "outside of the calendar"},
		{"ends something else", "BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VCALENDAR\n", "ends VCALENDAR within VEVENT"},
		{"alarms", with("BEGIN:VALARM", "END:VALARM"), "there is no VALARM in VEVENT"},
		{"no text", object("\xff"), "not UTF-8"},
		{"many parameters", with("X-A;" + strings.Repeat("A=B;", 100) + "A=B:x"), "more than 256 bytes"},
		{"no uid", without(0), "no UID"},
		{"no stamp", without(1), "DTSTAMP"},
		{"no start", without(2), "DTSTART"},
		{"no end", without(3), "DTEND"},
		{"no status", without(4), "STATUS"},
		{"whole days", without(2, "DTSTART;VALUE=DATE:20260323"), "no time in UTC"},
		{"local time", without(2, "DTSTART:20260323T200000"), "no time in UTC"},
		{"ends before it starts", without(3, "DTEND:20260323T200000Z"), "not after its start"},
		{"repeats", with("RRULE:FREQ=DAILY"), "has RRULE"},
		{"duration", with("DURATION:PT1H"), "has DURATION"},
		{"twice", with("SUMMARY:a", "SUMMARY:b"), "more than once"},
		{"sequence", with("SEQUENCE:-1"), "SEQUENCE"},
		{"transparency", with("TRANSP:PERHAPS"), "TRANSP"},
	} {
		_, err := ical.Read(strings.NewReader(c.text))
		require.ErrorIs(t, err, ical.ErrInvalid, c.name)
		require.ErrorContains(t, err, c.want, c.name)
	}
	down := errors.New("down")
	_, err := ical.Read(iotest.ErrReader(down))
	require.ErrorIs(t, err, down)
	require.NotErrorIs(t, err, ical.ErrInvalid)
}

func FuzzAnyTextComesBack(f *testing.F) {
	f.Add("CHG1", "a,b;c\\n\\N\nd", "x:y")
	f.Add("\x00\r\n\x1b", "\xff \u202e\u2028", "BEGIN:VEVENT\r\nEND:VCALENDAR")
	f.Fuzz(func(t *testing.T, id, title, service string) {
		e := forward.Entry{ID: id, Title: title, Type: forward.Normal, Status: forward.Approved, Start: from, End: from.Add(time.Hour), Services: []string{service}}
		s, err := forward.New(forward.View{From: from, To: from.AddDate(0, 0, 1), Entries: []forward.Entry{e}})
		if err != nil {
			return
		}
		list := read(t, written(t, s, feed))
		require.Len(t, list, 1)
		plain := func(text string) bool {
			return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r < ' ' || r > '~' || r == ' ' }), " ") == text
		}
		if plain(id) && plain(title) && plain(service) && title != "" {
			require.Equal(t, id, list[0].Change)
			require.Equal(t, id+" "+title, list[0].Summary)
			require.Equal(t, service, list[0].Location)
		}
	})
}

func FuzzRead(f *testing.F) {
	f.Add(object("UID:1", "DTSTAMP:20260320T093000Z", "DTSTART:20260323T200000Z", "DTEND:20260323T220000Z", "STATUS:CONFIRMED"))
	f.Add("BEGIN:VCALENDAR\nBEGIN:\nEND:\nEND:VCALENDAR\n")
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := ical.Read(strings.NewReader(text)); err != nil {
			require.ErrorIs(t, err, ical.ErrInvalid)
		}
	})
}
