package risk_test

import (
	"fmt"

	"github.com/itsm-go/itsm/change/risk"
)

// Three methods say something about a change, and the highest risk counts.
func Example() {
	a, err := risk.New(risk.Starter())
	if err != nil {
		panic(err)
	}
	result, err := a.Assess(risk.Input{
		Facts:   risk.Facts{"type": "normal", "lead_hours": "72"},
		Answers: map[string]string{"tested": "partly", "back_out": "slowly", "outage": "agreed", "experience": "once", "teams": "few"},
		Effects: &risk.Effects{ServicesDown: 1, CriticalServices: []string{"web shop"}},
		History: risk.History{Successful: 18, SuccessfulWithIssues: 1, Unsuccessful: 1},
	})
	if err != nil {
		panic(err)
	}
	fmt.Print(result)
	// Output:
	// risk high, impact high
	//   questionnaire: moderate: a score of 12 is greater than 7
	//     Has it been tested? In part: 2 x 2 = 4
	//     Can it be backed out? With some effort: 2 x 2 = 4
	//     Will users notice? Yes, when it was agreed: 1 x 2 = 2
	//     How often has the team done this? Once or twice: 1
	//     How many teams does it take? Two or three: 1
	//   rules: not assessed: no rule matches
	//   impact: high: what is affected makes the impact high
	//     critical services: 1 (web shop), high from 1 on
	//   history: high: medium probability of failure with high impact
	//     the probability of failure is medium: 20 similar changes score 47 of 60
	//     the impact is high
}

// A configuration as somebody has written it.
func ExampleParse() {
	c, err := risk.Parse([]byte(`{"rules": [
	  {"name": "production database", "when": [
	    {"fact": "class", "op": "equals", "values": ["database"]},
	    {"fact": "environment", "op": "none_of", "values": ["test", "training"]}], "risk": "high"},
	  {"name": "many items", "when": [{"fact": "items", "op": "at_least", "values": ["20"]}], "risk": "moderate"},
	  {"name": "otherwise", "risk": "low"}]}`))
	if err != nil {
		panic(err)
	}
	a, err := risk.New(c)
	if err != nil {
		panic(err)
	}
	result, err := a.Assess(risk.Input{Facts: risk.Facts{"class": "server", "items": "25"}})
	if err != nil {
		panic(err)
	}
	fmt.Print(result)
	// Output:
	// risk moderate
	//   rules: moderate: rule many items is the first that matches
	//     items is at least 20
}

// What has no effect is refused.
func ExampleConfig_Validate() {
	err := risk.Config{Rules: []risk.Rule{
		{Name: "large", When: []risk.Test{{Fact: "items", Op: risk.AtLeast, Values: []string{"20"}}}, Risk: risk.Moderate},
		{Name: "huge", When: []risk.Test{{Fact: "items", Op: risk.AtLeast, Values: []string{"100"}}}, Risk: risk.High},
	}}.Validate()
	fmt.Println(err)
	// Output:
	// risk: configuration: invalid: rule "huge" never matches: rule "large" comes first and takes every change that it would take
}
