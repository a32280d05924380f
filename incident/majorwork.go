package incident

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/itsm-go/itsm/incident/major"
	"github.com/itsm-go/itsm/workflow"
)

// handle carries out a command of those who handle a major incident: staff, its manager,
// and whoever else the roles name.
func (s *Service) handle(ctx context.Context, actor workflow.Actor, id workflow.ID, name string, act func(*step, *major.Case) error) (*Incident, error) {
	return s.run(ctx, actor, id, name, func(st *step) error {
		if err := st.authorize(RoleAgent, RoleManager, RoleMajorManager, workflow.RoleSystem); err != nil {
			return err
		}
		if err := st.accepted(); err != nil {
			return err
		}
		if err := act(st, st.inc.Major); err != nil {
			return fmt.Errorf("incident: %s: %w", st.inc.Name(), err)
		}
		return nil
	})
}

func (st *step) accepted() error {
	if !st.inc.Major.Is(major.StateAccepted) {
		return fmt.Errorf("incident: %s is no accepted major incident, but %s: %w", st.inc.Name(), stateOf(st.inc.Major), workflow.ErrTransition)
	}
	return nil
}

// TakeRole gives a person a role in a major incident. A role that one person has passes
// on from whoever has it, with the note of what is handed over; the history of who had
// which role stays. A closed incident has no crew any more.
func (s *Service) TakeRole(ctx context.Context, actor workflow.Actor, id workflow.ID, role major.Role, person, note string) (*Incident, error) {
	return s.handle(ctx, actor, id, "major_role", func(st *step, c *major.Case) error {
		if err := st.unfinished(); err != nil {
			return err
		}
		before := c.Holders(role)
		if err := c.Take(role, person, actor.ID, note, st.tx.Now()); err != nil {
			return err
		}
		st.reason = note
		return st.tell(TopicRole, string(role)+": "+person, append(before, person)...)
	})
}

// LeaveRole ends a person's part in a major incident. The manager hands over instead.
func (s *Service) LeaveRole(ctx context.Context, actor workflow.Actor, id workflow.ID, role major.Role, person string) (*Incident, error) {
	return s.handle(ctx, actor, id, "major_role", func(st *step, c *major.Case) error {
		return c.Leave(role, person, st.tx.Now())
	})
}

// OpenBridge says where people meet to work on a major incident.
func (s *Service) OpenBridge(ctx context.Context, actor workflow.Actor, id workflow.ID, url string) (*Incident, error) {
	return s.handle(ctx, actor, id, "major_bridge", func(st *step, c *major.Case) error {
		if err := st.unfinished(); err != nil {
			return err
		}
		return c.OpenBridge(url, actor.ID, st.tx.Now())
	})
}

// AttendBridge notes that a person joins the conference, or leaves it. Everybody may say
// so of himself.
func (s *Service) AttendBridge(ctx context.Context, actor workflow.Actor, id workflow.ID, person string, joins bool) (*Incident, error) {
	return s.run(ctx, actor, id, "major_bridge", func(st *step) error {
		if err := st.watcher(person); err != nil {
			return err
		}
		if err := errors.Join(st.accepted(), st.unfinished()); err != nil {
			return err
		}
		return st.inc.Major.Attend(person, joins, st.tx.Now())
	})
}

// MarkMajor notes a moment of a major incident that has passed: when the service began to
// suffer, when somebody was first alerted, when it was mitigated, and how. A later word
// corrects an earlier one; both are in the history.
func (s *Service) MarkMajor(ctx context.Context, actor workflow.Actor, id workflow.ID, m major.Moment, at time.Time, text string) (*Incident, error) {
	return s.handle(ctx, actor, id, "major_mark", func(st *step, c *major.Case) error {
		return c.Mark(m, at.UTC(), st.tx.Now(), text)
	})
}

// NoteMajor writes an entry into the timeline of a major incident, about an instant that
// may be earlier than now.
func (s *Service) NoteMajor(ctx context.Context, actor workflow.Actor, id workflow.ID, at time.Time, text string) (*Incident, error) {
	return s.handle(ctx, actor, id, "major_note", func(st *step, c *major.Case) error {
		return c.Note(at.UTC(), actor.ID, text, st.tx.Now())
	})
}

// PostUpdate tells people how a major incident stands: it is worded by the plan, recorded,
// and put into the outbox as one message for each communication. With d.Children the
// callers of the incident's children read the text, too.
func (s *Service) PostUpdate(ctx context.Context, actor workflow.Actor, id workflow.ID, d major.Draft) (*Incident, error) {
	return s.handle(ctx, actor, id, "major_update", func(st *step, c *major.Case) error {
		bulletins, err := s.playbook.Post(c, st.subject(), d, actor.ID, st.tx.Now())
		if err != nil {
			return err
		}
		for _, b := range bulletins {
			b.ID = st.inc.ID
			if err := st.tx.Send(s.kind.Ref(st.inc.ID), TopicMajorUpdate, b); err != nil {
				return err
			}
		}
		if !d.Children {
			return nil
		}
		return st.lead(Order{Action: orderTell, Notes: d.Text})
	})
}

