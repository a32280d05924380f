package main

import (
	"fmt"
	"time"

	"github.com/itsm-go/itsm/change"
	"github.com/itsm-go/itsm/change/schedule"
	"github.com/itsm-go/itsm/cmdb"
	"github.com/itsm-go/itsm/incident"
	"github.com/itsm-go/itsm/incident/announce"
	"github.com/itsm-go/itsm/incident/major"
	"github.com/itsm-go/itsm/problem"
	"github.com/itsm-go/itsm/problem/knownerror"
	"github.com/itsm-go/itsm/sla"
	"github.com/itsm-go/itsm/sla/calendar"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/routing/escalation"
	"github.com/itsm-go/itsm/workflow/routing/oncall"
)

// The people of the story.
var (
	watch = workflow.System("monitoring")
	ann   = workflow.User("ann", incident.RoleAgent)                            // service desk
	ron   = workflow.User("ron", incident.RoleAgent, incident.RoleMajorManager) // second on call, behind mona
	cleo  = workflow.User("cleo", incident.RoleAgent, announce.RoleCommunicator)
	stig  = workflow.User("stig", incident.RoleAgent, problem.RoleAnalyst) // storage
	sven  = workflow.User("sven")
	dora  = workflow.User("dora", incident.RoleAgent) // databases
	cho   = workflow.User("cho", change.RoleManager)
	hal   = workflow.User("hal") // head of operations
	pia   = workflow.User("pia", problem.RoleCoordinator)
	kim   = workflow.User("kim", problem.RoleManager)
	eva   = workflow.User("eva", cmdb.RoleEditor)
)

// groups are who belongs where, and leads whom each of them answers to.
var (
	groups = map[string][]string{
		"major incidents": {"mona", "ron"}, "storage": {"stig", "sven"},
		"Branches": {"berta", "bruno"}, "Warehouse crew": {"wanda"},
	}
	leads = map[string]string{"major incidents": "hal", "storage": "hal", "mona": "hal", "ron": "hal"}
)

// stock enters the configuration: what the services of a bookseller stand on.
func (h *house) stock() error {
	inv, err := cmdb.NewInventory(h.desk(), cmdb.Config{})
	if err != nil {
		return err
	}
	made := map[string]workflow.ID{}
	for _, it := range []struct {
		class, name string
		attributes  map[string]any
		on, uses    string // what it depends on, and what it works less well without
	}{
		{cmdb.ClassStorage, "san-02", map[string]any{"manufacturer": "Nordlicht", "model": "N7"}, "", ""},
		{cmdb.ClassStorage, "san-03", map[string]any{"manufacturer": "Nordlicht", "model": "N7"}, "", ""},
		{cmdb.ClassDatabase, "orders", nil, "san-02", ""},
		{cmdb.ClassDatabase, "stock", nil, "san-02", ""},
		{cmdb.ClassDatabase, "figures", nil, "san-03", "orders"},
		{cmdb.ClassApplication, "shop application", nil, "orders", "stock"},
		{cmdb.ClassService, "Web shop", map[string]any{"criticality": cmdb.MostCritical, "users": 24000}, "shop application", ""},
		{cmdb.ClassService, "Warehouse", map[string]any{"criticality": cmdb.SomewhatCritical, "users": 180}, "stock", ""},
		{cmdb.ClassService, "Branch tills", map[string]any{"criticality": cmdb.MostCritical, "users": 310}, "", "Web shop"},
		{cmdb.ClassService, "Reporting", map[string]any{"criticality": cmdb.LessCritical, "users": 40}, "figures", ""},
	} {
		d := cmdb.Draft{Class: it.class, Name: it.name, State: cmdb.StateInUse, Attributes: it.attributes}
		if it.on != "" {
			d.Relations = append(d.Relations, cmdb.Relation{Type: cmdb.DependsOn, To: made[it.on]})
		}
		if it.uses != "" {
			d.Relations = append(d.Relations, cmdb.Relation{Type: cmdb.Uses, To: made[it.uses]})
		}
		ci, err := inv.Create(ctx, eva, d)
		if err != nil {
			return fmt.Errorf("%s: %w", it.name, err)
		}
		made[it.name] = ci.ID
	}
	for _, who := range []struct{ class, name, user, consumes string }{
		{cmdb.ClassTeam, "Branches", "", "Branch tills"},
		{cmdb.ClassTeam, "Warehouse crew", "", "Warehouse"},
		{cmdb.ClassPerson, "Olga Olsen", "olga", "Reporting"},
	} {
		d := cmdb.Draft{Class: who.class, Name: who.name, State: cmdb.StateInUse, Relations: []cmdb.Relation{{Type: cmdb.Consumes, To: made[who.consumes]}}}
		if who.user != "" {
			d.Attributes = map[string]any{"user_id": who.user}
		}
		if _, err := inv.Create(ctx, eva, d); err != nil {
			return fmt.Errorf("%s: %w", who.name, err)
		}
	}
	return nil
}

