package holidays_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/itsm-go/itsm/sla/calendar"
	"github.com/itsm-go/itsm/sla/holidays"
)

var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// object wraps the lines of events, which are separated by "|".
func object(events ...string) string {
	var b strings.Builder
	b.WriteString("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\nX-WR-CALNAME:Test\r\n")
	for _, e := range events {
		b.WriteString("BEGIN:VEVENT\r\n" + strings.ReplaceAll(e, "|", "\r\n") + "\r\nEND:VEVENT\r\n")
	}
	b.WriteString("END:VCALENDAR\r\n")
	return b.String()
}

func TestReadICS(t *testing.T) {
	for _, c := range []struct {
		name   string
		events []string
		want   string // dates in 2026 and 2027
	}{
		{"one day", []string{"DTSTART;VALUE=DATE:20261225"}, "2026-12-25"},
		{"without VALUE", []string{"DTSTART:20261225"}, "2026-12-25"},
		{"end is exclusive", []string{"DTSTART;VALUE=DATE:20261225|DTEND;VALUE=DATE:20261227"}, "2026-12-25 2026-12-26"},
		{"duration", []string{"DTSTART;VALUE=DATE:20261225|DURATION:P2D"}, "2026-12-25 2026-12-26"},
		{"into the years", []string{"DTSTART;VALUE=DATE:20251231|DURATION:P1W"}, "2026-01-01 2026-01-02 2026-01-03 2026-01-04 2026-01-05 2026-01-06"},
		{"out of the years", []string{"DTSTART;VALUE=DATE:20271231|DURATION:P1W"}, "2027-12-31"},
		{"other years", []string{"DTSTART;VALUE=DATE:20251225", "DTSTART;VALUE=DATE:20280101"}, ""},
		{"yearly", []string{"DTSTART;VALUE=DATE:19491003|RRULE:FREQ=YEARLY"}, "2026-10-03 2027-10-03"},
		{"leap day", []string{"DTSTART;VALUE=DATE:20240229|RRULE:FREQ=YEARLY"}, ""},
		{"weekday of month", []string{"DTSTART;VALUE=DATE:20001123|RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH"}, "2026-11-26 2027-11-25"},
		{"last of month", []string{"DTSTART;VALUE=DATE:20260525|RRULE:FREQ=YEARLY;BYMONTH=5;BYDAY=-1MO"}, "2026-05-25 2027-05-31"},
		{"day of year", []string{"DTSTART;VALUE=DATE:20260413|RRULE:FREQ=YEARLY;BYYEARDAY=-1"}, "2026-04-13 2026-12-31 2027-12-31"},
		{"week", []string{"DTSTART;VALUE=DATE:20260105|RRULE:FREQ=YEARLY;BYWEEKNO=2;BYDAY=MO"}, "2026-01-05 2027-01-11"},
		{"set position", []string{"DTSTART;VALUE=DATE:20261130|RRULE:FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=3"}, "2026-11-30 2026-12-31 2027-01-29"},
		{"count", []string{"DTSTART;VALUE=DATE:20261230|RRULE:FREQ=DAILY;COUNT=3"}, "2026-12-30 2026-12-31 2027-01-01"},
		{"interval", []string{"DTSTART;VALUE=DATE:20261201|RRULE:FREQ=WEEKLY;INTERVAL=2;UNTIL=20261229"}, "2026-12-01 2026-12-15 2026-12-29"},
		{"until a time", []string{"DTSTART;VALUE=DATE:20261201|RRULE:FREQ=DAILY;UNTIL=20261202T225959Z"}, "2026-12-01 2026-12-02"},
		{"until is over", []string{"DTSTART;VALUE=DATE:20001201|RRULE:FREQ=DAILY;UNTIL=20001202"}, ""},
		{"never", []string{"DTSTART;VALUE=DATE:20260101|RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"}, "2026-01-01"},
		{"exdate", []string{"DTSTART;VALUE=DATE:20261201|RRULE:FREQ=DAILY;COUNT=4|EXDATE;VALUE=DATE:20261202,20261203"}, "2026-12-01 2026-12-04"},
		{"rdate", []string{"DTSTART;VALUE=DATE:20261201|RDATE;VALUE=DATE:20261205|RDATE;VALUE=DATE:20270101,20261207|EXDATE;VALUE=DATE:20261201"}, "2026-12-05 2026-12-07 2027-01-01"},
		{"cancelled", []string{"UID:1|DTSTART;VALUE=DATE:20261201|STATUS:CANCELLED", "DTSTART:20261201T090000Z|STATUS:CANCELLED"}, ""},
		{"transparent", []string{"DTSTART;VALUE=DATE:20261201|TRANSP:TRANSPARENT"}, "2026-12-01"},
		{
			"moved",
			[]string{
				"UID:1|DTSTART;VALUE=DATE:20260601|RRULE:FREQ=YEARLY",
				"UID:1|RECURRENCE-ID;VALUE=DATE:20270601|DTSTART;VALUE=DATE:20270607",
				"UID:2|DTSTART;VALUE=DATE:20270601",
			},
			"2026-06-01 2027-06-01 2027-06-07",
		},
		{
			"one cancelled",
			[]string{
				"UID:1|RECURRENCE-ID;VALUE=DATE:20270601|STATUS:CANCELLED",
				"UID:1|DTSTART;VALUE=DATE:20260601|RRULE:FREQ=YEARLY",
			},
			"2026-06-01",
		},
		{"same date", []string{"DTSTART;VALUE=DATE:20261201", "DTSTART;VALUE=DATE:20261201"}, "2026-12-01"},
		{"alarm", []string{"DTSTART;VALUE=DATE:20261201|BEGIN:VALARM|TRIGGER:-PT15M|ACTION:DISPLAY|END:VALARM"}, "2026-12-01"},
		{"picture", []string{"DTSTART;VALUE=DATE:20261201|ATTACH;ENCODING=BASE64:" + strings.Repeat("QUJD", 10000)}, "2026-12-01"},
		{"nothing", nil, ""},
	} {
		days, err := holidays.ReadICS(strings.NewReader(object(c.events...)), 2026, 2027)
		var got []string
		for _, d := range days {
			got = append(got, d.Date)
		}
		if err != nil || strings.Join(got, " ") != c.want {
			t.Errorf("%s: got %v, %v; want %s", c.name, got, err, c.want)
		}
	}
}

