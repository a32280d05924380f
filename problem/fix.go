package problem

import (
	"context"
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
		if st.fix(fix) >= 0 {
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
		i := st.fix(fix)
		if i < 0 {
			return fmt.Errorf("problem: %s has no fix record %q: %w", st.p.Name(), fix, workflow.ErrNotFound)
		}
		st.p.Fixes = slices.Delete(st.p.Fixes, i, i+1)
		return nil
	})
}

// FixFinished says to every problem to which a fix record is related that it was
// completed or cancelled, or that it is open again. When all the fix records of a
// problem have finished its coordinator hears of it. It returns how many problems the
// record is related to; given again with the same key, how many were changed. It is for
// those who work on problems, and for programs that follow the fix records.
func (s *Service) FixFinished(ctx context.Context, actor workflow.Actor, fix string, how FixState) (int, error) {
	if how != FixCompleted && how != FixCancelled && how != FixOpen || fix == "" || len(fix) > workflow.MaxKey {
		return 0, fmt.Errorf("problem: fix record %.64q is %q, want %s, %s or %s: %w", fix, how, FixCompleted, FixCancelled, FixOpen, workflow.ErrInvalid)
	}
	n := 0
	res, err := s.desk.Do(ctx, workflow.Command{Name: "problem.fix_finished", Actor: actor, Key: s.key, At: s.at}, func(tx *workflow.Tx) error {
		n = 0
		for found, err := range s.kind.FindIn(tx, workflow.Is(IndexFix, workflow.StringKey(fix))) {
			if err != nil {
				return err
			}
			st, err := s.step(tx, found.ID)
			if err != nil {
				return err
			}
			i := st.fix(fix)
			if i < 0 {
				continue
			}
			n++
			if err := st.authorize(RoleManager, RoleCoordinator, RoleAssignee, workflow.RoleSystem); err != nil {
				return err
			}
			if st.p.Fixes[i].State == how {
				continue
			}
			st.p.Fixes[i].State, st.p.Fixes[i].At = how, tx.Now()
			if err := st.finish(); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	if res.Duplicate {
		return len(res.Events), nil
	}
	return n, nil
}

// fix returns the place of a fix record, or -1.
func (st *step) fix(id string) int {
	return slices.IndexFunc(st.p.Fixes, func(f Fix) bool { return f.ID == id })
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
