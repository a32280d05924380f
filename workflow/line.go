package workflow

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
)

// errQueue ends an attempt that must stand in line for a record first.
var errQueue = errors.New("workflow: others stand in line for the record")

// lines are where the commands of a desk stand that have met on a record. There is a
// line for a record as long as somebody has his turn. The zero value is ready to use.
type lines struct {
	strict atomic.Int32 // how many are: where none is, nobody who comes has to look
	mu     sync.Mutex
	of     map[Ref]*line
}

// line is the commands that have met on one record, behind the one whose turn it is.
type line struct {
	waiting []chan struct{}
	strict  bool // who comes must stand in it at once, and not only once he has met others
}

// mustQueue reports whether who comes to the record has to stand in line for it.
func (l *lines) mustQueue(ref Ref) bool {
	if l.strict.Load() == 0 {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	at := l.of[ref]
	return at != nil && at.strict
}

// setStrict sets whether who comes must stand in line. The lock is held.
func (l *lines) setStrict(at *line, strict bool) {
	if at.strict != strict {
		at.strict = strict
		l.strict.Add(map[bool]int32{true: 1, false: -1}[strict])
	}
}

// enter waits for a turn on the record, or for the end of the context.
func (l *lines) enter(ctx context.Context, ref Ref) error {
	l.mu.Lock()
	at := l.of[ref]
	if at == nil {
		if l.of == nil {
			l.of = map[Ref]*line{}
		}
		l.of[ref] = &line{}
		l.mu.Unlock()
		return nil
	}
	turn := make(chan struct{})
	at.waiting = append(at.waiting, turn)
	l.mu.Unlock()
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
		l.giveUp(ref, turn)
		return fmt.Errorf("in line for %v: %w", ref, ctx.Err())
	}
}

// giveUp takes who waits out of the line. If it was his turn already, the next has it.
func (l *lines) giveUp(ref Ref, turn chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	at := l.of[ref] // there is one: who waits in it, or has his turn, keeps it
	if i := slices.Index(at.waiting, turn); i >= 0 {
		at.waiting = slices.Delete(at.waiting, i, i+1)
		return
	}
	l.next(ref, at)
}

// leave ends a turn.
func (l *lines) leave(ref Ref) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.next(ref, l.of[ref])
}

func (l *lines) next(ref Ref, at *line) {
	l.setStrict(at, false)
	if len(at.waiting) == 0 {
		delete(l.of, ref)
		return
	}
	close(at.waiting[0])
	at.waiting = at.waiting[1:]
}

// held is the turns that one command has. It belongs to one goroutine.
type held struct {
	lines *lines
	refs  []Ref // sorted
}

// mustQueue reports whether the command has to stand in line for the record first.
func (h *held) mustQueue(ref Ref) bool {
	if !h.lines.mustQueue(ref) {
		return false
	}
	_, ours := slices.BinarySearchFunc(h.refs, ref, compareRefs)
	return !ours
}

// queue stands in line for the records, and for those whose turn it is now. It gives
// that up first and takes all in one order, so that no two commands wait for each other.
// After an error it has no turn.
func (h *held) queue(ctx context.Context, refs ...Ref) error {
	want := slices.Concat(h.refs, refs)
	slices.SortFunc(want, compareRefs)
	want = slices.Compact(want)
	if slices.Equal(want, h.refs) {
		return nil
	}
	h.release()
	for _, ref := range want {
		if err := h.lines.enter(ctx, ref); err != nil {
			h.release()
			return err
		}
		h.refs = append(h.refs, ref)
	}
	return nil
}

// insist makes who comes stand in line: others who had not met anybody yet were quicker
// too often.
func (h *held) insist() {
	h.lines.mu.Lock()
	defer h.lines.mu.Unlock()
	for _, ref := range h.refs {
		h.lines.setStrict(h.lines.of[ref], true)
	}
}

func (h *held) release() {
	for _, ref := range h.refs {
		h.lines.leave(ref)
	}
	h.refs = nil
}

func compareRefs(a, b Ref) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), bytes.Compare(a.ID[:], b.ID[:]))
}

// contended returns the records that a batch met others on: the one that the store
// names, or all that it writes.
func contended(b Batch, err error) []Ref {
	var ce *ConflictError
	if errors.As(err, &ce) {
		return []Ref{ce.Ref}
	}
	refs := make([]Ref, len(b.Writes))
	for i, w := range b.Writes {
		refs[i] = w.Document.Ref
	}
	return refs
}
