package incident_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/cmdb"
	"github.com/itsm-go/itsm/incident"
	"github.com/itsm-go/itsm/incident/major"
	"github.com/itsm-go/itsm/sla/calendar"
	"github.com/itsm-go/itsm/workflow"
)

var mia = workflow.User("mia", incident.RoleAgent, incident.RoleMajorManager) // decides on major incidents

const (
	because = "nobody can pay"
	impact  = "The shops take cash only."
)

func desk(pol major.Policy) incident.Config {
	if pol.Group == "" {
		pol.Group = "major incidents"
	}
	return incident.Config{Major: pol}
}

// accepted opens a major incident.
func (w *world) accepted() *incident.Incident {
	w.t.Helper()
	return w.must(w.PromoteMajor(w.t.Context(), mia, w.open("Payment is down").ID, because, impact))
}

// people returns who was told on a topic, and forgets all that was delivered.
func (w *world) people(topic string) []string {
	w.t.Helper()
	w.deliver()
	var to []string
	for _, s := range w.sent {
		if s.topic == topic {
			to = append(to, s.To...)
		}
	}
	w.sent = nil
	return to
}

func TestProposingNeedsAReasonAndTheBusinessImpact(t *testing.T) {
	w := newWorld(t, desk(major.Policy{}))
	ctx := t.Context()
	inc := w.open("Payment is down")
	for _, c := range [][2]string{{"", impact}, {because, ""}, {" ", " "}} {
		w.refused(inc.ID, workflow.ErrTransition, func() (*incident.Incident, error) { return w.ProposeMajor(ctx, ann, inc.ID, c[0], c[1]) })
		w.refused(inc.ID, workflow.ErrTransition, func() (*incident.Incident, error) { return w.PromoteMajor(ctx, mia, inc.ID, c[0], c[1]) })
	}
	w.refused(inc.ID, workflow.ErrForbidden, func() (*incident.Incident, error) { return w.ProposeMajor(ctx, carl, inc.ID, because, impact) })
	w.refused(inc.ID, workflow.ErrForbidden, func() (*incident.Incident, error) { return w.PromoteMajor(ctx, ann, inc.ID, because, impact) })
	inc = w.must(w.ProposeMajor(ctx, ann, inc.ID, because, impact))
	require.Equal(t, major.StateProposed, inc.Major.State)
	require.Equal(t, "ann", inc.Major.ProposedBy)
	var offered []string
	for _, o := range w.MajorOptions(inc, ann) {
		require.False(t, o.Allowed, "an agent does not decide: %s", o.Action)
	}
	for _, o := range w.MajorOptions(inc, mia) {
		if o.Allowed {
			offered = append(offered, o.Action)
		}
	}
	require.Equal(t, []string{major.ActionPromote, major.ActionAccept, major.ActionReject}, offered)
	for found, err := range w.Find(ctx, workflow.Query{Where: []workflow.Condition{workflow.Is(incident.IndexMajor, "proposed")}}) {
		require.NoError(t, err)
		require.Equal(t, inc.ID, found.ID, "the candidates can be found")
	}
}

func TestAnIncidentThatIsOverIsNotProposed(t *testing.T) {
	w := newWorld(t, desk(major.Policy{}))
	ctx := t.Context()
	resolved := w.must(w.Resolve(ctx, ann, w.open("Resolved").ID, "fixed", "done"))
	closed := w.must(w.Resolve(ctx, ann, w.open("Closed").ID, "fixed", "done"))
	closed = w.must(w.Close(ctx, ann, closed.ID))
	cancelled := w.must(w.Cancel(ctx, ann, w.open("Cancelled").ID, "mistake"))
	for _, inc := range []*incident.Incident{resolved, closed, cancelled} {
		err := w.refused(inc.ID, workflow.ErrTransition, func() (*incident.Incident, error) { return w.ProposeMajor(ctx, ann, inc.ID, because, impact) })
		require.ErrorContains(t, err, "must not be resolved, closed or cancelled")
		w.refused(inc.ID, workflow.ErrTransition, func() (*incident.Incident, error) { return w.PromoteMajor(ctx, mia, inc.ID, because, impact) })
		for _, o := range w.MajorOptions(inc, mia) {
			require.False(t, o.Allowed, "%s is not offered", o.Action)
		}
	}
}

