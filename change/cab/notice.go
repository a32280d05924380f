package cab

import (
	"time"

	"github.com/itsm-go/itsm/workflow"
)

// The topics of the messages that meetings put into the outbox. The payload of each is
// a [Notice] as JSON.
const (
	TopicScheduled = "cab.scheduled"
	TopicConvened  = "cab.convened"
	TopicPreRead   = "cab.pre_read"  // the agenda, for those who will be there
	TopicLeftOver  = "cab.left_over" // changes for which the meeting has no time
	TopicDeferred  = "cab.deferred"
	TopicMinutes   = "cab.minutes"
	TopicCancelled = "cab.cancelled"
)

// Notice is what people are told about a meeting.
type Notice struct {
	ID     workflow.ID  `json:"id"`
	Number string       `json:"number"`
	Board  string       `json:"board"`
	Title  string       `json:"title"`
	State  string       `json:"state"`
	Start  time.Time    `json:"start"` // as planned, in UTC
	End    time.Time    `json:"end"`   // as planned
	Zone   string       `json:"zone"`  // of the board, to show times in
	Cutoff time.Time    `json:"cutoff,omitzero"`
	To     []string     `json:"to"` // persons, without repetition
	Items  []NoticeItem `json:"items,omitempty"`
	Text   string       `json:"text,omitempty"` // the reason; of the minutes the whole text
}

// NoticeItem is a change that a notice is about. Who is to be told of it besides those
// of the board, such as its requester, the host knows.
type NoticeItem struct {
	Change  workflow.Ref `json:"change"`
	Number  string       `json:"number"`
	Title   string       `json:"title"`
	At      time.Time    `json:"at,omitzero"` // when its turn comes, as planned
	Minutes int          `json:"minutes,omitempty"`
	Outcome Outcome      `json:"outcome,omitempty"`
}

func (st *step) tell(topic, text string, to []string, items ...NoticeItem) error {
	m := st.m
	return st.tx.Send(st.s.kind.Ref(m.ID), topic, Notice{ID: m.ID, Number: m.Number, Board: m.Board.Name, Title: m.Title, State: m.State,
		Start: m.Start, End: m.End, Zone: m.Board.Zone, Cutoff: m.Cutoff, To: distinct(to), Items: items, Text: text})
}

// announced is the whole agenda as a notice tells it.
func (m *Meeting) announced() []NoticeItem {
	all := make([]NoticeItem, len(m.Agenda))
	for i, it := range m.Agenda {
		all[i] = it.announced(m.Start)
	}
	return all
}

func (it Item) announced(start time.Time) NoticeItem {
	n := NoticeItem{Change: it.Change, Number: it.Number, Title: it.Title, Minutes: it.Minutes, Outcome: it.Outcome}
	if it.Minutes > 0 {
		n.At = start.Add(time.Duration(it.Offset) * time.Minute)
	}
	return n
}
