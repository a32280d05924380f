package incident_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/itsm-go/itsm/cmdb"
	"github.com/itsm-go/itsm/incident"
	"github.com/itsm-go/itsm/incident/major"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/memstore"
	"github.com/stretchr/testify/require"
)

var ctx = context.Background()

// estate is a service desk over a configuration: a shop on two servers and a disk, and
// a wiki on one of the servers.
type estate struct {
	t     *testing.T
	inv   *cmdb.Inventory
	live  *cmdb.Map
	desk  *incident.Service
	items map[string]*cmdb.CI
}

func newEstate(t *testing.T, cfg incident.Config, rules incident.ImpactRules) *estate {
	t.Helper()
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	desk := workflow.NewDesk(memstore.New(), workflow.DeskConfig{Clock: func() time.Time { return now }, IDs: workflow.SeededIDs(1)})
	e := &estate{t: t, items: map[string]*cmdb.CI{}}
	var err error
	e.inv, err = cmdb.NewInventory(desk, cmdb.Config{})
	require.NoError(t, err)
	e.live = e.inv.NewMap()
	cluster := e.add(cmdb.ClassCluster, "cluster", nil)
	s1 := e.add(cmdb.ClassServer, "s1", nil, cmdb.Relation{Type: cmdb.MemberOf, To: cluster})
	e.add(cmdb.ClassServer, "s2", nil, cmdb.Relation{Type: cmdb.MemberOf, To: cluster})
	disk := e.add(cmdb.ClassStorage, "disk", nil)
	app := e.add(cmdb.ClassApplication, "app", nil, cmdb.Relation{Type: cmdb.RunsOn, To: cluster}, cmdb.Relation{Type: cmdb.DependsOn, To: disk})
	e.add(cmdb.ClassService, "shop", map[string]any{"criticality": cmdb.MostCritical, "users": 5000}, cmdb.Relation{Type: cmdb.DependsOn, To: app})
	e.add(cmdb.ClassService, "wiki", map[string]any{"criticality": cmdb.LessCritical}, cmdb.Relation{Type: cmdb.DependsOn, To: s1})
	require.NoError(t, e.live.Refresh(ctx))
	cfg.Assess, err = incident.FromConfiguration(e.live, rules)
	require.NoError(t, err)
	e.desk, err = incident.NewService(desk, cfg)
	require.NoError(t, err)
	return e
}

func (e *estate) add(class, name string, attributes map[string]any, relations ...cmdb.Relation) workflow.ID {
	e.t.Helper()
	ci, err := e.inv.Create(ctx, workflow.User("eva", cmdb.RoleEditor), cmdb.Draft{Class: class, Name: name, State: cmdb.StateInUse, Attributes: attributes, Relations: relations})
	require.NoError(e.t, err)
	e.items[name] = ci
	return ci.ID
}

func (e *estate) open(impact incident.Level, cis ...string) (*incident.Incident, error) {
	var numbers []string
	for _, ci := range cis {
		if item := e.items[ci]; item != nil {
			ci = item.Number
		}
		numbers = append(numbers, ci)
	}
	return e.desk.Open(ctx, ann, incident.Report{Title: "it is broken", Impact: impact, Urgency: incident.Low, CIs: numbers})
}

func TestServicesThatSufferSuggestTheImpact(t *testing.T) {
	for _, c := range []struct {
		cis      []string
		impact   incident.Level // suggested
		services string
		others   int
	}{
		{[]string{"s1"}, incident.Medium, "[wiki down, s1 → wiki; shop degraded, s1 → cluster → app → shop]", 2},
		{[]string{"s2"}, incident.Medium, "[shop degraded, s2 → cluster → app → shop]", 2},
		{[]string{"s1", "s2"}, incident.High, "[shop down, s1 → cluster → app → shop; wiki down, s1 → wiki]", 2},
		{[]string{"disk"}, incident.High, "[shop down, disk → app → shop]", 1},
		{[]string{"wiki"}, incident.Medium, "[wiki down, wiki]", 0},
		{[]string{"printer 7"}, 0, "[]", 0},
	} {
		e := newEstate(t, incident.Config{}, incident.StarterImpactRules())
		inc, err := e.open(incident.Low, c.cis...)
		require.NoError(t, err)
		require.Equal(t, incident.Low, inc.Impact, "what was said counts")
		require.Equal(t, c.impact, inc.Suggested.Impact, "%v", c.cis)
		require.Equal(t, c.services, told(inc.Suggested), "%v", c.cis)
		require.Equal(t, c.others, inc.Suggested.Others, "%v", c.cis)
	}
}

