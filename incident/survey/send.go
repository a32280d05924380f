package survey

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

// The timers of an invitation.
const (
	TimerSend   = "send"
	TimerRemind = "remind"
	TimerExpire = "expire"
)

// Handle answers the timers that invitations have set, and carries out [TopicCollect].
// Give it to a [workflow.Mux] under [KindName] and under the topic. It bears
// repetition.
func (s *Service) Handle(ctx context.Context, d workflow.Due) error {
	var err error
	switch {
	case d.Timer != nil && d.Timer.Ref.Kind == KindName:
		err = s.alarm(ctx, d.Timer)
	case d.Message != nil && d.Message.Topic == TopicCollect:
		err = s.collect(ctx, d.Message)
	default:
		err = fmt.Errorf("survey: %s is not work for surveys: %w", d.Key(), workflow.ErrInvalid)
	}
	if errors.Is(err, workflow.ErrNotFound) || errors.Is(err, workflow.ErrInvalid) {
		return workflow.Permanent(err)
	}
	return err
}

func (s *Service) alarm(ctx context.Context, t *workflow.Timer) error {
	// Never before the timer's instant, should this clock be behind the relay's.
	at := s.desk.Now()
	if at.Before(t.Due) {
		at = t.Due
	}
	var decide func(*step) error
	switch t.Name {
	case TimerSend:
		decide = (*step).send
	case TimerRemind:
		decide = (*step).remind
	case TimerExpire:
		decide = (*step).expire
	default:
		return fmt.Errorf("survey: unknown timer %q: %w", t.Name, workflow.ErrInvalid)
	}
	_, err := s.At(at).run(ctx, system, t.Ref.ID, t.Name, decide)
	return err
}

// send sends an invitation that is due; if nothing may be sent now, because the relay
// is late, it waits for the next time. The caps are asked again: what counts is when
// invitations were sent, and not when they were to be.
func (st *step) send() error {
	p, err := st.person() // read first, so that a person's invitations are sent in the order of time
	if err != nil {
		return err
	}
	now := st.tx.Now()
	if st.inv.State != StateDue || now.Before(st.inv.DueAt) {
		return nil
	}
	next, ok := st.survey.allowed(now)
	if ok && next.After(now) {
		st.inv.DueAt = next.Truncate(time.Microsecond)
		st.tx.SetTimer(st.ref(), TimerSend, st.inv.DueAt)
		return nil
	}
	why, fits := st.s.admits(p, st.survey, now, false)
	if !ok {
		why = WhyNever
	}
	if !ok || !fits {
		if err := st.skip(why); err != nil {
			return err
		}
		return st.giveBack()
	}
	if err := st.fire(ActionSend); err != nil {
		return err
	}
	p.sent(st.inv.ID, st.inv.Survey, now)
	if err := st.s.keep(st.tx, p); err != nil {
		return err
	}
	st.inv.SentAt, st.inv.ExpiresAt = now, now.Add(time.Duration(st.survey.def.Expires))
	st.tx.SetTimer(st.ref(), TimerExpire, st.inv.ExpiresAt)
	if err := st.tell(TopicInvited); err != nil {
		return err
	}
	st.nextReminder()
	return nil
}

// nextReminder sets the timer of the next reminder. One that falls into a quiet time
// waits for its end, and is left out if the survey expires before.
func (st *step) nextReminder() {
	for _, after := range st.survey.def.Remind[st.inv.Reminded:] {
		at, ok := st.survey.allowed(st.inv.SentAt.Add(time.Duration(after)))
		if ok && at.After(st.tx.Now()) && at.Before(st.inv.ExpiresAt) {
			st.tx.SetTimer(st.ref(), TimerRemind, at)
			return
		}
		st.inv.Reminded++
	}
}

func (st *step) remind() error {
	now := st.tx.Now()
	def := st.survey.def
	if st.inv.State != StateSent || !now.Before(st.inv.ExpiresAt) || st.inv.Reminded >= len(def.Remind) ||
		now.Before(st.inv.SentAt.Add(time.Duration(def.Remind[st.inv.Reminded]))) {
		return nil
	}
	if next, ok := st.survey.allowed(now); !ok || next.After(now) {
		if ok && next.Before(st.inv.ExpiresAt) {
			st.tx.SetTimer(st.ref(), TimerRemind, next)
		}
		return nil
	}
	st.inv.Reminded++
	if err := st.tell(TopicReminded); err != nil {
		return err
	}
	st.nextReminder()
	return nil
}

func (st *step) expire() error {
	if st.inv.State != StateSent || st.tx.Now().Before(st.inv.ExpiresAt) {
		return nil
	}
	st.tx.ClearTimer(st.ref(), TimerRemind)
	return st.fire(ActionExpire)
}

// The topics of the messages that surveys put into the outbox.
const (
	TopicInvited  = "survey.invited"   // a [Notice]
	TopicReminded = "survey.reminded"  // a [Notice]
	TopicFollowUp = "survey.follow_up" // a [Finding]
	// TopicCollect carries the answers to an anonymous survey to where they are kept.
	// Relay it to [Service.Handle].
	TopicCollect = "survey.collect"
)

// Notice invites somebody, or reminds him.
type Notice struct {
	ID        workflow.ID `json:"id"` // of the invitation
	Number    string      `json:"number"`
	Survey    string      `json:"survey"`
	Version   int         `json:"version"`
	Title     string      `json:"title"` // in the language
	Language  string      `json:"language"`
	About     About       `json:"about"`
	To        []string    `json:"to"`
	ExpiresAt time.Time   `json:"expires_at"`
	Reminder  int         `json:"reminder,omitempty"` // 0 = the invitation itself
}

func (st *step) tell(topic string) error {
	inv := st.inv
	return st.tx.Send(st.ref(), topic, Notice{ID: inv.ID, Number: inv.Number, Survey: inv.Survey, Version: inv.SurveyVersion, Title: inv.Title,
		Language: inv.Language, About: inv.About, To: []string{inv.Person}, ExpiresAt: inv.ExpiresAt, Reminder: inv.Reminded})
}
