package request

import "errors"

// Why a command is refused, besides what a lifecycle, package catalog and package
// [github.com/itsm-go/itsm/workflow/approval] say. Match them with [errors.Is].
var (
	// ErrNotApproved: nothing in the request is approved as it is.
	ErrNotApproved = errors.New("not approved")
	// ErrBegun: the order does not change any more, as work has begun.
	ErrBegun = errors.New("work has begun")
	// ErrOpen: an item is not over.
	ErrOpen = errors.New("an item is open")
	// ErrNoApproval: nothing is to be approved there now.
	ErrNoApproval = errors.New("no approval is under way")
	// ErrOnHold: nothing begins while it waits for somebody.
	ErrOnHold = errors.New("on hold")
	// ErrTooLate: the item cannot be cancelled any more, by this person.
	ErrTooLate = errors.New("cannot be cancelled any more")
	// ErrStaleJob: the answer is to a job that was superseded, or that is over otherwise.
	ErrStaleJob = errors.New("the job is not the current one")
)
