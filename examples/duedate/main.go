// Duedate shows how long a request may take when only opening hours count.
package main

import (
	"fmt"
	"log"
	"time"

	"github.com/itsm-go/itsm/sla/calendar"
)

func main() {
	hours, err := calendar.New("Europe/Berlin",
		calendar.Weekly(time.Monday, time.Friday, "09:00-12:00", "13:00-17:30"),
		calendar.Closed("2026-12-25", "Christmas Day"))
	if err != nil {
		log.Fatal(err)
	}
	reported := time.Date(2026, 12, 24, 15, 0, 0, 0, time.UTC) // 16:00 in Berlin
	due, _ := hours.Add(reported, 4*time.Hour)
	fmt.Println("due:", due.Format("Mon 2 Jan 15:04"))
	fmt.Println("business time until then:", hours.Between(reported, due))
	fmt.Println("why closed on Friday:", hours.Reason(reported.AddDate(0, 0, 1)).Name)
}
