package survey

import (
	"slices"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

// person is what is known of somebody who is asked: whether he wants to be, and when he
// was and is going to be. Every invitation to him is counted here in the commit that
// makes or sends it, so two at once cannot both take the last place.
type person struct {
	workflow.Record
	Person   string    `json:"person"`
	OptedOut bool      `json:"opted_out,omitempty"`
	Contacts []contact `json:"contacts,omitempty"`
}

func (p *person) clone() *person {
	c := *p
	c.Record, c.Contacts = p.Record.Clone(), slices.Clone(p.Contacts)
	return &c
}

// contact is one invitation: at the instant it was sent, or is to be.
type contact struct {
	Invitation workflow.ID `json:"invitation"`
	Survey     string      `json:"survey"`
	At         time.Time   `json:"at"`
	Sent       bool        `json:"sent,omitempty"`
}

// maxContacts bounds what is kept of one person.
const maxContacts = 1000

// fits reports whether one more at an instant is within the cap: whether there is no
// period of the cap's length around it with more than the most.
func (c PersonCap) fits(times []time.Time, at time.Time) bool {
	times = append(slices.Clone(times), at)
	within := time.Duration(c.Within)
	for _, from := range times {
		if from.After(at) || !at.Before(from.Add(within)) {
			continue
		}
		n := 0
		for _, t := range times {
			if !t.Before(from) && t.Before(from.Add(within)) {
				n++
			}
		}
		if n > c.Most {
			return false
		}
	}
	return true
}

// admits tells whether the person may have an invitation at an instant. When it is
// planned, what is planned besides counts too; when it is sent, what was sent alone.
func (s *Service) admits(p *person, sv *Survey, at time.Time, planned bool) (Why, bool) {
	if p.OptedOut {
		return WhyOptedOut, false
	}
	for _, c := range []struct {
		cap *PersonCap
		all bool
	}{{s.cfg.PersonCap, true}, {sv.def.PersonCap, false}} {
		if c.cap == nil {
			continue
		}
		var times []time.Time
		for _, k := range p.Contacts {
			if (c.all || k.Survey == sv.def.Name) && (planned || k.Sent) {
				times = append(times, k.At)
			}
		}
		if !c.cap.fits(times, at) {
			return WhyPersonCap, false
		}
	}
	if planned && len(p.Contacts) >= maxContacts {
		return WhyPersonCap, false
	}
	return "", true
}

// reserve counts an invitation that is planned.
func (p *person) reserve(id workflow.ID, survey string, at time.Time) {
	p.Contacts = append(p.Contacts, contact{Invitation: id, Survey: survey, At: at})
}

// sent counts a planned invitation as sent.
func (p *person) sent(id workflow.ID, survey string, at time.Time) {
	p.release(id)
	p.Contacts = append(p.Contacts, contact{id, survey, at, true})
}

// release forgets an invitation that will not be sent. One that was sent counts on.
func (p *person) release(id workflow.ID) {
	p.Contacts = slices.DeleteFunc(p.Contacts, func(c contact) bool { return c.Invitation == id && !c.Sent })
}

// forget drops what no cap can count any more.
func (p *person) forget(before time.Time) {
	p.Contacts = slices.DeleteFunc(p.Contacts, func(c contact) bool { return c.Sent && !c.At.After(before) })
}

// quota is how many invitations of a survey are planned for a period.
type quota struct {
	workflow.Record
	Taken int `json:"taken"`
}
