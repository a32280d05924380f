package holidays_test

import (
	"fmt"
	"log"
	"strings"
	"time"

	"github.com/itsm-go/itsm/sla/calendar"
	"github.com/itsm-go/itsm/sla/holidays"
)

// Corpus Christi is a working day in Berlin and a holiday in Munich.
func ExampleIn() {
	for _, state := range []string{"DE-BE", "DE-BY"} {
		days, err := holidays.In(state, 2026, 2030)
		if err != nil {
			log.Fatal(err)
		}
		hours, err := calendar.New("Europe/Berlin",
			calendar.Weekly(time.Monday, time.Friday, "09:00-17:00"),
			holidays.Closed(days...))
		if err != nil {
			log.Fatal(err)
		}
		opened := hours.Date(2026, time.June, 3, 16, 0, 0, 0)
		due, _ := hours.Add(opened, 4*time.Hour)
		fmt.Println(state, due.Format("Mon 2 Jan 15:04"))
	}
	// Output:
	// DE-BE Thu 4 Jun 12:00
	// DE-BY Fri 5 Jun 12:00
}

func ExampleIn_korea() {
	days, err := holidays.In("KR", 2025, 2025)
	if err != nil {
		log.Fatal(err)
	}
	for _, d := range days {
		if strings.HasPrefix(d.Date, "2025-10") {
			fmt.Println(d.Date, d.Name)
		}
	}
	// Output:
	// 2025-10-03 National Foundation Day
	// 2025-10-05 Chuseok (eve)
	// 2025-10-06 Chuseok
	// 2025-10-07 Chuseok (day after)
	// 2025-10-08 Substitute holiday for Chuseok
	// 2025-10-09 Hangul Day
}

func ExampleIn_unknown() {
	_, err := holidays.In("AU-XX", 2026, 2026)
	fmt.Println(err)
	// Output:
	// calendar "holidays of AU-XX": region: "AU-XX" is unknown; known are AU-ACT, AU-NSW, AU-NT, AU-QLD, AU-SA, AU-TAS, AU-VIC, AU-WA
}

func ExampleReadICS() {
	feed := `BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//example//EN
BEGIN:VEVENT
UID:closure@example.com
SUMMARY:Works closure
DTSTART;VALUE=DATE:20261224
DTEND;VALUE=DATE:20261227
END:VEVENT
BEGIN:VEVENT
UID:founders@example.com
SUMMARY:Founders' day
DTSTART;VALUE=DATE:20000501
RRULE:FREQ=YEARLY;BYMONTH=5;BYDAY=1FR
EXDATE;VALUE=DATE:20270507
END:VEVENT
END:VCALENDAR
`
	days, err := holidays.ReadICS(strings.NewReader(feed), 2026, 2027)
	if err != nil {
		log.Fatal(err)
	}
	for _, d := range days {
		fmt.Println(d.Date, d.Name)
	}
	// Output:
	// 2026-05-01 Founders' day
	// 2026-12-24 Works closure
	// 2026-12-25 Works closure
	// 2026-12-26 Works closure
}

func ExampleWriteICS() {
	days := []calendar.Day{{Date: "2026-12-25", Name: "Christmas Day"}}
	var out strings.Builder
	now := time.Date(2026, time.January, 2, 3, 4, 5, 0, time.UTC)
	if err := holidays.WriteICS(&out, days, "Holidays", now); err != nil {
		log.Fatal(err)
	}
	fmt.Println(strings.ReplaceAll(out.String(), "\r\n", "\n"))
	// Output:
	// BEGIN:VCALENDAR
	// VERSION:2.0
	// PRODID:-//itsm-go//sla holidays//EN
	// NAME:Holidays
	// X-WR-CALNAME:Holidays
	// BEGIN:VEVENT
	// UID:f64f68e551aa4422d1cdc5ca@holidays.itsm-go
	// DTSTAMP:20260102T030405Z
	// DTSTART;VALUE=DATE:20261225
	// DTEND;VALUE=DATE:20261226
	// SUMMARY:Christmas Day
	// TRANSP:TRANSPARENT
	// END:VEVENT
	// END:VCALENDAR
}

func ExampleReadHours() {
	feed := `BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//example//EN
X-WR-CALNAME:Berlin office
BEGIN:VEVENT
UID:morning@example.com
DTSTART;TZID=Europe/Berlin:20260105T090000
DTEND;TZID=Europe/Berlin:20260105T120000
RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR
END:VEVENT
BEGIN:VEVENT
UID:closure@example.com
SUMMARY:Works closure
DTSTART;VALUE=DATE:20261224
END:VEVENT
END:VCALENDAR
`
	def, err := holidays.ReadHours(strings.NewReader(feed), 2026, 2026)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(def.Name, def.Zone)
	fmt.Println(def.Weekly)
	fmt.Println(def.Holidays)
	// Output:
	// Berlin office Europe/Berlin
	// [{Monday Friday [09:00-12:00]}]
	// [{2026-12-24 Works closure []}]
}

func ExampleWriteHours() {
	def := calendar.Definition{
		Name: "Night watch", Zone: "UTC",
		Weekly:   []calendar.Hours{{From: time.Friday, To: time.Sunday, Spans: []string{"22:00-06:00"}}},
		Holidays: []calendar.Day{{Date: "12-25", Name: "Christmas Day"}},
	}
	var out strings.Builder
	now := time.Date(2026, time.January, 2, 3, 4, 5, 0, time.UTC)
	if err := holidays.WriteHours(&out, def, 2026, 2027, now); err != nil {
		log.Fatal(err)
	}
	for line := range strings.Lines(out.String()) {
		if strings.HasPrefix(line, "DTSTART") || strings.HasPrefix(line, "DTEND") || strings.HasPrefix(line, "RRULE") {
			fmt.Print(strings.ReplaceAll(line, "\r", ""))
		}
	}
	// Output:
	// DTSTART:20260102T220000Z
	// DTEND:20260103T060000Z
	// RRULE:FREQ=WEEKLY;BYDAY=FR,SA,SU
	// DTSTART;VALUE=DATE:20261225
	// DTEND;VALUE=DATE:20261226
	// DTSTART;VALUE=DATE:20271225
	// DTEND;VALUE=DATE:20271226
}
