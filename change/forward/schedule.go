package forward

import (
	"cmp"
	"slices"
	"time"

	"github.com/itsm-go/itsm/change/schedule"
)

// Grouping says what the lanes are.
type Grouping string

// The groupings.
const (
	Together  Grouping = "" // one lane for all
	ByService Grouping = "service"
	ByItem    Grouping = "item"
	ByTeam    Grouping = "team"
	ByType    Grouping = "type"
)

var groupings = []Grouping{Together, ByService, ByItem, ByTeam, ByType}

// View is what is to be seen.
type View struct {
	Title    string
	From, To time.Time      // the time shown, To not included; at most 400 days
	Zone     *time.Location // of days and times; nil: UTC
	By       Grouping
	Only     Filter
	Entries  []Entry
	Windows  []Window // see [Occurrences]
}

// Schedule is a forward schedule of change. Make one with [New].
type Schedule struct {
	title    string
	from, to time.Time
	by       Grouping
	entries  []Entry // that are shown
	outside  []Entry
	windows  []Window
	lanes    []Lane
}

// Lane is a part of the schedule: what belongs to one service, team, item or type.
type Lane struct {
	Name    string
	Rest    bool     // it is for the changes that belong to no other; its name is empty
	Entries []Entry  // by start, end and id
	Windows []Window // that are known to be for all of the lane
}

// New arranges what a view shows. Changes that the filter does not take are left out;
// so are those that have no time in common with the time shown, which
// [Schedule.Outside] tells.
func New(v View) (*Schedule, error) {
	if err := v.validate(); err != nil {
		return nil, err
	}
	zone := v.Zone
	if zone == nil {
		zone = time.UTC
	}
	s := &Schedule{title: v.Title, from: v.From.In(zone), to: v.To.In(zone), by: v.By}
	for _, e := range v.Entries {
		if !v.Only.Match(e) {
			continue
		}
		e = e.clone()
		e.Start, e.End = e.Start.In(zone), e.End.In(zone)
		if e.Start.Before(s.to) && e.End.After(s.from) {
			s.entries = append(s.entries, e)
		} else {
			s.outside = append(s.outside, e)
		}
	}
	for _, w := range v.Windows {
		if w.Start.Before(s.to) && w.End.After(s.from) {
			w = w.clone()
			w.Start, w.End = w.Start.In(zone), w.End.In(zone)
			s.windows = append(s.windows, w)
		}
	}
	slices.SortFunc(s.entries, compare)
	slices.SortFunc(s.outside, compare)
	slices.SortFunc(s.windows, Window.compare)
	var p problems
	s.group(&p)
	if err := p.err(); err != nil {
		return nil, err
	}
	return s, nil
}

func compare(a, b Entry) int {
	return cmp.Or(a.Start.Compare(b.Start), a.End.Compare(b.End), cmp.Compare(a.ID, b.ID))
}

func (v View) validate() error {
	var p problems
	horizon(&p, v.From, v.To)
	if !slices.Contains(groupings, v.By) {
		p.addf("there are no lanes by %q", clip(string(v.By)))
	}
	p.texts("title", v.Title)
	v.Only.validate(&p)
	if len(v.Entries) > maxEntries {
		p.addf("there are %d changes, more than %d", len(v.Entries), maxEntries)
	}
	if len(v.Windows) > maxWindows {
		p.addf("there are %d windows, more than %d", len(v.Windows), maxWindows)
	}
	seen := map[string]bool{}
	for _, e := range v.Entries {
		e.validate(&p)
		if seen[e.ID] && e.ID != "" {
			p.addf("there are two changes %q", clip(e.ID))
		}
		seen[e.ID] = true
	}
	for _, w := range v.Windows {
		w.validate(&p)
	}
	return p.err()
}