func told(s *incident.Suggestion) string {
	text := ""
	for _, x := range s.Services {
		if text != "" {
			text += "; "
		}
		text += fmt.Sprintf("%s %s, %s", x.Name, x.State, x.Path)
	}
	return "[" + text + "]"
}

func TestAnIncidentWithoutImpactHasTheOneSuggested(t *testing.T) {
	e := newEstate(t, incident.Config{}, incident.StarterImpactRules())
	inc, err := e.open(0, "disk")
	require.NoError(t, err)
	require.Equal(t, incident.High, inc.Impact)
	require.Equal(t, incident.P3, inc.Priority)
	_, err = e.open(0, "printer 7")
	require.ErrorIs(t, err, workflow.ErrInvalid, "nothing follows, so somebody has to say it")

	stored, err := e.desk.Get(ctx, inc.ID)
	require.NoError(t, err)
	require.Equal(t, inc.Suggested, stored.Suggested)
	require.Contains(t, stored.CIs, incident.AffectedCI{ID: e.items["shop"].Number, Source: incident.CIComputed})
}

func TestRaisingTheImpact(t *testing.T) {
	e := newEstate(t, incident.Config{RaiseImpact: true}, incident.StarterImpactRules())
	inc, err := e.open(incident.Low, "disk")
	require.NoError(t, err)
	require.Equal(t, incident.High, inc.Impact)
	require.Equal(t, incident.P3, inc.Priority)
	inc, err = e.open(incident.High, "wiki")
	require.NoError(t, err)
	require.Equal(t, incident.High, inc.Impact, "never lowered")
}

func TestTheSuggestionFollowsTheItems(t *testing.T) {
	e := newEstate(t, incident.Config{RaiseImpact: true}, incident.StarterImpactRules())
	inc, err := e.open(incident.Low, "s2")
	require.NoError(t, err)
	require.Equal(t, incident.Medium, inc.Impact)
	inc, err = e.desk.SetCIs(ctx, ann, inc.ID, incident.CIManual, e.items["s1"].Number, e.items["s2"].ID.String())
	require.NoError(t, err)
	require.Equal(t, "[shop down, s1 → cluster → app → shop; wiki down, s1 → wiki]", told(inc.Suggested))
	require.Equal(t, incident.High, inc.Impact)

	// The application was looked at, and works all the same: nothing spreads through it.
	inc, err = e.desk.SetCIs(ctx, ann, inc.ID, incident.CINotAffected, e.items["app"].Number)
	require.NoError(t, err)
	require.Equal(t, "[wiki down, s1 → wiki]", told(inc.Suggested))
	require.NotContains(t, inc.CIs, incident.AffectedCI{ID: e.items["shop"].Number, Source: incident.CIComputed})
	require.Equal(t, incident.High, inc.Impact, "never lowered")

	// The configuration has changed: the wiki has moved.
	_, err = e.inv.Unrelate(ctx, workflow.User("eva", cmdb.RoleEditor), e.items["wiki"].ID, cmdb.DependsOn, e.items["s1"].ID)
	require.NoError(t, err)
	require.NoError(t, e.live.Refresh(ctx))
	same, err := e.desk.Get(ctx, inc.ID)
	require.NoError(t, err)
	require.Len(t, same.Suggested.Services, 1, "it says what was so then")
	inc, err = e.desk.Reassess(ctx, ann, inc.ID)
	require.NoError(t, err)
	require.Empty(t, inc.Suggested.Services)
	version := inc.Version
	inc, err = e.desk.Reassess(ctx, ann, inc.ID)
	require.NoError(t, err)
	require.Equal(t, version, inc.Version, "nothing new leaves no trace")
	_, err = e.desk.Reassess(ctx, workflow.User("carl"), inc.ID)
	require.ErrorIs(t, err, workflow.ErrForbidden)
}

