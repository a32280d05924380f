package announce_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/incident/announce"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/faultstore"
	"github.com/itsm-go/itsm/workflow/memstore"
)

// course is an outage and an announcement from beginning to end, each command with a
// key, over a store that may fail.
type course struct {
	*world
	told map[string]workflow.ID // what was told, by which message
}

func (c *course) run(t *testing.T, store workflow.Store) error {
	s := c.serve(store, announce.Config{Directory: c.town, Consumers: c.town, Direct: []announce.Kind{announce.Information}})
	var b *announce.Bulletin
	var a, next *announce.Announcement
	d := draft()
	d.Push, d.Acknowledge, d.From, d.Kind = true, true, monday.Add(2*time.Hour), announce.Information
	n := 0
	once := func() *announce.Service { n++; return s.Once(fmt.Sprint("command ", n)) }
	for i, do := range []func() (err error){
		func() (err error) {
			_, err = once().Prefer(ctx, carl, "carl", announce.Preferences{Awake: hours(t, "10:00-20:00")})
			return err
		},
		func() (err error) { b, err = once().Report(ctx, mia, outage(mail, shop)); return err },
		func() error { return c.work(s, 0) },
		func() (err error) {
			_, err = once().Update(ctx, mia, b.ID, announce.News{Words: words("News")})
			return err
		},
		func() error { return c.work(s, 30*time.Minute) },
		func() error { return c.work(s, time.Hour) },
		func() (err error) { _, err = once().Clear(ctx, mia, b.ID, words("It is over")); return err },
		func() (err error) { a, err = once().Draft(ctx, edi, d); return err },
		func() (err error) { _, err = once().Release(ctx, edi, a.ID); return err },
		func() error { return c.work(s, 3*time.Hour) },
		func() error { return once().Acknowledge(ctx, carl, a.ID) },
		func() (err error) {
			d.Supersedes, d.From, d.Words = a.ID, monday, words("Another day")
			next, err = once().Draft(ctx, edi, d)
			return err
		},
		func() (err error) { _, err = once().Release(ctx, edi, next.ID); return err },
		func() error { return c.work(s, 3*time.Hour) },
		func() (err error) {
			_, err = once().Withdraw(ctx, edi, next.ID, "a mistake", words("Forget it"))
			return err
		},
		func() error { return c.work(s, 4*time.Hour) },
	} {
		if err := do(); err != nil {
			return fmt.Errorf("step %d: %w", i+1, err)
		}
	}
	return nil
}

// work carries out what is due at an instant until there is nothing more. The queue
// itself does not fail here.
func (c *course) work(s *announce.Service, since time.Duration) error {
	if at := monday.Add(since); at.After(c.now) {
		c.now = at
	}
	for {
		due, err := c.store.Claim(ctx, c.now, 100, time.Nanosecond)
		if err != nil || len(due) == 0 {
			return err
		}
		slices.SortFunc(due, func(a, b workflow.Due) int { return slices.Compare([]byte(a.Key()), []byte(b.Key())) })
		for _, d := range due {
			if d.Message != nil && d.Message.Topic != announce.TopicSpread {
				c.send(d.Message)
			} else if err := s.Handle(ctx, d); err != nil {
				return err
			}
			if err := c.store.Settle(ctx, workflow.Settlement{Receipt: d.Receipt, Outcome: workflow.Done}); err != nil && !errors.Is(err, workflow.ErrLeaseLost) {
				return err
			}
		}
	}
}

func (c *course) send(m *workflow.Message) {
	note := func(person string, t announce.Told, how string) {
		line := fmt.Sprintf("%s: %s, %s %d%s", person, t.Words["en"].Title, t.Stage, t.Round, how)
		if before, told := c.told[line]; told && before != m.ID {
			line += " twice"
		}
		c.told[line] = m.ID
	}
	var n announce.Notice
	var d announce.Digest
	if m.Topic == announce.TopicDigest && json.Unmarshal(m.Payload, &d) == nil {
		for _, it := range d.Items {
			note(d.To.Person, it, " by digest")
		}
	}
	if m.Topic == announce.TopicNotice && json.Unmarshal(m.Payload, &n) == nil {
		for _, r := range n.To {
			note(r.Person, n.Told, "")
		}
	}
}

func (c *course) outcome() string {
	var lines []string
	for told := range c.told {
		lines = append(lines, told)
	}
	for a, err := range c.Announcements(ctx, workflow.Query{}) {
		if err == nil {
			lines = append(lines, a.State)
		}
	}
	for b, err := range c.Bulletins(ctx, workflow.Query{}) {
		if err == nil {
			lines = append(lines, fmt.Sprint(b.State, " ", len(b.Rounds), " ", b.Pages))
		}
	}
	slices.Sort(lines)
	return fmt.Sprint(lines)
}

func TestKeepingInformedSurvivesEveryFailureOfTheStore(t *testing.T) {
	var want string
	var last *course
	open := func() workflow.Store {
		last = &course{&world{t: t, town: newTown(), store: memstore.New(), now: monday}, map[string]workflow.ID{}}
		last.Service = last.serve(last.store, announce.Config{Directory: last.town})
		return last.store
	}
	calls, err := faultstore.Drive(open, func(s *faultstore.Store) error { return last.run(t, s) }, func(run faultstore.Run) error {
		if run.Err != nil && !errors.Is(run.Err, faultstore.ErrInjected) && !errors.Is(run.Err, workflow.ErrUnsure) {
			return fmt.Errorf("a fault that is none of the store: %w", run.Err)
		}
		if run.Err != nil {
			last.now = last.now.Add(time.Second) // the leases of what failed are over
			if err := last.run(t, run.Plain); err != nil {
				return err
			}
		}
		got := last.outcome()
		if want == "" {
			want = got
		}
		if got != want {
			return fmt.Errorf("ended as\n%s\nand not as\n%s", got, want)
		}
		_, err := workflow.VerifyStore(ctx, run.Plain, nil)
		return err
	})
	require.NoError(t, err)
	require.Greater(t, calls, 60)
	require.NotContains(t, want, "twice")
	for _, line := range []string{"carl: News, update 2 by digest", "carl: It is over, all_clear 3", "gus: Something is down, reported 1",
		"dora: Another day, reported 1", "dora: Forget it, withdrawn 2", "superseded", "withdrawn"} {
		require.Contains(t, want, line)
	}
}
