package risk

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Method is a way in which a risk is assessed.
type Method string

// The methods, in the order in which an assessment has them.
const (
	ByQuestionnaire Method = "questionnaire"
	ByRules         Method = "rules"
	ByImpact        Method = "impact"
	ByHistory       Method = "history"
)

// Assessment is the risk of a change and what it comes from. It is a plain value
// that shares nothing with the assessor.
type Assessment struct {
	// Level is the highest that any method gives (ServiceNow: if both methods are
	// active, the highest risk counts). [Unassessed] if none gives any.
	Level Level `json:"level"`
	// Impact is the highest that the input states, a rule sets or the effects make;
	// [GradeUnknown] if none does.
	Impact Grade `json:"impact,omitzero"`
	// Contributions has one for each method of the configuration, in the order of
	// the methods, also for one that gives no level and says why.
	Contributions []Contribution `json:"contributions"`
}

// Contribution is what one method says.
type Contribution struct {
	Method  Method  `json:"method"`
	Name    string  `json:"name,omitempty"`    // of the questionnaire, or the rule that matches
	Version int     `json:"version,omitempty"` // of the questionnaire
	Level   Level   `json:"level,omitzero"`
	Score   int     `json:"score,omitempty"` // of the questionnaire, or the success score
	Text    string  `json:"text"`            // why this level, in a phrase
	Points  []Point `json:"points,omitempty"`
}

// Point is one thing that a contribution rests on.
type Point struct {
	Item  string `json:"item"` // the question, the fact or the limit
	Score int    `json:"score,omitempty"`
	Text  string `json:"text"`
}

// Clone returns a copy that shares nothing with a.
func (a Assessment) Clone() Assessment {
	a.Contributions = slices.Clone(a.Contributions)
	for i := range a.Contributions {
		a.Contributions[i].Points = slices.Clone(a.Contributions[i].Points)
	}
	return a
}

// By is the contribution of a method; not ok if it is not configured.
func (a Assessment) By(m Method) (c Contribution, ok bool) {
	i := slices.IndexFunc(a.Contributions, func(c Contribution) bool { return c.Method == m })
	if i < 0 {
		return Contribution{}, false
	}
	return a.Contributions[i], true
}

// String explains the assessment to people: a line for the level, one for each
// method and one for each point.
func (a Assessment) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "risk %s", orNone(a.Level.String()))
	if a.Impact != GradeUnknown {
		fmt.Fprintf(&b, ", impact %s", a.Impact)
	}
	b.WriteByte('\n')
	for _, c := range a.Contributions {
		fmt.Fprintf(&b, "  %s: %s: %s\n", c.Method, orNone(c.Level.String()), c.Text)
		for _, p := range c.Points {
			fmt.Fprintf(&b, "    %s\n", p.Text)
		}
	}
	return b.String()
}

func orNone(level string) string {
	return strings.ReplaceAll(cmp.Or(level, "not assessed"), "_", " ")
}
