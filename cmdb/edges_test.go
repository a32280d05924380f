package cmdb_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/itsm-go/itsm/cmdb"
	"github.com/itsm-go/itsm/cmdb/graph"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/memstore"
	"github.com/stretchr/testify/require"
)

func oneDesk(w *world) (*workflow.Desk, *cmdb.Inventory) {
	desk := workflow.NewDesk(memstore.New(), workflow.DeskConfig{Clock: func() time.Time { return w.now }, IDs: workflow.SeededIDs(9)})
	inv, err := cmdb.NewInventory(desk, cmdb.Config{})
	require.NoError(w.t, err)
	w.Inventory = inv
	return desk, inv
}

func TestUniqueReclaim(t *testing.T) {
	w := newWorld(t, cmdb.Config{})
	desk, inv := oneDesk(w)
	a, err := w.Create(ctx, editor, cmdb.Draft{Class: cmdb.ClassServer, Name: "a", Attributes: map[string]any{"asset_tag": "T1"}})
	require.NoError(t, err)
	b := w.add(cmdb.ClassServer, "b")
	_, err = w.Update(ctx, editor, a.ID, cmdb.Edit{Set: map[string]any{"asset_tag": "T2"}})
	require.NoError(t, err)
	once := true
	_, errA := desk.Do(ctx, workflow.Command{Name: "x", Actor: editor}, func(tx *workflow.Tx) error {
		_, err := inv.UpdateIn(tx, a.ID, cmdb.Edit{Set: map[string]any{"asset_tag": "T1"}})
		if once && err == nil {
			once = false
			_, errB := inv.Update(ctx, editor, b.ID, cmdb.Edit{Set: map[string]any{"asset_tag": "T1"}})
			require.NoError(t, errB)
		}
		return err
	})
	require.Error(t, errA, "two items have T1")
}

func TestUnmergeUnique(t *testing.T) {
	w := newWorld(t, cmdb.Config{})
	main := w.add(cmdb.ClassServer, "main")
	dup, err := w.Create(ctx, editor, cmdb.Draft{Class: cmdb.ClassServer, Name: "dup", Attributes: map[string]any{"asset_tag": "T1"}})
	require.NoError(t, err)
	_, err = w.Merge(ctx, editor, main.ID, dup.ID, "same")
	require.NoError(t, err)
	_, err = w.Unmerge(ctx, editor, dup.ID, "not the same")
	if err == nil {
		m, _ := w.Get(ctx, main.ID)
		d, _ := w.Get(ctx, dup.ID)
		require.NotEqual(t, m.Fields["asset_tag"], d.Fields["asset_tag"])
	}
}

func TestUniqueFormat(t *testing.T) {
	model, err := cmdb.NewModel([]cmdb.Class{{Name: "box", Attributes: []cmdb.Attribute{{Field: workflow.Field{Name: "serial", Type: workflow.FieldString}, Unique: true, Format: cmdb.FormatSerial}}}}, nil)
	require.NoError(t, err)
	w := newWorld(t, cmdb.Config{Model: model})
	_, err = w.Create(ctx, editor, cmdb.Draft{Class: "box", Name: "a", Attributes: map[string]any{"serial": "ab12"}})
	require.NoError(t, err)
	_, err = w.Create(ctx, editor, cmdb.Draft{Class: "box", Name: "b", Attributes: map[string]any{"serial": "AB12"}})
	require.ErrorIs(t, err, workflow.ErrInvalid)
}

func TestMergeNeedsLost(t *testing.T) {
	w := newWorld(t, cmdb.Config{})
	mk := func(n string) *cmdb.CI {
		ci, err := w.Create(ctx, editor, cmdb.Draft{Class: cmdb.ClassCluster, Name: n, State: cmdb.StateInUse, Needs: map[string]graph.Gate{cmdb.MemberOf: graph.Need(2)}})
		require.NoError(t, err)
		return ci
	}
	a, b := mk("a"), mk("b")
	_, err := w.Merge(ctx, editor, a.ID, b.ID, "same")
	require.NoError(t, err)
	got, err := w.Unmerge(ctx, editor, b.ID, "not")
	require.NoError(t, err)
	require.Equal(t, b.Needs, got.Needs)
}