func TestRejectingAndDemotingNeedAReasonAndLeaveTheIncidentAsItIs(t *testing.T) {
	w := newWorld(t, desk(major.Policy{}))
	ctx := t.Context()
	inc := w.must(w.Start(ctx, ben, w.open("Payment is down").ID))
	w.must(w.ProposeMajor(ctx, ann, inc.ID, because, impact))
	w.refused(inc.ID, workflow.ErrForbidden, func() (*incident.Incident, error) { return w.RejectMajor(ctx, ann, inc.ID, "one shop only") })
	w.refused(inc.ID, workflow.ErrTransition, func() (*incident.Incident, error) { return w.RejectMajor(ctx, mia, inc.ID, "") })
	inc = w.must(w.RejectMajor(ctx, mia, inc.ID, "one shop only"))
	require.Equal(t, major.StateRejected, inc.Major.State)
	require.Equal(t, incident.StateInProgress, inc.State)

	w.must(w.ProposeMajor(ctx, ann, inc.ID, "all shops after all", impact))
	inc = w.must(w.AcceptMajor(ctx, mia, inc.ID, ""))
	require.Equal(t, major.StateAccepted, inc.Major.State)
	w.refused(inc.ID, workflow.ErrTransition, func() (*incident.Incident, error) { return w.DemoteMajor(ctx, mia, inc.ID, "") })
	inc = w.must(w.DemoteMajor(ctx, mia, inc.ID, "a workaround holds"))
	require.Equal(t, major.StateCancelled, inc.Major.State)
	require.Equal(t, incident.StateInProgress, inc.State)
	require.Equal(t, monday, inc.Major.ProposedAt, "the first time counts")
	require.Empty(t, inc.Major.Holders(major.Manager), "nobody has a part in it any longer")
}

func TestCancellingTheIncidentCancelsTheMajorIncident(t *testing.T) {
	w := newWorld(t, desk(major.Policy{}))
	ctx := t.Context()
	proposed := w.must(w.ProposeMajor(ctx, ann, w.open("Proposed").ID, because, impact))
	for _, inc := range []*incident.Incident{proposed, w.accepted()} {
		inc = w.must(w.Cancel(ctx, ann, inc.ID, "a drill"))
		require.Equal(t, major.StateCancelled, inc.Major.State)
	}
	merged := w.must(w.Merge(ctx, ann, w.accepted().ID, w.open("Other").ID))
	require.Equal(t, major.StateCancelled, merged.Major.State)
}

func TestMajorStatesAreNothingToTheChildren(t *testing.T) {
	w := newWorld(t, desk(major.Policy{}))
	parent, children := w.family(2)
	w.must(w.PromoteMajor(t.Context(), mia, parent.ID, because, impact))
	require.Equal(t, map[string]int{"new": 2}, w.states(children))
	w.refused(children[0], workflow.ErrInvalid, func() (*incident.Incident, error) {
		return w.ProposeMajor(t.Context(), ann, children[0], because, impact)
	})
}

func TestWhoGetsAMajorIncident(t *testing.T) {
	onCall := func(_ context.Context, group string, at time.Time) (string, bool, error) {
		return "otto", group == "major incidents", nil
	}
	for name, c := range map[string]struct {
		group, person string // before
		do            func(*world, workflow.ID) (*incident.Incident, error)
		wantGroup     string
		wantPerson    string
		told          []string // the group that had it
	}{
		"proposed without a group: the group and who is on call": {"", "", func(w *world, id workflow.ID) (*incident.Incident, error) {
			return w.ProposeMajor(w.t.Context(), ann, id, because, impact)
		}, "major incidents", "otto", nil},
		"proposed with a group: as before": {"network", "ben", func(w *world, id workflow.ID) (*incident.Incident, error) {
			return w.ProposeMajor(w.t.Context(), ann, id, because, impact)
		}, "network", "ben", nil},
		"promoted with a group: reassigned, and the old group is told": {"network", "ben", func(w *world, id workflow.ID) (*incident.Incident, error) {
			return w.PromoteMajor(w.t.Context(), mia, id, because, impact)
		}, "major incidents", "mia", []string{"network"}},
		"promoted without a group": {"", "", func(w *world, id workflow.ID) (*incident.Incident, error) {
			return w.PromoteMajor(w.t.Context(), mia, id, because, impact)
		}, "major incidents", "mia", nil},
		"created": {"", "", func(w *world, _ workflow.ID) (*incident.Incident, error) {
			return w.CreateMajor(w.t.Context(), mia, incident.Report{Title: "Fire", Impact: 2, Urgency: 2}, because, impact)
		}, "major incidents", "mia", nil},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := desk(major.Policy{})
			cfg.OnCall = onCall
			w := newWorld(t, cfg)
			inc := w.must(w.Open(t.Context(), ann, incident.Report{Title: "Payment is down", Group: c.group, Assignee: c.person, Impact: 2, Urgency: 2}))
			w.news()
			inc = w.must(c.do(w, inc.ID))
			require.Equal(t, c.wantGroup, inc.Group)
			require.Equal(t, c.wantPerson, inc.Assignee)
			require.Equal(t, c.told, w.people(incident.TopicReassigned))
		})
	}
}

