package oncall_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/itsm-go/itsm/sla/calendar"
	"github.com/itsm-go/itsm/workflow/routing/oncall"
)

// large is a rota with three sites, a thousand overrides and as many absences.
func large(b *testing.B) *oncall.Roster {
	rota := oncall.Rota{Name: "large", Version: 1, Zone: "Europe/Berlin"}
	for i, zone := range []string{"Asia/Kolkata", "Europe/Berlin", "America/New_York"} {
		l := oncall.Layer{Name: zone, Zone: zone, Rotation: oncall.Rotation{Every: oncall.Week, On: "monday", At: "09:00", Start: "2010-01-04"},
			Hours: []calendar.Hours{{From: time.Monday, To: time.Sunday, Spans: []string{"09:00-17:00"}}}}
		for j := range 20 {
			l.Participants = append(l.Participants, fmt.Sprintf("person %d %d", i, j))
		}
		rota.Layers = append(rota.Layers, l)
	}
	for i := range 1000 {
		from := at("2026-01-01T00:00:00Z").Add(time.Duration(i) * 8 * time.Hour)
		rota.Overrides = append(rota.Overrides, oncall.Override{Name: fmt.Sprint(i), Kind: oncall.Replace, Person: fmt.Sprintf("person 0 %d", i%20),
			For: fmt.Sprintf("person 1 %d", i%20), From: from, Until: from.AddDate(0, 0, 2)})
		rota.Absences = append(rota.Absences, oncall.Absence{Person: fmt.Sprintf("person 2 %d", i%20), From: from, Until: from.AddDate(0, 0, 3)})
	}
	return compile(b, rota)
}

func BenchmarkOnCall(b *testing.B) {
	for name, r := range map[string]*oncall.Roster{"weekly": compile(b, weekly()), "large": large(b)} {
		b.Run(name, func(b *testing.B) {
			begin := at("2026-01-05T12:00:00Z")
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				r.OnCall(begin.Add(time.Duration(i%50_000) * 9 * time.Minute)) // most of a year, again and again
			}
		})
	}
}

func BenchmarkSpansOfAYear(b *testing.B) {
	r := large(b)
	b.ReportAllocs()
	for b.Loop() {
		for range r.Spans(at("2026-01-01T00:00:00Z"), at("2027-01-01T00:00:00Z")) {
		}
	}
}

func BenchmarkNewRoster(b *testing.B) {
	rota := large(b).Rota()
	b.ReportAllocs()
	for b.Loop() {
		compile(b, rota)
	}
}
