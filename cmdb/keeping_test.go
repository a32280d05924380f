package cmdb_test

import (
	"errors"
	"testing"
	"time"

	"github.com/itsm-go/itsm/cmdb"
	"github.com/itsm-go/itsm/cmdb/graph"
	"github.com/itsm-go/itsm/workflow"
	"github.com/stretchr/testify/require"
)

var chg = workflow.Ref{Kind: "change", ID: workflow.ID{1, 2, 3}}

func TestWhatHasChangedSinceABaseline(t *testing.T) {
	w, ci := shop(t)
	b, err := w.TakeBaseline(ctx, editor, "release 1", cmdb.Selection{})
	require.NoError(t, err)
	require.Equal(t, 9, b.Count)
	w.now = w.now.Add(time.Hour)
	_, err = w.Update(ctx, editor, ci["app"].ID, cmdb.Edit{Name: "app 2", Set: map[string]any{"version": "2.0"},
		Relate: []cmdb.Relation{to(cmdb.DependsOn, ci["disk"])}, Unrelate: []cmdb.Relation{to(cmdb.DependsOn, ci["db"])}})
	require.NoError(t, err)
	_, err = w.Update(ctx, editor, ci["cluster"].ID, cmdb.Edit{Needs: map[string]graph.Gate{cmdb.MemberOf: graph.Need(2)}})
	require.NoError(t, err)
	_, err = w.Move(ctx, editor, ci["news"].ID, cmdb.ActionRetire, "")
	require.NoError(t, err)
	extra := w.add(cmdb.ClassServer, "s3")

	diffs, err := w.Since(ctx, b, w.now)
	require.NoError(t, err)
	byName := map[string]cmdb.Difference{}
	for _, d := range diffs {
		byName[d.Name] = d
	}
	require.Len(t, byName, 4)
	app := byName["app 2"]
	require.Equal(t, cmdb.Changed, app.Kind)
	require.Equal(t, []cmdb.FieldDifference{{Field: "field.version", New: "2.0"}, {Field: "name", Old: "app", New: "app 2"}}, app.Fields)
	require.Equal(t, []cmdb.Relation{to(cmdb.DependsOn, ci["disk"])}, app.Related)
	require.Equal(t, []cmdb.Relation{to(cmdb.DependsOn, ci["db"])}, app.Unrelated)
	require.Equal(t, []cmdb.FieldDifference{{Field: "need.member_of", New: "2"}}, byName["cluster"].Fields)
	require.Equal(t, cmdb.Removed, byName["news"].Kind)
	require.Equal(t, cmdb.Added, byName["s3"].Kind)
	require.Equal(t, extra.ID, byName["s3"].ID)

	some, err := w.TakeBaseline(ctx, editor, "servers", cmdb.Selection{Classes: []string{cmdb.ClassComputer}})
	require.NoError(t, err)
	require.Equal(t, 3, some.Count)
	again, err := w.Baseline(ctx, b.ID)
	require.NoError(t, err)
	snap, err := w.Open(ctx, again)
	require.NoError(t, err)
	require.Len(t, snap.Items, 9)
	again.Digest[0]++
	_, err = w.Open(ctx, again)
	require.ErrorIs(t, err, workflow.ErrTampered)
	_, err = w.TakeBaseline(ctx, caller, "mine", cmdb.Selection{})
	require.ErrorIs(t, err, workflow.ErrForbidden)
	_, err = w.TakeBaseline(ctx, editor, "", cmdb.Selection{})
	require.ErrorIs(t, err, workflow.ErrInvalid)
}

