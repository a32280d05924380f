package routing

import (
	"fmt"
	"strings"
)

// Explanation is a decision told step by step.
type Explanation struct {
	Policy   string    `json:"policy"`
	Version  int       `json:"version"`
	Rules    []RuleSay `json:"rules,omitempty"` // that were looked at, in their order
	Decision Decision  `json:"decision"`
}

// RuleSay is what came of looking at a rule.
type RuleSay struct {
	Rule    string `json:"rule"`
	Against string `json:"against,omitempty"` // why it does not hold; empty: it does, and counts
}

// Explain tells how a decision on the work came about: each rule up to the one that
// counted, with the first thing against it.
func (r *Router) Explain(w Work, d Decision) Explanation {
	x := Explanation{Policy: r.policy.Name, Version: r.policy.Version, Decision: d}
	for i := range r.conditions {
		say := RuleSay{r.policy.Rules[i].Name, r.conditions[i].against(w.Facts)}
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
	for _, s := range x.Rules {
		if s.Against == "" {
			fmt.Fprintf(&b, "rule %s holds\n", s.Rule)
		} else {
			fmt.Fprintf(&b, "rule %s: %s\n", s.Rule, s.Against)
		}
	}
	if x.Decision.Rule == "" {
		b.WriteString("no rule holds: the default\n")
	}
	for _, p := range x.Decision.Passed {
		if p.Person == "" {
			fmt.Fprintf(&b, "group %s: %s\n", p.Group, p.Reason)
		} else {
			fmt.Fprintf(&b, "%s of %s: %s\n", p.Person, p.Group, p.Reason)
		}
	}
	who := x.Decision.Group
	if x.Decision.Person != "" {
		who = x.Decision.Person + " of " + who
	}
	fmt.Fprintf(&b, "goes to %s: %s\n", who, x.Decision.Why)
	return b.String()
}
