package incident

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/itsm-go/itsm/incident/major"
	"github.com/itsm-go/itsm/workflow"
)

// RoleMajorManager decides on major incidents and closes them. Who is the manager of one
// has it towards that one. It stands beside [RoleAgent], with which one works on incidents.
const RoleMajorManager = major.RoleManager

// The topics of messages about major incidents. The payload of [TopicMajorUpdate] is a
// [major.Bulletin], that of the others a [Notice].
const (
	TopicMajorProposed  = "incident.major_proposed"
	TopicMajorUndecided = "incident.major_undecided" // proposed, and nobody has decided
	TopicMajorAccepted  = "incident.major_accepted"
	TopicMajorRejected  = "incident.major_rejected"
	TopicMajorDemoted   = "incident.major_demoted"
	TopicMajorUpdate    = "incident.major_update"
	TopicUpdateDue      = "incident.major_update_due"     // updates are owed, one notice lists them
	TopicUpdateOverdue  = "incident.major_update_overdue" // and nobody has sent them
	TopicActionDue      = "incident.major_action_due"     // an action of a review
	TopicReassigned     = "incident.reassigned"           // to the group that had it before
	TopicRole           = "incident.major_role"           // somebody has a part in a major incident
)

// ProposeMajor proposes an incident as a major one, for a reason and with what it does to
// the business. If it has no group, the one that takes major incidents gets it, and who
// is on call there; one that has a group stays with it.
func (s *Service) ProposeMajor(ctx context.Context, actor workflow.Actor, id workflow.ID, reason, impact string) (*Incident, error) {
	return s.run(ctx, actor, id, "major_propose", func(st *step) error {
		return st.proposeMajor(reason, impact, "")
	})
}

// PromoteMajor makes an incident a major one. The group that takes major incidents gets
// it, the group that had it is told, and who promotes it becomes its assignee and its
// manager. If the policy says that a new incident is opened above the candidate, that
// one is the major incident, and is returned; a candidate with children of its own is
// promoted itself.
func (s *Service) PromoteMajor(ctx context.Context, actor workflow.Actor, id workflow.ID, reason, impact string) (*Incident, error) {
	return s.aboveOrItself(ctx)(s.run(ctx, actor, id, "major_promote", func(st *step) error {
		return st.promoteMajor(reason, impact, "")
	}))
}

// AcceptMajor accepts a proposal: the incident is handled as a major one, by its group,
// with the actor as manager. A new incident is opened above it as for
// [Service.PromoteMajor].
func (s *Service) AcceptMajor(ctx context.Context, actor workflow.Actor, id workflow.ID, note string) (*Incident, error) {
	return s.aboveOrItself(ctx)(s.run(ctx, actor, id, "major_accept", func(st *step) error {
		to, err := st.fireMajor(major.ActionAccept, note, "", false)
		if err != nil {
			return err
		}
		if note == "" {
			note = st.inc.Major.Reason
		}
		return st.decide(verdict{to: to, reason: note, impact: st.inc.Major.Impact, rule: st.inc.Major.Rule})
	}))
}

// RejectMajor finds, for a reason, that a proposal is no major incident. The incident
// itself goes on as it was. No rule that holds now proposes it again.
func (s *Service) RejectMajor(ctx context.Context, actor workflow.Actor, id workflow.ID, reason string) (*Incident, error) {
	return s.run(ctx, actor, id, "major_reject", func(st *step) error {
		return st.endMajor(major.ActionReject, reason, TopicMajorRejected)
	})
}

// DemoteMajor handles a major incident as an ordinary one from now on, for a reason. The
// incident itself goes on as it was.
func (s *Service) DemoteMajor(ctx context.Context, actor workflow.Actor, id workflow.ID, reason string) (*Incident, error) {
	return s.run(ctx, actor, id, "major_demote", func(st *step) error {
		return st.endMajor(major.ActionDemote, reason, TopicMajorDemoted)
	})
}

