package problem_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/problem"
	"github.com/itsm-go/itsm/workflow"
)

// monkey gives any command to any problem in the name of anybody, with arguments good
// and bad. It keeps count of which incidents belong to some problem.
type monkey struct {
	*world
	r        *rand.Rand
	problems []workflow.ID
	linked   map[workflow.ID]bool
}

func (m *monkey) one(all ...string) string { return all[m.r.IntN(len(all))] }

func (m *monkey) step(ctx context.Context) error {
	r := m.r
	actors := []workflow.Actor{mia, mia, bob, cleo, tim, ann, dora, workflow.System("host")}
	actor, id, other := actors[r.IntN(len(actors))], m.problems[r.IntN(len(m.problems))], m.problems[r.IntN(len(m.problems))]
	text, some := m.one("", "a text", "a text"), ids(r.IntN(60), 1+r.IntN(6))
	type result = func() (*problem.Problem, error)
	forward := []result{
		func() (*problem.Problem, error) { return m.Assess(ctx, actor, id, text) },
		func() (*problem.Problem, error) { return m.Confirm(ctx, actor, id, text) },
		func() (*problem.Problem, error) { return m.Fix(ctx, actor, id, text) },
		func() (*problem.Problem, error) { return m.Resolve(ctx, actor, id, text) },
		func() (*problem.Problem, error) {
			return m.ConfirmCause(ctx, actor, id, problem.Finding{Text: text, Evidence: text})
		},
	}
	often := []result{
		func() (*problem.Problem, error) { return m.SuspectCause(ctx, actor, id, problem.Finding{Text: text}) },
		func() (*problem.Problem, error) { return m.AddTask(ctx, actor, id, problem.Task{Title: text}) },
		func() (*problem.Problem, error) {
			return m.SetTask(ctx, actor, id, 1+r.IntN(4), problem.TaskState(m.one("assess", "in_progress", "closed", "cancelled", "odd")), text)
		},
		func() (*problem.Problem, error) {
			p, err := m.Link(ctx, actor, id, some...)
			if err == nil {
				for _, i := range some {
					m.linked[i] = true
				}
			}
			return p, err
		},
		func() (*problem.Problem, error) {
			p, err := m.Unlink(ctx, actor, id, text, some[0])
			if err == nil {
				delete(m.linked, some[0])
			}
			return p, err
		},
		func() (*problem.Problem, error) { return m.SetWorkaround(ctx, actor, id, text) },
		func() (*problem.Problem, error) { return m.CommunicateWorkaround(ctx, actor, id) },
		func() (*problem.Problem, error) { return m.CommunicateFix(ctx, actor, id) },
		func() (*problem.Problem, error) { return m.Assign(ctx, actor, id, text, m.one("", "cleo", "bob")) },
		func() (*problem.Problem, error) { return m.AddFix(ctx, actor, id, "change", m.one("", "CHG1", "CHG2")) },
		func() (*problem.Problem, error) { return m.RemoveFix(ctx, actor, id, m.one("CHG1", "CHG2")) },
		func() (*problem.Problem, error) {
			_, err := m.FixFinished(ctx, actor, m.one("CHG1", "CHG2"), problem.FixState(m.one("open", "completed", "cancelled", "odd")))
			return nil, err
		},
		func() (*problem.Problem, error) {
			return m.SaveAnalysis(ctx, actor, id, r.IntN(3), []byte(m.one(`{"title": "a"}`, "", "7")))
		},
		func() (*problem.Problem, error) { return m.Note(ctx, actor, id, text) },
		func() (*problem.Problem, error) {
			return m.Prioritize(ctx, actor, id, problem.Level(r.IntN(6)), problem.Low)
		},
		func() (*problem.Problem, error) {
			return m.OverridePriority(ctx, actor, id, problem.Priority(r.IntN(7)), text)
		},
		func() (*problem.Problem, error) { return m.ReviewMajor(ctx, actor, id, text) },
		func() (*problem.Problem, error) {
			return m.Update(ctx, actor, id, func(x *problem.Report) { x.Title = text })
		},
	}
	sometimes := []result{
		func() (*problem.Problem, error) { return m.Complete(ctx, actor, id, text) },
		func() (*problem.Problem, error) { return m.ExceptCause(ctx, actor, id, text) },
		func() (*problem.Problem, error) {
			return m.ReviewRisk(ctx, actor, id, m.now.AddDate(0, 0, r.IntN(3)), text)
		},
		func() (*problem.Problem, error) { return m.Reanalyse(ctx, actor, id, text) },
		func() (*problem.Problem, error) { return m.SetMajor(ctx, actor, id, r.IntN(2) == 0, text) },
	}
	rare := []result{
		func() (*problem.Problem, error) { return m.Cancel(ctx, actor, id, text) },
		func() (*problem.Problem, error) {
			return m.AcceptRisk(ctx, actor, id, problem.Acceptance{Reason: text, Review: m.now.AddDate(0, 0, r.IntN(3))})
		},
		func() (*problem.Problem, error) { return m.MarkDuplicate(ctx, actor, id, other, text) },
	}
	act := often[r.IntN(len(often))]
	switch r.IntN(24) {
	case 0:
		act = rare[r.IntN(len(rare))]
	case 1, 2, 3, 4:
		act = sometimes[r.IntN(len(sometimes))]
	case 5, 6, 7, 8, 9, 10, 11, 12:
		act = forward[r.IntN(len(forward))]
	}
	_, err := act()
	return err
}

