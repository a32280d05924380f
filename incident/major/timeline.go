package major

import (
	"slices"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

// Kind is what an entry of a timeline is about.
type Kind string

// The kinds of entry.
const (
	KindState  Kind = "state"  // of the incident, or as a major one
	KindMoment Kind = "moment" // the service began to suffer, was mitigated, …
	KindCrew   Kind = "crew"
	KindBridge Kind = "bridge"
	KindFamily Kind = "family" // children
	KindTask   Kind = "task"
	KindUpdate Kind = "update"
	KindNote   Kind = "note" // written by hand
)

// Entry is a line of the timeline.
type Entry struct {
	At      time.Time `json:"at"`
	Kind    Kind      `json:"kind"`
	By      string    `json:"by,omitempty"`
	Text    string    `json:"text"`
	Written time.Time `json:"written,omitzero"` // of a note: when it was written down
}

// Note writes down what happened at an instant, which may be earlier than now.
func (c *Case) Note(at time.Time, by, text string, now time.Time) error {
	var p workflow.Problems
	checkText(&p, "the text", text, true)
	if at.IsZero() || at.After(now) {
		p.Addf("an entry is about an instant that has passed")
	}
	if len(c.Notes) >= MaxNotes {
		p.Addf("%d notes, the most there may be", MaxNotes)
	}
	c.Notes = append(c.Notes, Entry{At: at, Kind: KindNote, By: by, Text: text, Written: now})
	return p.Err("major: timeline")
}

// Sort puts entries into the order of time; those of one instant stay as they are.
func Sort(entries []Entry) {
	slices.SortStableFunc(entries, func(a, b Entry) int { return a.At.Compare(b.At) })
}
