package cmdb_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/itsm-go/itsm/cmdb"
	"github.com/itsm-go/itsm/cmdb/graph"
	"github.com/itsm-go/itsm/workflow"
	"github.com/stretchr/testify/require"
)

// shop is a service on a cluster of two servers, with a database on storage.
func shop(t *testing.T) (w *world, ids map[string]*cmdb.CI) {
	w = newWorld(t, cmdb.Config{})
	ids = map[string]*cmdb.CI{}
	put := func(class, name string, relations ...cmdb.Relation) *cmdb.CI {
		ids[name] = w.add(class, name, relations...)
		return ids[name]
	}
	site := put(cmdb.ClassLocation, "site")
	cluster := put(cmdb.ClassCluster, "cluster")
	put(cmdb.ClassServer, "s1", to(cmdb.MemberOf, cluster), to(cmdb.LocatedAt, site))
	put(cmdb.ClassServer, "s2", to(cmdb.MemberOf, cluster), to(cmdb.LocatedAt, site))
	disk := put(cmdb.ClassStorage, "disk")
	db := put(cmdb.ClassDatabase, "db", to(cmdb.DependsOn, disk))
	news := put(cmdb.ClassApplication, "news")
	app := put(cmdb.ClassApplication, "app", to(cmdb.RunsOn, cluster), to(cmdb.DependsOn, db))
	put(cmdb.ClassService, "shop", to(cmdb.DependsOn, app), to(cmdb.Uses, news))
	return w, ids
}

func TestImpactOfAFailure(t *testing.T) {
	w, ci := shop(t)
	for _, c := range []struct {
		fails []string
		want  []string
	}{
		{[]string{"s1"}, []string{"s1 down", "app degraded", "cluster degraded", "shop degraded"}},
		{[]string{"s1", "s2"}, []string{"app down", "cluster down", "s1 down", "s2 down", "shop down"}},
		{[]string{"site"}, []string{"app down", "cluster down", "s1 down", "s2 down", "shop down", "site down"}},
		{[]string{"disk"}, []string{"app down", "db down", "disk down", "shop down"}},
		{[]string{"news"}, []string{"news down", "shop degraded"}},
		{[]string{"shop"}, []string{"shop down"}},
		{nil, []string{}},
	} {
		var q cmdb.Query
		for _, name := range c.fails {
			q.Down = append(q.Down, ci[name].ID)
		}
		im, err := w.topology().Impact(q)
		require.NoError(t, err)
		require.Equal(t, c.want, names(im.Affected()), "when %v fails", c.fails)
	}
}

func TestImpactIsExplained(t *testing.T) {
	w, ci := shop(t)
	im, err := w.topology().Impact(cmdb.Query{Down: []workflow.ID{ci["s1"].ID, ci["s2"].ID}})
	require.NoError(t, err)
	way := im.Explain(ci["shop"].ID)
	require.Equal(t, "s1 → cluster → app → shop", cmdb.Path(way))
	require.Equal(t, "s1 is down: the cause", way[0].String())
	require.Equal(t, "cluster is down: 0 of 2 member_of work, it needs 1", way[1].String())
	require.Equal(t, "app is down: 1 of 2 work, it needs 2", way[2].String())

	rescue := im.Prevent(ci["cluster"].ID)
	require.Len(t, rescue, 1)
	require.Equal(t, 1, rescue[0].Missing)
	require.Equal(t, []string{"s1", "s2"}, names(rescue[0].Of))
	require.Equal(t, cmdb.MemberOf, rescue[0].Relation)
	require.Equal(t, []string{"cluster"}, names(im.Prevent(ci["app"].ID)[0].Of))
	require.Nil(t, im.Prevent(ci["db"].ID))
	require.Nil(t, im.Explain(ci["db"].ID))

	require.Equal(t, []string{"shop down"}, names(im.Services()))
}

func TestDepthAndClassLimitWhatIsTold(t *testing.T) {
	w, ci := shop(t)
	for _, c := range []struct {
		q    cmdb.Query
		want []string
	}{
		{cmdb.Query{Depth: 1}, []string{"db down", "disk down"}},
		{cmdb.Query{Depth: 2}, []string{"app down", "db down", "disk down"}},
		{cmdb.Query{Classes: []string{cmdb.ClassApplication}}, []string{"app down", "db down"}}, // a database is an application
		{cmdb.Query{Classes: []string{cmdb.ClassService}, Depth: 3}, []string{"shop down"}},
	} {
		c.q.Down = []workflow.ID{ci["disk"].ID}
		im, err := w.topology().Impact(c.q)
		require.NoError(t, err)
		require.Equal(t, c.want, names(im.Affected()))
	}
	// A member is one step from its cluster, though a group lies between.
	im, err := w.topology().Impact(cmdb.Query{Down: []workflow.ID{ci["s1"].ID}, Depth: 1})
	require.NoError(t, err)
	require.Equal(t, []string{"s1 down", "cluster degraded"}, names(im.Affected()))
}

