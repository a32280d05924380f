package incident

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/itsm-go/itsm/incident/major"
	"github.com/itsm-go/itsm/workflow"
)

// Timeline tells what happened in a major incident, in the order of time: what its history
// says of its states, its people, its children and its tasks, the updates that went out,
// and what was written down by hand. It is made anew from the history each time.
func (s *Service) Timeline(ctx context.Context, id workflow.ID) ([]major.Entry, error) {
	inc, err := s.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	return s.timeline(ctx, inc)
}

func (s *Service) timeline(ctx context.Context, inc *Incident) ([]major.Entry, error) {
	b := &timeline{service: s, ref: s.kind.Ref(inc.ID)}
	events, err := workflow.History(ctx, s.desk.Store(), b.ref)
	if err != nil {
		return nil, err
	}
	for _, e := range events {
		if e.Version > inc.Version {
			break // what came later is not part of what was read
		}
		if err := b.take(e); err != nil {
			return nil, fmt.Errorf("incident: timeline of %s: %w", inc.Name(), err)
		}
	}
	b.family()
	b.told(inc)
	major.Sort(b.entries)
	return b.entries, nil
}

// timeline reads a history.
type timeline struct {
	service *Service
	ref     workflow.Ref
	replay  workflow.Replayer
	last    *Incident
	entries []major.Entry

	joined, left, children int // of the family, not told yet
	since                  workflow.Event
}

// telling are the fields that entries are made of.
var telling = []string{"/state", "/hold_reason", "/priority", "/group", "/assignee", "/tasks", "/major/state", "/major/reason", "/major"}

func (b *timeline) take(e workflow.Event) error {
	if err := b.replay.Apply(e); err != nil {
		return err
	}
	counted := false
	relevant := e.Version == 1
	for _, c := range e.Changes {
		counted = counted || c.Path == "/children"
		relevant = relevant || slices.ContainsFunc(telling, func(f string) bool {
			return c.Path == f || f == "/tasks" && strings.HasPrefix(c.Path, f+"/")
		})
		if c.Path == "/children" {
			if err := b.count(e, c.New); err != nil {
				return err
			}
		}
	}
	if !relevant {
		return nil
	}
	b.family()
	raw, err := b.replay.State()
	if err != nil {
		return err
	}
	now, err := b.service.kind.Decode(workflow.Document{Ref: b.ref, Version: e.Version, Schema: 1, Updated: e.At, Body: workflow.RawBody(raw)})
	if err != nil {
		return err
	}
	b.compare(e, now)
	b.last = now
	return nil
}

// count gathers children that come or go one after the other into one entry.
func (b *timeline) count(e workflow.Event, raw json.RawMessage) error {
	n := 0
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &n); err != nil {
			return err
		}
	}
	if b.joined+b.left == 0 {
		b.since = e
	}
	b.joined += max(0, n-b.children)
	b.left += max(0, b.children-n)
	b.children = n
	return nil
}

func (b *timeline) family() {
	if b.joined+b.left == 0 {
		return
	}
	var texts []string
	if b.joined > 0 {
		texts = append(texts, fmt.Sprintf("%d joined", b.joined))
	}
	if b.left > 0 {
		texts = append(texts, fmt.Sprintf("%d left", b.left))
	}
	b.add(b.since, major.KindFamily, "child incidents: %s, %d in all", strings.Join(texts, ", "), b.children)
	b.joined, b.left = 0, 0
}

func (b *timeline) add(e workflow.Event, kind major.Kind, format string, args ...any) {
	by := e.Actor.ID
	if e.Actor.OnBehalfOf != "" {
		by += " for " + e.Actor.OnBehalfOf
	}
	b.entries = append(b.entries, major.Entry{At: e.At, Kind: kind, By: by, Text: fmt.Sprintf(format, args...)})
}

