package incidenttest

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/itsm-go/itsm/incident"
	"github.com/itsm-go/itsm/incident/major"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/scenario"
)

// majorCommands are the commands about major incidents.
func (d desk) majorCommands() []command {
	s := d.service
	return []command{
		{"major-propose", `INC by= impact= "reason"`, d.on(judged(s.ProposeMajor))},
		{"major-promote", `INC by= impact= "reason"`, d.on(judged(s.PromoteMajor))},
		{"major-accept", `INC by= ["note"]`, d.on(worded(s.AcceptMajor))},
		{"major-reject", `INC by= "reason"`, d.on(worded(s.RejectMajor))},
		{"major-demote", `INC by= "reason"`, d.on(worded(s.DemoteMajor))},
		{"major-role", `INC by= role= person= ["note"]`, d.on(d.role)},
		{"major-bridge", `INC by= "link"`, d.on(worded(s.OpenBridge))},
		{"major-join", "INC by= person=", d.on(d.attend(true))},
		{"major-leave", "INC by= person=", d.on(d.attend(false))},
		{"major-update", `INC by= [status= to= children=] "text"`, d.on(d.update)},
		{"major-mark", `INC by= moment= [at=] ["text"]`, d.on(d.mark)},
		{"major-note", `INC by= [at=] "text"`, d.on(d.jot)},
		{"major-timeline", "INC", d.timeline},
		{"review-write", `INC by= section= "text"`, d.on(d.section)},
		{"review-action", `INC by= owner= due= "title"`, d.on(d.addAction)},
		{"review-end", `INC by= action=1 [state=done] ["note"]`, d.on(d.endAction)},
		{"review-finish", "INC by=", d.on(plain(s.FinishReview))},
	}
}

// judged is an action with a reason and the business impact.
func judged(do func(context.Context, workflow.Actor, workflow.ID, string, string) (*incident.Incident, error)) action {
	return func(c *scenario.Call) act {
		impact, reason := c.Value("impact", ""), text(c)
		return func(ctx context.Context, by workflow.Actor, id workflow.ID) (*incident.Incident, error) {
			return do(ctx, by, id, reason, impact)
		}
	}
}

func (d desk) role(c *scenario.Call) act {
	role, person, note := major.Role(c.Value("role", "")), c.Value("person", ""), text(c)
	return func(ctx context.Context, by workflow.Actor, id workflow.ID) (*incident.Incident, error) {
		return d.service.TakeRole(ctx, by, id, role, person, note)
	}
}

func (d desk) attend(joins bool) action {
	return func(c *scenario.Call) act {
		person := c.Value("person", "")
		return func(ctx context.Context, by workflow.Actor, id workflow.ID) (*incident.Incident, error) {
			return d.service.AttendBridge(ctx, by, id, person, joins)
		}
	}
}

func (d desk) update(c *scenario.Call) act {
	u := major.Draft{Status: major.Status(c.Value("status", "")), Children: c.Bool("children")}
	if to := c.Value("to", ""); to != "" {
		u.Communications = strings.Split(to, ",")
	}
	u.Text = text(c)
	return func(ctx context.Context, by workflow.Actor, id workflow.ID) (*incident.Incident, error) {
		return d.service.PostUpdate(ctx, by, id, u)
	}
}

// instant reads a named instant; now if it is not given.
func instant(c *scenario.Call, name string) time.Time {
	if !c.Given(name) {
		return c.World.Now()
	}
	at, err := c.World.ParseTime(c.Value(name, ""))
	if err != nil {
		c.Fail("%s=: %w", name, err)
	}
	return at
}

func (d desk) mark(c *scenario.Call) act {
	m, at := major.Moment(c.Value("moment", "")), instant(c, "at")
	words := text(c)
	return func(ctx context.Context, by workflow.Actor, id workflow.ID) (*incident.Incident, error) {
		return d.service.MarkMajor(ctx, by, id, m, at, words)
	}
}

func (d desk) jot(c *scenario.Call) act {
	at, words := instant(c, "at"), text(c)
	return func(ctx context.Context, by workflow.Actor, id workflow.ID) (*incident.Incident, error) {
		return d.service.NoteMajor(ctx, by, id, at, words)
	}
}

func (d desk) section(c *scenario.Call) act {
	var w major.Words
	name, words := c.Value("section", ""), text(c)
	switch name {
	case "overview":
		w.Overview = &words
	case "findings":
		w.Findings = &words
	case "resolution":
		w.Resolution = &words
	case "lessons":
		w.Lessons = &words
	case "factors":
		w.Factors = strings.Split(words, "; ")
	default:
		c.Fail("section=%s: want overview, findings, resolution, lessons or factors", name)
	}
	return func(ctx context.Context, by workflow.Actor, id workflow.ID) (*incident.Incident, error) {
		return d.service.WriteReview(ctx, by, id, w)
	}
}

func (d desk) addAction(c *scenario.Call) act {
	owner, due := c.Value("owner", ""), instant(c, "due")
	title := text(c)
	return func(ctx context.Context, by workflow.Actor, id workflow.ID) (*incident.Incident, error) {
		return d.service.AddReviewAction(ctx, by, id, title, owner, due)
	}
}

func (d desk) endAction(c *scenario.Call) act {
	number, state, note := c.Int("action"), major.ActionState(c.Value("state", string(major.ActionDone))), text(c)
	return func(ctx context.Context, by workflow.Actor, id workflow.ID) (*incident.Incident, error) {
		return d.service.EndReviewAction(ctx, by, id, number, state, note)
	}
}

func (d desk) timeline(c *scenario.Call) error {
	inc, _, err := d.named(c)
	if err != nil {
		return err
	}
	entries, err := d.service.Timeline(c.Context(), inc.ID)
	for _, e := range entries {
		by := ""
		if e.By != "" {
			by = " by " + e.By
		}
		c.Printf("%s  %s%s: %s", c.World.Time(e.At), e.Kind, by, e.Text)
	}
	return err
}

// showMajor words how an incident stands as a major one.
func showMajor(w *scenario.World, c *major.Case) string {
	if c == nil {
		return ""
	}
	text := "; major incident " + c.State
	if c.Status != "" {
		text += ", " + string(c.Status)
	}
	for _, p := range c.Due {
		text += fmt.Sprintf(", %s due %s", p.Communication, w.Time(p.Due))
	}
	if v := c.Review; v != nil && !v.FinishedAt.IsZero() {
		text += ", reviewed"
	} else if v != nil {
		text += fmt.Sprintf(", %d actions open", len(v.Open()))
	}
	return text
}

// wordBulletin says which update goes to whom.
func wordBulletin(m workflow.Message) string {
	var b major.Bulletin
	if err := json.Unmarshal(m.Payload, &b); err != nil {
		return fmt.Sprintf("%s %s", m.Topic, m.Payload)
	}
	to := strings.Join(append(b.To, b.Bcc...), ", ")
	if len(b.Bcc) > 0 {
		to += " in blind copy"
	}
	if to == "" {
		to = "everybody"
	}
	return fmt.Sprintf("%s %s %s by %s to %s: %q", m.Topic, b.Number, b.Communication, b.Channel, to, b.Subject)
}
