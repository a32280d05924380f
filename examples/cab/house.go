package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/itsm-go/itsm/change"
	"github.com/itsm-go/itsm/change/cab"
	"github.com/itsm-go/itsm/change/forward"
	"github.com/itsm-go/itsm/change/risk"
	"github.com/itsm-go/itsm/change/schedule"
	"github.com/itsm-go/itsm/change/template"
	"github.com/itsm-go/itsm/sla/calendar"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/approval"
	"github.com/itsm-go/itsm/workflow/memstore"
)

// The people of the story.
var (
	ann = workflow.User("ann", change.RoleAgent)   // asks for changes
	dan = workflow.User("dan", change.RoleAgent)   // implements them
	gus = workflow.User("gus", change.RoleAgent)   // of the same group as dan
	mia = workflow.User("mia", change.RoleManager) // the change manager
	cho = workflow.User("cho")                     // chairs the board
	eve = workflow.User("eve")
	alf = workflow.User("alf") // stands in for bob
	ned = workflow.User("ned", change.RoleAgent)
)

// house is a company with its changes, its board and its plan.
type house struct {
	out      io.Writer
	now      time.Time
	zone     *time.Location
	board    cab.Board
	windows  []schedule.Window
	plan     *schedule.Schedule
	changes  *change.Service
	meetings *cab.Service

	templates *template.Service
}

func newHouse(out io.Writer) (*house, error) {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		return nil, err
	}
	h := &house{out: out, zone: zone, now: time.Date(2026, 3, 2, 8, 0, 0, 0, zone)}
	if h.board, err = cab.Parse([]byte(`{
		"name": "cab", "title": "Change Advisory Board", "zone": "Europe/Berlin",
		"members": [{"person": "cho"}, {"person": "eve"}, {"person": "bob", "alternates": ["alf"]}, {"person": "ann"}],
		"chair": "cho", "quorum": 3,
		"meets": {"on": ["tuesday"], "every_weeks": 1, "from": "2026-01-06", "at": "14:00"},
		"length": "45m", "cutoff": "2h", "agenda": {"show": ["risk"]},
		"policies": ["change-authorize"]}`)); err != nil {
		return nil, err
	}
	if h.plan, err = h.windowsOf(); err != nil {
		return nil, err
	}
	return h, h.services()
}

// windowsOf makes the plan, with a freeze and the nights in which storage is changed.
func (h *house) windowsOf() (*schedule.Schedule, error) {
	close, err := calendar.New("Europe/Berlin", calendar.Named("month-end close"), calendar.Override("2026-03-04", "month-end close", "18:00-24:00"))
	if err != nil {
		return nil, err
	}
	nights, err := calendar.New("Europe/Berlin", calendar.Named("storage nights"), calendar.Weekly(time.Monday, time.Friday, "20:00-24:00"))
	if err != nil {
		return nil, err
	}
	h.windows = []schedule.Window{
		{Name: "month-end close", Kind: schedule.Blackout, Hours: close, Scope: schedule.Scope{Services: []string{"billing"}}},
		{Name: "storage nights", Kind: schedule.Maintenance, Hours: nights, Scope: schedule.Scope{Classes: []string{"storage"}}},
	}
	return schedule.New(h.windows, schedule.Rules{})
}

func (h *house) services() error {
	desk := workflow.NewDesk(memstore.New(), workflow.DeskConfig{Clock: func() time.Time { return h.now }})
	assessor, err := risk.New(risk.Starter())
	if err != nil {
		return err
	}
	models := change.Models()
	models[1].Gates[change.StateAuthorize].Stages[0] = h.board.Stage("cab")
	models[1].Gates[change.StateAuthorize].Stages[0].When = []approval.Test{{Fact: "risk", Op: approval.NoneOf, Values: []string{"low"}}}
	h.templates, err = template.New(desk, template.Config{Directory: approvers{}, Policy: approval.Policy{Name: "template", Version: 1, Stages: []approval.Stage{{
		Name: "manager", Ask: []approval.Selector{{Kind: approval.Person, Name: "mia"}}, Approve: approval.Rule{Kind: approval.Any}}}}})
	if err != nil {
		return err
	}
	h.changes, err = change.NewService(desk, change.Config{
		Templates: h.templates.InForce,
		Models:    models, Directory: h, Risk: assessor, RiskInput: h.effects,
		Conflicts: func(_ context.Context, c schedule.Change) ([]schedule.Conflict, error) {
			return h.plan.Conflicts(c), nil
		},
		MayExcept: func(_ string, by workflow.Actor) bool { return by.HasRole(change.RoleManager) },
	})
	if err != nil {
		return err
	}
	h.meetings, err = cab.New(desk, cab.Config{Boards: []cab.Board{h.board}, Docket: h.changes.Docket()})
	return err
}

// Members tells who is behind a selector: the house's directory.
func (h *house) Members(_ context.Context, s approval.Selector, _ *change.Change) ([]string, error) {
	switch s.String() {
	case "relation assignment_group":
		return []string{"dan", "gus"}, nil
	case "board cab":
		return h.board.People(), nil
	case "board ecab":
		return []string{"eve", "mia"}, nil
	}
	return nil, fmt.Errorf("nobody knows %s", s)
}

// approvers are those of templates: nobody but who is named.
type approvers struct{}

func (approvers) Members(_ context.Context, s approval.Selector, _ *template.Template) ([]string, error) {
	return nil, fmt.Errorf("nobody knows %s", s)
}

func (approvers) Delegations(context.Context, string, time.Time) ([]approval.Delegation, error) {
	return nil, nil
}

// Delegations lets alternates vote while they have a seat.
func (h *house) Delegations(ctx context.Context, policy string, at time.Time) ([]approval.Delegation, error) {
	return h.meetings.Delegations(ctx, policy, at)
}

// effects is what a configuration would tell: billing is critical.
func (h *house) effects(_ context.Context, c *change.Change) (risk.Input, error) {
	e := &risk.Effects{}
	for _, it := range c.Items {
		for _, name := range it.Services {
			e.ServicesDown++
			if name == "billing" {
				e.CriticalServices = []string{"billing"}
			}
		}
	}
	return risk.Input{Effects: e, History: risk.History{Successful: 40}}, nil
}

// forward is the forward schedule of the week.
func (h *house) forward() (*forward.Schedule, error) {
	from, to := time.Date(2026, 3, 2, 0, 0, 0, 0, h.zone), time.Date(2026, 3, 7, 0, 0, 0, 0, h.zone)
	windows, err := forward.Occurrences(h.windows, from, to)
	if err != nil {
		return nil, err
	}
	v := forward.View{Title: "Changes of the week", From: from, To: to, Zone: h.zone, By: forward.ByService, Windows: windows}
	for c, err := range h.changes.Find(context.Background(), workflow.Query{}) {
		if err != nil {
			return nil, err
		}
		if e, ok := h.changes.Entry(c, nil); ok {
			v.Entries = append(v.Entries, e)
		}
	}
	return forward.New(v)
}