func TestProposalsHappenWhenTheChangeIsComplete(t *testing.T) {
	w, ci := shop(t)
	fresh := workflow.ID{42}
	_, err := w.Propose(ctx, editor, chg, "a second disk",
		cmdb.Proposed{Create: &cmdb.Draft{ID: fresh, Class: cmdb.ClassStorage, Name: "disk 2", State: cmdb.StateInUse}},
		cmdb.Proposed{CI: ci["db"].ID, Edit: &cmdb.Edit{Set: map[string]any{"version": "17"}, Relate: []cmdb.Relation{{Type: cmdb.DependsOn, To: fresh}}}},
		cmdb.Proposed{CI: ci["news"].ID, Action: cmdb.ActionRetire})
	require.NoError(t, err)
	db, err := w.Get(ctx, ci["db"].ID)
	require.NoError(t, err)
	require.Nil(t, db.Fields["version"], "nothing has happened yet")
	for p, err := range w.ProposedFor(ctx, ci["db"].ID) {
		require.NoError(t, err)
		require.Equal(t, chg, p.Change)
	}

	done, err := w.Apply(ctx, editor, chg)
	require.NoError(t, err)
	require.Len(t, done, 1)
	db, err = w.Get(ctx, ci["db"].ID)
	require.NoError(t, err)
	require.Equal(t, "17", db.Fields["version"])
	require.Contains(t, db.Related(cmdb.DependsOn), fresh)
	news, err := w.Get(ctx, ci["news"].ID)
	require.NoError(t, err)
	require.Equal(t, cmdb.StateRetired, news.State)
	done, err = w.Apply(ctx, editor, chg)
	require.NoError(t, err)
	require.Empty(t, done, "twice does no harm")
}

func TestAProposalDoesNotUndoWhatHappenedSince(t *testing.T) {
	w, ci := shop(t)
	edit := func(version string) cmdb.Proposed {
		return cmdb.Proposed{CI: ci["db"].ID, Edit: &cmdb.Edit{Set: map[string]any{"version": version}}}
	}
	_, err := w.Propose(ctx, editor, chg, "upgrade", edit("17"), cmdb.Proposed{CI: ci["app"].ID, Edit: &cmdb.Edit{Name: "app 2"}})
	require.NoError(t, err)
	_, err = w.Update(ctx, editor, ci["db"].ID, cmdb.Edit{Set: map[string]any{"version": "16.1", "product": "postgres"}})
	require.NoError(t, err)
	_, err = w.Apply(ctx, editor, chg)
	var clash *cmdb.ClashError
	require.True(t, errors.As(err, &clash))
	require.ErrorIs(t, err, workflow.ErrConflict)
	require.Equal(t, []cmdb.Clash{{CI: ci["db"].Number + " (db)", Field: "field.version", Is: "16.1"}}, clash.Clashes)
	app, err := w.Get(ctx, ci["app"].ID)
	require.NoError(t, err)
	require.Equal(t, "app", app.Title, "all of it or nothing")

	_, err = w.Withdraw(ctx, editor, chg)
	require.NoError(t, err)
	_, err = w.Propose(ctx, editor, chg, "upgrade", edit("17"))
	require.NoError(t, err)
	_, err = w.Update(ctx, editor, ci["db"].ID, cmdb.Edit{Set: map[string]any{"version": "17"}})
	require.NoError(t, err)
	done, err := w.Apply(ctx, editor, chg)
	require.NoError(t, err, "somebody has done the very same")
	require.Len(t, done, 1)
}

func TestWrongProposalsAreRefusedAtOnce(t *testing.T) {
	w, ci := shop(t)
	for name, steps := range map[string][]cmdb.Proposed{
		"nothing":          nil,
		"neither nor":      {{CI: ci["db"].ID}},
		"both":             {{CI: ci["db"].ID, Action: cmdb.ActionRetire, Create: &cmdb.Draft{Class: cmdb.ClassServer, Name: "x"}}},
		"a wrong value":    {{CI: ci["db"].ID, Edit: &cmdb.Edit{Set: map[string]any{"size_gb": "big"}}}},
		"a wrong new item": {{Create: &cmdb.Draft{Class: "robot"}}},
	} {
		_, err := w.Propose(ctx, editor, chg, name, steps...)
		require.ErrorIs(t, err, workflow.ErrInvalid, name)
	}
	_, err := w.Propose(ctx, editor, chg, "not now", cmdb.Proposed{CI: ci["db"].ID, Action: cmdb.ActionDispose})
	require.ErrorIs(t, err, workflow.ErrTransition)
	_, err = w.Propose(ctx, caller, chg, "mine", cmdb.Proposed{CI: ci["db"].ID, Edit: &cmdb.Edit{Name: "x"}})
	require.ErrorIs(t, err, workflow.ErrForbidden)
	for range w.Proposals(ctx, chg) {
		t.Fatal("nothing was proposed")
	}
}

