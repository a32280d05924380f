package survey

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

// Result is what came of an event.
type Result struct {
	Invited []*Invitation `json:"invited,omitempty"`
	Skipped []Skip        `json:"skipped,omitempty"`
}

var system = workflow.System("surveys")

// Occurred invites those whom the surveys in force ask on such an event. The same event
// again invites nobody: a survey asks a person once on a record, until it is reopened.
// Whoever is not asked because of a cap, or as he wants no surveys, has an invitation
// that says so and is never sent.
func (s *Service) Occurred(ctx context.Context, e Event) (Result, error) {
	if err := e.validate(); err != nil {
		return Result{}, err
	}
	e.At = e.At.UTC().Truncate(time.Microsecond)
	var r Result
	res, err := s.desk.Do(ctx, s.command(system, "occurred"), func(tx *workflow.Tx) error {
		r = Result{}
		for _, name := range s.names {
			sv, err := s.Survey(name)
			if err != nil {
				return err
			}
			if !sv.def.Trigger.matches(e) || !sv.Samples(e.Record, e.Facts) {
				continue
			}
			for _, to := range sv.def.Trigger.recipients(e) {
				if err := s.ask(tx, sv, e, to, &r); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return Result{}, err
	}
	if res.Duplicate {
		return s.told(ctx, res)
	}
	return r, nil
}

// written reads the invitations that a command has written, as they are now.
func (s *Service) written(ctx context.Context, res workflow.Result) ([]*Invitation, error) {
	var list []*Invitation
	for _, e := range res.Events {
		if e.Kind != KindName {
			continue
		}
		inv, err := s.Get(ctx, e.ID)
		if err != nil {
			return nil, err
		}
		list = append(list, inv)
	}
	return list, nil
}

// told is what came of an event that was told before under the same key.
func (s *Service) told(ctx context.Context, res workflow.Result) (Result, error) {
	list, err := s.written(ctx, res)
	var r Result
	for _, inv := range list {
		if inv.Why != "" {
			r.Skipped = append(r.Skipped, Skip{Survey: inv.Survey, Person: inv.Person, Why: inv.Why, Invitation: inv.ID})
		} else {
			r.Invited = append(r.Invited, inv)
		}
	}
	return r, err
}

// ask invites one person, or notes why not.
func (s *Service) ask(tx *workflow.Tx, sv *Survey, e Event, to recipient, r *Result) error {
	t, err := s.thread(tx, e.Record)
	if err != nil {
		return err
	}
	skip := Skip{Survey: sv.def.Name, Person: to.person}
	if id, ok := t.find(sv.def.Name, to.person); ok {
		skip.Why, skip.Invitation = WhyAlready, id
		r.Skipped = append(r.Skipped, skip)
		return nil
	}
	if !e.At.After(t.ReopenedAt) {
		skip.Why = WhyReopened
		r.Skipped = append(r.Skipped, skip)
		return nil
	}
	st, err := s.enter(tx, t, sv, e, to)
	if err != nil {
		return err
	}
	if err := st.plan(); err != nil {
		return err
	}
	if st.inv.State == StateSkipped {
		skip.Why, skip.Invitation = st.inv.Why, st.inv.ID
		r.Skipped = append(r.Skipped, skip)
		return nil
	}
	r.Invited = append(r.Invited, st.inv)
	return nil
}

// enter makes an invitation and notes it on the thread of its record.
func (s *Service) enter(tx *workflow.Tx, t *thread, sv *Survey, e Event, to recipient) (*step, error) {
	if len(t.Asked) >= maxAsked {
		return nil, fmt.Errorf("survey: %d people are asked on %s, the most there may be: %w", len(t.Asked), e.Number, workflow.ErrInvalid)
	}
	id := derived("invitation", sv.def.Name, e.Record.String(), to.person, e.At.Format(time.RFC3339Nano))
	st, err := s.create(tx, id, sv, e, to)
	if err != nil {
		return nil, err
	}
	t.Asked = append(t.Asked, asked{st.inv.ID, sv.def.Name, to.person})
	return st, s.threads.Put(tx, t, workflow.Entry{})
}

// replace makes an invitation in the place of one that takes no answers any more.
func (s *Service) replace(tx *workflow.Tx, t *thread, old workflow.ID, sv *Survey, e Event, to recipient) (*step, error) {
	st, err := s.create(tx, derived("invitation after", old.String()), sv, e, to)
	if err != nil {
		return nil, err
	}
	for i := range t.Asked {
		if t.Asked[i].Invitation == old {
			t.Asked[i].Invitation = st.inv.ID
		}
	}
	return st, s.threads.Put(tx, t, workflow.Entry{})
}

func (s *Service) thread(tx *workflow.Tx, record workflow.Ref) (*thread, error) {
	return s.threads.GetOrCreate(tx, derived("record", record.String()), func() *thread {
		return &thread{Record: workflow.Record{Title: "surveys on a record", State: "known"}}
	})
}

// create makes an invitation that is due, without planning it.
func (s *Service) create(tx *workflow.Tx, id workflow.ID, sv *Survey, e Event, to recipient) (*step, error) {
	lang := sv.language(e, to.person)
	inv := &Invitation{
		Record: workflow.Record{ID: id, Lifecycle: s.current, State: StateDue, Title: sv.def.Title[lang]},
		Survey: sv.def.Name, SurveyVersion: sv.def.Version, About: About{e.Record, e.Number, e.Title},
		Person: to.person, As: to.as, Language: lang, Anonymous: sv.def.Anonymous, Facts: sv.kept(e), OccurredAt: e.At, DueAt: e.At,
	}
	st := &step{s: s, tx: tx, inv: inv, survey: sv}
	return st, s.kind.Create(tx, inv, workflow.Entry{Type: "survey.invite"})
}

// plan finds when the invitation is sent and takes its place under the caps, or skips
// it.
func (st *step) plan() error {
	due, ok := st.survey.due(st.inv.OccurredAt)
	if now := st.tx.Now(); ok && due.Before(now) { // the event came late
		due, ok = st.survey.allowed(now)
	}
	if !ok {
		return st.skip(WhyNever)
	}
	due = due.UTC().Truncate(time.Microsecond)
	p, err := st.person()
	if err != nil {
		return err
	}
	if why, ok := st.s.admits(p, st.survey, due, true); !ok {
		return st.skip(why)
	}
	if c := st.survey.def.PeriodCap; c != nil {
		st.inv.Period = st.survey.period(due)
		q, err := st.s.quota(st.tx, st.inv.Survey, c.Per, st.inv.Period)
		if err != nil {
			return err
		}
		if q.Taken >= c.Most {
			return st.skip(WhyPeriodCap)
		}
		q.Taken++
		if err := st.s.quotas.Put(st.tx, q, workflow.Entry{}); err != nil {
			return err
		}
	}
	p.reserve(st.inv.ID, st.inv.Survey, due)
	if err := st.s.keep(st.tx, p); err != nil {
		return err
	}
	st.inv.DueAt = due
	st.tx.SetTimer(st.ref(), TimerSend, due)
	return st.put()
}

func (st *step) skip(why Why) error {
	st.inv.Why, st.reason = why, "not asked: "+strings.ReplaceAll(string(why), "_", " ")
	if err := st.fire(ActionSkip); err != nil {
		return err
	}
	return st.put()
}

// Reopened takes back what asks on a record and was not answered yet, because the
// record is worked on again. Events of before that instant ask nobody any more, and
// the next one asks anew. It returns the invitations that it has cancelled.
func (s *Service) Reopened(ctx context.Context, record workflow.Ref, at time.Time) ([]*Invitation, error) {
	e := Event{Record: record, On: "reopened", At: at}
	if err := e.validate(); err != nil {
		return nil, err
	}
	at = at.UTC().Truncate(time.Microsecond)
	var cancelled []*Invitation
	res, err := s.desk.Do(ctx, s.command(system, "reopened"), func(tx *workflow.Tx) error {
		cancelled = nil
		t, err := s.thread(tx, record)
		if err != nil || !at.After(t.ReopenedAt) {
			return err
		}
		t.ReopenedAt = at
		var later []asked // asked on an event after it: this word of it comes late
		for _, a := range t.Asked {
			st, err := s.step(tx, a.Invitation)
			if err != nil {
				return err
			}
			if st.inv.OccurredAt.After(at) {
				later = append(later, a)
				continue
			}
			if !st.inv.open() {
				continue
			}
			if err := st.cancel("the record was reopened"); err != nil {
				return err
			}
			cancelled = append(cancelled, st.inv)
		}
		t.Asked = later
		return s.threads.Put(tx, t, workflow.Entry{})
	})
	if err == nil && res.Duplicate {
		return s.written(ctx, res)
	}
	return cancelled, err
}

// Cancel withdraws an invitation that was not answered yet. It takes a reason.
func (s *Service) Cancel(ctx context.Context, actor workflow.Actor, id workflow.ID, reason string) (*Invitation, error) {
	return s.run(ctx, actor, id, ActionCancel, func(st *step) error { return st.cancel(reason) })
}

func (st *step) cancel(reason string) error {
	if err := st.because(reason); err != nil {
		return err
	}
	if err := st.leave(ActionCancel); err != nil {
		return err
	}
	return st.put()
}

// leave ends an invitation; if it was not sent its place is given back.
func (st *step) leave(action string) error {
	planned := st.inv.State == StateDue
	if err := st.fire(action); err != nil {
		return err
	}
	st.still()
	if planned {
		return st.giveBack()
	}
	return nil
}

// OptOut keeps a person from being sent surveys, or with out false lets him be sent
// them again. It is for the person and for survey managers. What was sent can be
// answered on.
func (s *Service) OptOut(ctx context.Context, actor workflow.Actor, who string, out bool) error {
	if who == "" || len(who) > workflow.MaxKey {
		return fmt.Errorf("survey: a person's id has 1 to %d bytes: %w", workflow.MaxKey, workflow.ErrInvalid)
	}
	_, err := s.desk.Do(ctx, s.command(actor, "opt_out"), func(tx *workflow.Tx) error {
		p, err := s.person(tx, who)
		if err != nil {
			return err
		}
		err = tx.Authorize(workflow.Access{Ref: s.people.Ref(p.ID), Roles: []string{RoleManager, RoleInvited}, Relations: relations(&Invitation{Person: who}, actor)})
		if err != nil {
			return err
		}
		p.OptedOut = out
		return s.people.Put(tx, p, workflow.Entry{})
	})
	return err
}
