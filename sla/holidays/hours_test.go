package holidays_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/itsm-go/itsm/sla/calendar"
	"github.com/itsm-go/itsm/sla/holidays"
)

// shift is an event on weekdays in Berlin, with more lines.
const shift = "DTSTART;TZID=Europe/Berlin:20260105T090000|DTEND;TZID=Europe/Berlin:20260105T170000|"

func TestReadHours(t *testing.T) {
	hours := func(from, to time.Weekday, spans ...string) calendar.Hours {
		return calendar.Hours{From: from, To: to, Spans: spans}
	}
	const mon, tue, wed, fri, sat, sun = time.Monday, time.Tuesday, time.Wednesday, time.Friday, time.Saturday, time.Sunday
	for _, c := range []struct {
		name   string
		events []string
		want   []calendar.Hours
	}{
		{"workdays", []string{shift + "RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"}, []calendar.Hours{hours(mon, fri, "09:00-17:00")}},
		{"one day", []string{shift + "RRULE:FREQ=WEEKLY;WKST=SU"}, []calendar.Hours{hours(mon, mon, "09:00-17:00")}},
		{"daily", []string{shift + "RRULE:FREQ=DAILY"}, []calendar.Hours{hours(mon, sun, "09:00-17:00")}},
		{"some days", []string{shift + "RRULE:FREQ=DAILY;INTERVAL=1;BYDAY=MO,WE,FR,SA,SU"}, []calendar.Hours{hours(wed, wed, "09:00-17:00"), hours(fri, mon, "09:00-17:00")}},
		{
			"two shifts",
			[]string{
				"DTSTART;TZID=\"Europe/Berlin\":20260105T080000|DURATION:PT4H|RRULE:FREQ=WEEKLY;BYDAY=MO,TU",
				"DTSTART;TZID=Europe/Berlin:20260106T130000|DURATION:PT4H0M30S|RRULE:FREQ=WEEKLY;BYDAY=MO,TU",
				"DTSTART;TZID=Europe/Berlin:20260110T130000|DURATION:PT4H|RRULE:FREQ=WEEKLY",
			},
			[]calendar.Hours{hours(mon, tue, "08:00-12:00", "13:00-17:00:30"), hours(sat, sat, "13:00-17:00")},
		},
		{"night", []string{"DTSTART;TZID=Europe/Berlin:20260105T220000|DURATION:PT8H|RRULE:FREQ=WEEKLY"}, []calendar.Hours{hours(mon, mon, "22:00-06:00")}},
		{"to midnight", []string{"DTSTART;TZID=Europe/Berlin:20260105T220000|DURATION:PT2H|RRULE:FREQ=WEEKLY"}, []calendar.Hours{hours(mon, mon, "22:00-24:00")}},
		{"whole day", []string{"DTSTART;TZID=Europe/Berlin:20260105T000000|DURATION:P1D|RRULE:FREQ=DAILY"}, []calendar.Hours{hours(mon, sun, "00:00-24:00")}},
		{"cancelled", []string{shift + "STATUS:CANCELLED", shift + "RRULE:FREQ=WEEKLY"}, []calendar.Hours{hours(mon, mon, "09:00-17:00")}},
		{"twice the same", []string{shift + "RRULE:FREQ=WEEKLY", shift + "RRULE:FREQ=WEEKLY"}, []calendar.Hours{hours(mon, mon, "09:00-17:00")}},
	} {
		holiday := "DTSTART;VALUE=DATE:20001225|SUMMARY:Christmas|RRULE:FREQ=YEARLY"
		got, err := holidays.ReadHours(strings.NewReader(object(append(c.events, holiday)...)), 2026, 2027)
		want := calendar.Definition{
			Name: "Test", Zone: "Europe/Berlin", Weekly: c.want,
			Holidays: []calendar.Day{{Date: "2026-12-25", Name: "Christmas"}, {Date: "2027-12-25", Name: "Christmas"}},
		}
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v\n got %v\nwant %v", c.name, err, got, want)
		}
	}
}

func TestReadHoursZone(t *testing.T) {
	const floating, utc = "DTSTART:20260105T090000|DURATION:PT8H|RRULE:FREQ=DAILY", "DTSTART:20260105T090000Z|DURATION:PT8H|RRULE:FREQ=DAILY"
	inSeoul := func(text string) string {
		return strings.Replace(text, "VERSION", "X-WR-TIMEZONE:Asia/Seoul\r\nVERSION", 1)
	}
	for text, want := range map[string]string{
		object(utc):                                  "UTC",
		inSeoul(object(utc)):                         "UTC",
		inSeoul(object(floating)):                    "Asia/Seoul",
		inSeoul(object("DTSTART:20260101")):          "Asia/Seoul",
		inSeoul(object(shift + "RRULE:FREQ=WEEKLY")): "Europe/Berlin",
	} {
		def, err := holidays.ReadHours(strings.NewReader(text), 2026, 2026)
		if err != nil || def.Zone != want {
			t.Errorf("got %q, %v; want %s:\n%s", def.Zone, err, want, text)
		}
	}
}

