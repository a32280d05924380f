package incident

import (
	"context"
	"fmt"

	"github.com/itsm-go/itsm/incident/major"
	"github.com/itsm-go/itsm/workflow"
)

// MaxChildren is the most children one incident has.
const MaxChildren = 20_000

// SetParent makes an incident the child of another, so that it follows it, or,
// with a zero parent, sets it free. Families have two generations: a parent has
// no parent, a child no children.
func (s *Service) SetParent(ctx context.Context, actor workflow.Actor, id, parent workflow.ID) (*Incident, error) {
	return s.run(ctx, actor, id, "parent", func(st *step) error {
		if err := st.staff(); err != nil {
			return err
		}
		return st.adopt(parent)
	})
}

// adopt takes the incident out of the family it is in and puts it into another.
// The parents count their children, so that one without any need not look for
// them, and so that a parent cannot be resolved while it gets another child.
func (st *step) adopt(parent workflow.ID) error {
	if parent == st.inc.Parent && st.before != nil {
		return nil
	}
	if old := st.inc.Parent; old != (workflow.ID{}) && st.before != nil {
		if err := st.count(old, -1); err != nil {
			return err
		}
	}
	if parent != (workflow.ID{}) {
		if err := st.checkParent(parent); err != nil {
			return err
		}
		if err := st.count(parent, 1); err != nil {
			return err
		}
	}
	st.inc.Parent = parent
	// Whoever joins has nothing to do with what the family was told before.
	c, err := st.s.cascade(st.tx, parent)
	if err != nil {
		return err
	}
	st.inc.Followed = c.Sequence
	return nil
}

func (st *step) count(parent workflow.ID, change int) error {
	p, err := st.s.step(st.tx, parent)
	if err != nil {
		return err
	}
	p.inc.Children += change
	return p.finish(workflow.Entry{})
}

func (st *step) checkParent(parent workflow.ID) error {
	p, err := st.s.step(st.tx, parent)
	if err != nil {
		return err
	}
	var faults workflow.Problems
	if parent == st.inc.ID {
		faults.Addf("an incident is not its own parent")
	}
	if p.inc.Parent != (workflow.ID{}) {
		faults.Addf("%s is itself a child", p.inc.Name())
	}
	if m := st.inc.Major; m.Is(major.StateProposed) || m.Is(major.StateAccepted) {
		faults.Addf("it is %s as a major incident", m.State)
	}
	if n := st.inc.Children; n > 0 {
		faults.Addf("it has %d children of its own", n)
	}
	if n := p.inc.Children; n >= MaxChildren {
		faults.Addf("%s has %d children, the most there may be", p.inc.Name(), n)
	}
	faults.Add(p.unfinished())
	return faults.Err(fmt.Sprintf("incident: making %s a child of %s", st.inc.Name(), p.inc.Name()))
}

// Children returns the ids of an incident's children, oldest first.
func (s *Service) Children(ctx context.Context, id workflow.ID) ([]workflow.ID, error) {
	return s.children(ctx, s.desk.Store(), id)
}

func (s *Service) children(ctx context.Context, store workflow.Store, id workflow.ID) ([]workflow.ID, error) {
	if id == (workflow.ID{}) {
		return nil, nil
	}
	var ids []workflow.ID
	q := workflow.Query{Kind: KindName, Where: []workflow.Condition{workflow.Is(IndexParent, workflow.IDKey(id))}}
	for doc, err := range store.Find(ctx, q) {
		if err != nil {
			return nil, err
		}
		ids = append(ids, doc.ID)
	}
	return ids, nil
}
