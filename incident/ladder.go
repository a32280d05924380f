package incident

import (
	"context"
	"time"

	"github.com/itsm-go/itsm/incident/major"
	"github.com/itsm-go/itsm/workflow/routing/escalation"
)

// FromLadder returns a hook by which overdue updates climb a ladder of an escalation
// policy. Rung n is the n-th time that the ladder tells somebody, reminders and those of
// its end included; rungs that reach nobody are passed over. It lasts until the next
// time, in elapsed time. An end that tells again and again does so once here.
//
// The ladder knows of the incident what [WorkFacts] tells, of what has one value, and who
// is "manager" and "communications_lead" of the major incident: a target of the kind
// person may have such a fact for its name. People are found as of the instant at which
// they are told. A ladder that there is not, or that reaches nobody, is an error, upon
// which the manager and the group hear of it: see [Ladder].
func FromLadder(engine *escalation.Engine, ladder string, dir escalation.Directory) Ladder {
	return func(_ context.Context, inc *Incident, rung int, at time.Time) (Rung, error) {
		facts := ladderFacts(inc)
		steps, err := told(engine, ladder, facts, dir, at)
		if err != nil || rung >= len(steps) {
			return Rung{}, err
		}
		// Whoever is on rung n now was not to be found at the foot of the ladder now, but
		// when it was begun.
		begun := at.Add(steps[0].At.Sub(steps[rung].At))
		if steps, err = told(engine, ladder, facts, dir, begun); err != nil || rung >= len(steps) {
			return Rung{}, err
		}
		r := Rung{}
		for _, c := range steps[rung].Tell {
			r.To = append(r.To, c.Person)
		}
		if rung+1 < len(steps) {
			r.Next = steps[rung+1].At.Sub(steps[rung].At)
		}
		return r, nil
	}
}

// told are the steps of a ladder begun at an instant in which people are told.
func told(engine *escalation.Engine, ladder string, facts escalation.Facts, dir escalation.Directory, at time.Time) ([]escalation.Step, error) {
	all, err := engine.Preview(ladder, facts, dir, at)
	if err != nil {
		return nil, err
	}
	var steps []escalation.Step
	for _, s := range all {
		if len(s.Tell) > 0 {
			steps = append(steps, s)
		}
	}
	return steps, nil
}

// ladderFacts is an incident as ladders see it.
func ladderFacts(inc *Incident) escalation.Facts {
	f := escalation.Facts{}
	for name, values := range WorkFacts(inc) {
		if len(values) == 1 {
			f[name] = values[0]
		}
	}
	for _, r := range []major.Role{major.Manager, major.Communications} {
		if holders := inc.Major.Holders(r); len(holders) > 0 {
			f[string(r)] = holders[0]
		}
	}
	return f
}
