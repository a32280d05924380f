package storetest

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/itsm-go/itsm/workflow"
)

// Outcome of an operation as its client saw it.
type Outcome uint8

// The outcomes of an operation.
const (
	Read    Outcome = iota + 1 // Get returned Version and Head; version 0 = not found
	Written                    // Commit of Version and Head succeeded
	Refused                    // Commit of Version conflicted, and the error told that the record was at Actual
	Unsure                     // Commit of Version and Head may or may not have happened
)

// Op is one operation of one client on one record, with the ticks of a logical
// clock at which it was called and returned. All ticks of a history differ.
type Op struct {
	Client       int
	Ref          workflow.Ref
	Outcome      Outcome
	Version      int64         // read, or to be written over the version before
	Head         workflow.Hash // identifies the content of the version
	Actual       int64         // of a refused write
	Call, Return int64
}

// History is what many clients saw of a store that was empty at the beginning.
type History []Op

// LinearError tells why no order of the operations explains a history.
type LinearError struct {
	Ref     workflow.Ref
	Version int64
	Problem string
}

// Error names the record, the version and the contradiction.
func (e *LinearError) Error() string {
	return fmt.Sprintf("storetest: no order explains the history of %v: version %d %s", e.Ref, e.Version, e.Problem)
}

// Linearizable decides whether every operation can have taken effect at one
// instant between its call and its return, on registers that only the next
// version may overwrite. It returns nil or a [*LinearError].
//
// The decision is exact, and takes time in proportion to the history, because
// each version of a record is written once: the order of the writes is given,
// and every read belongs between two of them. Records are judged one by one,
// which is enough, since linearizability is a local property (Herlihy and Wing,
// 1990).
func Linearizable(h History) error {
	records := map[workflow.Ref]History{}
	var refs []workflow.Ref
	for _, op := range h {
		if records[op.Ref] == nil {
			refs = append(refs, op.Ref)
		}
		records[op.Ref] = append(records[op.Ref], op)
	}
	for _, ref := range refs {
		if err := judge(ref, records[ref]); err != nil {
			return err
		}
	}
	return nil
}

// versionEpoch is the time in which one version was the present one: the write
// that began it, and the operations that saw it.
type versionEpoch struct {
	write    *Op
	unsure   []*Op // writes that may have made the version
	seen     bool  // somebody saw the version
	head     workflow.Hash
	headSeen bool
	call     int64 // the latest call of an operation that saw the version
	ret      int64 // the earliest return of one
}

func judge(ref workflow.Ref, ops History) error {
	fault := func(v int64, format string, args ...any) error {
		return &LinearError{ref, v, fmt.Sprintf(format, args...)}
	}
	at := map[int64]*versionEpoch{}
	epochOf := func(v int64) *versionEpoch {
		if at[v] == nil {
			at[v] = &versionEpoch{call: math.MinInt64, ret: math.MaxInt64}
		}
		return at[v]
	}
	epochOf(0).headSeen = true
	see := func(v int64, op *Op) *versionEpoch {
		e := epochOf(v)
		e.seen, e.call, e.ret = true, max(e.call, op.Call), min(e.ret, op.Return)
		return e
	}
	for i := range ops {
		op := &ops[i]
		e := epochOf(op.Version)
		switch op.Outcome {
		case Written:
			if op.Version < 1 {
				return fault(op.Version, "was written, but the first version is 1")
			}
			if e.write != nil {
				return fault(op.Version, "was written twice, by clients %d and %d", e.write.Client, op.Client)
			}
			e.write = op
		case Unsure:
			e.unsure = append(e.unsure, op)
		case Refused:
			if op.Actual == op.Version-1 {
				return fault(op.Version, "was refused to client %d although the record was at %d", op.Client, op.Actual)
			}
			see(op.Actual, op)
		case Read:
			e = see(op.Version, op)
			if e.headSeen && e.head != op.Head {
				return fault(op.Version, "was read with two contents")
			}
			e.head, e.headSeen = op.Head, true
		default:
			return fault(op.Version, "has an operation without outcome")
		}
	}
	return sequence(at, fault)
}

// sequence puts the writes on the time line, each as early as it can be: after
// its call, after the write before, and after the call of everybody who still
// saw the version before; and before its own return, and before the return of
// everybody who saw it. If the earliest instant is too late, any is.
func sequence(at map[int64]*versionEpoch, fault func(int64, string, ...any) error) error {
	versions := make([]int64, 0, len(at))
	for v := range at {
		versions = append(versions, v)
	}
	slices.Sort(versions)
	last := int64(0)
	for _, v := range versions {
		if e := at[v]; e.seen || e.write != nil {
			last = v
		}
	}
	earliest := at[0].call
	for v := int64(1); v <= last; v++ {
		e := at[v]
		if e == nil {
			return fault(v, "was never written, but a later one exists")
		}
		write, ret := e.maker()
		if write == nil {
			return fault(v, "was never written, but it or a later one was seen")
		}
		if e.headSeen && e.head != write.Head {
			return fault(v, "was read with another content than was written")
		}
		earliest = max(earliest, write.Call)
		if latest := min(ret, e.ret); earliest > latest {
			return fault(v, "took effect after tick %d, yet it was complete or seen by tick %d", earliest, latest)
		}
		earliest = max(earliest, e.call)
	}
	return nil
}

// maker returns the write that made the version, and the tick by which it was
// made at the latest. Of several writes with unknown outcome any that fits the
// content seen may have; the one called first leaves most room.
func (e *versionEpoch) maker() (*Op, int64) {
	if e.write != nil {
		return e.write, e.write.Return
	}
	fits := slices.DeleteFunc(slices.Clone(e.unsure), func(op *Op) bool { return e.headSeen && op.Head != e.head })
	if len(fits) == 0 {
		return nil, 0
	}
	return slices.MinFunc(fits, func(a, b *Op) int { return cmp.Compare(a.Call, b.Call) }), math.MaxInt64
}