// Whatever is asked of a few problems, every refusal is of a known class, the history
// tells of nothing that may not be, and no incident is lost.
func TestNothingBreaksAProblem(t *testing.T) {
	ends := map[string]int{}
	for seed := range uint64(8) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			inactive := map[string]time.Duration{problem.StateNew: 5 * time.Hour, problem.StateAnalysis: 3 * time.Hour}
			m := &monkey{world: newWorld(t, problem.Config{Inactivity: inactive}), r: rand.New(rand.NewPCG(seed, 3)), linked: map[workflow.ID]bool{}}
			for i := range 5 {
				m.problems = append(m.problems, m.open(fmt.Sprint("problem ", i)).ID)
			}
			for range 500 {
				m.now = m.now.Add(time.Duration(m.r.IntN(60)) * time.Minute)
				if m.r.IntN(6) == 0 {
					m.deliver()
				}
				if err := m.step(t.Context()); err != nil {
					known := errors.Is(err, workflow.ErrInvalid) || errors.Is(err, workflow.ErrForbidden) ||
						errors.Is(err, workflow.ErrTransition) || errors.Is(err, workflow.ErrNotFound)
					require.True(t, known, "%v", err)
				}
				m.checkLinks()
			}
			for _, id := range m.problems {
				checkHistory(t, m.world, id, ends)
			}
		})
	}
	for _, end := range []string{"fix_applied", "risk_accepted", "duplicate", "cancelled", "reanalyse"} {
		require.Positive(t, ends[end], "the walks never came to %s: %v", end, ends)
	}
}

// checkLinks counts: every incident that was linked and not unlinked belongs to exactly
// one problem, and every problem counts its own.
func (m *monkey) checkLinks() {
	m.t.Helper()
	owner := map[workflow.ID]workflow.ID{}
	for _, id := range m.problems {
		mine := m.world.linked(id)
		require.Len(m.t, mine, m.must(m.Get(m.t.Context(), id)).Incidents)
		for _, incident := range mine {
			require.Zero(m.t, owner[incident])
			owner[incident] = id
			require.True(m.t, m.linked[incident])
		}
	}
	require.Len(m.t, owner, len(m.linked))
}

// story is what the checker knows of a problem: fields read from the history alone.
type story struct {
	State string `json:"state"`
	Cause *struct {
		Evidence    string    `json:"evidence"`
		ConfirmedAt time.Time `json:"confirmed_at"`
	} `json:"cause"`
	Exception  *struct{ Reason, By string }  `json:"exception"`
	Resolution *struct{ Code, Notes string } `json:"resolution"`
	Risk       *struct {
		AcceptedBy string    `json:"accepted_by"`
		Reason     string    `json:"reason"`
		At         time.Time `json:"at"`
		Review     time.Time `json:"review"`
	} `json:"risk"`
	DuplicateOf string `json:"duplicate_of"`
	Major       bool
	Review      *struct{ Outcome string }
	Comments    []json.RawMessage
	ClosedAt    time.Time `json:"closed_at"`
	Tasks       []struct {
		Number int
		State  string
	}
	Fixes []struct{ ID, State string }
}