func TestPromotingMayOpenANewIncidentAboveTheCandidate(t *testing.T) {
	w := newWorld(t, desk(major.Policy{NewParent: true}))
	ctx := t.Context()
	candidate := w.open("Payment is down")
	w.must(w.ProposeMajor(ctx, ann, candidate.ID, because, impact))
	w.now = w.now.Add(time.Minute)
	above := w.must(w.Once("accept").AcceptMajor(ctx, mia, candidate.ID, ""))
	require.NotEqual(t, candidate.ID, above.ID)
	require.Equal(t, above.ID, w.must(w.Once("accept").AcceptMajor(ctx, mia, candidate.ID, "")).ID, "once")
	require.Equal(t, major.StateAccepted, above.Major.State)
	require.Equal(t, monday, above.Major.ProposedAt, "when the candidate was proposed")
	require.Equal(t, monday, above.Major.AlertedAt, "the candidate was the first to tell")
	require.Equal(t, "mia", above.Assignee)
	require.Equal(t, 1, above.Children)
	candidate = w.must(w.Get(ctx, candidate.ID))
	require.Equal(t, above.ID, candidate.Parent)
	require.Nil(t, candidate.Major)

	parent, _ := w.family(1)
	require.Equal(t, parent.ID, w.must(w.PromoteMajor(ctx, mia, parent.ID, because, impact)).ID, "a parent is promoted itself")
	created := w.must(w.CreateMajor(ctx, mia, incident.Report{Title: "Fire", Impact: 2, Urgency: 2}, because, impact))
	require.Zero(t, created.Children)
}

func TestOnlyTheMajorIncidentManagerClosesAMajorIncident(t *testing.T) {
	cfg := desk(major.Policy{})
	cfg.AutoClose, cfg.AutoCloseCalendar = 3, calendar.Always()
	w := newWorld(t, cfg)
	ctx := t.Context()
	inc := w.accepted()
	w.must(w.Resolve(ctx, ben, inc.ID, "fixed", "done"))
	w.now = w.now.AddDate(0, 0, 30)
	w.deliver()
	require.Equal(t, incident.StateResolved, w.must(w.Get(ctx, inc.ID)).State, "it is never closed by itself")
	for _, nobody := range []workflow.Actor{carl, ann, workflow.User("boss", incident.RoleManager), workflow.System("job")} {
		w.refused(inc.ID, workflow.ErrForbidden, func() (*incident.Incident, error) { return w.Close(ctx, nobody, inc.ID) })
		options, err := w.Options(w.must(w.Get(ctx, inc.ID)), nobody)
		require.NoError(t, err)
		for _, o := range options {
			require.False(t, o.Action == incident.ActionClose && o.Allowed, "closing is not offered to %v", nobody)
		}
	}
	w.refused(inc.ID, workflow.ErrForbidden, func() (*incident.Incident, error) { return w.Reopen(ctx, carl, inc.ID, "not for me") })
	w.must(w.TakeRole(ctx, mia, inc.ID, major.Manager, "ben", "my shift ends"))
	require.Equal(t, incident.StateClosed, w.must(w.Close(ctx, ben, inc.ID)).State, "whoever is its manager may")
}

func TestCallersNeitherResolveNorCancelAMajorIncident(t *testing.T) {
	lifecycle := incident.Lifecycle()
	for i := range lifecycle.Transitions {
		if tr := &lifecycle.Transitions[i]; tr.Action == incident.ActionResolve {
			tr.Roles = append(tr.Roles, incident.RoleCaller)
		}
	}
	cfg := desk(major.Policy{})
	cfg.Lifecycle = lifecycle
	w := newWorld(t, cfg)
	ctx := t.Context()
	w.must(w.Resolve(ctx, carl, w.open("Ordinary").ID, "fixed", "found it"))
	inc := w.accepted()
	w.refused(inc.ID, workflow.ErrForbidden, func() (*incident.Incident, error) { return w.Resolve(ctx, carl, inc.ID, "fixed", "found it") })
	w.refused(inc.ID, workflow.ErrForbidden, func() (*incident.Incident, error) { return w.Cancel(ctx, carl, inc.ID, "found it") })
	options, err := w.Options(inc, carl)
	require.NoError(t, err)
	for _, o := range options {
		require.False(t, o.Allowed, "%s is not offered to the caller", o.Action)
	}
}

