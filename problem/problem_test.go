package problem_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/problem"
	"github.com/itsm-go/itsm/sla/calendar"
	"github.com/itsm-go/itsm/workflow"
)

func TestTheLifeOfAProblem(t *testing.T) {
	w, ctx := newWorld(t, problem.Config{}), t.Context()
	p := w.open("mail stops", ids(0, 2)...)
	require.Equal(t, "PRB0000001", p.Number)
	require.Equal(t, problem.P5, p.Priority, "the least severe, unless stated")
	require.Equal(t, 2, p.Incidents)
	p = w.must(w.Prioritize(ctx, cleo, p.ID, problem.High, problem.Medium))
	require.Equal(t, problem.P2, p.Priority)
	w.must(w.Assess(ctx, cleo, p.ID, ""))
	w.must(w.Confirm(ctx, cleo, p.ID, "three customers"))
	w.must(w.SuspectCause(ctx, tim, p.ID, problem.Finding{Text: "the log fills the disk"}))
	w.refused(p.ID, workflow.ErrGuard, func() (*problem.Problem, error) { return w.Fix(ctx, cleo, p.ID, "rotate it") })
	w.refused(p.ID, workflow.ErrForbidden, func() (*problem.Problem, error) { return w.ConfirmCause(ctx, tim, p.ID, finding) })
	w.refused(p.ID, workflow.ErrInvalid, func() (*problem.Problem, error) {
		return w.ConfirmCause(ctx, cleo, p.ID, problem.Finding{Text: "a guess"})
	})
	p = w.must(w.ConfirmCause(ctx, cleo, p.ID, finding))
	require.Equal(t, "tim", p.Cause.By, "who had suspected it")
	require.Equal(t, "cleo", p.Cause.ConfirmedBy)
	w.refused(p.ID, workflow.ErrTransition, func() (*problem.Problem, error) {
		return w.SuspectCause(ctx, tim, p.ID, problem.Finding{Text: "something else"})
	})
	w.must(w.Fix(ctx, cleo, p.ID, "rotate it"))
	w.refused(p.ID, workflow.ErrRequired, func() (*problem.Problem, error) { return w.Resolve(ctx, cleo, p.ID, "") })
	p = w.must(w.Resolve(ctx, cleo, p.ID, "rotated daily"))
	require.Equal(t, problem.FixApplied, p.Resolution.Code)
	p = w.must(w.Complete(ctx, cleo, p.ID, ""))
	require.Equal(t, problem.StateClosed, p.State)
	require.Equal(t, w.now, p.ClosedAt)
	w.refused(p.ID, workflow.ErrTransition, func() (*problem.Problem, error) { return w.Assign(ctx, mia, p.ID, "x", "y") })
	w.refused(p.ID, workflow.ErrForbidden, func() (*problem.Problem, error) { return w.Reanalyse(ctx, cleo, p.ID, "again") })
	p = w.must(w.Reanalyse(ctx, mia, p.ID, "it has happened again"))
	require.Equal(t, problem.StateAnalysis, p.State)
	require.Nil(t, p.Resolution)
	require.True(t, p.ClosedAt.IsZero())
	require.False(t, p.CauseConfirmed(), "the cause was not the cause")
	require.Equal(t, finding.Text, p.Cause.Text)
}