func TestWhatIsExcludedOrInMaintenanceStaysUp(t *testing.T) {
	w, ci := shop(t)
	im, err := w.topology().Impact(cmdb.Query{Down: []workflow.ID{ci["disk"].ID}, Excluded: []workflow.ID{ci["db"].ID}})
	require.NoError(t, err)
	require.Equal(t, []string{"disk down"}, names(im.Affected()))

	_, err = w.Move(ctx, editor, ci["db"].ID, cmdb.ActionMaintain, "")
	require.NoError(t, err)
	q := cmdb.Query{Down: []workflow.ID{ci["disk"].ID}, Maintenance: true}
	im, err = w.topology().Impact(q)
	require.NoError(t, err)
	require.Equal(t, []string{"disk down"}, names(im.Affected()))
	q.Maintenance = false
	im, err = w.topology().Impact(q)
	require.NoError(t, err)
	require.Len(t, im.Affected(), 4)
}

func TestWrongQueriesTellEverything(t *testing.T) {
	w, _ := shop(t)
	_, err := w.topology().Impact(cmdb.Query{Down: []workflow.ID{{1}}, Excluded: []workflow.ID{{2}}, Classes: []string{"robot"}, Depth: -1})
	require.ErrorIs(t, err, workflow.ErrInvalid)
	require.ErrorIs(t, err, workflow.ErrNotFound)
	for _, part := range []string{"01000000", "02000000", "robot", "-1"} {
		require.ErrorContains(t, err, part)
	}
}

func TestWeakPointsOfAService(t *testing.T) {
	w, ci := shop(t)
	top := w.topology()
	single, err := top.SinglePoints(ci["shop"].ID)
	require.NoError(t, err)
	require.Equal(t, []string{"app", "cluster", "db", "disk", "site"}, names(single))
	sets, err := top.CutSets(ci["cluster"].ID, 2)
	require.NoError(t, err)
	require.Len(t, sets, 2)
	require.Equal(t, []string{"site"}, names(sets[0]))
	require.Equal(t, []string{"s1", "s2"}, names(sets[1]))
	causes, err := top.Causes(ci["s1"].ID, ci["s2"].ID)
	require.NoError(t, err)
	require.Equal(t, "site", causes[0].Item.Name)
	require.Equal(t, []string{"s1", "s2"}, names(causes[0].Explained))
	for _, c := range causes {
		require.NotEmpty(t, c.Item.Name, "a group is no item")
	}
}

func TestAvailabilityFromTheTopology(t *testing.T) {
	w, ci := shop(t)
	for name, a := range map[string]float64{"s1": 0.99, "s2": 0.99, "disk": 0.999, "site": 0.9999} {
		_, err := w.Update(ctx, editor, ci[name].ID, cmdb.Edit{Set: map[string]any{"availability": a}})
		require.NoError(t, err)
	}
	a, err := w.topology().Availability(ci["shop"].ID)
	require.NoError(t, err)
	require.InDelta(t, 0.9999*(1-0.01*0.01)*0.999, a, 1e-12)
}

func TestNeighbours(t *testing.T) {
	w, ci := shop(t)
	top := w.topology()
	require.Equal(t, []string{"s1", "s2"}, names(top.Dependencies(ci["cluster"].ID)))
	require.Equal(t, []string{"app"}, names(top.Dependents(ci["cluster"].ID)))
	require.Equal(t, []string{"cluster"}, names(top.Dependents(ci["s1"].ID)))
	require.Equal(t, []string{"app", "db", "news"}, names(top.Items(cmdb.ClassApplication)))
	require.Nil(t, top.Dependents(workflow.ID{9}))
}