func TestReadICSNames(t *testing.T) {
	days, err := holidays.ReadICS(strings.NewReader("\ufeff"+object(
		`DTSTART;VALUE=DATE:20261201|SUMMARY:Tag\, an dem\; viel\n geschlo`+"|\tssen ist",
		"DTSTART;VALUE=DATE:20261201|SUMMARY;LANGUAGE=de:Zweiter",
		"DTSTART;VALUE=DATE:20261201|SUMMARY:Zweiter",
		"DTSTART;VALUE=DATE:20261202",
		"DTSTART;VALUE=DATE:20261203|SUMMARY:"+strings.Repeat("ä", 200),
	)), 2026, 2026)
	if err != nil {
		t.Fatal(err)
	}
	if want := "Tag, an dem; viel\n geschlossen ist, Zweiter"; days[0].Name != want || days[1].Name != "" {
		t.Errorf("got %q, %q; want %q and none", days[0].Name, days[1].Name, want)
	}
	if n := days[2].Name; len(n) > 200 || !strings.HasSuffix(n, "ä…") {
		t.Errorf("got %q", n)
	}
}

func TestReadICSErrors(t *testing.T) {
	const day = "UID:u1|SUMMARY:Feast|DTSTART;VALUE=DATE:20261201|"
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"empty", "", []string{"has no BEGIN:VCALENDAR"}},
		{"no calendar", "hello", []string{"does not read NAME:value", "hello"}},
		{"no calendar either", "SUMMARY:hello", []string{"expected begin"}},
		{"cut off", strings.TrimSuffix(object(day), "END:VCALENDAR\r\n"), []string{"cut off"}},
		{"depth", strings.Repeat("BEGIN:X\n", 1000), []string{"deeper than"}},
		{"line", object(day + "RDATE;" + strings.Repeat("X=Y;", 100) + "Z=:20260101"), []string{"RDATE has parameters of more than 256 bytes"}},
		{"big", strings.Repeat("x", 4<<20+1), []string{"more than 4194304 bytes"}},
		{"encoding", object("SUMMARY:\xff|DTSTART;VALUE=DATE:20261201"), []string{"not UTF-8"}},
		{"control", object("SUMMARY:\x01|DTSTART;VALUE=DATE:20261201"), []string{"control characters"}},
		{"time", object("UID:u1|SUMMARY:Party|DTSTART:20261201T090000Z"), []string{`"u1"`, "Party", "time of day"}},
		{"all", object("SUMMARY:A|DTSTART:nonsense", "SUMMARY:B|UID:b"), []string{"event 1 (A)", "nonsense", `event "b" (B)`, "no DTSTART"}},
		{"twice", object(day + "DTSTART;VALUE=DATE:20261202"), []string{"2 times DTSTART"}},
		{"end", object(day + "DTEND;VALUE=DATE:20261201"), []string{"does not start earlier"}},
		{"end kind", object(day + "DTEND:20261201T000000"), []string{"not both dates"}},
		{"end and duration", object(day + "DTEND;VALUE=DATE:20261202|DURATION:P1D"), []string{"a DTEND and a DURATION"}},
		{"duration", object(day + "DURATION:1 day"), []string{"does not read like"}},
		{"hours", object(day + "DURATION:PT8H"), []string{"whole days"}},
		{"negative", object(day + "DURATION:-P1D"), []string{"does not read like"}},
		{"long", object(day + "DURATION:P367D"), []string{"more than 366 days"}},
		{"kind", object("DTSTART;VALUE=DATE:20261201T090000"), []string{"is no DATE"}},
		{"year", object("DTSTART;VALUE=DATE:18991231"), []string{"1900..2099"}},
		{"year typed", object("DTSTART;VALUE=DATE:202612011"), []string{"does not read like"}},
		{"seconds", object(day + "RRULE:FREQ=SECONDLY"), []string{"Feast", "within a day"}},
		{"seconds of days", object(day + "RRULE:FREQ=DAILY;BYSECOND=1,2,3"), []string{"not for days"}},
		{"no freq", object(day + "RRULE:COUNT=3"), []string{"FREQ"}},
		{"count", object(day + "RRULE:FREQ=DAILY;COUNT=0"), []string{"from 1"}},
		{"interval", object(day + "RRULE:FREQ=DAILY;INTERVAL=99999999999999"), []string{"from 1"}},
		{"count and until", object(day + "RRULE:FREQ=DAILY;COUNT=1;UNTIL=20261231"), []string{"exclude each other"}},
		{"rule part twice", object(day + "RRULE:FREQ=DAILY;FREQ=DAILY"), []string{"comes twice"}},
		{"nth in a month", object(day + "RRULE:FREQ=MONTHLY;BYDAY=53MO"), []string{"beyond the period"}},
		{"nth in a week", object(day + "RRULE:FREQ=WEEKLY;BYDAY=1MO"), []string{"beyond the period"}},
		{"easter", object(day + "RRULE:FREQ=YEARLY;BYEASTER=400"), []string{"not part of a rule"}},
		{"month", object(day + "RRULE:FREQ=YEARLY;BYMONTH=13"), []string{"bymonth"}},
		{"rule twice", object(day + "RRULE:FREQ=DAILY;COUNT=2|RRULE:FREQ=DAILY;COUNT=2"), []string{"2 times RRULE"}},
		{"exrule", object(day + "EXRULE:FREQ=DAILY"), []string{"EXRULE"}},
		{"period", object(day + "RDATE;VALUE=PERIOD:20261201T090000Z/PT1H"), []string{"RDATE"}},
		{"exdate", object(day + "EXDATE:20261201T090000Z"), []string{"not dates or times as DTSTART"}},
		{"range", object(day + "RECURRENCE-ID;RANGE=THISANDFUTURE;VALUE=DATE:20261201"), []string{"RANGE"}},
		{"no uid", object("DTSTART;VALUE=DATE:20261201|RECURRENCE-ID;VALUE=DATE:20261201"), []string{"no UID"}},
		{"override repeats", object(day + "RECURRENCE-ID;VALUE=DATE:20261201|RRULE:FREQ=DAILY"), []string{"and repeats"}},
		{"many days", object(slices.Repeat([]string{"DTSTART;VALUE=DATE:20260101|RRULE:FREQ=DAILY"}, 30)...), []string{"more than 10000 days"}},
		{"many rules", object(slices.Repeat([]string{"DTSTART;VALUE=DATE:20260101|RRULE:FREQ=YEARLY"}, 501)...), []string{"more than 500 with"}},
		{"many events", object(slices.Repeat([]string{"DTSTART:20260101"}, 10001)...), []string{"more than 10000"}},
	} {
		days, err := holidays.ReadICS(strings.NewReader(c.text), 2026, 2026)
		if !errors.Is(err, calendar.ErrInvalid) || days != nil {
			t.Errorf("%s: got %v, %v", c.name, days, err)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: no %q in %v", c.name, want, err)
			}
		}
	}
	if _, err := holidays.ReadICS(strings.NewReader(object()), 2027, 2026); !errors.Is(err, calendar.ErrInvalid) {
		t.Errorf("years: %v", err)
	}
	broken := errors.New("broken pipe")
	if _, err := holidays.ReadICS(iotest.ErrReader(broken), 2026, 2026); !errors.Is(err, broken) {
		t.Errorf("reader: %v", err)
	}
}