func TestMergeContainmentCycle(t *testing.T) {
	w := newWorld(t, cmdb.Config{})
	dup := w.add(cmdb.ClassLocation, "dup")
	x := w.add(cmdb.ClassLocation, "x", to(cmdb.ContainedIn, dup))
	kept := w.add(cmdb.ClassLocation, "kept", to(cmdb.ContainedIn, x))
	_, err := w.Merge(ctx, editor, kept.ID, dup.ID, "same")
	if err == nil {
		x, _ = w.Get(ctx, x.ID)
		k, _ := w.Get(ctx, kept.ID)
		t.Fatalf("x in %v, kept in %v: a cycle (x=%v kept=%v)", x.Related(cmdb.ContainedIn), k.Related(cmdb.ContainedIn), x.ID, kept.ID)
	}
}

func TestMergeAcrossClasses(t *testing.T) {
	w := newWorld(t, cmdb.Config{})
	srv := w.add(cmdb.ClassServer, "srv")
	app := w.add(cmdb.ClassApplication, "app", to(cmdb.RunsOn, srv))
	per := w.add(cmdb.ClassPerson, "per")
	_, err := w.Merge(ctx, editor, per.ID, srv.ID, "same")
	app, _ = w.Get(ctx, app.ID)
	require.Error(t, err, "an application runs on a person now: %v", app.Relations)
}

func TestMergeReferences(t *testing.T) {
	w := newWorld(t, cmdb.Config{})
	v1, v2 := w.add(cmdb.ClassVendor, "ACME"), w.add(cmdb.ClassVendor, "Acme Inc")
	c, err := w.Create(ctx, editor, cmdb.Draft{Class: cmdb.ClassContract, Name: "c", Attributes: map[string]any{"vendor": workflow.Ref{Kind: cmdb.KindName, ID: v2.ID}, "starts": w.now}})
	require.NoError(t, err)
	_, err = w.Merge(ctx, editor, v1.ID, v2.ID, "same")
	require.NoError(t, err)
	c, _ = w.Get(ctx, c.ID)
	k, err := cmdb.ContractOf(c)
	require.NoError(t, err)
	h, err := w.Health(ctx, w.now)
	require.NoError(t, err)
	t.Log(h.Findings)
	require.Equal(t, v1.ID, k.Vendor)
}

func TestOnceMerge(t *testing.T) {
	w := newWorld(t, cmdb.Config{})
	a, b := w.add(cmdb.ClassServer, "a"), w.add(cmdb.ClassServer, "b")
	w.add(cmdb.ClassApplication, "app", to(cmdb.RunsOn, b))
	first, err := w.Once("k").Merge(ctx, editor, a.ID, b.ID, "same")
	require.NoError(t, err)
	second, err := w.Once("k").Merge(ctx, editor, a.ID, b.ID, "same")
	require.NoError(t, err)
	require.Equal(t, first.ID, second.ID)
}

func TestOncePropose(t *testing.T) {
	w := newWorld(t, cmdb.Config{})
	a, err := w.Create(ctx, editor, cmdb.Draft{Class: cmdb.ClassServer, Name: "a"})
	require.NoError(t, err)
	change := workflow.Ref{Kind: "change", ID: workflow.ID{1}}
	_, err = w.Once("k").Propose(ctx, editor, change, "t", cmdb.Proposed{CI: a.ID, Action: cmdb.ActionDeploy})
	require.NoError(t, err)
	_, err = w.Apply(ctx, editor, change)
	require.NoError(t, err)
	_, err = w.Once("k").Propose(ctx, editor, change, "t", cmdb.Proposed{CI: a.ID, Action: cmdb.ActionDeploy})
	require.NoError(t, err)
}

func TestProposeCreateThenEdit(t *testing.T) {
	w := newWorld(t, cmdb.Config{})
	change := workflow.Ref{Kind: "change", ID: workflow.ID{1}}
	id := workflow.ID{7}
	_, err := w.Propose(ctx, editor, change, "t", cmdb.Proposed{Create: &cmdb.Draft{ID: id, Class: cmdb.ClassServer, Name: "n"}}, cmdb.Proposed{CI: id, Action: cmdb.ActionDeploy})
	require.NoError(t, err)
}

func TestTwoProposalsOneField(t *testing.T) {
	w := newWorld(t, cmdb.Config{})
	a := w.add(cmdb.ClassServer, "a")
	change := workflow.Ref{Kind: "change", ID: workflow.ID{1}}
	for _, os := range []string{"A", "B"} {
		_, err := w.Propose(ctx, editor, change, os, cmdb.Proposed{CI: a.ID, Edit: &cmdb.Edit{Set: map[string]any{"os": os}}})
		require.NoError(t, err)
	}
	_, err := w.Apply(ctx, editor, change)
	require.NoError(t, err)
}

