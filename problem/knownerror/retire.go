package knownerror

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/itsm-go/itsm/workflow"
)

// Retire takes a known error out of force for a reason: it is fixed everywhere, wrong,
// or superseded by another, which must be in force. A draft of a revision is dropped.
// Who has linked it is told.
func (s *Service) Retire(ctx context.Context, actor workflow.Actor, id workflow.ID, reason string, supersededBy workflow.ID) (*KnownError, error) {
	return s.run(ctx, actor, id, ActionRetire, func(st *step) error {
		if err := st.fire(ActionRetire, reason); err != nil {
			return err
		}
		if supersededBy == (workflow.ID{}) {
			return nil
		}
		st.k.Retirement.By = supersededBy
		return st.supersede(supersededBy)
	})
}

// supersede tells the other known error that it takes the place of this one. It is
// written, so that the two cannot be retired for each other at the same time.
func (st *step) supersede(id workflow.ID) error {
	if id == st.k.ID {
		return fmt.Errorf("knownerror: %s cannot supersede itself: %w", st.k.Name(), workflow.ErrInvalid)
	}
	other, err := st.s.kind.Get(st.tx, id)
	if err != nil {
		return fmt.Errorf("knownerror: %s: superseded by: %w", st.k.Name(), err)
	}
	if other.Published == nil {
		return fmt.Errorf("knownerror: %s cannot supersede %s: it is %s: %w: %w", other.Name(), st.k.Name(), other.State, ErrNotPublished, workflow.ErrInvalid)
	}
	if !slices.Contains(other.Supersedes, st.k.ID) {
		other.Supersedes = append(other.Supersedes, st.k.ID)
	}
	if len(other.Supersedes) > MaxDistinct {
		return fmt.Errorf("knownerror: %s supersedes %d others, at most %d: %w", other.Name(), len(other.Supersedes), MaxDistinct, workflow.ErrInvalid)
	}
	return st.s.kind.Put(st.tx, other, workflow.Entry{Note: "takes the place of " + st.k.Name()})
}

// retire takes what is in force out of it. It is kept as the draft.
func (st *step) retire() error {
	k := st.k
	if strings.TrimSpace(st.note) == "" {
		return fmt.Errorf("knownerror: %s: it takes a reason to retire it: %w", k.Name(), workflow.ErrInvalid)
	}
	if k.Published != nil {
		c := k.Published.Content
		k.Draft, k.Authors = &c, slices.Clone(k.Published.Authors)
	}
	k.Published = nil
	k.Retirement = &Retirement{Reason: st.note, At: st.tx.Now(), Person: st.tx.Actor().ID}
	st.schedule(noReview)
	return nil
}

// unretire takes up again what was retired.
func (st *step) unretire() error {
	r := st.k.Retirement
	st.k.Retirement = nil
	if r == nil || r.By == (workflow.ID{}) {
		return nil
	}
	other, err := st.s.kind.Get(st.tx, r.By)
	switch {
	case errors.Is(err, workflow.ErrNotFound):
		return nil // it was erased when its time was over
	case err != nil:
		return err
	}
	other.Supersedes = slices.DeleteFunc(other.Supersedes, func(id workflow.ID) bool { return id == st.k.ID })
	return st.s.kind.Put(st.tx, other, workflow.Entry{Note: st.k.Name() + " is taken up again"})
}

// DuplicateError tells what a known error looks like. It matches [ErrDuplicate] and
// [workflow.ErrTransition].
type DuplicateError struct {
	Number string // of the known error that was to be published
	Found  []Suggestion
}

// Error names the others, and why they look the same.
func (e *DuplicateError) Error() string {
	var all []string
	for _, f := range e.Found {
		all = append(all, fmt.Sprintf("%s %q (%s)", f.Number, f.Title, f.Why()))
	}
	return fmt.Sprintf("knownerror: %s %v: %s: retire one for the other, or say why it is not the same", e.Number, ErrDuplicate, strings.Join(all, ", "))
}

// Unwrap gives the classes of the error.
func (e *DuplicateError) Unwrap() []error { return []error{ErrDuplicate, workflow.ErrTransition} }

// distinguish refuses a content that looks like another known error, unless somebody has
// said, with one of the two, that they are not the same.
func (st *step) distinguish(c Content) error {
	if st.s.cfg.Duplicates == nil {
		return nil
	}
	if err := st.s.enter(st.tx); err != nil { // before the search
		return err
	}
	found, err := st.s.cfg.Duplicates(st.tx.Context(), st.k.ID, c)
	if err != nil {
		return fmt.Errorf("knownerror: %s: looking for duplicates: %w", st.k.Name(), err)
	}
	var open []Suggestion
	for _, f := range found {
		if f.ID == st.k.ID || st.k.told(f.ID) {
			continue
		}
		other, err := st.s.kind.Get(st.tx, f.ID)
		if err != nil && !errors.Is(err, workflow.ErrNotFound) {
			return err
		}
		if err != nil || other.Published == nil || other.told(st.k.ID) {
			continue
		}
		open = append(open, f)
	}
	if len(open) > 0 {
		return &DuplicateError{Number: st.k.Name(), Found: open}
	}
	return nil
}

// told reports whether somebody has said that the other is not the same.
func (k *KnownError) told(other workflow.ID) bool {
	return slices.ContainsFunc(k.Distinct, func(d Distinction) bool { return d.Other == other })
}

// Distinguish says that another known error, though it looks alike, is not the same, and
// why.
func (s *Service) Distinguish(ctx context.Context, actor workflow.Actor, id, other workflow.ID, reason string) (*KnownError, error) {
	return s.run(ctx, actor, id, "distinguish", func(st *step) error {
		if err := st.keepers(); err != nil {
			return err
		}
		var p workflow.Problems
		checkText(&p, "the reason", reason, true)
		if other == id {
			p.Addf("it is the same as itself")
		}
		if len(st.k.Distinct) >= MaxDistinct {
			p.Addf("it is told from %d others, the most there may be", MaxDistinct)
		}
		if err := p.Err("knownerror: " + st.k.Name()); err != nil {
			return err
		}
		if _, err := s.kind.Get(st.tx, other); err != nil {
			return err
		}
		st.note = reason
		st.k.Distinct = slices.DeleteFunc(st.k.Distinct, func(d Distinction) bool { return d.Other == other })
		st.k.Distinct = append(st.k.Distinct, Distinction{Other: other, Reason: reason, At: st.tx.Now(), By: actor.ID})
		return nil
	})
}