func TestDriftFromWhatIsDesired(t *testing.T) {
	w, ci := shop(t)
	_, err := w.Update(ctx, editor, ci["s1"].ID, cmdb.Edit{Set: map[string]any{"os": "Linux", "cpus": 8}})
	require.NoError(t, err)
	_, err = w.Update(ctx, editor, ci["s2"].ID, cmdb.Edit{Set: map[string]any{"os": "Windows", "cpus": 8}})
	require.NoError(t, err)
	rule := cmdb.Desired{Name: "web farm", Selection: cmdb.Selection{Classes: []string{cmdb.ClassComputer}}, States: []string{cmdb.StateInUse},
		Expect: map[string]any{"cpus": 8}, OneOf: map[string][]any{"os": {"Linux", "BSD"}},
		Relations: []cmdb.ExpectedRelations{{Type: cmdb.LocatedAt, ToClass: cmdb.ClassLocation, Least: 1, Most: 1}, {Type: cmdb.ConnectsTo, Least: 1}}}
	var got []string
	for d, err := range w.Drift(ctx, rule) {
		require.NoError(t, err)
		got = append(got, d.Name+": "+d.Field+": want "+d.Want+", have "+d.Have)
	}
	require.Equal(t, []string{
		"s1: relation.connects_to: want at least 1, have 0",
		"s2: field.os: want Linux or BSD, have Windows",
		"s2: relation.connects_to: want at least 1, have 0",
	}, got)
	wrong := cmdb.Desired{Selection: cmdb.Selection{Classes: []string{cmdb.ClassServer, "robot"}}, Expect: map[string]any{"colour": 1, "cpus": "many"},
		Relations: []cmdb.ExpectedRelations{{Type: "likes", Least: 2, Most: 1}}}
	for _, err := range w.Drift(ctx, wrong) {
		require.ErrorIs(t, err, workflow.ErrInvalid)
		for _, part := range []string{"no name", "robot", "colour", "cpus", "likes", "2 to 1"} {
			require.ErrorContains(t, err, part)
		}
	}
}

func TestTheHealthOfAConfiguration(t *testing.T) {
	w, ci := shop(t)
	lonely, err := w.Create(ctx, editor, cmdb.Draft{Class: cmdb.ClassServer, Name: "lonely", State: cmdb.StateInUse, Attributes: map[string]any{"serial_number": "AB12"}})
	require.NoError(t, err)
	_, err = w.Update(ctx, editor, ci["s1"].ID, cmdb.Edit{Set: map[string]any{"serial_number": "ab12"}})
	require.NoError(t, err)
	_, err = w.Update(ctx, editor, ci["cluster"].ID, cmdb.Edit{Needs: map[string]graph.Gate{cmdb.MemberOf: graph.Need(3)}})
	require.NoError(t, err)
	w.now = w.now.Add(59 * 24 * time.Hour)
	_, err = w.Move(ctx, editor, ci["disk"].ID, cmdb.ActionRetire, "")
	require.NoError(t, err)
	w.now = w.now.Add(36 * time.Hour)
	report, err := w.Health(ctx, w.now)
	require.NoError(t, err)
	var got []string
	for _, f := range report.Findings {
		if f.Ailment != cmdb.Stale {
			got = append(got, string(f.Ailment)+" "+f.Name+": "+f.Detail)
		}
	}
	require.Equal(t, []string{
		"missing_recommended s2: no serial_number",
		"missing_recommended shop: no owned_by",
		"orphan lonely: no relation to or from any item",
		"duplicate lonely: serial_number AB12 is that of " + ci["s1"].Number + " (s1) too",
		"broken_relation db: depends_on " + ci["disk"].Number + " (disk), which is retired",
		"unmet_need cluster: it needs 3 member_of of 2",
	}, got)
	require.Equal(t, 9, report.Total.Items)
	require.Equal(t, 8, report.Total.Ill[cmdb.Stale], "not the location, which is only ever seen in years")
	require.InDelta(t, 1-1.0/9, report.Total.Share(cmdb.Orphan), 1e-12)
	require.Equal(t, 1, report.Total.Sound)
	_ = lonely
}
