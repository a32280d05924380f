package cab

import (
	"context"
	"slices"
	"time"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/approval"
)

// Docket is what a board needs of the changes that it decides on; the host lays it
// over its changes. The decision itself is always the change's: a meeting writes down
// what came of it. It must be safe for concurrent use.
//
// A change and a meeting are written by two commits, the change's first. So a step
// that has failed in between, or whose answer was lost, is given again, and
// [Service.Refresh] brings a meeting up to date at any time.
type Docket interface {
	// Waiting lists the changes whose open decision is the board's, and those that
	// are approved beforehand and listed for its information, for as long as they
	// are to be listed.
	Waiting(ctx context.Context, board string) ([]Case, error)
	// Vote casts a vote. v.By and v.For are set: the voter, and whom he represents.
	Vote(ctx context.Context, actor workflow.Actor, change workflow.ID, v approval.Vote) (Standing, error)
	// CloseVote ends the vote of the board. That the actor chairs the meeting has
	// been checked.
	CloseVote(ctx context.Context, actor workflow.Actor, change workflow.ID) (Standing, error)
	// Standing tells how the board's decision stands.
	Standing(ctx context.Context, change workflow.ID) (Standing, error)
}

// Recuser is a [Docket] that can take somebody out of the decision on a change. With
// one that cannot, who recuses himself is not let vote at the meeting, but is still
// counted among those who are asked.
type Recuser interface {
	Recuse(ctx context.Context, actor workflow.Actor, change workflow.ID, reason string) (Standing, error)
}

// Case is a change as a board's agenda needs it.
type Case struct {
	ID           workflow.ID
	Number       string
	Title        string
	Facts        approval.Facts
	PlannedStart time.Time // zero = not planned
	PreApproved  bool      // nothing is to be decided: it is listed for information
}

// Standing is how the decision of a board on a change stands: of the board, and not of
// other stages of the same approval. See [StandingOf].
type Standing struct {
	Status   approval.Status
	Reason   string
	Decided  time.Time // zero = not yet
	Updated  time.Time // the last command on the approval: of two standings the later one counts
	ClosedBy string    // who closed the vote, if somebody did
	Ballots  []approval.Ballot
	Out      []approval.Exclusion // members who do not decide on this change, and why
}

// StandingOf tells how the decision of a board stands in an approval: in the stage
// that asks the board, the one being decided if there are several. An approval that
// does not ask the board is taken as a whole.
func StandingOf(r approval.Request, board string) Standing {
	s := Standing{Status: r.Status, Reason: r.Reason, Decided: r.Decided, Updated: r.Updated}
	if r.Status == approval.Cancelled {
		return s
	}
	for _, p := range r.Panels {
		stage, _ := r.Policy.Stage(p.Stage)
		asks := func(sel approval.Selector) bool { return sel.Kind == approval.Board && sel.Name == board }
		if !slices.ContainsFunc(stage.Ask, asks) {
			continue
		}
		s = Standing{Status: p.Status, Reason: p.Reason, Decided: p.Decided, Updated: r.Updated, ClosedBy: p.ClosedBy,
			Ballots: p.Ballots, Out: slices.Clone(p.Left)}
		for _, seat := range p.Seats {
			if seat.Recused != "" {
				s.Out = append(s.Out, approval.Exclusion{Person: seat.Person, Why: seat.Recused})
			}
		}
		if p.Status == approval.NoLongerNeeded {
			s.Reason, s.Decided = r.Reason, r.Decided
		}
		if p.Status == approval.Requested {
			break
		}
	}
	return s
}

// has reports whether a vote stands as it is to be cast.
func (s Standing) has(v approval.Vote) bool {
	return slices.ContainsFunc(s.Ballots, func(b approval.Ballot) bool {
		all := func(names []string) bool {
			return !slices.ContainsFunc(names, func(n string) bool { return !slices.Contains(b.For, n) })
		}
		return b.By == v.By && b.Choice == v.Choice && b.Comment == v.Comment && all(v.For)
	})
}
