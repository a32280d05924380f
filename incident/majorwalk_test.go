package incident_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/incident"
	"github.com/itsm-go/itsm/incident/major"
	"github.com/itsm-go/itsm/sla"
	"github.com/itsm-go/itsm/sla/calendar"
	"github.com/itsm-go/itsm/workflow"
)

// majorMonkey gives any command about major incidents to any incident, in the name of
// anybody, with arguments good and bad.
func majorMonkey(ctx context.Context, r *rand.Rand, w *world, id, other workflow.ID) (*incident.Incident, error) {
	actor := []workflow.Actor{ann, carl, mia, mia, workflow.System("monitoring")}[r.IntN(5)]
	text := []string{"", "a text", "another text"}[r.IntN(3)]
	person := []string{"", "ann", "ben", "mia"}[r.IntN(4)]
	role := []major.Role{major.Manager, major.Communications, major.Resolver, "king"}[r.IntN(4)]
	at := w.now.Add(time.Duration(r.IntN(90)-80) * time.Minute)
	type act func() (*incident.Incident, error)
	acts := []act{
		func() (*incident.Incident, error) { return w.ProposeMajor(ctx, actor, id, text, "much") },
		func() (*incident.Incident, error) { return w.PromoteMajor(ctx, actor, id, text, "much") },
		func() (*incident.Incident, error) { return w.AcceptMajor(ctx, actor, id, text) },
		func() (*incident.Incident, error) { return w.RejectMajor(ctx, actor, id, text) },
		func() (*incident.Incident, error) { return w.DemoteMajor(ctx, actor, id, text) },
		func() (*incident.Incident, error) { return w.TakeRole(ctx, actor, id, role, person, text) },
		func() (*incident.Incident, error) { return w.LeaveRole(ctx, actor, id, role, person) },
		func() (*incident.Incident, error) { return w.OpenBridge(ctx, actor, id, text) },
		func() (*incident.Incident, error) { return w.AttendBridge(ctx, actor, id, person, r.IntN(2) == 0) },
		func() (*incident.Incident, error) {
			return w.MarkMajor(ctx, actor, id, []major.Moment{major.Began, major.Alerted, major.Mitigated, "noon"}[r.IntN(4)], at, text)
		},
		func() (*incident.Incident, error) { return w.NoteMajor(ctx, actor, id, at, text) },
		func() (*incident.Incident, error) {
			return w.PostUpdate(ctx, actor, id, major.Draft{Text: text, Status: []major.Status{"", major.Identified, major.Resolved}[r.IntN(3)], Children: r.IntN(3) == 0})
		},
		func() (*incident.Incident, error) {
			return w.WriteReview(ctx, actor, id, major.Words{Overview: &text, Findings: &text, Resolution: &text})
		},
		func() (*incident.Incident, error) {
			return w.AddReviewAction(ctx, actor, id, text, person, at.Add(time.Hour))
		},
		func() (*incident.Incident, error) {
			return w.EndReviewAction(ctx, actor, id, r.IntN(3), major.ActionDone, text)
		},
		func() (*incident.Incident, error) { return w.FinishReview(ctx, actor, id) },
		func() (*incident.Incident, error) { return w.Start(ctx, actor, id) },
		func() (*incident.Incident, error) { return w.Resolve(ctx, actor, id, "fixed", "done") },
		func() (*incident.Incident, error) { return w.Reopen(ctx, actor, id, "again") },
		func() (*incident.Incident, error) { return w.Close(ctx, actor, id) },
		func() (*incident.Incident, error) { return w.SetParent(ctx, actor, id, other) },
		func() (*incident.Incident, error) { return w.SetParent(ctx, actor, id, workflow.ID{}) },
		func() (*incident.Incident, error) {
			return w.Prioritize(ctx, actor, id, incident.Level(2+r.IntN(3)), incident.Level(2+r.IntN(3)))
		},
	}
	if r.IntN(25) == 0 {
		acts = []act{
			func() (*incident.Incident, error) { return w.Cancel(ctx, actor, id, text) },
			func() (*incident.Incident, error) { return w.Merge(ctx, actor, id, other) },
			func() (*incident.Incident, error) {
				return w.CreateMajor(ctx, actor, incident.Report{Title: "Fire", Impact: 2, Urgency: 3}, text, "much")
			},
		}
	}
	return acts[r.IntN(len(acts))]()
}

func everything(t *testing.T, w *world) map[workflow.ID]*incident.Incident {
	all := map[workflow.ID]*incident.Incident{}
	for inc, err := range w.Find(t.Context(), workflow.Query{}) {
		require.NoError(t, err)
		all[inc.ID] = inc
	}
	return all
}

