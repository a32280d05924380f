package workflow

import (
	"container/list"
	"sync"
)

// recent keeps the documents that a desk wrote last, so that the next command on
// a record need not read and decode it. A document here may be out of date; the
// desk decides on it only what the commit then proves right.
type recent struct {
	mu    sync.Mutex
	limit int
	order *list.List // of Document; the last used in front
	byRef map[Ref]*list.Element
}

func newRecent(limit int) *recent {
	return &recent{limit: limit, order: list.New(), byRef: map[Ref]*list.Element{}}
}

func (r *recent) get(ref Ref) (Document, bool) {
	if r.limit <= 0 {
		return Document{}, false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	e := r.byRef[ref]
	if e == nil {
		return Document{}, false
	}
	r.order.MoveToFront(e)
	return e.Value.(Document), true
}

func (r *recent) put(writes []Write) {
	if r.limit <= 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, w := range writes {
		d := w.Document
		if e := r.byRef[d.Ref]; e != nil {
			// two commands may end in another order than they were committed in
			if e.Value.(Document).Version < d.Version {
				e.Value = d
			}
			r.order.MoveToFront(e)
			continue
		}
		r.byRef[d.Ref] = r.order.PushFront(d)
		if r.order.Len() > r.limit {
			last := r.order.Back()
			delete(r.byRef, last.Value.(Document).Ref)
			r.order.Remove(last)
		}
	}
}

func (r *recent) forget(refs map[Ref]*draft) {
	if r.limit <= 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for ref := range refs {
		if e := r.byRef[ref]; e != nil {
			delete(r.byRef, ref)
			r.order.Remove(e)
		}
	}
}
