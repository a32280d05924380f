package incident_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/incident"
	"github.com/itsm-go/itsm/incident/major"
	"github.com/itsm-go/itsm/sla/calendar"
	"github.com/itsm-go/itsm/workflow"
)

const (
	minute = major.Duration(time.Minute)
	hour   = major.Duration(time.Hour)
)

// plan tells executives every half an hour until mitigated, then every two hours, the
// status page when there is news, and customers hourly in office hours, for P1 alone.
func plan() major.Policy {
	return major.Policy{
		Group: "major incidents", Organisation: "Acme",
		Plan: []major.Communication{
			{Name: "board", Audience: major.Executives, Channel: major.ByMail, To: []string{"cio", "ceo"},
				Cadence: []major.Pace{{Every: 30 * minute, Until: major.Mitigated}, {Every: 2 * hour}}},
			{Name: "page", Audience: major.StatusPage, Channel: major.ByPage, Template: "page"},
			{Name: "customers", Audience: major.Customers, Channel: major.BySMS, To: []string{"all customers"}, Priorities: []int{1}, Open: true,
				Cadence: []major.Pace{{Every: hour, Calendar: "office"}}, Grace: 5 * minute},
		},
		Templates: map[string]major.Template{"page": {Subject: "{{status}}: {{title}}", Body: "{{text}} ({{organisation}}, {{duration}})"}},
	}
}

func planned(t *testing.T) incident.Config {
	return incident.Config{Major: plan(), Calendars: map[string]*calendar.Calendar{"office": officeHours(t)}}
}

// bulletins returns the updates delivered, and forgets all that was.
func (w *world) bulletins() []major.Bulletin {
	w.t.Helper()
	w.deliver()
	out := w.updates
	w.updates, w.sent = nil, nil
	return out
}

func (w *world) due(inc *incident.Incident) map[string]time.Duration {
	due := map[string]time.Duration{}
	for _, p := range inc.Major.Due {
		due[p.Communication] = p.Due.Sub(monday)
	}
	return due
}

func TestAnUpdateGoesOutByEveryCommunicationForThePriority(t *testing.T) {
	w := newWorld(t, planned(t))
	ctx := t.Context()
	inc := w.accepted()
	w.bulletins()
	w.now = w.now.Add(75 * time.Minute)
	inc = w.must(w.Once("u1").PostUpdate(ctx, mia, inc.ID, major.Draft{Text: "We look at the {{network}}.\r\nBcc: x"}))
	w.must(w.Once("u1").PostUpdate(ctx, mia, inc.ID, major.Draft{Text: "We look at the network."}))
	out := w.bulletins()
	require.Len(t, out, 2, "once, and not to customers, as it is P3")
	require.Equal(t, major.Bulletin{
		Number: "INC0000001", ID: inc.ID, Update: 1, Communication: "board", Audience: major.Executives, Channel: major.ByMail,
		Bcc: []string{"cio", "ceo"}, Status: major.Investigating, At: w.now,
		Subject: "[P3] INC0000001 investigating: Payment is down",
		Body: "We look at the {{network}}.\r\nBcc: x\n\nImpact: The shops take cash only.\n" +
			"Since: 2 Mar 2026 09:00 UTC (1 h 15 min)\nNext update: 2 Mar 2026 10:45 UTC\n",
	}, out[0])
	require.Equal(t, "investigating: Payment is down", out[1].Subject)
	require.Equal(t, "We look at the {{network}}.\r\nBcc: x (Acme, 1 h 15 min)", out[1].Body)
	require.Equal(t, []major.Update{{Number: 1, At: w.now, By: "mia", Status: major.Investigating,
		Text: "We look at the {{network}}.\r\nBcc: x", Communications: []string{"board", "page"}}}, inc.Major.Updates)

	w.must(w.OverridePriority(ctx, mia, inc.ID, incident.P1, "all shops"))
	w.must(w.PostUpdate(ctx, mia, inc.ID, major.Draft{Text: "All shops."}))
	out = w.bulletins()
	require.Len(t, out, 3)
	require.Equal(t, []string{"all customers"}, out[2].To, "who may see each other")
	w.must(w.PostUpdate(ctx, mia, inc.ID, major.Draft{Text: "Only the board.", Communications: []string{"board"}}))
	require.Len(t, w.bulletins(), 1)
	err := w.refused(inc.ID, workflow.ErrInvalid, func() (*incident.Incident, error) {
		return w.PostUpdate(ctx, mia, inc.ID, major.Draft{Status: "fine", Communications: []string{"press", "board", "board"}})
	})
	for _, want := range []string{"the text has 1 to", `status "fine"`, `"press" is not in the plan`, `"board" is not in the plan, or named twice`} {
		require.ErrorContains(t, err, want)
	}
	w.refused(inc.ID, workflow.ErrForbidden, func() (*incident.Incident, error) {
		return w.PostUpdate(ctx, carl, inc.ID, major.Draft{Text: "I know more"})
	})
}