func TestProposalCreateInvalidUnnormal(t *testing.T) {
	w := newWorld(t, cmdb.Config{})
	a := w.add(cmdb.ClassServer, "a")
	change := workflow.Ref{Kind: "change", ID: workflow.ID{1}}
	_, err := w.Propose(ctx, editor, change, "t", cmdb.Proposed{CI: a.ID, Edit: &cmdb.Edit{Set: map[string]any{"mac_address": "001B.4411.3AB7"}}})
	require.NoError(t, err)
	_, err = w.Update(ctx, editor, a.ID, cmdb.Edit{Set: map[string]any{"mac_address": "00:1b:44:11:3a:b7"}})
	require.NoError(t, err)
	_, err = w.Apply(ctx, editor, change)
	require.NoError(t, err)
}

func extended(t *testing.T) *cmdb.Model {
	m, err := cmdb.NewModel(append(cmdb.StarterClasses(), cmdb.Class{Name: "robot", Parent: cmdb.ClassItem}), cmdb.StarterRelations())
	require.NoError(t, err)
	return m
}

func TestDriftPanicsRemovedClass(t *testing.T) {
	store := memstore.New()
	desk := workflow.NewDesk(store, workflow.DeskConfig{})
	old, err := cmdb.NewInventory(desk, cmdb.Config{Model: extended(t)})
	require.NoError(t, err)
	r, err := old.Create(ctx, editor, cmdb.Draft{Class: "robot", Name: "r", State: cmdb.StateInUse, Attributes: map[string]any{"environment": "test"}})
	require.NoError(t, err)
	r2, err := old.Create(ctx, editor, cmdb.Draft{Class: "robot", Name: "r2", State: cmdb.StateInUse, Attributes: map[string]any{"environment": "test"}})
	require.NoError(t, err)
	inv, err := cmdb.NewInventory(desk, cmdb.Config{})
	require.NoError(t, err)
	require.NotPanics(t, func() {
		_, err := inv.Merge(ctx, editor, r.ID, r2.ID, "same")
		t.Log(err)
	}, "merge")
	require.NotPanics(t, func() {
		for _, err := range inv.Drift(ctx, cmdb.Desired{Name: "prod", Expect: map[string]any{"environment": "production"}}) {
			t.Log(err)
		}
	}, "drift")
}

func TestContractNotice(t *testing.T) {
	c := cmdb.Contract{Ends: time.Date(2026, 3, 31, 0, 0, 0, 0, time.UTC), Renewal: cmdb.RenewalAutomatic, Term: 1, NoticeDays: 90}
	at := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	by, _, ok := c.NoticeBy(at)
	require.True(t, ok)
	require.False(t, by.Before(at), "notice by %v, which has passed", by)
}

func TestContractDueEnds(t *testing.T) {
	w := newWorld(t, cmdb.Config{})
	v := w.add(cmdb.ClassVendor, "v")
	_, err := w.Create(ctx, editor, cmdb.Draft{Class: cmdb.ClassContract, Name: "c", Attributes: map[string]any{"vendor": workflow.Ref{Kind: cmdb.KindName, ID: v.ID},
		"starts": "2025-04-01T00:00:00Z", "ends": "2026-03-31T00:00:00Z", "renewal": "automatic", "term_months": 12, "notice_days": 30}})
	require.NoError(t, err)
	due, err := w.ContractsDue(ctx, time.Date(2026, 3, 10, 0, 0, 0, 0, time.UTC), time.Date(2027, 12, 31, 0, 0, 0, 0, time.UTC))
	require.NoError(t, err)
	require.Len(t, due, 1)
	require.True(t, due[0].By.Before(due[0].Ends), "notice by %v for a term that ends %v", due[0].By, due[0].Ends)
}

func TestBaselineConcurrent(t *testing.T) {
	w := newWorld(t, cmdb.Config{})
	desk, inv := oneDesk(w)
	a := w.add(cmdb.ClassServer, "a")
	w.now = w.now.Add(time.Second)
	var b *cmdb.Baseline
	_, err := desk.Do(ctx, workflow.Command{Name: "x", Actor: editor}, func(tx *workflow.Tx) error {
		_, err := inv.UpdateIn(tx, a.ID, cmdb.Edit{Name: "b"})
		w.now = w.now.Add(time.Millisecond)
		b, _ = inv.TakeBaseline(ctx, editor, "base", cmdb.Selection{})
		return err
	})
	require.NoError(t, err)
	w.now = w.now.Add(time.Second)
	_, err = inv.Open(ctx, b)
	require.NoError(t, err)
}

