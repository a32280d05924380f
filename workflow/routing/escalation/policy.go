package escalation

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/itsm-go/itsm/sla/calendar"
	"github.com/itsm-go/itsm/workflow"
)

// Limits of a policy.
const (
	MaxLadders   = 500 // and as many choices and calendars
	MaxRungs     = 50  // of one ladder
	MaxTargets   = 50  // of one rung
	MaxReminders = 100 // of one rung, and repetitions of a ladder
	MaxPeople    = 500 // reached by one rung; those behind them are left out
	MaxInterval  = Duration(366 * 24 * time.Hour)
)

// Policy is ladders and when to take which, as data. [New] compiles it, [Parse] reads
// it from JSON.
//
//	{
//	  "name": "network", "version": 1,
//	  "calendars": {"office": {"zone": "Europe/Berlin", "weekly": [{"days": "monday-friday", "spans": ["08:00-18:00"]}]}},
//	  "ladders": [{
//	    "name": "standard", "repeat": 1,
//	    "rungs": [
//	      {"name": "on call", "type": "functional", "reminders": 2, "interval": "10m",
//	       "tell": [{"kind": "on_call", "name": "network"}]},
//	      {"name": "team", "type": "functional", "interval": "5m", "rotate": "members",
//	       "tell": [{"kind": "on_call", "name": "network"}]},
//	      {"name": "lead", "type": "hierarchical", "interval": "1h", "calendar": "office",
//	       "tell": [{"kind": "lead", "fact": "group"}]}],
//	    "end": {"tell": [{"kind": "person", "name": "duty manager"}], "every": "30m"}
//	  }],
//	  "choices": [{"name": "majors", "when": {"priority": ["1", "2"]}, "during": "office", "ladder": "standard"}],
//	  "default": "standard"
//	}
type Policy struct {
	Name    string `json:"name"`
	Version int    `json:"version"` // counts from 1
	// Calendars are the shifts and working times that choices and rungs name.
	Calendars map[string]*calendar.Calendar `json:"calendars,omitempty"`
	Ladders   []Ladder                      `json:"ladders"`
	Choices   []Choice                      `json:"choices,omitempty"` // the first that matches counts
	// Default is the ladder if no choice matches. Without one there is no escalation
	// then.
	Default string `json:"default,omitempty"`
}

// Choice says when to take a ladder.
type Choice struct {
	Name string `json:"name"` // unique; explanations tell it
	// When lists facts, each with the values of which it must have one. Without any it
	// always holds.
	When map[string][]string `json:"when,omitempty"`
	// During names the calendar, such as a shift, in whose time it must be; empty is
	// at any time.
	During string `json:"during,omitempty"`
	Ladder string `json:"ladder"`
}

// Ladder is whom to tell, one rung after the other, until somebody acknowledges.
type Ladder struct {
	Name  string `json:"name"`
	Rungs []Rung `json:"rungs"`
	// Repeat is how often to begin again with the first rung behind the last.
	Repeat int `json:"repeat,omitempty"`
	// End is what happens if nobody has acknowledged by then.
	End End `json:"end,omitzero"`
}

// Type is the direction of an escalation, as ITIL distinguishes them.
type Type string

// The types.
const (
	Functional   Type = "functional"   // to those who know more, or are on call too
	Hierarchical Type = "hierarchical" // to those who are responsible
)

// Rotate says how a rung goes through its people.
type Rotate string

// The ways, after the escalation types of ServiceNow On-Call.
const (
	// Together: all at once.
	Together Rotate = ""
	// Members: one after the other. A rota stands for whom it would call, in order: who
	// is on call first, then the others.
	Members Rotate = "members"
	// Layers: one after the other, where a rota stands for whom each of its layers has.
	Layers Rotate = "layers"
)

