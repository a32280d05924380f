package survey_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/incident/survey"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/faultstore"
	"github.com/itsm-go/itsm/workflow/memstore"
)

// week is the life of a few invitations, each command with a key, over a store that may
// fail. What is due is worked off as a relay does, in the order of its keys.
type week struct {
	plain *memstore.Store
	now   time.Time
	told  map[string]string
}

func (l *week) run(store workflow.Store) error {
	desk := workflow.NewDesk(store, workflow.DeskConfig{Clock: func() time.Time { return l.now }, IDs: workflow.SeededIDs(1)})
	open, closed := definition(), definition()
	open.PersonCap = &survey.PersonCap{Most: 1, Within: survey.Duration(30 * 24 * time.Hour)}
	open.PeriodCap = &survey.PeriodCap{Most: 5, Per: survey.Month}
	closed.Name, closed.Anonymous, closed.Trigger.Ask = "anonymous", true, []string{"assignee"}
	s, err := survey.NewService(desk, survey.Config{Surveys: []survey.Definition{open, closed}})
	if err != nil {
		return err
	}
	fixed := workflow.SeededIDs(9)
	first, second := event(fixed.NewID(monday), monday), event(fixed.NewID(monday), monday.Add(time.Minute))
	byRecord := func(e survey.Event, who string) (*survey.Invitation, error) {
		q := workflow.Query{Where: []workflow.Condition{workflow.Is(survey.IndexAbout, workflow.StringKey(e.Record.String())), workflow.Is(survey.IndexPerson, workflow.StringKey(who))}}
		for inv, err := range s.Find(ctx, q) {
			return inv, err
		}
		return nil, fmt.Errorf("%s is not asked: %w", who, workflow.ErrNotFound)
	}
	answer := func(e survey.Event, who string, a survey.Answers) error {
		inv, err := byRecord(e, who)
		if err == nil {
			_, err = s.Once("answer "+who).Answer(ctx, workflow.User(who), inv.ID, a)
		}
		return err
	}
	for i, do := range []func() error{
		func() error { _, err := s.Occurred(ctx, first); return err },
		func() error { _, err := s.Occurred(ctx, second); return err },
		func() error { l.now = l.now.Add(2 * time.Hour); return l.work(s) },
		func() error {
			return answer(first, "carl", survey.Answers{"overall": "1", "why": "slow"})
		},
		func() error { return answer(first, "ben", good) },
		func() error { _, err := s.Reopened(ctx, second.Record, monday.Add(3*time.Hour)); return err },
		func() error { l.now = l.now.Add(60 * time.Hour); return l.work(s) },
	} {
		if err := do(); err != nil {
			return fmt.Errorf("step %d: %w", i+1, err)
		}
	}
	return nil
}

// work carries out what is due until there is nothing more. The queue itself does not
// fail here: what is shown is that work which failed can be done again.
func (l *week) work(s *survey.Service) error {
	for {
		due, err := l.plain.Claim(ctx, l.now, 100, time.Nanosecond)
		if err != nil || len(due) == 0 {
			return err
		}
		slices.SortFunc(due, func(a, b workflow.Due) int { return slices.Compare([]byte(a.Key()), []byte(b.Key())) })
		for _, d := range due {
			if d.Message != nil && d.Message.Topic != survey.TopicCollect {
				l.told[d.Message.ID.String()] = d.Message.Topic
			} else if err := s.Handle(ctx, d); err != nil {
				return err
			}
			if err := l.plain.Settle(context.WithoutCancel(ctx), workflow.Settlement{Receipt: d.Receipt, Outcome: workflow.Done}); err != nil && !errors.Is(err, workflow.ErrLeaseLost) {
				return err
			}
		}
	}
}

// outcome is what is in the store and was told in the end, without ids.
func (l *week) outcome() (string, error) {
	var lines []string
	for _, kind := range []string{survey.KindName, survey.KindResponse} {
		for doc, err := range l.plain.Find(ctx, workflow.Query{Kind: kind}) {
			if err != nil {
				return "", err
			}
			raw, err := doc.Body.Encoded()
			if err != nil {
				return "", err
			}
			var v struct {
				Survey  string         `json:"survey"`
				Person  string         `json:"person"`
				State   string         `json:"state"`
				Answers survey.Answers `json:"answers"`
			}
			if err := json.Unmarshal(raw, &v); err != nil {
				return "", err
			}
			lines = append(lines, fmt.Sprint(v))
		}
	}
	for _, topic := range l.told {
		lines = append(lines, topic)
	}
	slices.Sort(lines)
	return fmt.Sprint(lines), nil
}

func TestSurveysSurviveEveryFailureOfTheStore(t *testing.T) {
	var want string
	var last *week
	open := func() workflow.Store {
		last = &week{plain: memstore.New(), now: monday, told: map[string]string{}}
		return last.plain
	}
	calls, err := faultstore.Drive(open, func(s *faultstore.Store) error { return last.run(s) }, func(run faultstore.Run) error {
		if run.Err != nil && !errors.Is(run.Err, faultstore.ErrInjected) && !errors.Is(run.Err, workflow.ErrUnsure) {
			return fmt.Errorf("a fault that is none of the store: %w", run.Err)
		}
		last.now = monday.Add(time.Second) // the leases of what failed are over
		if run.Err != nil {
			if err := last.run(run.Plain); err != nil { // once more from the beginning
				return err
			}
		}
		got, err := last.outcome()
		if err != nil {
			return err
		}
		if want == "" {
			want = got
		}
		if got != want {
			return fmt.Errorf("ended as\n%s\nand not as\n%s", got, want)
		}
		_, err = workflow.VerifyStore(ctx, run.Plain, nil)
		return err
	})
	require.NoError(t, err)
	require.Greater(t, calls, 30)
	require.Contains(t, want, "survey.follow_up")
	require.Contains(t, want, "skipped")
	require.Contains(t, want, "cancelled")
}
