package approval

import (
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"
)

// FindingKind says what is wrong with a policy that is valid in itself.
type FindingKind string

// What [Lint] finds.
const (
	// Gap: there are facts for which no stage applies, and the policy does not say
	// that none is needed. Such a request is blocked.
	Gap FindingKind = "gap"
	// Unneeded: there are facts for which nothing has to be approved. The policy says
	// so; this is for whoever reviews it.
	Unneeded FindingKind = "approved_without_asking"
	// Silent: a stage can be approved without anybody's vote.
	Silent FindingKind = "approved_by_silence"
	// Unreachable: no facts make a stage apply.
	Unreachable FindingKind = "unreachable"
	// Repeated: a stage asks the same as an earlier one, whenever it applies.
	Repeated FindingKind = "repeated"
	// Unsatisfiable: the people there are can never approve a stage.
	Unsatisfiable FindingKind = "unsatisfiable"
	// Unchecked: there are too many combinations of facts to look at all of them.
	Unchecked FindingKind = "unchecked"
)

// Finding is one thing that Lint found.
type Finding struct {
	Kind  FindingKind `json:"kind"`
	Stage string      `json:"stage,omitempty"`
	Text  string      `json:"text"`
	Facts Facts       `json:"facts,omitempty"` // an example
}

// String names stage, kind and example.
func (f Finding) String() string {
	text := string(f.Kind)
	if f.Stage != "" {
		text = "stage " + f.Stage + ": " + text
	}
	return text + ": " + f.Text
}

// MaxCombinations is how many combinations of facts Lint looks at.
const MaxCombinations = 100_000

// Lint looks for what is wrong with a policy although it is valid. It tries every
// combination of facts that the policy can tell apart. With a host it also asks
// whether the people there are could approve each stage, all of them present and
// nobody excluded; h may be nil.
func Lint(p Policy, h Host) ([]Finding, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	found := p.combinations()
	for i, s := range p.Stages {
		if d := s.Deadline; d != nil && d.AtDue == ApproveAtDue {
			found = append(found, Finding{Kind: Silent, Stage: s.Name, Text: d.Accountable + " is accountable"})
		}
		for _, o := range p.Stages[:i] {
			if repeats(o, s) {
				found = append(found, Finding{Kind: Repeated, Stage: s.Name, Text: "stage " + o.Name + " has asked the same people the same"})
			}
		}
		f, err := p.satisfiable(s, h)
		if err != nil {
			return nil, err
		}
		found = append(found, f...)
	}
	return found, nil
}

// repeats reports whether the later stage asks what the earlier one has asked
// whenever the later one applies.
func repeats(earlier, later Stage) bool {
	for _, t := range earlier.When {
		if !slices.ContainsFunc(later.When, func(o Test) bool { return t.Fact == o.Fact && t.Op == o.Op && slices.Equal(t.Values, o.Values) }) {
			return false
		}
	}
	return slices.Equal(earlier.Ask, later.Ask) && earlier.Approve == later.Approve && earlier.Quorum == later.Quorum &&
		earlier.reject() == later.reject() && earlier.AllRespond == later.AllRespond && (earlier.Signed || !later.Signed)
}

// combinations looks for facts that no stage is for, and stages that no facts are
// for.
func (p Policy) combinations() []Finding {
	values := p.values()
	names := slices.Sorted(maps.Keys(values))
	total := 1
	for _, n := range names {
		if total *= len(values[n]); total > MaxCombinations {
			return []Finding{{Kind: Unchecked, Text: fmt.Sprintf("more than %d combinations of facts: gaps and unreachable stages were not looked for", MaxCombinations)}}
		}
	}
	var found []Finding
	reached := map[string]bool{}
	gap := false
	for i := range total {
		facts := Facts{}
		for _, n := range names {
			facts[n] = values[n][i%len(values[n])]
			i /= len(values[n])
		}
		stages, err := p.matching(facts)
		if err != nil {
			continue // such facts are refused
		}
		for _, s := range stages {
			reached[s] = true
		}
		if len(stages) == 0 && !gap {
			gap = true
			found = append(found, p.noStage(facts.normal()))
		}
	}
	for _, s := range p.Stages {
		if !reached[s.Name] {
			found = append(found, Finding{Kind: Unreachable, Stage: s.Name, Text: "no facts make it apply"})
		}
	}
	return found
}

func (p Policy) noStage(example Facts) Finding {
	text := "no stage applies"
	if len(example) > 0 {
		var all []string
		for _, n := range slices.Sorted(maps.Keys(example)) {
			all = append(all, n+" "+example[n])
		}
		text += ", for example with " + strings.Join(all, ", ")
	}
	kind := Gap
	if p.NoneNeeded {
		kind = Unneeded
	}
	return Finding{Kind: kind, Text: text, Facts: example}
}

// values are, of every fact that a test looks at, one value of each class that the
// tests can tell apart.
func (p Policy) values() map[string][]string {
	values := map[string][]string{}
	add := func(fact string, v ...string) {
		for _, v := range v {
			if !slices.Contains(values[fact], v) {
				values[fact] = append(values[fact], v)
			}
		}
	}
	numeric := map[string]bool{}
	for _, s := range p.Stages {
		for _, t := range s.When {
			add(t.Fact, "")
			add(t.Fact, t.Values...)
			if t.Op == AtLeast || t.Op == Below {
				numeric[t.Fact] = true
				n, _ := number(t.Values[0])
				add(t.Fact, new(big.Rat).Sub(n, big.NewRat(1, 1)).FloatString(9))
			}
		}
	}
	for fact := range values {
		if !numeric[fact] {
			add(fact, "another")
		}
	}
	return values
}

// satisfiable asks whether the people there are could approve a stage. Without a
// host only what the policy itself says is known: the people it names.
func (p Policy) satisfiable(s Stage, h Host) ([]Finding, error) {
	if h == nil {
		if slices.ContainsFunc(s.Ask, func(sel Selector) bool { return sel.Kind != Person }) {
			return nil, nil
		}
		h = People{}
	}
	r := Request{Policy: p}
	panel := Panel{Stage: s.Name}
	if err := r.seatPeople(&panel, h, r.Opened); err != nil {
		return nil, err
	}
	if v := s.judge(&panel); v.status == Blocked {
		return []Finding{{Kind: Unsatisfiable, Stage: s.Name, Text: v.reason}}, nil
	}
	return nil, nil
}
