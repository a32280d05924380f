package forward

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/itsm-go/itsm/change/schedule"
)

// Window is one occurrence of a blackout or a maintenance window.
type Window struct {
	Name  string         `json:"name"`
	Kind  schedule.Kind  `json:"kind"`
	Start time.Time      `json:"start"`
	End   time.Time      `json:"end"` // it is over then
	Scope schedule.Scope `json:"scope"`
}

// beyond is how far outside of the time asked for an occurrence is followed, to tell
// where it really begins and ends.
const beyond = 366 * 24 * time.Hour

// Occurrences tells when windows are open between two instants, by start, name and
// end. What is open at one of them is given with its real start and end, if these are
// not more than a year away. Windows that a [schedule.New] refuses give its error.
func Occurrences(windows []schedule.Window, from, to time.Time) ([]Window, error) {
	if _, err := schedule.New(windows, schedule.Rules{}); err != nil {
		return nil, fmt.Errorf("forward schedule: %w: %w", ErrInvalid, err)
	}
	var p problems
	horizon(&p, from, to)
	if err := p.err(); err != nil {
		return nil, err
	}
	var list []Window
	for _, w := range windows {
		first, last := from.Add(-beyond), to.Add(beyond)
		if first.Before(w.From) {
			first = w.From
		}
		if !w.Until.IsZero() && last.After(w.Until) {
			last = w.Until
		}
		if !first.Before(last) {
			continue
		}
		for o := range w.Hours.Windows(first, last) {
			if !o.Open.Before(to) {
				break
			}
			if o.Close.After(from) {
				list = append(list, Window{w.Name, w.Kind, o.Open.UTC(), o.Close.UTC(), w.Scope}.clone())
			}
		}
		if len(list) > maxWindows {
			p.addf("there are more than %d occurrences of windows", maxWindows)
			return nil, p.err()
		}
	}
	slices.SortFunc(list, Window.compare)
	return list, nil
}

func (w Window) compare(o Window) int {
	return cmp.Or(w.Start.Compare(o.Start), cmp.Compare(w.Name, o.Name), w.End.Compare(o.End), cmp.Compare(w.Kind, o.Kind),
		cmp.Compare(fmt.Sprint(w.Scope), fmt.Sprint(o.Scope)))
}

// clone returns a copy that shares nothing with w.
func (w Window) clone() Window {
	s := &w.Scope
	s.Items, s.Services, s.Classes = slices.Clone(s.Items), slices.Clone(s.Services), slices.Clone(s.Classes)
	s.Where = maps.Clone(s.Where)
	for name, values := range s.Where {
		s.Where[name] = slices.Clone(values)
	}
	return w
}

func (w Window) validate(p *problems) {
	name := clip(w.Name)
	if n := len(w.Scope.Items) + len(w.Scope.Services) + len(w.Scope.Classes); n > maxScope {
		p.addf("window %q is for %d items, services and classes, more than %d", name, n, maxScope)
	}
	if w.Name == "" {
		p.addf("a window has no name")
	}
	if w.Kind != schedule.Maintenance && w.Kind != schedule.Blackout {
		p.addf("window %q: kind %q, want %q or %q", name, clip(string(w.Kind)), schedule.Maintenance, schedule.Blackout)
	}
	if w.Start.Year() < 1 || w.End.Year() > 9999 {
		p.addf("window %q is not in the years 1 to 9999", name)
	}
	p.texts(fmt.Sprintf("window %q", name), w.Name)
	p.texts(fmt.Sprintf("scope of window %q", name), slices.Concat(w.Scope.Items, w.Scope.Services, w.Scope.Classes)...)
	if !w.Start.Before(w.End) {
		p.addf("window %q ends at %v, not after its start at %v", name, w.End, w.Start)
	}
}

// behind reports whether the window is known to be for all of a lane.
func (w Window) behind(by Grouping, l Lane) bool {
	switch {
	case w.Scope.Everything:
		return true
	case l.Rest:
		return false
	case by == ByService:
		return slices.Contains(w.Scope.Services, l.Name)
	case by == ByItem:
		return slices.Contains(w.Scope.Items, l.Name)
	}
	return false
}
