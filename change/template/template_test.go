package template_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/itsm-go/itsm/change"
	"github.com/itsm-go/itsm/change/schedule"
	"github.com/itsm-go/itsm/change/template"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/approval"
	"github.com/itsm-go/itsm/workflow/memstore"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
)

var (
	ctx     = context.Background()
	monday  = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	ann     = workflow.User("ann", change.RoleAgent)
	dan     = workflow.User("dan", change.RoleAgent)
	mia     = workflow.User("mia", change.RoleManager)
	bob     = workflow.User("bob")
	approve = approval.Vote{Choice: approval.Approve}
)

type people struct{}

func (people) Members(context.Context, approval.Selector, *template.Template) ([]string, error) {
	return []string{"ann", "bob", "mia"}, nil
}

func (people) Delegations(context.Context, string, time.Time) ([]approval.Delegation, error) {
	return nil, nil
}

type world struct {
	*template.Service
	t       *testing.T
	changes *change.Service
	store   *memstore.Store
	now     time.Time
}

func policy() approval.Policy {
	return approval.Policy{Name: "template", Version: 1, Stages: []approval.Stage{{Name: "group",
		Ask: []approval.Selector{{Kind: approval.Group, Name: "change"}}, Approve: approval.Rule{Kind: approval.Any},
		Deadline: &approval.Deadline{Days: 5, Remind: []approval.Duration{approval.Duration(24 * time.Hour)}}}}}
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, now: monday, store: memstore.New()}
	desk := workflow.NewDesk(w.store, workflow.DeskConfig{Clock: func() time.Time { return w.now }})
	var err error
	w.Service, err = template.New(desk, template.Config{Policy: policy(), Directory: people{}})
	require.NoError(t, err)
	models := change.Models()[:1]
	w.changes, err = change.NewService(desk, change.Config{Models: models, Templates: w.InForce})
	require.NoError(t, err)
	return w
}

func content() template.Content {
	return template.Content{After: 2, Of: 4, Template: change.Template{Name: "certificates", Locked: []string{"plan", "back_out_plan", "items", "cost"},
		Proposal: change.Proposal{Model: "standard", Title: "Rotate the certificates", Group: "web", Risk: "low", Items: []schedule.Item{{ID: "web-01"}},
			Plan: "the runbook", BackOut: "the old ones"}}}
}

// approved drafts a template and has it approved.
func (w *world) approved() *template.Template {
	w.t.Helper()
	_, err := w.Draft(ctx, ann, content())
	require.NoError(w.t, err)
	_, err = w.Submit(ctx, ann, "certificates")
	require.NoError(w.t, err)
	t, err := w.Vote(ctx, bob, "certificates", approve)
	require.NoError(w.t, err)
	return t
}

func from(name string) change.Proposal {
	return change.Proposal{Model: "standard", Template: name, Assignee: "dan", Start: monday.Add(time.Hour), End: monday.Add(2 * time.Hour)}
}

// made makes a change from the template and closes it with an outcome.
func (w *world) made(outcome change.Outcome) *change.Change {
	w.t.Helper()
	c, err := w.changes.Propose(ctx, dan, from("certificates"))
	require.NoError(w.t, err)
	for _, step := range []func() (*change.Change, error){
		func() (*change.Change, error) { return w.changes.Submit(ctx, dan, c.ID) },
		func() (*change.Change, error) { return w.changes.Implement(ctx, dan, c.ID) },
		func() (*change.Change, error) { return w.changes.Complete(ctx, dan, c.ID) },
		func() (*change.Change, error) {
			return w.changes.Close(ctx, mia, c.ID, change.Review{Outcome: outcome, Notes: "noted"})
		},
	} {
		w.now = w.now.Add(time.Minute)
		c, err = step()
		require.NoError(w.t, err)
	}
	return c
}

func TestAStandardChangeComesFromAnApprovedTemplate(t *testing.T) {
	w := newWorld(t)
	_, err := w.changes.Propose(ctx, dan, from(""))
	require.ErrorIs(t, err, change.ErrNoTemplate, "none is named")
	_, err = w.changes.Propose(ctx, dan, from("certificates"))
	require.ErrorIs(t, err, change.ErrNoTemplate, "there is none")

	_, err = w.Draft(ctx, ann, content())
	require.NoError(t, err)
	_, err = w.changes.Propose(ctx, dan, from("certificates"))
	require.ErrorIs(t, err, change.ErrNoTemplate, "it is a draft")

	_, err = w.Submit(ctx, ann, "certificates")
	require.NoError(t, err)
	_, err = w.Vote(ctx, ann, "certificates", approve)
	require.ErrorIs(t, err, approval.ErrConflictOfInterest, "who wrote it does not approve it")
	_, err = w.changes.Propose(ctx, dan, from("certificates"))
	require.ErrorIs(t, err, change.ErrNoTemplate, "nobody has decided")
	tpl, err := w.Vote(ctx, bob, "certificates", approve)
	require.NoError(t, err)
	require.Equal(t, template.StateApproved, tpl.State)
	require.Equal(t, []string{"bob"}, tpl.By)

	c, err := w.changes.Propose(ctx, dan, from("certificates"))
	require.NoError(t, err)
	require.Equal(t, "the runbook", c.Plan)
	require.Equal(t, "Rotate the certificates", c.Title)
	require.Equal(t, "dan", c.Assignee)
	require.Equal(t, &change.TemplateRef{Name: "certificates", Version: 1, Locked: content().Locked}, c.Template)
}

