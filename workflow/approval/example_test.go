package approval_test

import (
	"fmt"
	"time"

	"github.com/itsm-go/itsm/workflow/approval"
)

func Example() {
	policy := approval.Policy{Name: "normal-change", Version: 1, Stages: []approval.Stage{
		{Name: "technical", Ask: []approval.Selector{{Kind: approval.Group, Name: "dba"}}, Approve: approval.Rule{Kind: approval.Any}},
		{Name: "board", Ask: []approval.Selector{{Kind: approval.Board, Name: "cab"}}, Approve: approval.Rule{Kind: approval.Majority},
			When: []approval.Test{{Fact: "risk", Op: approval.OneOf, Values: []string{"moderate", "high"}}}},
	}}
	host := approval.People{Behind: map[string][]string{"group dba": {"dan"}, "board cab": {"ann", "bob", "cho"}}}
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

	r, err := approval.Open(policy, approval.Case{
		Facts:    approval.Facts{"risk": "high"},
		Excluded: []approval.Exclusion{{Person: "ann", Why: "requester"}},
	}, host, now)
	if err != nil {
		fmt.Println(err)
		return
	}
	r, _ = r.Vote(approval.Vote{By: "dan", Choice: approval.Approve}, host, nil, now)
	fmt.Println(r.Current(), r.Pending())

	_, err = r.Vote(approval.Vote{By: "ann", Choice: approval.Approve}, host, nil, now)
	fmt.Println(err)

	r, _ = r.Vote(approval.Vote{By: "bob", Choice: approval.Approve}, host, nil, now)
	fmt.Println(r.Status, r.Panels[1].Needs)
	r, _ = r.Vote(approval.Vote{By: "cho", Choice: approval.Approve}, host, nil, now)
	fmt.Println(r.Granted(), r.Panels[1].Reason)
	// Output:
	// board [bob cho]
	// approval: normal-change, stage board: ann refused: whoever is part of it does not decide: ann is requester: conflict of interest (allowed: bob, cho)
	// requested [1 of 2 approvals more]
	// true 2 approvals of 2 people, needed 2 (majority)
}

func ExampleLint() {
	policy := approval.Policy{Name: "emergency", Version: 1, Stages: []approval.Stage{{
		Name: "ecab", Ask: []approval.Selector{{Kind: approval.Board, Name: "ecab"}}, Approve: approval.Rule{Kind: approval.Count, N: 3},
		When: []approval.Test{{Fact: "cost", Op: approval.AtLeast, Values: []string{"1000"}}},
	}}}
	findings, _ := approval.Lint(policy, approval.People{Behind: map[string][]string{"board ecab": {"ann", "bob"}}})
	for _, f := range findings {
		fmt.Println(f)
	}
	// Output:
	// gap: no stage applies
	// stage ecab: unsatisfiable: approval needs 3 people, only 2 may decide
}