// ways are the steps of the lifecycle, written down a second time.
var ways = map[string][][2]string{
	"problem.assess":         {{"new", "assess"}},
	"problem.confirm":        {{"assess", "root_cause_analysis"}},
	"problem.fix":            {{"root_cause_analysis", "fix_in_progress"}},
	"problem.resolve":        {{"fix_in_progress", "resolved"}},
	"problem.complete":       {{"resolved", "closed"}},
	"problem.accept_risk":    {{"assess", "closed"}, {"root_cause_analysis", "closed"}, {"fix_in_progress", "closed"}},
	"problem.mark_duplicate": {{"new", "closed"}, {"assess", "closed"}, {"root_cause_analysis", "closed"}, {"fix_in_progress", "closed"}},
	"problem.cancel":         {{"new", "cancelled"}, {"assess", "cancelled"}, {"root_cause_analysis", "cancelled"}, {"fix_in_progress", "cancelled"}},
	"problem.reanalyse": {{"fix_in_progress", "root_cause_analysis"}, {"resolved", "root_cause_analysis"}, {"closed", "root_cause_analysis"},
		{"cancelled", "root_cause_analysis"}},
}

// checkHistory replays the events of a problem and checks each state it was in.
func checkHistory(t *testing.T, w *world, id workflow.ID, ends map[string]int) {
	t.Helper()
	events, err := workflow.History(t.Context(), w.store, w.Kind().Ref(id))
	require.NoError(t, err)
	var replay workflow.Replayer
	var before story
	for i, e := range events {
		require.NoError(t, replay.Apply(e))
		raw, err := replay.State()
		require.NoError(t, err)
		var now story
		require.NoError(t, json.Unmarshal(raw, &now))
		if i > 0 && now.State != before.State {
			require.Contains(t, ways[e.Type], [2]string{before.State, now.State}, "%s", e.Type)
			if before.Major {
				require.Greater(t, len(now.Comments), len(before.Comments), "a major problem moves on with a work note")
			}
			if now.Resolution != nil {
				ends[now.Resolution.Code]++
			} else if e.Type == "problem.reanalyse" {
				ends["reanalyse"]++
			}
		}
		now.check(t, e)
		before = now
	}
}

func (s story) check(t *testing.T, e workflow.Event) {
	t.Helper()
	over := s.State == "closed" || s.State == "cancelled"
	require.Equal(t, over, !s.ClosedAt.IsZero())
	require.Equal(t, over || s.State == "resolved", s.Resolution != nil, "%s: %s", e.Type, s.State)
	seen := map[int]bool{}
	for _, task := range s.Tasks {
		require.True(t, !over || task.State == "closed" || task.State == "cancelled", "%s: task %d is %s", s.State, task.Number, task.State)
		require.False(t, seen[task.Number])
		seen[task.Number] = true
	}
	if s.Resolution == nil {
		return
	}
	switch s.Resolution.Code {
	case "fix_applied":
		confirmed := s.Cause != nil && !s.Cause.ConfirmedAt.IsZero() && s.Cause.Evidence != ""
		require.True(t, confirmed || s.Exception != nil && s.Exception.Reason != "", "fixed without a known cause")
	case "risk_accepted":
		require.NotEmpty(t, s.Risk.AcceptedBy)
		require.NotEmpty(t, s.Risk.Reason)
		require.True(t, s.Risk.Review.After(s.Risk.At))
	case "duplicate":
		require.NotEmpty(t, s.DuplicateOf)
		require.Empty(t, s.Tasks, "they were handed over")
	case "cancelled":
		require.Equal(t, "cancelled", s.State)
	default:
		t.Fatalf("code %q", s.Resolution.Code)
	}
	if s.State == "closed" && s.Major && s.Resolution.Code != "duplicate" {
		require.NotEmpty(t, s.Review.Outcome, "a major problem is closed with its review")
	}
}
