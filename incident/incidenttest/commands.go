package incidenttest

import (
	"context"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/itsm-go/itsm/incident"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/scenario"
)

// desk carries out the commands of a story.
type desk struct{ service *incident.Service }

type command struct {
	name, usage string
	run         func(*scenario.Call) error
}

func (d desk) commands() []command {
	s := d.service
	return []command{
		{"open", `"title" by= [caller= impact= urgency= template= category= service= group= person= channel= vip= customer= zone= parent=] [field.x=]`, d.open},
		{"assign", "INC by= [group= person=]", d.on(d.assign)},
		{"start", "INC by=", d.on(plain(s.Start))},
		{"hold", `INC by= reason= ["text"]`, d.on(d.hold)},
		{"resume", `INC by= ["note"]`, d.on(worded(s.Resume))},
		{"comment", `INC by= "text"`, d.on(worded(s.Comment))},
		{"note", `INC by= "text"`, d.on(worded(s.Note))},
		{"prioritize", "INC by= impact= urgency=", d.on(d.prioritize)},
		{"override", `INC by= priority= "reason"`, d.on(d.override)},
		{"lift", "INC by=", d.on(plain(s.LiftOverride))},
		{"due", `INC by= target= [at=] "reason"`, d.on(d.due)},
		{"resolve", `INC by= code= "notes"`, d.on(d.resolve)},
		{"reopen", `INC by= "reason"`, d.on(worded(s.Reopen))},
		{"close", "INC by=", d.on(plain(s.Close))},
		{"cancel", `INC by= "reason"`, d.on(worded(s.Cancel))},
		{"follow-up", `INC by= "text"`, d.on(worded(s.FollowUp))},
		{"merge", "INC by= into=", d.on(d.other("into", s.Merge))},
		{"parent", "INC by= parent=", d.on(d.other("parent", s.SetParent))},
		{"act", `INC by= do=action ["reason"]`, d.on(d.act)},
		{"task", `INC by= "title"`, d.on(d.task)},
		{"end-task", `INC by= task=1 [state=closed_complete] ["note"]`, d.on(d.endTask)},
		{"work", `INC by= spent=1h rate=90 ["note"]`, d.on(d.work)},
		{"show", "INC", d.look},
		{"options", "INC by=", d.options},
		{"explain", "INC target", d.explain},
		{"history", "INC", d.history},
		{"find", "[state= group= person= caller= priority=]", d.find},
	}
}

// action reads its arguments, and returns what to do with them once all make
// sense.
type action func(c *scenario.Call) act

type act func(ctx context.Context, by workflow.Actor, id workflow.ID) (*incident.Incident, error)

// on makes an action a command: it reads the incident's number and who acts, and
// nothing happens unless all arguments make sense.
func (d desk) on(a action) func(*scenario.Call) error {
	return func(c *scenario.Call) error {
		number, by := c.Next("the incident's number"), c.Actor()
		act := a(c)
		if err := c.Err(); err != nil {
			return err
		}
		inc, err := d.service.ByNumber(c.Context(), number)
		if err != nil {
			return err
		}
		if inc, err = act(c.Context(), by, inc.ID); err != nil {
			return err
		}
		return d.show(c, inc)
	}
}

// plain is an action without arguments of its own.
func plain(do act) action {
	return func(*scenario.Call) act { return do }
}

// worded is an action with a text.
func worded(do func(context.Context, workflow.Actor, workflow.ID, string) (*incident.Incident, error)) action {
	return func(c *scenario.Call) act {
		words := text(c)
		return func(ctx context.Context, by workflow.Actor, id workflow.ID) (*incident.Incident, error) {
			return do(ctx, by, id, words)
		}
	}
}