// CreateMajor opens an incident that is a major one from the beginning. Its group is the
// one that takes major incidents, unless the report names one, and its creator is its
// assignee and manager.
func (s *Service) CreateMajor(ctx context.Context, actor workflow.Actor, r Report, reason, impact string) (*Incident, error) {
	if r.Group == "" {
		r.Group = s.cfg.Major.Group
	}
	if r.Assignee == "" {
		r.Assignee = actor.ID
	}
	if r.Parent != (workflow.ID{}) {
		return nil, fmt.Errorf("incident: report: a major incident is no child of another: %w", workflow.ErrInvalid)
	}
	return s.open(ctx, actor, r, "major_create", nil, func(st *step) error {
		to, err := st.fireMajor(major.ActionPromote, reason, impact, false)
		if err != nil {
			return err
		}
		return st.decide(verdict{to: to, reason: reason, impact: impact, created: true})
	})
}

// MajorOptions tells what the actor may decide about the incident as a major one, and of
// the rest why not.
func (s *Service) MajorOptions(inc *Incident, actor workflow.Actor) []workflow.Option {
	m := s.playbook.Machine()
	return m.Options(stateOf(inc.Major), m.Roles(append(relations(inc, actor), actor.Roles...)...), s.majorFacts(inc, "", ""))
}

func stateOf(c *major.Case) string {
	if c == nil {
		return major.StateNone
	}
	return c.State
}

// aboveOrItself returns the major incident that came of a candidate.
func (s *Service) aboveOrItself(ctx context.Context) func(*Incident, error) (*Incident, error) {
	return func(inc *Incident, err error) (*Incident, error) {
		if err != nil || inc.Parent == (workflow.ID{}) {
			return inc, err
		}
		return s.Get(ctx, inc.Parent)
	}
}

func (s *Service) majorFacts(inc *Incident, reason, impact string) major.Facts {
	c := s.Category(inc)
	return major.Facts{Open: working(c), Over: c == workflow.CategoryCancelled, Reason: strings.TrimSpace(reason), Impact: strings.TrimSpace(impact)}
}

// working reports whether somebody has yet to restore the service.
func working(c workflow.Category) bool {
	return c == workflow.CategoryNew || c == workflow.CategoryActive || c == workflow.CategoryOnHold
}

// fireMajor finds where an action leads the incident as a major one, if the actor may
// take it. What the policy does by itself asks nobody.
func (st *step) fireMajor(action, reason, impact string, byPolicy bool) (string, error) {
	var p workflow.Problems
	if len(reason) > major.MaxShort || len(impact) > major.MaxShort {
		p.Addf("a reason and the business impact have at most %d bytes", major.MaxShort)
	}
	if st.inc.Parent != (workflow.ID{}) && (action == major.ActionPropose || action == major.ActionPromote || action == major.ActionAccept) {
		p.Addf("it is a child of another incident, which may be the major one")
	}
	if err := p.Err("incident: " + st.inc.Name()); err != nil {
		return "", err
	}
	m, from := st.s.playbook.Machine(), stateOf(st.inc.Major)
	admit := func(roles []string) error {
		if byPolicy {
			return nil
		}
		return st.authorize(roles...)
	}
	if roles := m.RolesFor(from, action); len(roles) > 0 {
		if err := admit(roles); err != nil {
			return "", err
		}
	}
	facts := st.s.majorFacts(st.inc, reason, impact)
	to, err := m.Admit(from, action, facts, admit)
	if err != nil {
		var te *workflow.TransitionError
		if errors.As(err, &te) {
			te.Allowed = nil
			for _, o := range m.Options(from, workflow.AnyRole, facts) {
				if o.Allowed {
					te.Allowed = append(te.Allowed, o.Action)
				}
			}
		}
		return "", fmt.Errorf("incident: %s: %w", st.inc.Name(), err)
	}
	return to, nil
}

// endMajor rejects a proposal or demotes a major incident.
func (st *step) endMajor(action, reason, topic string) error {
	to, err := st.fireMajor(action, reason, "", false)
	if err != nil {
		return err
	}
	c := st.inc.Major
	people := append(st.crew(), c.ProposedBy, st.inc.Group)
	st.closeCase(to, reason)
	st.s.playbook.Answer(c, st.s.situation(st.inc))
	st.reason = reason
	return st.tell(topic, reason, people...)
}

