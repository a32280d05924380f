package cab

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/approval"
)

// Parse decodes a board from JSON, as somebody has written it, and checks it with
// [Board.Validate]. Fields that a board does not have are refused. Every error matches
// [workflow.ErrInvalid].
//
//	{
//	  "name": "cab", "title": "Change Advisory Board", "zone": "Europe/Berlin",
//	  "members": [{"person": "ann", "mandatory": true}, {"person": "bob", "alternates": ["alf"]}, {"person": "cho"}],
//	  "chair": "ann", "vice_chairs": ["bob"], "quorum": 2,
//	  "meets": {"on": ["tuesday"], "every_weeks": 2, "from": "2026-01-06", "at": "14:00", "closed_days": "next"},
//	  "length": "1h", "cutoff": "48h",
//	  "agenda": {"minutes": 10, "longer": [{"when": [{"fact": "risk", "op": "equals", "values": ["high"]}], "minutes": 20}]}
//	}
func Parse(data []byte) (Board, error) {
	var b Board
	if err := workflow.ParseJSON(data, "cab: board", &b); err != nil {
		return Board{}, err
	}
	if err := b.Validate(); err != nil {
		return Board{}, err
	}
	return b, nil
}

// Validate reports everything that is wrong with the board in one error that matches
// [workflow.ErrInvalid].
func (b Board) Validate() error {
	var p workflow.Problems
	if !validName(b.Name) {
		p.Addf("name %.64q must be 1 to 128 bytes of text", b.Name)
	}
	if len(b.Title) > workflow.MaxTitle || !utf8.ValidString(b.Title) {
		p.Addf("the title must be text of at most %d bytes", workflow.MaxTitle)
	}
	if _, err := time.LoadLocation(b.Zone); err != nil || b.Zone == "" || b.Zone == "Local" {
		p.Addf("there is no time zone %.64q, write it as Europe/Berlin", b.Zone)
	}
	b.validatePeople(&p)
	if b.Length < approval.Duration(time.Minute) || time.Duration(b.Length) > MaxLength || time.Duration(b.Length)%time.Minute != 0 {
		p.Addf("length %v, must be whole minutes, from 1 minute to %v", b.Length, MaxLength)
	}
	if b.Cutoff < 0 || time.Duration(b.Cutoff) > MaxCutoff {
		p.Addf("cutoff %v, must be 0 to %v", b.Cutoff, MaxCutoff)
	}
	switch {
	case b.Emergency && b.Meets != nil:
		p.Addf("an emergency board has no regular meetings")
	case !b.Emergency && b.Meets == nil:
		p.Addf("it never meets: say when, or that it is an emergency board")
	case b.Meets != nil:
		b.Meets.validate(&p)
	}
	b.Agenda.validate(&p, b.minutes())
	for i, name := range b.Policies {
		if !validName(name) || slices.Contains(b.Policies[:i], name) {
			p.Addf("policy %.64q must be 1 to 128 bytes of text, and named once", name)
		}
	}
	return p.Err(fmt.Sprintf("cab: board %.64q", b.Name))
}

func (b Board) validatePeople(p *workflow.Problems) {
	if len(b.Members) == 0 || len(b.Members) > MaxMembers {
		p.Addf("%d members, must be 1 to %d", len(b.Members), MaxMembers)
		return
	}
	for i, m := range b.Members {
		where := fmt.Sprintf("member %d, %.64q", i+1, m.Person)
		if !validName(m.Person) {
			p.Addf("%s: a person's id has 1 to 128 bytes of text", where)
		}
		if slices.ContainsFunc(b.Members[:i], func(o Member) bool { return o.Person == m.Person }) {
			p.Addf("%s: is there twice", where)
		}
		if len(m.Alternates) > MaxAlternates {
			p.Addf("%s: %d alternates, at most %d", where, len(m.Alternates), MaxAlternates)
			continue
		}
		for j, alt := range m.Alternates {
			switch {
			case !validName(alt):
				p.Addf("%s: alternate %.64q must be 1 to 128 bytes of text", where, alt)
			case b.member(alt) != nil:
				p.Addf("%s: alternate %s has a seat, and nobody takes two", where, alt)
			case slices.Contains(m.Alternates[:j], alt):
				p.Addf("%s: alternate %s is there twice", where, alt)
			}
		}
	}
	if b.Quorum < 1 || b.Quorum > len(b.Members) {
		p.Addf("quorum %d, must be 1 to %d, which is how many members there are", b.Quorum, len(b.Members))
	}
	if !validName(b.Chair) {
		p.Addf("chair %.64q must be 1 to 128 bytes of text", b.Chair)
	}
	if len(b.ViceChairs) > MaxMembers {
		p.Addf("%d vice chairs, at most %d", len(b.ViceChairs), MaxMembers)
		return
	}
	for i, v := range b.ViceChairs {
		if !validName(v) || v == b.Chair || slices.Contains(b.ViceChairs[:i], v) {
			p.Addf("vice chair %.64q must be 1 to 128 bytes of text, another person than the chair, and named once", v)
		}
	}
}

// minutes is how much time an agenda has.
func (b Board) minutes() int { return int(time.Duration(b.Length) / time.Minute) }

func validName(s string) bool {
	return strings.TrimSpace(s) != "" && len(s) <= 128 && utf8.ValidString(s)
}

// validNote is for reasons and notes.
func validNote(s string) bool {
	return strings.TrimSpace(s) != "" && len(s) <= MaxNote && utf8.ValidString(s)
}
