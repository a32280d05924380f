package reconcile

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/itsm-go/itsm/workflow"
)

// Merge says, against the rules if need be, that two items are one and the same. The
// duplicate is merged into the other one; whatever its sources report from now on is
// of that. The reason is needed, and stays in the history.
func (r *Reconciler) Merge(ctx context.Context, actor workflow.Actor, main, duplicate workflow.ID, reason string) ([]Decision, error) {
	return r.rule(ctx, actor, "cmdb.merge", reason, func(s *session) ([]Origin, error) {
		if _, err := r.inv.MergeIn(s.tx, main, duplicate, reason); err != nil {
			return nil, err
		}
		kept, err := s.find(indexCI, workflow.IDKey(main))
		if err != nil {
			return nil, err
		}
		dup, err := s.find(indexCI, workflow.IDKey(duplicate))
		if err != nil {
			return nil, err
		}
		var news []Origin
		for _, o := range dup {
			for _, k := range kept {
				o.Apart = remove(o.Apart, k.Origin())
				k.Apart = remove(k.Apart, o.Origin())
				s.touch(k)
			}
			if len(kept) > 0 {
				o.Same = append(remove(o.Same, kept[0].Origin()), kept[0].Origin())
			}
			o.CI, o.Before = main, duplicate
			s.touch(o)
			news = append(news, o.Origin())
		}
		return news, nil
	})
}

// Split says, against the rules if need be, that some of what is reported of an item
// is of another one. It gets back the item that it was of before a merge, or one of
// its own. The reason is needed, and stays in the history.
func (r *Reconciler) Split(ctx context.Context, actor workflow.Actor, item workflow.ID, reason string, away ...Origin) ([]Decision, error) {
	return r.rule(ctx, actor, "cmdb.split", reason, func(s *session) ([]Origin, error) {
		all, err := s.find(indexCI, workflow.IDKey(item))
		if err != nil {
			return nil, err
		}
		var leaves, stays []*Observation
		for _, o := range all {
			if slices.Contains(away, o.Origin()) {
				leaves = append(leaves, o)
			} else {
				stays = append(stays, o)
			}
		}
		if len(leaves) != len(away) || len(leaves) == 0 || len(stays) == 0 {
			return nil, fmt.Errorf("cmdb: splitting item %v: of its %d observations %d are of those named, want some and not all: %w",
				item, len(all), len(leaves), workflow.ErrInvalid)
		}
		var news []Origin
		for _, o := range leaves {
			for _, k := range stays {
				o.Same, k.Same = remove(o.Same, k.Origin()), remove(k.Same, o.Origin())
				o.Apart = append(remove(o.Apart, k.Origin()), k.Origin())
				s.touch(k)
			}
			s.touch(o)
			news = append(news, o.Origin())
		}
		return news, s.leave(&plan{members: leaves, why: []string{reason}}, item)
	})
}

func remove(list []Origin, o Origin) []Origin {
	return slices.DeleteFunc(slices.Clone(list), func(x Origin) bool { return x == o })
}

// rule carries out what a person says, and all that follows from it.
func (r *Reconciler) rule(ctx context.Context, actor workflow.Actor, name, reason string, say func(*session) ([]Origin, error)) ([]Decision, error) {
	if reason == "" {
		return nil, fmt.Errorf("cmdb: %s: no reason is given: %w", name, workflow.ErrInvalid)
	}
	var out []Decision
	_, err := r.desk.Do(ctx, workflow.Command{Name: name, Actor: actor}, func(tx *workflow.Tx) error {
		if err := tx.Authorize(workflow.Access{Ref: workflow.Ref{Kind: KindObservation}, Roles: r.inv.EditRoles()}); err != nil {
			return err
		}
		s := newSession(r, tx)
		s.note = reason
		news, err := say(s)
		if err != nil {
			return err
		}
		plans, err := s.settle(news)
		out = nil
		for _, at := range news {
			if p := plans[at]; p != nil && err == nil {
				d := Decision{Origin: at}
				d.explain(s, p)
				out = append(out, d)
			}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// Suspect is what several items have in common by which they would be one, if they
// did not differ in something stronger.
type Suspect struct {
	Common string // "hostname mail-01"
	Items  []workflow.ID
}

// Suspects lists items that could be duplicates of each other, for people to look at
// and to [Reconciler.Merge]. It reads every observation.
func (r *Reconciler) Suspects(ctx context.Context) ([]Suspect, error) {
	type common struct {
		text  string
		items []workflow.ID
	}
	by := map[string]*common{}
	var keys []string
	for o, err := range r.kind.Find(ctx, r.desk.Store(), workflow.Query{}) {
		if err != nil {
			return nil, err
		}
		for _, id := range o.Identities {
			if o.CI == (workflow.ID{}) {
				continue
			}
			c := by[id.Key]
			if c == nil {
				c = &common{text: id.Text}
				by[id.Key] = c
				keys = append(keys, id.Key)
			}
			if !slices.Contains(c.items, o.CI) {
				c.items = append(c.items, o.CI)
			}
		}
	}
	slices.Sort(keys)
	var out []Suspect
	for _, key := range keys {
		if c := by[key]; len(c.items) > 1 {
			slices.SortFunc(c.items, func(a, b workflow.ID) int { return slices.Compare(a[:], b[:]) })
			out = append(out, Suspect{c.text, c.items})
		}
	}
	return out, nil
}

// Renew works everything out anew, from what the sources last said: after the rules
// or the model have changed. It commits in many commands, and can be given again.
func (r *Reconciler) Renew(ctx context.Context, actor workflow.Actor) error {
	var part []Origin
	flush := func() error {
		err := r.renew(ctx, actor, part)
		part = part[:0]
		if err == nil {
			err = r.catchUp(ctx, actor)
		}
		return err
	}
	for o, err := range r.kind.Find(ctx, r.desk.Store(), workflow.Query{}) {
		if err != nil {
			return err
		}
		if part = append(part, o.Origin()); len(part) == chunk {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	if len(part) > 0 {
		return flush()
	}
	return nil
}

// renew works some observations out anew; what cannot be is left as it is.
func (r *Reconciler) renew(ctx context.Context, actor workflow.Actor, part []Origin) error {
	_, err := r.desk.Do(ctx, workflow.Command{Name: "cmdb.renew", Actor: actor}, func(tx *workflow.Tx) error {
		if err := tx.Authorize(workflow.Access{Ref: workflow.Ref{Kind: KindObservation}, Roles: r.inv.EditRoles()}); err != nil {
			return err
		}
		s := newSession(r, tx)
		var news []Origin
		for _, at := range part {
			o, err := s.get(at)
			if err != nil {
				return err
			}
			if o == nil {
				continue
			}
			if _, err := s.recognise(o); err != nil {
				return err
			}
			news = append(news, at)
		}
		_, err := s.settle(news)
		return err
	})
	if !errors.Is(err, workflow.ErrInvalid) || len(part) < 2 {
		if errors.Is(err, workflow.ErrInvalid) {
			return nil
		}
		return err
	}
	if err := r.renew(ctx, actor, part[:len(part)/2]); err != nil {
		return err
	}
	return r.renew(ctx, actor, part[len(part)/2:])
}
