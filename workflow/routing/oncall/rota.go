package oncall

import (
	"fmt"
	"slices"
	"time"

	"github.com/itsm-go/itsm/sla/calendar"
	"github.com/itsm-go/itsm/workflow"
)

// Limits of a rota.
const (
	MaxLayers       = 50
	MaxParticipants = 500  // in one layer
	MaxOverrides    = 5000 // and as many absences
	MaxConcurrent   = 100  // overrides and absences in force at one time
	MaxTurnDays     = 366  // days of one turn
)

// Rota says who is on call, as data. [NewRoster] compiles it, [ParseRota] reads it
// from JSON.
//
//	{
//	  "name": "network", "version": 1, "zone": "Europe/Berlin",
//	  "layers": [
//	    {"name": "primary", "participants": ["ann", "bob", "cho"],
//	     "rotation": {"every": "week", "on": "monday", "at": "09:00", "start": "2026-01-05"},
//	     "hours": [{"days": "monday-friday", "spans": ["09:00-17:00", "22:00-06:00"]}]},
//	    {"name": "manager", "participants": ["max"]}
//	  ],
//	  "overrides": [{"name": "wedding", "kind": "replace", "person": "bob", "for": "ann",
//	                 "from": "2026-01-09T00:00:00+01:00", "until": "2026-01-11T00:00:00+01:00"}],
//	  "absences": [{"person": "cho", "substitute": "ann",
//	                "from": "2026-01-19T00:00:00+01:00", "until": "2026-01-26T00:00:00+01:00"}]
//	}
type Rota struct {
	Name    string `json:"name"`
	Version int    `json:"version"` // counts from 1
	// Zone is the IANA name of the time zone of all layers that do not have their own.
	Zone string `json:"zone"`
	// Layers are by precedence: the first that has somebody decides, and those behind
	// it fill what it leaves open.
	Layers    []Layer    `json:"layers"`
	Overrides []Override `json:"overrides,omitempty"`
	Absences  []Absence  `json:"absences,omitempty"`
}

// Layer is a list of people who take turns. Sites around the world that hand over to
// each other are layers that have their own zone and hours. A shift with its own
// people is a layer too.
type Layer struct {
	Name         string   `json:"name"`
	Zone         string   `json:"zone,omitempty"` // the rota's, if empty
	Participants []string `json:"participants"`   // in the order of their turns; twice is two turns
	// Rotation is needed unless there is only one participant.
	Rotation Rotation `json:"rotation,omitzero"`
	// Hours restrict the layer to times of the week, which may cross midnight. Without
	// any it is around the clock.
	Hours []calendar.Hours `json:"hours,omitempty"`
	// Holidays close the layer on civil days, as they do a calendar.
	Holidays []calendar.Day `json:"holidays,omitempty"`
	// From and Until are when the layer is in force: "2026-01-05", which is at 00:00,
	// or "2026-01-05 09:00", on its own wall clock. Until is the first moment at which
	// it no longer is. A layer that changes is ended and followed by a new one, so that
	// what it said of the past stays.
	From  string `json:"from,omitempty"`
	Until string `json:"until,omitempty"`
}

// Unit is what a rotation counts.
type Unit string

// The units.
const (
	Hour Unit = "hour"
	Day  Unit = "day"
	Week Unit = "week"
)

// Rotation says when participants hand over, on the wall clock of their layer. The
// turns are of equal length there; in real time one may be an hour shorter or longer.
type Rotation struct {
	Every Unit `json:"every"`
	// Count is how many hours, days or weeks a turn takes; 0 is 1.
	Count int `json:"count,omitempty"`
	// On is the weekday of the hand-over of weeks, "monday"; empty is that of Start.
	On string `json:"on,omitempty"`
	// At is the time of the hand-over, "09:00"; empty is midnight. Turns of hours begin
	// with it and hand over whenever their hours have passed.
	At string `json:"at,omitempty"`
	// Start is the day, "2026-01-05", on which the first participant's turn begins, at
	// the time of the hand-over. The layer has nobody before. If it is not the day of
	// hand-overs, the first turn is short and ends on the next such day.
	Start string `json:"start"`
}

// OverrideKind is what an override does.
type OverrideKind string

