package cab

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

// Attendance is somebody being at the meeting for some time, in one role.
type Attendance struct {
	Person string    `json:"person"`
	Role   Role      `json:"role"`
	For    string    `json:"for,omitempty"` // the member whom an alternate represents
	Joined time.Time `json:"joined"`
	Left   time.Time `json:"left,omitzero"` // zero = still there
}

// Role is what somebody is at a meeting.
type Role string

// The roles. A member and an alternate have a seat, which is one vote.
const (
	AsMember    Role = "member"
	AsAlternate Role = "alternate"
	AsGuest     Role = "guest"
)

// seat is the member whose seat the person has; empty for a guest.
func (a Attendance) seat() string {
	switch a.Role {
	case AsMember:
		return a.Person
	case AsAlternate:
		return a.For
	}
	return ""
}

// at reports whether the entry holds at an instant, both ends included.
func (a Attendance) at(t time.Time) bool {
	return !t.Before(a.Joined) && (a.Left.IsZero() || !t.After(a.Left))
}

// String gives "ann", "alf for bob" or "gus, guest".
func (a Attendance) String() string {
	switch a.Role {
	case AsAlternate:
		return a.Person + " for " + a.For
	case AsGuest:
		return a.Person + ", guest"
	}
	return a.Person
}

// here returns the person's present attendance, or nil.
func (m *Meeting) here(person string) *Attendance {
	i := slices.IndexFunc(m.Attendance, func(a Attendance) bool { return a.Person == person && a.Left.IsZero() })
	if i < 0 {
		return nil
	}
	return &m.Attendance[i]
}

// holder returns who sits on the seat of a member now, or nil.
func (m *Meeting) holder(member string) *Attendance {
	i := slices.IndexFunc(m.Attendance, func(a Attendance) bool { return a.Left.IsZero() && a.seat() == member })
	if i < 0 {
		return nil
	}
	return &m.Attendance[i]
}

// seated lists the seats that were taken at an instant, in the order of the board. Of
// several holders the later one counts.
func (m *Meeting) seated(at time.Time) []Attendance {
	var taken []Attendance
	for _, member := range m.Board.Members {
		for _, a := range slices.Backward(m.Attendance) {
			if a.seat() == member.Person && a.at(at) {
				taken = append(taken, a)
				break
			}
		}
	}
	return taken
}

func inWords(all []Attendance) []string {
	words := make([]string, len(all))
	for i, a := range all {
		words[i] = a.String()
	}
	return words
}

// Quorate reports whether so many seats are taken now that the board can decide, and
// why or why not. Before it begins and after it has ended a meeting is not quorate.
func (m *Meeting) Quorate() (bool, string) {
	err := m.quorum("")
	return err == nil, m.count("").reason()
}

// quorum is the error that stands against a decision on an item, or nil.
func (m *Meeting) quorum(item string) error {
	e := m.count(item)
	if len(e.Present) < e.Needed || len(e.Missing) > 0 {
		return e
	}
	return nil
}

func (m *Meeting) count(item string) *QuorumError {
	e := &QuorumError{Meeting: m.Name(), Item: item, Needed: m.Board.Quorum, Of: len(m.Board.Members)}
	for _, member := range m.Board.Members {
		switch h := m.holder(member.Person); {
		case h != nil:
			e.Present = append(e.Present, h.String())
		case member.Mandatory:
			e.Missing = append(e.Missing, member.Person)
		}
	}
	return e
}

// Attend records that a person has come to a meeting in session: whoever sits on the
// board does so himself, and who chairs or prepares the meeting for others. A member takes his seat; an alternate who has it becomes a guest.
// An alternate takes the seat of the absent member named by represents, or if it is
// empty, of the first one for whom he may; without such a seat he is a guest, as is
// everybody else. Doing so twice changes nothing; a guest may take a seat later. The
// error matches [ErrSeatTaken] if the seat that was asked for is not free.
func (s *Service) Attend(ctx context.Context, actor workflow.Actor, id workflow.ID, person, represents string) (*Meeting, error) {
	return s.run(ctx, actor, id, "attend", func(st *step) error {
		if err := st.mayRecord(person, RoleMember); err != nil {
			return err
		}
		if !validName(person) {
			return fmt.Errorf("cab: %s: %.64q is no person: must be 1 to 128 bytes of text: %w", st.m.Name(), person, workflow.ErrInvalid)
		}
		return st.attend(person, represents)
	})
}

