package calendar_test

import (
	"fmt"
	"log"
	"time"

	"github.com/itsm-go/itsm/sla/calendar"
)

// office is used by the examples below.
func office() *calendar.Calendar {
	c, err := calendar.New("Europe/Berlin",
		calendar.Named("Berlin office"),
		calendar.Weekly(time.Monday, time.Friday, "09:00-12:00", "13:00-17:30"),
		calendar.Closed("2026-12-25", "Christmas Day"),
		calendar.Override("2026-12-24", "Christmas Eve", "09:00-12:00"),
		calendar.Break("2026-12-18", "Town hall", "15:00-16:00"))
	if err != nil {
		log.Fatal(err)
	}
	return c
}

func ExampleNew() {
	_, err := calendar.New("Europe/Berlni",
		calendar.Weekly(time.Monday, time.Friday, "9-17"),
		calendar.Closed("2026-12-32", "Christmas Day"))
	fmt.Println(err)
	// Output:
	// calendar "Europe/Berlni":
	// 	zone: "Europe/Berlni" is not a known IANA zone: unknown time zone Europe/Berlni
	// 	weekly Monday-Friday: span "9-17" does not read like 09:00-17:00
	// 	holiday 2026-12-32: not a date; write it as 2026-12-25, 12-25, easter+1 or "last monday of may"
}

// Holidays that return every year are written as rules.
func ExampleClosed() {
	c, err := calendar.New("America/New_York",
		calendar.Weekly(time.Monday, time.Friday, "09:00-17:00"),
		calendar.Closed("06-19 or nearest weekday from 2021", "Juneteenth"),
		calendar.Closed("07-04 or nearest weekday", "Independence Day"),
		calendar.Closed("4th thursday of november", "Thanksgiving"),
		calendar.Override("4th thursday of november+1", "Day after Thanksgiving", "09:00-13:00"))
	if err != nil {
		log.Fatal(err)
	}
	for _, date := range []string{"2026-07-03", "2026-11-26", "2026-11-27"} {
		t, _ := time.Parse(time.DateOnly, date)
		fmt.Println(date, c.Reason(t.Add(20*time.Hour))) // 15:00 or 16:00 in New York
	}
	// Output:
	// 2026-07-03 closed: holiday Independence Day (observed)
	// 2026-11-26 closed: holiday Thanksgiving
	// 2026-11-27 closed: override Day after Thanksgiving
}

// Four working hours from the afternoon before Christmas are due on the Monday
// after it.
func ExampleCalendar_Add() {
	c := office()
	opened := time.Date(2026, 12, 24, 10, 0, 0, 0, time.UTC) // 11:00 in Berlin
	due, ok := c.Add(opened, 4*time.Hour)
	fmt.Println(due.Format("Mon 2 Jan 15:04 MST"), ok)
	// Output: Mon 28 Dec 12:00 CET true
}

// A target that is up at closing is due then, and breached only when work goes
// on.
func ExampleCalendar_AddLate() {
	c := office()
	opened := time.Date(2026, 11, 27, 10, 0, 0, 0, time.UTC) // Friday, 11:00 in Berlin
	due, _ := c.Add(opened, 5*time.Hour+30*time.Minute)
	late, _ := c.AddLate(opened, 5*time.Hour+30*time.Minute)
	fmt.Println(due.Format("Mon 15:04"), "then", late.Format("Mon 15:04"))
	// Output: Fri 17:30 then Mon 09:00
}

func ExampleCalendar_Between() {
	c := office()
	opened := time.Date(2026, 12, 23, 15, 0, 0, 0, time.UTC) // 16:00 in Berlin
	solved := time.Date(2026, 12, 28, 9, 0, 0, 0, time.UTC)  // 10:00 in Berlin
	fmt.Println(c.Between(opened, solved), "of", solved.Sub(opened))
	// Output: 5h30m0s of 114h0m0s
}

func ExampleCalendar_AddDays() {
	c := office()
	opened := time.Date(2026, 12, 23, 15, 0, 0, 0, time.UTC)
	due, _ := c.AddDays(opened, 2, false)
	end, _ := c.AddDays(opened, 2, true)
	fmt.Println(due.Format("Mon 2 Jan 15:04"), "or by", end.Format("15:04"))
	// Output: Mon 28 Dec 16:00 or by 17:30
}

func ExampleCalendar_Reason() {
	c := office()
	for _, t := range []time.Time{
		time.Date(2026, 12, 18, 10, 0, 0, 0, time.UTC),
		time.Date(2026, 12, 18, 14, 30, 0, 0, time.UTC),
		time.Date(2026, 12, 24, 14, 0, 0, 0, time.UTC),
		time.Date(2026, 12, 25, 10, 0, 0, 0, time.UTC),
		time.Date(2026, 12, 26, 10, 0, 0, 0, time.UTC),
	} {
		fmt.Println(c.Reason(t))
	}
	// Output:
	// open: hours Berlin office
	// closed: break Town hall
	// closed: override Christmas Eve
	// closed: holiday Christmas Day
	// closed: outside Berlin office
}

func ExampleCalendar_Windows() {
	c := office()
	from := time.Date(2026, 12, 23, 12, 0, 0, 0, time.UTC)
	for w := range c.Windows(from, from.AddDate(0, 0, 5)) {
		fmt.Println(w.Open.Format("Mon 15:04"), "to", w.Close.Format("15:04"))
	}
	// Output:
	// Wed 13:00 to 17:30
	// Thu 09:00 to 12:00
	// Mon 09:00 to 12:00
}

