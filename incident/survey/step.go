package survey

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/itsm-go/itsm/workflow"
)

// ErrExpired: the time to answer is over. It comes with [workflow.ErrTransition].
var ErrExpired = errors.New("survey expired")

// step is a command at work on one invitation: the copy it changes.
type step struct {
	s      *Service
	tx     *workflow.Tx
	inv    *Invitation
	survey *Survey
	reason string

	unplanned bool // it is made as it is answered, and takes no place under a cap
}

func (s *Service) command(actor workflow.Actor, name string) workflow.Command {
	return workflow.Command{Name: "survey." + name, Actor: actor, Key: s.key, At: s.at}
}

// run carries out a command on an invitation.
func (s *Service) run(ctx context.Context, actor workflow.Actor, id workflow.ID, name string, decide func(*step) error) (*Invitation, error) {
	var inv *Invitation
	res, err := s.desk.Do(ctx, s.command(actor, name), func(tx *workflow.Tx) error {
		st, err := s.step(tx, id)
		if err != nil {
			return err
		}
		inv = st.inv
		if err := decide(st); err != nil {
			return err
		}
		return st.put()
	})
	if err != nil {
		return nil, err
	}
	if res.Duplicate {
		return s.Get(ctx, id)
	}
	return inv, nil
}

func (s *Service) step(tx *workflow.Tx, id workflow.ID) (*step, error) {
	inv, err := s.kind.Get(tx, id)
	if err != nil {
		return nil, err
	}
	sv, err := s.SurveyOf(inv)
	if err != nil {
		return nil, err
	}
	return &step{s: s, tx: tx, inv: inv, survey: sv}, nil
}

func (st *step) put() error { return st.s.kind.Put(st.tx, st.inv, workflow.Entry{Note: st.reason}) }

func (st *step) ref() workflow.Ref { return st.s.kind.Ref(st.inv.ID) }

// fire takes the invitation through an action of its lifecycle.
func (st *step) fire(action string) error {
	m, err := st.s.machine(st.inv)
	if err != nil {
		return err
	}
	if roles := m.RolesFor(st.inv.State, action); len(roles) > 0 {
		if err := st.authorize(roles...); err != nil {
			return err
		}
	}
	facts := Facts{Invitation: st.inv, Actor: st.tx.Actor(), Reason: st.reason, Editable: st.survey.def.Editable}
	to, err := m.Admit(st.inv.State, action, facts, func(roles []string) error { return st.authorize(roles...) })
	if err != nil {
		return fmt.Errorf("survey: %s: %w", st.inv.Name(), err)
	}
	st.inv.State = m.SettleName(to, facts)
	if missing := m.Missing(st.inv.State, facts); len(missing) > 0 {
		return fmt.Errorf("survey: %s: state %s needs %s: %w", st.inv.Name(), st.inv.State, strings.Join(missing, ", "), workflow.ErrInvalid)
	}
	return nil
}

func (st *step) authorize(roles ...string) error {
	return st.tx.Authorize(workflow.Access{Ref: st.ref(), State: st.inv.State, Roles: roles, Relations: relations(st.inv, st.tx.Actor())})
}

// because takes the reason for a command, which must be given.
func (st *step) because(reason string) error {
	if strings.TrimSpace(reason) == "" || len(reason) > workflow.MaxTitle {
		return fmt.Errorf("survey: %s: a reason has 1 to %d bytes of text, not %d: %w", st.inv.Name(), workflow.MaxTitle, len(reason), workflow.ErrInvalid)
	}
	st.reason = reason
	return nil
}

// person reads what is known of the invited person.
func (st *step) person() (*person, error) { return st.s.person(st.tx, st.inv.Person) }

func (s *Service) person(tx *workflow.Tx, id string) (*person, error) {
	return s.people.GetOrCreate(tx, derived("person", id), func() *person {
		return &person{Record: workflow.Record{Title: "surveys to a person", State: "known"}, Person: id}
	})
}

// keep writes what is known of a person, without what no cap counts any more.
func (s *Service) keep(tx *workflow.Tx, p *person) error {
	p.forget(tx.Now().Add(-s.longest))
	return s.people.Put(tx, p, workflow.Entry{})
}

// giveBack frees the place of an invitation that will not be sent.
func (st *step) giveBack() error {
	p, err := st.person()
	if err != nil {
		return err
	}
	p.release(st.inv.ID)
	if err := st.s.keep(st.tx, p); err != nil || st.inv.Period == "" {
		return err
	}
	q, err := st.s.quota(st.tx, st.inv.Survey, st.survey.def.PeriodCap.Per, st.inv.Period)
	if err != nil {
		return err
	}
	q.Taken = max(0, q.Taken-1)
	return st.s.quotas.Put(st.tx, q, workflow.Entry{})
}

// quota reads how many invitations of a survey are planned for a period.
func (s *Service) quota(tx *workflow.Tx, survey string, per Period, period string) (*quota, error) {
	return s.quotas.GetOrCreate(tx, derived("quota", survey, string(per), period), func() *quota {
		return &quota{Record: workflow.Record{Title: survey + " " + period, State: "counting"}}
	})
}

// still clears the timers of an invitation.
func (st *step) still() {
	for _, name := range []string{TimerSend, TimerRemind, TimerExpire} {
		st.tx.ClearTimer(st.ref(), name)
	}
}

// open reports whether the invitation still waits, to be sent or for an answer.
func (inv *Invitation) open() bool { return slices.Contains([]string{StateDue, StateSent}, inv.State) }
