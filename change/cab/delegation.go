package cab

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/approval"
)

// Delegations are what an approval's host adds to its own, so that alternates can vote:
// while an alternate has the seat of an absent member at a meeting in session, that is
// a delegation from the member to the alternate. It ends when he gives the seat up, or
// the meeting ends. One that goes on ends, as far as is known at the instant, with the
// meeting as it was planned, or if it runs over, a minute later.
func (s *Service) Delegations(ctx context.Context, policy string, at time.Time) ([]approval.Delegation, error) {
	var all []approval.Delegation
	for _, where := range [][]workflow.Condition{
		{workflow.Is(workflow.IndexState, workflow.StringKey(StateInSession))},
		{workflow.AtLeast(IndexEnded, workflow.TimeKey(at))}, // of a command that is carried out later
	} {
		for m, err := range s.Find(ctx, workflow.Query{Where: where}) {
			if err != nil {
				return nil, fmt.Errorf("cab: delegations of policy %s: %w", policy, err)
			}
			all = append(all, m.delegations(policy, at)...)
		}
	}
	return all, nil
}

func (m *Meeting) delegations(policy string, at time.Time) []approval.Delegation {
	if len(m.Board.Policies) > 0 && !slices.Contains(m.Board.Policies, policy) {
		return nil
	}
	var all []approval.Delegation
	for _, a := range m.Attendance {
		end := a.Left
		if end.IsZero() {
			end = m.End
			if !end.After(at) {
				end = at.Add(time.Minute)
			}
		}
		if a.Role == AsAlternate && !at.Before(a.Joined) && at.Before(end) {
			all = append(all, approval.Delegation{From: a.For, To: a.Person, Start: a.Joined, End: end, Policies: slices.Clone(m.Board.Policies), Asked: []string{m.Board.Selector().String()},
				Reason: "alternate at " + m.Name()})
		}
	}
	return all
}
