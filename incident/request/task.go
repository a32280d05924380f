package request

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/itsm-go/itsm/workflow"
)

// taskOf returns a task that is not over, for somebody who may work on it.
func (st *step) taskOf(id string) (*Item, *Task, error) {
	it, t := st.r.task(func(t *Task) bool { return t.ID == id })
	switch {
	case t == nil:
		return nil, nil, fmt.Errorf("request: %s has no task %.32q: %w", st.r.Name(), id, workflow.ErrNotFound)
	case !st.tx.Actor().Is(t.Assignee):
		if err := st.staff(); err != nil {
			return nil, nil, err
		}
	}
	if err := st.unfinished(); err != nil {
		return nil, nil, err
	}
	if t.State.Over() {
		return nil, nil, fmt.Errorf("request: %s: task %s is %s: %w", st.r.Name(), id, t.State, workflow.ErrTransition)
	}
	return it, t, nil
}

// mayBegin reports whether work on the item's tasks may begin now.
func (st *step) mayBegin(it *Item) error {
	if it.State != ItemFulfilment || !st.fulfilling(st.r.State) {
		return fmt.Errorf("request: %s is %s, and item %s %s: %w", st.r.Name(), st.r.State, it.ID, it.State, workflow.ErrTransition)
	}
	if it.Hold != "" || st.s.Category(st.r) == workflow.CategoryOnHold {
		return fmt.Errorf("request: %s, item %s: nothing begins while it waits: %w", st.r.Name(), it.ID, ErrOnHold)
	}
	return nil
}

// AssignTask gives a task to a group, a person or both.
func (s *Service) AssignTask(ctx context.Context, actor workflow.Actor, id workflow.ID, task, group, person string) (*Request, error) {
	return s.run(ctx, actor, id, "assign_task", func(st *step) error {
		it, t, err := st.taskOf(task)
		if err != nil {
			return err
		}
		if group == "" && person == "" || len(group) > workflow.MaxKey || len(person) > workflow.MaxKey {
			return fmt.Errorf("request: %s: a task is for a group or a person, of at most %d bytes: %w", st.r.Name(), workflow.MaxKey, workflow.ErrInvalid)
		}
		if t.Group == group && t.Assignee == person {
			return nil
		}
		t.Group, t.Assignee = group, person
		return st.tellTask(TopicTask, it, t)
	})
}

// StartTask begins a task that is open.
func (s *Service) StartTask(ctx context.Context, actor workflow.Actor, id workflow.ID, task string) (*Request, error) {
	return s.run(ctx, actor, id, "start_task", func(st *step) error {
		it, t, err := st.taskOf(task)
		if err != nil {
			return err
		}
		if t.State != TaskOpen {
			return fmt.Errorf("request: %s: task %s is %s, a task begins when it is open: %w", st.r.Name(), task, t.State, workflow.ErrTransition)
		}
		if err := st.mayBegin(it); err != nil {
			return err
		}
		t.State, t.StartedAt = TaskInProgress, st.tx.Now()
		return nil
	})
}

// Done is how a task ended.
type Done struct {
	State   TaskState // complete, incomplete or skipped
	Note    string    // needed unless it is complete
	Results map[string]string
}

