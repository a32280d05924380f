package cab

import (
	"slices"
	"time"

	"github.com/itsm-go/itsm/sla/calendar"
	"github.com/itsm-go/itsm/workflow/approval"
)

// Limits of boards and their meetings.
const (
	MaxMembers    = 100
	MaxAlternates = 20                  // of one member
	MaxLength     = 24 * time.Hour      // of a meeting, elapsed
	MaxCutoff     = 90 * 24 * time.Hour // elapsed
	MaxItems      = 100                 // on one agenda
	MaxNotes      = 200                 // in the minutes of one meeting
	MaxNote       = 4 << 10             // bytes of a note or a reason
	MaxAttendance = 2000                // entries of one meeting
)

// Board is a change advisory board: who sits on it, when it meets, and how its
// agenda comes about. It is data; the zero value is no board. See [Board.Validate]
// and [Parse].
type Board struct {
	Name  string `json:"name"`            // what a policy's selector names
	Title string `json:"title,omitempty"` // for people; default: the name
	Zone  string `json:"zone"`            // IANA: "Europe/Berlin"

	Members    []Member `json:"members"`
	Chair      string   `json:"chair"`                 // need not be a member; then without a vote
	ViceChairs []string `json:"vice_chairs,omitempty"` // who may chair in the chair's place
	// Quorum is how many members must be there, in person or through an alternate,
	// and how many of them must vote.
	Quorum int `json:"quorum"`

	// Emergency makes it an emergency board (ECAB): it has no regular meetings, and
	// is convened when something happens.
	Emergency bool        `json:"emergency,omitempty"`
	Meets     *Recurrence `json:"meets,omitempty"`
	// Calendar tells the days on which the board does not meet: those without any
	// open time, in the board's zone. None = it meets every day.
	Calendar *calendar.Calendar `json:"calendar,omitempty"`
	// Length is how long a meeting is planned to last, elapsed, in whole minutes.
	Length approval.Duration `json:"length"`
	// Cutoff is how long before a meeting, elapsed, its agenda closes. That is also
	// when the pre-read is sent. A meeting that is convened has no cutoff.
	Cutoff approval.Duration `json:"cutoff,omitempty"`

	Agenda Agenda `json:"agenda,omitzero"`

	// Policies are the approval policies in which the board decides. An alternate
	// may vote for his member in these alone; none named = in all.
	Policies []string `json:"policies,omitempty"`
}

// Member is a seat on a board.
type Member struct {
	Person string `json:"person"`
	// Alternates may take the seat while the member is absent. Who comes earlier in
	// the list takes it from those behind.
	Alternates []string `json:"alternates,omitempty"`
	// Mandatory: without this seat taken the board has no quorum. It does not make
	// the member's approval necessary; that is a matter of the policy.
	Mandatory bool `json:"mandatory,omitempty"`
}

// People are the members, in the order of the board: what a host answers when an
// approval asks for the board.
func (b Board) People() []string {
	people := make([]string, len(b.Members))
	for i, m := range b.Members {
		people[i] = m.Person
	}
	return people
}

// Selector names the board in an approval policy.
func (b Board) Selector() approval.Selector {
	return approval.Selector{Kind: approval.Board, Name: b.Name}
}

// Stage returns an approval stage that asks the board: more than half of its members
// approve or reject, and the board's quorum has to vote. At a meeting the chair closes
// the vote, and more than half of those who have voted decide. For alternates to vote,
// the policy must allow at least one delegation.
func (b Board) Stage(name string) approval.Stage {
	return approval.Stage{Name: name, Ask: []approval.Selector{b.Selector()}, Quorum: b.Quorum,
		Approve: approval.Rule{Kind: approval.Majority}, Reject: approval.Rule{Kind: approval.Majority}}
}

// Clone returns a copy that shares nothing with b but the calendar, which does not
// change.
func (b Board) Clone() Board {
	b.Members = slices.Clone(b.Members)
	for i := range b.Members {
		b.Members[i].Alternates = slices.Clone(b.Members[i].Alternates)
	}
	b.ViceChairs, b.Policies = slices.Clone(b.ViceChairs), slices.Clone(b.Policies)
	if b.Meets != nil {
		r := b.Meets.clone()
		b.Meets = &r
	}
	b.Agenda = b.Agenda.clone()
	return b
}

// pinned is what a meeting keeps of its board: a board that is edited later changes
// no meeting.
func (b Board) pinned() Board {
	b = b.Clone()
	b.Meets, b.Calendar = nil, nil
	return b
}

// label is how people call the board.
func (b Board) label() string {
	if b.Title != "" {
		return b.Title
	}
	return b.Name
}

// member returns the seat of a person, or nil.
func (b *Board) member(person string) *Member {
	i := slices.IndexFunc(b.Members, func(m Member) bool { return m.Person == person })
	if i < 0 {
		return nil
	}
	return &b.Members[i]
}

// seats reports whether a person is a member or an alternate.
func (b *Board) seats(person string) bool {
	return slices.ContainsFunc(b.Members, func(m Member) bool { return m.Person == person || slices.Contains(m.Alternates, person) })
}

// audience is everybody who is told of the board's meetings, each once.
func (b *Board) audience() []string {
	all := append([]string{b.Chair}, b.ViceChairs...)
	all = append(all, b.People()...)
	for _, m := range b.Members {
		all = append(all, m.Alternates...)
	}
	return distinct(all)
}

// distinct drops repetitions and empty names, and keeps the order.
func distinct(names []string) []string {
	kept := []string{}
	for _, n := range names {
		if n != "" && !slices.Contains(kept, n) {
			kept = append(kept, n)
		}
	}
	return kept
}

// location is the board's zone; UTC for one that is not known, which Validate refuses.
func (b *Board) location() *time.Location {
	loc, err := time.LoadLocation(b.Zone)
	if err != nil {
		return time.UTC
	}
	return loc
}
