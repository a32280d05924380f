package approval_test

import (
	"fmt"
	"testing"

	"github.com/itsm-go/itsm/workflow/approval"
)

// One vote among many who are asked.
func BenchmarkVote(b *testing.B) {
	for _, n := range []int{10, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			var people []string
			for i := range n {
				people = append(people, fmt.Sprintf("person-%04d", i))
			}
			h := approval.People{Behind: map[string][]string{"board cab": people}}
			r, err := approval.Open(policy(approval.Stage{Ask: board, Approve: approval.Rule{Kind: approval.All}}), approval.Case{}, h, monday)
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if _, err := r.Vote(approval.Vote{By: "person-0003", Choice: approval.Approve}, h, nil, monday); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
