package incident_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/incident"
	"github.com/itsm-go/itsm/sla"
	"github.com/itsm-go/itsm/sla/calendar"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/faultstore"
	"github.com/itsm-go/itsm/workflow/memstore"
)

// day is a day at the service desk: every command there is, each once, on a few
// incidents, over a store that may fail.
type day struct {
	*incident.Service
	t        *testing.T
	commands []command
	cfg      incident.Config
	plain    workflow.Store
	ids      map[string]workflow.ID
	effects  map[workflow.ID]string // what was delivered, by message
	written  []int                  // how many events there are before each command, and at the end
}

func (d *day) id(name string) workflow.ID { return d.ids[name] }

// command is one line of the day.
type command struct {
	name string
	do   func(context.Context, *incident.Service, func(string) workflow.ID) (*incident.Incident, error)
}

// as opens an incident under a name.
func as(name string, parent string) command {
	return command{"open " + name, func(ctx context.Context, s *incident.Service, id func(string) workflow.ID) (*incident.Incident, error) {
		r := incident.Report{Title: name, Caller: "carl", Impact: incident.Medium, Urgency: incident.Medium}
		if parent != "" {
			r.Parent = id(parent)
		}
		return s.Open(ctx, ann, r)
	}}
}

// on acts on the incident of a name.
func on(name, what string, act func(context.Context, *incident.Service, workflow.ID) (*incident.Incident, error)) command {
	return command{what + " " + name, func(ctx context.Context, s *incident.Service, id func(string) workflow.ID) (*incident.Incident, error) {
		return act(ctx, s, id(name))
	}}
}

