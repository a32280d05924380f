package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/itsm-go/itsm/change"
	"github.com/itsm-go/itsm/change/risk"
	"github.com/itsm-go/itsm/change/schedule"
	"github.com/itsm-go/itsm/cmdb"
	"github.com/itsm-go/itsm/incident"
	"github.com/itsm-go/itsm/incident/announce"
	"github.com/itsm-go/itsm/problem"
	"github.com/itsm-go/itsm/problem/knownerror"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/memstore"
	"github.com/itsm-go/itsm/workflow/routing/oncall"
)

var ctx = context.Background()

// house is a company with its service management. What is here outlives a process: the
// clock, the store, and whatever people are told by.
type house struct {
	out   io.Writer
	zone  *time.Location
	now   time.Time
	ids   workflow.IDSource
	store *memstore.Store
	rotas *oncall.Book
	pager *pager
	mail  *mailbox
	plan  *schedule.Schedule // of changes
	day   int                // of which the story tells

	*practices
	story
}

// practices are what one process of the house runs. They keep nothing that is not in
// the store, so that the next process goes on where one has died.
type practices struct {
	inventory     *cmdb.Inventory
	configuration *cmdb.Map
	incidents     *incident.Service
	informing     *announce.Service
	changes       *change.Service
	problems      *problem.Service
	known         *knownerror.Service
	catalogue     *knownerror.Catalogue
	work          workflow.Handler
	relay         *workflow.Relay
}

// story is what the scenes have to do with.
type story struct {
	outage   *incident.Incident // the major incident
	callers  []workflow.ID      // the incidents of those who called
	fix      *change.Change     // of the array that failed
	other    *change.Change     // of the one that has not yet
	later    *incident.Incident
	bulletin *announce.Bulletin
	problem  *problem.Problem
	lesson   *knownerror.KnownError
}

func newHouse(out io.Writer) (*house, error) {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		return nil, err
	}
	h := &house{out: out, zone: zone, ids: workflow.SeededIDs(1), store: memstore.New(), practices: &practices{}}
	h.now = h.clock(10, 9, 0)
	h.mail = &mailbox{say: h.say, had: map[string]bool{}}
	if h.rotas, err = rotas(); err != nil {
		return nil, err
	}
	if h.pager, err = newPager(h.rotas); err != nil {
		return nil, err
	}
	if h.plan, err = freeze(); err != nil {
		return nil, err
	}
	if err := h.stock(); err != nil {
		return nil, err
	}
	return h, h.start()
}

// desk is where the commands of all practices are carried out.
func (h *house) desk() *workflow.Desk {
	return workflow.NewDesk(h.store, workflow.DeskConfig{Clock: func() time.Time { return h.now }, IDs: h.ids})
}

// start is what a process does when it begins: it makes the practices, and the relay
// that carries out what they have put into their outboxes and timers. Practices know
// nothing of each other; the hooks between them are in hooks.go.
func (h *house) start() (err error) {
	desk, p := h.desk(), &practices{}
	if p.inventory, err = cmdb.NewInventory(desk, cmdb.Config{}); err != nil {
		return err
	}
	p.configuration = p.inventory.NewMap()
	if err := p.configuration.Refresh(ctx); err != nil {
		return err
	}
	assess, err := incident.FromConfiguration(p.configuration, incident.StarterImpactRules())
	if err != nil {
		return err
	}
	policy, err := majorPolicy()
	if err != nil {
		return err
	}
	targets, err := serviceLevels()
	if err != nil {
		return err
	}
	if p.incidents, err = incident.NewService(desk, incident.Config{
		Assess: assess, Targets: targets, Major: policy, Chunk: 4,
		Router: h.router, OnCall: incident.FromRotas(h.rotas), Ladder: incident.FromLadder(h.pager.engine, "late update", h.pager.directory),
		Related: map[string]incident.Related{
			"change":  {Link: incident.LinkChange, Open: h.openChange},
			"problem": {Link: incident.LinkProblem, Open: h.openProblem},
		},
	}); err != nil {
		return err
	}
	if err := h.startInforming(desk, p); err != nil {
		return err
	}
	if err := h.startChanges(desk, p); err != nil {
		return err
	}
	if p.problems, err = problem.NewService(desk, problem.Config{Incidents: resolver{p.incidents}}); err != nil {
		return err
	}
	if err := h.startKnownErrors(desk, p); err != nil {
		return err
	}
	h.practices = p
	return h.startRelay(p)
}

