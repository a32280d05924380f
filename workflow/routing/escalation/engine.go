package escalation

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/itsm-go/itsm/sla/calendar"
	"github.com/itsm-go/itsm/workflow"
)

// MaxSteps is how many steps one call of [Engine.Advance] returns, give or take one
// round; if there are more, Next is not after now, and the next call returns them.
const MaxSteps = 1000

// Engine is a compiled [Policy]. It is immutable and safe for concurrent use. Make one
// with [New] or [Parse]; a host keeps one for each version that records still have.
type Engine struct{ policy Policy }

// New compiles a policy. The policy is copied. The error lists everything that is wrong
// with it and matches [workflow.ErrInvalid].
func New(policy Policy) (*Engine, error) {
	p := problems{policy: policy}
	p.check()
	if err := p.Err(fmt.Sprintf("escalation: policy %.64q", policy.Name)); err != nil {
		return nil, err
	}
	return &Engine{policy.Clone()}, nil
}

// Policy returns a copy of what the engine was compiled from.
func (x *Engine) Policy() Policy { return x.policy.Clone() }

// Choose returns the ladder for the facts and the instant, and why. It fails with
// [ErrNoLadder] if no choice matches and there is no default.
func (x *Engine) Choose(facts Facts, now time.Time) (ladder, why string, err error) {
	for _, c := range x.policy.Choices {
		if c.matches(facts) && (c.During == "" || x.policy.Calendars[c.During].IsOpen(now)) {
			return c.Ladder, "choice " + c.Name, nil
		}
	}
	if x.policy.Default == "" {
		return "", "", fmt.Errorf("escalation: policy %q: %w and there is no default", x.policy.Name, ErrNoLadder)
	}
	return x.policy.Default, "default", nil
}

func (c Choice) matches(facts Facts) bool {
	for fact, values := range c.When {
		if !slices.Contains(values, facts[fact]) {
			return false
		}
	}
	return true
}

// Start begins an escalation with the ladder that [Engine.Choose] gives, and returns
// the steps that are due now. Its errors are those of Choose and of [Engine.Advance].
func (x *Engine) Start(facts Facts, dir Directory, now time.Time) (Escalation, []Step, error) {
	ladder, why, err := x.Choose(facts, now)
	if err != nil {
		return Escalation{}, nil, err
	}
	return x.start(ladder, why, facts, 0, dir, now)
}

// StartLadder begins an escalation with a ladder by name, as somebody asks for it. It
// fails with [workflow.ErrNotFound] if there is none.
func (x *Engine) StartLadder(ladder string, facts Facts, dir Directory, now time.Time) (Escalation, []Step, error) {
	return x.start(ladder, "asked for", facts, 0, dir, now)
}

func (x *Engine) start(ladder, why string, facts Facts, steps int, dir Directory, now time.Time) (Escalation, []Step, error) {
	return x.Advance(Escalation{Policy: x.policy.Name, Version: x.policy.Version, Ladder: ladder, Why: why, Facts: maps.Clone(facts),
		State: Running, Started: now.UTC(), Next: now.UTC(), Round: 1, Rung: 1, Steps: steps}, dir, now)
}

// Advance returns the steps that are due by now, oldest first, and the escalation behind
// them, whose Next is when to call it again. Each step is found as of the instant at
// which it was due, so that a late call returns what calls in time would have returned.
// An escalation that is over has no steps.
//
// A ladder of which nobody at all is reached gives a [*NobodyError]. The escalation and
// the steps beside it are good all the same: keep them to note what happened, or keep
// neither to try again. Other errors come with nothing: [workflow.ErrInvalid] if the
// escalation is that of another policy or version, or not one of this engine's making.
func (x *Engine) Advance(e Escalation, dir Directory, now time.Time) (Escalation, []Step, error) {
	r, err := x.climb(e, dir)
	if err != nil {
		return e, nil, err
	}
	for r.e.State == Running && !r.e.Next.After(now) && len(r.steps) < MaxSteps {
		r.next()
	}
	return r.e, r.steps, r.err
}

