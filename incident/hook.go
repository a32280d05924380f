package incident

import (
	"context"
	"fmt"
	"time"

	"github.com/itsm-go/itsm/incident/major"
	"github.com/itsm-go/itsm/workflow"
)

// Router suggests who takes an incident for which neither a group nor a person was named
// when it was opened. The incident is as it is going to be opened; the explanation becomes
// a work note. It is asked within the command, perhaps several times, so it is quick,
// changes nothing and is safe for concurrent use. An incident is opened all the same if it
// fails, and a work note says so.
type Router func(ctx context.Context, inc *Incident, at time.Time) (Routing, error)

// Routing is what a router suggests.
type Routing struct {
	Group       string
	Person      string
	Explanation string
}

// OnCall tells who is on call in a group at an instant; not ok is nobody. It is asked
// within commands like a [Router]; if it fails, nobody is, and a work note says so.
type OnCall func(ctx context.Context, group string, at time.Time) (person string, ok bool, err error)

// Ladder tells who hears of a major incident's update that is overdue: at first those of
// rung 0 and then, as long as it is missing, those of the next. It is asked within
// commands like a [Router]; if it fails, the manager and the group hear of it, and a work
// note says so.
type Ladder func(ctx context.Context, inc *Incident, rung int, at time.Time) (Rung, error)

// Rung is a step of a ladder.
type Rung struct {
	To   []string
	Next time.Duration // elapsed time until the next rung; zero: this is the last
}

// route asks the router for an incident that is about to be opened.
func (st *step) route() error {
	inc, now := st.inc, st.tx.Now()
	if inc.Group != "" || inc.Assignee != "" {
		return nil
	}
	var r Routing
	var err error // of the host: the incident is opened all the same
	switch {
	case st.s.cfg.Rules != nil:
		var fatal error
		if r, err, fatal = st.byRules(); fatal != nil {
			return fatal
		}
	case st.s.cfg.Router != nil:
		r, err = st.s.cfg.Router(st.tx.Context(), inc.clone(), now)
	default:
		return nil
	}
	var p workflow.Problems
	p.Add(err)
	checkName(&p, "group", r.Group)
	checkName(&p, "assignee", r.Person)
	note := r.Explanation
	if err := p.Err("not routed"); err != nil {
		if ctxErr := st.tx.Context().Err(); ctxErr != nil {
			return ctxErr
		}
		r, note = Routing{}, err.Error()
	}
	inc.Group, inc.Assignee = r.Group, r.Person
	if r.Group != "" || r.Person != "" {
		inc.AssignedAt = now
	}
	if note == "" {
		return nil
	}
	return inc.Say(workflow.System("routing"), now, false, clip(note, workflow.MaxText))
}

// onCall asks who is on call in a group. Nobody is, if the host cannot tell: what is to be
// done is done all the same, and a work note says so.
func (st *step) onCall(group string) (string, error) {
	if st.s.cfg.OnCall == nil || group == "" {
		return "", nil
	}
	person, ok, err := st.s.cfg.OnCall(st.tx.Context(), group, st.tx.Now())
	if err == nil && len(person) > workflow.MaxKey {
		err = fmt.Errorf("a name of %d bytes, at most %d", len(person), workflow.MaxKey)
	}
	if err != nil {
		return "", st.failed("who is on call in "+group, err)
	}
	if !ok {
		return "", nil
	}
	return person, nil
}

// rung asks the ladder who hears that an update is missing: without one, or if it fails,
// the manager and the group.
func (st *step) rung(n int) (Rung, error) {
	byDefault := Rung{To: append(st.inc.Major.Holders(major.Manager), st.inc.Group)}
	if st.s.cfg.Ladder == nil {
		return byDefault, nil
	}
	r, err := st.s.cfg.Ladder(st.tx.Context(), st.inc.clone(), n, st.tx.Now())
	if err == nil && (r.Next < 0 || len(r.To) > major.MaxRecipients) {
		err = fmt.Errorf("it tells %d people and lasts %v", len(r.To), r.Next)
	}
	if err != nil {
		return byDefault, st.failed(fmt.Sprintf("rung %d of the ladder", n), err)
	}
	return r, nil
}

// failed notes that a hook of the host has failed. It is an error if the command is over.
func (st *step) failed(what string, err error) error {
	if ctxErr := st.tx.Context().Err(); ctxErr != nil {
		return ctxErr
	}
	return st.inc.Say(workflow.System("itsm"), st.tx.Now(), false, clip(fmt.Sprintf("%s: not known: %v", what, err), workflow.MaxText))
}