func TestReadHoursErrors(t *testing.T) {
	for _, c := range []struct {
		name   string
		events []string
		want   []string
	}{
		{"single", []string{"UID:1|SUMMARY:Sale|" + shift}, []string{`"1" (Sale)`, "does not repeat"}},
		{"interval", []string{shift + "RRULE:FREQ=WEEKLY;INTERVAL=2"}, []string{"INTERVAL=2"}},
		{"count", []string{shift + "RRULE:FREQ=WEEKLY;COUNT=20"}, []string{"COUNT or UNTIL"}},
		{"until", []string{shift + "RRULE:FREQ=WEEKLY;UNTIL=20271231T000000Z"}, []string{"COUNT or UNTIL"}},
		{"monthly", []string{shift + "RRULE:FREQ=MONTHLY;BYDAY=1MO"}, []string{"FREQ=MONTHLY"}},
		{"summer", []string{shift + "RRULE:FREQ=WEEKLY;BYMONTH=1,6,7"}, []string{"more than BYDAY"}},
		{"exdate", []string{shift + "RRULE:FREQ=WEEKLY|EXDATE;TZID=Europe/Berlin:20260112T090000"}, []string{"EXDATE"}},
		{"override", []string{"UID:1|" + shift + "RECURRENCE-ID;TZID=Europe/Berlin:20260112T090000"}, []string{"RECURRENCE-ID"}},
		{"cancelled override", []string{"UID:1|STATUS:CANCELLED|RECURRENCE-ID:20260112T090000Z"}, []string{"RECURRENCE-ID"}},
		{"start", []string{shift + "RRULE:FREQ=WEEKLY;BYDAY=TU"}, []string{"starts on a Monday"}},
		{"length", []string{"DTSTART:20260105T090000Z|RRULE:FREQ=WEEKLY"}, []string{"no DTEND"}},
		{"days", []string{"DTSTART:20260105T090000Z|DURATION:P1DT1S|RRULE:FREQ=WEEKLY"}, []string{"more than a day"}},
		{"24 hours", []string{"DTSTART:20260105T090000Z|DURATION:P1D|RRULE:FREQ=WEEKLY"}, []string{"starts at 00:00"}},
		{"zones", []string{shift + "RRULE:FREQ=WEEKLY", "UID:2|DTSTART;TZID=Asia/Seoul:20260105T090000|DURATION:PT8H|RRULE:FREQ=WEEKLY"}, []string{`"2"`, "Asia/Seoul", "Europe/Berlin"}},
		{"end in another zone", []string{"DTSTART;TZID=Asia/Seoul:20260105T090000|DTEND:20260105T090000Z|RRULE:FREQ=WEEKLY"}, []string{"one zone"}},
		{"no zone", []string{"DTSTART:20260105T090000|DURATION:PT8H|RRULE:FREQ=WEEKLY"}, []string{"TZID", "X-WR-TIMEZONE"}},
		{"unknown zone", []string{"DTSTART;TZID=W. Europe Standard Time:20260105T090000|DURATION:PT8H|RRULE:FREQ=WEEKLY"}, []string{"W. Europe Standard Time"}},
		{"nothing", nil, []string{"zone"}},
		{"change of hours", []string{shift + "RRULE:FREQ=WEEKLY", "DTSTART;TZID=Europe/Berlin:20270104T090000|DURATION:PT8H|RRULE:FREQ=WEEKLY"}, []string{"another week"}},
		{"all", []string{shift + "RRULE:FREQ=WEEKLY;COUNT=1", "SUMMARY:B|" + shift, "SUMMARY:C|DTSTART:x"}, []string{"COUNT", "(B)", "(C)"}},
	} {
		def, err := holidays.ReadHours(strings.NewReader(object(c.events...)), 2026, 2026)
		if !errors.Is(err, calendar.ErrInvalid) || !reflect.DeepEqual(def, calendar.Definition{}) {
			t.Errorf("%s: got %v, %v", c.name, def, err)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: no %q in %v", c.name, want, err)
			}
		}
	}
}

func TestWriteHoursErrors(t *testing.T) {
	day := []calendar.Day{{Date: "2026-12-24", Spans: []string{"09:00-12:00"}}}
	for _, c := range []struct {
		def  calendar.Definition
		want string
	}{
		{calendar.Definition{Zone: "Mars/Olympus"}, "Mars/Olympus"},
		{calendar.Definition{Zone: "UTC", Overrides: day}, "override 2026-12-24"},
		{calendar.Definition{Zone: "UTC", Breaks: day}, "break 2026-12-24"},
		{calendar.Definition{Zone: "UTC", Name: "a\rb"}, "control"},
		{calendar.Definition{Zone: "UTC", Holidays: []calendar.Day{{Date: "12-25", Name: "\x01"}}}, "control"},
	} {
		err := holidays.WriteHours(&bytes.Buffer{}, c.def, 2026, 2026, now)
		if !errors.Is(err, calendar.ErrInvalid) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("no %q in %v", c.want, err)
		}
	}
	if err := holidays.WriteHours(&bytes.Buffer{}, calendar.Definition{Zone: "UTC"}, 2027, 2026, now); !errors.Is(err, calendar.ErrInvalid) {
		t.Errorf("years: %v", err)
	}
	if err := holidays.WriteHours(failing{}, calendar.Definition{Zone: "UTC"}, 2026, 2026, now); !errors.Is(err, errFull) {
		t.Errorf("writer: %v", err)
	}
}

