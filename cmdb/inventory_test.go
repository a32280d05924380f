package cmdb_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/itsm-go/itsm/cmdb"
	"github.com/itsm-go/itsm/cmdb/graph"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/memstore"
	"github.com/stretchr/testify/require"
)

func TestANewItem(t *testing.T) {
	w := newWorld(t, cmdb.Config{})
	team := w.add(cmdb.ClassTeam, "unix")
	ci, err := w.Create(ctx, editor, cmdb.Draft{Class: cmdb.ClassServer, Name: "db-01", Attributes: map[string]any{
		"serial_number": " 4711 ", "mac_address": "00-1B-44-11-3A-B7", "ip_address": "::ffff:10.0.0.7", "hostname": "DB-01.example.org.",
		"purchase_cost": "1200.50", "purchased_at": "2026-01-02T10:00:00+02:00", "cpus": 8, "owned_by": w.Kind().Ref(team.ID)}})
	require.NoError(t, err)
	require.Equal(t, "CI0000002", ci.Number)
	require.Equal(t, cmdb.StatePlanned, ci.State)
	require.Equal(t, workflow.Fields{"serial_number": "4711", "mac_address": "00:1b:44:11:3a:b7", "ip_address": "10.0.0.7", "hostname": "db-01.example.org",
		"purchase_cost": "1200.5", "purchased_at": "2026-01-02T08:00:00Z", "cpus": 8.0, "owned_by": w.Kind().Ref(team.ID).String()}, ci.Fields)
	require.Equal(t, cmdb.Claim{Source: cmdb.SourceManual, At: w.now}, ci.Claims["cpus"])
	again, err := w.Get(ctx, ci.ID)
	require.NoError(t, err)
	require.Equal(t, ci, again)
}

func TestEverythingThatIsWrongWithADraftIsTold(t *testing.T) {
	w := newWorld(t, cmdb.Config{})
	server := w.add(cmdb.ClassServer, "s")
	_, err := w.Create(ctx, editor, cmdb.Draft{Class: cmdb.ClassApplication,
		Attributes: map[string]any{"port": "eighty", "colour": "red", "environment": "moon", "owned_by": w.Kind().Ref(server.ID)},
		Relations:  []cmdb.Relation{{Type: "likes", To: server.ID}, {Type: cmdb.LocatedAt, To: server.ID}, {Type: cmdb.DependsOn, To: workflow.ID{7}}},
		Needs:      map[string]graph.Gate{cmdb.Uses: 1, "likes": 1}})
	require.ErrorIs(t, err, workflow.ErrInvalid)
	for _, part := range []string{"a name has", "port", "colour", "moon", "likes", "ends at one of", "07000000", "nothing is needed"} {
		require.ErrorContains(t, err, part)
	}
	for class, part := range map[string]string{"robot": "no class", cmdb.ClassHardware: "abstract"} {
		_, err := w.Create(ctx, editor, cmdb.Draft{Class: class, Name: "x"})
		require.ErrorIs(t, err, workflow.ErrInvalid)
		require.ErrorContains(t, err, part)
	}
	_, err = w.Create(ctx, editor, cmdb.Draft{Class: cmdb.ClassService, Name: "mail"})
	require.ErrorContains(t, err, "criticality is required")
	_, err = w.Create(ctx, caller, cmdb.Draft{Class: cmdb.ClassServer, Name: "x"})
	require.ErrorIs(t, err, workflow.ErrForbidden)
	_, err = w.Create(ctx, editor, cmdb.Draft{Class: cmdb.ClassServer, Name: "x", State: "flying"})
	require.ErrorContains(t, err, "flying")
	_, err = w.Create(ctx, editor, cmdb.Draft{Class: cmdb.ClassServer, Name: "x", ID: server.ID})
	require.ErrorContains(t, err, "already")
}

func TestReferencesPointAtTheRightClass(t *testing.T) {
	w := newWorld(t, cmdb.Config{})
	server := w.add(cmdb.ClassServer, "s")
	for ref, part := range map[workflow.Ref]string{
		w.Kind().Ref(server.ID):                "is a server",
		w.Kind().Ref(workflow.ID{9}):           "there is no item",
		{Kind: "incident", ID: workflow.ID{9}}: "not one of ci",
	} {
		_, err := w.Update(ctx, editor, server.ID, cmdb.Edit{Set: map[string]any{"owned_by": ref}})
		require.ErrorIs(t, err, workflow.ErrInvalid)
		require.ErrorContains(t, err, part)
	}
}