func TestBaselineSameInstant(t *testing.T) {
	w := newWorld(t, cmdb.Config{})
	a := w.add(cmdb.ClassServer, "a")
	b, err := w.TakeBaseline(ctx, editor, "base", cmdb.Selection{})
	require.NoError(t, err)
	_, err = w.Update(ctx, editor, a.ID, cmdb.Edit{Name: "b"})
	require.NoError(t, err)
	_, err = w.Open(ctx, b)
	require.NoError(t, err)
}

func TestOptionsNotNeeded(t *testing.T) {
	def := cmdb.Lifecycle()
	for i := range def.Transitions {
		if def.Transitions[i].Action == cmdb.ActionRetire {
			def.Transitions[i].Guards = []string{cmdb.GuardNotNeeded}
		}
	}
	w := newWorld(t, cmdb.Config{Lifecycle: def})
	srv := w.add(cmdb.ClassServer, "srv")
	w.add(cmdb.ClassApplication, "app", to(cmdb.RunsOn, srv))
	_, err := w.Move(ctx, editor, srv.ID, cmdb.ActionRetire, "")
	require.Error(t, err)
	opts, err := w.Options(ctx, srv, editor)
	require.NoError(t, err)
	for _, o := range opts {
		if o.Action == cmdb.ActionRetire {
			require.False(t, o.Allowed)
		}
	}
}

func TestImpactAliasing(t *testing.T) {
	w := newWorld(t, cmdb.Config{})
	a, b := w.add(cmdb.ClassServer, "a"), w.add(cmdb.ClassServer, "b")
	down := []workflow.ID{a.ID}
	im, err := w.topology().Impact(cmdb.Query{Down: down})
	require.NoError(t, err)
	require.True(t, im.Affected()[0].Cause)
	down[0] = b.ID
	require.True(t, im.Affected()[0].Cause)
}

func TestEditRolesAliasing(t *testing.T) {
	roles := []string{cmdb.RoleEditor}
	w := newWorld(t, cmdb.Config{EditRoles: roles})
	roles[0] = "someone else"
	_, err := w.Create(ctx, editor, cmdb.Draft{Class: cmdb.ClassServer, Name: "a"})
	require.NoError(t, err)
}

func TestContainmentSkew(t *testing.T) {
	w := newWorld(t, cmdb.Config{})
	desk, inv := oneDesk(w)
	a, b := w.add(cmdb.ClassLocation, "a"), w.add(cmdb.ClassLocation, "b")
	once := true
	_, errA := desk.Do(ctx, workflow.Command{Name: "x", Actor: editor}, func(tx *workflow.Tx) error {
		_, err := inv.UpdateIn(tx, a.ID, cmdb.Edit{Relate: []cmdb.Relation{to(cmdb.ContainedIn, b)}})
		if once && err == nil {
			once = false
			_, err := inv.Relate(ctx, editor, b.ID, cmdb.ContainedIn, a.ID)
			require.NoError(t, err)
		}
		return err
	})
	require.Error(t, errA)
}

func TestDuplicateMoves(t *testing.T) {
	w := newWorld(t, cmdb.Config{})
	a, b := w.add(cmdb.ClassServer, "a"), w.add(cmdb.ClassServer, "b")
	_, err := w.Merge(ctx, editor, a.ID, b.ID, "same")
	require.NoError(t, err)
	_, err = w.Move(ctx, editor, b.ID, cmdb.ActionRetire, "x")
	require.Error(t, err)
}

func TestInvalidUTF8(t *testing.T) {
	w := newWorld(t, cmdb.Config{})
	a, err := w.Create(ctx, editor, cmdb.Draft{Class: cmdb.ClassServer, Name: "a\xff"})
	if err != nil {
		return
	}
	then := w.now
	w.now = w.now.Add(time.Second)
	_, err = w.Update(ctx, editor, a.ID, cmdb.Edit{Set: map[string]any{"os": "x"}})
	require.NoError(t, err)
	old, err := w.GetAt(ctx, a.ID, then)
	require.NoError(t, err)
	require.Equal(t, a.Title, old.Title)
}

func TestDriftMapOrder(t *testing.T) {
	w := newWorld(t, cmdb.Config{})
	seen := map[string]bool{}
	for range 30 {
		for _, err := range w.Drift(ctx, cmdb.Desired{Name: "d", Expect: map[string]any{"x1": 1, "x2": 2, "x3": 3}}) {
			seen[err.Error()] = true
		}
	}
	require.Len(t, seen, 1)
}