func TestUpdatesAreOwedAtTheirPace(t *testing.T) {
	w := newWorld(t, planned(t))
	ctx := t.Context()
	inc := w.accepted()
	require.Equal(t, map[string]time.Duration{"board": 30 * time.Minute}, w.due(inc), "the first after the first interval")
	inc = w.must(w.OverridePriority(ctx, mia, inc.ID, incident.P1, "all shops"))
	require.Equal(t, map[string]time.Duration{"board": 30 * time.Minute, "customers": time.Hour}, w.due(inc), "the priority brings others")

	w.now = monday.Add(20 * time.Minute)
	inc = w.must(w.PostUpdate(ctx, mia, inc.ID, major.Draft{Text: "one"}))
	require.Equal(t, map[string]time.Duration{"board": 50 * time.Minute, "customers": 80 * time.Minute}, w.due(inc))
	inc = w.must(w.MarkMajor(ctx, mia, inc.ID, major.Mitigated, w.now, "cash registers restarted"))
	inc = w.must(w.PostUpdate(ctx, mia, inc.ID, major.Draft{Text: "two"}))
	require.Equal(t, map[string]time.Duration{"board": 140 * time.Minute, "customers": 80 * time.Minute}, w.due(inc), "slower once mitigated")
	w.now = monday.Add(7*time.Hour + 30*time.Minute) // 16:30
	inc = w.must(w.PostUpdate(ctx, mia, inc.ID, major.Draft{Text: "three"}))
	require.Equal(t, 24*time.Hour+30*time.Minute, w.due(inc)["customers"], "an hour of office hours: half of it on Tuesday")
	inc = w.must(w.LiftOverride(ctx, mia, inc.ID))
	require.Equal(t, map[string]time.Duration{"board": 9*time.Hour + 30*time.Minute}, w.due(inc))
	inc = w.must(w.DemoteMajor(ctx, mia, inc.ID, "calm"))
	require.Empty(t, inc.Major.Due)
}

func TestAFixThatFailsBringsThePaceBack(t *testing.T) {
	w := newWorld(t, planned(t))
	ctx := t.Context()
	inc := w.accepted()
	w.must(w.MarkMajor(ctx, mia, inc.ID, major.Mitigated, w.now, "restart"))
	inc = w.must(w.PostUpdate(ctx, mia, inc.ID, major.Draft{Text: "restarted", Status: major.Monitoring}))
	require.Equal(t, 2*time.Hour, w.due(inc)["board"])
	inc = w.must(w.PostUpdate(ctx, mia, inc.ID, major.Draft{Text: "down again", Status: major.Investigating}))
	require.Equal(t, 30*time.Minute, w.due(inc)["board"])
	w.must(w.MarkMajor(ctx, mia, inc.ID, major.Mitigated, w.now, "restart"))
	w.must(w.Resolve(ctx, ben, inc.ID, "fixed", "done"))
	inc = w.must(w.Reopen(ctx, ben, inc.ID, "down again"))
	require.Equal(t, 30*time.Minute, w.due(inc)["board"])
	require.True(t, inc.Major.MitigatedAt.IsZero())
}

