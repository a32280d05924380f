package cab

import (
	"errors"
	"fmt"
	"strings"
)

// Why a command is refused, besides what the lifecycle and package
// [github.com/itsm-go/itsm/workflow/approval] say. Match them with [errors.Is].
var (
	// ErrNoQuorum: too few seats are taken for a decision. The error is a
	// [*QuorumError].
	ErrNoQuorum = errors.New("no quorum")
	// ErrCutoff: the agenda is closed, and changes only by the chair, for a reason.
	ErrCutoff = errors.New("the agenda is closed")
	// ErrNotPresent: the person is not at the meeting, or is there without a vote.
	ErrNotPresent = errors.New("not present with a vote")
	// ErrSeatTaken: the seat is taken by the member, or by an alternate who comes
	// before.
	ErrSeatTaken = errors.New("seat taken")
	// ErrDecided: the item has its outcome.
	ErrDecided = errors.New("decided already")
	// ErrNoTime: the agenda has no room left for the item.
	ErrNoTime = errors.New("no time left")
	// ErrPublished: the minutes are published and do not change any more.
	ErrPublished = errors.New("minutes published")
)

// QuorumError tells who is missing for a decision.
type QuorumError struct {
	Meeting string
	Item    string   // the number of the change; empty for the meeting as a whole
	Present []string // the seats that are taken: "ann", "alf for bob"
	Needed  int      // the quorum
	Of      int      // how many seats there are
	Missing []string // members whose seat must be taken and is not
}

// Error names meeting, item, who is present, and what is needed.
func (e *QuorumError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "cab: %s", e.Meeting)
	if e.Item != "" {
		fmt.Fprintf(&b, ", %s", e.Item)
	}
	fmt.Fprintf(&b, ": %v: %s", ErrNoQuorum, e.reason())
	return b.String()
}

func (e *QuorumError) reason() string {
	text := fmt.Sprintf("%d of %d seats taken, %d needed", len(e.Present), e.Of, e.Needed)
	if len(e.Present) > 0 {
		text += ": " + strings.Join(e.Present, ", ")
	}
	if len(e.Missing) > 0 {
		text += "; without " + strings.Join(e.Missing, " and ") + " nothing is decided"
	}
	return text
}

// Unwrap gives [ErrNoQuorum].
func (e *QuorumError) Unwrap() error { return ErrNoQuorum }
