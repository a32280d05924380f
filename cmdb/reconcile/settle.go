package reconcile

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/itsm-go/itsm/cmdb"
	"github.com/itsm-go/itsm/workflow"
)

// plan is what becomes of one item.
type plan struct {
	members []*Observation
	golden  golden
	ci      *cmdb.CI // nil while it is held
	moved   bool     // observations have come to another item, or to one at all
	outcome Outcome
	why     []string

	before           *cmdb.CI // the item as the command found it
	relate, unrelate []cmdb.Relation
}

// plans turns the clusters of the observations that were looked at into items: the
// item that they have had, one that was entered by hand, or a new one.
func (s *session) plans(looked map[Origin]bool) ([]*plan, error) {
	var list []*plan
	done := map[Origin]bool{}
	for _, at := range slices.SortedFunc(maps.Keys(looked), compareOrigins) {
		first := s.met[at].Cluster
		if done[first] {
			continue
		}
		done[first] = true
		members, err := s.find(indexCluster, first.key())
		if err != nil {
			return nil, err
		}
		list = append(list, &plan{members: members, outcome: Unchanged})
	}
	if err := s.part(list); err != nil {
		return nil, err
	}
	for _, p := range list {
		if err := s.appoint(p); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// part sees to it that no item is in two plans: it stays where most of its
// observations are. The others get back what they had before a merge, or an item of
// their own.
func (s *session) part(list []*plan) error {
	holders := map[workflow.ID][]*plan{}
	for _, p := range list {
		for _, id := range p.items() {
			holders[id] = append(holders[id], p)
		}
	}
	for _, id := range slices.SortedFunc(maps.Keys(holders), func(a, b workflow.ID) int { return slices.Compare(a[:], b[:]) }) {
		if len(holders[id]) < 2 {
			continue
		}
		keeps := slices.MaxFunc(holders[id], func(a, b *plan) int {
			return cmp.Or(compareBools(s.stands(a), s.stands(b)), cmp.Compare(a.count(id), b.count(id)), compareOrigins(b.members[0].Origin(), a.members[0].Origin()))
		})
		for _, p := range holders[id] {
			if p == keeps {
				continue
			}
			p.outcome = Split
			p.why = append(p.why, "no longer one item with "+keeps.members[0].Origin().String())
			if err := s.leave(p, id); err != nil {
				return err
			}
		}
	}
	return nil
}

// stands reports whether a plan would have an item by itself.
func (s *session) stands(p *plan) bool { return s.r.rules.believe(p.members, nil, nil).held == "" }

// leave takes the observations of a plan away from an item.
func (s *session) leave(p *plan, id workflow.ID) error {
	var back workflow.ID
	var lost []cmdb.Relation
	for _, o := range p.members {
		if o.CI != id {
			continue
		}
		if o.Before != (workflow.ID{}) && back == (workflow.ID{}) {
			back = o.Before
		}
		lost = append(lost, o.Resolved...)
		if s.parted[id] == nil {
			s.parted[id] = map[string]bool{}
		}
		s.parted[id][o.Payload.Source] = true
		o.CI, o.Before, o.Resolved = workflow.ID{}, workflow.ID{}, nil
		s.touch(o)
	}
	if err := s.unrelate(id, lost); err != nil || back == (workflow.ID{}) || !s.stands(p) {
		return err
	}
	ci, err := s.r.inv.Kind().Get(s.tx, back)
	if err != nil || ci.DuplicateOf == (workflow.ID{}) {
		return err
	}
	if ci, err = s.r.inv.UnmergeIn(s.tx, back, p.why[len(p.why)-1]); err != nil {
		return err
	}
	p.members[0].CI = back
	s.touch(p.members[0])
	return s.unrelate(back, ci.Relations) // those that still hold are brought again
}

// items are those that the observations of a plan have had.
func (p *plan) items() []workflow.ID {
	var ids []workflow.ID
	for _, o := range p.members {
		if o.CI != (workflow.ID{}) && !slices.Contains(ids, o.CI) {
			ids = append(ids, o.CI)
		}
	}
	return ids
}

func (p *plan) count(id workflow.ID) int {
	n := 0
	for _, o := range p.members {
		if o.CI == id {
			n++
		}
	}
	return n
}

// appoint finds or makes the item of a plan.
func (s *session) appoint(p *plan) error {
	var err error
	switch ids := p.items(); len(ids) {
	case 0:
		p.ci, err = s.byHand(p)
		if p.ci != nil {
			p.outcome = Updated
			p.why = append(p.why, "entered by hand before, as "+p.ci.Number)
		}
	case 1:
		p.ci, err = s.r.inv.Kind().Get(s.tx, ids[0])
	default:
		err = s.unite(p, ids)
	}
	if err != nil {
		return err
	}
	var parted map[string]bool
	if p.ci != nil {
		parted = s.parted[p.ci.ID]
	}
	p.golden = s.r.rules.believe(p.members, p.ci, parted)
	if p.ci != nil {
		s.classes[p.ci.ID] = p.golden.class
		p.moved = p.moved || p.ci.Class != p.golden.class // what relations it can have changes too
	}
	if p.ci == nil && p.golden.held == "" {
		if err := s.create(p); err != nil {
			return err
		}
	}
	held := ""
	var id workflow.ID
	if p.ci == nil {
		p.outcome, held = Held, p.golden.held
		p.why = append(p.why, "held: "+held)
	} else {
		id = p.ci.ID
	}
	for _, o := range p.members {
		if o.CI != id || o.Held != held {
			if o.CI != id && o.CI != (workflow.ID{}) {
				o.Before = o.CI
			}
			p.moved = p.moved || o.CI != id
			o.CI, o.Held = id, held
			s.touch(o)
		}
	}
	return nil
}

func (s *session) create(p *plan) error {
	g := p.golden
	state := s.r.rules.cfg.State
	for _, o := range p.members {
		if o.Payload.State != "" {
			state = o.Payload.State
			break
		}
	}
	var err error
	p.ci, err = s.r.inv.CreateIn(s.tx, cmdb.Draft{Class: g.class, Name: g.name, State: state, Attributes: g.attributes,
		Source: p.members[0].Payload.Source, Report: &cmdb.Report{Claims: g.claims, Sources: g.sources}})
	if p.ci != nil {
		s.classes[p.ci.ID] = g.class
	}
	p.outcome = cmp.Or(keep(p.outcome, Split), Created)
	p.why = append(p.why, "nothing that is known matches")
	return err
}

func keep(have, wanted Outcome) Outcome {
	if have == wanted {
		return have
	}
	return ""
}

// unite merges items that have turned out to be one, into the oldest.
func (s *session) unite(p *plan, ids []workflow.ID) error {
	items := make([]*cmdb.CI, len(ids))
	for i, id := range ids {
		var err error
		if items[i], err = s.r.inv.Kind().Get(s.tx, id); err != nil {
			return err
		}
	}
	final := func(ci *cmdb.CI) bool { return s.r.inv.Category(ci).Final() }
	slices.SortFunc(items, func(a, b *cmdb.CI) int {
		return cmp.Or(compareBools(final(a), final(b)), a.CreatedAt.Compare(b.CreatedAt), slices.Compare(a.ID[:], b.ID[:]))
	})
	p.outcome, p.ci = Merged, items[0]
	if final(items[0]) {
		p.outcome = Unchanged
		p.why = append(p.why, fmt.Sprintf("%s is %s, as is every item that it is one with", items[0].Number, items[0].State))
		return nil
	}
	for _, dup := range items[1:] {
		why := fmt.Sprintf("%s is one item with %s", dup.Number, items[0].Number)
		p.why = append(p.why, why)
		for _, o := range p.members {
			if reasons := s.why[o.Origin()]; o.CI == dup.ID && len(reasons) > 0 {
				why += ": " + o.Origin().String() + " " + reasons[len(reasons)-1]
				break
			}
		}
		if err := s.release(dup.ID, items[0].Class); err != nil {
			return err
		}
		var err error
		if p.ci, err = s.r.inv.MergeIn(s.tx, items[0].ID, dup.ID, why); err != nil {
			return err
		}
	}
	return nil
}

// byHand finds an item that nobody has reported yet and that has the same identity.
func (s *session) byHand(p *plan) (*cmdb.CI, error) {
	for _, o := range p.members {
		rule, _ := s.r.rules.rule(o.Payload.Class)
		for _, id := range o.Identities {
			found, err := s.entered(rule, rule.Identifiers[id.Entry], o)
			if err != nil || found != nil {
				return found, err
			}
		}
	}
	return nil, nil
}

// entered finds the oldest item that has the values of an identifier and was entered
// by hand.
func (s *session) entered(rule Rule, id Identifier, o *Observation) (*cmdb.CI, error) {
	where := []workflow.Condition{workflow.Is(cmdb.IndexClass, workflow.StringKey(rule.Class)), workflow.Is(cmdb.IndexReported, workflow.BoolKey(false))}
	for _, name := range id.Attributes {
		if name == NameAttribute {
			where = append(where, workflow.Is(cmdb.IndexName, cmdb.NameKey(o.Payload.Name)))
			continue
		}
		a, _ := attribute(s.r.rules.classes[o.Payload.Class], name)
		c, err := a.Finds(o.Payload.Attributes[name])
		if err != nil {
			return nil, err
		}
		where = append(where, c)
	}
	var host workflow.ID
	if at, found := hostOf(o.Payload, id.Within); id.Within != "" && found {
		h, err := s.get(at)
		if err != nil || h == nil {
			return nil, err
		}
		host = h.CI
	}
	for ci, err := range s.r.inv.Find(s.tx.Context(), workflow.Query{Where: where}) {
		if err == nil {
			ci, err = s.r.inv.Kind().Get(s.tx, ci.ID)
		}
		if err != nil {
			return nil, err
		}
		if len(ci.Sources) == 0 && s.r.rules.sameValues(id, o.Payload, ci) && (id.Within == "" || slices.Contains(ci.Related(id.Within), host)) {
			main, err := s.surviving(ci.ID)
			if err != nil {
				return nil, err
			}
			others, err := s.find(indexCI, workflow.IDKey(main))
			if err != nil {
				return nil, err
			}
			if len(others) == 0 { // else they have it, and differ
				return s.r.inv.Kind().Get(s.tx, main)
			}
		}
	}
	return nil, nil
}

// reclassify prepares an item for the class that it is going to be of.
func (s *session) reclassify(p *plan) error {
	if p.ci == nil || p.ci.Class == p.golden.class {
		return nil
	}
	return s.release(p.ci.ID, p.golden.class)
}

// release takes relations to an item away, however many, that observations have
// brought and that one of another class cannot have: they must not keep it from
// becoming that. Whoever has brought them is linked to the item, and looked at again.
func (s *session) release(id workflow.ID, class string) error {
	for from, err := range s.r.inv.Kind().FindIn(s.tx, workflow.Is(cmdb.IndexTo, workflow.IDKey(id))) {
		if err != nil {
			return err
		}
		fits := func(r cmdb.Relation) bool {
			return r.To != id || s.r.rules.model.Allows(r.Type, from.Class, class) == nil
		}
		if !slices.ContainsFunc(from.Relations, func(r cmdb.Relation) bool { return !fits(r) }) {
			continue
		}
		list, err := s.find(indexCI, workflow.IDKey(from.ID))
		if err != nil {
			return err
		}
		for _, o := range list {
			var kept, lost []cmdb.Relation
			for _, r := range o.Resolved {
				now, err := s.led(r)
				if err != nil {
					return err
				}
				if fits(now) {
					kept = append(kept, r)
				} else {
					lost = append(lost, r)
				}
			}
			if len(lost) == 0 {
				continue
			}
			o.Resolved = kept
			s.touch(o)
			if err := s.unrelate(from.ID, lost); err != nil {
				return err
			}
		}
	}
	return nil
}

// weigh works out which relations an item is to have, from what is planned for all.
func (s *session) weigh(p *plan) error {
	if p.ci == nil {
		return nil
	}
	p.before = p.ci
	var err error
	if p.ci, err = s.r.inv.Kind().Get(s.tx, p.ci.ID); err != nil { // a merge may have changed it since
		return err
	}
	p.relate, p.unrelate, err = s.relations(p)
	return err
}

// loosen takes relations away that observations no longer bring, everywhere, before
// anything changes its class or gets others.
func (s *session) loosen(p *plan) error {
	if p.ci == nil {
		return nil
	}
	err := s.unrelate(p.ci.ID, p.unrelate)
	if err == nil {
		p.ci, err = s.r.inv.Kind().Get(s.tx, p.ci.ID)
	}
	return err
}

// unrelate takes relations from an item that observations had brought, as far as it
// has them and changes any more. Those that others bring too come again.
func (s *session) unrelate(id workflow.ID, brought []cmdb.Relation) error {
	ci, err := s.r.inv.Kind().Get(s.tx, id)
	if err != nil {
		return err
	}
	e := cmdb.Edit{Report: &cmdb.Report{Claims: ci.Claims, Sources: ci.Sources}}
	for _, r := range brought {
		if r, err = s.led(r); err != nil {
			return err
		}
		if slices.Contains(ci.Relations, r) && !slices.Contains(e.Unrelate, r) {
			e.Unrelate = append(e.Unrelate, r)
		}
	}
	if len(e.Unrelate) == 0 {
		return nil
	}
	if _, err = s.r.inv.UpdateIn(s.tx, id, e); errors.Is(err, workflow.ErrTransition) {
		return nil // write tells
	}
	return err
}

// write brings an item to what is believed of it.
func (s *session) write(p *plan) error {
	if p.ci == nil {
		return nil
	}
	e := p.edit()
	e.Relate = p.relate
	now, err := s.r.inv.UpdateIn(s.tx, p.ci.ID, e)
	if errors.Is(err, workflow.ErrTransition) {
		p.why = append(p.why, fmt.Sprintf("%s is %s, and still reported", p.ci.Number, p.ci.State))
		return nil
	}
	if err != nil {
		return err
	}
	if p.ci = now; p.outcome == Unchanged && (p.moved || differs(p.before, now)) {
		p.outcome = Updated
	}
	return s.retire(p)
}

// differs reports whether anything has changed but who saw it when.
func differs(a, b *cmdb.CI) bool {
	at := cmdb.Compare(cmdb.Snapshot{Items: []*cmdb.CI{a}}, cmdb.Snapshot{Items: []*cmdb.CI{b}})
	return len(at) > 0
}

// edit is what leads from the item as it is to what is believed.
func (p *plan) edit() cmdb.Edit {
	g := p.golden
	e := cmdb.Edit{Class: g.class, Name: g.name, Set: map[string]any{}, Source: p.members[0].Payload.Source,
		Report: &cmdb.Report{Claims: g.claims, Sources: g.sources}}
	if g.attributes == nil && g.held != "" { // what is believed would be no item: leave it as it is
		return cmdb.Edit{Report: e.Report, Source: e.Source}
	}
	for name := range p.ci.Fields {
		e.Set[name] = nil
	}
	for name, v := range g.attributes {
		e.Set[name] = v
	}
	return e
}

// retire takes an item out of service that every source says is gone, and back in if
// one reports it again.
func (s *session) retire(p *plan) error {
	was := slices.ContainsFunc(p.members, func(o *Observation) bool { return o.Retired == p.ci.ID })
	retired := p.golden.gone && was
	category := s.r.inv.Category(p.ci)
	serves := !category.Final() && category != workflow.CategoryResolved
	switch {
	case p.golden.gone && serves:
		moved, err := s.move(p, cmdb.ActionRetire, "every source says it is gone")
		if err != nil {
			return err
		}
		retired = retired || moved
	case !p.golden.gone && was && !serves:
		if _, err := s.move(p, cmdb.ActionReinstate, "it is reported again"); err != nil {
			return err
		}
	}
	if retired != was && p.outcome == Unchanged {
		p.outcome = Updated
	}
	for _, o := range p.members {
		switch {
		case retired && o.Retired != p.ci.ID:
			o.Retired = p.ci.ID
			s.touch(o)
		case !retired && o.Retired == p.ci.ID:
			o.Retired = workflow.ID{}
			s.touch(o)
		}
	}
	return nil
}

// move takes an item through its lifecycle, if that allows it.
func (s *session) move(p *plan, action, reason string) (moved bool, err error) {
	ci, err := s.r.inv.MoveIn(s.tx, p.ci.ID, action, reason)
	switch {
	case errors.Is(err, workflow.ErrTransition) || errors.Is(err, workflow.ErrForbidden):
		p.why = append(p.why, fmt.Sprintf("%s, and cannot be made to %s: %v", reason, action, err))
		return false, nil
	case err != nil:
		return false, err
	}
	p.ci = ci
	p.why = append(p.why, fmt.Sprintf("%s: %s", action, reason))
	return true, nil
}