func (h *house) startInforming(desk *workflow.Desk, p *practices) error {
	consumers, err := p.inventory.Snapshot(ctx, h.now, cmdb.Selection{Classes: []string{cmdb.ClassPerson, cmdb.ClassTeam}})
	if err != nil {
		return err
	}
	p.informing, err = announce.NewService(desk, announce.Config{Directory: readers{}, Consumers: announce.NewConsumption(consumers)})
	return err
}

func (h *house) startChanges(desk *workflow.Desk, p *practices) error {
	assessor, err := risk.New(risk.Starter())
	if err != nil {
		return err
	}
	effects, err := change.FromConfiguration(p.configuration)
	if err != nil {
		return err
	}
	p.changes, err = change.NewService(desk, change.Config{
		Directory: voters{}, Risk: assessor, RiskInput: effects.RiskInput,
		Conflicts: func(_ context.Context, c schedule.Change) ([]schedule.Conflict, error) {
			return h.plan.Conflicts(c), nil
		},
		MayExcept: func(_ string, by workflow.Actor) bool { return by.HasRole(change.RoleManager) },
	})
	return err
}

func (h *house) startKnownErrors(desk *workflow.Desk, p *practices) (err error) {
	if p.catalogue, err = knownerror.NewCatalogue(h.store, knownerror.CatalogueConfig{Relate: h.relate}); err != nil {
		return err
	}
	p.known, err = knownerror.NewService(desk, knownerror.Config{
		Duplicates: p.catalogue.Duplicates, Lifecycle: knownerror.Lifecycle(knownerror.Options{FourEyes: true})})
	return err
}

// startRelay gives every piece of work to the one who is responsible: timers by the
// kind of record they belong to, messages by their topic. What is for people goes to
// the mailbox.
func (h *house) startRelay(p *practices) (err error) {
	p.work = workflow.Mux{
		Timers: map[string]workflow.Handler{
			incident.KindName: p.incidents, change.KindName: p.changes, problem.KindName: p.problems, knownerror.KindName: p.known,
			announce.KindAnnouncement: p.informing, announce.KindProfile: p.informing,
		},
		Topics: map[string]workflow.Handler{
			incident.TopicCascade:       p.incidents,
			incident.TopicMajorProposed: workflow.HandlerFunc(h.pageManager),
			announce.TopicSpread:        p.informing,
			problem.TopicInform:         p.problems,
			problem.TopicMove:           p.problems,
			change.TopicState:           workflow.HandlerFunc(h.followChange),
			knownerror.TopicChanged:     workflow.HandlerFunc(h.followKnownError),
		},
		Other: h.mail,
	}
	p.relay, err = workflow.NewRelay(h.store, p.work, workflow.RelayConfig{Clock: func() time.Time { return h.now }})
	return err
}

// until lets time go by, minute by minute, and everything happen that comes due.
func (h *house) until(day, hour, minute int) error {
	for end := h.clock(day, hour, minute); ; h.now = h.now.Add(time.Minute) {
		if err := h.deliver(); err != nil || !h.now.Before(end) {
			return err
		}
	}
}

// deliver lets happen what is due now.
func (h *house) deliver() error {
	if _, err := h.relay.Drain(ctx); err != nil {
		return err
	}
	return h.pager.advance(h.now, h.say)
}

// clock is an instant by the day of March 2026 and what the wall clock says.
func (h *house) clock(day, hour, minute int) time.Time {
	return time.Date(2026, 3, day, hour, minute, 0, 0, h.zone)
}

func (h *house) title(text string) {
	h.day = h.now.In(h.zone).Day()
	fmt.Fprintf(h.out, "\n== %s, %s\n", h.now.In(h.zone).Format("Monday 2 January 15:04"), text)
}

func (h *house) say(format string, args ...any) {
	if day := h.now.In(h.zone).Day(); day != h.day {
		h.day = day
		fmt.Fprintf(h.out, "-- %s\n", h.now.In(h.zone).Format("Monday 2 January"))
	}
	at := h.now.In(h.zone).Format("15:04")
	for line := range strings.Lines(fmt.Sprintf(format, args...)) {
		if line = strings.TrimRight(line, " \n"); line != "" {
			line = at + "  " + line
		}
		fmt.Fprintln(h.out, line)
		at = "       "
	}
}

// into keeps what became of a record.
func into[T any](to **T) func(*T, error) error {
	return func(next *T, err error) error {
		if err == nil {
			*to = next
		}
		return err
	}
}
