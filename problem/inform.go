package problem

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

// IncidentResolver is what problems need of incidents; the host makes it from its
// practice of incidents. Errors matching [workflow.ErrNotFound], [workflow.ErrInvalid],
// [workflow.ErrForbidden] or [workflow.ErrTransition] are for good, others are tried
// again. It must be safe for concurrent use.
type IncidentResolver interface {
	// Standing tells how an incident stands now.
	Standing(ctx context.Context, incident workflow.ID) (Standing, error)
	// Say adds a text to an incident: a comment that its caller reads, or a work note.
	// The same key again must not add it again.
	Say(ctx context.Context, key string, incident workflow.ID, text string, public bool) error
	// Resolve resolves an incident that waits for its problem. The same key again must
	// not resolve it again.
	Resolve(ctx context.Context, key string, incident workflow.ID, code, notes string) error
}

// Standing is how an incident stands.
type Standing struct {
	Over          bool // resolved, closed or cancelled
	AwaitsProblem bool // on hold until its problem is solved
}

// TopicInform is the topic of the messages by which a problem reaches its incidents. A
// message is for at most [ChunkSize] of them, and carries a [Chunk]. Relay it to
// [Service.Handle].
const TopicInform = "problem.inform_incidents"

// ChunkSize is the most incidents that one message is for.
const ChunkSize = 100

// MaxTold is the most bytes of a text that is told to incidents.
const MaxTold = 16 << 10

// What says what incidents are to hear.
type What string

// What incidents hear.
const (
	WhatWorkaround What = "workaround" // all hear it that are not over
	WhatFix        What = "fix"        // all hear it that are not over
	WhatFixed      What = "fixed"      // those that wait for the problem are resolved
	WhatAccepted   What = "accepted"   // those that wait for the problem hear that its risk is accepted
	WhatCancelled  What = "cancelled"  // those that wait for the problem hear that it is none
)

// Chunk is a message to some of the incidents of a problem.
type Chunk struct {
	Problem   workflow.ID   `json:"problem"`
	What      What          `json:"what"`
	Text      string        `json:"text"`
	Public    bool          `json:"public,omitempty"`
	Code      string        `json:"code,omitempty"`       // the incidents' resolution code
	Resolved  time.Time     `json:"resolved_at,omitzero"` // the problem, if this is about how it ended
	Incidents []workflow.ID `json:"incidents"`
}

// CommunicateWorkaround tells the workaround that holds to all linked incidents that
// are not resolved, closed or cancelled (ServiceNow). It only puts messages into the
// outbox: what becomes of them does not touch the problem.
func (s *Service) CommunicateWorkaround(ctx context.Context, actor workflow.Actor, id workflow.ID) (*Problem, error) {
	return s.run(ctx, actor, id, "communicate_workaround", func(st *step) error {
		return st.communicate(WhatWorkaround, st.p.Workaround())
	})
}

// CommunicateFix tells how the problem is fixed, or is going to be, to all linked
// incidents that are not resolved, closed or cancelled.
func (s *Service) CommunicateFix(ctx context.Context, actor workflow.Actor, id workflow.ID) (*Problem, error) {
	return s.run(ctx, actor, id, "communicate_fix", func(st *step) error {
		return st.communicate(WhatFix, st.p.FixNotes)
	})
}

func (st *step) communicate(what What, text string) error {
	if err := st.authorize(RoleManager, RoleCoordinator, RoleAssignee, workflow.RoleSystem); err != nil {
		return err
	}
	if err := st.relevant(); err != nil {
		return err
	}
	if text == "" || len(text) > MaxTold {
		return fmt.Errorf("problem: %s: there is no %s of 1 to %d bytes to tell: %w", st.p.Name(), what, MaxTold, workflow.ErrInvalid)
	}
	st.note = fmt.Sprintf("told the %s to %d incidents", what, st.p.Incidents)
	return st.inform(what, text)
}

// inform sends word to all linked incidents, some with each message. Whoever links an
// incident changes the count in the problem, so none is overlooked.
func (st *step) inform(what What, text string) error {
	if st.p.Incidents == 0 {
		return nil
	}
	var some []workflow.ID
	for l, err := range st.s.links.FindIn(st.tx, workflow.Is(indexProblem, workflow.IDKey(st.p.ID))) {
		if err != nil {
			return err
		}
		some = append(some, l.ID)
	}
	return st.send(what, text, some)
}

// informMoved tells incidents that come from a duplicate how the problem has ended, if it
// has: the others know.
func (st *step) informMoved(incidents []workflow.ID) error {
	what := map[Code]What{FixApplied: WhatFixed, RiskAccepted: WhatAccepted, Cancelled: WhatCancelled}[st.p.code()]
	if what == "" {
		return nil
	}
	return st.send(what, st.p.Resolution.Notes, incidents)
}

