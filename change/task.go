package change

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

// TaskState is how far a task is.
type TaskState string

// The states of a task.
const (
	TaskOpen       TaskState = "open"
	TaskInProgress TaskState = "in_progress"
	TaskComplete   TaskState = "closed_complete"
	TaskSkipped    TaskState = "closed_skipped"
	TaskCancelled  TaskState = "cancelled" // with the change
)

// Closed reports whether the task is over.
func (t TaskState) Closed() bool { return t == TaskComplete || t == TaskSkipped || t == TaskCancelled }

// Task is a step of the implementation.
type Task struct {
	ID       string        `json:"id"` // "1", "2", … within the change
	Title    string        `json:"title"`
	Assignee string        `json:"assignee,omitempty"`
	After    []string      `json:"after,omitempty"`    // the tasks that must be closed before it begins
	Estimate time.Duration `json:"estimate,omitempty"` // elapsed
	State    TaskState     `json:"state"`
	Note     string        `json:"note,omitempty"` // how it ended
	// Hold is why the task waits. One that is held with its change is released with
	// it; one that was held by hand keeps its own hold.
	Hold   string    `json:"hold,omitempty"`
	ByHand bool      `json:"held_by_hand,omitempty"`
	Start  time.Time `json:"actual_start,omitzero"`
	End    time.Time `json:"actual_end,omitzero"`
}

// MaxTasks is the most tasks one change has.
const MaxTasks = 500

// AddTask adds a task. It may wait for tasks that are there already, so tasks never
// wait for each other in a circle.
func (s *Service) AddTask(ctx context.Context, actor workflow.Actor, id workflow.ID, t Task) (*Change, error) {
	return s.run(ctx, actor, id, "add_task", func(st *step) error {
		if err := st.staff(); err != nil {
			return err
		}
		var p workflow.Problems
		if t.Title == "" || len(t.Title) > workflow.MaxTitle || len(t.Assignee) > workflow.MaxKey || t.Estimate < 0 {
			p.Addf("a task has a title of 1 to %d bytes, and an estimate that is not negative", workflow.MaxTitle)
		}
		if len(st.c.Tasks) >= MaxTasks {
			p.Addf("%d tasks, the most there may be", MaxTasks)
		}
		for _, before := range t.After {
			if st.c.task(before) == nil {
				p.Addf("there is no task %q to wait for", before)
			}
		}
		if err := p.Err("change: a task of " + st.c.Name()); err != nil {
			return err
		}
		st.c.Tasks = append(st.c.Tasks, Task{ID: strconv.Itoa(len(st.c.Tasks) + 1), Title: t.Title, Assignee: t.Assignee,
			After: slices.Clone(t.After), Estimate: t.Estimate, State: TaskOpen})
		return st.askAgain()
	})
}

// StartTask begins a task, when those it waits for are closed and the change is being
// implemented.
func (s *Service) StartTask(ctx context.Context, actor workflow.Actor, id workflow.ID, task string) (*Change, error) {
	return s.run(ctx, actor, id, "start_task", func(st *step) error {
		t, err := st.openTask(task)
		if err != nil {
			return err
		}
		for _, before := range t.After {
			if !st.c.task(before).State.Closed() {
				return fmt.Errorf("change: %s: task %s waits for task %s: %w", st.c.Name(), task, before, workflow.ErrTransition)
			}
		}
		if st.c.State != StateImplement || t.State != TaskOpen {
			return fmt.Errorf("change: %s is %s and task %s %s: a task begins when it is open and its change is being implemented: %w",
				st.c.Name(), st.c.State, task, t.State, workflow.ErrTransition)
		}
		t.State, t.Start = TaskInProgress, st.tx.Now()
		return nil
	})
}

// EndTask closes a task: complete, or skipped, with a note.
func (s *Service) EndTask(ctx context.Context, actor workflow.Actor, id workflow.ID, task string, how TaskState, note string) (*Change, error) {
	return s.run(ctx, actor, id, "end_task", func(st *step) error {
		t, err := st.openTask(task)
		if err != nil {
			return err
		}
		if how != TaskComplete && how != TaskSkipped || len(note) > workflow.MaxText {
			return fmt.Errorf("change: %s: a task ends %s or %s, not %q, with a note of at most %d bytes: %w",
				st.c.Name(), TaskComplete, TaskSkipped, how, workflow.MaxText, workflow.ErrInvalid)
		}
		if how == TaskComplete && t.State != TaskInProgress {
			return fmt.Errorf("change: %s: task %s is %s, start it first: %w", st.c.Name(), task, t.State, workflow.ErrTransition)
		}
		t.State, t.Note, t.End = how, note, st.tx.Now()
		return nil
	})
}

// HoldTask holds a task by hand; an empty reason releases it.
func (s *Service) HoldTask(ctx context.Context, actor workflow.Actor, id workflow.ID, task, reason string) (*Change, error) {
	return s.run(ctx, actor, id, "hold_task", func(st *step) error {
		if err := st.staff(); err != nil {
			return err
		}
		t := st.c.task(task)
		if t == nil || t.State.Closed() || len(reason) > workflow.MaxText {
			return fmt.Errorf("change: %s has no open task %q, or the reason is longer than %d bytes: %w", st.c.Name(), task, workflow.MaxText, workflow.ErrInvalid)
		}
		t.Hold, t.ByHand = reason, reason != ""
		if reason == "" && st.c.Hold != nil {
			t.Hold = st.c.Hold.Reason
		}
		return nil
	})
}

// openTask returns a task on which work can go on.
func (st *step) openTask(id string) (*Task, error) {
	t := st.c.task(id)
	switch {
	case t == nil:
		return nil, fmt.Errorf("change: %s has no task %q: %w", st.c.Name(), id, workflow.ErrNotFound)
	case t.State.Closed():
		return nil, fmt.Errorf("change: %s: task %s is %s: %w", st.c.Name(), id, t.State, workflow.ErrTransition)
	case t.Hold != "":
		return nil, fmt.Errorf("change: %s: task %s is on hold, %s: %w", st.c.Name(), id, t.Hold, ErrOnHold)
	}
	if st.tx.Actor().Is(t.Assignee) {
		return t, st.unfinished()
	}
	return t, st.staff()
}

func (c *Change) task(id string) *Task {
	for i := range c.Tasks {
		if c.Tasks[i].ID == id {
			return &c.Tasks[i]
		}
	}
	return nil
}

func (c *Change) openTasks() int {
	n := 0
	for _, t := range c.Tasks {
		if !t.State.Closed() {
			n++
		}
	}
	return n
}

// CriticalPath returns the tasks of the longest way through those that are not
// cancelled or skipped, in their order, and how long it takes by their estimates.
func (c *Change) CriticalPath() ([]string, time.Duration) {
	long := map[string]time.Duration{} // until the end of the task
	before := map[string]string{}
	last := ""
	for _, t := range c.Tasks { // a task waits for earlier ones only
		for _, a := range t.After {
			if b, chosen := before[t.ID]; !chosen || long[a] > long[b] {
				before[t.ID] = a
			}
		}
		long[t.ID] = long[before[t.ID]]
		if t.State != TaskSkipped && t.State != TaskCancelled {
			long[t.ID] += t.Estimate
		}
		if last == "" || long[t.ID] > long[last] {
			last = t.ID
		}
	}
	var path []string
	for id := last; id != ""; id = before[id] {
		if t := c.task(id); t.State != TaskSkipped && t.State != TaskCancelled {
			path = append(path, id)
		}
	}
	slices.Reverse(path)
	return path, long[last]
}