// closeCase ends a case, and with it what is owed and everybody's part in it.
func (st *step) closeCase(to, reason string) {
	c := st.inc.Major
	c.State, c.Reason, c.EndedAt, c.EndedBy, c.Undecided = to, reason, st.tx.Now(), st.who(), time.Time{}
	c.StandDown(st.tx.Now())
	st.s.playbook.Owes(c, int(st.inc.Priority), false, st.tx.Now())
}

// crew is who has a part in the major incident now.
func (st *step) crew() []string {
	var people []string
	for _, r := range []major.Role{major.Manager, major.Communications, major.Scribe, major.Resolver} {
		people = append(people, st.inc.Major.Holders(r)...)
	}
	return people
}

// managers is who manages the major incident or, once it is closed and everybody's turn
// has ended, did last: there may be actions of the review to come.
func managers(inc *Incident) []string {
	c := inc.Major
	if list := c.Holders(major.Manager); len(list) > 0 || inc.ClosedAt.IsZero() || c.Last(major.Manager) == "" {
		return list
	}
	return []string{c.Last(major.Manager)}
}

// guardMajor keeps a major incident in the hands of those who handle it: callers do not
// resolve, close or reopen it, and its manager alone closes it (ServiceNow); nor do they
// cancel it. With the incident cancelled, it is no major one; with it closed, everybody's
// turn ends. Where a lifecycle leads back from there, its manager takes it up again.
func (st *step) guardMajor(from, to workflow.Category) error {
	c := st.inc.Major
	if roles := majorRoles(c, from, to); len(roles) > 0 {
		if err := st.authorize(roles...); err != nil {
			return err
		}
	}
	switch {
	case to == workflow.CategoryCancelled && (c.Is(major.StateProposed) || c.Is(major.StateAccepted)):
		state, err := st.fireMajor(major.ActionCancel, "", "", true)
		if err != nil {
			return err
		}
		st.closeCase(state, "the incident is "+st.inc.State)
	case to == workflow.CategoryClosed && from != to && c.Is(major.StateAccepted) && st.s.cfg.Major.Review && (c.Review == nil || c.Review.FinishedAt.IsZero()):
		return fmt.Errorf("incident: %s is not closed before its review is finished: %w", st.inc.Name(), workflow.ErrTransition)
	case to == workflow.CategoryClosed && from != to && c.Is(major.StateAccepted):
		c.StandDown(st.tx.Now())
	case from == workflow.CategoryClosed && working(to) && c.Is(major.StateAccepted) && c.Last(major.Manager) != "":
		return c.Take(major.Manager, c.Last(major.Manager), st.who(), "", st.tx.Now())
	}
	return nil
}

// majorRoles are the roles, beyond those of the lifecycle, of which it takes one to lead
// an accepted major incident from a state of one category into another; none: it takes none.
func majorRoles(c *major.Case, from, to workflow.Category) []string {
	switch {
	case !c.Is(major.StateAccepted) || from == to:
		return nil
	case to == workflow.CategoryClosed:
		return []string{RoleMajorManager}
	case to == workflow.CategoryCancelled, to == workflow.CategoryResolved, from == workflow.CategoryResolved:
		return []string{RoleAgent, RoleManager, RoleMajorManager, workflow.RoleSystem}
	}
	return nil
}

// withhold takes back an option that guardMajor would refuse.
func (s *Service) withhold(o *workflow.Option, inc *Incident, actor workflow.Actor) {
	m, err := s.machine(inc)
	if err != nil || !o.Allowed {
		return
	}
	want := majorRoles(inc.Major, m.Category(inc.State), m.Category(o.To))
	if actor.Roles = append(relations(inc, actor), actor.Roles...); len(want) > 0 && !actor.HasRole(want...) {
		o.Allowed = false
		o.Reasons = append(o.Reasons, "it is a major incident: needs the role "+strings.Join(want, " or "))
	}
}
