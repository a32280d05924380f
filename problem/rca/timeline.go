package rca

import (
	"fmt"
	"slices"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

// Timeline is what happened, in the order of time whatever the order of its facts.
type Timeline struct {
	Facts []Fact `json:"facts"`
}

// Fact is something that happened at an instant, and where that is known from.
type Fact struct {
	At     time.Time `json:"at"`
	Kind   Kind      `json:"kind,omitempty"` // default: [Happened]
	Text   string    `json:"text"`
	Source string    `json:"source,omitempty"` // a log, a ticket, a person
}

// Kind says what a fact is about.
type Kind string

// The kinds of fact. The milestones, from [Began] to [Restored], are those of the
// expanded incident lifecycle (ITIL) and happen once.
const (
	Began     Kind = "began"     // the damage
	Detected  Kind = "detected"  // somebody, or something, saw it
	Responded Kind = "responded" // somebody took it up
	Diagnosed Kind = "diagnosed" // it is known what is broken
	Repaired  Kind = "repaired"
	Restored  Kind = "restored" // the service works for its users

	Happened Kind = "happened" // anything else that is known
	Change   Kind = "change"   // somebody changed something
	Action   Kind = "action"   // somebody tried something
	Decision Kind = "decision" // somebody decided something
)

var (
	milestones = []Kind{Began, Detected, Responded, Diagnosed, Repaired, Restored}
	phaseNames = map[Kind]string{Detected: "detection", Responded: "response", Diagnosed: "diagnosis", Repaired: "repair", Restored: "recovery"}
	otherKinds = []Kind{Happened, Change, Action, Decision}
)

// Milestone reports whether facts of this kind begin or end a phase.
func (k Kind) Milestone() bool { return slices.Contains(milestones, k) }

// MaxFacts is the most facts of one timeline.
const MaxFacts = 1_000

// Validate reports everything that is wrong with the timeline in one error matching
// [workflow.ErrInvalid].
func (t *Timeline) Validate() error {
	var p workflow.Problems
	if len(t.Facts) > MaxFacts {
		p.Addf("%d facts, at most %d", len(t.Facts), MaxFacts)
	}
	once := map[Kind]bool{}
	for i, f := range t.Facts[:min(len(t.Facts), MaxFacts)] {
		what := fmt.Sprintf("fact %d", i+1)
		checkText(&p, what, f.Text, true)
		checkText(&p, what+": the source", f.Source, false)
		if y := f.At.Year(); f.At.IsZero() || y < 1970 || y > 9999 {
			p.Addf("%s has an instant from 1970 to 9999", what)
		}
		if f.Kind != "" && !f.Kind.Milestone() && !slices.Contains(otherKinds, f.Kind) {
			p.Addf("%s: kind %.32q, want one of %q, %q", what, f.Kind, milestones, otherKinds)
		}
		if f.Kind.Milestone() && once[f.Kind] {
			p.Addf("%s: %s is a milestone, and happens once", what, f.Kind)
		}
		once[f.Kind] = true
	}
	return p.Err("rca: timeline")
}

// Sorted returns the facts in the order of time. Those of one instant stay as they are.
func (t *Timeline) Sorted() []Fact {
	facts := slices.Clone(t.Facts)
	slices.SortStableFunc(facts, func(a, b Fact) int { return a.At.Compare(b.At) })
	return facts
}

// Phase is what lies between two milestones.
type Phase struct {
	Name  string        `json:"name"` // of its end: "detection", "response", "diagnosis", "repair", "recovery"
	From  Kind          `json:"from"` // a milestone
	To    Kind          `json:"to"`   // the next that is known
	Start time.Time     `json:"start"`
	Took  time.Duration `json:"took"` // elapsed time; negative if the later milestone came first
}

// Phases returns how long it took from each milestone to the next that is known. One
// that comes before the other in time, as when a monitor warns before the damage
// begins, gives a negative duration.
func (t *Timeline) Phases() []Phase {
	var phases []Phase
	var last *Fact
	for _, k := range milestones {
		i := slices.IndexFunc(t.Facts, func(f Fact) bool { return f.Kind == k })
		if i < 0 {
			continue
		}
		f := &t.Facts[i]
		if last != nil {
			phases = append(phases, Phase{Name: phaseNames[k], From: last.Kind, To: k, Start: last.At, Took: f.At.Sub(last.At)})
		}
		last = f
	}
	return phases
}

// Outage returns how long the damage lasted; false if its beginning or its end is not
// known.
func (t *Timeline) Outage() (time.Duration, bool) {
	var began, restored time.Time
	for _, f := range t.Facts {
		switch f.Kind {
		case Began:
			began = f.At
		case Restored:
			restored = f.At
		}
	}
	return restored.Sub(began), !began.IsZero() && !restored.IsZero()
}

// Silence is a time in which nothing was noted.
type Silence struct {
	Start time.Time     `json:"start"`
	Took  time.Duration `json:"took"`
}

// Silences returns the times between two facts that are so long, or longer, in the
// order of time.
func (t *Timeline) Silences(long time.Duration) []Silence {
	var list []Silence
	facts := t.Sorted()
	for i := 1; i < len(facts); i++ {
		if d := facts[i].At.Sub(facts[i-1].At); d > 0 && d >= long {
			list = append(list, Silence{Start: facts[i-1].At, Took: d})
		}
	}
	return list
}

// FactsOf makes facts of the history of a record, or of several. Say tells of an event
// what happened, or that it is of no interest. A fact without an instant gets that of
// its event, one without a source the kind of the record.
func FactsOf(events []workflow.Event, say func(workflow.Event) (Fact, bool)) []Fact {
	var facts []Fact
	for _, e := range events {
		f, told := say(e)
		if !told {
			continue
		}
		if f.At.IsZero() {
			f.At = e.At
		}
		if f.Source == "" {
			f.Source = e.Kind
		}
		facts = append(facts, f)
	}
	return facts
}