func TestAnUpdateThatNobodySendsIsEscalated(t *testing.T) {
	cfg := planned(t)
	cfg.Ladder = func(_ context.Context, inc *incident.Incident, rung int, _ time.Time) (incident.Rung, error) {
		return incident.Rung{To: []string{fmt.Sprint("rung ", rung)}, Next: []time.Duration{15 * time.Minute, 0}[rung]}, nil
	}
	w := newWorld(t, cfg)
	ctx := t.Context()
	inc := w.accepted()
	w.must(w.TakeRole(ctx, mia, inc.ID, major.Communications, "cleo", ""))
	w.news()
	w.pass(29 * time.Minute)
	require.Empty(t, w.news())
	w.pass(time.Minute)
	require.Equal(t, []string{"cleo"}, w.people(incident.TopicUpdateDue), "who leads the communications is reminded")
	w.pass(9 * time.Minute)
	require.Empty(t, w.news())
	w.pass(time.Minute)
	require.Equal(t, []string{"rung 0"}, w.people(incident.TopicUpdateOverdue))
	w.pass(15 * time.Minute)
	require.Equal(t, []string{"rung 1"}, w.people(incident.TopicUpdateOverdue))
	w.pass(5 * time.Hour)
	require.Empty(t, w.news(), "the ladder has ended")
	w.must(w.PostUpdate(ctx, mia, inc.ID, major.Draft{Text: "We are on it."}))
	w.news()
	w.pass(29 * time.Minute)
	require.Empty(t, w.news())
	w.pass(time.Minute)
	require.Equal(t, []string{incident.TopicUpdateDue}, w.news(), "the next is owed")
}

func TestOneNoticeListsTheUpdatesThatAreOwed(t *testing.T) {
	cfg := planned(t)
	cfg.Major.Plan[1].Cadence = []major.Pace{{Every: 35 * minute}}
	cfg.Major.Plan[1].Grace = 5 * minute
	cfg.Ladder = func(_ context.Context, _ *incident.Incident, rung int, _ time.Time) (incident.Rung, error) {
		return incident.Rung{To: []string{fmt.Sprint("rung ", rung)}, Next: 15 * time.Minute}, nil
	}
	w := newWorld(t, cfg)
	ctx := t.Context()
	inc := w.must(w.OverridePriority(ctx, mia, w.accepted().ID, incident.P1, "all shops"))
	told := func() (texts []string) {
		w.deliver()
		for _, s := range w.sent {
			if s.topic == incident.TopicUpdateDue || s.topic == incident.TopicUpdateOverdue {
				require.Empty(t, s.Target, "which is of a service level")
				texts = append(texts, fmt.Sprintf("%v: %s [%s, %s]", s.To, s.Text, s.Threshold, s.At.Format("15:04")))
			}
		}
		w.sent = nil
		return texts
	}
	told()
	for _, step := range []struct {
		after time.Duration
		want  []string
	}{
		{29 * time.Minute, nil},
		{time.Minute, []string{"[mia major incidents]: board (executives) by mail [due, 09:30]"}},
		{5 * time.Minute, []string{"[mia major incidents]: page (status page) [due, 09:35]"}},
		{5 * time.Minute, []string{"[rung 0]: board (executives) by mail, 10m0s late; page (status page), 5m0s late [10m0s after due, 09:30]"}},
	} {
		w.pass(step.after)
		require.Equal(t, step.want, told())
	}
	w.must(w.PostUpdate(ctx, mia, inc.ID, major.Draft{Text: "We are on it."}))
	w.must(w.Resolve(ctx, ben, inc.ID, "fixed", "done"))
	require.Equal(t, []string{"[mia major incidents]: that it is resolved, to board (executives) by mail; page (status page); customers by sms [due, 09:40]"}, told())
}

