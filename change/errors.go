package change

import "errors"

// Why a command is refused, besides what a lifecycle and package
// [github.com/itsm-go/itsm/workflow/approval] say. Match them with [errors.Is].
var (
	// ErrOnHold: while a change is on hold it can only be released or cancelled.
	ErrOnHold = errors.New("on hold")
	// ErrApproved: what was approved does not change at this point any more.
	ErrApproved = errors.New("approved as it is")
	// ErrNotApproved: an approval that the model demands is missing, or is not for the
	// change as it is.
	ErrNotApproved = errors.New("not approved")
	// ErrNotAssessed: what the risk of the change rests on is missing.
	ErrNotAssessed = errors.New("risk not assessed")
	// ErrNoTemplate: there is no template in force of which the change could be made.
	ErrNoTemplate = errors.New("no template in force")
	// ErrLocked: the template of the change says otherwise.
	ErrLocked = errors.New("the template says otherwise")
	// ErrNoGate: the change waits for no approval now.
	ErrNoGate = errors.New("no approval is under way")
	// ErrExcluded: separation of duties: the person is part of the change.
	ErrExcluded = errors.New("part of the change")
)
