package major_test

import (
	"fmt"
	"time"

	"github.com/itsm-go/itsm/incident/major"
	"github.com/itsm-go/itsm/workflow"
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

// The lifecycle of an incident as a major one, drawn.
func ExampleLifecycle() {
	fmt.Print(workflow.Mermaid(major.Lifecycle()))
	// Output:
	// stateDiagram-v2
	//     state "None" as s1
	//     state "Proposed" as s2
	//     state "Accepted" as s3
	//     state "Rejected" as s4
	//     state "Cancelled" as s5
	//     [*] --> s1
	//     s1 --> s2: Propose [open]
	//     s4 --> s2: Propose [open]
	//     s5 --> s2: Propose [open]
	//     s1 --> s3: Promote [open]
	//     s4 --> s3: Promote [open]
	//     s5 --> s3: Promote [open]
	//     s2 --> s3: Promote [open]
	//     s2 --> s3: Accept [open]
	//     s2 --> s4: Reject
	//     s3 --> s5: Demote
	//     s2 --> s5: Cancel with the incident [cancelled]
	//     s3 --> s5: Cancel with the incident [cancelled]
	//     s4 --> [*]
	//     s5 --> [*]
}