func TestWhoMayDoWhat(t *testing.T) {
	w, ctx := newWorld(t, problem.Config{}), t.Context()
	_, err := w.Open(ctx, dora, problem.Report{Title: "mine"})
	require.ErrorIs(t, err, workflow.ErrForbidden)
	p := w.analysed("mail stops")
	accept := problem.Acceptance{Reason: "cheap", Review: w.now.AddDate(0, 6, 0)}
	for name, act := range map[string]func() (*problem.Problem, error){
		"the assignee accepts no risk":          func() (*problem.Problem, error) { return w.AcceptRisk(ctx, cleo, p.ID, accept) },
		"a stranger does not link":              func() (*problem.Problem, error) { return w.Link(ctx, dora, p.ID, ids(0, 1)...) },
		"a stranger does not read along":        func() (*problem.Problem, error) { return w.Watch(ctx, dora, p.ID, "dora", true) },
		"an agent does not cancel":              func() (*problem.Problem, error) { return w.Cancel(ctx, ann, p.ID, "no") },
		"a coordinator makes no exception":      func() (*problem.Problem, error) { return w.ExceptCause(ctx, bob, p.ID, "no") },
		"a coordinator calls no problem major":  func() (*problem.Problem, error) { return w.SetMajor(ctx, bob, p.ID, true, "big") },
		"an analyst does not communicate":       func() (*problem.Problem, error) { return w.CommunicateWorkaround(ctx, tim, p.ID) },
		"a stranger does not save the analysis": func() (*problem.Problem, error) { return w.SaveAnalysis(ctx, dora, p.ID, 0, []byte("{}")) },
	} {
		t.Run(name, func(t *testing.T) { w.refused(p.ID, workflow.ErrForbidden, act) })
	}
	_, err = w.Reanalyse(ctx, mia, p.ID, "why not")
	var te *workflow.TransitionError
	require.ErrorAs(t, err, &te)
	require.Equal(t, []string{problem.ActionAcceptRisk, problem.ActionDuplicate, problem.ActionCancel}, te.Allowed)
	options, err := w.Actions(p, bob)
	require.NoError(t, err)
	require.Equal(t, "accept_risk", options[1].Action)
	require.False(t, options[1].Allowed)
}

func TestAProblemCanBeFixedByExceptionWithoutItsCause(t *testing.T) {
	w, ctx := newWorld(t, problem.Config{}), t.Context()
	p := w.analysed("the switch hangs")
	p = w.must(w.ExceptCause(ctx, mia, p.ID, "the switch was replaced"))
	w.must(w.Fix(ctx, cleo, p.ID, "replace it"))
	p = w.must(w.Resolve(ctx, cleo, p.ID, "replaced"))
	require.Equal(t, "mia", p.Exception.By)
}

// A host's lifecycle without the guards does not get around the rules.
func TestRulesHoldWhateverTheLifecycle(t *testing.T) {
	d := problem.Lifecycle(problem.Options{})
	d.Name = "lax"
	for i := range d.Transitions {
		d.Transitions[i].Guards, d.Transitions[i].Required = nil, nil
	}
	for i := range d.States {
		d.States[i].Mandatory = nil
	}
	d.Actions = append(d.Actions, workflow.Action{Name: "shortcut"})
	d.Transitions = append(d.Transitions, workflow.Transition{From: []string{problem.StateNew}, Action: "shortcut", To: problem.StateClosed, Roles: []string{workflow.Anyone}})
	w, ctx := newWorld(t, problem.Config{Lifecycle: d}), t.Context()
	p := w.open("mail stops")
	w.refused(p.ID, workflow.ErrInvalid, func() (*problem.Problem, error) { return w.Act(ctx, dora, p.ID, "shortcut", "") })
	w.must(w.Assess(ctx, cleo, p.ID, ""))
	w.must(w.Confirm(ctx, cleo, p.ID, ""))
	w.must(w.Fix(ctx, cleo, p.ID, ""))
	w.refused(p.ID, problem.ErrCauseUnknown, func() (*problem.Problem, error) { return w.Resolve(ctx, cleo, p.ID, "done") })

	w = newWorld(t, problem.Config{})
	p = w.analysed("mail stops")
	_, err := w.Fix(ctx, cleo, p.ID, "rotate the log")
	require.ErrorIs(t, err, problem.ErrCauseUnknown, "the shipped lifecycle says so with a guard")
	var te *workflow.TransitionError
	require.ErrorAs(t, err, &te)
	require.NotContains(t, te.Allowed, problem.ActionFix, "what was refused would not be allowed")
	require.Contains(t, te.Allowed, problem.ActionCancel)
	require.NotContains(t, te.Allowed, problem.ActionAcceptRisk, "cleo may not")
	_, err = w.Fix(ctx, mia, p.ID, "rotate the log")
	require.ErrorAs(t, err, &te)
	require.Contains(t, te.Allowed, problem.ActionAcceptRisk, "a manager may")
}