var everyCommand = []command{
	as("mail", ""), as("webmail", "mail"), as("again", ""), as("mistake", ""), as("other", ""),
	on("mail", "assign", func(ctx context.Context, s *incident.Service, id workflow.ID) (*incident.Incident, error) {
		return s.Assign(ctx, ann, id, "mail team", "ben")
	}),
	on("mail", "start", func(ctx context.Context, s *incident.Service, id workflow.ID) (*incident.Incident, error) {
		return s.Start(ctx, ben, id)
	}),
	on("mail", "hold", func(ctx context.Context, s *incident.Service, id workflow.ID) (*incident.Incident, error) {
		return s.Hold(ctx, ben, id, incident.AwaitingVendor, "case 4711")
	}),
	on("mail", "resume", func(ctx context.Context, s *incident.Service, id workflow.ID) (*incident.Incident, error) {
		return s.Resume(ctx, ben, id, "the vendor answered")
	}),
	on("webmail", "ask about", func(ctx context.Context, s *incident.Service, id workflow.ID) (*incident.Incident, error) {
		return s.Hold(ctx, ben, id, incident.AwaitingCaller, "Which browser?")
	}),
	on("webmail", "answer about", func(ctx context.Context, s *incident.Service, id workflow.ID) (*incident.Incident, error) {
		return s.Comment(ctx, carl, id, "Every browser.")
	}),
	on("mail", "note on", func(ctx context.Context, s *incident.Service, id workflow.ID) (*incident.Incident, error) {
		return s.Note(ctx, ben, id, "disk full")
	}),
	on("mail", "update", func(ctx context.Context, s *incident.Service, id workflow.ID) (*incident.Incident, error) {
		return s.Update(ctx, ben, id, incident.Edit{Category: to("mail")})
	}),
	on("mail", "prioritize", func(ctx context.Context, s *incident.Service, id workflow.ID) (*incident.Incident, error) {
		return s.Prioritize(ctx, ben, id, incident.High, incident.Medium)
	}),
	on("mail", "override", func(ctx context.Context, s *incident.Service, id workflow.ID) (*incident.Incident, error) {
		return s.OverridePriority(ctx, ben, id, incident.P1, "the board is watching")
	}),
	on("mail", "lift", func(ctx context.Context, s *incident.Service, id workflow.ID) (*incident.Incident, error) {
		return s.LiftOverride(ctx, ben, id)
	}),
	on("mail", "set items of", func(ctx context.Context, s *incident.Service, id workflow.ID) (*incident.Incident, error) {
		return s.SetCIs(ctx, ben, id, incident.CIManual, "mx1", "mx2")
	}),
	on("mail", "open a problem from", func(ctx context.Context, s *incident.Service, id workflow.ID) (*incident.Incident, error) {
		return s.OpenRelated(ctx, ben, id, "problem")
	}),
	{"link mail", func(ctx context.Context, s *incident.Service, id func(string) workflow.ID) (*incident.Incident, error) {
		return s.Link(ctx, ben, id("mail"), incident.Link{Type: incident.LinkRelated, To: s.Kind().Ref(id("other"))})
	}},
	{"unlink mail", func(ctx context.Context, s *incident.Service, id func(string) workflow.ID) (*incident.Incident, error) {
		return s.Unlink(ctx, ben, id("mail"), incident.Link{Type: incident.LinkRelated, To: s.Kind().Ref(id("other"))})
	}},
	on("mail", "watch", func(ctx context.Context, s *incident.Service, id workflow.ID) (*incident.Incident, error) {
		return s.Watch(ctx, ben, id, "dora")
	}),
	on("mail", "unwatch", func(ctx context.Context, s *incident.Service, id workflow.ID) (*incident.Incident, error) {
		return s.Unwatch(ctx, ben, id, "dora")
	}),
	on("mail", "attach to", func(ctx context.Context, s *incident.Service, id workflow.ID) (*incident.Incident, error) {
		return s.Attach(ctx, ben, id, workflow.Attachment{Name: "screen.png", MediaType: "image/png", Size: 4711, URL: "s3://desk/1"})
	}),
	on("mail", "add a task to", func(ctx context.Context, s *incident.Service, id workflow.ID) (*incident.Incident, error) {
		return s.AddTask(ctx, ben, id, incident.Task{Title: "Clear the queue"})
	}),
	on("mail", "end the task of", func(ctx context.Context, s *incident.Service, id workflow.ID) (*incident.Incident, error) {
		return s.SetTask(ctx, ben, id, 1, incident.TaskComplete, "cleared")
	}),
	on("mail", "log work on", func(ctx context.Context, s *incident.Service, id workflow.ID) (*incident.Incident, error) {
		return s.LogWork(ctx, ben, id, 20*time.Minute, decimal.NewFromInt(90), "queue")
	}),
	{"adopt other", func(ctx context.Context, s *incident.Service, id func(string) workflow.ID) (*incident.Incident, error) {
		return s.SetParent(ctx, ben, id("other"), id("mail"))
	}},
	{"merge again", func(ctx context.Context, s *incident.Service, id func(string) workflow.ID) (*incident.Incident, error) {
		return s.Merge(ctx, ben, id("again"), id("mail"))
	}},
	on("mistake", "cancel", func(ctx context.Context, s *incident.Service, id workflow.ID) (*incident.Incident, error) {
		return s.Cancel(ctx, ben, id, "opened by mistake")
	}),
	on("mail", "resolve", func(ctx context.Context, s *incident.Service, id workflow.ID) (*incident.Incident, error) {
		return s.Resolve(ctx, ben, id, "fixed", "Queue cleared")
	}),
	on("mail", "reopen", func(ctx context.Context, s *incident.Service, id workflow.ID) (*incident.Incident, error) {
		return s.Reopen(ctx, carl, id, "not for me")
	}),
	on("mail", "fix", func(ctx context.Context, s *incident.Service, id workflow.ID) (*incident.Incident, error) {
		return s.Resolve(ctx, ben, id, "fixed", "Queue cleared, disk replaced")
	}),
	on("mail", "close", func(ctx context.Context, s *incident.Service, id workflow.ID) (*incident.Incident, error) {
		return s.Close(ctx, carl, id)
	}),
	on("mail", "follow up", func(ctx context.Context, s *incident.Service, id workflow.ID) (*incident.Incident, error) {
		return s.FollowUp(ctx, carl, id, "it is back")
	}),
}

// start opens the desk for the day, or opens it again after a failure.
func (d *day) start(s workflow.Store, seed uint64) {
	desk := workflow.NewDesk(s, workflow.DeskConfig{Clock: func() time.Time { return monday }, IDs: workflow.SeededIDs(seed)})
	var err error
	d.Service, err = incident.NewService(desk, d.cfg)
	require.NoError(d.t, err)
}

// work goes through the day's commands. A command that was carried out before
// the failure is not carried out again: that is what its key is for.
func (d *day) work(ctx context.Context) error {
	for i, c := range d.commands {
		at := monday.Add(time.Duration(i+1) * time.Minute)
		inc, err := c.do(ctx, d.Once(c.name).At(at), d.id)
		if err != nil {
			if !errors.Is(err, workflow.ErrUnsure) && d.events() != d.written[i] {
				d.t.Errorf("%s failed, but changed something: %v", c.name, err)
			}
			return fmt.Errorf("%s: %w", c.name, err)
		}
		if _, known := d.ids[inc.Title]; !known {
			d.ids[inc.Title] = inc.ID
		}
		if len(d.written) == i+1 { // in peace, in the first run
			d.written = append(d.written, d.events())
		}
	}
	return nil
}

