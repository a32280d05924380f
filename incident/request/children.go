package request

import (
	"context"
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
// and its item, until the request is fulfilled. A state that no mapping knows is an error
// matching [workflow.ErrInvalid]: nothing is guessed to be done.
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
		for _, m := range s.cfg.Children {
			if m.matches(child.Kind, state) {
				return st.observe(it, t, state, m.As)
			}
		}
		return fmt.Errorf("request: %s: no mapping says what %s %q means: %w", st.r.Name(), child.Kind, state, workflow.ErrInvalid)
	})
}

func (st *step) observe(it *Item, t *Task, state string, as TaskState) error {
	if t.RecordState == state {
		return nil
	}
	now := st.tx.Now()
	switch {
	case t.State == TaskWaiting && as == TaskOpen:
	case t.State == TaskWaiting:
		return fmt.Errorf("request: %s: task %s waits for others, and its %s is %s: %w", st.r.Name(), t.ID, t.Record.Kind, state, workflow.ErrTransition)
	case !st.fulfilling(st.r.State) || !(it.State == ItemFulfilment || it.State.worked()):
		if t.State != as {
			return fmt.Errorf("request: %s is %s, and item %s %s: %w", st.r.Name(), st.r.State, it.ID, it.State, workflow.ErrTransition)
		}
	case as.Over():
		t.State, t.EndedAt, t.Note = as, now, clip(t.Record.Kind+" is "+state, workflow.MaxText)
		if t.StartedAt.IsZero() {
			t.StartedAt = now
		}
	default:
		t.State, t.EndedAt, t.Note = as, time.Time{}, ""
		if as == TaskInProgress && t.StartedAt.IsZero() {
			t.StartedAt = now
		}
		if it.State.worked() {
			it.State, it.EndedAt = ItemFulfilment, time.Time{}
		}
	}
	if t.State != TaskSkipped {
		t.Dropped = false
	}
	t.RecordState = state
	return nil
}
