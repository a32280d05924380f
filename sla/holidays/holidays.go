package holidays

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/itsm-go/itsm/sla/calendar"
)

// The years that package calendar knows dates of.
const (
	firstYear = 1900
	lastYear  = 2099
)

// maxName is how many bytes a name has at most, as in package calendar.
const maxName = 200

// In returns the public holidays of a region in the years from..to, both
// included, in the order of their dates: one day for each date, with its names
// joined by ", " where it has several (and cut at the 200 bytes that a calendar
// takes).
//
// The region is an ISO 3166 code: a country ("DE", "KR") or a part of one
// ("DE-BY", "GB-SCT"); [Regions] lists them all. A country code alone stands for
// what all its parts have in common. A holiday that the law moves off a weekend
// gives two days, the date itself and the one observed: "Independence Day" and
// "Independence Day (observed)".
//
// The years lie in 1900 to 2099. What the law said long ago is known only in
// part, and what it will say is what it says now: see the package description.
// The error for an unknown region or for years that are not known names what
// would be right and matches [calendar.ErrInvalid].
func In(region string, from, to int) ([]calendar.Day, error) {
	var bad problems
	known := table()
	src, ok := known[region]
	if !ok {
		bad.add("region", "%q is unknown; known are %s", clip(region), strings.Join(nearest(region, known), ", "))
	}
	bad.years(from, to)
	if ok && from < src.first {
		bad.add("years", "the holidays of %s are known from %d on", region, src.first)
	}
	if err := bad.err("holidays of " + region); err != nil {
		return nil, err
	}
	var list []entry
	// What is observed in a year may belong to the one before or after it.
	for year := max(from-1, src.first); year <= to+1; year++ {
		list = append(list, src.days(year)...)
	}
	return within(list, from, to), nil
}

// Regions returns the codes that [In] knows, sorted.
func Regions() []string { return sortedKeys(table()) }

// Closed makes holidays of the days, as [calendar.Closed] does with one:
//
//	days, err := holidays.In("DE-BE", 2026, 2030)
//	hours, err := calendar.New("Europe/Berlin", calendar.Weekly(...), holidays.Closed(days...))
func Closed(days ...calendar.Day) calendar.Option {
	days = slices.Clone(days)
	return func(d *calendar.Definition) { d.Holidays = append(d.Holidays, days...) }
}

// nearest returns the codes to offer instead of an unknown one: those of its
// country, or all countries.
func nearest(region string, known map[string]source) []string {
	country, _, _ := strings.Cut(strings.ToUpper(region), "-")
	var parts, countries []string
	for _, code := range sortedKeys(known) {
		c, part, _ := strings.Cut(code, "-")
		if c == country {
			parts = append(parts, code)
		}
		if part == "" || known[c].days == nil { // a country of which only parts are known
			countries = append(countries, code)
		}
	}
	if parts != nil {
		return parts
	}
	return countries
}

// entry is a holiday on a date, which is a midnight in UTC.
type entry struct {
	date time.Time
	name string
}

func date(year int, month time.Month, day int) time.Time {
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

// within makes days of the entries in the years from..to: sorted, one a date.
func within(list []entry, from, to int) []calendar.Day {
	slices.SortStableFunc(list, func(a, b entry) int { return a.date.Compare(b.date) })
	names := make(map[string][]string)
	var days []calendar.Day
	for _, e := range list {
		if y := e.date.Year(); y < from || y > to {
			continue
		}
		on := e.date.Format(time.DateOnly)
		if _, ok := names[on]; !ok {
			days = append(days, calendar.Day{Date: on})
			names[on] = []string{}
		}
		if e.name != "" && !slices.Contains(names[on], e.name) {
			names[on] = append(names[on], e.name)
		}
	}
	for i, d := range days {
		days[i].Name = cut(strings.Join(names[d.Date], ", "), maxName)
	}
	return days
}

// problems collects mistakes until there is somebody to tell.
type problems []calendar.Problem

// maxProblems bounds what an error says about hostile input.
const maxProblems = 1000

func (p *problems) add(where, format string, args ...any) {
	if len(*p) < maxProblems {
		*p = append(*p, calendar.Problem{Where: where, What: fmt.Sprintf(format, args...)})
	}
}

func (p *problems) years(from, to int) {
	if from > to || from < firstYear || to > lastYear {
		p.add("years", "%d..%d is no range within %d..%d", from, to, firstYear, lastYear)
	}
}

// err returns what was collected as a [calendar.Error] about name, or nil.
func (p problems) err(name string) error {
	if len(p) == 0 {
		return nil
	}
	return &calendar.Error{Calendar: clip(name), Problems: p}
}

// clip keeps hostile input from flooding an error message.
func clip(s string) string { return cut(s, 60) }

// cut returns s in at most n bytes.
func cut(s string, n int) string {
	const more = "…"
	if len(s) > n {
		return strings.ToValidUTF8(s[:n-len(more)], "") + more
	}
	return s
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