func (st *step) subject() major.Subject {
	inc := st.inc
	return major.Subject{Number: inc.Number, Title: inc.Title, State: inc.State, Service: inc.Service, Priority: int(inc.Priority),
		Children: inc.Children, Created: inc.CreatedAt, Resolved: st.s.restored(inc)}
}

// restored reports whether the service of the incident is: it is resolved, or closed.
func (s *Service) restored(inc *Incident) bool {
	c := s.Category(inc)
	return c == workflow.CategoryResolved || c == workflow.CategoryClosed
}

// owe brings up to date which updates are owed.
func (st *step) owe() {
	if c := st.inc.Major; c != nil {
		st.s.playbook.Owes(c, int(st.inc.Priority), st.s.restored(st.inc), st.tx.Now())
	}
}

// The timers of a major incident: those of updates are followed by the name of the
// communication, those of actions by their number.
const (
	timerMajor  = "major/"
	timerUpdate = timerMajor + "update/"
	timerAction = timerMajor + "action/"
	timerDecide = timerMajor + "decide"
)

func (s *Service) majorAlarms(c *major.Case, alarms map[string]time.Time) {
	if c == nil {
		return
	}
	if !c.Undecided.IsZero() {
		alarms[timerDecide] = c.Undecided
	}
	for _, p := range c.Due {
		if !p.Next.IsZero() {
			alarms[timerUpdate+p.Communication] = p.Next
		}
	}
	if c.Review == nil {
		return
	}
	for _, a := range c.Review.Open() {
		if a.Reminded.IsZero() {
			alarms[timerAction+strconv.Itoa(a.Number)] = a.Due
		}
	}
}

// remind tells people of what is owed by now. What was done meanwhile has moved the
// instant, and then nothing is.
func (st *step) remind() error {
	c, now := st.inc.Major, st.tx.Now()
	if c == nil {
		return nil
	}
	if !c.Undecided.IsZero() && !now.Before(c.Undecided) {
		c.Undecided = time.Time{}
		if err := st.undecided(); err != nil {
			return err
		}
	}
	err := st.s.playbook.Missing(c, now, func(before int, owed []major.Owed) (time.Time, error) {
		if before == 0 {
			lead := c.Holders(major.Communications)
			if len(lead) == 0 {
				lead = append(c.Holders(major.Manager), st.inc.Group)
			}
			return time.Time{}, st.missing(TopicUpdateDue, owed, lead)
		}
		rung, err := st.rung(before - 1)
		if err != nil {
			return time.Time{}, err
		}
		if err := st.missing(TopicUpdateOverdue, owed, rung.To); err != nil || rung.Next <= 0 {
			return time.Time{}, err
		}
		return now.Add(rung.Next), nil
	})
	if err != nil || c.Review == nil {
		return err
	}
	for i := range c.Review.Actions {
		a := &c.Review.Actions[i]
		if a.State != major.ActionOpen || !a.Reminded.IsZero() || now.Before(a.Due) {
			continue
		}
		a.Reminded = now
		if err := st.tell(TopicActionDue, fmt.Sprintf("action %d: %s", a.Number, a.Title), append(managers(st.inc), a.Owner)...); err != nil {
			return err
		}
	}
	return nil
}

// undecided tells the group that takes major incidents, and who is on call in it, that
// a proposal waits for them.
func (st *step) undecided() error {
	group := st.s.cfg.Major.Group
	person, err := st.onCall(group)
	if err != nil {
		return err
	}
	return st.tell(TopicMajorUndecided, st.inc.Major.Reason, group, person, st.inc.Group, st.inc.Assignee)
}

// missing tells of updates that are owed, in one notice.
func (st *step) missing(topic string, owed []major.Owed, to []string) error {
	n := st.notice(to...)
	n.At, n.Threshold = owed[0].Due, "due"
	last := true
	var texts []string
	for _, o := range owed {
		text := o.String()
		if late := st.tx.Now().Sub(o.Due); late > 0 {
			text += ", " + late.String() + " late"
		}
		texts = append(texts, text)
		last = last && o.Last
		if o.Due.Before(n.At) {
			n.At = o.Due
		}
	}
	if late := st.tx.Now().Sub(n.At); late > 0 {
		n.Threshold = late.String() + " after due"
	}
	if n.Text = strings.Join(texts, "; "); last {
		n.Text = "that it is resolved, to " + n.Text
	}
	return st.tx.Send(st.s.kind.Ref(st.inc.ID), topic, n)
}
