package incident

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

// Assign makes a group, a person or both responsible; what is left empty is
// taken away. A group after another group counts as a reassignment, as in
// ServiceNow; a change of person within a group does not.
func (s *Service) Assign(ctx context.Context, actor workflow.Actor, id workflow.ID, group, person string) (*Incident, error) {
	return s.run(ctx, actor, id, ActionAssign, func(st *step) error {
		inc := st.inc
		var p workflow.Problems
		if group == "" && person == "" {
			p.Addf("neither a group nor a person")
		}
		checkName(&p, "group", group)
		checkName(&p, "assignee", person)
		if err := p.Err("incident: assigning " + inc.Name()); err != nil {
			return err
		}
		same := inc.Group == group && inc.Assignee == person
		if inc.Group != "" && group != "" && inc.Group != group {
			inc.Reassignments++
		}
		if inc.AssignedAt.IsZero() {
			inc.AssignedAt = st.tx.Now()
		}
		inc.Group, inc.Assignee = group, person
		if err := st.fire(ActionAssign); err != nil || same {
			return err
		}
		return st.notify(TopicAssigned, group, person)
	})
}

// Start begins the work. The children of a parent follow it.
func (s *Service) Start(ctx context.Context, actor workflow.Actor, id workflow.ID) (*Incident, error) {
	return s.run(ctx, actor, id, ActionStart, func(st *step) error {
		if err := st.fire(ActionStart); err != nil {
			return err
		}
		return st.lead(Order{Action: ActionStart})
	})
}

// Hold puts the incident on hold, or changes what it waits for. Waiting for the
// caller needs a text that asks him, which becomes a public comment; for other
// reasons the text, if any, becomes a work note. Children follow, except into
// waiting for the caller or for evidence, which is the parent's own affair.
func (s *Service) Hold(ctx context.Context, actor workflow.Actor, id workflow.ID, reason HoldReason, text string) (*Incident, error) {
	return s.run(ctx, actor, id, ActionHold, func(st *step) error {
		if !reason.valid() {
			return fmt.Errorf("incident: hold reason %q, want one of %q: %w", reason, holdReasons, workflow.ErrInvalid)
		}
		asks := reason == AwaitingCaller
		st.inc.HoldReason = reason
		st.comment = asks && strings.TrimSpace(text) != ""
		if err := st.fire(ActionHold); err != nil {
			return err
		}
		if text != "" {
			if err := st.say(asks, text); err != nil {
				return err
			}
		}
		if asks {
			return st.tell(TopicAsked, text, st.inc.Caller)
		}
		if reason == AwaitingEvidence {
			return nil
		}
		return st.lead(Order{Action: ActionHold, HoldReason: reason})
	})
}

// Resume takes the work up again. The note, if any, becomes a work note.
// Children that are on hold follow, unless they wait for their own caller.
func (s *Service) Resume(ctx context.Context, actor workflow.Actor, id workflow.ID, note string) (*Incident, error) {
	return s.run(ctx, actor, id, ActionResume, func(st *step) error {
		if err := st.fire(ActionResume); err != nil {
			return err
		}
		if note != "" {
			if err := st.say(false, note); err != nil {
				return err
			}
		}
		return st.lead(Order{Action: ActionResume})
	})
}

// Comment says something in public: to the caller, or from him. The caller's
// word to an incident that waits for him takes the work up again; the first word
// of somebody else to him is the first response.
func (s *Service) Comment(ctx context.Context, actor workflow.Actor, id workflow.ID, text string) (*Incident, error) {
	return s.run(ctx, actor, id, "comment", func(st *step) error {
		inc := st.inc
		if err := st.authorize(RoleCaller, RoleOpener, RoleAgent, RoleManager, workflow.RoleSystem); err != nil {
			return err
		}
		if s.Category(inc).Final() {
			return fmt.Errorf("incident: %s is %s and takes no comments, open a follow-up: %w", inc.Name(), inc.State, workflow.ErrTransition)
		}
		if err := st.say(true, text); err != nil {
			return err
		}
		if !actor.Is(inc.Caller) {
			return st.tell(TopicComment, text, append([]string{inc.Caller}, inc.Watchers...)...)
		}
		if inc.HoldReason == AwaitingCaller && st.can(ActionReply) {
			if err := st.fire(ActionReply); err != nil {
				return err
			}
		}
		return st.tell(TopicReplied, text, append([]string{inc.Assignee, inc.Group}, inc.Watchers...)...)
	})
}

// Note adds a work note, which the caller does not see.
func (s *Service) Note(ctx context.Context, actor workflow.Actor, id workflow.ID, text string) (*Incident, error) {
	return s.run(ctx, actor, id, "note", func(st *step) error {
		if err := st.authorize(RoleAgent, RoleManager, workflow.RoleSystem); err != nil {
			return err
		}
		return st.say(false, text)
	})
}

// say adds a comment and notices the first response.
func (st *step) say(public bool, text string) error {
	actor := st.tx.Actor()
	switch {
	case public && actor.Is(st.inc.Caller):
		st.inc.AwaitsReply = true
	case public:
		st.inc.answered(st.tx.Now())
	}
	return st.inc.Say(actor, st.tx.Now(), public, text)
}

// answered notes that the caller has heard from us.
func (inc *Incident) answered(at time.Time) {
	inc.Replies++
	inc.AwaitsReply = false
	if inc.RespondedAt.IsZero() {
		inc.RespondedAt = at
	}
}

// Act takes an action that the host has added to the lifecycle.
func (s *Service) Act(ctx context.Context, actor workflow.Actor, id workflow.ID, action, reason string) (*Incident, error) {
	return s.run(ctx, actor, id, action, func(st *step) error {
		switch action {
		case ActionAssign, ActionHold, ActionResolve, ActionMerge, ActionReopen, ActionCancel, ActionClose:
			return fmt.Errorf("incident: %s has a method of its own: %w", action, workflow.ErrInvalid)
		}
		st.reason = reason
		return st.fire(action)
	})
}
