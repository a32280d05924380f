package incidenttest

import (
	"slices"
	"strings"

	"github.com/itsm-go/itsm/incident"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/scenario"
)

func (d desk) open(c *scenario.Call) error {
	by := c.Actor()
	r := incident.Report{
		Title: text(c), Caller: c.Value("caller", ""), Template: c.Value("template", ""),
		Category: c.Value("category", ""), Service: c.Value("service", ""), Group: c.Value("group", ""),
		Assignee: c.Value("person", ""), Channel: incident.Channel(c.Value("channel", "")), VIP: c.Bool("vip"),
		Customer: c.Value("customer", ""), Zone: c.Value("zone", ""),
		Fields: map[string]any{},
	}
	c.Unmarshal("impact", &r.Impact)
	c.Unmarshal("urgency", &r.Urgency)
	for _, name := range c.Names("field.") {
		r.Fields[strings.TrimPrefix(name, "field.")] = c.Value(name, "")
	}
	parent := c.Value("parent", "")
	if err := c.Err(); err != nil {
		return err
	}
	if parent != "" {
		inc, err := d.service.ByNumber(c.Context(), parent)
		if err != nil {
			return err
		}
		r.Parent = inc.ID
	}
	inc, err := d.service.Open(c.Context(), by, r)
	if err != nil {
		return err
	}
	return d.show(c, inc)
}

// named reads the incident whose number comes next.
func (d desk) named(c *scenario.Call, what ...string) (*incident.Incident, []string, error) {
	number := c.Next("the incident's number")
	var args []string
	for _, w := range what {
		args = append(args, c.Next(w))
	}
	if err := c.Err(); err != nil {
		return nil, nil, err
	}
	inc, err := d.service.ByNumber(c.Context(), number)
	return inc, args, err
}

func (d desk) look(c *scenario.Call) error {
	inc, _, err := d.named(c)
	if err != nil {
		return err
	}
	return d.show(c, inc)
}

func (d desk) options(c *scenario.Call) error {
	by := c.Actor()
	inc, _, err := d.named(c)
	if err != nil {
		return err
	}
	options, err := d.service.Options(inc, by)
	for _, o := range options {
		switch {
		case !o.Allowed:
			c.Printf("%s is refused: %s", o.Action, strings.Join(o.Reasons, "; "))
		case len(o.Needs) > 0:
			c.Printf("%s leads to %s, with %s", o.Action, o.To, strings.Join(o.Needs, " and "))
		default:
			c.Printf("%s leads to %s", o.Action, o.To)
		}
	}
	return err
}

func (d desk) explain(c *scenario.Call) error {
	inc, args, err := d.named(c, "the target")
	if err != nil {
		return err
	}
	x, err := d.service.Explain(inc, args[0], c.World.Now())
	if err == nil {
		c.Printf("%s", x.In(c.World.Zone()).String())
	}
	return err
}

func (d desk) history(c *scenario.Call) error {
	inc, _, err := d.named(c)
	if err != nil {
		return err
	}
	events, err := workflow.History(c.Context(), c.World.Store(), d.service.Kind().Ref(inc.ID))
	for _, e := range events {
		note := ""
		if e.Note != "" {
			note = ": " + e.Note
		}
		c.Printf("%d  %s  %s by %s%s", e.Version, c.World.Time(e.At), e.Type, e.Actor.ID, note)
	}
	return err
}

func (d desk) find(c *scenario.Call) error {
	var p incident.Priority
	c.Unmarshal("priority", &p)
	var where []workflow.Condition
	for _, f := range []struct{ arg, field string }{{"state", workflow.IndexState}, {"group", incident.IndexGroup},
		{"person", incident.IndexAssignee}, {"caller", incident.IndexCaller}} {
		if v := c.Value(f.arg, ""); v != "" {
			where = append(where, workflow.Is(f.field, workflow.StringKey(v)))
		}
	}
	if p != 0 {
		where = append(where, workflow.Is(incident.IndexPriority, workflow.IntKey(int64(p))))
	}
	if err := c.Err(); err != nil {
		return err
	}
	var found []*incident.Incident
	for inc, err := range d.service.Find(c.Context(), workflow.Query{Where: where}) {
		if err != nil {
			return err
		}
		found = append(found, inc)
	}
	slices.SortFunc(found, func(a, b *incident.Incident) int { return strings.Compare(a.Number, b.Number) })
	for _, inc := range found {
		if err := d.show(c, inc); err != nil {
			return err
		}
	}
	return nil
}
