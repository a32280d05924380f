package problem

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

// TaskType says what a task is for (ServiceNow).
type TaskType string

// The types of task.
const (
	TaskRootCause TaskType = "root_cause_analysis"
	TaskGeneral   TaskType = "general"
)

// TaskState is how far a task is.
type TaskState string

// The states of a task.
const (
	TaskNew        TaskState = "new"
	TaskAssess     TaskState = "assess"
	TaskInProgress TaskState = "in_progress"
	TaskClosed     TaskState = "closed"
	TaskCancelled  TaskState = "cancelled"
)

// Closed reports whether the task is over.
func (t TaskState) Closed() bool { return t == TaskClosed || t == TaskCancelled }

// next are the states that follow a state of a task.
func (t TaskState) next() []TaskState {
	switch t {
	case TaskNew:
		return []TaskState{TaskAssess, TaskInProgress, TaskCancelled}
	case TaskAssess:
		return []TaskState{TaskInProgress, TaskCancelled}
	case TaskInProgress:
		return []TaskState{TaskClosed, TaskCancelled}
	}
	return nil
}

// Task is a piece of the work on a problem, given to somebody.
type Task struct {
	Number   int       `json:"number"` // 1, 2, … within the problem, never used twice
	Type     TaskType  `json:"type"`
	Title    string    `json:"title"`
	Group    string    `json:"group,omitempty"`
	Assignee string    `json:"assignee,omitempty"`
	State    TaskState `json:"state"`
	Note     string    `json:"note,omitempty"` // what was found, or why it was cancelled
	From     string    `json:"from,omitempty"` // the problem it came from, and its number there: "PRB0000007/2"
	At       time.Time `json:"at"`             // when it was added
	ClosedAt time.Time `json:"closed_at,omitzero"`
}

// MaxTasks is the most tasks one problem has.
const MaxTasks = 200

// AddTask adds a task; its number, state and times are set here. A problem that is
// over takes none.
func (s *Service) AddTask(ctx context.Context, actor workflow.Actor, id workflow.ID, t Task) (*Problem, error) {
	return s.run(ctx, actor, id, "add_task", func(st *step) error {
		if err := st.staff(); err != nil {
			return err
		}
		if t.Type == "" {
			t.Type = TaskGeneral
		}
		var p workflow.Problems
		if t.Title == "" || len(t.Title) > workflow.MaxTitle {
			p.Addf("a task's title has 1 to %d bytes", workflow.MaxTitle)
		}
		if t.Type != TaskRootCause && t.Type != TaskGeneral {
			p.Addf("task type %q, want %s or %s", t.Type, TaskRootCause, TaskGeneral)
		}
		checkName(&p, "group", t.Group)
		checkName(&p, "assignee", t.Assignee)
		if len(st.p.Tasks) >= MaxTasks {
			p.Addf("%d tasks, the most there may be", MaxTasks)
		}
		if err := p.Err("problem: a task of " + st.p.Name()); err != nil {
			return err
		}
		st.p.TaskCount++
		st.p.Tasks = append(st.p.Tasks, Task{Number: st.p.TaskCount, Type: t.Type, Title: t.Title, Group: t.Group, Assignee: t.Assignee, State: TaskNew, At: st.tx.Now()})
		return st.tell(TopicTask, t.Title, t.Group, t.Assignee)
	})
}

// SetTask moves a task on: from new to assess to in progress to closed; assess can be
// left out, and an open task can be cancelled. A task of root cause analysis is closed
// with a note of what was found. Who a task is given to may do so, besides those who
// work on problems.
func (s *Service) SetTask(ctx context.Context, actor workflow.Actor, id workflow.ID, number int, to TaskState, note string) (*Problem, error) {
	return s.run(ctx, actor, id, "set_task", func(st *step) error {
		i := slices.IndexFunc(st.p.Tasks, func(t Task) bool { return t.Number == number })
		if i < 0 {
			return fmt.Errorf("problem: %s has no task %d: %w", st.p.Name(), number, workflow.ErrNotFound)
		}
		t := &st.p.Tasks[i]
		var also []string
		if actor.Is(t.Assignee) {
			also = append(also, RoleTaskAssignee)
		}
		if err := st.authorizeAs(also, RoleManager, RoleCoordinator, RoleAssignee, RoleAnalyst, RoleTaskAssignee, workflow.RoleSystem); err != nil {
			return err
		}
		if err := st.unfinished(); err != nil {
			return err
		}
		var p workflow.Problems
		checkText(&p, "the note of the task", note, to == TaskClosed && t.Type == TaskRootCause)
		if err := p.Err("problem: " + st.p.Name()); err != nil {
			return err
		}
		if !slices.Contains(t.State.next(), to) {
			return fmt.Errorf("problem: %s: task %d is %s, after which comes one of %q, not %q: %w", st.p.Name(), number, t.State, t.State.next(), to, workflow.ErrTransition)
		}
		t.State = to
		if note != "" {
			t.Note = note
		}
		if to.Closed() {
			t.ClosedAt = st.tx.Now()
		}
		return nil
	})
}

func (p *Problem) openTasks() int {
	n := 0
	for _, t := range p.Tasks {
		if !t.State.Closed() {
			n++
		}
	}
	return n
}

// cancelTasks cancels the tasks that the problem leaves behind.
func (st *step) cancelTasks() {
	for i := range st.p.Tasks {
		if t := &st.p.Tasks[i]; !t.State.Closed() {
			t.State, t.Note, t.ClosedAt = TaskCancelled, "the problem is "+st.p.State, st.tx.Now()
		}
	}
}