func TestAcceptingTheRisk(t *testing.T) {
	for _, to := range []string{problem.StateClosed, problem.StateResolved} {
		t.Run("leads to "+to, func(t *testing.T) {
			w, ctx := newWorld(t, problem.Config{Lifecycle: problem.Lifecycle(problem.Options{AcceptedTo: to})}), t.Context()
			p := w.analysed("mail stops")
			for _, bad := range []problem.Acceptance{{Reason: "", Review: w.now.Add(time.Hour)}, {Reason: "cheap"}, {Reason: "cheap", Review: w.now}} {
				w.refused(p.ID, workflow.ErrInvalid, func() (*problem.Problem, error) { return w.AcceptRisk(ctx, mia, p.ID, bad) })
			}
			w.news()
			p = w.must(w.AcceptRisk(ctx, mia, p.ID, problem.Acceptance{AcceptedBy: "the owner", Reason: "a fix costs more", Review: w.now.AddDate(0, 0, 7)}))
			require.Equal(t, to, p.State)
			require.Equal(t, problem.RiskAccepted, p.Resolution.Code)
			require.Equal(t, []string{"problem.state cleo mail"}, w.news())
			w.pass(6 * 24 * time.Hour)
			require.Empty(t, w.news())
			w.pass(2 * 24 * time.Hour)
			require.Equal(t, []string{"problem.risk_review cleo mail the owner"}, w.news())
			w.must(w.ReviewRisk(ctx, mia, p.ID, w.now.AddDate(0, 0, 7), "still cheap"))
			w.pass(8 * 24 * time.Hour)
			require.Equal(t, []string{"problem.risk_review cleo mail the owner"}, w.news(), "and again, at the next date")
			w.pass(30 * 24 * time.Hour)
			require.Empty(t, w.news())
			if to == problem.StateResolved {
				p = w.must(w.Complete(ctx, cleo, p.ID, ""))
				require.Equal(t, problem.RiskAccepted, p.Resolution.Code)
			}
		})
	}
}

func TestTasks(t *testing.T) {
	w, ctx := newWorld(t, problem.Config{}), t.Context()
	p := w.analysed("mail stops")
	w.news()
	w.must(w.AddTask(ctx, cleo, p.ID, problem.Task{Type: problem.TaskRootCause, Title: "read the log", Assignee: "dora"}))
	require.Equal(t, []string{"problem.task dora"}, w.news())
	w.must(w.AddTask(ctx, cleo, p.ID, problem.Task{Title: "call the vendor"}))
	w.refused(p.ID, workflow.ErrInvalid, func() (*problem.Problem, error) { return w.AddTask(ctx, cleo, p.ID, problem.Task{Type: "odd"}) })
	w.must(w.SetTask(ctx, dora, p.ID, 1, problem.TaskInProgress, ""))
	w.refused(p.ID, workflow.ErrForbidden, func() (*problem.Problem, error) {
		return w.SetTask(ctx, dora, p.ID, 2, problem.TaskInProgress, "")
	})
	w.refused(p.ID, workflow.ErrInvalid, func() (*problem.Problem, error) { return w.SetTask(ctx, dora, p.ID, 1, problem.TaskClosed, "") })
	p = w.must(w.SetTask(ctx, dora, p.ID, 1, problem.TaskClosed, "the disk is full"))
	require.Equal(t, problem.TaskClosed, p.Tasks[0].State)
	w.refused(p.ID, workflow.ErrTransition, func() (*problem.Problem, error) {
		return w.SetTask(ctx, dora, p.ID, 1, problem.TaskInProgress, "")
	})
	p = w.must(w.Cancel(ctx, cleo, p.ID, "nobody can reproduce it"))
	require.Equal(t, problem.TaskCancelled, p.Tasks[1].State, "an open task is cancelled with its problem")
	require.Equal(t, problem.TaskClosed, p.Tasks[0].State)
	w.refused(p.ID, workflow.ErrTransition, func() (*problem.Problem, error) { return w.AddTask(ctx, mia, p.ID, problem.Task{Title: "late"}) })
	w.refused(p.ID, workflow.ErrTransition, func() (*problem.Problem, error) { return w.SetTask(ctx, mia, p.ID, 2, problem.TaskAssess, "") })
}

