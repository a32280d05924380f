package problem

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

// The timers of problems.
const (
	TimerInactive   = "inactive"
	TimerRiskReview = "risk_review"
)

func (s *Service) checkInactivity(p *workflow.Problems, cfg Config) {
	for _, state := range sortedKeys(cfg.Inactivity) {
		if cfg.Inactivity[state] <= 0 {
			p.Addf("inactivity in state %q: %v, want more than nothing", state, cfg.Inactivity[state])
		}
		known := false
		for _, m := range s.machines {
			if m == nil {
				continue // it did not compile, which is told already
			}
			if _, ok := m.State(state); ok {
				known = known || !m.Category(state).Final()
			}
		}
		if !known {
			p.Addf("inactivity: %q is no state of a lifecycle in which there is work to do", state)
		}
	}
}

// alarms are the instants at which the problem must be looked at again.
func (s *Service) alarms(p *Problem) map[string]time.Time {
	alarms := map[string]time.Time{}
	if p.Risk != nil && p.Risk.Reminded.IsZero() {
		alarms[TimerRiskReview] = p.Risk.Review
	}
	d, watched := s.cfg.Inactivity[p.State]
	if !watched || p.ActiveAt.IsZero() || s.Category(p).Final() {
		return alarms
	}
	since := p.ActiveAt
	if p.NudgedAt.After(since) {
		since = p.NudgedAt
	}
	due, ok := since.Add(d), true
	if s.cfg.Hours != nil {
		due, ok = s.cfg.Hours.Add(since, d)
	}
	if ok {
		alarms[TimerInactive] = due.UTC()
	}
	return alarms
}

// timers sets the timers that differ from those set before.
func (st *step) timers() {
	want, have, ref := st.s.alarms(st.p), st.s.alarms(st.before), st.s.kind.Ref(st.p.ID)
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
}

// Handle answers the timers that problems have set, and does the work of the messages
// [TopicInform] and [TopicMove]. Give it to a [workflow.Mux] under [KindName] and
// under both topics. It bears repetition.
func (s *Service) Handle(ctx context.Context, d workflow.Due) error {
	var err error
	switch {
	case d.Timer != nil && d.Timer.Ref.Kind == KindName:
		err = s.alarm(ctx, d.Timer)
	case d.Message != nil && d.Message.Topic == TopicMove:
		var m move
		if err = workflow.ParseJSON(d.Message.Payload, "problem: message", &m); err == nil {
			err = s.Once(d.Key()).moveOn(ctx, m.Problem)
		}
	case d.Message != nil && d.Message.Topic == TopicInform:
		var c Chunk
		if err = workflow.ParseJSON(d.Message.Payload, "problem: message", &c); err == nil {
			err = s.deliver(ctx, d.Key(), c)
		}
	default:
		err = fmt.Errorf("problem: %s is not work for problems: %w", d.Key(), workflow.ErrInvalid)
	}
	if errors.Is(err, workflow.ErrNotFound) || errors.Is(err, workflow.ErrInvalid) {
		return workflow.Permanent(err)
	}
	return err
}

// alarm tells people what has come due. What was done meanwhile has moved the instant,
// and then nothing is due.
func (s *Service) alarm(ctx context.Context, t *workflow.Timer) error {
	if t.Name != TimerInactive && t.Name != TimerRiskReview {
		return fmt.Errorf("problem: unknown timer %q: %w", t.Name, workflow.ErrInvalid)
	}
	// Never before the timer's instant: a clock that goes behind the relay's would find
	// nothing due, and the timer would be gone.
	at := s.desk.Now()
	if at.Before(t.Due) {
		at = t.Due
	}
	_, err := s.At(at).run(ctx, workflow.System("problem"), t.Ref.ID, t.Name, func(st *step) error {
		st.idle = true
		due, set := s.alarms(st.p)[t.Name]
		switch {
		case !set:
			return nil
		case st.tx.Now().Before(due):
			st.tx.SetTimer(t.Ref, t.Name, due) // working hours or limits are others than when it was set
			return nil
		}
		if t.Name == TimerRiskReview {
			st.p.Risk.Reminded = st.tx.Now()
			return st.tell(TopicRiskReview, st.p.Risk.Reason, append(st.p.coordinators(), st.p.Risk.AcceptedBy)...)
		}
		since := st.p.ActiveAt
		st.p.NudgedAt = st.tx.Now()
		st.p.Nudges++
		return st.tell(TopicInactive, "nothing was done since "+since.Format(time.RFC3339), st.p.audience()...)
	})
	return err
}
