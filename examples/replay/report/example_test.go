package report_test

import (
	"fmt"
	"time"

	"github.com/itsm-go/itsm/examples/replay/report"
)

// A tally turns the records of a replay into its figures.
func ExampleTally() {
	opened := time.Date(2025, 3, 3, 9, 0, 0, 0, time.UTC)
	var tally report.Tally
	for hours := 1; hours <= 10; hours++ {
		took := time.Duration(hours) * time.Hour
		tally.Add(report.Record{
			Opened: opened, Resolved: opened.Add(took), Priority: 3, Group: "Service Desk",
			Targets: []report.Verdict{{Target: "resolution", Met: hours <= 8, Breached: hours > 8}},
		})
	}
	replayed := tally.Replayed()
	took := replayed.Resolve.Elapsed
	attained, _ := replayed.Targets["resolution"].Attainment()
	fmt.Println("median", took.Median, "p90", took.P90)
	fmt.Printf("resolution met in %.0f %%\n", 100*attained)
	// Output:
	// median 5h0m0s p90 9h0m0s
	// resolution met in 80 %
}
