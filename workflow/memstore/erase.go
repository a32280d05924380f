package memstore

import (
	"cmp"
	"context"
	"iter"
	"slices"

	"github.com/itsm-go/itsm/workflow"
)

var (
	_ workflow.Redactor = (*Store)(nil)
	_ workflow.Eraser   = (*Store)(nil)
	_ workflow.Backlog  = (*Store)(nil)
)

// Redact takes values out of events, all or nothing; see [workflow.Redactor].
func (s *Store) Redact(ctx context.Context, r workflow.Redaction) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	rec := s.record(r.Ref)
	next := map[int]*workflow.Event{}
	for _, version := range r.Events() {
		if rec == nil || version < 1 || version > int64(len(rec.events)) {
			return &workflow.NotFoundError{Ref: r.Ref}
		}
		at := rec.events[version-1]
		e, err := r.Apply(*s.log[at])
		if err != nil {
			return err
		}
		own := copyEvent(&e)
		next[at] = &own
	}
	for at, e := range next { // readers keep the old event, which is never changed
		s.log[at] = e
	}
	return nil
}

// Erase forgets records and all that belongs to them; see [workflow.Eraser].
func (s *Store) Erase(ctx context.Context, records ...workflow.Erasure) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range records {
		if rec := s.record(r.Ref); rec != nil && rec.doc.Version != r.Version {
			return &workflow.ConflictError{Ref: r.Ref, Expected: r.Version, Actual: rec.doc.Version}
		}
	}
	for _, r := range records {
		if rec := s.record(r.Ref); rec != nil {
			s.kinds[r.Ref.Kind].remove(rec)
			for _, at := range rec.events {
				s.log[at] = nil
			}
			s.queue.erase(r.Ref)
		}
	}
	return nil
}

// EraseTenant forgets everything; see [workflow.Eraser].
func (s *Store) EraseTenant(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kinds, s.log = map[string]*kind{}, nil
	s.batches, s.queue = map[workflow.ID]span{}, newQueue()
	return nil
}

// remove takes the record out of every set.
func (k *kind) remove(rec *record) {
	for name, o := range k.orders {
		o.remove(entryOf(rec.doc.Index.First(name), rec))
	}
	k.reindex(rec, rec.doc.Index, nil)
	k.byID.remove(entryOf("", rec))
	delete(k.records, rec.ref.ID)
}

// erase forgets all work of the record.
func (q *queue) erase(ref workflow.Ref) {
	for _, ls := range []*lanes{&q.timers, &q.messages} {
		if l := ls.of[ref]; l != nil {
			for _, w := range slices.Clone(l.line) {
				q.forget(w)
			}
		}
	}
	for _, w := range slices.Clone(q.parked) {
		if d := w.copy(); d.Ref() == ref {
			q.forget(w)
		}
	}
}

// Backlog yields the work that is kept when the loop begins; see [workflow.Backlog].
func (s *Store) Backlog(ctx context.Context) iter.Seq2[workflow.Waiting, error] {
	return func(yield func(workflow.Waiting, error) bool) {
		for _, w := range s.allWork() {
			if err := ctx.Err(); err != nil {
				yield(workflow.Waiting{}, err)
				return
			}
			if !yield(w, nil) {
				return
			}
		}
	}
}

func (t *tenant) allWork() []workflow.Waiting {
	t.mu.RLock()
	defer t.mu.RUnlock()
	all := slices.Clone(t.queue.parked)
	for _, ls := range []*lanes{&t.queue.timers, &t.queue.messages} {
		for _, l := range ls.of {
			all = append(all, l.line...)
		}
	}
	slices.SortFunc(all, func(a, b *work) int { return cmp.Compare(a.place.seq, b.place.seq) })
	out := make([]workflow.Waiting, len(all))
	for i, w := range all {
		d := w.copy()
		out[i] = workflow.Waiting{Timer: d.Timer, Message: d.Message, Parked: w.parked != 0, Error: d.Error}
	}
	return out
}
