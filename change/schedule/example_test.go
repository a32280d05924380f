package schedule_test

import (
	"fmt"
	"time"

	"github.com/itsm-go/itsm/change/schedule"
	"github.com/itsm-go/itsm/sla/calendar"
)

// Why a change cannot happen when it was planned, and when it could.
func Example() {
	nights, err := calendar.New("Europe/Berlin", calendar.Weekly(time.Saturday, time.Sunday, "02:00-06:00"))
	if err != nil {
		panic(err)
	}
	s, err := schedule.New([]schedule.Window{
		{Name: "weekend nights", Kind: schedule.Maintenance, Hours: nights, Scope: schedule.Scope{Classes: []string{"database"}}},
	}, schedule.Rules{})
	if err != nil {
		panic(err)
	}
	orders := schedule.Item{ID: "orders", Class: "database", Services: []string{"shop"}}
	start := time.Date(2026, 3, 7, 1, 0, 0, 0, time.UTC) // Saturday, 02:00 in Berlin
	if err := s.Put(schedule.Change{ID: "CHG0000041", Start: start, End: start.Add(3 * time.Hour), Items: []schedule.Item{orders}}); err != nil {
		panic(err)
	}
	mine := schedule.Change{ID: "CHG0000042", Start: start, End: start.Add(2 * time.Hour), Items: []schedule.Item{orders}}
	for _, c := range s.Conflicts(mine) {
		fmt.Println(c)
	}
	slots, _, err := s.Slots(mine, start, start.AddDate(0, 0, 90), 1)
	if err != nil {
		panic(err)
	}
	fmt.Println("free from", slots[0].Start.Format("Mon 2 Jan 15:04 MST"))
	// Output:
	// item_busy: orders, with CHG0000041, Sat 7 Mar 2026 01:00 to 03:00 UTC
	// service_busy: shop, with CHG0000041, Sat 7 Mar 2026 01:00 to 03:00 UTC
	// free from Sun 8 Mar 01:00 UTC
}
