package ical_test

import (
	"bytes"
	"fmt"
	"time"

	"github.com/itsm-go/itsm/change/forward"
	"github.com/itsm-go/itsm/change/ical"
)

// A feed to subscribe to, and what a subscriber sees.
func Example() {
	start := time.Date(2026, 3, 2, 22, 0, 0, 0, time.UTC)
	s, err := forward.New(forward.View{From: start.AddDate(0, 0, -1), To: start.AddDate(0, 0, 30), Entries: []forward.Entry{
		{ID: "CHG0000042", Title: "Upgrade database", Type: forward.Normal, Status: forward.Proposed, Start: start, End: start.Add(time.Hour), Services: []string{"Shop"}},
	}})
	if err != nil {
		panic(err)
	}
	var calendar bytes.Buffer
	if err := ical.Write(&calendar, s, ical.Feed{Name: "Changes", Domain: "itsm.example.com", Now: start.AddDate(0, 0, -1)}); err != nil {
		panic(err)
	}
	events, err := ical.Read(&calendar)
	if err != nil {
		panic(err)
	}
	for _, e := range events {
		fmt.Println(e.Start.Format(time.RFC3339), e.Status, e.Summary, "at", e.Location)
	}
	// Output:
	// 2026-03-02T22:00:00Z TENTATIVE CHG0000042 Upgrade database at Shop
}
