package routing

import (
	"fmt"
	"strings"
)

// Explanation is a decision told step by step.
type Explanation struct {
	Rules    []RuleSay `json:"rules,omitempty"` // that were looked at, in their order
	Decision Decision  `json:"decision"`
}

// RuleSay is what came of looking at a rule.
type RuleSay struct {
	Rule    string `json:"rule"`
	Against string `json:"against,omitempty"` // why it does not hold; empty: it does, and counts
}

// Explain tells how a decision on the work came about: each rule up to the one that
// counted, with the first thing against it. The rules are told only of a decision that
// was made by the same version of the policy.
func (r *Router) Explain(w Work, d Decision) Explanation {
	x := Explanation{Decision: d}
	if d.Policy != r.policy.Name || d.Version != r.policy.Version {
		return x
	}
	for i := range r.rules {
		say := RuleSay{r.policy.Rules[i].Name, r.rules[i].against(w.Facts)}
		x.Rules = append(x.Rules, say)
		if say.Against == "" {
			break
		}
	}
	return x
}

// String tells it to people, a line for each step.
func (x Explanation) String() string {
	var b strings.Builder
	held := false
	for _, s := range x.Rules {
		if s.Against == "" {
			held = true
			fmt.Fprintf(&b, "rule %s holds\n", s.Rule)
		} else {
			fmt.Fprintf(&b, "rule %s: %s\n", s.Rule, s.Against)
		}
	}
	switch d := x.Decision; {
	case d.Rule == "":
		b.WriteString("no rule holds: the default\n")
	case !held:
		fmt.Fprintf(&b, "rule %s of %s version %d held\n", d.Rule, d.Policy, d.Version)
	}
	for _, p := range x.Decision.Passed {
		b.WriteString(p.String() + "\n")
	}
	who := x.Decision.Group
	if x.Decision.Person != "" {
		who = x.Decision.Person + " of " + who
	}
	fmt.Fprintf(&b, "goes to %s: %s\n", who, x.Decision.Why)
	return b.String()
}
