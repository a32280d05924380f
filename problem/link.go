package problem

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

// LinkKind is the kind of the links between incidents and problems in a store.
const LinkKind = "problem_link"

// Link says which problem is behind an incident. It is a record of its own, with a
// history, under the id of the incident: so an incident belongs to one problem at a
// time (ServiceNow, iTop), and a problem can have thousands.
type Link struct {
	workflow.Record

	Problem workflow.ID `json:"problem,omitzero"` // zero: it was unlinked
	At      time.Time   `json:"at"`               // since when it is as it is
	By      string      `json:"by"`
}

// The states of a link.
const (
	stateLinked   = "linked"
	stateUnlinked = "unlinked"
)

// Limits of links.
const (
	MaxIncidents = 20_000 // linked to one problem
	MaxLinked    = 500    // linked by one command, and moved by one commit
)

const indexProblem = "problem" // an IDKey

func newLinks() (*workflow.Kind[*Link], error) {
	return workflow.NewKind(workflow.KindConfig[*Link]{
		Name: LinkKind, New: func() *Link { return new(Link) },
		Clone: func(l *Link) *Link {
			c := *l
			c.Record = l.Record.Clone()
			return &c
		},
		Index: func(l *Link) []workflow.IndexEntry {
			if l.Problem == (workflow.ID{}) {
				return nil
			}
			return []workflow.IndexEntry{{Field: indexProblem, Key: workflow.IDKey(l.Problem)}}
		},
	})
}

// set makes the link lead to a problem, or nowhere.
func (st *step) set(l *Link, to workflow.ID, note string) error {
	l.Problem, l.State, l.At, l.By = to, stateLinked, st.tx.Now(), st.tx.Actor().ID
	if to == (workflow.ID{}) {
		l.State = stateUnlinked
	}
	return st.s.links.Put(st.tx, l, workflow.Entry{Note: note})
}

// Link says that the problem is behind incidents; those that are linked to it already
// stay so. If one of them belongs to another problem nothing is linked, and the error,
// matching [ErrLinked], lists all of those. A problem that is closed can be linked to,
// one that was cancelled or is a duplicate cannot.
func (s *Service) Link(ctx context.Context, actor workflow.Actor, id workflow.ID, incidents ...workflow.ID) (*Problem, error) {
	return s.run(ctx, actor, id, "link", func(st *step) error {
		if err := st.involved(); err != nil {
			return err
		}
		return st.link(incidents)
	})
}

func (st *step) link(incidents []workflow.ID) error {
	taken, err := st.linkSome(incidents)
	if err != nil {
		return err
	}
	var p workflow.Problems
	for _, l := range taken {
		p.Addf("incident %s belongs to problem %s: %w", l.ID, l.Problem, ErrLinked)
	}
	return p.Err("problem: linking to " + st.p.Name())
}

// linkFree links what belongs to no problem, of which there must be something.
func (st *step) linkFree(incidents []workflow.ID) error {
	taken, err := st.linkSome(incidents)
	if err != nil || len(taken) == 0 {
		return err
	}
	if st.p.Incidents == 0 {
		return fmt.Errorf("problem: each of the %d incidents belongs to a problem already: %w: %w", len(taken), ErrLinked, workflow.ErrInvalid)
	}
	text := fmt.Sprintf("%d of the incidents belong to other problems already:", len(taken))
	for _, l := range taken[:min(len(taken), 20)] {
		text += fmt.Sprintf("\n%s to %s", l.ID, l.Problem)
	}
	return st.p.Say(st.tx.Actor(), st.tx.Now(), false, text)
}

// linkSome links the incidents that are free, and returns the links of the others.
func (st *step) linkSome(incidents []workflow.ID) (taken []*Link, err error) {
	if err := st.relevant(); err != nil {
		return nil, err
	}
	var p workflow.Problems
	if n := len(incidents); n == 0 || n > MaxLinked {
		p.Addf("%d incidents, want 1 to %d at a time", n, MaxLinked)
	}
	for i, id := range incidents[:min(len(incidents), MaxLinked)] {
		if id == (workflow.ID{}) {
			p.Addf("incident %d has no id", i+1)
		}
	}
	if err := p.Err("problem: linking to " + st.p.Name()); err != nil {
		return nil, err
	}
	for _, id := range incidents {
		l, err := st.s.links.GetOrCreate(st.tx, id, func() *Link { return new(Link) })
		switch {
		case err != nil:
			return nil, err
		case l.Problem == st.p.ID:
			continue
		case l.Problem != (workflow.ID{}):
			taken = append(taken, l)
			continue
		}
		if err := st.set(l, st.p.ID, "linked to "+st.p.Name()); err != nil {
			return nil, err
		}
		st.p.Incidents++
	}
	return taken, st.checkCount()
}

func (st *step) checkCount() error {
	if st.p.Incidents > MaxIncidents {
		return fmt.Errorf("problem: %s would have %d incidents, at most %d: %w", st.p.Name(), st.p.Incidents, MaxIncidents, workflow.ErrInvalid)
	}
	return nil
}

// Unlink says, for a reason, that the problem is not behind the incidents.
func (s *Service) Unlink(ctx context.Context, actor workflow.Actor, id workflow.ID, reason string, incidents ...workflow.ID) (*Problem, error) {
	return s.run(ctx, actor, id, "unlink", func(st *step) error {
		if err := st.involved(); err != nil {
			return err
		}
		var p workflow.Problems
		checkText(&p, "the reason", reason, true)
		if n := len(incidents); n == 0 || n > MaxLinked {
			p.Addf("%d incidents, want 1 to %d at a time", n, MaxLinked)
		}
		if err := p.Err("problem: unlinking from " + st.p.Name()); err != nil {
			return err
		}
		st.note = reason
		for _, incident := range incidents {
			l, err := s.links.Get(st.tx, incident)
			if err != nil && !errors.Is(err, workflow.ErrNotFound) {
				return err
			}
			if err != nil || l.Problem != st.p.ID {
				p.Addf("incident %s is not linked to it: %w", incident, workflow.ErrNotFound)
				continue
			}
			if err := st.set(l, workflow.ID{}, reason); err != nil {
				return err
			}
			st.p.Incidents--
		}
		return p.Err("problem: unlinking from " + st.p.Name())
	})
}

// Incidents yields the ids of the incidents that are linked to a problem, in the order
// of the ids.
func (s *Service) Incidents(ctx context.Context, id workflow.ID) iter.Seq2[workflow.ID, error] {
	return func(yield func(workflow.ID, error) bool) {
		q := workflow.Query{Where: []workflow.Condition{workflow.Is(indexProblem, workflow.IDKey(id))}}
		for l, err := range s.links.Find(ctx, s.desk.Store(), q) {
			if err != nil {
				yield(workflow.ID{}, err)
				return
			}
			if !yield(l.ID, nil) {
				return
			}
		}
	}
}

// Behind reads the problem that is behind an incident. It is an error matching
// [workflow.ErrNotFound] if there is none.
func (s *Service) Behind(ctx context.Context, incident workflow.ID) (*Problem, error) {
	l, err := s.links.Load(ctx, s.desk.Store(), incident)
	if err != nil {
		return nil, err
	}
	if l.Problem == (workflow.ID{}) {
		return nil, fmt.Errorf("problem: incident %s belongs to none: %w", incident, workflow.ErrNotFound)
	}
	return s.Get(ctx, l.Problem)
}
