package incident

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/itsm-go/itsm/incident/major"
	"github.com/itsm-go/itsm/sla"
	"github.com/itsm-go/itsm/workflow"
)

// step is a command at work on one incident: the copy it changes, and what is
// known of the command.
type step struct {
	s       *Service
	tx      *workflow.Tx
	name    string // of the command, if it is about this incident
	inc     *Incident
	before  *Incident // nil when it is being opened
	comment bool      // a public comment comes with the command
	reason  string    // the reason given
	cascade *Order    // while the incident follows its parent: the rights were asked there
	mute    bool      // nobody is told
	behind  *Incident // as it was once it had caught up with its family, if it lagged
}

// run carries out a command on an incident.
func (s *Service) run(ctx context.Context, actor workflow.Actor, id workflow.ID, name string, decide func(*step) error) (*Incident, error) {
	var inc *Incident
	cmd := workflow.Command{Name: "incident." + name, Actor: actor, Key: s.key, At: s.at}
	res, err := s.desk.Do(ctx, cmd, func(tx *workflow.Tx) error {
		st, err := s.step(tx, id)
		if err != nil {
			return err
		}
		st.name = name
		note, err := st.catchUp()
		if err != nil {
			return err
		}
		if err := decide(st); err != nil {
			return err
		}
		inc = st.inc
		return st.finish(workflow.Entry{Note: joined(note, st.reason)})
	})
	if err != nil {
		return nil, err
	}
	if res.Duplicate {
		return s.Get(ctx, id)
	}
	return inc, nil
}

func (s *Service) step(tx *workflow.Tx, id workflow.ID) (*step, error) {
	inc, err := s.kind.Get(tx, id)
	if err != nil {
		return nil, err
	}
	return &step{s: s, tx: tx, inc: inc, before: inc.clone()}, nil
}

func (st *step) facts() Facts {
	return Facts{Incident: st.inc, Actor: st.tx.Actor(), Comment: st.comment, Reason: st.reason}
}

// fire takes the incident through an action of its lifecycle: is the actor
// allowed, is the action possible, and where does it lead.
func (st *step) fire(action string) error {
	m, err := st.s.machine(st.inc)
	if err != nil {
		return err
	}
	roles := m.RolesFor(st.inc.State, action)
	if len(roles) > 0 && st.cascade == nil {
		if err := st.authorize(roles...); err != nil {
			return err
		}
	}
	to, err := m.Admit(st.inc.State, action, st.facts(), func(roles []string) error {
		if st.cascade != nil {
			return nil
		}
		return st.authorize(roles...)
	})
	if err != nil {
		var te *workflow.TransitionError
		if errors.As(err, &te) {
			te.Allowed = st.offered(m)
		}
		return fmt.Errorf("incident: %s: %w", st.inc.Name(), err)
	}
	from := st.s.Category(st.inc)
	st.inc.State = m.SettleName(to, st.facts())
	if err := st.guardMajor(from, m.Category(st.inc.State)); err != nil {
		return err
	}
	if missing := m.Missing(st.inc.State, st.facts()); len(missing) > 0 {
		return fmt.Errorf("incident: %s: state %s needs %s: %w", st.inc.Name(), st.inc.State, strings.Join(missing, ", "), workflow.ErrInvalid)
	}
	if m.Category(st.inc.State) != workflow.CategoryOnHold {
		st.inc.HoldReason = ""
	}
	return nil
}

// offered lists the actions there are in the incident's state, for somebody who
// was refused: with what they require they could be taken.
func (st *step) offered(m *workflow.Machine[Facts]) []string {
	var names []string
	for _, o := range m.Options(st.inc.State, workflow.AnyRole, st.facts()) {
		if !slices.Contains(names, o.Action) {
			names = append(names, o.Action)
		}
	}
	return names
}

// can reports whether the lifecycle has the action in the incident's state.
func (st *step) can(action string) bool {
	m, err := st.s.machine(st.inc)
	return err == nil && len(m.RolesFor(st.inc.State, action)) > 0
}

func (st *step) authorize(roles ...string) error {
	return st.tx.Authorize(workflow.Access{
		Ref: st.s.kind.Ref(st.inc.ID), State: st.inc.State, Roles: roles,
		Relations: relations(st.inc, st.tx.Actor()),
	})
}

// staff asks for the right to work on incidents, for changes that are not steps
// of the lifecycle, and that the incident is not finished.
func (st *step) staff() error {
	if err := st.authorize(RoleAgent, RoleManager, workflow.RoleSystem); err != nil {
		return err
	}
	return st.unfinished()
}

func (st *step) unfinished() error {
	if c := st.s.Category(st.inc); c.Final() {
		return fmt.Errorf("incident: %s is %s and does not change any more: %w", st.inc.Name(), st.inc.State, workflow.ErrTransition)
	}
	return nil
}

