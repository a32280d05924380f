package incident

import (
	"context"
	"fmt"
	"slices"
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
	TaskIncomplete TaskState = "closed_incomplete" // the incident was closed before it was done
	TaskSkipped    TaskState = "closed_skipped"    // the incident was cancelled
)

// Closed reports whether the task is over.
func (t TaskState) Closed() bool { return t == TaskComplete || t == TaskIncomplete || t == TaskSkipped }

// Task is a piece of the work on an incident, given to somebody.
type Task struct {
	Number   int       `json:"number"` // 1, 2, … within the incident
	Title    string    `json:"title"`
	Group    string    `json:"group,omitempty"`
	Assignee string    `json:"assignee,omitempty"`
	State    TaskState `json:"state"`
	Note     string    `json:"note,omitempty"` // how it ended
	ClosedAt time.Time `json:"closed_at,omitzero"`
}

// MaxTasks is the most tasks one incident has.
const MaxTasks = 200

// AddTask adds a task; its number and state are set here.
func (s *Service) AddTask(ctx context.Context, actor workflow.Actor, id workflow.ID, t Task) (*Incident, error) {
	return s.run(ctx, actor, id, "task", func(st *step) error {
		if err := st.staff(); err != nil {
			return err
		}
		var p workflow.Problems
		if t.Title == "" || len(t.Title) > workflow.MaxTitle {
			p.Addf("a task's title has 1 to %d bytes", workflow.MaxTitle)
		}
		checkName(&p, "group", t.Group)
		checkName(&p, "assignee", t.Assignee)
		if len(st.inc.Tasks) >= MaxTasks {
			p.Addf("%d tasks, the most there may be", MaxTasks)
		}
		st.inc.Tasks = append(st.inc.Tasks, Task{Number: len(st.inc.Tasks) + 1, Title: t.Title,
			Group: t.Group, Assignee: t.Assignee, State: TaskOpen})
		return p.Err("incident: task of " + st.inc.Name())
	})
}

// SetTask moves a task on. A task that is closed stays closed.
func (s *Service) SetTask(ctx context.Context, actor workflow.Actor, id workflow.ID, number int, state TaskState, note string) (*Incident, error) {
	return s.run(ctx, actor, id, "task", func(st *step) error {
		if err := st.staff(); err != nil {
			return err
		}
		i := slices.IndexFunc(st.inc.Tasks, func(t Task) bool { return t.Number == number })
		switch {
		case i < 0:
			return fmt.Errorf("incident: %s has no task %d: %w", st.inc.Name(), number, workflow.ErrNotFound)
		case state != TaskOpen && state != TaskInProgress && !state.Closed():
			return fmt.Errorf("incident: unknown task state %q: %w", state, workflow.ErrInvalid)
		case st.inc.Tasks[i].State.Closed():
			return fmt.Errorf("incident: task %d of %s is %s: %w", number, st.inc.Name(), st.inc.Tasks[i].State, workflow.ErrTransition)
		case len(note) > workflow.MaxText:
			return fmt.Errorf("incident: a task's note has at most %d bytes: %w", workflow.MaxText, workflow.ErrInvalid)
		}
		st.inc.Tasks[i].end(state, note, st.tx.Now())
		return nil
	})
}

func (t *Task) end(state TaskState, note string, at time.Time) {
	t.State, t.Note = state, note
	if state.Closed() {
		t.ClosedAt = at
	}
}

// endTasks closes the tasks that the incident leaves behind.
func (st *step) endTasks(state TaskState) {
	for i := range st.inc.Tasks {
		if t := &st.inc.Tasks[i]; !t.State.Closed() {
			t.end(state, "the incident is "+st.inc.State, st.tx.Now())
		}
	}
}