func TestUniqueValues(t *testing.T) {
	w := newWorld(t, cmdb.Config{})
	tag := func(class, name, value string) (*cmdb.CI, error) {
		return w.Create(ctx, editor, cmdb.Draft{Class: class, Name: name, State: cmdb.StateInUse, Attributes: map[string]any{"asset_tag": value}})
	}
	a, err := tag(cmdb.ClassServer, "a", "T1")
	require.NoError(t, err)
	_, err = tag(cmdb.ClassStorage, "b", "T1")
	require.ErrorIs(t, err, workflow.ErrInvalid)
	require.ErrorContains(t, err, "CI0000001 (a)")
	b, err := tag(cmdb.ClassStorage, "b", "T2")
	require.NoError(t, err)
	_, err = w.Update(ctx, editor, b.ID, cmdb.Edit{Set: map[string]any{"asset_tag": "T1"}})
	require.ErrorContains(t, err, "asset_tag")
	_, err = w.Update(ctx, editor, a.ID, cmdb.Edit{Set: map[string]any{"asset_tag": "T3"}})
	require.NoError(t, err)
	_, err = w.Update(ctx, editor, b.ID, cmdb.Edit{Set: map[string]any{"asset_tag": "T1"}})
	require.NoError(t, err, "it is free again")
}

// Of many who enter one asset tag at the same time, one succeeds.
func TestUniqueValuesUnderConcurrency(t *testing.T) {
	inv, err := cmdb.NewInventory(workflow.NewDesk(memstore.New(), workflow.DeskConfig{Attempts: 100}), cmdb.Config{})
	require.NoError(t, err)
	var all sync.WaitGroup
	outcomes := make([]error, 16)
	for i := range outcomes {
		all.Add(1)
		go func() {
			defer all.Done()
			_, outcomes[i] = inv.Create(ctx, editor, cmdb.Draft{Class: cmdb.ClassServer, Name: fmt.Sprint(i), Attributes: map[string]any{"asset_tag": "T"}})
		}()
	}
	all.Wait()
	succeeded := 0
	for _, err := range outcomes {
		if err == nil {
			succeeded++
		} else {
			require.ErrorIs(t, err, workflow.ErrInvalid)
		}
	}
	require.Equal(t, 1, succeeded)
}

func TestEditing(t *testing.T) {
	w := newWorld(t, cmdb.Config{})
	a, b := w.add(cmdb.ClassServer, "a"), w.add(cmdb.ClassNetworkDevice, "b")
	ci, err := w.Update(ctx, editor, a.ID, cmdb.Edit{Name: "a2", Set: map[string]any{"os": "Linux"}, Relate: []cmdb.Relation{to(cmdb.ConnectsTo, b)}, Note: "moved"})
	require.NoError(t, err)
	require.Equal(t, "a2", ci.Title)
	ci, err = w.Update(ctx, editor, a.ID, cmdb.Edit{Set: map[string]any{"os": nil}})
	require.NoError(t, err)
	require.Empty(t, ci.Fields)
	require.NotContains(t, ci.Claims, "os")
	require.Equal(t, []workflow.ID{b.ID}, ci.Related(cmdb.ConnectsTo))
	same, err := w.Relate(ctx, editor, a.ID, cmdb.ConnectsTo, b.ID)
	require.NoError(t, err)
	require.Equal(t, ci.Version, same.Version, "a relation that is there already")
	_, err = w.Unrelate(ctx, editor, a.ID, cmdb.DependsOn, b.ID)
	require.ErrorContains(t, err, "there is no relation")
	_, err = w.Unrelate(ctx, editor, a.ID, cmdb.ConnectsTo, b.ID)
	require.NoError(t, err)
	_, err = w.Update(ctx, caller, a.ID, cmdb.Edit{Name: "mine"})
	require.ErrorIs(t, err, workflow.ErrForbidden)
	_, err = w.Relate(ctx, editor, a.ID, cmdb.DependsOn, a.ID)
	require.ErrorContains(t, err, "to itself")
}