func (b *timeline) compare(e workflow.Event, now *Incident) {
	last := b.last
	if last == nil {
		b.add(e, major.KindState, "opened: %s", now.Title)
		last = &Incident{Record: workflow.Record{State: now.State}, Priority: now.Priority}
	}
	if now.State != last.State || now.HoldReason != last.HoldReason {
		text := strings.ReplaceAll(now.State, "_", " ")
		if now.HoldReason != "" {
			text += ", " + strings.ReplaceAll(string(now.HoldReason), "_", " ")
		}
		if e.Note != "" {
			text += ": " + e.Note
		} else if b.service.Category(now) == workflow.CategoryResolved && now.Resolution != nil {
			text += ": " + now.Resolution.Notes
		}
		b.add(e, major.KindState, "%s", text)
	}
	if now.Priority != last.Priority {
		b.add(e, major.KindState, "priority %v, was %v", now.Priority, last.Priority)
	}
	if now.Group != last.Group || now.Assignee != last.Assignee {
		b.add(e, major.KindCrew, "assigned to %s", strings.Trim(now.Group+"/"+now.Assignee, "/"))
	}
	if to := stateOf(now.Major); to != stateOf(last.Major) {
		text := to + " as a major incident"
		if now.Major != nil && now.Major.Reason != "" {
			text += ": " + now.Major.Reason
		}
		b.add(e, major.KindState, "%s", text)
	}
	for i, t := range now.Tasks {
		switch {
		case i >= len(last.Tasks):
			b.add(e, major.KindTask, "task %d: %s", t.Number, t.Title)
		case t.State != last.Tasks[i].State:
			b.add(e, major.KindTask, "task %d is %s: %s", t.Number, strings.ReplaceAll(string(t.State), "_", " "), t.Title)
		}
	}
}

// told adds what the case keeps by itself. That everybody's part ends when the incident is
// closed goes without saying.
func (b *timeline) told(inc *Incident) {
	c := inc.Major
	if c == nil {
		return
	}
	ends := func(at time.Time) time.Time {
		if c.Is(major.StateAccepted) && at.Equal(inc.ClosedAt) {
			return time.Time{}
		}
		return at
	}
	add := func(at time.Time, kind major.Kind, by, text string) {
		if !at.IsZero() {
			b.entries = append(b.entries, major.Entry{At: at, Kind: kind, By: by, Text: text})
		}
	}
	add(c.BeganAt, major.KindMoment, "", "the service began to suffer")
	add(c.AlertedAt, major.KindMoment, "", "first alert")
	mitigated := "mitigated"
	if c.Mitigation != "" {
		mitigated += ": " + c.Mitigation
	}
	add(c.MitigatedAt, major.KindMoment, "", mitigated)
	for _, t := range c.Crew {
		role := strings.ReplaceAll(string(t.Role), "_", " ")
		text := t.Person + " is " + role
		if t.Note != "" {
			text += ": " + t.Note
		}
		add(t.From, major.KindCrew, t.By, text)
		add(ends(t.Until), major.KindCrew, "", t.Person+" is no longer "+role)
	}
	if c.Bridge != nil {
		add(c.Bridge.OpenedAt, major.KindBridge, c.Bridge.OpenedBy, "conference: "+c.Bridge.URL)
		for _, call := range c.Bridge.Calls {
			add(call.Joined, major.KindBridge, call.Person, call.Person+" joined the conference")
			add(ends(call.Left), major.KindBridge, call.Person, call.Person+" left the conference")
		}
	}
	for _, u := range c.Updates {
		add(u.At, major.KindUpdate, u.By, fmt.Sprintf("update %d, %s, to %s: %s", u.Number, u.Status, strings.Join(u.Communications, ", "), u.Text))
	}
	b.entries = append(b.entries, c.Notes...)
}

// MajorReport gathers what the report after a major incident says, with its timeline as
// the history tells it now. Times are shown in the zone; nil means UTC. It is an error
// matching [workflow.ErrTransition] before the incident is resolved.
func (s *Service) MajorReport(ctx context.Context, id workflow.ID, zone *time.Location) (*major.Report, error) {
	inc, err := s.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	if !inc.Major.Is(major.StateAccepted) || !s.restored(inc) {
		return nil, fmt.Errorf("incident: %s is %s, and %s as a major incident: there is a report once an accepted one is resolved: %w",
			inc.Name(), inc.State, stateOf(inc.Major), workflow.ErrTransition)
	}
	entries, err := s.timeline(ctx, inc)
	if err != nil {
		return nil, err
	}
	if zone == nil {
		zone = time.UTC
	}
	r := &major.Report{
		Organisation: s.cfg.Major.Organisation, Number: inc.Number, Title: inc.Title, State: inc.State, Priority: inc.Priority.String(),
		Service: inc.Service, Children: inc.Children, Case: inc.Major, Timeline: entries, Zone: zone, Items: inc.Suggested.named(inc.Items(CIManual)),
		Figures: inc.Major.Figures(inc.CreatedAt, inc.Resolution.At), Resolution: inc.Resolution.Notes,
	}
	r.Suffering, r.More = inc.Suggested.suffering()
	return r, nil
}