// send sends word to incidents, some with each message.
func (st *step) send(what What, text string, incidents []workflow.ID) error {
	if len(text) > MaxTold {
		text = strings.ToValidUTF8(text[:MaxTold], "")
	}
	c := Chunk{Problem: st.p.ID, What: what, Text: text, Public: st.s.cfg.Public}
	if what != WhatWorkaround && what != WhatFix {
		c.Resolved, c.Code = st.p.Resolution.At, st.s.cfg.ResolvedByProblem
	}
	for c.Incidents = range slices.Chunk(incidents, min(st.s.cfg.Chunk, ChunkSize)) {
		if err := st.tx.Send(st.s.kind.Ref(st.p.ID), TopicInform, c); err != nil {
			return err
		}
	}
	return nil
}

// deliver reaches the incidents of a chunk. One that fails does not keep the others
// from hearing; what was done already is not done again when the rest is tried again,
// because each effect has a key of its own.
func (s *Service) deliver(ctx context.Context, key string, c Chunk) error {
	if s.cfg.Incidents == nil {
		return fmt.Errorf("problem: there is no way to incidents, see Config.Incidents: %w", workflow.ErrInvalid)
	}
	if len(c.Incidents) > ChunkSize {
		return fmt.Errorf("problem: a message for %d incidents, at most %d: %w", len(c.Incidents), ChunkSize, workflow.ErrInvalid)
	}
	p, err := s.Get(ctx, c.Problem)
	if err != nil {
		return err
	}
	if !c.Resolved.IsZero() && (p.Resolution == nil || !p.Resolution.At.Equal(c.Resolved)) {
		return nil // it is being analysed again: the word does not hold any more
	}
	var lasting, passing []error
	for _, id := range c.Incidents {
		err := s.reach(ctx, key+"/"+id.String(), p, c, id)
		switch {
		case err == nil:
		case forGood(err):
			lasting = append(lasting, fmt.Errorf("incident %s: %w", id, err))
		default:
			passing = append(passing, fmt.Errorf("incident %s: %w", id, err))
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	if len(passing) > 0 {
		return fmt.Errorf("problem: %s: %d of %d incidents not reached: %v", p.Name(), len(passing), len(c.Incidents), errors.Join(passing...))
	}
	if len(lasting) > 0 {
		return workflow.Permanent(fmt.Errorf("problem: %s: %d of %d incidents not reached: %w", p.Name(), len(lasting), len(c.Incidents), errors.Join(lasting...)))
	}
	return nil
}

func forGood(err error) bool {
	return errors.Is(err, workflow.ErrNotFound) || errors.Is(err, workflow.ErrInvalid) || errors.Is(err, workflow.ErrForbidden) || errors.Is(err, workflow.ErrTransition)
}

// reach does to one incident what the message says. An incident that belongs to the
// problem no longer is left alone, unless the problem has handed it over as a duplicate.
func (s *Service) reach(ctx context.Context, key string, p *Problem, c Chunk, id workflow.ID) error {
	l, err := s.links.Load(ctx, s.desk.Store(), id)
	if err != nil {
		return err
	}
	if belongs, err := s.leads(ctx, p, l.Problem); err != nil || !belongs {
		return err
	}
	now, err := s.cfg.Incidents.Standing(ctx, id)
	if err != nil || now.Over {
		return err
	}
	switch {
	case c.What == WhatWorkaround || c.What == WhatFix:
		return s.cfg.Incidents.Say(ctx, key, id, fmt.Sprintf("%s, %s: %s", p.Number, c.What, c.Text), c.Public)
	case !now.AwaitsProblem:
		return nil
	case c.What == WhatAccepted:
		return s.cfg.Incidents.Say(ctx, key, id, fmt.Sprintf("%s will not be fixed, its risk is accepted: %s", p.Number, c.Text), false)
	case c.What == WhatCancelled:
		return s.cfg.Incidents.Say(ctx, key, id, fmt.Sprintf("%s was cancelled: %s", p.Number, c.Text), false)
	}
	err = s.cfg.Incidents.Resolve(ctx, key, id, c.Code, fmt.Sprintf("%s is fixed: %s", p.Number, c.Text))
	if err != nil && errors.Is(err, workflow.ErrTransition) {
		if now, again := s.cfg.Incidents.Standing(ctx, id); again == nil && (now.Over || !now.AwaitsProblem) {
			return nil // somebody was quicker
		}
	}
	return err
}