func TestWriteHours(t *testing.T) {
	def := calendar.Definition{
		Name: "Berlin office", Zone: "Europe/Berlin",
		Weekly:   []calendar.Hours{{From: time.Monday, To: time.Friday, Spans: []string{"09:00-12:00", "22:00-06:00"}}},
		Holidays: []calendar.Day{{Date: "12-26 or next weekday", Name: "Boxing Day"}, {Date: "easter-2", Name: "Good Friday"}},
	}
	var b bytes.Buffer
	if err := holidays.WriteHours(&b, def, 2026, 2027, now); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"BEGIN:VTIMEZONE\r\nTZID:Europe/Berlin\r\n",
		"BEGIN:STANDARD\r\nDTSTART:20251026T030000\r\nTZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\nTZNAME:CET\r\nRDATE:20261025T030000\r\nRDATE:20271031T030000\r\n",
		"BEGIN:DAYLIGHT\r\nDTSTART:20260329T020000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\nTZNAME:CEST\r\nRDATE:20270328T020000\r\n",
		"DTSTART;TZID=Europe/Berlin:20260105T090000\r\nDTEND;TZID=Europe/Berlin:20260105T120000\r\nRRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR\r\n",
		"DTEND;TZID=Europe/Berlin:20260106T060000\r\n",
		"SUMMARY:Boxing Day (observed)\r\n",
		"DTSTART;VALUE=DATE:20270326\r\n",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
}

// TestHoursRoundTrip writes random definitions and reads equal calendars back.
func TestHoursRoundTrip(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	clock := func(minute int) string { return fmt.Sprintf("%02d:%02d", minute/60, minute%60) }
	zones := []string{"UTC", "Europe/Berlin", "America/New_York", "Asia/Seoul", "Asia/Kolkata", "Africa/Monrovia", "Australia/Lord_Howe"}
	yearly := []string{"12-25", "easter+1", "02-29", "01-01 or nearest weekday", "last monday of may"}
	for range 15 {
		def := calendar.Definition{Name: "Office, \"north\"; 1", Zone: zones[random.IntN(len(zones))]}
		for range random.IntN(4) {
			h := calendar.Hours{From: time.Weekday(random.IntN(7)), To: time.Weekday(random.IntN(7))}
			for range 1 + random.IntN(2) {
				from := random.IntN(1440)
				h.Spans = append(h.Spans, clock(from)+"-"+clock((from+1+random.IntN(1439))%1440))
			}
			if random.IntN(4) == 0 {
				h.Spans = append(h.Spans, "00:00-24:00")
			}
			def.Weekly = append(def.Weekly, h)
		}
		for range random.IntN(4) {
			def.Holidays = append(def.Holidays,
				calendar.Day{Date: yearly[random.IntN(len(yearly))], Name: "Yearly"},
				calendar.Day{Date: fmt.Sprintf("2026-%02d-%02d", 1+random.IntN(12), 1+random.IntN(28)), Name: "Once"})
		}
		var b bytes.Buffer
		if err := holidays.WriteHours(&b, def, 2026, 2028, now); err != nil {
			t.Fatal(def, err)
		}
		got, err := holidays.ReadHours(bytes.NewReader(b.Bytes()), 2026, 2028)
		if err != nil {
			t.Fatalf("%v: %v\n%s", def, err, b.String())
		}
		if got.Name != def.Name || got.Zone != def.Zone {
			t.Fatalf("got %v, want %v", got, def)
		}
		if a, b := open(t, def), open(t, got); !slices.Equal(a, b) {
			t.Fatalf("got %v\nwant %v", got, def)
		}
	}
}

// open lists when a definition's calendar opens and closes in 2026 to 2028, and
// its holidays.
func open(t *testing.T, def calendar.Definition) []string {
	t.Helper()
	c, err := calendar.Compile(def)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	first, end := c.Date(2026, 1, 1, 0, 0, 0, 0), c.Date(2029, 1, 1, 0, 0, 0, 0)
	for w := range c.Windows(first, end) {
		out = append(out, fmt.Sprint(w))
	}
	for day := first; day.Before(end); day = day.AddDate(0, 0, 1) {
		if reason := c.Reason(day); reason.Kind == calendar.KindHoliday {
			out = append(out, fmt.Sprint(day, reason.Name))
		}
	}
	return out
}
