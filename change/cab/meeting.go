package cab

import (
	"maps"
	"slices"
	"time"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/approval"
)

// KindName is the kind of meetings in a store.
const KindName = "cab_meeting"

// Meeting is one meeting of a board, with its agenda, who was there, and what was
// decided. It is changed through a [Service] alone; what a Service returns is a copy
// that the caller may do with as he likes.
type Meeting struct {
	workflow.Record

	Board  Board     `json:"board"`            // as it was when the meeting was made; without its recurrence and calendar
	Start  time.Time `json:"start"`            // as planned, in UTC
	End    time.Time `json:"end"`              // as planned
	Cutoff time.Time `json:"cutoff,omitzero"`  // when the agenda closes; zero = not before the meeting does
	Reason string    `json:"reason,omitempty"` // why it was convened, or cancelled

	Began  time.Time `json:"began,omitzero"`   // actually
	Ended  time.Time `json:"ended,omitzero"`   // actually
	Chairs []string  `json:"chairs,omitempty"` // who has chaired, one after the other; the last one does

	Agenda     []Item       `json:"agenda,omitempty"`
	Ordered    bool         `json:"ordered,omitempty"`   // somebody has ordered the agenda by hand
	LeftOver   []LeftOver   `json:"left_over,omitempty"` // what did not fit
	Removed    []Removal    `json:"removed,omitempty"`   // what was taken off by hand
	Attendance []Attendance `json:"attendance,omitempty"`

	PreRead     time.Time `json:"pre_read,omitzero"` // when it was last sent
	Minutes     string    `json:"minutes,omitempty"` // as published
	PublishedAt time.Time `json:"published_at,omitzero"`
	PublishedBy string    `json:"published_by,omitempty"`
}

// Item is one change on an agenda.
type Item struct {
	Change       workflow.Ref   `json:"change"`
	Number       string         `json:"number"`
	Title        string         `json:"title"`
	Facts        approval.Facts `json:"facts,omitempty"` // those that the board's rule names
	PlannedStart time.Time      `json:"planned_start,omitzero"`

	Offset  int    `json:"offset"`           // minutes from the beginning of the meeting
	Minutes int    `json:"minutes"`          // 0 = no time is needed for it
	Manual  bool   `json:"manual,omitempty"` // added by hand
	From    string `json:"from,omitempty"`   // the number of the meeting that has deferred it, or had no time
	Doubt   string `json:"doubt,omitempty"`  // why the board's rule could not be asked: it is here to be looked at

	Outcome  Outcome   `json:"outcome"`
	Decision *Decision `json:"decision,omitempty"`
	Votes    []Ballot  `json:"votes,omitempty"` // that stand
	Recusals []Recusal `json:"recusals,omitempty"`
	Notes    []Note    `json:"notes,omitempty"`

	AsOf time.Time `json:"as_of,omitzero"` // of the approval, when the votes were taken from it
}

// Outcome is what came of an item.
type Outcome string

// The outcomes.
const (
	Pending          Outcome = "pending"
	Approved         Outcome = "approved"
	Rejected         Outcome = "rejected"
	Deferred         Outcome = "deferred" // to the next meeting
	Withdrawn        Outcome = "withdrawn"
	DecidedElsewhere Outcome = "decided_elsewhere" // by votes outside the meeting, or by another stage
	ForInformation   Outcome = "for_information"   // approved beforehand: nothing is to be decided
)

// Decision is how an item came to its outcome.
type Decision struct {
	At      time.Time       `json:"at"`
	By      string          `json:"by,omitempty"`      // who closed the vote or deferred the item; empty = the votes decided
	Present []string        `json:"present,omitempty"` // the seats taken at that instant: "ann", "alf for bob"
	Status  approval.Status `json:"status,omitempty"`  // of the board's decision on the change
	Reason  string          `json:"reason,omitempty"`
	Comment string          `json:"comment,omitempty"` // of the chair
}

// Ballot is a vote as the minutes keep it.
type Ballot struct {
	By      string          `json:"by"`
	For     []string        `json:"for,omitempty"` // other people than the voter
	Choice  approval.Choice `json:"choice"`
	Comment string          `json:"comment,omitempty"` // the beginning of it
	At      time.Time       `json:"at"`
}

