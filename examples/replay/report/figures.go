// Package report holds the figures of a replay and shows them: as one JSON
// object, as text for a terminal ([Figures.WriteText]) and as a page for the
// people who run a service ([Figures.WriteHTML]).
//
// A [Tally] makes the figures out of what a replay knows of each incident, one
// [Record] after the other.
package report

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/itsm-go/itsm/examples/replay/snlog"
)

// Figures are everything a replay found out about a log.
type Figures struct {
	Source Source       `json:"source"`
	Logged snlog.Logged `json:"logged"` // read from the log's own columns
	// Replayed is what the records and clocks say after the same events, nil
	// when nothing was replayed.
	Replayed *Replayed `json:"replayed,omitempty"`
	// Refused counts the log's events that the lifecycle does not allow, by
	// reason. They are part of Logged and not of Replayed.
	Refused map[string]int `json:"refused"`
	// Problems are what detection proposes, nil when nothing was looked for.
	Problems *Problems `json:"problems,omitempty"`
	// Breach accounts for one breach, as an example: the clock's time, stretch
	// by stretch. Empty when there is none.
	Breach string `json:"explained_breach,omitempty"`
}

// A Source says which log the figures are about.
type Source struct {
	Name     string    `json:"name"`            // for the title: a file, "sample"
	From     time.Time `json:"from"`            // the first event
	To       time.Time `json:"to"`              // the last event
	Calendar string    `json:"calendar"`        // what counts as business time, in words
	Goals    string    `json:"goals,omitempty"` // what is promised, in words
}

// Replayed are the figures of the records after a replay.
type Replayed struct {
	Incidents     int               `json:"incidents"`
	Events        int               `json:"events"` // log events that were applied
	EventsByState map[string]int    `json:"events_by_state"`
	Reopened      int               `json:"reopened_incidents"`
	Reassigned    int               `json:"reassigned_incidents"`
	ByPriority    map[string]int    `json:"by_priority"` // incidents by "1" to "5"
	MadeSLA       snlog.Verdicts    `json:"made_sla"`    // incidents: false when one of their clocks breached
	Targets       map[string]Target `json:"targets"`     // by name
	Months        []Month           `json:"months"`
	Assign        Pace              `json:"time_to_assign"`
	Resolve       Pace              `json:"time_to_resolve"`
	ResolveBy     map[string]Pace   `json:"time_to_resolve_by_priority"`
	Holds         []Hold            `json:"holds"`              // the longest in all first
	Held          []Held            `json:"held_by"`            // in whose hands the clocks ran, by target, the most first
	Groups        []Busy            `json:"groups"`             // the busiest first
	Categories    []Busy            `json:"categories"`         // the busiest first
	Messages      map[string]int    `json:"messages,omitempty"` // notices delivered, by topic
}

// Verdicts count the clocks of a target by how they ended.
type Verdicts struct {
	Met      int `json:"met"`
	Breached int `json:"breached"`
	Open     int `json:"open"` // neither yet: still running, paused or cancelled
}

// Attainment is the share of the decided clocks that met the target, and
// whether any was decided.
func (v Verdicts) Attainment() (share float64, ok bool) {
	decided := v.Met + v.Breached
	if decided == 0 {
		return 0, false
	}
	return float64(v.Met) / float64(decided), true
}

// A Target is how one service level target came out.
type Target struct {
	Verdicts
	ByPriority map[string]Verdicts `json:"by_priority"`
}

// A Month is a civil month of a log.
type Month struct {
	Month    string `json:"month"` // 2016-03
	Opened   int    `json:"opened"`
	Resolved int    `json:"resolved"` // for good, or closed without: a reopened incident counts once
	Closed   int    `json:"closed"`
	Backlog  int    `json:"backlog"` // unresolved when the month ended
}

// A Pace is how long something took, by the wall and by the business clock.
type Pace struct {
	Elapsed  Spread `json:"elapsed"`
	Business Spread `json:"business"`
}

// A Spread sums up many durations. The median and the 90th percentile are
// values that occurred: the smallest that at least so many do not exceed.
type Spread struct {
	Count             int
	Mean, Median, P90 time.Duration
}

type spreadJSON struct {
	Count  int     `json:"count"`
	Mean   float64 `json:"mean_seconds"`
	Median float64 `json:"median_seconds"`
	P90    float64 `json:"p90_seconds"`
}

// MarshalJSON writes the durations in seconds.
func (s Spread) MarshalJSON() ([]byte, error) {
	return json.Marshal(spreadJSON{s.Count, s.Mean.Seconds(), s.Median.Seconds(), s.P90.Seconds()})
}

// A Hold is a reason for which incidents waited.
type Hold struct {
	Reason    string
	Incidents int // that waited for it at least once
	Spells    int
	Elapsed   time.Duration // of all spells together
	Business  time.Duration
}

type holdJSON struct {
	Reason    string  `json:"reason"`
	Incidents int     `json:"incidents"`
	Spells    int     `json:"spells"`
	Elapsed   float64 `json:"elapsed_hours"`
	Business  float64 `json:"business_hours"`
}

// MarshalJSON writes the durations in hours.
func (h Hold) MarshalJSON() ([]byte, error) {
	return json.Marshal(holdJSON{h.Reason, h.Incidents, h.Spells, h.Elapsed.Hours(), h.Business.Hours()})
}

// Held is what a group had of the time of a target's clocks.
type Held struct {
	Target   string
	Group    string
	Business time.Duration
	Breaches int // goals that were missed in its hands
}

type heldJSON struct {
	Target   string  `json:"target"`
	Group    string  `json:"group"`
	Business float64 `json:"business_hours"`
	Breaches int     `json:"breaches"`
}

// MarshalJSON writes the durations in hours.
func (h Held) MarshalJSON() ([]byte, error) {
	return json.Marshal(heldJSON{h.Target, h.Group, h.Business.Hours(), h.Breaches})
}

// Busy is a group or a category and what it had to do.
type Busy struct {
	Name      string `json:"name"`
	Incidents int    `json:"incidents"`
	Reopened  int    `json:"reopened"`
	Median    Spread `json:"time_to_resolve"` // elapsed
}

// JSON returns the figures as one indented JSON object.
func (f Figures) JSON() ([]byte, error) { return json.MarshalIndent(f, "", "  ") }

// priorities are the levels in order, with the names that the reports use.
func priorities() []struct{ key, name string } {
	return []struct{ key, name string }{
		{"1", "1 Critical"}, {"2", "2 High"}, {"3", "3 Moderate"}, {"4", "4 Low"}, {"5", "5 Planning"},
	}
}

func priorityKey(p int) string { return strconv.Itoa(p) }