// Preview returns what would happen from now on if nobody acknowledged, up to the end
// of the ladder: to be looked at before it is needed. Its errors are those of
// [Engine.StartLadder].
func (x *Engine) Preview(ladder string, facts Facts, dir Directory, now time.Time) ([]Step, error) {
	e, steps, err := x.StartLadder(ladder, facts, dir, now)
	for err == nil && e.State == Running && len(steps) < MaxSteps && steps[len(steps)-1].Do != Finish {
		var more []Step
		e, more, err = x.Advance(e, dir, e.Next)
		steps = append(steps, more...)
	}
	return steps, err
}

// Reassign tells an escalation that the facts of its record have changed. If the
// assignment group, which is the fact "group", is another one, whoever was told before
// is not responsible any more: the escalation begins anew with the ladder that the
// policy has for the new facts, its default included, whatever state it is in; steps go
// on counting. Without a ladder it is cancelled, as in ServiceNow. Other changes only
// replace the facts. Call it while the record is open: a record that is resolved is
// not to be escalated again. The engine may be of another version than the escalation's.
func (x *Engine) Reassign(e Escalation, facts Facts, dir Directory, now time.Time) (Escalation, []Step, error) {
	before := e.Facts[GroupFact]
	if before == facts[GroupFact] {
		e.Facts = maps.Clone(facts)
		return e, nil, nil
	}
	if now.Before(e.Started) {
		return e, nil, fmt.Errorf("escalation: %w: %s is before its start at %s", workflow.ErrOutOfOrder,
			now.Format(time.RFC3339), e.Started.Format(time.RFC3339))
	}
	ladder, why, err := x.Choose(facts, now)
	switch {
	case err == nil:
		return x.start(ladder, why, facts, e.Steps, dir, now)
	case !errors.Is(err, ErrNoLadder):
		return e, nil, err
	}
	e.Facts = maps.Clone(facts)
	if e.State == Running {
		e = e.over(Cancelled, fmt.Sprintf("the assignment group changed from %q to %q, and no ladder matches", before, facts[GroupFact]), now)
	}
	return e, nil, nil
}

// climber climbs one ladder.
type climber struct {
	e         Escalation
	ladder    Ladder
	calendars map[string]*calendar.Calendar
	dir       Directory
	steps     []Step
	err       error
}

func (x *Engine) climb(e Escalation, dir Directory) (*climber, error) {
	if e.Policy != x.policy.Name || e.Version != x.policy.Version {
		return nil, fmt.Errorf("escalation: %w: it is of policy %q version %d, this is %q version %d",
			workflow.ErrInvalid, e.Policy, e.Version, x.policy.Name, x.policy.Version)
	}
	i := slices.IndexFunc(x.policy.Ladders, func(l Ladder) bool { return l.Name == e.Ladder })
	if i < 0 {
		return nil, fmt.Errorf("escalation: policy %q ladder %.64q: %w", x.policy.Name, e.Ladder, workflow.ErrNotFound)
	}
	r := &climber{e: e, ladder: x.policy.Ladders[i], calendars: x.policy.Calendars, dir: dir}
	inside := e.Rung >= 1 && e.Rung <= len(r.ladder.Rungs)
	atEnd := e.Rung == len(r.ladder.Rungs)+1
	if e.State == Running && (e.Next.Before(e.Started) || e.Round < 1 || e.Told < 0 || !inside && !atEnd || inside && e.Told > 0 && (e.Call < 1 || e.Call > len(e.Calls))) {
		return nil, fmt.Errorf("escalation: %w: ladder %q is not at round %d, rung %d, call %d, next at %s",
			workflow.ErrInvalid, e.Ladder, e.Round, e.Rung, e.Call, e.Next.Format(time.RFC3339))
	}
	return r, nil
}

