package request

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

// Mapping says what the state of a child record means for the task that it does. A request
// that only gathers other records, such as incidents and cases of other departments, is an
// item whose plan is by hand: each record is the child of a task, and the roll-up is the
// same as ever (ServiceNow: universal request).
type Mapping struct {
	Kind  string    `json:"kind"`  // of the record
	State string    `json:"state"` // its state; "closed*" is every state that begins so, "*" every one
	As    TaskState `json:"as"`
}

// UniversalRequest returns the mappings of ServiceNow's universal request for a kind: open,
// work in progress and pending are in progress, and closed, however it was, is complete.
// Closed incomplete and closed skipped keep what they say here, which ServiceNow loses.
func UniversalRequest(kind string) []Mapping {
	return []Mapping{
		{kind, "closed_incomplete*", TaskIncomplete}, {kind, "closed_skipped*", TaskSkipped}, {kind, "closed*", TaskComplete},
		{kind, "open", TaskInProgress}, {kind, "work_in_progress", TaskInProgress}, {kind, "pending", TaskInProgress},
	}
}

func (m Mapping) matches(kind, state string) bool {
	prefix, pattern := strings.CutSuffix(m.State, "*")
	return m.Kind == kind && (m.State == state || pattern && strings.HasPrefix(state, prefix))
}

// covers reports whether the mapping takes every state that another one does.
func (m Mapping) covers(o Mapping) bool {
	prefix, pattern := strings.CutSuffix(o.State, "*")
	if pattern && !strings.HasSuffix(m.State, "*") {
		return false
	}
	return m.matches(o.Kind, prefix)
}

func checkMappings(p *workflow.Problems, all []Mapping) {
	for i, m := range all {
		if m.Kind == "" || m.State == "" || m.As != TaskOpen && m.As != TaskInProgress && !m.As.Over() {
			p.Addf("children: mapping %d: want a kind, a state, and %s, %s or how a task ends", i+1, TaskOpen, TaskInProgress)
		}
		for _, o := range all[:i] {
			if o.covers(m) {
				p.Addf("children: mapping %d of %s %q is never reached: %q comes before", i+1, m.Kind, m.State, o.State)
				break
			}
		}
	}
}

// Observe takes over the state of a child record for the task that it does, by the first
// mapping that fits. It bears repetition. A child that is taken up again takes up the task
// and its item, until the request is fulfilled. The state of a child whose task waits for
// others is kept, and taken over when the turn of the task comes. A state that no mapping
// knows is an error matching [workflow.ErrInvalid]: nothing is guessed to be done.
func (s *Service) Observe(ctx context.Context, actor workflow.Actor, id workflow.ID, child workflow.Ref, state string) (*Request, error) {
	return s.run(ctx, actor, id, "observe", func(st *step) error {
		if err := st.staff(); err != nil {
			return err
		}
		it, t := st.r.task(func(t *Task) bool { return t.Record == child && !child.IsZero() })
		if t == nil {
			return fmt.Errorf("request: %s has no child %v: %w", st.r.Name(), child, workflow.ErrNotFound)
		}
		if len(state) > workflow.MaxKey {
			return fmt.Errorf("request: a state has at most %d bytes: %w", workflow.MaxKey, workflow.ErrInvalid)
		}
		as, ok := s.meaning(child.Kind, state)
		if !ok {
			return fmt.Errorf("request: %s: no mapping says what %s %q means: %w", st.r.Name(), child.Kind, state, workflow.ErrInvalid)
		}
		return st.observe(it, t, state, as)
	})
}

// meaning is what a state of a child record means for its task, by the first mapping that
// fits.
func (s *Service) meaning(kind, state string) (TaskState, bool) {
	for _, m := range s.cfg.Children {
		if m.matches(kind, state) {
			return m.As, true
		}
	}
	return "", false
}

func (st *step) observe(it *Item, t *Task, state string, as TaskState) error {
	if t.RecordState == state {
		return nil
	}
	switch {
	case t.State == TaskWaiting: // see look
	case !st.fulfilling(st.r.State) || !(it.State == ItemFulfilment || it.State.worked()):
		if t.State != as {
			return fmt.Errorf("request: %s is %s, and item %s %s: %w", st.r.Name(), st.r.State, it.ID, it.State, workflow.ErrTransition)
		}
	default:
		t.follow(state, as, st.tx.Now())
		if !as.Over() && it.State.worked() {
			it.State, it.EndedAt = ItemFulfilment, time.Time{}
		}
	}
	if t.State != TaskSkipped {
		t.Dropped = false
	}
	t.RecordState = state
	return nil
}

// follow takes over the state of the child record.
func (t *Task) follow(state string, as TaskState, now time.Time) {
	t.State, t.EndedAt, t.Note = as, time.Time{}, ""
	if as.Over() {
		t.EndedAt, t.Note = now, clip(t.Record.Kind+" is "+state, workflow.MaxText)
	}
	if as != TaskOpen && t.StartedAt.IsZero() {
		t.StartedAt = now
	}
}

// look takes over what the child record has come to while its task was waiting: as it is
// now, if the host tells that, or as it was last observed. Without a word of it, and if no
// mapping knows its state, the task is open.
func (st *step) look(t *Task) error {
	state := t.RecordState
	if ask := st.s.cfg.ChildState; ask != nil {
		switch now, err := ask(st.tx.Context(), t.Record); {
		case err == nil:
			state = now
		case !errors.Is(err, workflow.ErrNotFound):
			return fmt.Errorf("request: %s: task %s: state of %v: %w", st.r.Name(), t.ID, t.Record, err)
		}
	}
	if as, ok := st.s.meaning(t.Record.Kind, state); ok && len(state) <= workflow.MaxKey {
		t.follow(state, as, st.tx.Now())
		t.RecordState = state
	}
	return nil
}