func TestWithoutALadderTheManagerAndTheGroupHearOnce(t *testing.T) {
	w := newWorld(t, planned(t))
	w.accepted()
	w.news()
	w.pass(30 * time.Minute)
	require.Equal(t, []string{"mia", "major incidents"}, w.people(incident.TopicUpdateDue))
	w.pass(10 * time.Minute)
	require.Equal(t, []string{"mia", "major incidents"}, w.people(incident.TopicUpdateOverdue))
	w.pass(10 * time.Hour)
	require.Empty(t, w.news())
}

func TestTheLastUpdateSaysThatItIsResolved(t *testing.T) {
	w := newWorld(t, planned(t))
	ctx := t.Context()
	inc := w.accepted()
	say := func(status major.Status) (*incident.Incident, error) {
		return w.PostUpdate(ctx, mia, inc.ID, major.Draft{Text: "text", Status: status})
	}
	for _, status := range []major.Status{major.Identified, major.Monitoring, major.Investigating, major.Monitoring} {
		require.Equal(t, status, w.must(say(status)).Major.Status)
	}
	w.refused(inc.ID, workflow.ErrInvalid, func() (*incident.Incident, error) { return say(major.Resolved) })
	w.now = w.now.Add(10 * time.Minute)
	inc = w.must(w.Resolve(ctx, ben, inc.ID, "fixed", "new router"))
	require.Equal(t, map[string]time.Duration{"board": 10 * time.Minute, "page": 10 * time.Minute}, w.due(inc), "owed at once, to all who were told")
	require.Contains(t, w.news(), incident.TopicUpdateDue)
	w.refused(inc.ID, workflow.ErrInvalid, func() (*incident.Incident, error) { return say(major.Monitoring) })
	w.bulletins()
	inc = w.must(say(""))
	require.Equal(t, major.Resolved, inc.Major.Status)
	require.Empty(t, inc.Major.Due)
	require.Contains(t, w.bulletins()[0].Body, "Next update: none")
	inc = w.must(w.Reopen(ctx, ben, inc.ID, "again"))
	require.Len(t, inc.Major.Due, 1, "and so it goes on")
	require.Equal(t, major.Investigating, w.must(say("")).Major.Status)
}

func TestTheCallersOfChildrenCanBeToldToo(t *testing.T) {
	cfg := planned(t)
	cfg.Chunk = 2
	w := newWorld(t, cfg)
	ctx := t.Context()
	parent, children := w.family(5)
	w.must(w.PromoteMajor(ctx, mia, parent.ID, because, impact))
	w.must(w.PostUpdate(ctx, mia, parent.ID, major.Draft{Text: "Pay in cash, please."}))
	w.news()
	w.must(w.PostUpdate(ctx, mia, parent.ID, major.Draft{Text: "We know the cause.", Children: true}))
	w.must(w.Comment(ctx, carl, children[4], "Any news?"))
	w.deliver()
	for _, id := range children {
		child := w.must(w.Get(ctx, id))
		require.Equal(t, "We know the cause.", child.Comments[0].Text)
		require.Equal(t, "mia", child.Comments[0].By)
		require.Equal(t, incident.StateNew, child.State)
	}
	require.Len(t, w.people(incident.TopicComment), 5)
}

func TestTheConference(t *testing.T) {
	w := newWorld(t, desk(major.Policy{}))
	ctx := t.Context()
	inc := w.accepted()
	w.refused(inc.ID, workflow.ErrInvalid, func() (*incident.Incident, error) { return w.AttendBridge(ctx, ann, inc.ID, "ann", true) })
	w.must(w.OpenBridge(ctx, mia, inc.ID, "https://meet.example/1"))
	w.must(w.AttendBridge(ctx, dora, inc.ID, "dora", true))
	w.must(w.AttendBridge(ctx, mia, inc.ID, "ben", true))
	w.refused(inc.ID, workflow.ErrForbidden, func() (*incident.Incident, error) { return w.AttendBridge(ctx, dora, inc.ID, "ben", false) })
	inc = w.must(w.AttendBridge(ctx, dora, inc.ID, "dora", false))
	require.Equal(t, []string{"ben"}, inc.Major.Bridge.Present())
	inc = w.must(w.OpenBridge(ctx, mia, inc.ID, "https://meet.example/2"))
	require.Empty(t, inc.Major.Bridge.Present())
	require.Len(t, inc.Major.Bridge.Calls, 2)
}