func TestClosingMayNeedTheReview(t *testing.T) {
	w := newWorld(t, desk(major.Policy{Review: true}))
	ctx := t.Context()
	inc := w.accepted()
	w.must(w.Resolve(ctx, ben, inc.ID, "fixed", "done"))
	w.refused(inc.ID, workflow.ErrTransition, func() (*incident.Incident, error) { return w.Close(ctx, mia, inc.ID) })
	w.must(w.WriteReview(ctx, ben, inc.ID, major.Words{Overview: to("o"), Findings: to("f"), Resolution: to("r")}))
	w.must(w.FinishReview(ctx, mia, inc.ID))
	w.must(w.Close(ctx, mia, inc.ID))
}

func TestEverybodysPartEndsWhenTheIncidentIsClosed(t *testing.T) {
	again, err := workflow.Extend(incident.Lifecycle(), workflow.Extension{Name: "reopening", Version: 1,
		Transitions: []workflow.Transition{{From: []string{incident.StateClosed}, Action: incident.ActionReopen, To: incident.StateInProgress, Roles: []string{incident.RoleAgent}}}})
	require.NoError(t, err)
	cfg := desk(major.Policy{})
	cfg.Lifecycle = again
	w := newWorld(t, cfg)
	ctx := t.Context()
	inc := w.accepted()
	boss := workflow.User("boss", incident.RoleAgent, incident.RoleMajorManager)
	w.must(w.TakeRole(ctx, mia, inc.ID, major.Manager, "lena", "")) // who is a manager of this one alone
	w.must(w.TakeRole(ctx, mia, inc.ID, major.Resolver, "ben", ""))
	w.must(w.OpenBridge(ctx, mia, inc.ID, "https://meet.example/1"))
	w.must(w.AttendBridge(ctx, mia, inc.ID, "ben", true))
	w.now = monday.Add(time.Hour)
	inc = w.must(w.Resolve(ctx, ben, inc.ID, "fixed", "done"))
	require.Equal(t, []string{"ben"}, inc.Major.Holders(major.Resolver), "the review is still to come")
	w.now = monday.Add(2 * time.Hour)
	w.must(w.AddReviewAction(ctx, ben, inc.ID, "Buy another", "dora", monday.Add(5*time.Hour)))

	w.now = monday.Add(3 * time.Hour)
	inc = w.must(w.Close(ctx, boss, inc.ID))
	for _, turn := range inc.Major.Crew[1:] {
		require.Equal(t, w.now, turn.Until, "%s is %s no longer", turn.Person, turn.Role)
	}
	require.Empty(t, inc.Major.Bridge.Present())
	r, err := w.MajorReport(ctx, inc.ID, nil)
	require.NoError(t, err)
	require.Equal(t, "closed", r.Timeline[len(r.Timeline)-1].Text, "which says it for everybody")
	w.refused(inc.ID, workflow.ErrTransition, func() (*incident.Incident, error) {
		return w.TakeRole(ctx, boss, inc.ID, major.Scribe, "ann", "")
	})
	w.refused(inc.ID, workflow.ErrTransition, func() (*incident.Incident, error) { return w.OpenBridge(ctx, boss, inc.ID, "https://x") })
	w.refused(inc.ID, workflow.ErrTransition, func() (*incident.Incident, error) { return w.AttendBridge(ctx, ben, inc.ID, "ben", true) })

	w.news()
	w.now = monday.Add(5 * time.Hour)
	require.Equal(t, []string{"lena", "dora"}, w.people(incident.TopicActionDue), "who managed it hears of the review")
	lena := workflow.User("lena")
	w.must(w.EndReviewAction(ctx, lena, inc.ID, 1, major.ActionDone, ""))

	inc = w.must(w.Reopen(ctx, ben, inc.ID, "down again"))
	require.Equal(t, []string{"lena"}, inc.Major.Holders(major.Manager), "it is never worked on without a manager")
	require.Empty(t, inc.Major.Holders(major.Resolver))
}

