package incident

import (
	"strings"
	"time"

	"github.com/itsm-go/itsm/incident/major"
	"github.com/itsm-go/itsm/workflow"
)

// situation is how the rules for major incidents see an incident.
func (s *Service) situation(inc *Incident) major.Situation {
	x := major.Situation{Priority: int(inc.Priority), Children: inc.Children, VIP: inc.VIP,
		Service: inc.Service, Category: inc.Category, Customer: inc.Customer}
	x.Suffering, x.More = inc.Suggested.suffering()
	return x
}

// trigger looks at the rules, which may propose the incident or promote it.
func (st *step) trigger() error {
	inc := st.inc
	if len(st.s.cfg.Major.Rules) == 0 || inc.Parent != (workflow.ID{}) || inc.Major.Is(major.StateProposed) || inc.Major.Is(major.StateAccepted) || !working(st.s.Category(inc)) {
		return nil
	}
	rule, because, ok := st.s.playbook.Match(inc.Major, st.s.situation(inc))
	if !ok {
		return nil
	}
	reason := clip("rule "+rule.Name+": "+because, major.MaxShort)
	if rule.Action == major.ActionPromote {
		return st.promoteMajor(reason, rule.Impact, rule.Name)
	}
	return st.proposeMajor(reason, rule.Impact, rule.Name)
}

// proposeMajor makes a candidate of the incident, by hand or by a rule.
func (st *step) proposeMajor(reason, impact, rule string) error {
	to, err := st.fireMajor(major.ActionPropose, reason, impact, rule != "")
	if err != nil {
		return err
	}
	inc, c := st.inc, st.caseFor(reason, impact, rule)
	c.State = to
	if d := time.Duration(st.s.cfg.Major.Decide); d > 0 {
		c.Undecided = st.tx.Now().Add(d)
	}
	if group := st.s.cfg.Major.Group; inc.Group == "" && group != "" {
		person, err := st.onCall(group)
		if err != nil {
			return err
		}
		if inc.Assignee != "" {
			person = inc.Assignee
		}
		if err := st.handTo(group, person); err != nil {
			return err
		}
	}
	return st.tell(TopicMajorProposed, reason, st.s.cfg.Major.Group, inc.Group, inc.Assignee)
}

// caseFor returns the incident's case as it is when somebody takes it for a major
// incident; what a case before has learnt stays with it.
func (st *step) caseFor(reason, impact, rule string) *major.Case {
	c := st.inc.Major
	if c == nil {
		c = &major.Case{}
		st.inc.Major = c
	}
	if c.ProposedAt.IsZero() {
		c.ProposedAt = st.tx.Now()
	}
	if !c.Is(major.StateProposed) {
		c.ProposedBy = st.who()
		if rule != "" {
			c.ProposedBy = "" // nobody: the rule did
		}
	}
	c.Reason, c.Impact, c.Rule = reason, impact, rule
	return c
}

// verdict is the decision to handle an incident as a major one.
type verdict struct {
	to, reason, impact string
	rule               string // that proposed or promoted it
	byRule             bool   // it did so by itself
	promoted           bool   // not accepted: the group that takes major incidents gets it
	created            bool   // as a major incident
}

// promoteMajor makes it a major incident at once, by hand or by a rule.
func (st *step) promoteMajor(reason, impact, rule string) error {
	to, err := st.fireMajor(major.ActionPromote, reason, impact, rule != "")
	if err != nil {
		return err
	}
	v := verdict{to: to, reason: reason, impact: impact, rule: rule, byRule: rule != "", promoted: true}
	if c := st.inc.Major; rule == "" && c.Is(major.StateProposed) {
		v.rule = c.Rule
	}
	return st.decide(v)
}

// decide handles the incident, or a new one above it, as a major incident.
func (st *step) decide(v verdict) error {
	if v.created || !st.s.cfg.Major.NewParent || st.inc.Children > 0 {
		return st.takeCharge(v)
	}
	return st.above(v)
}

// takeCharge makes the incident itself the major one.
func (st *step) takeCharge(v verdict) error {
	inc, c, now := st.inc, st.caseFor(v.reason, v.impact, v.rule), st.tx.Now()
	lead, by := st.who(), st.who()
	if v.byRule {
		var err error
		if lead, err = st.onCall(st.s.cfg.Major.Group); err != nil {
			return err
		}
		by = ""
	}
	if !c.EndedAt.IsZero() {
		c.Relapse() // it was a major incident before
	}
	c.State, c.AcceptedAt, c.AcceptedBy, c.Undecided = v.to, now, by, time.Time{}
	group, person := inc.Group, inc.Assignee
	if g := st.s.cfg.Major.Group; g != "" && (v.promoted || group == "") {
		group = g
	}
	if v.promoted || person == "" {
		person = lead
	}
	if err := st.handTo(group, person); err != nil {
		return err
	}
	if lead != "" && len(c.Holders(major.Manager)) == 0 {
		if err := c.Take(major.Manager, lead, by, "", now); err != nil {
			return err
		}
	}
	return st.tell(TopicMajorAccepted, v.reason, inc.Group, inc.Assignee)
}

// handTo makes a group and a person responsible. Both hear of it, and so does the group
// that was.
func (st *step) handTo(group, person string) error {
	inc := st.inc
	old := inc.Group
	if group == old && person == inc.Assignee || group == "" && person == "" {
		return nil
	}
	inc.Group, inc.Assignee = group, person
	if inc.AssignedAt.IsZero() {
		inc.AssignedAt = st.tx.Now()
	}
	if old != "" && old != group {
		inc.Reassignments++
		if err := st.tell(TopicReassigned, "", old); err != nil {
			return err
		}
	}
	return st.notify(TopicAssigned, group, person)
}

// above opens a new incident, with the incident as its child, that is the major one.
func (st *step) above(v verdict) error {
	inc := st.inc
	r := Report{Title: inc.Title, Details: inc.Details, Caller: st.who(), Customer: inc.Customer, Zone: inc.Zone, VIP: inc.VIP,
		Impact: inc.Impact, Urgency: inc.Urgency, Category: inc.Category, Subcategory: inc.Subcategory, Service: inc.Service,
		Group: inc.Group, CIs: inc.Items(CIManual), Fields: inc.Fields}
	if st.s.cfg.Major.Group != "" {
		r.Group = ""
	}
	parent, err := st.s.draft(st.tx, r)
	if err != nil {
		return err
	}
	parent.Suggested, parent.Children = inc.Suggested.clone(), 1
	parent.Major, inc.Major = inc.Major, nil
	if parent.Major == nil {
		parent.Major = &major.Case{State: major.StateNone}
	}
	if at := parent.Major.AlertedAt; at.IsZero() || at.After(inc.CreatedAt) {
		parent.Major.AlertedAt = inc.CreatedAt // the candidate was the first to tell
	}
	v.promoted = true
	p := &step{s: st.s, tx: st.tx, inc: parent}
	if err := p.begin(func(p *step) error { return p.takeCharge(v) }); err != nil {
		return err
	}
	c, err := st.s.cascade(st.tx, parent.ID)
	if err != nil {
		return err
	}
	inc.Parent, inc.Followed = parent.ID, c.Sequence
	st.reason = joined(st.reason, "handled as major incident "+parent.Name())
	return nil
}

func clip(s string, n int) string {
	if len(s) > n {
		return strings.ToValidUTF8(s[:n], "")
	}
	return s
}