func TestWhatIsWrittenDownLaterStandsWhereItHappened(t *testing.T) {
	w := newWorld(t, planned(t))
	ctx := t.Context()
	w.now = monday.Add(time.Hour)
	inc := w.must(w.Open(ctx, ann, incident.Report{Title: "Payment is down", Caller: "carl", Impact: incident.High, Urgency: incident.High}))
	w.now = w.now.Add(10 * time.Minute)
	w.must(w.PromoteMajor(ctx, mia, inc.ID, because, impact))
	for i := range 3 {
		w.now = w.now.Add(time.Minute)
		w.must(w.Open(ctx, ann, incident.Report{Title: fmt.Sprint("too ", i), Impact: 4, Urgency: 4, Parent: inc.ID}))
	}
	w.must(w.AddTask(ctx, ben, inc.ID, incident.Task{Title: "Call the bank"}))
	w.must(w.PostUpdate(ctx, mia, inc.ID, major.Draft{Text: "We look."}))
	w.must(w.NoteMajor(ctx, mia, inc.ID, monday.Add(30*time.Minute), "a firewall rule was changed"))
	w.must(w.MarkMajor(ctx, mia, inc.ID, major.Began, monday.Add(31*time.Minute), ""))
	w.must(w.MarkMajor(ctx, mia, inc.ID, major.Alerted, monday.Add(40*time.Minute), ""))
	w.refused(inc.ID, workflow.ErrInvalid, func() (*incident.Incident, error) {
		return w.NoteMajor(ctx, mia, inc.ID, w.now.Add(time.Hour), "to come")
	})
	w.now = w.now.Add(17 * time.Minute)
	w.must(w.MarkMajor(ctx, mia, inc.ID, major.Mitigated, w.now, "rule taken back"))
	w.must(w.SetTask(ctx, ben, inc.ID, 1, incident.TaskComplete, "done"))
	w.now = w.now.Add(30 * time.Minute)
	inc = w.must(w.Resolve(ctx, mia, inc.ID, "fixed", "Firewall as before"))

	entries, err := w.Timeline(ctx, inc.ID)
	require.NoError(t, err)
	var lines []string
	for _, e := range entries {
		lines = append(lines, fmt.Sprintf("%s %s %s: %s", e.At.Format("15:04"), e.Kind, e.By, e.Text))
	}
	require.Equal(t, []string{
		"09:30 note mia: a firewall rule was changed",
		"09:31 moment : the service began to suffer",
		"09:40 moment : first alert",
		"10:00 state ann: opened: Payment is down",
		"10:10 crew mia: assigned to major incidents/mia",
		"10:10 state mia: accepted as a major incident: nobody can pay",
		"10:10 crew mia: mia is manager",
		"10:11 family ann: child incidents: 3 joined, 3 in all",
		"10:13 task ben: task 1: Call the bank",
		"10:13 update mia: update 1, investigating, to board, page, customers: We look.",
		"10:30 task ben: task 1 is closed complete: Call the bank",
		"10:30 moment : mitigated: rule taken back",
		"11:00 state mia: resolved: Firewall as before",
	}, lines)

	took := map[string]string{}
	for _, f := range inc.Major.Figures(inc.CreatedAt, inc.Resolution.At) {
		took[f.Name] = f.Took.String()
	}
	require.Equal(t, map[string]string{major.TimeToDetect: "9m0s", major.TimeToIdentify: "30m0s", major.TimeToEngage: "0s",
		major.TimeToMitigate: "50m0s", major.TimeToResolve: "1h20m0s"}, took)
}