func TestNothingIsInsideOfItself(t *testing.T) {
	w := newWorld(t, cmdb.Config{})
	room := w.add(cmdb.ClassLocation, "room")
	rack := w.add(cmdb.ClassLocation, "rack", to(cmdb.ContainedIn, room))
	shelf := w.add(cmdb.ClassLocation, "shelf", to(cmdb.ContainedIn, rack))
	_, err := w.Relate(ctx, editor, room.ID, cmdb.ContainedIn, shelf.ID)
	require.ErrorContains(t, err, "is itself inside of the item")
	_, err = w.Relate(ctx, editor, shelf.ID, cmdb.ContainedIn, room.ID)
	require.ErrorContains(t, err, "at most 1")
}

func TestReclassifying(t *testing.T) {
	w := newWorld(t, cmdb.Config{})
	box, err := w.Create(ctx, editor, cmdb.Draft{Class: cmdb.ClassServer, Name: "box", Attributes: map[string]any{"serial_number": "1a2b", "os": "IOS"}})
	require.NoError(t, err)
	app := w.add(cmdb.ClassApplication, "app", to(cmdb.RunsOn, box))
	_, err = w.Update(ctx, editor, box.ID, cmdb.Edit{Class: cmdb.ClassNetworkDevice})
	require.ErrorContains(t, err, "os")
	_, err = w.Update(ctx, editor, box.ID, cmdb.Edit{Class: cmdb.ClassNetworkDevice, Set: map[string]any{"os": nil}})
	require.ErrorContains(t, err, "runs_on", "an application does not run on a network device")
	_, err = w.Unrelate(ctx, editor, app.ID, cmdb.RunsOn, box.ID)
	require.NoError(t, err)
	ci, err := w.Update(ctx, editor, box.ID, cmdb.Edit{Class: cmdb.ClassNetworkDevice, Set: map[string]any{"os": nil}})
	require.NoError(t, err)
	require.Equal(t, cmdb.ClassNetworkDevice, ci.Class)
	require.Equal(t, "1a2b", ci.Fields["serial_number"])
}

func TestTheLifeOfAnItem(t *testing.T) {
	w := newWorld(t, cmdb.Config{})
	ci, err := w.Create(ctx, editor, cmdb.Draft{Class: cmdb.ClassServer, Name: "s"})
	require.NoError(t, err)
	for _, step := range []struct{ action, state string }{
		{cmdb.ActionOrder, cmdb.StateOnOrder}, {cmdb.ActionReceive, cmdb.StateInStock}, {cmdb.ActionDeploy, cmdb.StateInUse},
		{cmdb.ActionMaintain, cmdb.StateMaintenance}, {cmdb.ActionResume, cmdb.StateInUse}, {cmdb.ActionWithdraw, cmdb.StateInStock},
		{cmdb.ActionRetire, cmdb.StateRetired},
	} {
		ci, err = w.Move(ctx, editor, ci.ID, step.action, "")
		require.NoError(t, err)
		require.Equal(t, step.state, ci.State)
	}
	_, err = w.Move(ctx, editor, ci.ID, cmdb.ActionDispose, "")
	require.ErrorIs(t, err, workflow.ErrForbidden)
	_, err = w.Move(ctx, boss, ci.ID, cmdb.ActionDeploy, "")
	var te *workflow.TransitionError
	require.True(t, errors.As(err, &te))
	require.ElementsMatch(t, []string{cmdb.ActionReinstate, cmdb.ActionDispose}, te.Allowed)
	_, err = w.Move(ctx, boss, ci.ID, cmdb.ActionReinstate, "")
	require.ErrorContains(t, err, "reason")
	_, err = w.Move(ctx, boss, ci.ID, cmdb.ActionDispose, "")
	require.NoError(t, err)
	_, err = w.Update(ctx, boss, ci.ID, cmdb.Edit{Name: "x"})
	require.ErrorIs(t, err, workflow.ErrTransition)
}

