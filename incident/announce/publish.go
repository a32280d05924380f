package announce

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/itsm-go/itsm/workflow"
)

// TimerValidity is the timer of an announcement at which its validity begins or ends.
const TimerValidity = "validity"

// advance takes an announcement on as its time comes.
func (s *Service) advance(ctx context.Context, id workflow.ID) (*Announcement, error) {
	return s.run(ctx, system, id, "advance", func(st *step) error {
		m, err := s.lives.of(&st.a.Record)
		if err != nil {
			return err
		}
		if m.Category(st.a.State).Final() {
			return nil // a timer that comes late takes nothing up again
		}
		before := st.a.State
		st.a.State = m.SettleName(before, st.facts())
		return st.arrive(before)
	})
}

// arrive does what belongs to the state that the announcement has come to.
func (st *step) arrive(before string) error {
	a := st.a
	if a.State == before {
		return nil
	}
	now := st.tx.Now()
	switch a.State {
	case StateScheduled:
		a.ReleasedAt = now
		st.tx.SetTimer(st.ref(), TimerValidity, a.From)
	case StatePublished:
		if a.ReleasedAt.IsZero() {
			a.ReleasedAt = now
		}
		st.tx.SetTimer(st.ref(), TimerValidity, a.Until)
		return st.publish()
	default:
		if !st.s.lives.category(&a.Record).Final() {
			return nil // a state of the host's own
		}
		st.tx.ClearTimer(st.ref(), TimerValidity)
		if !a.ReleasedAt.IsZero() && now.Before(a.Until) {
			a.EndedAt = now
		}
		if from, _ := a.active(); a.Supersedes != (workflow.ID{}) && !a.ReleasedAt.IsZero() && !now.Before(from) {
			// It was in force, though no timer came while it was.
			if err := st.supersede(); err != nil {
				return err
			}
		}
		if a.Bulletin != (workflow.ID{}) && a.State != StateWithdrawn {
			return st.s.finish(st.tx, a.Bulletin)
		}
	}
	return nil
}

// publish ends what the announcement supersedes, and tells its audience if it is to.
func (st *step) publish() error {
	a := st.a
	if a.Supersedes != (workflow.ID{}) {
		if err := st.supersede(); err != nil {
			return err
		}
	}
	if !a.Push {
		return nil
	}
	b, err := st.s.begin(st.tx, Report{Kind: a.Kind, Severity: a.Severity, Words: a.Words, Audience: a.Audience}, a.ID)
	if err != nil {
		return err
	}
	a.Bulletin = b.ID
	return nil
}

// supersede ends the earlier announcement, in the same commit. One that is over already,
// or was never released, stays as it is.
func (st *step) supersede() error {
	old, err := st.s.announcements.Get(st.tx, st.a.Supersedes)
	if err != nil {
		return fmt.Errorf("announce: %s supersedes %v: %w", st.a.Name(), st.a.Supersedes, err)
	}
	if old.ID == st.a.ID || old.ReleasedAt.IsZero() || st.s.lives.category(&old.Record).Final() {
		return nil
	}
	earlier := &step{s: st.s, tx: st.tx, a: old, reason: "superseded by " + st.a.Name()}
	old.SupersededBy = st.a.ID
	if err := earlier.fire(ActionSupersede); err != nil {
		return err
	}
	if from, _ := st.a.active(); from.Before(old.Until) {
		old.EndedAt = from // however late this is
	}
	return st.s.announcements.Put(st.tx, old, workflow.Entry{Note: earlier.reason})
}

// retract tells those who were told of the announcement that it does not hold.
func (st *step) retract(w Words) error {
	switch {
	case st.a.Bulletin == workflow.ID{}:
		return nil
	case len(w) == 0:
		return st.s.finish(st.tx, st.a.Bulletin)
	}
	var p workflow.Problems
	w.validate(&p)
	if err := p.Err("announce: withdrawing " + st.a.Name()); err != nil {
		return err
	}
	b, err := st.s.bulletins.Get(st.tx, st.a.Bulletin)
	if err != nil || st.s.ended(b) {
		return err
	}
	b.State = StateRetracted // the right to it is that to the announcement
	b.round(st.tx, Withdrawn, w)
	if err := st.s.bulletins.Put(st.tx, b, workflow.Entry{}); err != nil {
		return err
	}
	return st.s.tick(st.tx, b)
}

// Active lists the announcements that are for a person at an instant, past, present or
// to come: by priority, and of one priority the newest first.
func (s *Service) Active(ctx context.Context, person string, at time.Time) ([]*Announcement, error) {
	c, err := s.circle(ctx, person)
	if err != nil {
		return nil, err
	}
	key := workflow.TimeKey(at)
	var list []*Announcement
	for a, err := range s.Announcements(ctx, workflow.Query{Where: []workflow.Condition{
		workflow.Below(IndexFrom, key+"\x00"), workflow.AtLeast(IndexUntil, key)}}) {
		if err != nil {
			return nil, err
		}
		if !a.ActiveAt(at) {
			continue
		}
		ok, err := s.within(ctx, c, a.Audience)
		if err != nil {
			return nil, err
		}
		if ok {
			if ok, err = s.stands(ctx, a, at); err != nil {
				return nil, err
			}
		}
		if ok {
			list = append(list, a)
		}
	}
	slices.SortFunc(list, func(a, b *Announcement) int {
		return cmp.Or(cmp.Compare(a.Priority, b.Priority), b.From.Compare(a.From), slices.Compare(a.ID[:], b.ID[:]))
	})
	return list, nil
}