// horizon checks the time shown.
func horizon(p *problems, from, to time.Time) {
	switch {
	case from.Year() < 3 || to.Year() > 9997:
		p.addf("the time shown is %v to %v, which is not in the years 3 to 9997", from, to)
	case !from.Before(to):
		p.addf("the time shown ends at %v, not after its start at %v", to, from)
	case to.Sub(from) > maxDays*24*time.Hour:
		p.addf("the time shown is longer than %d days", maxDays)
	case to.Sub(from) < time.Minute:
		p.addf("the time shown is shorter than a minute")
	}
}

// lanesOf names the lanes of a change, each once.
func (g Grouping) lanesOf(e Entry) []string {
	var names []string
	switch g {
	case ByService:
		names = slices.Clone(e.Services)
	case ByItem:
		names = slices.Clone(e.Items)
	case ByTeam:
		if e.Team != "" {
			names = []string{e.Team}
		}
	case ByType:
		names = []string{string(e.Type)}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// group makes the lanes.
func (s *Schedule) group(p *problems) {
	byName := map[string][]Entry{}
	var names []string
	rest := Lane{Rest: true}
	bars := 0
	for _, e := range s.entries {
		lanes := s.by.lanesOf(e)
		if len(lanes) == 0 {
			rest.Entries = append(rest.Entries, e)
		}
		for _, name := range lanes {
			if byName[name] == nil {
				names = append(names, name)
			}
			byName[name] = append(byName[name], e)
		}
		bars += max(1, len(lanes))
	}
	slices.SortFunc(names, func(a, b string) int {
		if s.by == ByType {
			return cmp.Compare(slices.Index(types, Type(a)), slices.Index(types, Type(b)))
		}
		return cmp.Compare(a, b)
	})
	for _, name := range names {
		s.lanes = append(s.lanes, Lane{Name: name, Entries: byName[name]})
	}
	if len(rest.Entries) > 0 {
		s.lanes = append(s.lanes, rest)
	}
	for i := range s.lanes {
		l := &s.lanes[i]
		for _, w := range s.windows {
			if w.behind(s.by, *l) {
				l.Windows = append(l.Windows, w)
			}
		}
		if bars += len(l.Windows); bars > maxBars {
			p.addf("there are more than %d changes and windows in all lanes together", maxBars)
			return
		}
	}
}

// Title is that of the view.
func (s *Schedule) Title() string { return s.title }

// Span is the time shown, in the zone of the schedule.
func (s *Schedule) Span() (from, to time.Time) { return s.from, s.to }

// Entries returns the changes that are shown, by start, end and id, with their times
// in the zone of the schedule.
func (s *Schedule) Entries() []Entry { return clones(s.entries, Entry.clone) }

// Outside returns the changes that the filter takes and that have no time in common
// with the time shown.
func (s *Schedule) Outside() []Entry { return clones(s.outside, Entry.clone) }

// Windows returns the windows that are shown, by start.
func (s *Schedule) Windows() []Window { return clones(s.windows, Window.clone) }

// Lanes returns the lanes by name, types by urgency, and the lane of the rest last.
func (s *Schedule) Lanes() []Lane {
	return clones(s.lanes, func(l Lane) Lane {
		l.Entries, l.Windows = clones(l.Entries, Entry.clone), clones(l.Windows, Window.clone)
		return l
	})
}

func clones[T any](list []T, clone func(T) T) []T {
	copies := make([]T, len(list))
	for i, v := range list {
		copies[i] = clone(v)
	}
	return copies
}

// label is the name of a lane for people.
func (s *Schedule) label(l Lane) string {
	switch {
	case !l.Rest:
		return l.Name
	case s.by == Together:
		return "All changes"
	}
	return "No " + string(s.by)
}

func (s *Schedule) conflicts() int {
	count := 0
	for _, e := range s.entries {
		if len(e.Conflicts) > 0 {
			count++
		}
	}
	return count
}

// kindName is the kind of a window for people.
func kindName(k schedule.Kind) string {
	if k == schedule.Blackout {
		return "blackout"
	}
	return "maintenance window"
}
