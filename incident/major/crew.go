package major

import (
	"fmt"
	"slices"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

// Role is a part in the handling of a major incident.
type Role string

// The roles. There is one manager, one lead of communications and one scribe at a time,
// and as many resolvers as it takes.
const (
	Manager        Role = "manager"
	Communications Role = "communications_lead"
	Scribe         Role = "scribe"
	Resolver       Role = "resolver"
)

var roles = []Role{Manager, Communications, Scribe, Resolver}

// Turn is the time that a person has, or had, a role. Turns are never removed: they are
// the history of who handed over to whom. Those that are open end when the incident is
// closed or cancelled, or is a major one no longer; while it is resolved they go on, for
// there is still the review.
type Turn struct {
	Role   Role      `json:"role"`
	Person string    `json:"person"`
	From   time.Time `json:"from"`
	Until  time.Time `json:"until,omitzero"` // zero: still
	By     string    `json:"by,omitempty"`   // who gave the role; empty: a rule did
	Note   string    `json:"note,omitempty"` // what was handed over
}

// Holders are the persons who have the role now, in the order of taking it. A case that
// is nil has none.
func (c *Case) Holders(r Role) []string {
	var persons []string
	if c == nil {
		return nil
	}
	for _, t := range c.Crew {
		if t.Role == r && t.Until.IsZero() {
			persons = append(persons, t.Person)
		}
	}
	return persons
}

// Last is who has a role now, or had it last: whom to turn to once everybody's turn has
// ended. It is empty if nobody ever had it.
func (c *Case) Last(r Role) string {
	if c == nil {
		return ""
	}
	for _, t := range slices.Backward(c.Crew) {
		if t.Role == r {
			return t.Person
		}
	}
	return ""
}

// Take gives a role to a person. A role that one person has at a time passes on from
// whoever has it: a hand-over, with the note that goes with it. Who has the role
// already keeps it, and nothing changes.
func (c *Case) Take(r Role, person, by, note string, at time.Time) error {
	var p workflow.Problems
	if !slices.Contains(roles, r) {
		p.Addf("role %q, want one of %q", r, roles)
	}
	if person == "" || len(person) > workflow.MaxKey {
		p.Addf("the person has 1 to %d bytes", workflow.MaxKey)
	}
	checkText(&p, "the note", note, false)
	if len(c.Crew) >= MaxCrew {
		p.Addf("%d turns, the most there may be", MaxCrew)
	}
	if err := p.Err("major: role"); err != nil {
		return err
	}
	if slices.Contains(c.Holders(r), person) {
		return nil
	}
	if r != Resolver {
		c.end(r, "", at)
	}
	c.Crew = append(c.Crew, Turn{Role: r, Person: person, From: at, By: by, Note: note})
	return nil
}

// Leave ends a person's turn in a role. A major incident is not without a manager: that
// role is handed over.
func (c *Case) Leave(r Role, person string, at time.Time) error {
	switch {
	case !slices.Contains(c.Holders(r), person):
		return fmt.Errorf("major: %s is not %s: %w", person, r, workflow.ErrNotFound)
	case r == Manager:
		return fmt.Errorf("major: the manager hands over, and does not leave: %w", workflow.ErrInvalid)
	}
	c.end(r, person, at)
	return nil
}

func (c *Case) end(r Role, person string, at time.Time) {
	for i := range c.Crew {
		t := &c.Crew[i]
		if t.Role == r && t.Until.IsZero() && (person == "" || t.Person == person) {
			t.Until = at
		}
	}
}

// StandDown ends every turn, and the conference for everybody in it.
func (c *Case) StandDown(at time.Time) {
	for _, r := range roles {
		c.end(r, "", at)
	}
	if c.Bridge != nil {
		for i := range c.Bridge.Calls {
			c.Bridge.Calls[i].hangUp(at)
		}
	}
}

// Bridge is the conference in which people work together.
type Bridge struct {
	URL      string    `json:"url"`
	OpenedAt time.Time `json:"opened_at"`
	OpenedBy string    `json:"opened_by"`
	Calls    []Call    `json:"calls,omitempty"`
}

// Call is the time that a person is, or was, in the conference.
type Call struct {
	Person string    `json:"person"`
	Joined time.Time `json:"joined"`
	Left   time.Time `json:"left,omitzero"`
}

func (b *Bridge) clone() *Bridge {
	if b == nil {
		return nil
	}
	c := *b
	c.Calls = slices.Clone(b.Calls)
	return &c
}

// OpenBridge says where the conference is; who was in another one has left it.
func (c *Case) OpenBridge(url, by string, at time.Time) error {
	if url == "" || len(url) > MaxShort {
		return fmt.Errorf("major: a conference has a link of 1 to %d bytes: %w", MaxShort, workflow.ErrInvalid)
	}
	if c.Bridge == nil {
		c.Bridge = &Bridge{}
	}
	for i := range c.Bridge.Calls {
		c.Bridge.Calls[i].hangUp(at)
	}
	c.Bridge.URL, c.Bridge.OpenedAt, c.Bridge.OpenedBy = url, at, by
	return nil
}

func (c *Call) hangUp(at time.Time) {
	if c.Left.IsZero() {
		c.Left = at
	}
}

// Present are the persons in the conference now.
func (b *Bridge) Present() []string {
	var persons []string
	if b == nil {
		return nil
	}
	for _, c := range b.Calls {
		if c.Left.IsZero() {
			persons = append(persons, c.Person)
		}
	}
	return persons
}

// Attend notes that a person joins the conference, or leaves it. Doing so twice changes
// nothing.
func (c *Case) Attend(person string, joins bool, at time.Time) error {
	var p workflow.Problems
	if c.Bridge == nil {
		p.Addf("no conference is open")
	}
	if person == "" || len(person) > workflow.MaxKey {
		p.Addf("the person has 1 to %d bytes", workflow.MaxKey)
	}
	if joins && c.Bridge != nil && len(c.Bridge.Calls) >= MaxCalls {
		p.Addf("%d calls, the most there may be", MaxCalls)
	}
	if err := p.Err("major: conference"); err != nil {
		return err
	}
	present := slices.Contains(c.Bridge.Present(), person)
	switch {
	case joins && !present:
		c.Bridge.Calls = append(c.Bridge.Calls, Call{Person: person, Joined: at})
	case !joins:
		for i := range c.Bridge.Calls {
			if c.Bridge.Calls[i].Person == person {
				c.Bridge.Calls[i].hangUp(at)
			}
		}
	}
	return nil
}