// Rung is one step of a ladder. Its people are found when the rung is come to, and
// stay the same through its reminders.
type Rung struct {
	Name string   `json:"name"` // unique in the ladder
	Type Type     `json:"type"`
	Tell []Target `json:"tell"`
	// Rotate tells the people one after the other, each with all reminders.
	Rotate Rotate `json:"rotate,omitempty"`
	// Reminders is how often to tell again. The next rung, or the next person of one
	// that rotates, comes after Reminders+1 times Interval: with 2 reminders and 10
	// minutes, after 30.
	Reminders int      `json:"reminders,omitempty"`
	Interval  Duration `json:"interval"`
	// Calendar names the working time that Interval is counted in; empty is elapsed
	// time. What falls due by a calendar that never opens so long again is counted in
	// elapsed time, and the step says so.
	Calendar string `json:"calendar,omitempty"`
}

// End is what happens behind the last rung. Without anybody to tell, the escalation
// is over.
type End struct {
	Tell []Target `json:"tell,omitempty"`
	// Every tells them again and again until somebody acknowledges, finding the people
	// anew each time; 0 is once.
	Every    Duration `json:"every,omitzero"`
	Calendar string   `json:"calendar,omitempty"`
}

// Kind is what a target is.
type Kind string

// The kinds of target.
const (
	Person  Kind = "person"
	Group   Kind = "group"   // all members of a group
	OnCall  Kind = "on_call" // who is on call in a rota, or in one of its layers
	Lead    Kind = "lead"    // the manager of a group
	Manager Kind = "manager" // of a person
	Told    Kind = "told"    // the managers of those who were told last
)

// Target is whom to tell.
type Target struct {
	Kind Kind `json:"kind"`
	// Name is that of the person, group or rota. Instead, Fact names the fact that has
	// it, such as "group" or "assignee". Told has neither.
	Name  string `json:"name,omitempty"`
	Fact  string `json:"fact,omitempty"`
	Layer string `json:"layer,omitempty"` // of OnCall; empty is the whole rota
	// Levels is how far up to go from a lead, manager or told: 2 is the manager's
	// manager; 0 is 1.
	Levels int `json:"levels,omitempty"`
}

// String reads "lead of group", "on_call network layer second".
func (t Target) String() string {
	var b strings.Builder
	b.WriteString(string(t.Kind))
	if t.Name != "" {
		b.WriteString(" " + t.Name)
	}
	if t.Fact != "" {
		b.WriteString(" by fact " + t.Fact)
	}
	if t.Layer != "" {
		b.WriteString(" layer " + t.Layer)
	}
	if t.Levels > 1 {
		fmt.Fprintf(&b, " %d levels up", t.Levels)
	}
	return b.String()
}

// Duration is a [time.Duration] that JSON writes as text, "30m0s".
type Duration time.Duration

// String writes the duration as Go does.
func (d Duration) String() string { return time.Duration(d).String() }

// MarshalText writes the duration as [Duration.String] does.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what [time.ParseDuration] reads.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	*d = Duration(v)
	return err
}

// Facts are what a policy may know about a record: attribute and value. An empty value
// is the same as none.
type Facts map[string]string

// GroupFact is the fact that has the assignment group; see [Engine.Reassign].
const GroupFact = "group"

// Clone returns a copy that shares nothing with p but the calendars, which never
// change.
func (p Policy) Clone() Policy {
	p.Calendars = maps.Clone(p.Calendars)
	p.Ladders, p.Choices = slices.Clone(p.Ladders), slices.Clone(p.Choices)
	for i := range p.Ladders {
		l := &p.Ladders[i]
		l.Rungs, l.End.Tell = slices.Clone(l.Rungs), slices.Clone(l.End.Tell)
		for j := range l.Rungs {
			l.Rungs[j].Tell = slices.Clone(l.Rungs[j].Tell)
		}
	}
	for i := range p.Choices {
		when := maps.Clone(p.Choices[i].When)
		for fact, values := range when {
			when[fact] = slices.Clone(values)
		}
		p.Choices[i].When = when
	}
	return p
}

// Parse reads a policy from JSON and compiles it. Fields that a policy does not have
// are refused, and so is what follows behind it. Every error matches
// [workflow.ErrInvalid].
func Parse(data []byte) (*Engine, error) {
	var p Policy
	if err := workflow.ParseJSON(data, "escalation: policy", &p); err != nil {
		return nil, err
	}
	return New(p)
}