// Recusal is somebody who does not decide on an item.
type Recusal struct {
	Person  string    `json:"person"`
	Why     string    `json:"why"`
	At      time.Time `json:"at"`
	Refused bool      `json:"refused,omitempty"` // he did not recuse himself: the change's approval excludes him
}

// Note is a line of the minutes on an item.
type Note struct {
	At   time.Time `json:"at"`
	By   string    `json:"by"`
	Text string    `json:"text"`
}

// LeftOver is a change for which the meeting has no time.
type LeftOver struct {
	Change  workflow.Ref `json:"change"`
	Number  string       `json:"number"`
	Title   string       `json:"title"`
	Minutes int          `json:"minutes"`
}

// Removal is a change that was taken off an agenda, and stays off it.
type Removal struct {
	Change workflow.Ref `json:"change"`
	Number string       `json:"number"`
	At     time.Time    `json:"at"`
	By     string       `json:"by"`
	Reason string       `json:"reason,omitempty"`
}

// item returns the item of a change, or nil.
func (m *Meeting) item(change workflow.ID) *Item {
	i := slices.IndexFunc(m.Agenda, func(it Item) bool { return it.Change.ID == change })
	if i < 0 {
		return nil
	}
	return &m.Agenda[i]
}

// Item returns a copy of the item of a change.
func (m *Meeting) Item(change workflow.ID) (Item, bool) {
	if it := m.item(change); it != nil {
		return it.clone(), true
	}
	return Item{}, false
}

// Chair is who chairs the meeting, or did so last; empty before it has begun.
func (m *Meeting) Chair() string {
	if len(m.Chairs) == 0 {
		return ""
	}
	return m.Chairs[len(m.Chairs)-1]
}

// minutesPlanned is how long the meeting is planned to last.
func (m *Meeting) minutesPlanned() int { return int(m.End.Sub(m.Start) / time.Minute) }

func (it Item) clone() Item {
	it.Facts = maps.Clone(it.Facts)
	if it.Decision != nil {
		d := *it.Decision
		d.Present = slices.Clone(d.Present)
		it.Decision = &d
	}
	it.Votes, it.Recusals, it.Notes = slices.Clone(it.Votes), slices.Clone(it.Recusals), slices.Clone(it.Notes)
	for i := range it.Votes {
		it.Votes[i].For = slices.Clone(it.Votes[i].For)
	}
	return it
}

// clone returns a copy that shares nothing with m.
func (m *Meeting) clone() *Meeting {
	n := *m
	n.Record = m.Record.Clone()
	n.Board = m.Board.Clone()
	n.Chairs, n.LeftOver, n.Removed = slices.Clone(m.Chairs), slices.Clone(m.LeftOver), slices.Clone(m.Removed)
	n.Attendance = slices.Clone(m.Attendance)
	n.Agenda = slices.Clone(m.Agenda)
	for i := range n.Agenda {
		n.Agenda[i] = n.Agenda[i].clone()
	}
	return &n
}

// The fields a meeting can be found by, besides those of every record.
const (
	IndexCategory = "category" // of the state, see [workflow.Category]
	IndexBoard    = "board"
	IndexStart    = "start"  // a TimeKey: as planned
	IndexEnded    = "ended"  // a TimeKey: actually
	IndexChange   = "change" // the id of every change on its agenda
)

func (m *Meeting) index(category workflow.Category) []workflow.IndexEntry {
	entries := []workflow.IndexEntry{
		{Field: IndexCategory, Key: workflow.StringKey(category.String())},
		{Field: IndexBoard, Key: workflow.StringKey(m.Board.Name)},
		{Field: IndexStart, Key: workflow.TimeKey(m.Start)},
	}
	if !m.Ended.IsZero() {
		entries = append(entries, workflow.IndexEntry{Field: IndexEnded, Key: workflow.TimeKey(m.Ended)})
	}
	for _, it := range m.Agenda {
		entries = append(entries, workflow.IndexEntry{Field: IndexChange, Key: workflow.StringKey(it.Change.ID.String())})
	}
	return entries
}