// other is an action with another incident.
func (d desk) other(name string, do func(context.Context, workflow.Actor, workflow.ID, workflow.ID) (*incident.Incident, error)) action {
	return func(c *scenario.Call) act {
		number := c.Value(name, "")
		return func(ctx context.Context, by workflow.Actor, id workflow.ID) (*incident.Incident, error) {
			var to workflow.ID
			if number != "" {
				inc, err := d.service.ByNumber(ctx, number)
				if err != nil {
					return nil, err
				}
				to = inc.ID
			}
			return do(ctx, by, id, to)
		}
	}
}

// text is the words at the end of a line.
func text(c *scenario.Call) string { return strings.Join(c.Rest(), " ") }

func (d desk) assign(c *scenario.Call) act {
	group, person := c.Value("group", ""), c.Value("person", "")
	return func(ctx context.Context, by workflow.Actor, id workflow.ID) (*incident.Incident, error) {
		return d.service.Assign(ctx, by, id, group, person)
	}
}

func (d desk) hold(c *scenario.Call) act {
	reason, words := incident.HoldReason(c.Value("reason", "")), text(c)
	return func(ctx context.Context, by workflow.Actor, id workflow.ID) (*incident.Incident, error) {
		return d.service.Hold(ctx, by, id, reason, words)
	}
}

func (d desk) prioritize(c *scenario.Call) act {
	var impact, urgency incident.Level
	c.Unmarshal("impact", &impact)
	c.Unmarshal("urgency", &urgency)
	return func(ctx context.Context, by workflow.Actor, id workflow.ID) (*incident.Incident, error) {
		return d.service.Prioritize(ctx, by, id, impact, urgency)
	}
}

func (d desk) override(c *scenario.Call) act {
	var p incident.Priority
	c.Unmarshal("priority", &p)
	words := text(c)
	return func(ctx context.Context, by workflow.Actor, id workflow.ID) (*incident.Incident, error) {
		return d.service.OverridePriority(ctx, by, id, p, words)
	}
}

func (d desk) due(c *scenario.Call) act {
	target := c.Value("target", "resolution")
	var at time.Time
	if c.Given("at") {
		var err error
		if at, err = c.World.ParseTime(c.Value("at", "")); err != nil {
			c.Fail("%v", err)
		}
	}
	words := text(c)
	return func(ctx context.Context, by workflow.Actor, id workflow.ID) (*incident.Incident, error) {
		return d.service.SetDue(ctx, by, id, target, at, words)
	}
}

func (d desk) resolve(c *scenario.Call) act {
	code, notes := c.Value("code", ""), text(c)
	return func(ctx context.Context, by workflow.Actor, id workflow.ID) (*incident.Incident, error) {
		return d.service.Resolve(ctx, by, id, code, notes)
	}
}

func (d desk) act(c *scenario.Call) act {
	action, reason := c.Value("do", ""), text(c)
	return func(ctx context.Context, by workflow.Actor, id workflow.ID) (*incident.Incident, error) {
		return d.service.Act(ctx, by, id, action, reason)
	}
}

func (d desk) task(c *scenario.Call) act {
	t := incident.Task{Title: text(c)}
	return func(ctx context.Context, by workflow.Actor, id workflow.ID) (*incident.Incident, error) {
		return d.service.AddTask(ctx, by, id, t)
	}
}

func (d desk) endTask(c *scenario.Call) act {
	number, state, note := c.Int("task"), incident.TaskState(c.Value("state", string(incident.TaskComplete))), text(c)
	return func(ctx context.Context, by workflow.Actor, id workflow.ID) (*incident.Incident, error) {
		return d.service.SetTask(ctx, by, id, number, state, note)
	}
}

func (d desk) work(c *scenario.Call) act {
	spent, note := c.Duration("spent"), text(c)
	rate, err := decimal.NewFromString(c.Value("rate", "0"))
	if err != nil {
		c.Fail("rate=: %w", err)
	}
	return func(ctx context.Context, by workflow.Actor, id workflow.ID) (*incident.Incident, error) {
		return d.service.LogWork(ctx, by, id, spent, rate, note)
	}
}