func TestAPriorityByHandIsNotRaised(t *testing.T) {
	e := newEstate(t, incident.Config{RaiseImpact: true}, incident.StarterImpactRules())
	inc, err := e.open(incident.Low, "wiki")
	require.NoError(t, err)
	_, err = e.desk.OverridePriority(ctx, ann, inc.ID, incident.P5, "nobody is there")
	require.NoError(t, err)
	inc, err = e.desk.SetCIs(ctx, ann, inc.ID, incident.CIManual, e.items["disk"].Number)
	require.NoError(t, err)
	require.Equal(t, incident.High, inc.Impact)
	require.Equal(t, incident.P5, inc.Priority)
}

func TestLevelsThatTheMatrixDoesNotHave(t *testing.T) {
	rules := incident.StarterImpactRules()
	rules.ManyUsers = 1000
	e := newEstate(t, incident.Config{}, rules)
	inc, err := e.open(0, "disk")
	require.NoError(t, err)
	require.Equal(t, incident.VeryHigh, inc.Suggested.Services[0].Impact)
	require.Equal(t, incident.High, inc.Impact, "the 3×3 matrix has nothing above")

	e = newEstate(t, incident.Config{Matrix: incident.GLPIMatrix()}, rules)
	inc, err = e.open(0, "disk")
	require.NoError(t, err)
	require.Equal(t, incident.VeryHigh, inc.Impact)
}

func TestWrongImpactRules(t *testing.T) {
	_, err := incident.FromConfiguration(nil, incident.ImpactRules{Down: map[string]incident.Level{"most_critical": 9}, ManyUsers: -1})
	require.ErrorIs(t, err, workflow.ErrInvalid)
	for _, part := range []string{"most_critical", "unrated", "-1", "no map"} {
		require.ErrorContains(t, err, part)
	}
}

func TestAnAssessorThatFails(t *testing.T) {
	broken := fmt.Errorf("no connection")
	s, err := incident.NewService(workflow.NewDesk(memstore.New(), workflow.DeskConfig{}), incident.Config{
		Assess: func(context.Context, []string, []string) (incident.Suggestion, error) {
			return incident.Suggestion{}, broken
		}})
	require.NoError(t, err)
	_, err = s.Open(ctx, ann, incident.Report{Title: "x", Impact: incident.Low, Urgency: incident.Low, CIs: []string{"a"}})
	require.ErrorIs(t, err, broken)
	_, err = s.Open(ctx, ann, incident.Report{Title: "x", Impact: incident.Low, Urgency: incident.Low})
	require.NoError(t, err, "without items nobody is asked")
}

func TestTheReportTellsWhichServicesSufferedAndWhy(t *testing.T) {
	e := newEstate(t, incident.Config{}, incident.StarterImpactRules())
	inc, err := e.open(incident.High, "s1", "printer 7")
	require.NoError(t, err)
	require.Equal(t, []incident.KnownItem{{As: e.items["s1"].Number, Number: e.items["s1"].Number, Name: "s1"}}, inc.Suggested.Items)
	for _, step := range []func() (*incident.Incident, error){
		func() (*incident.Incident, error) { return e.desk.PromoteMajor(ctx, mia, inc.ID, because, impact) },
		func() (*incident.Incident, error) { return e.desk.Resolve(ctx, mia, inc.ID, "fixed", "done") },
	} {
		_, err := step()
		require.NoError(t, err)
	}
	r, err := e.desk.MajorReport(ctx, inc.ID, nil)
	require.NoError(t, err)
	require.Equal(t, []string{"s1 (" + e.items["s1"].Number + ")", "printer 7"}, r.Items, "by name and number as far as they are known, and no services")
	var suffered []string
	for _, s := range r.Suffering {
		suffered = append(suffered, s.Name+" "+s.State+", "+s.Path)
	}
	require.Equal(t, []string{"wiki down, s1 → wiki", "shop degraded, s1 → cluster → app → shop"}, suffered)
	require.Zero(t, r.More)
	var text strings.Builder
	require.NoError(t, r.Text(&text))
	require.Contains(t, text.String(), "Services that suffered       wiki (down), shop (degraded)\n", "though nobody has named one")

	plain := newWorld(t, desk(major.Policy{}))
	inc = plain.accepted()
	plain.must(plain.SetCIs(ctx, ann, inc.ID, incident.CIManual, "printer 7"))
	plain.must(plain.Resolve(ctx, ben, inc.ID, "fixed", "done"))
	r, err = plain.MajorReport(ctx, inc.ID, nil)
	require.NoError(t, err)
	require.Equal(t, []string{"printer 7"}, r.Items, "without a configuration")
	require.Empty(t, r.Suffering)
}