// Whatever is asked: a refusal is of a known class and changes nothing, what must hold
// holds, and the history tells of no step that there is not.
func TestNothingBreaksAMajorIncident(t *testing.T) {
	for seed := range uint64(12) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 23))
			cfg := planned(t)
			cfg.Major.NewParent, cfg.Major.Review = seed%2 == 0, seed%4 < 2
			cfg.Major.Rules = []major.Rule{
				{Name: "P1", Active: true, Action: major.ActionPropose, Impact: impact, When: major.Signs{Priority: 1}},
				{Name: "family", Active: true, Action: []string{major.ActionPropose, major.ActionPromote}[seed%2], Impact: impact, When: major.Signs{ChildrenOver: 1}},
			}
			cfg.OnCall = func(context.Context, string, time.Time) (string, bool, error) { return "otto", seed%3 == 0, nil }
			cfg.Targets, cfg.AutoClose, cfg.AutoCloseCalendar = []sla.Target{resolution(t)}, 2, calendar.Always()
			cfg.Chunk = 1 + int(seed%3)
			w := newWorld(t, cfg)
			var ids []workflow.ID
			for i := range 5 {
				ids = append(ids, w.open(fmt.Sprint("incident ", i)).ID)
			}
			done, refused := 0, 0
			for range 300 {
				w.now = w.now.Add(time.Duration(r.IntN(60)) * time.Minute)
				if r.IntN(4) == 0 {
					w.deliver()
				}
				before := everything(t, w)
				inc, err := majorMonkey(t.Context(), r, w, ids[r.IntN(len(ids))], ids[r.IntN(len(ids))])
				after := everything(t, w)
				if err != nil {
					refused++
					require.True(t, errors.Is(err, workflow.ErrInvalid) || errors.Is(err, workflow.ErrForbidden) ||
						errors.Is(err, workflow.ErrTransition) || errors.Is(err, workflow.ErrNotFound), "%v", err)
					require.Equal(t, before, after, "a refusal changes nothing: %v", err)
					continue
				}
				done++
				if !slices.Contains(ids, inc.ID) {
					ids = append(ids, inc.ID)
				}
				mustHold(t, after)
				majorMustHold(t, w, after)
			}
			w.deliver()
			require.Greater(t, done, 10)
			require.Greater(t, refused, 20)
			for id := range everything(t, w) {
				historyMustHold(t, w, id)
			}
		})
	}
}

func majorMustHold(t *testing.T, w *world, all map[workflow.ID]*incident.Incident) {
	t.Helper()
	for _, inc := range all {
		c := inc.Major
		if c == nil {
			continue
		}
		live := c.Is(major.StateProposed) || c.Is(major.StateAccepted)
		require.False(t, live && inc.Parent != (workflow.ID{}), "%s is a child, and %s", inc.Number, c.State)
		require.False(t, live && w.Category(inc) == workflow.CategoryCancelled, "%s is cancelled, and %s", inc.Number, c.State)
		if w.Category(inc).Final() {
			for _, turn := range c.Crew {
				require.False(t, turn.Until.IsZero(), "%s is %s, and %s is still %s", inc.Number, inc.State, turn.Person, turn.Role)
			}
			require.Empty(t, c.Bridge.Present())
		}
		require.NotEmpty(t, c.Impact)
		require.NotEmpty(t, c.Reason)
		require.False(t, c.ProposedAt.IsZero())
		require.True(t, c.Is(major.StateAccepted) || len(c.Due) == 0, "%s owes %v, and is %s", inc.Number, c.Due, c.State)
		for _, role := range []major.Role{major.Manager, major.Communications, major.Scribe} {
			require.LessOrEqual(t, len(c.Holders(role)), 1)
		}
		if v := c.Review; v != nil && !v.FinishedAt.IsZero() {
			require.Empty(t, v.Open())
		}
		for i, u := range c.Updates {
			require.Equal(t, i+1, u.Number)
		}
	}
}

// historyMustHold walks through the events of an incident.
func historyMustHold(t *testing.T, w *world, id workflow.ID) {
	t.Helper()
	events, err := workflow.History(t.Context(), w.store, w.Kind().Ref(id))
	require.NoError(t, err)
	var replay workflow.Replayer
	last := &incident.Incident{}
	for _, e := range events {
		require.NoError(t, replay.Apply(e))
		raw, err := replay.State()
		require.NoError(t, err)
		inc, err := w.Kind().Decode(workflow.Document{Ref: e.Ref, Version: e.Version, Schema: 1, Updated: e.At, Body: workflow.RawBody(raw)})
		require.NoError(t, err)
		from, to := majorState(last), majorState(inc)
		if from != to {
			step := from + " to " + to
			require.Contains(t, []string{
				"none to proposed", "none to accepted", "proposed to accepted", "proposed to rejected", "accepted to cancelled", "proposed to cancelled",
				"rejected to proposed", "rejected to accepted", "cancelled to proposed", "cancelled to accepted",
				"proposed to none", "rejected to none", "cancelled to none", // the case went to the incident above
			}, step, "%s by %v", e.Type, e.Actor)
			if strings.HasSuffix(e.Type, "major_reject") || strings.HasSuffix(e.Type, "major_demote") {
				require.Equal(t, last.State, inc.State, "the incident goes its own way")
			}
		}
		if from != to && to == major.StateProposed && inc.Major.ProposedBy == "" && last.Major != nil {
			require.NotContains(t, last.Major.Answered, inc.Major.Rule, "a rule that was answered does not propose")
		}
		if from == major.StateAccepted && inc.State == incident.StateClosed && last.State != incident.StateClosed {
			manager := e.Actor.ID == "mia" || slices.Contains(last.Major.Holders(major.Manager), e.Actor.ID)
			require.True(t, manager, "closed by %v", e.Actor)
		}
		last = inc
	}
	_, err = w.Timeline(t.Context(), id)
	require.NoError(t, err)
}

func majorState(inc *incident.Incident) string {
	if inc.Major == nil {
		return major.StateNone
	}
	return inc.Major.State
}