func TestReclassifyReferences(t *testing.T) {
	w := newWorld(t, cmdb.Config{})
	team := w.add(cmdb.ClassTeam, "team")
	_, err := w.Create(ctx, editor, cmdb.Draft{Class: cmdb.ClassServer, Name: "s", Attributes: map[string]any{"owned_by": workflow.Ref{Kind: cmdb.KindName, ID: team.ID}}})
	require.NoError(t, err)
	_, err = w.Update(ctx, editor, team.ID, cmdb.Edit{Class: cmdb.ClassLocation})
	require.Error(t, err)
}

func TestMergeHub(t *testing.T) {
	w := newWorld(t, cmdb.Config{})
	a, b := w.add(cmdb.ClassServer, "a"), w.add(cmdb.ClassServer, "b")
	for i := range 2100 {
		w.add(cmdb.ClassApplication, fmt.Sprint(i), to(cmdb.RunsOn, b))
	}
	start := time.Now()
	_, err := w.Merge(ctx, editor, a.ID, b.ID, "same")
	t.Log(time.Since(start))
	require.NoError(t, err)
}

func TestRolesAreThoseOfTheTransition(t *testing.T) {
	def := cmdb.Lifecycle()
	var ts []workflow.Transition
	for _, x := range def.Transitions {
		if x.Action == cmdb.ActionRetire {
			m, e := x, x
			m.Roles, e.Roles = []string{cmdb.RoleManager}, []string{cmdb.RoleEditor}
			e.Guards, m.Guards = []string{cmdb.GuardNotNeeded}, []string{"!" + cmdb.GuardNotNeeded}
			ts = append(ts, e, m)
			continue
		}
		ts = append(ts, x)
	}
	def.Transitions = ts
	w := newWorld(t, cmdb.Config{Lifecycle: def})
	srv := w.add(cmdb.ClassServer, "srv")
	w.add(cmdb.ClassApplication, "app", to(cmdb.RunsOn, srv))
	_, err := w.Move(ctx, editor, srv.ID, cmdb.ActionRetire, "")
	require.Error(t, err, "only a manager may retire what is needed")
}

func TestAvailabilityFan(t *testing.T) {
	for _, n := range []int{500, 1000, 2000, 3000} {
		var edges []graph.Edge
		for i := range n {
			edges = append(edges, graph.Edge{From: 0, To: graph.Node(i + 1)})
		}
		g, err := graph.New(n+1, edges, nil)
		require.NoError(t, err)
		start := time.Now()
		p, err := g.View().Availability(0, func(graph.Node) float64 { return 0.9999 })
		t.Log(n, p, time.Since(start))
		require.NoError(t, err)
	}
}

// unmerge leaves relations beyond the limits or with a cycle?
func TestUnmergeCycle(t *testing.T) {
	w := newWorld(t, cmdb.Config{})
	a, x := w.add(cmdb.ClassLocation, "a"), w.add(cmdb.ClassLocation, "x")
	dup := w.add(cmdb.ClassLocation, "dup", to(cmdb.ContainedIn, x))
	w.now = w.now.Add(time.Second)
	before := w.now
	_, err := w.Merge(ctx, editor, a.ID, dup.ID, "same")
	require.NoError(t, err)
	// GetAt right before the merge
	d, err := w.GetAt(ctx, dup.ID, before.Add(-time.Millisecond))
	require.NoError(t, err)
	require.Equal(t, dup.Relations, d.Relations)
	tt, err := w.TopologyAt(ctx, before.Add(-time.Millisecond))
	require.NoError(t, err)
	require.Len(t, tt.Items(), 3)
}

// the list of all problems at once
func TestAllProblems(t *testing.T) {
	w := newWorld(t, cmdb.Config{})
	_, err := w.Create(ctx, editor, cmdb.Draft{Class: cmdb.ClassServer, Name: "", State: "nonsense", Attributes: map[string]any{"colour": 1}})
	require.ErrorContains(t, err, "nonsense")
	require.ErrorContains(t, err, "colour")
}

func TestProposeIgnoresCI(t *testing.T) {
	w := newWorld(t, cmdb.Config{})
	a := w.add(cmdb.ClassServer, "a")
	change := workflow.Ref{Kind: "change", ID: workflow.ID{1}}
	_, err := w.Propose(ctx, editor, change, "t", cmdb.Proposed{CI: a.ID, Create: &cmdb.Draft{Class: cmdb.ClassServer, Name: "n"}})
	require.Error(t, err, "an item and a new one in one step")
}