func TestTasksFirst(t *testing.T) {
	w, ctx := newWorld(t, problem.Config{TasksFirst: true}), t.Context()
	p := w.fixing("mail stops")
	w.must(w.AddTask(ctx, cleo, p.ID, problem.Task{Title: "call the vendor"}))
	w.must(w.Resolve(ctx, cleo, p.ID, "done"))
	w.refused(p.ID, problem.ErrTasksOpen, func() (*problem.Problem, error) { return w.Complete(ctx, cleo, p.ID, "") })
	w.must(w.SetTask(ctx, cleo, p.ID, 1, problem.TaskCancelled, ""))
	w.must(w.Complete(ctx, cleo, p.ID, ""))
}

func TestAMajorProblem(t *testing.T) {
	w, ctx := newWorld(t, problem.Config{}), t.Context()
	p := w.fixing("mail stops")
	w.refused(p.ID, workflow.ErrTransition, func() (*problem.Problem, error) { return w.ReviewMajor(ctx, mia, p.ID, "none") })
	w.must(w.SetMajor(ctx, mia, p.ID, true, "all customers"))
	w.must(w.Resolve(ctx, cleo, p.ID, "rotated"))
	w.refused(p.ID, problem.ErrNote, func() (*problem.Problem, error) { return w.Complete(ctx, cleo, p.ID, " ") })
	w.refused(p.ID, problem.ErrNotReviewed, func() (*problem.Problem, error) { return w.Complete(ctx, cleo, p.ID, "over") })
	w.must(w.ReviewMajor(ctx, mia, p.ID, "watch every disk"))
	p = w.must(w.Complete(ctx, cleo, p.ID, "over"))
	require.Equal(t, "over", p.Comments[len(p.Comments)-1].Text)
	p = w.must(w.Reanalyse(ctx, mia, p.ID, "it is back"))
	require.Nil(t, p.Review, "what was reviewed was not the end of it")
}

func TestTheAnalysisIsKeptByVersion(t *testing.T) {
	w, ctx := newWorld(t, problem.Config{CheckAnalysis: func([]byte) error { return nil }}), t.Context()
	p := w.analysed("mail stops")
	first, second := `{"why": "<none>"}`, `{"why": ["a", 1e400, "b"], "why": 2}`
	w.must(w.SaveAnalysis(ctx, tim, p.ID, 0, []byte(first)))
	w.refused(p.ID, problem.ErrStale, func() (*problem.Problem, error) { return w.SaveAnalysis(ctx, cleo, p.ID, 0, []byte(second)) })
	p = w.must(w.SaveAnalysis(ctx, cleo, p.ID, 1, []byte(second)))
	require.Equal(t, second, string(p.Analysis.Document), "to the byte")
	for version, text := range map[int]string{1: first, 2: second} {
		a, err := w.AnalysisAt(ctx, p.ID, version)
		require.NoError(t, err)
		require.Equal(t, text, string(a.Document))
	}
	_, err := w.AnalysisAt(ctx, p.ID, 3)
	require.ErrorIs(t, err, workflow.ErrNotFound)
	for _, bad := range []string{"", "{", "\"\xff\"", strings.Repeat(" ", problem.MaxAnalysis) + "1"} {
		w.refused(p.ID, workflow.ErrInvalid, func() (*problem.Problem, error) { return w.SaveAnalysis(ctx, tim, p.ID, 2, []byte(bad)) })
	}
}

