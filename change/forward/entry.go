package forward

import (
	"fmt"
	"math"
	"slices"
	"time"
)

// Type is the type of a change (ITIL 4).
type Type string

// The types.
const (
	Standard  Type = "standard"
	Normal    Type = "normal"
	Emergency Type = "emergency"
)

// types are all of them, the ones to look at first in front.
var types = []Type{Emergency, Normal, Standard}

// letter stands for the type where there is no room for its name.
func (t Type) letter() string {
	switch t {
	case Emergency:
		return "E"
	case Standard:
		return "S"
	}
	return "N"
}

// Status says whether a change will happen.
type Status string

// The statuses.
const (
	Proposed  Status = "proposed"  // not approved yet
	Approved  Status = "approved"  // it may happen, is happening, or has happened
	Cancelled Status = "cancelled" // it will not happen
)

var statuses = []Status{Proposed, Approved, Cancelled}

// Entry is a change as the forward schedule shows it.
type Entry struct {
	ID       string    `json:"id"` // its number; no two entries share it
	Title    string    `json:"title"`
	Type     Type      `json:"type"`
	Status   Status    `json:"status"`
	State    string    `json:"state,omitempty"` // of its lifecycle, for people
	Risk     string    `json:"risk,omitempty"`
	Start    time.Time `json:"start"` // planned
	End      time.Time `json:"end"`   // planned; it is over then
	Services []string  `json:"services,omitempty"`
	Items    []string  `json:"items,omitempty"` // configuration items
	Team     string    `json:"team,omitempty"`

	// Conflicts are the reasons why the change should not happen then, for people. One
	// that has none is not in conflict.
	Conflicts []string `json:"conflicts,omitempty"`

	// Revision grows whenever the change is changed. Calendar programs that subscribed
	// to the schedule tell by it what is new.
	Revision int `json:"revision,omitempty"`
}

func (e Entry) clone() Entry {
	e.Services, e.Items, e.Conflicts = slices.Clone(e.Services), slices.Clone(e.Items), slices.Clone(e.Conflicts)
	return e
}

func (e Entry) validate(p *problems) {
	if e.ID == "" {
		p.addf("change %q has no id", clip(e.Title))
	}
	id := clip(e.ID)
	if !slices.Contains(types, e.Type) {
		p.addf("change %q: type %q, want standard, normal or emergency", id, clip(string(e.Type)))
	}
	if !slices.Contains(statuses, e.Status) {
		p.addf("change %q: status %q, want proposed, approved or cancelled", id, clip(string(e.Status)))
	}
	if !e.Start.Before(e.End) {
		p.addf("change %q ends at %v, not after its start at %v", id, e.End, e.Start)
	}
	if e.Start.Year() < 1 || e.End.Year() > 9998 {
		p.addf("change %q is not in the years 1 to 9998", id)
	}
	p.texts(fmt.Sprintf("change %q", id), e.ID, e.Title, e.State, e.Risk, e.Team)
	if e.Revision < 0 || e.Revision > math.MaxInt32 {
		p.addf("change %q has revision %d, want 0 to %d", id, e.Revision, math.MaxInt32)
	}
	for _, list := range []struct {
		what  string
		names []string
	}{{"services", e.Services}, {"items", e.Items}, {"conflicts", e.Conflicts}} {
		if len(list.names) > maxNames {
			p.addf("change %q has %d %s, more than %d", id, len(list.names), list.what, maxNames)
		}
		if slices.Contains(list.names, "") {
			p.addf("change %q: one of its %s is empty", id, list.what)
		}
		p.texts(fmt.Sprintf("%s of change %q", list.what, id), list.names...)
	}
}

// Filter says which changes are shown: those that have one of the values of every list
// that is not empty. The zero value takes all.
type Filter struct {
	Types     []Type   `json:"types,omitempty"`
	Statuses  []Status `json:"statuses,omitempty"`
	Risks     []string `json:"risks,omitempty"`
	States    []string `json:"states,omitempty"`
	Services  []string `json:"services,omitempty"`
	Items     []string `json:"items,omitempty"`
	Teams     []string `json:"teams,omitempty"`
	Conflicts bool     `json:"conflicts,omitempty"` // only changes that are in conflict
}

// Match reports whether the filter takes a change.
func (f Filter) Match(e Entry) bool {
	return has(f.Types, e.Type) && has(f.Statuses, e.Status) && has(f.Risks, e.Risk) && has(f.States, e.State) && has(f.Teams, e.Team) &&
		has(f.Services, e.Services...) && has(f.Items, e.Items...) && (!f.Conflicts || len(e.Conflicts) > 0)
}

// has reports whether a list is empty or names one of the values.
func has[T comparable](list []T, values ...T) bool {
	return len(list) == 0 || slices.ContainsFunc(values, func(v T) bool { return slices.Contains(list, v) })
}

// validate finds a filter that takes nothing because of a slip of the pen.
func (f Filter) validate(p *problems) {
	for _, t := range f.Types {
		if !slices.Contains(types, t) {
			p.addf("filter: there is no type %q", clip(string(t)))
		}
	}
	for _, s := range f.Statuses {
		if !slices.Contains(statuses, s) {
			p.addf("filter: there is no status %q", clip(string(s)))
		}
	}
}
