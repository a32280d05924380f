package escalation

import (
	"maps"
	"slices"
	"time"
)

// What [Engine.Lint] and [Engine.Unreached] find.
const (
	FindShadowed  = "shadowed"  // a choice behind one that always matches
	FindUnused    = "unused"    // a ladder or calendar that nothing names
	FindNoDefault = "nodefault" // records that no choice matches are not escalated
	FindUnreached = "unreached" // a target that reaches nobody
)

// Finding is a doubt about a policy that is valid.
type Finding struct {
	Kind  string `json:"kind"`  // one of those above
	Where string `json:"where"` // the choice, ladder, calendar or rung
	Text  string `json:"text"`
}

// String reads "kind: where: text".
func (f Finding) String() string { return f.Kind + ": " + f.Where + ": " + f.Text }

// Lint returns what is allowed but probably not meant.
func (x *Engine) Lint() []Finding {
	var found []Finding
	ladders, calendars := map[string]bool{x.policy.Default: true}, map[string]bool{}
	always := ""
	for _, c := range x.policy.Choices {
		if always != "" {
			found = append(found, Finding{FindShadowed, c.Name, "choice " + always + " before it always matches"})
			continue
		}
		ladders[c.Ladder], calendars[c.During] = true, true
		if len(c.When) == 0 && c.During == "" {
			always = c.Name
		}
	}
	if always == "" && x.policy.Default == "" {
		found = append(found, Finding{FindNoDefault, x.policy.Name, "what no choice matches is not escalated"})
	}
	for _, l := range x.policy.Ladders {
		if !ladders[l.Name] {
			found = append(found, Finding{FindUnused, l.Name, "no choice takes the ladder"})
		}
		calendars[l.End.Calendar] = true
		for _, r := range l.Rungs {
			calendars[r.Calendar] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(x.policy.Calendars)) {
		if !calendars[name] {
			found = append(found, Finding{FindUnused, name, "nothing is counted by the calendar"})
		}
	}
	return found
}

// Unreached returns the targets that would reach nobody at an instant, of those that
// name somebody and do not depend on the record.
func (x *Engine) Unreached(dir Directory, at time.Time) []Finding {
	var found []Finding
	look := func(where string, targets []Target, rotate Rotate) {
		for _, t := range targets {
			if t.Name == "" {
				continue
			}
			if people, problems := (search{dir: dir, at: at}).find([]Target{t}, rotate); len(people) == 0 {
				found = append(found, Finding{FindUnreached, where, problems[0]})
			}
		}
	}
	for _, l := range x.policy.Ladders {
		for _, r := range l.Rungs {
			look(l.Name+"/"+r.Name, r.Tell, r.Rotate)
		}
		look(l.Name+"/end", l.End.Tell, Together)
	}
	return found
}