func TestTheReviewIsFinishedWhenItsActionsAre(t *testing.T) {
	w := newWorld(t, desk(major.Policy{}))
	ctx := t.Context()
	inc := w.accepted()
	words := major.Words{Overview: to("The shops took cash."), Findings: to("A firewall rule."), Resolution: to("Taken back."), Factors: []string{"no second pair of eyes"}}
	w.refused(inc.ID, workflow.ErrTransition, func() (*incident.Incident, error) { return w.WriteReview(ctx, mia, inc.ID, words) })
	w.must(w.Resolve(ctx, ben, inc.ID, "fixed", "done"))
	err := w.refused(inc.ID, workflow.ErrInvalid, func() (*incident.Incident, error) { return w.FinishReview(ctx, mia, inc.ID) })
	require.ErrorContains(t, err, "overview: not written yet")
	w.must(w.WriteReview(ctx, ben, inc.ID, words))
	w.refused(inc.ID, workflow.ErrInvalid, func() (*incident.Incident, error) {
		return w.AddReviewAction(ctx, ben, inc.ID, "", "", monday)
	})
	due := w.now.Add(48 * time.Hour)
	w.must(w.AddReviewAction(ctx, ben, inc.ID, "Two people for firewall rules", "dora", due))
	w.must(w.AddReviewAction(ctx, ben, inc.ID, "Buy a second firewall", "emil", due))
	w.must(w.Close(ctx, mia, inc.ID))
	w.news()
	w.now = due
	require.Equal(t, []string{"mia", "dora", "mia", "emil"}, w.people(incident.TopicActionDue), "also when the incident is closed")
	w.deliver()
	require.Empty(t, w.news(), "once")
	w.must(w.PostponeReviewAction(ctx, ben, inc.ID, 2, "emil", due.Add(time.Hour), "the budget"))
	w.now = due.Add(time.Hour)
	require.Equal(t, []string{"mia", "emil"}, w.people(incident.TopicActionDue), "again, with another due time")

	err = w.refused(inc.ID, workflow.ErrInvalid, func() (*incident.Incident, error) { return w.FinishReview(ctx, mia, inc.ID) })
	require.ErrorContains(t, err, `action 1, "Two people for firewall rules", of dora is open`)
	w.refused(inc.ID, workflow.ErrForbidden, func() (*incident.Incident, error) {
		return w.EndReviewAction(ctx, workflow.User("emil"), inc.ID, 1, major.ActionDone, "")
	})
	w.must(w.EndReviewAction(ctx, dora, inc.ID, 1, major.ActionDone, ""))
	w.refused(inc.ID, workflow.ErrInvalid, func() (*incident.Incident, error) {
		return w.EndReviewAction(ctx, ben, inc.ID, 2, major.ActionDropped, "")
	})
	w.must(w.EndReviewAction(ctx, ben, inc.ID, 2, major.ActionDropped, "too dear"))
	w.refused(inc.ID, workflow.ErrForbidden, func() (*incident.Incident, error) { return w.FinishReview(ctx, ben, inc.ID) })
	inc = w.must(w.FinishReview(ctx, mia, inc.ID))
	require.Equal(t, "mia", inc.Major.Review.FinishedBy)
	w.refused(inc.ID, workflow.ErrInvalid, func() (*incident.Incident, error) { return w.WriteReview(ctx, mia, inc.ID, words) })
}

func TestThereIsAReportOnceItIsResolved(t *testing.T) {
	w := newWorld(t, planned(t))
	ctx := t.Context()
	inc := w.accepted()
	_, err := w.MajorReport(ctx, inc.ID, nil)
	require.ErrorIs(t, err, workflow.ErrTransition)
	w.must(w.Resolve(ctx, ben, inc.ID, "fixed", "done"))
	r, err := w.MajorReport(ctx, inc.ID, nil)
	require.NoError(t, err)
	b, err := json.Marshal(r.Timeline)
	require.NoError(t, err)
	require.Contains(t, string(b), "accepted as a major incident")
	require.Equal(t, "Acme", r.Organisation)
}