// stands reports whether nothing has come in the place of an announcement up to an instant.
// What once was in force keeps it superseded, though it is over and no timer has said so.
func (s *Service) stands(ctx context.Context, a *Announcement, at time.Time) (bool, error) {
	for next, err := range s.Announcements(ctx, workflow.Query{Where: []workflow.Condition{workflow.Is(IndexSupersedes, workflow.IDKey(a.ID))}}) {
		if err != nil {
			return false, err
		}
		if from, until := next.active(); next.ID != a.ID && !from.After(at) && from.Before(until) {
			return false, nil
		}
	}
	return true, nil
}

func (s *Service) circle(ctx context.Context, person string) (circle, error) {
	if !validID(person) {
		return circle{}, fmt.Errorf("announce: a person's id has 1 to %d bytes: %w", workflow.MaxKey, workflow.ErrInvalid)
	}
	parties, err := s.cfg.Directory.Parties(ctx, person)
	if err != nil {
		return circle{}, fmt.Errorf("announce: groups and sites of %s: %w", person, err)
	}
	return circle{person, parties}, nil
}

// Acknowledgement is that a person has read an announcement.
type Acknowledgement struct {
	workflow.Record
	Announcement workflow.ID `json:"announcement"`
	Person       string      `json:"person"`
}

// Acknowledge says that the actor has read an announcement which asks for that, is
// active, and is for him. Once is enough; again changes nothing. Nobody does it for
// another.
func (s *Service) Acknowledge(ctx context.Context, actor workflow.Actor, id workflow.ID) error {
	if actor.Type != workflow.ActorUser || actor.OnBehalfOf != "" {
		return fmt.Errorf("announce: %v acknowledges for nobody else: %w", actor, workflow.ErrForbidden)
	}
	c, err := s.circle(ctx, actor.ID)
	if err != nil {
		return err
	}
	_, err = s.desk.Do(ctx, s.command(actor, "acknowledge"), func(tx *workflow.Tx) error {
		a, err := s.announcements.Get(tx, id)
		if err != nil {
			return err
		}
		ok, err := s.within(ctx, c, a.Audience)
		switch {
		case err != nil:
			return err
		case !ok:
			return fmt.Errorf("announce: %s is not for %s: %w", a.Name(), actor.ID, workflow.ErrForbidden)
		case !a.Acknowledge || !a.ActiveAt(tx.Now()):
			return fmt.Errorf("announce: %s is %s, or asks for no acknowledgement: %w", a.Name(), a.State, workflow.ErrTransition)
		}
		_, err = s.acks.GetOrCreate(tx, derived("ack", id.String(), actor.ID), func() *Acknowledgement {
			return &Acknowledgement{Record: workflow.Record{Title: a.Number, State: "given"}, Announcement: id, Person: actor.ID}
		})
		return err
	})
	return err
}

// Reading is how many have acknowledged an announcement, of its audience as it is now.
type Reading struct {
	Audience     int             `json:"audience"`
	Acknowledged int             `json:"acknowledged"`
	Percent      decimal.Decimal `json:"percent"` // rounded to two places; 0 of an audience of nobody
	Missing      []string        `json:"missing"` // who has not, by id
	Others       int             `json:"others"`  // have acknowledged it, and are in the audience no more
}

// Readings counts the acknowledgements of an announcement.
func (s *Service) Readings(ctx context.Context, id workflow.ID) (Reading, error) {
	a, err := s.Announcement(ctx, id)
	if err != nil {
		return Reading{}, err
	}
	given := map[string]bool{}
	for ack, err := range s.acks.Find(ctx, s.desk.Store(), workflow.Query{Where: []workflow.Condition{workflow.Is(IndexAnnouncement, workflow.IDKey(id))}}) {
		if err != nil {
			return Reading{}, err
		}
		given[ack.Person] = true
	}
	all, err := s.gather(ctx, &Bulletin{Audience: a.Audience, Announcement: a.ID})
	if err != nil {
		return Reading{}, err
	}
	r := Reading{Audience: len(all), Missing: []string{}}
	for _, p := range all {
		if given[p.Person] {
			r.Acknowledged++
		} else {
			r.Missing = append(r.Missing, p.Person)
		}
	}
	r.Others = len(given) - r.Acknowledged
	if r.Audience > 0 {
		r.Percent = decimal.NewFromInt(int64(r.Acknowledged)*100).DivRound(decimal.NewFromInt(int64(r.Audience)), 2)
	}
	return r, nil
}
