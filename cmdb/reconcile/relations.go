package reconcile

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/itsm-go/itsm/cmdb"
	"github.com/itsm-go/itsm/workflow"
)

// relations works out which relations the observations of a plan bring to its item,
// and which they brought before and no longer do. Those that people have entered stay.
func (s *session) relations(p *plan) (relate, unrelate []cmdb.Relation, err error) {
	brought := map[cmdb.Relation]bool{}
	for _, o := range p.members {
		for _, r := range o.Resolved {
			if r, err = s.led(r); err != nil {
				return nil, nil, err
			}
			brought[r] = true
		}
	}
	have := &ends{of: map[string]int{}}
	for _, r := range p.ci.Relations {
		if !brought[r] { // entered by people: it stands
			have.take(r)
		}
	}
	for _, o := range s.byPrecedence(p) {
		now, err := s.resolve(p, o, have)
		if err != nil {
			return nil, nil, err
		}
		relate = append(relate, now...)
		if !slices.Equal(o.Resolved, now) {
			o.Resolved = now
			s.touch(o)
		}
	}
	for r := range brought {
		if !slices.Contains(relate, r) && slices.Contains(p.ci.Relations, r) {
			unrelate = append(unrelate, r)
		}
	}
	slices.SortFunc(unrelate, func(a, b cmdb.Relation) int { return cmp.Compare(a.String(), b.String()) })
	return relate, unrelate, nil
}

// ends are the relations that an item has so far.
type ends struct {
	all []cmdb.Relation
	of  map[string]int // by type
}

func (e *ends) take(r cmdb.Relation) {
	if !slices.Contains(e.all, r) {
		e.all = append(e.all, r)
		e.of[r.Type]++
	}
}

// byPrecedence orders the observations by whose word counts first.
func (s *session) byPrecedence(p *plan) []*Observation {
	ranking := s.r.rules.ranking(p.golden.class, "")
	return slices.SortedStableFunc(slices.Values(p.members), func(a, b *Observation) int {
		x, _ := place(ranking, a.Payload.Source)
		y, _ := place(ranking, b.Payload.Source)
		return cmp.Or(cmp.Compare(x, y), b.Payload.At.Compare(a.Payload.At))
	})
}

// led is a relation as it is once its end was merged into another item.
func (s *session) led(r cmdb.Relation) (cmdb.Relation, error) {
	to, err := s.surviving(r.To)
	return cmdb.Relation{Type: r.Type, To: to}, err
}

// surviving is the item that another one was merged into, or itself.
func (s *session) surviving(id workflow.ID) (workflow.ID, error) {
	for range 100 {
		ci, err := s.r.inv.Kind().Get(s.tx, id)
		if err != nil || ci.DuplicateOf == (workflow.ID{}) {
			return id, err
		}
		id = ci.DuplicateOf
	}
	return id, nil
}

// resolve returns the relations that one observation brings, as far as their ends are
// known and they may be, beside those that the item has already.
func (s *session) resolve(p *plan, o *Observation, have *ends) ([]cmdb.Relation, error) {
	if o.Payload.Gone && !p.golden.gone { // what is gone for a source is not worth its word
		return nil, nil
	}
	var out []cmdb.Relation
	for _, l := range o.Payload.Relations {
		r, why, err := s.end(p, o, l, have)
		if err != nil {
			return nil, err
		}
		if why != "" {
			at := l.target(o.Payload.Source)
			s.why[o.Origin()] = append(s.why[o.Origin()], fmt.Sprintf("relation %s %s: %s", l.Type, at, why))
			continue
		}
		if !slices.Contains(out, r) {
			have.take(r)
			out = append(out, r)
		}
	}
	return out, nil
}

// end returns the relation that a link stands for, or why there is none.
func (s *session) end(p *plan, o *Observation, l Link, have *ends) (r cmdb.Relation, why string, err error) {
	to, err := s.get(l.target(o.Payload.Source))
	if err != nil {
		return r, "", err
	}
	if to == nil || to.CI == (workflow.ID{}) || to.CI == p.ci.ID {
		return r, "waits until there is another item at its end", nil
	}
	class, err := s.classOf(to.CI)
	if err != nil {
		return r, "", err
	}
	if err := s.r.rules.model.Allows(l.Type, p.golden.class, class); err != nil {
		return r, err.Error(), nil
	}
	r = cmdb.Relation{Type: l.Type, To: to.CI}
	if slices.Contains(have.all, r) {
		return r, "", nil
	}
	t, _ := s.r.rules.model.RelationType(l.Type)
	most := t.Most
	if t.Contains {
		most = 1
	}
	if most > 0 && have.of[l.Type] >= most || len(have.all) >= cmdb.MaxRelations {
		return r, "there may be no more, and the word of others comes first", nil
	}
	if t.Contains {
		inside, err := s.inside(to.CI, p.ci.ID, t.Name)
		if inside || err != nil {
			return r, "its end lies inside of the item itself", err
		}
	}
	return r, "", nil
}

// classOf is the class that an item is going to be of.
func (s *session) classOf(id workflow.ID) (string, error) {
	if class, planned := s.classes[id]; planned {
		return class, nil
	}
	ci, err := s.r.inv.Kind().Get(s.tx, id)
	if err != nil {
		return "", err
	}
	return ci.Class, nil
}

// inside reports whether an item lies inside of another.
func (s *session) inside(id, other workflow.ID, relation string) (bool, error) {
	for range 100 {
		ci, err := s.r.inv.Kind().Get(s.tx, id)
		if err != nil || ci.ID == other {
			return err == nil, err
		}
		up := ci.Related(relation)
		if len(up) == 0 {
			return false, nil
		}
		id = up[0]
	}
	return true, nil
}
