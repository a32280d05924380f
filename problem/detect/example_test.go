package detect_test

import (
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/itsm-go/itsm/problem/detect"
)

// desk is ten weeks of a small service desk: three incidents every working day, and eight
// of a mail server on one Thursday.
func desk() []detect.Incident {
	var list []detect.Incident
	add := func(at time.Time, category, ci string) {
		list = append(list, detect.Incident{ID: fmt.Sprintf("INC%07d", len(list)+1), Opened: at, Caller: fmt.Sprint(len(list) % 40),
			Attributes: []detect.Attribute{{Dimension: "category", Value: category}, {Dimension: "ci", Value: ci}}})
	}
	monday := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	for day := range 70 {
		at := monday.AddDate(0, 0, day)
		if at.Weekday() == time.Saturday || at.Weekday() == time.Sunday {
			continue
		}
		add(at, "hardware", fmt.Sprint("notebook-", day%9))
		add(at.Add(time.Hour), "software", fmt.Sprint("office-", day%4))
		add(at.Add(2*time.Hour), "e-mail", []string{"mail01", "mail02", "mail03"}[day%3])
	}
	for i := range 8 {
		add(monday.AddDate(0, 0, 66).Add(time.Duration(i)*time.Minute), "e-mail", "mail07")
	}
	return list
}

func ExampleDetector_Run() {
	d, err := detect.New(detect.Config{})
	if err != nil {
		panic(err)
	}
	thursday := time.Date(2026, 3, 12, 0, 0, 0, 0, time.UTC)
	run, err := d.Run(thursday, slices.Values(desk()))
	if err != nil {
		panic(err)
	}
	for _, p := range run.Proposals {
		fmt.Println(p.Evidence)
	}
	// The host opens a problem, and remembers it.
	known := run.Proposals[0].Problem()
	run, err = d.Run(thursday.AddDate(0, 0, 1), slices.Values(desk()), known)
	if err != nil {
		panic(err)
	}
	for _, p := range run.Proposals {
		fmt.Println("on Friday:", p.Key, "is known:", p.Known == known.Fingerprint)
	}
	// Output:
	// ci mail07: 8 incidents in the 1 day of 12 March 2026, where the 66 days before let expect none. There were none before. By chance that comes with p 2e-11, after all tests of 365 days 3e-07. From 8 callers on 1 day, first INC0000151 and last INC0000158; 8 of 8 with category e-mail.
	// on Friday: ci mail07 is known: true
}

func ExampleDetector_Scan() {
	d, err := detect.New(detect.Config{})
	if err != nil {
		panic(err)
	}
	report, err := d.Scan(slices.Values(desk()))
	if err != nil {
		panic(err)
	}
	fmt.Printf("%d incidents on %d days, %d tests\n", report.Incidents, report.Days, report.Tests)
	for _, p := range report.Proposals {
		fmt.Println(p.Kind, p.Key, p.Observed, "incidents, found", p.Found.Format("2 January"))
	}
	// Output:
	// 158 incidents on 40 days, 677 tests
	// cluster ci mail07 8 incidents, found 12 March
}

func ExampleNewPareto() {
	p, err := detect.NewPareto(slices.Values(desk()), "category", detect.ByCount)
	if err != nil {
		panic(err)
	}
	if err := p.WriteText(os.Stdout, 10); err != nil {
		panic(err)
	}
	// Output:
	// Pareto of incidents by category
	// 3 of 3 values make up 100.0 % of 158; Gini 0.03.
	// category  incidents  share   cumulative
	// e-mail    58         36.7 %  36.7 %
	// hardware  50         31.6 %  68.4 %
	// software  50         31.6 %  100.0 %
}
