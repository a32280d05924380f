package problem

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

// Fix is a record that is to remove the cause of a problem: a change, a defect, a
// release, an enhancement (ServiceNow).
type Fix struct {
	ID    string    `json:"id"`
	Kind  string    `json:"kind,omitempty"` // "change", "defect", …
	State FixState  `json:"state"`
	At    time.Time `json:"at"` // since when it is so
}

// FixState is how far a fix record is.
type FixState string

// The states of a fix record.
const (
	FixOpen      FixState = "open"
	FixCompleted FixState = "completed"
	FixCancelled FixState = "cancelled"
)

// MaxFixes is the most fix records of one problem.
const MaxFixes = 100

// AddFix relates a fix record, which is open, to the problem.
func (s *Service) AddFix(ctx context.Context, actor workflow.Actor, id workflow.ID, kind, fix string) (*Problem, error) {
	return s.run(ctx, actor, id, "add_fix", func(st *step) error {
		if err := st.staff(); err != nil {
			return err
		}
		var p workflow.Problems
		if fix == "" || len(fix) > workflow.MaxKey || len(kind) > workflow.MaxKey {
			p.Addf("a fix record has an id, and its id and kind have at most %d bytes", workflow.MaxKey)
		}
		if st.p.fix(fix) >= 0 {
			p.Addf("%q is related already", fix)
		}
		if len(st.p.Fixes) >= MaxFixes {
			p.Addf("%d fix records, the most there may be", MaxFixes)
		}
		st.p.Fixes = append(st.p.Fixes, Fix{ID: fix, Kind: kind, State: FixOpen, At: st.tx.Now()})
		return p.Err("problem: fix of " + st.p.Name())
	})
}

// RemoveFix takes a fix record away that has nothing to do with the problem.
func (s *Service) RemoveFix(ctx context.Context, actor workflow.Actor, id workflow.ID, fix string) (*Problem, error) {
	return s.run(ctx, actor, id, "remove_fix", func(st *step) error {
		if err := st.staff(); err != nil {
			return err
		}
		i := st.p.fix(fix)
		if i < 0 {
			return fmt.Errorf("problem: %s has no fix record %q: %w", st.p.Name(), fix, workflow.ErrNotFound)
		}
		st.p.Fixes = slices.Delete(st.p.Fixes, i, i+1)
		return nil
	})
}

// FixFinished says to every problem to which a fix record is related that it was
// completed or cancelled, or that it is open again. When all the fix records of a
// problem have finished its coordinator hears of it. It is for those who work on
// problems, and for programs that follow the fix records.
//
// Each problem hears of it in a commit of its own, so that one that refuses, or that
// others are working on, does not keep it from the rest. It returns how many problems
// know it now, and the errors of the others, joined, each with its problem's number; a
// context that is over ends it. It bears repetition: given again, with the same key or
// without, it changes only those that do not know it yet. With the key of an earlier
// call no problem that has heard of it then is told again, whatever has become of the
// fix record since.
func (s *Service) FixFinished(ctx context.Context, actor workflow.Actor, fix string, how FixState) (int, error) {
	if how != FixCompleted && how != FixCancelled && how != FixOpen || fix == "" || len(fix) > workflow.MaxKey {
		return 0, fmt.Errorf("problem: fix record %.64q is %q, want %s, %s or %s: %w", fix, how, FixCompleted, FixCancelled, FixOpen, workflow.ErrInvalid)
	}
	n := 0
	var failed []error
	for p, err := range s.Find(ctx, workflow.Query{Where: []workflow.Condition{workflow.Is(IndexFix, workflow.StringKey(fix))}}) {
		if err != nil {
			return n, errors.Join(append(failed, err)...)
		}
		if err := s.fixFinished(ctx, actor, p.ID, fix, how); err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", p.Name(), err))
		} else {
			n++
		}
		if ctx.Err() != nil {
			break
		}
	}
	return n, errors.Join(failed...)
}

// fixFinished says it to one problem.
func (s *Service) fixFinished(ctx context.Context, actor workflow.Actor, id workflow.ID, fix string, how FixState) error {
	one := s
	if s.key != "" {
		one = s.Once(s.key + "/" + id.String())
	}
	_, err := one.run(ctx, actor, id, "fix_finished", func(st *step) error {
		if err := st.authorize(RoleManager, RoleCoordinator, RoleAssignee, workflow.RoleSystem); err != nil {
			return err
		}
		i := st.p.fix(fix)
		if st.idle = i < 0 || st.p.Fixes[i].State == how; !st.idle {
			st.p.Fixes[i].State, st.p.Fixes[i].At = how, st.tx.Now()
		}
		return nil
	})
	return err
}

// fix returns the place of a fix record, or -1.
func (p *Problem) fix(id string) int {
	return slices.IndexFunc(p.Fixes, func(f Fix) bool { return f.ID == id })
}

func (p *Problem) openFixes() int {
	n := 0
	for _, f := range p.Fixes {
		if f.State == FixOpen {
			n++
		}
	}
	return n
}

// fixed reports whether there are fix records, and all of them have finished.
func (p *Problem) fixed() bool { return len(p.Fixes) > 0 && p.openFixes() == 0 }