func TestWorkaroundsHaveVersions(t *testing.T) {
	w, ctx := newWorld(t, problem.Config{}), t.Context()
	p := w.analysed("mail stops")
	w.refused(p.ID, workflow.ErrInvalid, func() (*problem.Problem, error) { return w.CommunicateWorkaround(ctx, cleo, p.ID) })
	for _, text := range []string{"restart", "restart", "restart twice"} {
		p = w.must(w.SetWorkaround(ctx, tim, p.ID, text))
	}
	require.Len(t, p.Workarounds, 2)
	require.Equal(t, "restart twice", p.Workaround())
	require.Equal(t, 2, p.Workarounds[1].Version)
	for i := range problem.MaxVersions {
		p = w.must(w.SetWorkaround(ctx, tim, p.ID, strings.Repeat("x", i+1)))
	}
	require.Len(t, p.Workarounds, problem.MaxVersions)
	require.Equal(t, problem.MaxVersions+2, p.Workarounds[problem.MaxVersions-1].Version)
}

func TestTheCoordinatorHearsWhenAllFixesAreFinished(t *testing.T) {
	w, ctx := newWorld(t, problem.Config{}), t.Context()
	a, b := w.fixing("mail stops"), w.fixing("web stops")
	w.must(w.AddFix(ctx, cleo, a.ID, "change", "CHG1"))
	w.must(w.AddFix(ctx, cleo, a.ID, "defect", "BUG2"))
	w.must(w.AddFix(ctx, cleo, b.ID, "change", "CHG1"))
	w.refused(a.ID, workflow.ErrInvalid, func() (*problem.Problem, error) { return w.AddFix(ctx, cleo, a.ID, "change", "CHG1") })
	w.news()
	follower := workflow.System("changes")
	n, err := w.Once("CHG1 closed").FixFinished(ctx, follower, "CHG1", problem.FixCompleted)
	require.NoError(t, err)
	require.Equal(t, 2, n)
	require.Equal(t, []string{"problem.fixes_done cleo mail"}, w.news(), "of b; a waits for its defect")
	n, err = w.FixFinished(ctx, follower, "BUG2", problem.FixCancelled)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	require.Equal(t, []string{"problem.fixes_done cleo mail"}, w.news())
	_, err = w.FixFinished(ctx, follower, "BUG2", problem.FixCancelled)
	require.NoError(t, err)
	require.Empty(t, w.news(), "once")
	_, err = w.FixFinished(ctx, dora, "BUG2", problem.FixCompleted)
	require.ErrorIs(t, err, workflow.ErrForbidden)
	n, err = w.FixFinished(ctx, follower, "CHG9", problem.FixCompleted)
	require.NoError(t, err)
	require.Zero(t, n)
}

func TestNobodyWorksOnIt(t *testing.T) {
	hours, err := calendar.New("UTC", calendar.Weekly(time.Monday, time.Friday, "09:00-17:00"))
	require.NoError(t, err)
	w, ctx := newWorld(t, problem.Config{Inactivity: map[string]time.Duration{problem.StateNew: 16 * time.Hour}, Hours: hours}), t.Context()
	p := w.open("mail stops")
	w.news()
	w.pass(31 * time.Hour) // Tuesday, 16:00
	w.must(w.Note(ctx, ann, p.ID, "called again"))
	w.pass(48 * time.Hour) // Thursday, 16:00
	require.Equal(t, []string{"problem.inactive cleo mail"}, w.news(), "16 working hours after the note")
	require.Equal(t, 1, w.must(w.Get(ctx, p.ID)).Nudges)
	w.pass(4 * 24 * time.Hour) // Monday, 16:00
	require.Equal(t, []string{"problem.inactive cleo mail"}, w.news(), "and again, not counting the weekend")
	p = w.must(w.Assess(ctx, cleo, p.ID, ""))
	require.Zero(t, p.Nudges)
	w.pass(30 * 24 * time.Hour)
	require.Equal(t, []string{"problem.state mail"}, w.news(), "in this state nobody is told")
	_, err = problem.NewService(nil, problem.Config{Inactivity: map[string]time.Duration{"closed": time.Hour, "nowhere": -1}})
	require.ErrorContains(t, err, "no desk")
	require.ErrorContains(t, err, `"closed" is no state`)
	require.ErrorContains(t, err, `"nowhere"`)
}