// EndTask ends a task that is open or in progress, or skips one that waits for others. If
// it ends incomplete, the plan says what becomes of those that wait for it. An automation
// at work on it is told to stop.
func (s *Service) EndTask(ctx context.Context, actor workflow.Actor, id workflow.ID, task string, d Done) (*Request, error) {
	return s.run(ctx, actor, id, "end_task", func(st *step) error {
		it, t, err := st.taskOf(task)
		if err != nil {
			return err
		}
		if err := checkResults(d.Results, d.Note); err != nil {
			return fmt.Errorf("request: %s: %w", st.r.Name(), err)
		}
		switch {
		case !d.State.Over() || d.State != TaskComplete && d.Note == "":
			return fmt.Errorf("request: %s: a task ends %s, or with a note %s or %s: %w", st.r.Name(), TaskComplete, TaskIncomplete, TaskSkipped, workflow.ErrInvalid)
		case t.State == TaskWaiting && d.State != TaskSkipped:
			return fmt.Errorf("request: %s: task %s waits for others, and can only be skipped: %w", st.r.Name(), task, workflow.ErrTransition)
		case t.State == TaskOpen && d.State == TaskComplete:
			if err := st.mayBegin(it); err != nil {
				return err
			}
			t.StartedAt = st.tx.Now()
		case it.State != ItemFulfilment:
			return fmt.Errorf("request: %s: item %s is %s: %w", st.r.Name(), it.ID, it.State, workflow.ErrTransition)
		}
		t.State, t.Note, t.Results, t.EndedAt = d.State, d.Note, maps.Clone(d.Results), st.tx.Now()
		return nil
	})
}

// NewTask is a task that people add to an item.
type NewTask struct {
	Title   string
	Details string
	Group   string
	Person  string
	After   []string     // the ids of tasks of the item
	Record  workflow.Ref // a child record that does the work, see [Service.Observe]
}

// AddTask adds a task to an item that is being worked on. It waits for tasks that are there
// already, so tasks never wait for each other in a circle.
func (s *Service) AddTask(ctx context.Context, actor workflow.Actor, id workflow.ID, item string, n NewTask) (*Request, error) {
	return s.run(ctx, actor, id, "add_task", func(st *step) error {
		if err := st.staff(); err != nil {
			return err
		}
		it := st.r.item(item)
		if it == nil {
			return fmt.Errorf("request: %s has no item %.32q: %w", st.r.Name(), item, workflow.ErrNotFound)
		}
		if it.State != ItemFulfilment {
			return fmt.Errorf("request: %s: item %s is %s: %w", st.r.Name(), item, it.State, workflow.ErrTransition)
		}
		return st.add(it, n)
	})
}

// planned is how many tasks the items will have that were not begun.
func (st *step) planned() int {
	n := 0
	for _, it := range st.r.Items {
		if it.State.open() {
			tasks, _, _ := st.v.Plan(it.Name, it.Answers, st.r.For)
			n += len(tasks)
		}
	}
	return n
}

func (st *step) add(it *Item, n NewTask) error {
	var p workflow.Problems
	if n.Title == "" || len(n.Title) > workflow.MaxTitle || len(n.Details) > workflow.MaxText || len(n.Group) > workflow.MaxKey || len(n.Person) > workflow.MaxKey {
		p.Addf("a task has a title of 1 to %d bytes, details of at most %d, and a group and a person of at most %d", workflow.MaxTitle, workflow.MaxText, workflow.MaxKey)
	}
	if n.Group == "" && n.Person == "" && n.Record.IsZero() {
		p.Addf("a task is for a group, a person or a child record")
	}
	if n := st.r.tasks() + st.planned(); n >= MaxTasks {
		p.Addf("%d tasks, with those that are planned for items to come, the most there may be", n)
	}
	for i, a := range n.After {
		if it.task(a) == nil || slices.Contains(n.After[:i], a) {
			p.Addf("the item has no task %.32q to wait for, or it is there twice", a)
		}
	}
	if _, other := st.r.task(func(t *Task) bool { return !n.Record.IsZero() && t.Record == n.Record }); other != nil {
		p.Addf("%v does task %s already", n.Record, other.ID)
	}
	if len(n.Record.Kind) > 100 {
		p.Addf("a kind of records has at most 100 bytes")
	}
	it.Tasks = append(it.Tasks, Task{ID: it.ID + "." + strconv.Itoa(len(it.Tasks)+1), Title: n.Title, Details: n.Details, Group: n.Group,
		Assignee: n.Person, After: slices.Clone(n.After), Record: n.Record, State: TaskWaiting, AddedAt: st.tx.Now()})
	return p.Err("request: a task of " + st.r.Name())
}