func ExampleCalendar_WindowsBack() {
	c := office()
	for w := range c.WindowsBack(time.Date(2026, 12, 28, 8, 30, 0, 0, time.UTC)) {
		fmt.Println(w.Open.Format("Mon 2 Jan 15:04"), "to", w.Close.Format("15:04"))
		if w.Open.Day() == 24 {
			break
		}
	}
	// Output:
	// Mon 28 Dec 09:00 to 09:30
	// Thu 24 Dec 09:00 to 12:00
}

func ExampleAlways() {
	c := calendar.Always()
	now := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	due, _ := c.Add(now, 4*time.Hour)
	_, closes := c.NextClosing(now)
	fmt.Println(c.Name(), due.Format("15:04"), closes)
	// Output: 24x7 14:00 false
}

func ExampleParse() {
	c, err := calendar.Parse([]byte(`{
		"name": "Night desk",
		"zone": "America/Sao_Paulo",
		"weekly": [{"days": "friday-sunday", "spans": ["22:00-06:00"]}],
		"holidays": [{"date": "easter-2", "name": "Good Friday"}]
	}`))
	if err != nil {
		log.Fatal(err)
	}
	open, _ := c.NextOpening(time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC))
	fmt.Println(open.Format("Mon 2 Jan 15:04"))
	// Output: Fri 27 Nov 22:00
}

func ExampleCalendar_Lint() {
	c, err := calendar.New("UTC",
		calendar.Weekly(time.Monday, time.Friday, "00:00-23:59"),
		calendar.Closed("2026-12-26", "Boxing Day"))
	if err != nil {
		log.Fatal(err)
	}
	for _, doubt := range c.Lint() {
		fmt.Println(doubt)
	}
	// Output:
	// weekly Monday-Friday: span 00:00-23:59 loses 1m0s before midnight; write 24:00
	// holiday 2026-12-26: Saturday 2026-12-26 is closed anyway
}

// What a customer's and a provider's hours have in common.
func ExampleIntersection() {
	customer := office()
	provider, err := calendar.New("America/New_York",
		calendar.Named("provider"),
		calendar.Weekly(time.Monday, time.Friday, "08:00-18:00"))
	if err != nil {
		log.Fatal(err)
	}
	both, err := calendar.Intersection("both awake", customer, provider)
	if err != nil {
		log.Fatal(err)
	}
	day := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	for w := range both.Windows(day, day.AddDate(0, 0, 1)) {
		fmt.Println(w.Open.Format("15:04"), "to", w.Close.Format("15:04 MST"))
	}
	fmt.Println(both.Reason(day.Add(10 * time.Hour)))
	// Output:
	// 14:00 to 17:30 CET
	// closed: outside provider
}

// An on-call desk covers what the office does not.
func ExampleUnion() {
	weekend, err := calendar.New("Europe/Berlin", calendar.Named("weekend desk"),
		calendar.Weekly(time.Saturday, time.Sunday, "10:00-14:00"))
	if err != nil {
		log.Fatal(err)
	}
	desk, err := calendar.Union("service desk", office(), weekend)
	if err != nil {
		log.Fatal(err)
	}
	open, _ := desk.NextOpen(time.Date(2026, 11, 27, 20, 0, 0, 0, time.UTC))
	fmt.Println(open.Format("Mon 15:04"), "because", desk.Reason(open))
	// Output: Sat 10:00 because open: hours weekend desk
}

// Maintenance on Sunday nights, except in the freeze.
func ExampleExclusion() {
	maintenance, err := calendar.New("UTC", calendar.Named("maintenance"),
		calendar.Weekly(time.Sunday, time.Sunday, "22:00-04:00"))
	if err != nil {
		log.Fatal(err)
	}
	freeze, err := calendar.New("UTC", calendar.Named("year-end freeze"),
		calendar.Override("12-20", "", "00:00-24:00"),
		calendar.Override("12-21", "", "00:00-04:00"))
	if err != nil {
		log.Fatal(err)
	}
	slots, err := calendar.Exclusion("slots", maintenance, freeze)
	if err != nil {
		log.Fatal(err)
	}
	asked := time.Date(2026, 12, 20, 22, 0, 0, 0, time.UTC)
	next, _ := slots.NextOpen(asked)
	fmt.Println(slots.Reason(asked), "until", next.Format(time.DateTime))
	// Output: closed: excluded year-end freeze until 2026-12-27 22:00:00
}

// Longer hours from the new year on leave the old year as it was.
func ExampleVersions() {
	longer, err := calendar.New("Europe/Berlin", calendar.Named("longer hours"),
		calendar.Weekly(time.Monday, time.Friday, "08:00-20:00"))
	if err != nil {
		log.Fatal(err)
	}
	newYear := time.Date(2026, 12, 31, 23, 0, 0, 0, time.UTC)
	hours, err := calendar.Versions("hours", calendar.Version{Calendar: office()}, calendar.Version{From: newYear, Calendar: longer})
	if err != nil {
		log.Fatal(err)
	}
	opened := time.Date(2026, 12, 31, 15, 0, 0, 0, time.UTC) // 16:00 in Berlin
	due, _ := hours.Add(opened, 4*time.Hour)
	fmt.Println(due.Format("2 Jan 15:04"), "under", hours.Effective(due).Name())
	// Output: 1 Jan 10:30 under longer hours
}
