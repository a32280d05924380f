package forward_test

import (
	"bytes"
	"fmt"
	"os"
	"time"

	"github.com/itsm-go/itsm/change/forward"
	"github.com/itsm-go/itsm/change/schedule"
	"github.com/itsm-go/itsm/sla/calendar"
)

// What comes in the first week of March, by service, on a terminal.
func Example() {
	nights, err := calendar.New("Europe/Berlin", calendar.Weekly(time.Saturday, time.Sunday, "02:00-06:00"))
	if err != nil {
		panic(err)
	}
	from := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	to := from.AddDate(0, 0, 7)
	windows, err := forward.Occurrences([]schedule.Window{
		{Name: "weekend nights", Kind: schedule.Maintenance, Hours: nights, Scope: schedule.Scope{Everything: true}},
	}, from, to)
	if err != nil {
		panic(err)
	}
	s, err := forward.New(forward.View{
		Title: "First week of March", From: from, To: to, By: forward.ByService, Windows: windows,
		Entries: []forward.Entry{
			{ID: "CHG0000042", Title: "Upgrade database", Type: forward.Normal, Status: forward.Approved, Risk: "high",
				Start: from.Add(22 * time.Hour), End: from.Add(23 * time.Hour), Services: []string{"Shop"}, Conflicts: []string{"outside_maintenance: orders"}},
			{ID: "CHG0000043", Title: "Patch mail servers", Type: forward.Standard, Status: forward.Approved,
				Start: from.AddDate(0, 0, 5).Add(time.Hour), End: from.AddDate(0, 0, 5).Add(3 * time.Hour), Services: []string{"Mail"}},
		},
	})
	if err != nil {
		panic(err)
	}
	if err := s.Text(os.Stdout); err != nil {
		panic(err)
	}
	// Output:
	// First week of March
	// Mon 2 Mar 2026 00:00 UTC to Mon 9 Mar 2026 00:00 UTC (UTC): 2 changes, 1 in conflict
	//
	// Windows
	//   Sat 7 Mar 2026 01:00 to 05:00 UTC  maintenance window  weekend nights  for everything
	//   Sun 8 Mar 2026 01:00 to 05:00 UTC  maintenance window  weekend nights  for everything
	//
	// Mail
	//   Sat 7 Mar 2026 01:00 to 03:00 UTC  CHG0000043  Patch mail servers  standard, approved
	//
	// Shop
	// ! Mon 2 Mar 2026 22:00 to 23:00 UTC  CHG0000042  Upgrade database  normal, approved, high risk
	//       outside_maintenance: orders
}

// A picture and a page of the same schedule, and what they do not show.
func ExampleSchedule_SVG() {
	from := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	s, err := forward.New(forward.View{From: from, To: from.AddDate(0, 0, 7), Entries: []forward.Entry{
		{ID: "CHG0000042", Title: "Upgrade", Type: forward.Normal, Status: forward.Approved, Start: from, End: from.Add(time.Hour)},
		{ID: "CHG0000043", Title: "Patch", Type: forward.Normal, Status: forward.Approved, Start: from.AddDate(0, 1, 0), End: from.AddDate(0, 1, 1)},
	}})
	if err != nil {
		panic(err)
	}
	var image, page bytes.Buffer
	if err := s.SVG(&image); err != nil {
		panic(err)
	}
	if err := s.HTML(&page); err != nil {
		panic(err)
	}
	fmt.Println(bytes.Count(image.Bytes(), []byte(`class="change `)), "bar")
	fmt.Println(bytes.Contains(page.Bytes(), image.Bytes()))
	for _, e := range s.Outside() {
		fmt.Println("later:", e.ID)
	}
	// Output:
	// 1 bar
	// true
	// later: CHG0000043
}

// Only what is urgent or in the way of something.
func ExampleFilter() {
	only := forward.Filter{Types: []forward.Type{forward.Emergency}, Teams: []string{"Network", "Web"}}
	fmt.Println(only.Match(forward.Entry{ID: "CHG0000042", Type: forward.Emergency, Team: "Web"}))
	fmt.Println(only.Match(forward.Entry{ID: "CHG0000043", Type: forward.Normal, Team: "Web"}))
	// Output:
	// true
	// false
}