func TestLockedFieldsCannotBeEdited(t *testing.T) {
	w := newWorld(t)
	w.approved()
	p := from("certificates")
	p.Title = "Rotate the certificates of the shop"
	p.Plan = "the runbook"
	c, err := w.changes.Propose(ctx, dan, p)
	require.NoError(t, err, "the same is no difference, and the title is free")
	require.Equal(t, p.Title, c.Title)
	for _, row := range []struct {
		field string
		edit  func(*change.Proposal)
	}{
		{"plan", func(p *change.Proposal) { p.Plan = "another" }},
		{"back_out_plan", func(p *change.Proposal) { p.BackOut = "none" }},
		{"items", func(p *change.Proposal) { p.Items = append(p.Items, schedule.Item{ID: "db-01"}) }},
		{"cost", func(p *change.Proposal) { p.Cost = p.Cost.Add(p.Cost).Add(decimal.NewFromInt(1)) }},
	} {
		p := from("certificates")
		p.Items = []schedule.Item{{ID: "web-01"}}
		row.edit(&p)
		_, err := w.changes.Propose(ctx, dan, p)
		require.ErrorIs(t, err, change.ErrLocked, row.field)
		require.ErrorContains(t, err, row.field+" is locked")
		_, err = w.changes.Update(ctx, dan, c.ID, row.edit)
		require.ErrorIs(t, err, change.ErrLocked, row.field)
	}
	_, err = w.changes.Update(ctx, dan, c.ID, func(p *change.Proposal) { p.Plan = "" })
	require.ErrorIs(t, err, change.ErrLocked, "nor be emptied")
	_, err = w.changes.Update(ctx, dan, c.ID, func(p *change.Proposal) { p.Assignee = "ron" })
	require.NoError(t, err)
}

func TestFailuresWithdrawATemplate(t *testing.T) {
	w := newWorld(t)
	w.approved()
	waiting, err := w.changes.Propose(ctx, dan, from("certificates"))
	require.NoError(t, err)
	waiting, err = w.changes.Submit(ctx, dan, waiting.ID)
	require.NoError(t, err)
	for i, row := range []struct {
		outcome change.Outcome
		state   string
	}{
		{change.Unsuccessful, template.StateApproved},
		{change.Successful, template.StateApproved},
		{change.SuccessfulWithIssues, template.StateApproved},
		{change.Successful, template.StateApproved},
		{change.Unsuccessful, template.StateApproved}, // the first one is too long ago
		{change.Unsuccessful, template.StateWithdrawn},
	} {
		c := w.made(row.outcome)
		for range 2 { // told twice, it counts once
			tpl, err := w.Note(ctx, mia, c)
			require.NoError(t, err)
			require.Equal(t, row.state, tpl.State, "change %d", i+1)
			require.Len(t, tpl.Results, i+1)
		}
	}
	_, err = w.changes.Propose(ctx, dan, from("certificates"))
	require.ErrorIs(t, err, change.ErrNoTemplate)
	require.ErrorContains(t, err, "2 of its last 4 changes were unsuccessful")
	_, err = w.changes.Implement(ctx, dan, waiting.ID)
	require.ErrorIs(t, err, change.ErrNoTemplate, "what was scheduled is not implemented either")

	next := content()
	next.Proposal.Plan = "a better runbook"
	_, err = w.Revise(ctx, ann, next)
	require.NoError(t, err)
	_, err = w.Submit(ctx, ann, "certificates")
	require.NoError(t, err)
	tpl, err := w.Vote(ctx, mia, "certificates", approve)
	require.NoError(t, err)
	require.Equal(t, 2, tpl.Current.Version)
	require.Empty(t, tpl.Results, "the new version begins anew")
	require.Equal(t, "a better runbook", w.made(change.Successful).Plan)
}