// The kinds of override.
const (
	// Take puts somebody on call whatever the layers say.
	Take OverrideKind = "take"
	// Replace puts somebody on call wherever it would be the turn of another.
	Replace OverrideKind = "replace"
	// Fill puts somebody on call where nobody else is.
	Fill OverrideKind = "fill"
)

// Override is an exception for a time, from From up to and without Until. Where
// several of one kind meet, the last in the list counts, as the latest word. Overrides
// are not applied to each other: in a swap, each replaces the other.
type Override struct {
	Name   string       `json:"name"` // unique; explanations tell it
	Kind   OverrideKind `json:"kind"`
	Person string       `json:"person"`
	For    string       `json:"for,omitempty"` // of Replace: whose turns
	From   time.Time    `json:"from"`          // both are whole seconds
	Until  time.Time    `json:"until"`
}

// Absence is a time, from From up to and without Until, in which a person is not on
// call, neither by rotation nor by an override. The substitute takes over, or the
// substitute's substitute. If there is none, the person counts as nobody: the next
// layer is asked. Where several absences of one person meet, the last counts.
type Absence struct {
	Person     string    `json:"person"`
	Substitute string    `json:"substitute,omitempty"`
	Why        string    `json:"why,omitempty"`
	From       time.Time `json:"from"` // both are whole seconds
	Until      time.Time `json:"until"`
}

// Clone returns a copy that shares nothing with r.
func (r Rota) Clone() Rota {
	r.Layers = slices.Clone(r.Layers)
	for i := range r.Layers {
		l := &r.Layers[i]
		l.Participants = slices.Clone(l.Participants)
		l.Hours, l.Holidays = slices.Clone(l.Hours), slices.Clone(l.Holidays)
		for j := range l.Hours {
			l.Hours[j].Spans = slices.Clone(l.Hours[j].Spans)
		}
		for j := range l.Holidays {
			l.Holidays[j].Spans = slices.Clone(l.Holidays[j].Spans)
		}
	}
	r.Overrides, r.Absences = slices.Clone(r.Overrides), slices.Clone(r.Absences)
	return r
}

// ParseRota reads a rota from JSON and compiles it. Fields that a rota does not have
// are refused, and so is what follows behind it. Every error matches
// [workflow.ErrInvalid].
func ParseRota(data []byte) (*Roster, error) {
	var r Rota
	if err := workflow.ParseJSON(data, "oncall: rota", &r); err != nil {
		return nil, err
	}
	return NewRoster(r)
}

// span checks a time from..until and returns it in Unix seconds.
func (p *problems) span(where string, from, until time.Time) (a, b int64) {
	switch {
	case from.IsZero() || until.IsZero():
		p.Addf("%s: needs from and until", where)
	case !from.Before(until):
		p.Addf("%s: from %s is not before until %s", where, from.Format(time.RFC3339), until.Format(time.RFC3339))
	case from.Nanosecond() != 0 || until.Nanosecond() != 0:
		p.Addf("%s: from and until must be whole seconds", where)
	case from.Unix() < firstSecond || until.Unix() > lastSecond:
		p.Addf("%s: must be in the years 1900 to 2099", where)
	}
	return from.Unix(), until.Unix()
}

func (o Override) validate(p *problems) {
	where := fmt.Sprintf("override %.64q", o.Name)
	p.name(where+": person", o.Person)
	switch o.Kind {
	case Replace:
		p.name(where+": for", o.For)
		if o.For == o.Person && o.Person != "" {
			p.Addf("%s: %q replaces himself", where, o.Person)
		}
	case Take, Fill:
		if o.For != "" {
			p.Addf("%s: only replace has for", where)
		}
	default:
		p.Addf("%s: kind %.64q, must be take, replace or fill", where, o.Kind)
	}
	p.span(where, o.From, o.Until)
}

func (a Absence) validate(p *problems, where string) {
	p.name(where+": person", a.Person)
	if a.Substitute != "" {
		p.name(where+": substitute", a.Substitute)
	}
	if a.Why != "" {
		p.name(where+": why", a.Why)
	}
	if a.Substitute == a.Person && a.Person != "" {
		p.Addf("%s: %q is his own substitute", where, a.Person)
	}
	p.span(where, a.From, a.Until)
}
