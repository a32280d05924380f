package survey

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

// Answer takes the answers of the person who was invited, once, until the invitation
// expires; if the survey can be edited then, also again, in place of the answers
// before. Those to an anonymous survey are kept as a [Response], by a system, and
// nothing in the invitation says what they were.
func (s *Service) Answer(ctx context.Context, actor workflow.Actor, id workflow.ID, a Answers) (*Invitation, error) {
	return s.run(ctx, actor, id, ActionAnswer, func(st *step) error { return st.answer(a) })
}

func (st *step) answer(a Answers) error {
	inv, now := st.inv, st.tx.Now()
	if !inv.ExpiresAt.IsZero() && !now.Before(inv.ExpiresAt) && (inv.State == StateSent || inv.State == StateAnswered) {
		if err := st.authorize(RoleInvited, workflow.RoleSystem); err != nil {
			return err
		}
		return fmt.Errorf("survey: %s could be answered until %s: %w: %w", inv.Name(), inv.ExpiresAt.Format(time.RFC3339), ErrExpired, workflow.ErrTransition)
	}
	edited := inv.State == StateAnswered
	planned := inv.State == StateDue && !st.unplanned
	if err := st.fire(ActionAnswer); err != nil {
		return err
	}
	a, err := st.survey.Check(a)
	if err != nil {
		return fmt.Errorf("survey: %s: %w", inv.Name(), err)
	}
	inv.OnRecord = inv.SentAt.IsZero()
	st.still()
	if planned {
		if err := st.giveBack(); err != nil {
			return err
		}
	}
	if inv.Anonymous {
		return st.castUnnamed(a)
	}
	before := inv.Answers
	if edited {
		inv.Edits++
	}
	inv.Answers, inv.AnsweredAt = a, now
	return st.survey.followUp(st.tx, st.ref(), before, a, Finding{ID: inv.ID, Number: inv.Number, About: inv.About, Person: inv.Person, As: inv.As, Facts: inv.Facts})
}

// Decline says that the person will not answer.
func (s *Service) Decline(ctx context.Context, actor workflow.Actor, id workflow.ID) (*Invitation, error) {
	return s.run(ctx, actor, id, ActionDecline, func(st *step) error { return st.leave(ActionDecline) })
}

// AnswerOnRecord takes answers that somebody has given on the record itself, such as
// the user satisfaction of iTop's tickets or the stars of bk-itsm, as answers to a
// survey, whether or not he was invited. As is the part he has in the record. An
// invitation to him that is still open, or that was skipped, is answered by it. If there
// is none, or it has expired, or was declined or withdrawn, one is made that counts under
// no cap and in no response rate: his word comes late, or unasked, but it is his word.
// What he has answered before stands: the same again changes nothing, unless the survey is
// anonymous and nobody can tell, and something else is an edit, for himself alone, as far
// as [Service.Answer] takes one. It is for the person himself, and for systems.
func (s *Service) AnswerOnRecord(ctx context.Context, actor workflow.Actor, survey string, e Event, who, as string, a Answers) (*Invitation, error) {
	sv, err := s.Survey(survey)
	if err != nil {
		return nil, err
	}
	if err := e.validate(); err != nil {
		return nil, err
	}
	if who == "" || len(who) > workflow.MaxKey || !validName(as) {
		return nil, fmt.Errorf("survey: on %s: needs a person, and his part as a name: %w", e.Number, workflow.ErrInvalid)
	}
	e.At = e.At.UTC().Truncate(time.Microsecond)
	var inv *Invitation
	res, err := s.desk.Do(ctx, s.command(actor, "answer_on_record"), func(tx *workflow.Tx) error {
		st, err := s.stepOnRecord(tx, sv, e, recipient{who, as})
		if err != nil {
			return err
		}
		inv = st.inv
		if inv.State == StateAnswered && maps.Equal(inv.Answers, a) {
			return st.authorize(RoleInvited, workflow.RoleSystem) // told again
		}
		if err := st.answer(a); err != nil {
			return err
		}
		return st.put()
	})
	if err != nil {
		return nil, err
	}
	if res.Duplicate {
		list, err := s.written(ctx, res)
		if err != nil || len(list) == 0 {
			return nil, err
		}
		return list[0], nil
	}
	return inv, nil
}

