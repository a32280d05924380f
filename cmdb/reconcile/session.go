package reconcile

import (
	"errors"
	"maps"
	"slices"

	"github.com/google/uuid"
	"github.com/itsm-go/itsm/workflow"
)

// session is one command at work: the observations it has met, as they are to be.
type session struct {
	r     *Reconciler
	tx    *workflow.Tx
	met   map[Origin]*Observation // nil: there is none
	fresh map[Origin]bool         // not in the store yet
	dirty map[Origin]bool
	asked map[workflow.IndexEntry]bool            // of the store
	known map[workflow.IndexEntry]map[Origin]bool // of what was met, by its present keys
	under map[Origin][]workflow.IndexEntry        // the present keys

	meetings map[string]*meeting
	classes  map[workflow.ID]string          // that items are going to be of
	parted   map[workflow.ID]map[string]bool // sources of which an item has lost an observation
	hit      map[Origin]bool                 // clusters, by their first, that have to be worked out anew
	why      map[Origin][]string             // what was decided, and why
	note     string                          // the reason that a person gave
}

func newSession(r *Reconciler, tx *workflow.Tx) *session {
	return &session{r: r, tx: tx, met: map[Origin]*Observation{}, fresh: map[Origin]bool{}, dirty: map[Origin]bool{},
		asked: map[workflow.IndexEntry]bool{}, known: map[workflow.IndexEntry]map[Origin]bool{},
		under: map[Origin][]workflow.IndexEntry{}, meetings: map[string]*meeting{}, classes: map[workflow.ID]string{}, parted: map[workflow.ID]map[string]bool{}, hit: map[Origin]bool{}, why: map[Origin][]string{}}
}

