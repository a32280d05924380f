package approval

import (
	"errors"
	"time"
)

// Suspend puts the request on hold: nobody is asked, nothing is due, and nothing is
// granted (ServiceNow: pending approvals become "no longer required" while a change
// is on hold). Votes are kept.
func (r *Request) Suspend(at time.Time) (Request, error) {
	n := r.Clone()
	switch {
	case at.Before(r.Updated):
		return Request{}, r.refuse("", ErrOutOfOrder, "before the last command")
	case r.Suspended:
		return Request{}, r.refuse("", ErrSuspended, "the request is on hold already")
	case r.Status == Rejected || r.Status == Cancelled:
		return Request{}, r.refuse("", ErrNotOpen, "the request is %s", r.Status)
	}
	n.Suspended, n.Updated = true, at.UTC()
	return n, nil
}

// Resume takes the request up again. The approvers are worked out anew, and those
// who are asked have the whole of their time again.
func (r *Request) Resume(h Host, at time.Time) (Request, error) {
	n := r.Clone()
	switch {
	case at.Before(r.Updated):
		return Request{}, r.refuse("", ErrOutOfOrder, "before the last command")
	case !r.Suspended:
		return Request{}, r.refuse("", ErrNotOpen, "the request is not on hold")
	}
	n.Suspended, n.Updated = false, at.UTC()
	if n.Status.Final() {
		return n, nil
	}
	if err := n.proceed(h, at); err != nil {
		return Request{}, err
	}
	if p := n.open(); p != nil {
		if err := n.setDue(p, h, at); err != nil {
			return Request{}, err
		}
	}
	return n, nil
}

// Refresh works out anew who decides: people have left, or joined, or somebody has
// delegated to the requester. A blocked stage goes on if it can now. Votes of people
// who are no longer asked are gone.
func (r *Request) Refresh(h Host, at time.Time) (Request, error) {
	n := r.Clone()
	switch {
	case at.Before(r.Updated):
		return Request{}, r.refuse("", ErrOutOfOrder, "before the last command")
	case r.Suspended:
		return Request{}, r.refuse("", ErrSuspended, "the request is on hold")
	case r.Status.Final():
		return Request{}, r.refuse("", ErrNotOpen, "the request is %s", r.Status)
	case len(r.Panels) == 0:
		return n, nil
	}
	n.Updated = at.UTC()
	if err := n.proceed(h, at); err != nil {
		return Request{}, err
	}
	return n, nil
}

// Cancel withdraws the request, for a reason.
func (r *Request) Cancel(reason string, at time.Time) (Request, error) {
	n := r.Clone()
	switch {
	case at.Before(r.Updated):
		return Request{}, r.refuse("", ErrOutOfOrder, "before the last command")
	case r.Status == Cancelled:
		return Request{}, r.refuse("", ErrNotOpen, "the request is cancelled already")
	}
	n.Updated = at.UTC()
	n.finish(Cancelled, reason, at)
	return n, nil
}

// Reset asks everybody again, in a new round: what was approved has changed, or was
// rejected and is put to them once more. The policy may be another one than before.
// Votes of earlier rounds count no more.
func (r *Request) Reset(p Policy, c Case, h Host, at time.Time) (Request, error) {
	if at.Before(r.Updated) {
		return Request{}, r.refuse("", ErrOutOfOrder, "before the last command")
	}
	n, err := Open(p, c, h, at)
	if err != nil {
		return Request{}, err
	}
	n.Round = r.Round + 1
	return n, nil
}

// IsRefusal reports whether an error is the refusal of a command, and returns it.
func IsRefusal(err error) (*RefusalError, bool) {
	var refusal *RefusalError
	return refusal, errors.As(err, &refusal)
}
