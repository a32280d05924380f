package incidenttest

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/itsm-go/itsm/incident"
	"github.com/itsm-go/itsm/sla"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/memstore"
	"github.com/itsm-go/itsm/workflow/scenario"
)

// NewWorld returns a world whose stories are about incidents, and the service
// behind it. A store that is not given is an in-process one; messages are worded
// by what they are about. The error names everything wrong with the
// configuration of incidents or, before that, with the world's.
func NewWorld(cfg incident.Config, world scenario.Config) (*scenario.World, *incident.Service, error) {
	if world.Store == nil {
		world.Store = memstore.New()
	}
	if world.Word == nil {
		world.Word = word
	}
	world.Kinds = slices.Concat(world.Kinds, []string{incident.KindName, incident.CascadeKind})
	// The service needs the world's desk, and the world its service.
	var service *incident.Service
	check := world.Check
	world.Check = func(doc workflow.Document, events []workflow.Event) error {
		if doc.Ref.Kind == incident.KindName {
			if err := service.Verify(doc, events); err != nil {
				return err
			}
		}
		if check != nil {
			return check(doc, events)
		}
		return nil
	}
	deliver := world.Deliver
	world.Deliver = workflow.HandlerFunc(func(ctx context.Context, d workflow.Due) error {
		switch {
		case d.Message.Topic == incident.TopicCascade:
			return service.Handle(ctx, d)
		case deliver != nil:
			return deliver.Handle(ctx, d)
		}
		return nil
	})
	w, err := scenario.NewWorld(world)
	if err != nil {
		return nil, nil, err
	}
	service, err = incident.NewService(w.Desk(), cfg)
	if err != nil {
		return nil, nil, err
	}
	w.Handle(incident.KindName, service)
	return w, service, Define(w, service)
}

// Define adds the commands of incident management to a world. Its desk must be
// the service's.
func Define(w *scenario.World, s *incident.Service) error {
	d := desk{s}
	for _, c := range slices.Concat(d.commands(), d.majorCommands()) {
		if err := w.Define(c.name, c.usage, c.run); err != nil {
			return err
		}
	}
	return nil
}

// word says what a message tells whom.
func word(m workflow.Message) string {
	switch m.Topic {
	case incident.TopicCascade:
		return m.Topic + ": the next children follow"
	case incident.TopicMajorUpdate:
		return wordBulletin(m)
	}
	var n incident.Notice
	if err := json.Unmarshal(m.Payload, &n); err != nil {
		return fmt.Sprintf("%s %s", m.Topic, m.Payload)
	}
	text := fmt.Sprintf("%s %s to %s", m.Topic, n.Number, strings.Join(n.To, ", "))
	if len(n.To) == 0 {
		text = fmt.Sprintf("%s %s to nobody", m.Topic, n.Number)
	}
	if n.Target != "" {
		text += fmt.Sprintf(": %s at %s", n.Target, n.Threshold)
	}
	if len(n.Do) > 0 {
		text += ", do " + strings.Join(n.Do, ", ")
	}
	if n.Text != "" {
		text += fmt.Sprintf(": %q", n.Text)
	}
	return text
}

// show prints an incident in one line, and each of its clocks.
func (d desk) show(c *scenario.Call, inc *incident.Incident) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s %v", inc.Number, inc.State, inc.Priority)
	if inc.Override != nil {
		fmt.Fprintf(&b, " (overridden: %s)", inc.Override.Reason)
	}
	if inc.HoldReason != "" {
		fmt.Fprintf(&b, ", %s", strings.ReplaceAll(string(inc.HoldReason), "_", " "))
	}
	if inc.Group != "" || inc.Assignee != "" {
		fmt.Fprintf(&b, ", with %s", strings.Trim(inc.Group+"/"+inc.Assignee, "/"))
	}
	for _, count := range []struct {
		n    int
		what string
	}{{inc.Reassignments, "reassigned"}, {inc.Reopened, "reopened"}, {inc.Children, "children"}} {
		if count.n > 0 {
			fmt.Fprintf(&b, ", %s %d", count.what, count.n)
		}
	}
	for _, clock := range inc.Clocks {
		r, err := d.service.Reading(inc, clock.Target, c.World.Now())
		if err != nil {
			return err
		}
		if inc.Clock(clock.Target).Cycle == clock.Cycle {
			fmt.Fprintf(&b, "; %s %s", clock.Target, standing(c.World, r))
		}
	}
	c.Printf("%s%s", b.String(), showMajor(c.World, inc.Major))
	return nil
}

// standing words how a clock stands.
func standing(w *scenario.World, r sla.Reading) string {
	text := fmt.Sprint(r.State)
	switch {
	case r.State == sla.StateRunning || r.State == sla.StatePaused && !r.Due.IsZero():
		text += ", due " + w.Time(r.Due)
	case r.State == sla.StatePaused:
		text += fmt.Sprintf(", %v left", r.Remaining)
	case r.State == sla.StateStopped:
		text += fmt.Sprintf(" after %v", r.Elapsed)
	}
	if r.Breached {
		text += ", breached"
	}
	return text
}
