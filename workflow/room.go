package workflow

import (
	"errors"
	"fmt"
	"strings"
)

// SoftBody is how many bytes of an encoded record its conversation may fill. What is
// left up to [MaxBody] is kept for bringing the record to its end: beyond SoftBody
//
//   - comments are refused, unless the same write changes the record's state;
//   - a write that changes the state may take half of what is left, its comment
//     included, so that there is always something left for the next;
//   - any other may take 4 KiB, and no more than that half: enough to assign somebody,
//     to vote, to stop a clock, or to say shortly what must be said before the end.
//
// A write that makes the record no larger, the first one of a record and a redaction
// need no room of this kind. Nothing makes a record larger than MaxBody.
const SoftBody = MaxBody / 4 * 3

// smallGrowth is what a write that is no comment may take of the room for ending.
const smallGrowth = 4 << 10

// ErrFull is that of a record which has no room for what was to be written. Errors of
// this class are a [*FullError].
var ErrFull = errors.New("record full")

// FullError tells which record has no room for a write. It matches [ErrFull] and
// [ErrInvalid]: the same write will be refused again, a shorter one may do.
type FullError struct {
	Ref     Ref
	Bytes   int // of the record as it was to be written
	Had     int // bytes that it has; 0: it was to be created
	Allowed int // the most it may have after a write of this sort; not above Had: none can be taken in
}

// Error names the record, its bytes and what would have been allowed.
func (e *FullError) Error() string {
	switch {
	case e.Allowed <= e.Had:
		return fmt.Sprintf("workflow: %v would have %d bytes: beyond %d no more text is taken in, what is left is for bringing it to its end: %v",
			e.Ref, e.Bytes, SoftBody, ErrFull)
	case e.Had == 0:
		return fmt.Sprintf("workflow: %v would have %d bytes, at most %d: %v", e.Ref, e.Bytes, e.Allowed, ErrFull)
	}
	return fmt.Sprintf("workflow: %v would have %d bytes, at most %d: this may add %d to what it has: %v",
		e.Ref, e.Bytes, e.Allowed, e.Allowed-e.Had, ErrFull)
}

// Unwrap gives [ErrFull] and [ErrInvalid].
func (e *FullError) Unwrap() []error { return []error{ErrFull, ErrInvalid} }

// checkRoom refuses a write that would take the room for the record's end. It looks at
// the changes only once the record is beyond [SoftBody].
func checkRoom(ref Ref, had, has int, changes []Change) error {
	if has <= SoftBody || has <= had || had == 0 {
		return nil
	}
	half := (MaxBody - had) / 2
	room := min(smallGrowth, half)
	for _, c := range changes {
		if c.Path == "/state" {
			room = half
			break
		}
		if strings.HasPrefix(c.Path, "/comments") {
			room = 0
		}
	}
	if allowed := max(SoftBody, had+room); has > allowed {
		return &FullError{Ref: ref, Bytes: has, Had: had, Allowed: allowed}
	}
	return nil
}