func TestWhatIfLeavesTheTopologyAlone(t *testing.T) {
	w, ci := shop(t)
	top := w.topology()
	next, err := top.WhatIf([]cmdb.Dependency{{From: ci["shop"].ID, On: ci["news"].ID}}, []cmdb.Dependency{
		{From: ci["app"].ID, On: ci["db"].ID}, {From: ci["cluster"].ID, On: ci["s2"].ID}})
	require.NoError(t, err)
	single, err := next.SinglePoints(ci["shop"].ID)
	require.NoError(t, err)
	require.Equal(t, []string{"app", "cluster", "news", "s1", "site"}, names(single))
	single, err = top.SinglePoints(ci["shop"].ID)
	require.NoError(t, err)
	require.Len(t, single, 5)
	_, err = top.WhatIf(nil, []cmdb.Dependency{{From: ci["disk"].ID, On: ci["db"].ID}})
	require.ErrorIs(t, err, workflow.ErrInvalid)
}

func TestTheTopologyOfThePast(t *testing.T) {
	w, ci := shop(t)
	before := w.now
	w.now = w.now.Add(time.Hour)
	_, err := w.Move(ctx, editor, ci["s2"].ID, cmdb.ActionRetire, "")
	require.NoError(t, err)
	single, err := w.topology().SinglePoints(ci["cluster"].ID)
	require.NoError(t, err)
	require.Equal(t, []string{"s1", "site"}, names(single))
	then, err := w.TopologyAt(ctx, before)
	require.NoError(t, err)
	single, err = then.SinglePoints(ci["cluster"].ID)
	require.NoError(t, err)
	require.Equal(t, []string{"site"}, names(single))
}

// A map that is refreshed after each of many random commands shows what one that
// reads everything at once does.
func TestRefreshingEqualsReadingAnew(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 5))
	for range 6 {
		w := newWorld(t, cmdb.Config{})
		live := w.NewMap()
		var all []*cmdb.CI
		for step := range 120 {
			w.now = w.now.Add(time.Minute)
			randomCommand(w, r, &all, step)
			if r.IntN(3) == 0 {
				require.NoError(t, live.Refresh(ctx))
			}
		}
		require.NoError(t, live.Refresh(ctx))
		require.Equal(t, shape(w.topology(), all), shape(live.Topology(), all))
	}
}

// randomCommand does something to the configuration; what is refused is no matter.
func randomCommand(w *world, r *rand.Rand, all *[]*cmdb.CI, step int) {
	pick := func() *cmdb.CI { return (*all)[r.IntN(len(*all))] }
	relations := []string{cmdb.DependsOn, cmdb.Uses, cmdb.MemberOf, cmdb.ConnectsTo, cmdb.RunsOn, cmdb.ManagedBy}
	if len(*all) < 5 || r.IntN(5) == 0 {
		class := []string{cmdb.ClassCluster, cmdb.ClassServer, cmdb.ClassApplication, cmdb.ClassService}[r.IntN(4)]
		*all = append(*all, w.add(class, fmt.Sprint("item", step)))
		return
	}
	a, b := pick(), pick()
	switch relation := relations[r.IntN(len(relations))]; r.IntN(6) {
	case 0, 1, 2:
		_, _ = w.Relate(ctx, editor, a.ID, relation, b.ID)
	case 3:
		if now, err := w.Get(ctx, a.ID); err == nil && len(now.Relations) > 0 {
			x := now.Relations[r.IntN(len(now.Relations))]
			_, _ = w.Unrelate(ctx, editor, a.ID, x.Type, x.To)
		}
	case 4:
		actions := []string{cmdb.ActionRetire, cmdb.ActionReinstate, cmdb.ActionMaintain, cmdb.ActionResume, cmdb.ActionDispose}
		_, _ = w.Move(ctx, boss, a.ID, actions[r.IntN(len(actions))], "because")
	case 5:
		g := []graph.Gate{0, graph.Need(1), graph.Need(2), graph.NeedPercent(60), graph.NeedPercent(100)}[r.IntN(5)]
		_, _ = w.Update(ctx, editor, a.ID, cmdb.Edit{Name: fmt.Sprint("renamed", step), Needs: map[string]graph.Gate{
			[]string{cmdb.DependsOn, cmdb.MemberOf}[r.IntN(2)]: g}})
	}
}

// shape is everything that a topology answers about the items.
func shape(top *cmdb.Topology, all []*cmdb.CI) map[string]any {
	out := map[string]any{"items": top.Items()}
	for i, ci := range all {
		out[fmt.Sprint(i, " needs")] = names(top.Dependencies(ci.ID))
		out[fmt.Sprint(i, " serves")] = names(top.Dependents(ci.ID))
		if im, err := top.Impact(cmdb.Query{Down: []workflow.ID{ci.ID}}); err == nil {
			out[fmt.Sprint(i, " takes")] = names(im.Affected())
		}
	}
	return out
}