func TestALifecycleMayForbidToRetireWhatIsNeeded(t *testing.T) {
	d, err := workflow.Extend(cmdb.Lifecycle(), workflow.Extension{})
	require.NoError(t, err)
	d.Version = 2
	for i := range d.Transitions {
		if d.Transitions[i].Action == cmdb.ActionRetire {
			d.Transitions[i].Guards = []string{cmdb.GuardNotNeeded}
		}
	}
	w := newWorld(t, cmdb.Config{Lifecycle: d})
	disk := w.add(cmdb.ClassStorage, "disk")
	db := w.add(cmdb.ClassDatabase, "db", to(cmdb.DependsOn, disk))
	_, err = w.Move(ctx, editor, disk.ID, cmdb.ActionRetire, "")
	require.ErrorContains(t, err, "nothing in service may depend on the item")
	_, err = w.Move(ctx, editor, db.ID, cmdb.ActionRetire, "")
	require.NoError(t, err)
	_, err = w.Move(ctx, editor, disk.ID, cmdb.ActionRetire, "")
	require.NoError(t, err)
}

func TestMergingByHandAndBack(t *testing.T) {
	w := newWorld(t, cmdb.Config{})
	site, disk := w.add(cmdb.ClassLocation, "site"), w.add(cmdb.ClassStorage, "disk")
	a := w.add(cmdb.ClassServer, "a", to(cmdb.LocatedAt, site))
	b := w.add(cmdb.ClassServer, "b", to(cmdb.DependsOn, disk), to(cmdb.ConnectsTo, a))
	app := w.add(cmdb.ClassApplication, "app", to(cmdb.RunsOn, b))
	_, err := w.Update(ctx, editor, b.ID, cmdb.Edit{Set: map[string]any{"os": "Linux"}})
	require.NoError(t, err)
	kept, err := w.Merge(ctx, editor, a.ID, b.ID, "entered twice")
	require.NoError(t, err)
	require.Equal(t, "Linux", kept.Fields["os"])
	require.Equal(t, []workflow.ID{disk.ID}, kept.Related(cmdb.DependsOn))
	require.Empty(t, kept.Related(cmdb.ConnectsTo), "no relation to itself")
	now, err := w.Get(ctx, app.ID)
	require.NoError(t, err)
	require.Equal(t, []workflow.ID{a.ID}, now.Related(cmdb.RunsOn))
	_, there := w.topology().Item(b.ID)
	require.False(t, there, "a duplicate takes no part")

	for name, err := range map[string]error{
		"twice":      second(w.Merge(ctx, editor, a.ID, b.ID, "again")),
		"itself":     second(w.Merge(ctx, editor, a.ID, a.ID, "again")),
		"into a dup": second(w.Merge(ctx, editor, b.ID, a.ID, "again")),
		"no reason":  second(w.Merge(ctx, editor, a.ID, disk.ID, "")),
	} {
		require.ErrorIs(t, err, workflow.ErrInvalid, name)
	}
	require.ErrorIs(t, second(w.Merge(ctx, caller, a.ID, disk.ID, "x")), workflow.ErrForbidden)

	back, err := w.Unmerge(ctx, editor, b.ID, "they are two after all")
	require.NoError(t, err)
	require.Zero(t, back.DuplicateOf)
	require.Equal(t, []workflow.ID{disk.ID}, back.Related(cmdb.DependsOn))
	_, err = w.Unmerge(ctx, editor, b.ID, "again")
	require.ErrorIs(t, err, workflow.ErrInvalid)
}

func second[T any](_ T, err error) error { return err }

func TestCommandsWithAKeyHappenOnce(t *testing.T) {
	w := newWorld(t, cmdb.Config{})
	a, err := w.Once("k1").Create(ctx, editor, cmdb.Draft{Class: cmdb.ClassServer, Name: "s"})
	require.NoError(t, err)
	b, err := w.Once("k1").Create(ctx, editor, cmdb.Draft{Class: cmdb.ClassServer, Name: "s"})
	require.NoError(t, err)
	require.Equal(t, a.ID, b.ID)
}

func TestThePastOfAnItem(t *testing.T) {
	w := newWorld(t, cmdb.Config{})
	begin := w.now
	ci := w.add(cmdb.ClassServer, "s")
	w.now = w.now.Add(time.Hour)
	_, err := w.Update(ctx, editor, ci.ID, cmdb.Edit{Name: "t"})
	require.NoError(t, err)
	then, err := w.GetAt(ctx, ci.ID, begin.Add(time.Minute))
	require.NoError(t, err)
	require.Equal(t, "s", then.Title)
	_, err = w.GetAt(ctx, ci.ID, begin.Add(-time.Minute))
	require.ErrorIs(t, err, workflow.ErrNotFound)
}