// withdraw and move authorisation; anonymous reads
func TestNoRole(t *testing.T) {
	w := newWorld(t, cmdb.Config{})
	a, b := w.add(cmdb.ClassServer, "a"), w.add(cmdb.ClassServer, "b")
	change := workflow.Ref{Kind: "change", ID: workflow.ID{1}}
	_, e1 := w.Create(ctx, caller, cmdb.Draft{Class: cmdb.ClassServer, Name: "x"})
	_, e2 := w.Update(ctx, caller, a.ID, cmdb.Edit{Name: "x"})
	_, e3 := w.Move(ctx, caller, a.ID, cmdb.ActionRetire, "x")
	_, e4 := w.Merge(ctx, caller, a.ID, b.ID, "x")
	_, e5 := w.Propose(ctx, caller, change, "t", cmdb.Proposed{CI: a.ID, Action: cmdb.ActionRetire})
	_, e6 := w.Apply(ctx, caller, change)
	_, e7 := w.Withdraw(ctx, caller, change)
	_, e8 := w.TakeBaseline(ctx, caller, "t", cmdb.Selection{})
	_, e9 := w.Move(ctx, caller, a.ID, cmdb.ActionDeploy, "x")
	for i, e := range []error{e1, e2, e3, e4, e5, e6, e7, e8, e9} {
		if e == nil || !isForbidden(e) {
			t.Errorf("%d: %v", i+1, e)
		}
	}
}

func isForbidden(e error) bool { return errors.Is(e, workflow.ErrForbidden) }

// a host that forbids one item: merging takes it out of service all the same
func TestDetails(t *testing.T) {
	w := newWorld(t, cmdb.Config{})
	a, err := w.Create(ctx, editor, cmdb.Draft{Class: cmdb.ClassServer, Name: "a", Details: "old"})
	require.NoError(t, err)
	got, err := w.Update(ctx, editor, a.ID, cmdb.Edit{Details: new(string), Note: "clear"})
	require.NoError(t, err)
	require.Empty(t, got.Details)
}

func TestPlaceholderIP(t *testing.T) {
	require.Empty(t, cmdb.FormatIP.Placeholder("11.11.11.11"))
}

func TestRemovedRelationType(t *testing.T) {
	// needs of a relation type that is ToDependsOnFrom: cluster that needs all
	w := newWorld(t, cmdb.Config{})
	m := w.NewMap()
	c := w.add(cmdb.ClassCluster, "c")
	n1, n2 := w.add(cmdb.ClassServer, "n1", to(cmdb.MemberOf, c)), w.add(cmdb.ClassServer, "n2", to(cmdb.MemberOf, c))
	require.NoError(t, m.Refresh(ctx))
	_, err := w.Merge(ctx, editor, n1.ID, n2.ID, "same")
	require.NoError(t, err)
	require.NoError(t, m.Refresh(ctx))
	require.Len(t, m.Topology().Dependencies(c.ID), 1)
	_, err = w.Unmerge(ctx, editor, n2.ID, "not")
	require.NoError(t, err)
	require.NoError(t, m.Refresh(ctx))
	require.Equal(t, names(w.topology().Dependencies(c.ID)), names(m.Topology().Dependencies(c.ID)))
}

// What a merge brings to an item is led on by the next merge of the same command, as
// it would be by one of its own.
func TestMergesOfOneCommandSeeEachOther(t *testing.T) {
	w := newWorld(t, cmdb.Config{})
	desk, inv := oneDesk(w)
	kept, old := w.add(cmdb.ClassServer, "kept"), w.add(cmdb.ClassServer, "old")
	app := w.add(cmdb.ClassApplication, "app")
	dup := w.add(cmdb.ClassApplication, "dup", to(cmdb.RunsOn, old))
	_, err := desk.Do(ctx, workflow.Command{Name: "x", Actor: editor}, func(tx *workflow.Tx) error {
		if _, err := inv.MergeIn(tx, app.ID, dup.ID, "same"); err != nil {
			return err
		}
		_, err := inv.MergeIn(tx, kept.ID, old.ID, "same")
		return err
	})
	require.NoError(t, err)
	app, err = w.Get(ctx, app.ID)
	require.NoError(t, err)
	require.Equal(t, []workflow.ID{kept.ID}, app.Related(cmdb.RunsOn))
}
