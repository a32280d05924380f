package request

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/itsm-go/itsm/incident/request/catalog"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/approval"
)

// work begins what is approved, opens the tasks whose turn it is, and takes over what is
// over.
func (st *step) work() error {
	r := st.r
	if r.Begin.After(st.tx.Now()) {
		return nil
	}
	undecided := slices.ContainsFunc(r.Items, func(it Item) bool { return it.State == ItemRequested || it.State == ItemWaiting })
	for i := range r.Items {
		it := &r.Items[i]
		if it.State == ItemApproved && !(st.s.cfg.AllOrNothing && undecided) {
			ok, err := st.fresh(it)
			if err != nil {
				return err
			}
			if ok {
				if err := st.begin(it); err != nil {
					return err
				}
			}
		}
		if it.State == ItemFulfilment {
			if err := st.workOn(it); err != nil {
				return err
			}
		}
	}
	return nil
}

// begin makes the tasks of an item as its plan says.
func (st *step) begin(it *Item) error {
	planned, lead, _ := st.v.Plan(it.Name, it.Answers, st.r.For)
	if n := st.r.tasks() + len(planned); n > MaxTasks {
		return fmt.Errorf("request: %s: %d tasks, the most is %d: %w", st.r.Name(), n, MaxTasks, workflow.ErrInvalid)
	}
	now := st.tx.Now()
	it.State, it.BegunAt, st.moved = ItemFulfilment, now, true
	if lead > 0 {
		due, err := host{st, it.ID}.Due(now, approval.Deadline{Within: approval.Duration(lead)})
		if err != nil {
			return err
		}
		it.Expected = due.UTC()
	}
	ids := map[string]string{}
	for n, p := range planned {
		ids[p.Name] = it.ID + "." + strconv.Itoa(n+1)
	}
	for _, p := range planned {
		t := Task{ID: ids[p.Name], Name: p.Name, Title: p.Title, Details: p.Details, Group: p.Group, Automation: p.Automation, State: TaskWaiting}
		for _, a := range p.After {
			t.After = append(t.After, ids[a])
		}
		if p.Skip != "" {
			t.State, t.Note, t.EndedAt = TaskSkipped, p.Skip, now
		}
		it.Tasks = append(it.Tasks, t)
	}
	return nil
}

// workOn opens the tasks of an item whose turn it is, and rolls up.
func (st *step) workOn(it *Item) error {
	if it.Hold != "" {
		return nil
	}
	partial := st.v.Handling(it.Name).Partial
	for range it.Tasks { // as one that is dropped drops others
		for i := range it.Tasks {
			t := &it.Tasks[i]
			if partial == catalog.GiveUp && (t.State == TaskWaiting || t.State == TaskOpen) && it.failedSince(t.AddedAt) {
				st.drop(t, "another task is incomplete")
			}
			if t.State != TaskWaiting {
				continue
			}
			switch ready, broken := it.turn(t); {
			case broken != "" && partial != catalog.Continue:
				st.drop(t, "task "+broken+" is incomplete")
			case ready:
				if err := st.open(it, t); err != nil {
					return err
				}
			}
		}
	}
	if out := it.rollUp(); out != Open {
		st.endItem(it, ItemState(out), "")
	}
	return nil
}

// failedSince reports whether a task is incomplete, of those that ended after an instant:
// what people have added in the face of a failure is not given up for it.
func (it *Item) failedSince(at time.Time) bool {
	return slices.ContainsFunc(it.Tasks, func(t Task) bool { return t.State == TaskIncomplete && t.EndedAt.After(at) })
}

// turn reports whether all tasks that a task waits for are over, and one of them that was
// not done.
func (it *Item) turn(t *Task) (ready bool, broken string) {
	ready = true
	for _, id := range t.After {
		before := it.task(id)
		ready = ready && before.State.Over()
		if before.State == TaskIncomplete || before.Dropped {
			broken = id
		}
	}
	return ready, broken
}

func (st *step) drop(t *Task, why string) {
	t.State, t.Note, t.Dropped, t.EndedAt = TaskSkipped, why, true, st.tx.Now()
}

// open opens a task: people are told, or an automation is asked; a task whose child record
// is at work, or over, is as far as that.
func (st *step) open(it *Item, t *Task) error {
	t.State, t.OpenedAt = TaskOpen, st.tx.Now()
	if t.Automation != "" {
		return st.order(it, t)
	}
	if !t.Record.IsZero() {
		if err := st.look(t); err != nil || t.State != TaskOpen {
			return err
		}
	}
	return st.tellTask(TopicTask, it, t)
}

// endItem ends an item; what is left of its tasks is skipped, and its approval withdrawn.
func (st *step) endItem(it *Item, s ItemState, note string) {
	now := st.tx.Now()
	it.State, it.EndedAt, it.Hold, st.moved = s, now, "", true
	if note != "" {
		it.Note = clip(note, workflow.MaxText-4)
	}
	for i := range it.Tasks {
		if t := &it.Tasks[i]; !t.State.Over() {
			t.State, t.Note, t.EndedAt = TaskSkipped, "the item is "+string(s), now
		}
	}
	if it.Approval != nil && !it.Approval.Status.Final() {
		if r, err := it.Approval.Cancel("the item is "+string(s), now); err == nil {
			it.Approval = &r
		}
	}
}

// callOff ends what a request leaves behind that is cancelled.
func (st *step) callOff() {
	for i := range st.r.Items {
		if it := &st.r.Items[i]; !it.State.Over() {
			st.endItem(it, ItemCancelled, st.reason)
		}
	}
	if a := st.r.Approval; a != nil && !a.Status.Final() {
		if r, err := a.Cancel("the request is "+st.r.State, st.tx.Now()); err == nil {
			st.r.Approval = &r
		}
	}
	st.r.Outcome = st.r.rollUp()
}

// space is the namespace of the ids of jobs.
var space = uuid.MustParse("0f3f2f0a-6a2b-5f0e-9f65-0f6f5f6e2b11")

// order asks an automation to do a task.
func (st *step) order(it *Item, t *Task) error {
	t.Attempt++
	t.Job = uuid.NewSHA1(space, fmt.Appendf(nil, "%s/%s/%d", st.r.ID, t.ID, t.Attempt))
	t.State, t.StartedAt, t.Failure = TaskInProgress, st.tx.Now(), ""
	return st.tx.Send(st.s.kind.Ref(st.r.ID), TopicAutomation+t.Automation, st.job(it, t, false))
}