// finish brings the clocks and timers up to date and queues the write.
func (st *step) finish(e workflow.Entry) error {
	if err := st.checkReadOnly(); err != nil {
		return err
	}
	st.given()
	if err := st.trigger(); err != nil {
		return err
	}
	st.owe()
	if err := st.advance(); err != nil {
		return err
	}
	if err := st.watch(); err != nil {
		return err
	}
	if err := st.timers(); err != nil {
		return err
	}
	if st.before == nil {
		return nil // Create has queued it; open puts the final version
	}
	return st.s.kind.Put(st.tx, st.inc, e)
}

// given stamps when the present assignee got the incident, however it came to him.
func (st *step) given() {
	switch inc := st.inc; {
	case inc.Assignee == "":
		inc.GivenAt = time.Time{}
	case st.before == nil || st.before.Assignee != inc.Assignee:
		inc.GivenAt = st.tx.Now()
	}
}

// advance moves the clocks to now and tells the world what came due.
func (st *step) advance() error {
	clocks, alerts, err := st.s.engine.Advance(st.inc.Clocks, st.s.slaFacts(st.inc), st.tx.Now(), cause(st.inc))
	if err != nil {
		return fmt.Errorf("incident: %s: %w", st.inc.Name(), err)
	}
	st.inc.Clocks = clocks
	for _, a := range alerts {
		topic := map[sla.AlertKind]string{sla.AlertWarning: TopicWarning, sla.AlertBreach: TopicBreach, sla.AlertOverdue: TopicOverdue}[a.Kind]
		n := st.notice(st.inc.Group, st.inc.Assignee)
		n.Target, n.Percent, n.Threshold, n.At, n.Do = a.Target, a.Percent, a.Threshold, a.At, a.Do
		if err := st.tx.Send(st.s.kind.Ref(st.inc.ID), topic, n); err != nil {
			return err
		}
	}
	return nil
}

// slaFacts is how service levels see an incident.
func (s *Service) slaFacts(inc *Incident) sla.Facts {
	return sla.Facts{
		State: inc.State, Category: s.Category(inc), HoldReason: string(inc.HoldReason),
		Priority: int(inc.Priority), Assigned: inc.Assignee != "", Responded: !inc.RespondedAt.IsZero(),
		Waiting: inc.AwaitsReply, Replies: inc.Replies, Group: inc.Group, Assignee: inc.Assignee,
		Service: inc.Service, Customer: inc.Customer, Zone: inc.Zone, Fields: inc.Fields, Overrides: inc.DueTimes,
	}
}

// cause words what a clock's change of state came from. It depends on the record
// alone, so that replaying the events gives the same clocks.
func cause(inc *Incident) string {
	switch {
	case inc.HoldReason != "":
		return strings.ReplaceAll(string(inc.HoldReason), "_", " ")
	case inc.State == StateInProgress && inc.Assignee != "":
		return "in progress with " + inc.Assignee
	}
	return strings.ReplaceAll(inc.State, "_", " ")
}

// timers sets the instants at which the incident must be looked at again, where
// they differ from those set before.
func (st *step) timers() error {
	want := st.s.alarms(st.inc)
	have := map[string]time.Time{}
	if st.before != nil {
		have = st.s.alarms(st.before)
	}
	ref := st.s.kind.Ref(st.inc.ID)
	for _, name := range sortedKeys(want) {
		if !have[name].Equal(want[name]) {
			st.tx.SetTimer(ref, name, want[name])
		}
	}
	for _, name := range sortedKeys(have) {
		if _, still := want[name]; !still {
			st.tx.ClearTimer(ref, name)
		}
	}
	return nil
}

// TimerAutoClose is the timer that closes a resolved incident.
const TimerAutoClose = "autoclose"

func (s *Service) alarms(inc *Incident) map[string]time.Time {
	alarms := map[string]time.Time{}
	for _, a := range s.engine.Alarms(inc.Clocks) {
		alarms[a.Name] = a.Due
	}
	s.majorAlarms(inc.Major, alarms)
	for name, w := range inc.Watches {
		if !w.Next.IsZero() {
			alarms[timerInactive+name] = w.Next
		}
	}
	if s.cfg.AutoClose > 0 && !inc.Major.Is(major.StateAccepted) && inc.Resolution != nil && s.Category(inc) == workflow.CategoryResolved {
		if due, ok := s.cfg.AutoCloseCalendar.AddDays(inc.Resolution.At, s.cfg.AutoClose, false); ok {
			alarms[TimerAutoClose] = due.UTC()
		}
	}
	return alarms
}

// checkReadOnly refuses changes of what the state before holds fixed.
func (st *step) checkReadOnly() error {
	if st.before == nil || st.cascade != nil {
		return nil
	}
	before := st.before
	if st.behind != nil {
		before = st.behind
	}
	m, err := st.s.machine(before)
	if err != nil {
		return err
	}
	var p workflow.Problems
	for _, f := range m.ReadOnly(before.State) {
		if valueOf(before, f) != valueOf(st.inc, f) {
			p.Addf("%s is read-only while the incident is %s", f, before.State)
		}
	}
	return p.Err("incident: " + st.inc.Name())
}
