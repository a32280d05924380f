package routing

import (
	"fmt"
	"time"
)

// Cause is why somebody does not get the work.
type Cause string

// The causes.
const (
	LacksSkill Cause = "lacks_skill"
	LowLevel   Cause = "low_level"   // the skill is there, at too low a level
	RunOut     Cause = "run_out"     // the certificate is no longer good
	Away       Cause = "away"        // on leave, ill, …
	OffDuty    Cause = "off_duty"    // outside his working time
	NotOnCall  Cause = "not_on_call" // and the group takes only those who are
	Full       Cause = "full"        // the work does not fit into his capacity
	LessSuited Cause = "less_suited" // others have more of the preferred skills
	NotTaken   Cause = "not_taken"   // he could have taken it, and another got it

	NoMembers Cause = "no_members" // of the group
	NoOnCall  Cause = "no_on_call" // nobody knows who is
)

// Passed is somebody, or a whole group, who was looked at and does not get the work.
type Passed struct {
	Group  string `json:"group"`
	Person string `json:"person,omitempty"` // empty: this is about the group
	Cause  Cause  `json:"cause"`
	Skill  string `json:"skill,omitempty"`
	// Have is what he has, and Want what it takes: levels of a skill, preferred skills,
	// or, of a capacity, what he has to do and what the work weighs.
	Have     int       `json:"have,omitempty"`
	Want     int       `json:"want,omitempty"`
	Capacity int       `json:"capacity,omitempty"`
	Until    time.Time `json:"until,omitzero"` // when he can again, or since when not
	Note     string    `json:"note,omitempty"` // the reason that was given
}

// Reason tells why, in words.
func (p Passed) Reason() string {
	switch p.Cause {
	case LacksSkill:
		return "lacks " + p.Skill
	case LowLevel:
		return fmt.Sprintf("%s at level %d, needed is %d", p.Skill, p.Have, p.Want)
	case RunOut:
		return fmt.Sprintf("%s has run out on %s", p.Skill, p.Until.UTC().Format(time.DateOnly))
	case Away:
		note := p.Note
		if note == "" {
			note = "absent"
		}
		return note + " until " + p.Until.UTC().Format(time.RFC3339)
	case OffDuty:
		if p.Until.IsZero() {
			return "never on duty"
		}
		return "off duty until " + p.Until.UTC().Format(time.RFC3339)
	case NotOnCall:
		return "not on call"
	case Full:
		return fmt.Sprintf("full: has %d of %d, the work is %d", p.Have, p.Capacity, p.Want)
	case LessSuited:
		return fmt.Sprintf("could have taken it, with %d preferred skills where others have %d", p.Have, p.Want)
	case NotTaken:
		if p.Capacity > 0 {
			return fmt.Sprintf("could have taken it, has %d of %d", p.Have, p.Capacity)
		}
		return fmt.Sprintf("could have taken it, has %d", p.Have)
	case NoMembers:
		return "it has no members"
	case NoOnCall:
		return "who is on call: " + p.Note
	}
	return string(p.Cause)
}

// String names who it is about, and why.
func (p Passed) String() string {
	if p.Person == "" {
		return "group " + p.Group + ": " + p.Reason()
	}
	return p.Person + " of " + p.Group + ": " + p.Reason()
}