func TestRulesProposeIncidents(t *testing.T) {
	rules := major.StarterRules()
	for i := range rules {
		rules[i].Active = true
	}
	w := newWorld(t, desk(major.Policy{Rules: rules}))
	ctx := t.Context()
	quiet := w.open("P3")
	require.Nil(t, quiet.Major)
	inc := w.must(w.Prioritize(ctx, ann, quiet.ID, incident.High, incident.High))
	require.Equal(t, major.StateProposed, inc.Major.State)
	require.Equal(t, "rule priority 1: priority 1", inc.Major.Reason)
	require.Empty(t, inc.Major.ProposedBy, "nobody did")
	require.Equal(t, "priority 1", inc.Major.Rule)
	require.Equal(t, "major incidents", inc.Group)

	inc = w.must(w.RejectMajor(ctx, mia, inc.ID, "a test shop"))
	inc = w.must(w.Note(ctx, ann, inc.ID, "really"))
	require.Equal(t, major.StateRejected, inc.Major.State, "the rule does not propose it again")
	for i := range 21 {
		w.must(w.Open(ctx, ann, incident.Report{Title: "Me too", Impact: 4, Urgency: 4, Parent: inc.ID}))
		state := w.must(w.Get(ctx, inc.ID)).Major.State
		require.Equal(t, i >= 20, state == major.StateProposed, "another rule does, with more than 20 children: %d", i+1)
	}
	require.Equal(t, "many children", w.must(w.Get(ctx, inc.ID)).Major.Rule)

	opened := w.must(w.Open(ctx, carl, incident.Report{Title: "P1", Impact: incident.High, Urgency: incident.High}))
	require.Equal(t, major.StateProposed, opened.Major.State, "also when it is opened")
	child := w.must(w.Open(ctx, ann, incident.Report{Title: "P1", Impact: incident.High, Urgency: incident.High, Parent: w.open("Parent").ID}))
	require.Nil(t, child.Major, "no child is")
	resolved := w.must(w.Resolve(ctx, ann, w.open("Done").ID, "fixed", "done"))
	require.Nil(t, w.must(w.Prioritize(ctx, ann, resolved.ID, incident.High, incident.High)).Major, "nor what is resolved")
}

func TestACriticalServiceThatSuffersMakesACandidate(t *testing.T) {
	rules := major.StarterRules()[:1]
	rules[0].Active = true
	cfg := desk(major.Policy{Rules: rules})
	cfg.Assess = func(_ context.Context, failed, _ []string) (incident.Suggestion, error) {
		criticality := cmdb.LessCritical
		if slices.Contains(failed, "db1") {
			criticality = cmdb.MostCritical
		}
		return incident.Suggestion{Impact: incident.Low, Services: []incident.SufferingService{
			{ID: workflow.ID{9}, Number: "CI0000009", Name: "shop", Criticality: criticality, Impact: incident.Low, Path: "shop"}}}, nil
	}
	w := newWorld(t, cfg)
	ctx := t.Context()
	inc := w.must(w.Open(ctx, ann, incident.Report{Title: "Printer", CIs: []string{"printer"}, Impact: incident.Low, Urgency: incident.Low}))
	require.Nil(t, inc.Major)
	inc = w.must(w.SetCIs(ctx, ann, inc.ID, incident.CIManual, "db1"))
	require.Equal(t, major.StateProposed, inc.Major.State)
	require.Equal(t, "rule critical service: critical service shop", inc.Major.Reason)
}

func TestARuleThatWasAnsweredByHandDoesNotPropose(t *testing.T) {
	rules := []major.Rule{{Name: "P1", Active: true, Action: major.ActionPropose, Impact: impact, When: major.Signs{Priority: 1}}}
	w := newWorld(t, desk(major.Policy{Rules: rules}))
	ctx := t.Context()
	inc := w.open("Payment is down")
	w.must(w.ProposeMajor(ctx, ann, inc.ID, because, impact))
	w.must(w.Prioritize(ctx, ann, inc.ID, incident.High, incident.High))
	inc = w.must(w.RejectMajor(ctx, mia, inc.ID, "looked at it"))
	require.Equal(t, major.StateRejected, inc.Major.State)
	require.Equal(t, []string{"P1"}, inc.Major.Answered)
}

