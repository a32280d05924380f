package major_test

import (
	"fmt"
	"time"

	"github.com/itsm-go/itsm/incident/major"
)

// Everything that is wrong with a policy is told at once.
func ExampleCompile() {
	_, err := major.Compile(major.Policy{
		Rules: []major.Rule{{Name: "VIP", Action: "panic", Impact: "A VIP suffers.", When: major.Signs{VIP: true}}},
		Plan: []major.Communication{{Name: "board", Audience: major.Executives, Channel: major.ByMail, To: []string{"cio"}, Template: "short",
			Cadence: []major.Pace{{Every: major.Duration(30 * time.Minute), Calendar: "office"}}}},
		Templates: map[string]major.Template{"short": {Subject: "{{numer}}", Body: "{{text}}"}},
	}, nil)
	fmt.Println(err)
	// Output:
	// major: policy: invalid: rule 1, "VIP": action "panic", want propose or promote
	// template "short": invalid: the subject: invalid: there is no field "numer", but number, title, priority, state, service, business_impact, status, text, began, duration, children, manager, bridge, next_update, organisation
	// communication 1, "board": invalid: there is no calendar "office"
}

// Signs say why they hold.
func ExampleSigns_Holds() {
	signs := major.Signs{Priority: 2, ChildrenOver: 20}
	because, ok := signs.Holds(major.Situation{Priority: 1, Children: 34})
	fmt.Println(ok, because)
	// Output: true priority 1, 34 children
}