// TestWorstRules reads rules that never match or match every day for 200 years;
// it is here for the time it takes.
func TestWorstRules(t *testing.T) {
	feed := object(
		"DTSTART;VALUE=DATE:19000101|RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
		"DTSTART;VALUE=DATE:19000101|RRULE:FREQ=YEARLY;BYMONTH=2;BYDAY=MO;BYSETPOS=6",
		"DTSTART;VALUE=DATE:19000101|RRULE:FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;UNTIL=20981231",
		"DTSTART;VALUE=DATE:19000101|RRULE:FREQ=DAILY;UNTIL=20981231",
	)
	days, err := holidays.ReadICS(strings.NewReader(feed), 2099, 2099)
	if err != nil || len(days) != 0 {
		t.Errorf("got %v, %v", days, err)
	}
}

// TestICSRoundTrip writes random days and reads them back.
func TestICSRoundTrip(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	alphabet := []rune("ab ,;:\\\"'\n\tnN=ä한🎉\u2028^<>")
	for range 50 {
		dates := make(map[string]bool)
		for range random.IntN(20) {
			dates[time.Date(1900, 1, 1+random.IntN(73049), 0, 0, 0, 0, time.UTC).Format(time.DateOnly)] = true
		}
		var days []calendar.Day
		for date := range dates {
			name := make([]rune, random.IntN(50))
			for i := range name {
				name[i] = alphabet[random.IntN(len(alphabet))]
			}
			days = append(days, calendar.Day{Date: date, Name: string(name)})
		}
		var b bytes.Buffer
		if err := holidays.WriteICS(&b, days, "Some, name", now); err != nil {
			t.Fatal(err)
		}
		got, err := holidays.ReadICS(bytes.NewReader(b.Bytes()), 1900, 2099)
		slices.SortFunc(days, func(a, b calendar.Day) int { return strings.Compare(a.Date, b.Date) })
		if err != nil || !slices.EqualFunc(got, days, equalDay) {
			t.Fatalf("%v\n got %q\nwant %q\n%s", err, got, days, b.String())
		}
	}
}

