package approval

import (
	"fmt"
	"slices"
	"time"
)

// setDue works out until when a stage is to be decided.
func (r *Request) setDue(p *Panel, h Host, from time.Time) error {
	d := r.stage(p).Deadline
	p.Due, p.Overdue = time.Time{}, false
	if d == nil {
		return nil
	}
	due, err := h.Due(from, *d)
	if err != nil {
		return fmt.Errorf("approval: policy %s, stage %s: due time: %w", r.Policy.Name, p.Stage, err)
	}
	if !due.After(from) {
		return fmt.Errorf("approval: policy %s, stage %s: due at %v, not after it was asked at %v: %w", r.Policy.Name, p.Stage, due, from, ErrInvalid)
	}
	p.Due = due.UTC()
	return nil
}

// Alarm is an instant at which a request is to be looked at.
type Alarm struct {
	Stage string    `json:"stage"`
	Kind  AlarmKind `json:"kind"`
	At    time.Time `json:"at"`
}

// AlarmKind is what an alarm is for.
type AlarmKind string

// The kinds of alarm.
const (
	AlarmRemind AlarmKind = "remind" // those who have not voted are to be reminded
	AlarmDue    AlarmKind = "due"    // see [Request.Expire]
)

// Alarms lists the instants of the open stage, by time. There are none while the
// request is on hold, and none once it has escalated.
func (r *Request) Alarms() []Alarm {
	p := r.open()
	if p == nil || r.Suspended || p.Due.IsZero() || p.Overdue {
		return nil
	}
	var all []Alarm
	for _, before := range r.stage(p).Deadline.Remind {
		if at := p.Due.Add(-time.Duration(before)); at.After(p.Asked) {
			all = append(all, Alarm{Stage: p.Stage, Kind: AlarmRemind, At: at})
		}
	}
	all = append(all, Alarm{Stage: p.Stage, Kind: AlarmDue, At: p.Due})
	slices.SortFunc(all, func(a, b Alarm) int { return a.At.Compare(b.At) })
	return all
}

// Expire does what the policy says of a stage that is not decided in time. The error
// matches [ErrNotDue] if there is nothing due at the instant.
func (r *Request) Expire(h Host, at time.Time) (Request, error) {
	n, p, err := r.command("", "", 0, at)
	if err != nil {
		return Request{}, err
	}
	if p.Due.IsZero() || p.Overdue || at.Before(p.Due) {
		return Request{}, n.refuse("", ErrNotDue, "nothing is due")
	}
	if err := n.seatPeople(p, h, at); err != nil {
		return Request{}, err
	}
	s := n.stage(p)
	switch s.Deadline.AtDue {
	case RejectAtDue:
		p.decide(Rejected, "not decided in time", at)
	case ApproveAtDue:
		why, err := n.silence(p, h, at)
		if err != nil {
			return Request{}, err
		}
		if why == "" {
			p.decide(Approved, "by silence, for which "+s.Deadline.Accountable+" is accountable", at)
		} else {
			p.Overdue = true
		}
	default:
		p.Overdue = true
	}
	return n, n.settle(h, at)
}

// silence says why silence is no approval here.
func (r *Request) silence(p *Panel, h Host, at time.Time) (string, error) {
	out, err := r.excluded(h, at)
	if err != nil {
		return "", err
	}
	s := r.stage(p)
	t := s.count(p)
	switch {
	case out[s.Deadline.Accountable] != "":
		return "the accountable person is part of it", nil
	case t.no.heads > 0:
		return "somebody has rejected", nil
	case len(t.unmet) > 0:
		return "a mandatory approval is missing", nil
	case s.impossible(p, t) != "":
		return "it could not be approved by the people there are", nil
	}
	return "", nil
}