// deliver lets half a year pass in which everything due is done, however often
// it has to be tried.
func (d *day) deliver(ctx context.Context, s workflow.Store) error {
	now := monday.AddDate(0, 6, 0)
	relay, err := workflow.NewRelay(s.(workflow.Queue), workflow.Mux{
		Timers: map[string]workflow.Handler{incident.KindName: d.Service},
		Topics: map[string]workflow.Handler{incident.TopicCascade: d.Service},
		Other: workflow.HandlerFunc(func(_ context.Context, due workflow.Due) error {
			d.effects[due.Message.ID] = due.Message.Topic
			return nil
		}),
	}, workflow.RelayConfig{Clock: func() time.Time { return now }})
	require.NoError(d.t, err)
	for range 4 {
		if _, err := relay.Drain(ctx); err != nil {
			return err
		}
		now = now.Add(time.Hour) // failed work waits, lost leases run out
	}
	return nil
}

func (d *day) events() int {
	n := 0
	for _, err := range d.plain.Events(d.t.Context(), "", workflow.Filter{Kinds: []string{incident.KindName}}) {
		require.NoError(d.t, err)
		n++
	}
	return n
}

// story tells how the day ended, in everything but ids and numbers.
func (d *day) story() []string {
	ctx := d.t.Context()
	var lines []string
	for inc, err := range d.Find(ctx, workflow.Query{}) {
		require.NoError(d.t, err)
		lines = append(lines, fmt.Sprintf("%s: %s %v %s/%s children %d, reopened %d, tasks %v, worked %v for %v, comments %d, clocks %v, major %s",
			inc.Title, inc.State, inc.Priority, inc.Group, inc.Assignee, inc.Children, inc.Reopened, inc.Tasks, inc.TimeWorked(), inc.Cost(), len(inc.Comments), inc.Clocks, majorStory(inc)))
		events, err := workflow.History(ctx, d.plain, d.Kind().Ref(inc.ID))
		require.NoError(d.t, err)
		for _, e := range events {
			lines = append(lines, fmt.Sprintf("%s: event %d %s at %v by %v", inc.Title, e.Version, e.Type, e.At, e.Actor))
		}
	}
	for _, topic := range d.effects {
		lines = append(lines, "sent "+topic)
	}
	slices.Sort(lines)
	return lines
}

// Whatever call of the store fails, and whether or not it took effect: a command
// that reports an error has changed nothing, and once the day's commands are
// repeated everything is as if nothing had failed.
func TestEveryCommandSurvivesEveryFaultOfItsStore(t *testing.T) {
	t.Parallel()
	problem := func(context.Context, workflow.Actor, string, incident.Origin) (workflow.Ref, error) {
		return workflow.Ref{Kind: "problem", ID: workflow.ID{7}}, nil
	}
	survives(t, everyCommand, incident.Config{Related: map[string]incident.Related{"problem": {Link: incident.LinkProblem, Open: problem}},
		Targets: []sla.Target{resolution(t)}, AutoClose: 3, AutoCloseCalendar: calendar.Always()})
}

func survives(t *testing.T, commands []command, cfg incident.Config) {
	var d *day
	var peaceful []string
	written := []int{0}
	open := func() workflow.Store {
		d = &day{t: t, commands: commands, cfg: cfg, plain: memstore.New(), ids: map[string]workflow.ID{}, effects: map[workflow.ID]string{}, written: written}
		return d.plain
	}
	run := func(s *faultstore.Store) error {
		d.start(s, 1)
		if err := d.work(t.Context()); err != nil {
			return err
		}
		return d.deliver(t.Context(), s)
	}
	check := func(r faultstore.Run) error {
		if r.Err != nil && !errors.Is(r.Err, faultstore.ErrInjected) {
			return fmt.Errorf("ended with an error of its own: %w", r.Err)
		}
		if r.Err != nil {
			d.start(d.plain, 2) // the database is back, and so is the program
			if err := errors.Join(d.work(t.Context()), d.deliver(t.Context(), d.plain)); err != nil {
				return err
			}
		}
		if r.Fault.Call == 0 || r.Op == faultstore.OpCommit {
			if _, err := workflow.VerifyStore(t.Context(), d.plain, d.Verify, incident.KindName); err != nil {
				return err
			}
		}
		story := d.story()
		if r.Fault.Call == 0 {
			peaceful, written = story, d.written
		}
		if !slices.Equal(peaceful, story) {
			require.Equal(t, peaceful, story)
		}
		return nil
	}
	calls, err := faultstore.Drive(open, run, check)
	require.NoError(t, err)
	require.Greater(t, calls, 4*len(commands))
	t.Logf("%d calls of the store, each failing in %d ways", calls, len(faultstore.Modes()))
}