// next does what is due at Next.
func (r *climber) next() {
	at := r.e.Next
	switch {
	case r.e.Rung > len(r.ladder.Rungs):
		r.finish(at, nil)
	case r.e.Told == 0:
		r.enter(at)
	case r.e.Told <= r.rung().Reminders:
		r.tell(at, nil)
	case r.e.Call < len(r.e.Calls):
		r.e.Call, r.e.Told = r.e.Call+1, 0
		r.tell(at, nil)
	default:
		r.e.Rung++
		r.enter(at)
	}
}

func (r *climber) rung() Rung { return r.ladder.Rungs[r.e.Rung-1] }

// enter tells the people of a rung, or those of the next that reaches somebody. A round
// in which nobody is reached takes no time, so the ladder ends with it.
func (r *climber) enter(at time.Time) {
	var nobody []string
	for {
		if r.e.Rung > len(r.ladder.Rungs) {
			if !r.e.Reached || r.e.Round > r.ladder.Repeat {
				r.finish(at, nobody)
				return
			}
			r.e.Round, r.e.Rung, r.e.Reached = r.e.Round+1, 1, false
			nobody = nil
		}
		found, problems := r.find(r.rung().Tell, r.rung().Rotate, at)
		if len(found) > 0 {
			r.e.Calls, r.e.Call, r.e.Told, r.e.Reached = calls(found, r.rung().Rotate), 1, 0, true
			r.tell(at, problems)
			return
		}
		nobody = append(nobody, fmt.Sprintf("rung %d (%s): %s", r.e.Rung, r.rung().Name, strings.Join(problems, "; ")))
		r.add(Step{At: at, Do: Skip, Name: r.rung().Name, Type: r.rung().Type}, problems)
		r.e.Rung++
	}
}

// tell tells the present people, and says when to go on.
func (r *climber) tell(at time.Time, problems []string) {
	rung := r.rung()
	what := Tell
	if r.e.Told > 0 {
		what = Remind
	}
	r.e.Told++
	problems = r.wait(at, rung.Interval, rung.Calendar, problems)
	r.add(Step{At: at, Do: what, Name: rung.Name, Type: rung.Type, Attempt: r.e.Told, Tell: slices.Clone(r.e.Calls[r.e.Call-1])}, problems)
}

// finish tells those of the ladder's end. With Every it comes here again.
func (r *climber) finish(at time.Time, nobody []string) {
	end := r.ladder.End
	found, problems := r.find(end.Tell, Together, at)
	if len(found) == 0 && !r.e.Reached && r.err == nil {
		if len(end.Tell) > 0 {
			nobody = append(nobody, "end: "+strings.Join(problems, "; "))
		}
		r.err = &NobodyError{r.e.Policy, r.e.Ladder, at, nobody}
	}
	if end.Every > 0 {
		problems = r.wait(at, end.Every, end.Calendar, problems)
	} else {
		r.e = r.e.over(Exhausted, "nobody has acknowledged", at)
	}
	r.add(Step{At: at, Do: Finish, Tell: found}, problems)
}

// wait sets when to go on.
func (r *climber) wait(at time.Time, interval Duration, name string, problems []string) []string {
	r.e.Next = at.Add(time.Duration(interval))
	if name == "" {
		return problems
	}
	next, ok := r.calendars[name].Add(at, time.Duration(interval))
	if !ok {
		return append(problems, "calendar "+name+" does not open that long again: counted in elapsed time")
	}
	r.e.Next = next.UTC()
	return problems
}

func (r *climber) find(targets []Target, rotate Rotate, at time.Time) ([]Contact, []string) {
	return search{r.dir, r.e.Facts, slices.Concat(r.e.Calls...), at}.find(targets, rotate)
}

func (r *climber) add(s Step, problems []string) {
	r.e.Steps++
	s.Number, s.Round, s.Rung, s.Problem = r.e.Steps, r.e.Round, r.e.Rung, strings.Join(problems, "; ")
	r.steps = append(r.steps, s)
}

// calls is who is told together.
func calls(found []Contact, rotate Rotate) [][]Contact {
	if rotate == Together {
		return [][]Contact{found}
	}
	one := make([][]Contact, len(found))
	for i, c := range found {
		one[i] = []Contact{c}
	}
	return one
}
