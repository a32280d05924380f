package problem

import (
	"context"
	"fmt"
	"slices"

	"github.com/itsm-go/itsm/workflow"
)

// TopicMove is the topic of the messages by which a duplicate hands over what is left
// of its incidents. Relay it to [Service.Handle].
const TopicMove = "problem.move_incidents"

// move is the payload of [TopicMove].
type move struct {
	Problem workflow.ID `json:"problem"` // the duplicate
}

// Related names what else a problem has that its duplicate can hand over.
type Related string

// What a duplicate can hand over.
const (
	RelatedIncidents Related = "incidents"
	RelatedTasks     Related = "tasks"
	RelatedFixes     Related = "fixes" // those that the surviving problem does not have yet
)

func (s *Service) moves(what Related) bool { return slices.Contains(s.cfg.Moves, what) }

// MarkDuplicate closes a problem as a duplicate of another, which survives: that one
// takes over its tasks and its linked incidents, or what [Config.Moves] says instead
// (ServiceNow). The first [MaxLinked] incidents move in the same commit; more of them
// follow by messages, as many at a time, and belong to one of the two problems at any
// moment. If the surviving problem has ended by the time they come, those that wait hear
// of it as the others did. A major problem makes the surviving one a major problem.
func (s *Service) MarkDuplicate(ctx context.Context, actor workflow.Actor, id, into workflow.ID, note string) (*Problem, error) {
	return s.run(ctx, actor, id, ActionDuplicate, func(st *step) error {
		if id == into {
			return fmt.Errorf("problem: %s is not a duplicate of itself: %w", st.p.Name(), workflow.ErrInvalid)
		}
		target, err := s.step(st.tx, into)
		if err != nil {
			return err
		}
		st.p.DuplicateOf = into
		st.p.Resolution = st.resolution(Duplicate, "duplicate of "+target.p.Name())
		var tasks []Task
		if s.moves(RelatedTasks) {
			tasks, st.p.Tasks = st.p.Tasks, nil
		}
		if s.moves(RelatedFixes) {
			if err := st.moveFixes(target); err != nil {
				return err
			}
		}
		if err := st.fire(ActionDuplicate, note); err != nil {
			return err
		}
		if err := target.staff(); err != nil {
			return err
		}
		if target.p.Incidents+st.p.Incidents > MaxIncidents || len(target.p.Tasks)+len(tasks) > MaxTasks {
			return fmt.Errorf("problem: %s would have more than %d incidents or %d tasks: %w", target.p.Name(), MaxIncidents, MaxTasks, workflow.ErrInvalid)
		}
		for _, t := range tasks {
			if t.From == "" {
				t.From = fmt.Sprintf("%s/%d", st.p.Name(), t.Number)
			}
			target.p.TaskCount++
			t.Number = target.p.TaskCount
			target.p.Tasks = append(target.p.Tasks, t)
		}
		target.p.Major = target.p.Major || st.p.Major
		target.note = st.p.Name() + " is a duplicate of it"
		if s.moves(RelatedIncidents) {
			if err := st.moveIncidents(target); err != nil {
				return err
			}
		}
		return target.finish()
	})
}

// moveFixes hands over the fix records that the other problem does not have.
func (st *step) moveFixes(target *step) error {
	for _, f := range st.p.Fixes {
		if target.p.fix(f.ID) < 0 {
			target.p.Fixes = append(target.p.Fixes, f)
		}
	}
	st.p.Fixes = nil
	if n := len(target.p.Fixes); n > MaxFixes {
		return fmt.Errorf("problem: %s would have %d fix records, at most %d: %w", target.p.Name(), n, MaxFixes, workflow.ErrInvalid)
	}
	return nil
}

// moveIncidents moves as many incidents as one commit takes, and sends for the rest.
func (st *step) moveIncidents(target *step) error {
	var moved []workflow.ID
	for found, err := range st.s.links.FindIn(st.tx, workflow.Is(indexProblem, workflow.IDKey(st.p.ID))) {
		if err != nil {
			return err
		}
		if len(moved) == min(st.s.cfg.Chunk, MaxLinked) {
			break
		}
		l, err := st.s.links.Get(st.tx, found.ID)
		if err != nil {
			return err
		}
		if l.Problem != st.p.ID {
			continue // it was moved since it was found; then the count differs too, and this is decided again
		}
		if err := st.set(l, target.p.ID, st.p.Name()+" is a duplicate of "+target.p.Name()); err != nil {
			return err
		}
		moved = append(moved, l.ID)
	}
	st.p.Incidents -= len(moved)
	target.p.Incidents += len(moved)
	if err := target.informMoved(moved); err != nil {
		return err
	}
	if st.p.Incidents <= 0 || len(moved) == 0 {
		return nil
	}
	return st.tx.Send(st.s.kind.Ref(st.p.ID), TopicMove, move{Problem: st.p.ID})
}

// moveOn hands over more incidents of a duplicate. If it is none any more its
// incidents stay where they are.
func (s *Service) moveOn(ctx context.Context, duplicate workflow.ID) error {
	_, err := s.run(ctx, workflow.System("problem"), duplicate, "move_incidents", func(st *step) error {
		if st.p.DuplicateOf == (workflow.ID{}) || st.p.Incidents == 0 {
			return nil
		}
		target, err := st.survivor()
		if err != nil {
			return err
		}
		st.idle, target.idle = true, true
		if err := st.moveIncidents(target); err != nil {
			return err
		}
		return target.finish()
	})
	return err
}

// leads reports whether the way of duplicates leads from a problem to another, or is the
// problem itself.
func (s *Service) leads(ctx context.Context, p *Problem, to workflow.ID) (bool, error) {
	for range maxDuplicates {
		if p.ID == to || p.DuplicateOf == (workflow.ID{}) {
			return p.ID == to, nil
		}
		next, err := s.Get(ctx, p.DuplicateOf)
		if err != nil {
			return false, err
		}
		p = next
	}
	return false, nil
}

// maxDuplicates is how many problems can be duplicates of each other in a row.
const maxDuplicates = 1_000

// survivor is the problem at the end of the way of duplicates, which has no circle:
// what becomes a duplicate is one of a problem that was none at that time.
func (st *step) survivor() (*step, error) {
	at := st
	for range maxDuplicates {
		next, err := st.s.step(st.tx, at.p.DuplicateOf)
		if err != nil || next.p.DuplicateOf == (workflow.ID{}) {
			return next, err
		}
		at = next
	}
	return nil, fmt.Errorf("problem: %s: the way of its duplicates is longer than %d: %w", st.p.Name(), maxDuplicates, workflow.ErrInvalid)
}