func TestProblemsAreFound(t *testing.T) {
	w, ctx := newWorld(t, problem.Config{}), t.Context()
	p := w.must(w.Open(ctx, ann, problem.Report{Title: "a", Items: []string{"db-01", "db-02"}, Incidents: ids(0, 3)}))
	w.must(w.Open(ctx, ann, problem.Report{Title: "b", Items: []string{"db-01"}}))
	n := 0
	for range w.Find(ctx, workflow.Query{Where: []workflow.Condition{workflow.Is(problem.IndexItem, "db-01")}}) {
		n++
	}
	require.Equal(t, 2, n)
	found, err := w.ByNumber(ctx, p.Number)
	require.NoError(t, err)
	require.Equal(t, p.ID, found.ID)
	behind, err := w.Behind(ctx, ids(0, 1)[0])
	require.NoError(t, err)
	require.Equal(t, p.ID, behind.ID)
	_, err = w.Behind(ctx, ids(9, 1)[0])
	require.ErrorIs(t, err, workflow.ErrNotFound)
}

func TestInputIsReadStrictly(t *testing.T) {
	_, err := problem.ParseReport([]byte(`{"title": "a", "impact": "high", "tilte": "b"}`))
	require.ErrorIs(t, err, workflow.ErrInvalid)
	want := problem.Report{Title: "a", Impact: problem.High, Urgency: problem.Low, Incidents: ids(0, 1)}
	raw, err := json.Marshal(want)
	require.NoError(t, err)
	r, err := problem.ParseReport(raw)
	require.NoError(t, err)
	require.Equal(t, want, r)
	_, err = problem.ParseDetection([]byte(`{"title": "a", "level": 1}`))
	require.ErrorIs(t, err, workflow.ErrInvalid)
	m, err := json.Marshal(problem.ServiceNowMatrix())
	require.NoError(t, err)
	parsed, err := problem.ParseMatrix(m)
	require.NoError(t, err)
	require.Equal(t, problem.ServiceNowMatrix(), parsed)
	_, err = problem.ParseMatrix([]byte(`{"impacts": ["high", "high"], "urgencies": [], "cells": [["P1"]]}`))
	require.ErrorContains(t, err, "no urgency levels")
	require.ErrorContains(t, err, "listed twice")
}

func TestOpeningTwiceWithTheSameKeyOpensOneProblem(t *testing.T) {
	w, ctx := newWorld(t, problem.Config{}), t.Context()
	a := w.must(w.Once("mail 17").Open(ctx, ann, problem.Report{Title: "a", Incidents: ids(0, 3)}))
	b := w.must(w.Once("mail 17").Open(ctx, ann, problem.Report{Title: "a", Incidents: ids(0, 3)}))
	require.Equal(t, a.ID, b.ID)
	require.Len(t, w.linked(a.ID), 3)
}

func TestAllThatIsWrongIsTold(t *testing.T) {
	w, ctx := newWorld(t, problem.Config{}), t.Context()
	_, err := w.Open(ctx, ann, problem.Report{Impact: problem.VeryLow, Items: []string{"", "a", "a"}, Fields: map[string]any{"x": 1}})
	for _, part := range []string{"the title", "impact", "item 1", "item 3", "x"} {
		require.ErrorContains(t, err, part)
	}
}