func TestARuleMayPromote(t *testing.T) {
	for _, above := range []bool{false, true} {
		cfg := desk(major.Policy{NewParent: above, Rules: []major.Rule{
			{Name: "off", Action: major.ActionPropose, Impact: "no", When: major.Signs{VIP: true}},
			{Name: "first", Active: true, Action: major.ActionPromote, Impact: impact, When: major.Signs{VIP: true, Priority: 2}},
			{Name: "second", Active: true, Action: major.ActionPropose, Impact: "no", When: major.Signs{VIP: true}},
		}})
		cfg.OnCall = func(context.Context, string, time.Time) (string, bool, error) { return "otto", true, nil }
		w := newWorld(t, cfg)
		inc := w.must(w.Open(t.Context(), ann, incident.Report{Title: "Mail", VIP: true, Group: "mail", Impact: incident.High, Urgency: incident.Medium}))
		if above {
			require.Equal(t, "mail", inc.Group, "the candidate stays where it is")
			inc = w.must(w.Get(t.Context(), inc.Parent))
			require.Equal(t, 1, inc.Children)
		}
		require.Equal(t, major.StateAccepted, inc.Major.State)
		require.Equal(t, "first", inc.Major.Rule, "the first that holds")
		require.Equal(t, "major incidents/otto", inc.Group+"/"+inc.Assignee)
		require.Equal(t, []string{"otto"}, inc.Major.Holders(major.Manager))
	}
}

func TestAProposalThatNobodyDecidesOnIsToldAgain(t *testing.T) {
	w := newWorld(t, desk(major.Policy{Decide: major.Duration(15 * time.Minute)}))
	ctx := t.Context()
	inc := w.must(w.ProposeMajor(ctx, ann, w.open("Payment is down").ID, because, impact))
	other := w.must(w.ProposeMajor(ctx, ann, w.open("Mail is down").ID, because, impact))
	w.must(w.RejectMajor(ctx, mia, other.ID, "one mailbox"))
	w.news()
	w.pass(14 * time.Minute)
	require.Empty(t, w.news())
	w.pass(time.Minute)
	require.Equal(t, []string{"major incidents"}, w.people(incident.TopicMajorUndecided))
	w.pass(time.Hour)
	require.Empty(t, w.news(), "once")
	w.must(w.AcceptMajor(ctx, mia, inc.ID, ""))
}

func TestRolesAreHandedOver(t *testing.T) {
	w := newWorld(t, desk(major.Policy{}))
	ctx := t.Context()
	inc := w.accepted()
	require.Equal(t, []string{"mia"}, inc.Major.Holders(major.Manager))
	w.news()
	w.now = w.now.Add(time.Hour)
	inc = w.must(w.TakeRole(ctx, mia, inc.ID, major.Manager, "ben", "the vendor calls at six"))
	require.Equal(t, []string{"ben"}, w.people(incident.TopicRole))
	require.Equal(t, []major.Turn{
		{Role: major.Manager, Person: "mia", From: monday, Until: w.now, By: "mia"},
		{Role: major.Manager, Person: "ben", From: w.now, By: "mia", Note: "the vendor calls at six"},
	}, inc.Major.Crew)
	for _, person := range []string{"dora", "emil"} {
		inc = w.must(w.TakeRole(ctx, ben, inc.ID, major.Resolver, person, ""))
	}
	require.Equal(t, []string{"dora", "emil"}, inc.Major.Holders(major.Resolver))
	inc = w.must(w.LeaveRole(ctx, ben, inc.ID, major.Resolver, "dora"))
	require.Equal(t, []string{"emil"}, inc.Major.Holders(major.Resolver))
	w.refused(inc.ID, workflow.ErrInvalid, func() (*incident.Incident, error) { return w.LeaveRole(ctx, ben, inc.ID, major.Manager, "ben") })
	w.refused(inc.ID, workflow.ErrNotFound, func() (*incident.Incident, error) { return w.LeaveRole(ctx, ben, inc.ID, major.Scribe, "ben") })
	w.refused(inc.ID, workflow.ErrForbidden, func() (*incident.Incident, error) { return w.TakeRole(ctx, carl, inc.ID, major.Manager, "carl", "") })
	w.refused(w.open("Ordinary").ID, workflow.ErrTransition, func() (*incident.Incident, error) {
		return w.TakeRole(ctx, mia, w.must(w.ByNumber(ctx, "INC0000002")).ID, major.Scribe, "ann", "")
	})
}
