package change_test

import (
	"context"
	"testing"
	"time"

	"github.com/itsm-go/itsm/change"
	"github.com/itsm-go/itsm/change/risk"
	"github.com/itsm-go/itsm/change/schedule"
	"github.com/itsm-go/itsm/cmdb"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/memstore"
	"github.com/stretchr/testify/require"
)

// estate is changes over a configuration: a shop on a cluster of two servers, which stand
// on one disk.
type estate struct {
	t       *testing.T
	now     time.Time
	store   *memstore.Store
	inv     *cmdb.Inventory
	live    *cmdb.Map
	look    *change.Configuration
	changes *change.Service
	items   map[string]*cmdb.CI
}

func newEstate(t *testing.T) *estate {
	t.Helper()
	e := &estate{t: t, now: monday, store: memstore.New(), items: map[string]*cmdb.CI{}}
	desk := workflow.NewDesk(e.store, workflow.DeskConfig{Clock: func() time.Time { return e.now }})
	var err error
	e.inv, err = cmdb.NewInventory(desk, cmdb.Config{})
	require.NoError(t, err)
	e.live = e.inv.NewMap()
	e.look, err = change.FromConfiguration(e.live)
	require.NoError(t, err)
	a, err := risk.New(risk.Config{Impact: risk.Starter().Impact})
	require.NoError(t, err)
	models := []change.Model{{Name: "normal", Type: change.Normal, Lifecycle: change.StandardLifecycle()}} // nobody is asked here
	e.changes, err = change.NewService(desk, change.Config{Models: models, Risk: a, RiskInput: e.look.RiskInput})
	require.NoError(t, err)

	e.add(cmdb.ClassServer, "disk", nil)
	for _, name := range []string{"server-1", "server-2"} {
		e.add(cmdb.ClassServer, name, nil, cmdb.Relation{Type: cmdb.DependsOn, To: e.items["disk"].ID})
	}
	e.add(cmdb.ClassService, "wiki", map[string]any{"criticality": cmdb.LessCritical}, cmdb.Relation{Type: cmdb.DependsOn, To: e.items["server-2"].ID})
	e.add(cmdb.ClassService, "shop", map[string]any{"criticality": cmdb.MostCritical}, cmdb.Relation{Type: cmdb.DependsOn, To: e.items["server-1"].ID})
	require.NoError(t, e.live.Refresh(ctx))
	return e
}

var eva = workflow.User("eva", cmdb.RoleManager, change.RoleManager)

func (e *estate) add(class, name string, attributes map[string]any, relations ...cmdb.Relation) {
	e.t.Helper()
	ci, err := e.inv.Create(ctx, eva, cmdb.Draft{Class: class, Name: name, State: cmdb.StateInUse, Attributes: attributes, Relations: relations})
	require.NoError(e.t, err)
	e.items[name] = ci
}

func (e *estate) number(name string) string { return e.items[name].Number }

func TestWhatAChangeAsksOfTheConfiguration(t *testing.T) {
	e := newEstate(t)
	items, err := e.look.Items(e.number("server-1"), e.items["disk"].ID.String())
	require.NoError(t, err)
	require.Equal(t, []schedule.Item{
		{ID: e.number("server-1"), Class: cmdb.ClassServer, Services: []string{"shop"}, Related: []string{e.number("disk"), e.number("shop")}},
		{ID: e.number("disk"), Class: cmdb.ClassServer, Services: []string{"shop", "wiki"}, Related: []string{e.number("server-1"), e.number("server-2")}},
	}, items)
	_, err = e.look.Items("nothing", e.number("disk"), "nobody")
	require.ErrorIs(t, err, workflow.ErrNotFound)
	require.ErrorContains(t, err, "nothing")
	require.ErrorContains(t, err, "nobody")
}

func TestTheRiskIsThatOfWhatDepends(t *testing.T) {
	e := newEstate(t)
	for _, row := range []struct {
		item string
		want risk.Effects
		risk string
	}{
		{"server-1", risk.Effects{ServicesDown: 1, CriticalServices: []string{"shop"}, SinglePoint: true}, "high"},
		{"server-2", risk.Effects{ServicesDown: 1, SinglePoint: true}, "moderate"},
		{"disk", risk.Effects{ServicesDown: 2, CriticalServices: []string{"shop"}, SinglePoint: true}, "high"},
	} {
		items, err := e.look.Items(e.number(row.item))
		require.NoError(t, err)
		effects, err := e.look.Effects(items)
		require.NoError(t, err)
		require.Equal(t, row.want, *effects, row.item)
		p := proposal("normal")
		p.Risk, p.Items = "", items
		c, err := e.changes.Propose(ctx, eva, p)
		require.NoError(t, err)
		c, err = e.changes.Submit(ctx, eva, c.ID)
		require.NoError(t, err)
		require.Equal(t, row.risk, c.Risk, row.item)
	}
	_, err := e.changes.Propose(ctx, eva, proposal("normal"))
	require.ErrorIs(t, err, workflow.ErrNotFound, "what is not known is not harmless")
}

func TestAChangeConfiguresWhenItIsClosed(t *testing.T) {
	for _, row := range []struct {
		name   string
		review *change.Review // nil: cancelled
		want   string
	}{
		{"successful", &change.Review{Outcome: change.Successful, Notes: "fine"}, "new name"},
		{"backed out", &change.Review{Outcome: change.Unsuccessful, Notes: "not fine", BackedOut: true}, "disk"},
		{"cancelled", nil, "disk"},
	} {
		e := newEstate(t)
		items, err := e.look.Items(e.number("disk"))
		require.NoError(t, err)
		p := proposal("normal")
		p.Items = items
		c, err := e.changes.Propose(ctx, eva, p)
		require.NoError(t, err)
		_, err = e.inv.Propose(ctx, eva, e.changes.Kind().Ref(c.ID), "rename", cmdb.Proposed{CI: e.items["disk"].ID, Edit: &cmdb.Edit{Name: "new name"}})
		require.NoError(t, err)
		c, err = e.changes.Submit(ctx, eva, c.ID)
		require.NoError(t, err)
		if row.review == nil {
			_, err = e.changes.Cancel(ctx, eva, c.ID, "not needed")
			require.NoError(t, err)
		} else {
			for _, act := range []string{change.ActionImplement, change.ActionComplete} {
				_, err = e.changes.Act(ctx, eva, c.ID, act, "")
				require.NoError(t, err)
			}
			_, err = e.changes.Close(ctx, eva, c.ID, *row.review)
			require.NoError(t, err)
		}
		configure := e.changes.Configure(e.inv)
		relay, err := workflow.NewRelay(e.store, workflow.HandlerFunc(func(ctx context.Context, d workflow.Due) error {
			if d.Message == nil || d.Message.Topic != change.TopicState {
				return nil
			}
			if err := configure.Handle(ctx, d); err != nil {
				return err
			}
			return configure.Handle(ctx, d) // it bears repetition
		}), workflow.RelayConfig{Clock: func() time.Time { return e.now }})
		require.NoError(t, err)
		_, err = relay.Drain(ctx)
		require.NoError(t, err)
		ci, err := e.inv.Get(ctx, e.items["disk"].ID)
		require.NoError(t, err)
		require.Equal(t, row.want, ci.Title, row.name)
		for p, err := range e.inv.Proposals(ctx, e.changes.Kind().Ref(c.ID)) {
			require.NoError(t, err)
			require.NotEqual(t, cmdb.ProposalOpen, p.State, row.name)
		}
	}
}