func TestWriteICS(t *testing.T) {
	write := func(days []calendar.Day, name string, now time.Time) string {
		t.Helper()
		var b bytes.Buffer
		if err := holidays.WriteICS(&b, days, name, now); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	uids := func(text string) []string {
		return slices.DeleteFunc(strings.Split(text, "\r\n"), func(s string) bool { return !strings.HasPrefix(s, "UID:") })
	}
	christmas := []calendar.Day{{Date: "2026-12-25", Name: "Christmas"}, {Date: "2026-12-26"}}
	text := write(christmas, "Ours", now)
	for _, want := range []string{
		"DTSTAMP:20260102T030405Z\r\n", "DTSTART;VALUE=DATE:20261225\r\n", "DTEND;VALUE=DATE:20261226\r\n",
		"SUMMARY:Christmas\r\n", "VERSION:2.0\r\n", "PRODID:", "X-WR-CALNAME:Ours\r\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if strings.Count(text, "\n") != strings.Count(text, "\r\n") {
		t.Error("lines do not end in CRLF")
	}
	renamed := write([]calendar.Day{{Date: "2026-12-26", Name: "2nd"}, {Date: "2026-12-25", Name: "1st"}}, "Ours", now.Add(time.Hour))
	if !slices.Equal(uids(text), uids(renamed)) {
		t.Error("UIDs changed")
	}
	if slices.Equal(uids(text), uids(write(christmas, "Theirs", now))) {
		t.Error("two feeds have the same UIDs")
	}
	twice := write(append(christmas, calendar.Day{Date: "2026-12-25", Name: "Noël"}), "Ours", now)
	if !strings.Contains(twice, `SUMMARY:Christmas\, Noël`) {
		t.Errorf("two names of a date:\n%s", twice)
	}
	for i, line := range strings.Split(write([]calendar.Day{{Date: "2026-12-25", Name: strings.Repeat("ü", 100)}}, "", now), "\r\n") {
		if len(line) > 75 {
			t.Errorf("line %d has %d bytes", i, len(line))
		}
	}
}

func TestWriteICSErrors(t *testing.T) {
	err := holidays.WriteICS(&bytes.Buffer{}, []calendar.Day{
		{Date: "12-25"},
		{Date: "2026-12-24", Spans: []string{"09:00-12:00"}},
		{Date: "1899-12-31"},
		{Date: "2026-12-25", Name: "a\rb"},
		{Date: "2026-12-26", Name: "a\xffb"},
		{Date: "2026-12-27", Name: strings.Repeat("a", 201)},
	}, "a\x00", now)
	if !errors.Is(err, calendar.ErrInvalid) {
		t.Fatal(err)
	}
	for _, want := range []string{"name:", "12-25: is not", "spans", "1900..2099", "2026-12-25: the name has control", "not UTF-8", "200 bytes"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in %v", want, err)
		}
	}
	if err := holidays.WriteICS(&bytes.Buffer{}, make([]calendar.Day, 10001), "", now); err == nil || !strings.Contains(fmt.Sprint(err), "10000") {
		t.Errorf("many days: %v", err)
	}
	if err := holidays.WriteICS(failing{}, nil, "", now); !errors.Is(err, errFull) {
		t.Errorf("writer: %v", err)
	}
}

var errFull = errors.New("disk full")

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errFull }
