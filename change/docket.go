package change

import (
	"context"
	"fmt"
	"slices"

	"github.com/itsm-go/itsm/change/cab"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/approval"
)

// Docket is what the boards of package cab need of the changes: a [cab.Docket] and a
// [cab.Recuser]. Changes whose approval asks a board now wait for it, and those that
// are scheduled without any approval are listed for its information.
//
// The directory of the changes, for its part, gives the members of a board, and adds
// [cab.Service.Delegations] to its own, so that alternates can vote.
func (s *Service) Docket() cab.Docket { return docket{s} }

type docket struct{ s *Service }

var _ cab.Recuser = docket{}

// boards are those that an approval's open stage asks.
func boards(r *approval.Request) []string {
	if r.Status.Final() || r.Suspended {
		return nil
	}
	var names []string
	stage, _ := r.Policy.Stage(r.Current())
	for _, sel := range stage.Ask {
		if sel.Kind == approval.Board {
			names = append(names, sel.Name)
		}
	}
	return names
}

// Waiting implements [cab.Docket].
func (d docket) Waiting(ctx context.Context, board string) ([]cab.Case, error) {
	var all []cab.Case
	add := func(beforehand bool, where ...workflow.Condition) error {
		for c, err := range d.s.Find(ctx, workflow.Query{Where: where}) {
			if err != nil {
				return err
			}
			all = append(all, cab.Case{ID: c.ID, Number: c.Number, Title: c.Title, Facts: c.facts(), PlannedStart: c.Start, PreApproved: beforehand})
		}
		return nil
	}
	if err := add(false, workflow.Is(IndexBoard, workflow.StringKey(board))); err != nil {
		return nil, err
	}
	for _, name := range sortedKeys(d.s.models) {
		if len(d.s.models[name].Gates) > 0 {
			continue
		}
		err := add(true, workflow.Is(IndexModel, workflow.StringKey(name)), workflow.Is(workflow.IndexState, workflow.StringKey(StateScheduled)))
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// Vote implements [cab.Docket].
func (d docket) Vote(ctx context.Context, actor workflow.Actor, change workflow.ID, v approval.Vote) (cab.Standing, error) {
	return standing(d.s.Vote(ctx, actor, change, v))
}

// CloseVote implements [cab.Docket]. The meeting has checked that the actor chairs it.
func (d docket) CloseVote(ctx context.Context, actor workflow.Actor, change workflow.ID) (cab.Standing, error) {
	return standing(d.s.decide(ctx, actor, change, "close_vote", func(st *step, r *approval.Request) (approval.Request, error) {
		return r.Close(actor.ID, host{st}, st.tx.Now())
	}))
}

// Recuse implements [cab.Recuser].
func (d docket) Recuse(ctx context.Context, actor workflow.Actor, change workflow.ID, reason string) (cab.Standing, error) {
	return standing(d.s.Recuse(ctx, actor, change, reason))
}

// Standing implements [cab.Docket].
func (d docket) Standing(ctx context.Context, change workflow.ID) (cab.Standing, error) {
	return standing(d.s.Get(ctx, change))
}

// standing tells how the board's decision stands that a change waits for, or that was
// the last.
func standing(c *Change, err error) (cab.Standing, error) {
	if err != nil {
		return cab.Standing{}, err
	}
	asks := func(s approval.Selector) bool { return s.Kind == approval.Board }
	var last *approval.Request
	var board string
	for i := range c.Approvals {
		a := &c.Approvals[i]
		for _, stage := range a.Request.Policy.Stages {
			if at := slices.IndexFunc(stage.Ask, asks); at >= 0 && (last == nil || a.State == c.State || a.Request.Updated.After(last.Updated)) {
				last, board = &a.Request, stage.Ask[at].Name
			}
		}
	}
	if last == nil {
		return cab.Standing{}, fmt.Errorf("change: %s asks no board: %w", c.Name(), ErrNoGate)
	}
	return cab.StandingOf(*last, board), nil
}
