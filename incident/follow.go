package incident

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/itsm-go/itsm/workflow"
)

// follow lets the next children of a large family follow.
func (s *Service) follow(ctx context.Context, msg *workflow.Message) error {
	var t turn
	if err := workflow.ParseJSON(msg.Payload, "incident: message", &t); err != nil {
		return err
	}
	cmd := workflow.Command{Name: "incident.follow", Actor: workflow.System("cascade").For(t.By), Key: msg.ID.String(), At: s.at}
	_, err := s.desk.Do(ctx, cmd, func(tx *workflow.Tx) error {
		c, err := s.cascades.Get(tx, t.Parent)
		if err != nil {
			return err
		}
		if c.Sequence != t.Sequence || c.Chunks != t.Chunk || c.State != CascadeFollowing {
			return nil // another order has taken the place of this one
		}
		parent, err := s.kind.Get(tx, t.Parent)
		if err != nil {
			return err
		}
		if err := s.followSome(tx, parent, c); err != nil {
			return err
		}
		return s.cascades.Put(tx, c, workflow.Entry{})
	})
	return err
}

func (s *Service) followSome(tx *workflow.Tx, parent *Incident, c *Cascade) error {
	// Who follows several orders at once fills the commit accordingly.
	children, found, err := s.lagging(tx, parent.ID, c.Sequence, max(1, s.cfg.Chunk/len(c.Orders)))
	if err != nil {
		return err
	}
	for _, child := range children {
		note, err := child.comply(parent.Name(), c)
		if err != nil {
			return err
		}
		if err := child.finish(workflow.Entry{Note: note}); err != nil {
			return err
		}
	}
	c.Chunks++
	if found == 0 {
		c.State, c.Orders = CascadeSettled, nil
		return nil
	}
	return s.passTurn(tx, c)
}

// comply makes a child of a large family follow what it has missed, or note why it
// cannot.
func (st *step) comply(parent string, c *Cascade) (note string, err error) {
	missed, before := c.missed(st.inc.Followed), st.inc.clone()
	for i := range missed {
		switch err := st.obey(missed[i:]); {
		case err == nil:
			before = st.inc.clone()
		case errors.Is(err, workflow.ErrInvalid) || errors.Is(err, workflow.ErrTransition):
			st.inc = before.clone()
			note = joined(note, fmt.Sprintf("does not follow %s: %v", parent, err))
		default:
			return "", err
		}
	}
	if note == "" {
		note = "follows " + parent
		c.Followed++
	} else {
		c.Stayed++
	}
	st.inc.Followed = c.Sequence
	return note, nil
}

// catchUp makes a child follow an order whose turn has not come to it yet, before
// anything else is done to it.
func (st *step) catchUp() (note string, err error) {
	if st.inc.Parent == (workflow.ID{}) || st.s.Category(st.inc).Final() {
		return "", nil
	}
	c, err := st.s.cascade(st.tx, st.inc.Parent)
	if err != nil || c.State != CascadeFollowing || st.inc.Followed >= c.Sequence {
		return "", err
	}
	parent, err := st.s.kind.Get(st.tx, st.inc.Parent)
	if err != nil {
		return "", err
	}
	note, err = st.comply(parent.Name(), c)
	st.cascade, st.mute, st.reason, st.behind = nil, false, "", st.inc.clone()
	return note, err
}

// obey does to a child what was done to its parent, by the first of the orders that it
// has missed.
func (st *step) obey(missed []Order) error {
	o := missed[0]
	st.cascade = &o
	st.mute = o.Action == ActionResolve && slices.ContainsFunc(missed, func(o Order) bool { return o.Action == ActionReopen })
	switch o.Action {
	case ActionStart:
		return st.firstOf(ActionStart, ActionResume)
	case ActionHold:
		if !st.can(ActionHold) {
			return nil
		}
		st.inc.HoldReason = o.HoldReason
		return st.fire(ActionHold)
	case ActionResume:
		if st.inc.HoldReason == AwaitingCaller {
			return nil
		}
		return st.firstOf(ActionResume, ActionStart)
	case orderTell:
		st.inc.answered(st.tx.Now())
		if err := st.inc.Say(workflow.User(o.By), st.tx.Now(), true, o.Notes); err != nil {
			return err
		}
		return st.tell(TopicComment, o.Notes, append([]string{st.inc.Caller}, st.inc.Watchers...)...)
	case ActionResolve:
		if st.can(ActionResolve) {
			return st.resolve(o.Code, o.Notes, ActionResolve)
		}
	case ActionReopen:
		if st.can(ActionReopen) {
			st.reason = o.Reason
			return st.reopen()
		}
	}
	return nil
}

// firstOf takes the first of the actions that the child's lifecycle has in its
// state; a child that can take none stays as it is.
func (st *step) firstOf(actions ...string) error {
	for _, a := range actions {
		if st.can(a) {
			return st.fire(a)
		}
	}
	return nil
}

// who is the person behind the command: of a child that follows, who gave the order.
func (st *step) who() string {
	if st.cascade != nil {
		return st.cascade.By
	}
	return st.tx.Actor().ID
}

// joined puts two notes into one.
func joined(a, b string) string {
	if a != "" && b != "" {
		return a + "; " + b
	}
	return a + b
}