// get returns an observation, or nil if there is none.
func (s *session) get(at Origin) (*Observation, error) {
	if o, met := s.met[at]; met {
		return o, nil
	}
	o, err := s.r.kind.Get(s.tx, at.id())
	if errors.Is(err, workflow.ErrNotFound) {
		s.met[at] = nil
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	s.met[at] = o
	s.file(o)
	return o, nil
}

// add takes in a new observation.
func (s *session) add(o *Observation) {
	s.met[o.Origin()] = o
	s.fresh[o.Origin()] = true
	s.touch(o)
}

// touch notes that an observation was changed.
func (s *session) touch(o *Observation) {
	s.dirty[o.Origin()] = true
	s.file(o)
}

// meet makes this command one that others meet at a name. It comes before the look
// that must not miss them.
func (s *session) meet(name string) error {
	if s.meetings[name] != nil {
		return nil
	}
	m, err := s.r.meetings.GetOrCreate(s.tx, uuid.NewSHA1(originSpace, []byte("meet\x00"+name)), func() *meeting { return &meeting{} })
	s.meetings[name] = m
	return err
}

// meetEnd makes this command one that meets the one that brings the end of a relation.
// If there is an item already nobody is to be met, so that those who have relations to
// one hub do not hold each other up.
func (s *session) meetEnd(at Origin) error {
	name := at.meeting()
	if s.meetings[name] != nil {
		return nil
	}
	if err := s.meet(name); err != nil {
		return err
	}
	o, err := s.get(at) // only now, so that none is missed
	if err == nil && o != nil && o.CI != (workflow.ID{}) {
		delete(s.meetings, name)
	}
	return err
}

// meeting is the name at which those meet who are about an origin.
func (o Origin) meeting() string { return "origin\x00" + o.Source + "\x00" + o.Key }

// file puts an observation under its present keys.
func (s *session) file(o *Observation) {
	at := o.Origin()
	for _, e := range s.under[at] {
		delete(s.known[e], at)
	}
	s.under[at] = o.keys()
	for _, e := range s.under[at] {
		if s.known[e] == nil {
			s.known[e] = map[Origin]bool{}
		}
		s.known[e][at] = true
	}
}

// find returns the observations that have a key, as they are to be, by origin.
func (s *session) find(field string, key workflow.Key) ([]*Observation, error) {
	e := workflow.IndexEntry{Field: field, Key: key}
	if !s.asked[e] {
		s.asked[e] = true
		for o, err := range s.r.kind.Find(s.tx.Context(), s.tx.Store(), workflow.Query{Where: []workflow.Condition{workflow.Is(field, key)}}) {
			if err != nil {
				return nil, err
			}
			if _, err := s.get(o.Origin()); err != nil {
				return nil, err
			}
		}
	}
	list := make([]*Observation, 0, len(s.known[e]))
	for at := range s.known[e] {
		list = append(list, s.met[at])
	}
	slices.SortFunc(list, func(a, b *Observation) int { return compareOrigins(a.Origin(), b.Origin()) })
	return list, nil
}

// save queues what was changed.
func (s *session) save() error {
	for _, name := range slices.Sorted(maps.Keys(s.meetings)) {
		m := s.meetings[name]
		m.Count++
		if err := s.r.meetings.Put(s.tx, m, workflow.Entry{}); err != nil {
			return err
		}
	}
	var changed []Origin
	for at := range s.dirty {
		changed = append(changed, at)
	}
	slices.SortFunc(changed, compareOrigins)
	for _, at := range changed {
		o := s.met[at]
		o.Title = o.Payload.Name
		var err error
		if s.fresh[at] {
			o.ID = at.id()
			err = s.r.kind.Create(s.tx, o, workflow.Entry{})
		} else {
			err = s.r.kind.Put(s.tx, o, workflow.Entry{Note: s.note})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// closure returns everything that could have to do with an observation: what shares a
// key with it, was one with it, or was said to be, and so on from there.
func (s *session) closure(from *Observation) ([]*Observation, error) {
	seen := map[Origin]bool{from.Origin(): true}
	asked := map[workflow.IndexEntry]bool{}
	list := []*Observation{from}
	reach := func(more []*Observation) {
		for _, o := range more {
			if o != nil && !seen[o.Origin()] {
				seen[o.Origin()] = true
				list = append(list, o)
			}
		}
	}
	for next := 0; next < len(list); next++ {
		if len(list) > maxClosure {
			return nil, errTooMany(from)
		}
		o := list[next]
		for _, e := range o.keys() {
			if e.Field != indexIdentity && e.Field != indexCluster || asked[e] {
				continue
			}
			asked[e] = true
			more, err := s.find(e.Field, e.Key)
			if err != nil {
				return nil, err
			}
			reach(more)
		}
		for _, at := range slices.Concat(o.Same, []Origin{o.Cluster}) {
			other, err := s.get(at)
			if err != nil {
				return nil, err
			}
			reach([]*Observation{other})
		}
		more, err := s.find(indexSame, o.Origin().key())
		if err != nil {
			return nil, err
		}
		reach(more)
	}
	return list, nil
}

// recognise works out anew by what an observation is recognised. It reports whether
// that has changed.
func (s *session) recognise(o *Observation) (bool, error) {
	var failed error
	ids, why := s.r.rules.identities(o.Payload, func(host Origin) (Origin, bool) {
		h, err := s.get(host)
		if err != nil {
			failed = err
		}
		if h == nil || h.Cluster == (Origin{}) {
			return Origin{}, false
		}
		return h.Cluster, true
	})
	s.why[o.Origin()] = why
	if failed != nil || slices.Equal(ids, o.Identities) {
		return false, failed
	}
	for _, id := range slices.Concat(ids, o.Identities) {
		if err := s.meet(id.Key); err != nil {
			return false, err
		}
	}
	o.Identities = ids
	s.touch(o)
	return true, nil
}

// gather finds out which observations are one item, beginning with some of which
// there is news, and returns all that were looked at. Where a host came to be another
// one, those that live on it are looked at again.
func (s *session) gather(news []Origin) (map[Origin]bool, error) {
	looked := map[Origin]bool{}
	for rounds := 0; len(news) > 0; rounds++ {
		if rounds > maxClosure {
			return nil, errTooMany(s.met[news[0]])
		}
		o := s.met[news[0]]
		all, err := s.closure(o)
		if err != nil {
			return nil, err
		}
		for _, o := range all {
			looked[o.Origin()] = true
		}
		in := func(at Origin) bool {
			return slices.ContainsFunc(all, func(o *Observation) bool { return o.Origin() == at })
		}
		changed := slices.DeleteFunc(slices.Clone(news), func(at Origin) bool { return !in(at) })
		news = slices.DeleteFunc(news, in)
		found, why := clusters(all)
		for at, reasons := range why {
			s.why[at] = append(s.why[at], reasons...)
		}
		for _, c := range found {
			for _, o := range c.members {
				if o.Cluster == c.first() {
					continue
				}
				s.hit[o.Cluster], s.hit[c.first()] = true, true
				o.Cluster = c.first()
				s.touch(o)
				more, err := s.tenants(o)
				if err != nil {
					return nil, err
				}
				news = append(news, more...)
			}
		}
		for _, at := range changed {
			s.hit[s.met[at].Cluster] = true
		}
	}
	maps.DeleteFunc(looked, func(at Origin, _ bool) bool { return !s.hit[s.met[at].Cluster] })
	return looked, nil
}

// tenants returns those that live on a host and are now recognised by other keys.
func (s *session) tenants(host *Observation) ([]Origin, error) {
	linked, err := s.find(indexLink, host.Origin().key())
	if err != nil {
		return nil, err
	}
	var changed []Origin
	for _, o := range linked {
		news, err := s.recognise(o)
		if err != nil {
			return nil, err
		}
		if news {
			changed = append(changed, o.Origin())
		}
	}
	return changed, nil
}