func TestTheVersionInForceStaysWhileTheNextIsDrafted(t *testing.T) {
	w := newWorld(t)
	w.approved()
	draft, err := w.changes.Propose(ctx, dan, from("certificates"))
	require.NoError(t, err)
	next := content()
	next.Proposal.Plan = "version two"
	for _, step := range []func() (*template.Template, error){
		func() (*template.Template, error) { return w.Revise(ctx, ann, next) },
		func() (*template.Template, error) { return w.Submit(ctx, ann, "certificates") },
		func() (*template.Template, error) {
			return w.Vote(ctx, bob, "certificates", approval.Vote{Choice: approval.Reject, Comment: "not tested"})
		},
		func() (*template.Template, error) { return w.Submit(ctx, ann, "certificates") },
	} {
		_, err := step()
		require.NoError(t, err)
		in, err := w.InForce(ctx, "certificates")
		require.NoError(t, err)
		require.Equal(t, 1, in.Version)
	}
	tpl, err := w.Vote(ctx, bob, "certificates", approve)
	require.NoError(t, err)
	require.Equal(t, 3, tpl.Current.Version, "one was rejected")
	_, err = w.changes.Submit(ctx, dan, draft.ID)
	require.ErrorIs(t, err, change.ErrNoTemplate, "the draft is of what was replaced")
	_, err = w.changes.SetModel(ctx, dan, draft.ID, "standard")
	require.ErrorIs(t, err, change.ErrNoTemplate)
}

func TestTheEndOfATemplate(t *testing.T) {
	w := newWorld(t)
	w.approved()
	_, err := w.Withdraw(ctx, ann, "certificates", "no")
	require.ErrorIs(t, err, workflow.ErrForbidden)
	_, err = w.Withdraw(ctx, mia, "certificates", "")
	require.ErrorIs(t, err, workflow.ErrInvalid)
	_, err = w.Withdraw(ctx, mia, "certificates", "the vendor warns")
	require.NoError(t, err)
	_, err = w.InForce(ctx, "certificates")
	require.ErrorContains(t, err, "the vendor warns")
	_, err = w.Retire(ctx, mia, "certificates", "automated")
	require.NoError(t, err)
	_, err = w.Revise(ctx, ann, content())
	require.ErrorIs(t, err, template.ErrState)
	_, err = w.Draft(ctx, ann, content())
	require.ErrorIs(t, err, workflow.ErrInvalid, "its name is taken")
}

func TestDeadlinesOfApprovals(t *testing.T) {
	w := newWorld(t)
	_, err := w.Draft(ctx, ann, content())
	require.NoError(t, err)
	_, err = w.Submit(ctx, ann, "certificates")
	require.NoError(t, err)
	var told []string
	relay, err := workflow.NewRelay(w.store, workflow.HandlerFunc(func(ctx context.Context, d workflow.Due) error {
		if d.Timer != nil {
			return w.Handle(ctx, d)
		}
		var n template.Notice
		require.NoError(t, json.Unmarshal(d.Message.Payload, &n))
		told = append(told, fmt.Sprint(d.Message.Topic, n.To))
		return nil
	}), workflow.RelayConfig{Clock: func() time.Time { return w.now }})
	require.NoError(t, err)
	for range 6 {
		_, err := relay.Drain(ctx)
		require.NoError(t, err)
		w.now = w.now.AddDate(0, 0, 1)
	}
	_, err = relay.Drain(ctx)
	require.NoError(t, err)
	require.Equal(t, []string{"template.state[]", "template.approval_requested[bob mia]", "template.approval_reminder[bob mia]", "template.approval_escalated[ann]"}, told)
	tpl, err := w.Get(ctx, "certificates")
	require.NoError(t, err)
	require.Equal(t, template.StateSubmitted, tpl.State, "silence decides nothing")
}

func TestWrongContents(t *testing.T) {
	w := newWorld(t)
	for _, row := range []struct {
		edit func(*template.Content)
		want string
	}{
		{func(c *template.Content) { c.Name = "" }, "has a name"},
		{func(c *template.Content) { c.Locked = []string{"planned_start"} }, "cannot be locked"},
		{func(c *template.Content) { c.After = 5 }, "failures"},
		{func(c *template.Content) { c.After, c.Of = 0, 3 }, "failures"},
		{func(c *template.Content) { c.Proposal.Downtime = -1 }, "not negative"},
		{func(c *template.Content) { c.Proposal.Template = "other" }, "made from another"},
	} {
		c := content()
		row.edit(&c)
		_, err := w.Draft(ctx, ann, c)
		require.ErrorIs(t, err, workflow.ErrInvalid)
		require.ErrorContains(t, err, row.want)
	}
	_, err := template.New(nil, template.Config{})
	require.ErrorContains(t, err, "no desk")
	require.ErrorContains(t, err, "no directory")
}