func (s *Service) stepOnRecord(tx *workflow.Tx, sv *Survey, e Event, to recipient) (*step, error) {
	t, err := s.thread(tx, e.Record)
	if err != nil {
		return nil, err
	}
	id, asked := t.find(sv.def.Name, to.person)
	if asked {
		if st, err := s.step(tx, id); err != nil || st.takesAnswers() {
			return st, err
		}
	}
	if !e.At.After(t.ReopenedAt) {
		return nil, fmt.Errorf("survey: %s was reopened at %s, after what is answered to: %w", e.Number, t.ReopenedAt.Format(time.RFC3339), workflow.ErrTransition)
	}
	var st *step
	if asked {
		st, err = s.replace(tx, t, id, sv, e, to)
	} else {
		st, err = s.enter(tx, t, sv, e, to)
	}
	if err != nil {
		return nil, err
	}
	st.unplanned = true
	return st, nil
}

// takesAnswers reports whether an answer on the record is one to the invitation: it is open
// or was skipped, or it was answered, and nobody answers twice.
func (st *step) takesAnswers() bool {
	switch st.inv.State {
	case StateExpired, StateDeclined, StateCancelled:
		return false
	case StateSent: // though no timer has said so
		return st.inv.ExpiresAt.IsZero() || st.tx.Now().Before(st.inv.ExpiresAt)
	}
	return true
}

// unnamed is what TopicCollect carries.
type unnamed struct {
	ID      workflow.ID       `json:"id"`
	Survey  string            `json:"survey"`
	Version int               `json:"version"`
	Day     time.Time         `json:"day"`
	Facts   map[string]string `json:"facts,omitempty"`
	Answers Answers           `json:"answers"`
}

// castUnnamed sends the answers to where they are kept. What keeps them is a command of
// its own, of a system, under an id and a key that nothing in the invitation leads to.
func (st *step) castUnnamed(a Answers) error {
	u := unnamed{ID: derived("response", st.tx.NewID().String()), Survey: st.inv.Survey, Version: st.inv.SurveyVersion,
		Day: st.tx.Now().Truncate(24 * time.Hour), Facts: st.inv.Facts, Answers: a}
	return st.tx.Send(st.s.responses.Ref(u.ID), TopicCollect, u)
}

func (s *Service) collect(ctx context.Context, m *workflow.Message) error {
	var u unnamed
	if err := json.Unmarshal(m.Payload, &u); err != nil {
		return fmt.Errorf("survey: answers to collect: %w: %w", err, workflow.ErrInvalid)
	}
	sv, err := s.version(u.Survey, u.Version)
	if err != nil {
		return err
	}
	cmd := s.Once(u.ID.String()).At(u.Day).command(system, "collect")
	_, err = s.desk.Do(ctx, cmd, func(tx *workflow.Tx) error {
		r := &Response{Record: workflow.Record{ID: u.ID, State: "kept", Title: u.Survey}, Survey: u.Survey, SurveyVersion: u.Version, Facts: u.Facts, Answers: u.Answers}
		if err := s.responses.Create(tx, r, workflow.Entry{}); err != nil {
			return err
		}
		return sv.followUp(tx, s.responses.Ref(u.ID), nil, u.Answers, Finding{ID: u.ID, Facts: u.Facts})
	})
	return err
}

// Finding tells those who follow up on an answer what it was. About an anonymous survey
// it names neither person nor record.
type Finding struct {
	ID       workflow.ID       `json:"id"` // of the invitation, or of the response
	Number   string            `json:"number,omitempty"`
	Survey   string            `json:"survey"`
	Question string            `json:"question"`
	Value    string            `json:"value"`
	About    About             `json:"about,omitzero"`
	Person   string            `json:"person,omitempty"`
	As       string            `json:"as,omitempty"`
	Facts    map[string]string `json:"facts,omitempty"`
	Answers  Answers           `json:"answers"` // all of them
	To       []string          `json:"to"`
}

// followUp tells of the answers that somebody follows up on. An edit tells again only
// if the answer was not one of those before.
func (s *Survey) followUp(tx *workflow.Tx, ref workflow.Ref, before, now Answers, f Finding) error {
	for _, fu := range s.def.FollowUp {
		if !fu.holds(now) || fu.holds(before) {
			continue
		}
		f.Survey, f.Question, f.Value, f.Answers, f.To = s.def.Name, fu.Question, now[fu.Question], now, fu.Tell
		if err := tx.Send(ref, TopicFollowUp, f); err != nil {
			return err
		}
	}
	return nil
}