// Two items are always retired and reinstated in one command. A reader that sees one
// without the other has seen half a commit.
func TestReadersSeeWholeCommits(t *testing.T) {
	w, ci := shop(t)
	live := w.NewMap()
	require.NoError(t, live.Refresh(ctx))
	done := make(chan struct{})
	var readers sync.WaitGroup
	for range 2 {
		readers.Add(1)
		go func() {
			defer readers.Done()
			for {
				top := live.Topology()
				_, one := top.Item(ci["s1"].ID)
				_, two := top.Item(ci["s2"].ID)
				if one != two || len(top.Dependencies(ci["cluster"].ID)) == 1 {
					t.Error("one of two items that change together")
					return
				}
				select {
				case <-done:
					return
				default:
				}
			}
		}()
	}
	desk := workflow.NewDesk(w.Store(), workflow.DeskConfig{Clock: func() time.Time { return w.now }})
	inv, err := cmdb.NewInventory(desk, cmdb.Config{})
	require.NoError(t, err)
	for i := range 60 {
		action := []string{cmdb.ActionRetire, cmdb.ActionReinstate}[i%2]
		_, err := desk.Do(ctx, workflow.Command{Name: "both", Actor: boss}, func(tx *workflow.Tx) error {
			if _, err := inv.MoveIn(tx, ci["s1"].ID, action, "together"); err != nil {
				return err
			}
			_, err := inv.MoveIn(tx, ci["s2"].ID, action, "together")
			return err
		})
		require.NoError(t, err)
		require.NoError(t, live.Refresh(ctx))
	}
	close(done)
	readers.Wait()
}

func TestThePictureOfAnImpact(t *testing.T) {
	w, ci := shop(t)
	im, err := w.topology().Impact(cmdb.Query{Down: []workflow.ID{ci["s1"].ID}})
	require.NoError(t, err)
	p := im.Picture("s1 fails")
	name := map[string]string{}
	for _, it := range p.Items {
		name[it.ID] = it.Name
		require.Equal(t, ci[it.Name].Number, it.ID)
		require.Equal(t, it.Name == "s1", it.Cause)
	}
	var links []string
	for _, l := range p.Links {
		links = append(links, name[l.From]+" → "+name[l.To]+" "+l.Label)
	}
	require.ElementsMatch(t, []string{"shop → app ", "app → cluster ", "cluster → s1 member_of"}, links)
	require.NoError(t, p.SVG(io.Discard))
}

func TestThePictureShowsPeopleIfTheyMatterOrAreAskedFor(t *testing.T) {
	w, ci := shop(t)
	crew := w.add(cmdb.ClassTeam, "crew", to(cmdb.Consumes, ci["shop"]))
	w.add(cmdb.ClassPerson, "pia", to(cmdb.DependsOn, crew))
	office := w.add(cmdb.ClassLocation, "office", to(cmdb.Consumes, ci["shop"]))
	w.add(cmdb.ClassLocation, "branch", to(cmdb.Consumes, ci["shop"]))
	till := w.add(cmdb.ClassServer, "till", to(cmdb.LocatedAt, office))
	for _, test := range []struct {
		rule    string
		down    *cmdb.CI
		classes []string
		want    []string
	}{
		{"who merely consumes is not there", ci["news"], nil, []string{"news", "office", "shop", "till"}},
		{"a cause is", ci["site"], nil, []string{"site", "s1", "s2", "cluster", "app", "shop", "office", "till"}},
		{"a person, too", crew, nil, []string{"crew"}},
		{"who is asked for is", ci["shop"], []string{cmdb.ClassService, cmdb.ClassTeam, cmdb.ClassPerson}, []string{"shop", "crew", "pia"}},
		{"and who is not, is not", till, []string{cmdb.ClassServer}, []string{"till"}},
	} {
		im, err := w.topology().Impact(cmdb.Query{Down: []workflow.ID{test.down.ID}, Classes: test.classes})
		require.NoError(t, err)
		var got []string
		p := im.Picture("")
		for _, it := range p.Items {
			got = append(got, it.Name)
		}
		require.ElementsMatch(t, test.want, got, test.rule)
		require.NoError(t, p.SVG(io.Discard), "no link leads to who is left out")
	}
}