// mayRecord asks for the right to record that a person comes or goes, which the person
// himself has if he holds a role.
func (st *step) mayRecord(person, himself string) error {
	if err := st.in(StateInSession); err != nil {
		return err
	}
	roles := append(st.s.officeRoles(), RolePresiding)
	if a := st.tx.Actor(); a.Type == workflow.ActorUser && a.ID == person && a.OnBehalfOf == "" {
		roles = append(roles, himself)
	}
	return st.authorize(roles...)
}

func (st *step) attend(person, represents string) error {
	m := st.m
	a := Attendance{Person: person, Role: AsGuest, Joined: st.tx.Now()}
	switch {
	case m.Board.member(person) != nil:
		if represents != "" && represents != person {
			return fmt.Errorf("cab: %s: %s has a seat, and nobody takes two: %w", m.Name(), person, ErrSeatTaken)
		}
		a.Role = AsMember
	case represents != "":
		if err := st.maySit(person, represents); err != nil {
			return err
		}
		a.Role, a.For = AsAlternate, represents
	case m.here(person) == nil:
		if a.For = st.freeSeat(person); a.For != "" {
			a.Role = AsAlternate
		}
	}
	old := m.here(person)
	if old != nil && (old.seat() == a.seat() || a.seat() == "") {
		return nil
	}
	if len(m.Attendance)+2 > MaxAttendance {
		return fmt.Errorf("cab: %s has %d entries of attendance, the most there may be: %w", m.Name(), MaxAttendance, workflow.ErrInvalid)
	}
	if old != nil {
		old.Left = a.Joined
	}
	if h := m.holder(a.seat()); a.seat() != "" && h != nil {
		h.Left = a.Joined
		m.Attendance = append(m.Attendance, Attendance{Person: h.Person, Role: AsGuest, Joined: a.Joined})
	}
	m.Attendance = append(m.Attendance, a)
	return nil
}

// maySit asks that the person may take the seat of a member who is absent: as one of
// his alternates, with none before him in the list sitting there.
func (st *step) maySit(person, member string) error {
	seat := st.m.Board.member(member)
	if seat == nil || !slices.Contains(seat.Alternates, person) {
		return fmt.Errorf("cab: %s: %s is no alternate of %.64q: %w", st.m.Name(), person, member, ErrNotPresent)
	}
	h := st.m.holder(member)
	switch {
	case h == nil || h.Person == person:
		return nil
	case h.Role == AsMember:
		return fmt.Errorf("cab: %s: %s is there himself: %w", st.m.Name(), member, ErrSeatTaken)
	case slices.Index(seat.Alternates, h.Person) < slices.Index(seat.Alternates, person):
		return fmt.Errorf("cab: %s: %s represents %s, and comes before %s: %w", st.m.Name(), h.Person, member, person, ErrSeatTaken)
	}
	return nil
}

// freeSeat is the first seat that nobody has and the person may take.
func (st *step) freeSeat(person string) string {
	for _, m := range st.m.Board.Members {
		if slices.Contains(m.Alternates, person) && st.m.holder(m.Person) == nil {
			return m.Person
		}
	}
	return ""
}

// Leave records that a person has gone: the person himself does so, or who chairs or
// prepares the meeting. The seat is free then; an alternate who is there as a guest may take it with
// [Service.Attend]. Somebody who is not there changes nothing.
func (s *Service) Leave(ctx context.Context, actor workflow.Actor, id workflow.ID, person string) (*Meeting, error) {
	return s.run(ctx, actor, id, "leave", func(st *step) error {
		if err := st.mayRecord(person, workflow.Anyone); err != nil {
			return err
		}
		if a := st.m.here(person); a != nil {
			a.Left = st.tx.Now()
		}
		return nil
	})
}