// rotas are who is on call, by the group that they stand for.
func rotas() (*oncall.Book, error) {
	majors, err := oncall.ParseRota([]byte(`{
		"name": "major incidents", "version": 1, "zone": "Europe/Berlin", "layers": [
			{"name": "first", "participants": ["ron", "mona"], "rotation": {"every": "week", "on": "monday", "at": "08:00", "start": "2026-03-02"}},
			{"name": "second", "participants": ["mona", "ron"], "rotation": {"every": "week", "on": "monday", "at": "08:00", "start": "2026-03-02"}}]}`))
	if err != nil {
		return nil, err
	}
	storage, err := oncall.ParseRota([]byte(`{
		"name": "storage", "version": 1, "zone": "Europe/Berlin", "layers": [
			{"name": "day", "participants": ["stig"], "hours": [{"days": "monday-friday", "spans": ["07:00-19:00"]}]},
			{"name": "night", "participants": ["sven"]}]}`))
	if err != nil {
		return nil, err
	}
	return oncall.NewBook(majors, storage)
}

// ladders are whom to call when nobody answers, and when an update is late.
func ladders() (*escalation.Engine, error) {
	return escalation.Parse([]byte(`{
		"name": "majors", "version": 1, "default": "manager", "ladders": [
			{"name": "manager", "rungs": [
				{"name": "first on call", "type": "functional", "reminders": 1, "interval": "3m",
				 "tell": [{"kind": "on_call", "name": "major incidents", "layer": "first"}]},
				{"name": "second on call", "type": "functional", "reminders": 1, "interval": "3m",
				 "tell": [{"kind": "on_call", "name": "major incidents", "layer": "second"}]},
				{"name": "head", "type": "hierarchical", "interval": "10m", "tell": [{"kind": "told"}]}]},
			{"name": "late update", "rungs": [
				{"name": "manager", "type": "functional", "interval": "5m", "tell": [{"kind": "person", "fact": "manager"}]},
				{"name": "head", "type": "hierarchical", "interval": "10m", "tell": [{"kind": "told"}]}]}]}`))
}

// majorPolicy is how the house handles major incidents.
func majorPolicy() (major.Policy, error) {
	return major.ParsePolicy([]byte(`{
		"organisation": "Harbour Books", "group": "major incidents", "decide": "5m", "review": true,
		"rules": [{"name": "a critical service, and callers", "active": true, "action": "propose",
			"when": {"criticality": ["most_critical"], "children_over": 3}, "business_impact": "Nobody can buy a book."}],
		"plan": [
			{"name": "stakeholders", "audience": "stakeholders", "channel": "mail", "to": ["board", "branch managers"], "open": true,
			 "cadence": [{"every": "30m", "until": "mitigated"}, {"every": "2h"}], "grace": "5m"},
			{"name": "customers", "audience": "customers", "channel": "mail", "to": ["trade customers"], "template": "plain", "cadence": [{"every": "1h"}]},
			{"name": "page", "audience": "status_page", "channel": "status_page", "template": "plain", "cadence": [{"every": "1h"}]}],
		"templates": {"plain": {"subject": "{{organisation}}, {{status}}", "body": "{{text}} Next update: {{next_update}}."}}}`))
}

func always(name string) (*calendar.Calendar, error) {
	return calendar.New("Europe/Berlin", calendar.Named(name), calendar.Weekly(time.Monday, time.Sunday, "00:00-24:00"))
}

// serviceLevels are what the house has promised about incidents.
func serviceLevels() ([]sla.Target, error) {
	clock, err := always("around the clock")
	if err != nil {
		return nil, err
	}
	office, err := calendar.New("Europe/Berlin", calendar.Named("office hours"), calendar.Weekly(time.Monday, time.Friday, "08:00-18:00"))
	if err != nil {
		return nil, err
	}
	return []sla.Target{
		{Name: "response", Stop: sla.AnyOf(sla.OnResponded, atWork), Goals: []sla.Goal{sla.Within(15*time.Minute, clock, 1), sla.Within(time.Hour, office)}},
		{Name: "resolution", Stop: sla.OnResolved, Pause: sla.OnHold(string(incident.AwaitingCaller), string(incident.AwaitingProblem)),
			Goals:      []sla.Goal{sla.Within(90*time.Minute, clock, 1), sla.Within(8*time.Hour, office)},
			Thresholds: []sla.Threshold{{Percent: 75}}},
	}, nil
}

// atWork holds once somebody has begun, since a machine that reports waits for no word.
// It goes on to hold: a clock whose stop no longer holds would go on.
func atWork(f sla.Facts) bool { return f.Category != workflow.CategoryNew }

// freeze is the plan of changes, in which the shop is not touched during the sale.
func freeze() (*schedule.Schedule, error) {
	sale, err := always("spring sale")
	if err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		return nil, err
	}
	return schedule.New([]schedule.Window{{Name: "spring sale", Kind: schedule.Blackout, Hours: sale,
		From: time.Date(2026, 3, 9, 0, 0, 0, 0, zone), Until: time.Date(2026, 3, 15, 0, 0, 0, 0, zone),
		Scope: schedule.Scope{Services: []string{"Web shop"}}}}, schedule.Rules{})
}

// oldErrors are the known errors that there are already.
func oldErrors() []knownerror.Content {
	return []knownerror.Content{{Title: "The search finds nothing after a price import", Symptom: "Customers get an empty list for every title",
		Cause: "The index is switched before it is filled", Workaround: "Fill the index again", Codes: []string{"IDX-204"}, Services: []string{"Web shop"}}}
}
