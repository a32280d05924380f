package approval

import (
	"fmt"
	"slices"
	"strings"
)

// tally is a panel counted out.
type tally struct {
	electorate, yes, no votes
	answered            votes // people who have voted, and seats for which somebody has
	unmet               []int // mandatory selectors without an approval
	lost                []int // mandatory selectors of which nobody is left
	veto                string
}

// count adds up the ballots. There is one for each voter, so nobody counts twice,
// and what it weighs is the heaviest seat that it stands for.
func (s *Stage) count(p *Panel) tally {
	var t tally
	for i := range p.Seats {
		if seat := &p.Seats[i]; seat.Recused == "" {
			t.electorate.add(1, s.weight(seat))
		}
	}
	for i := range p.Ballots {
		b := &p.Ballots[i]
		weight := 0
		for _, name := range b.For {
			weight = max(weight, s.weight(p.seat(name)))
		}
		t.answered.add(len(b.For), weight)
		switch b.Choice {
		case Approve:
			t.yes.add(len(b.For), weight)
		case Reject:
			t.no.add(len(b.For), weight)
		}
	}
	if p.ClosedBy != "" {
		t.electorate = t.answered
	}
	s.mandatory(p, &t)
	t.veto = s.vetoed(p)
	return t
}

func (v *votes) add(seats, weight int) {
	v.heads++
	v.seats += seats
	v.weight += weight
}

func (s *Stage) mandatory(p *Panel, t *tally) {
	for i, sel := range s.Ask {
		if !sel.Mandatory {
			continue
		}
		of := func(b *Ballot) bool {
			return slices.ContainsFunc(b.For, func(name string) bool { return slices.Contains(p.seat(name).From, i) })
		}
		if slices.ContainsFunc(p.Ballots, func(b Ballot) bool { return b.Choice == Approve && of(&b) }) {
			continue
		}
		t.unmet = append(t.unmet, i)
		if len(p.of(i)) == 0 {
			t.lost = append(t.lost, i)
		}
	}
}

// vetoed returns who has used a veto.
func (s *Stage) vetoed(p *Panel) string {
	for _, b := range p.Ballots {
		if b.Choice != Reject {
			continue
		}
		for _, name := range b.For {
			if slices.ContainsFunc(p.seat(name).From, func(i int) bool { return s.Ask[i].Veto }) {
				return b.By
			}
		}
	}
	return ""
}

// weight is that of the heaviest selector that names the person.
func (s *Stage) weight(seat *Seat) int {
	w := 0
	for _, i := range seat.From {
		w = max(w, s.Ask[i].weight())
	}
	return w
}

// verdict is what becomes of a stage, and why.
type verdict struct {
	status Status
	reason string
	needs  []string // what an open stage still needs
}

// judge decides a stage from the votes that stand, whatever their order was.
func (s *Stage) judge(p *Panel) verdict {
	t := s.count(p)
	if why := s.impossible(p, t); why != "" {
		return verdict{status: Blocked, reason: why}
	}
	everybody := t.answered.seats >= t.electorate.seats
	switch {
	case t.answered.heads < s.Quorum || s.AllRespond && !everybody:
	case t.veto != "":
		return verdict{status: Rejected, reason: "veto of " + t.veto}
	case s.reject().met(t.no, t.electorate):
		return verdict{status: Rejected, reason: s.reject().tells(t.no, t.electorate, "rejections")}
	case s.Approve.met(t.yes, t.electorate) && len(t.unmet) == 0:
		return verdict{status: Approved, reason: s.Approve.tells(t.yes, t.electorate, "approvals")}
	}
	if t.answered.heads >= t.electorate.heads { // nobody is left who could still vote for himself
		return verdict{status: Rejected, reason: "everybody has voted and approval was not reached: " + strings.Join(s.needs(p, t), "; ")}
	}
	return verdict{status: Requested, needs: s.needs(p, t)}
}

// impossible says why a stage could not be approved even if everybody who is left
// approved. Failing closed: such a stage is blocked, never skipped. A vote that was
// closed is counted as it stands.
func (s *Stage) impossible(p *Panel, t tally) string {
	if p.ClosedBy != "" {
		return ""
	}
	var why []string
	switch {
	case t.electorate.heads == 0:
		why = append(why, "nobody is left who may decide; needs at least one person from "+s.names())
	case !s.Approve.met(t.electorate, t.electorate):
		unit := "people"
		if s.Approve.Kind == Weight {
			unit = "weight"
		}
		why = append(why, fmt.Sprintf("approval needs %d %s, only %d may decide", s.Approve.need(t.electorate), unit, s.Approve.measure(t.electorate)))
	case t.electorate.heads < s.Quorum:
		why = append(why, fmt.Sprintf("the quorum is %d people, only %d may decide", s.Quorum, t.electorate.heads))
	}
	for _, i := range t.lost {
		why = append(why, fmt.Sprintf("%v must approve and nobody of them may", s.Ask[i]))
	}
	if len(why) == 0 {
		return ""
	}
	if out := p.outOfIt(); out != "" {
		why = append(why, out)
	}
	return strings.Join(why, "; ")
}

// needs lists what is missing for approval.
func (s *Stage) needs(p *Panel, t tally) []string {
	var all []string
	need, have := s.Approve.need(t.electorate), s.Approve.measure(t.yes)
	switch {
	case have >= need:
	case s.Approve.Kind == Weight:
		all = append(all, fmt.Sprintf("weight %d of %d more", need-have, need))
	default:
		all = append(all, fmt.Sprintf("%d of %d approvals more", need-have, need))
	}
	for _, i := range t.unmet {
		if s.Ask[i].Kind == Person {
			all = append(all, s.Ask[i].Name+" must approve")
		} else {
			all = append(all, "somebody of "+s.Ask[i].String()+" must approve: "+strings.Join(p.of(i), " or "))
		}
	}
	if missing := s.Quorum - t.answered.heads; missing > 0 {
		all = append(all, fmt.Sprintf("%d of %d for the quorum", missing, s.Quorum))
	}
	if left := t.electorate.seats - t.answered.seats; s.AllRespond && left > 0 {
		all = append(all, fmt.Sprintf("%d of %d have still to respond", left, t.electorate.seats))
	}
	return all
}
