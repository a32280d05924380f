package announce_test

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/itsm-go/itsm/cmdb"
	"github.com/itsm-go/itsm/incident"
	"github.com/itsm-go/itsm/incident/announce"
	"github.com/itsm-go/itsm/sla/calendar"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/memstore"
)

// people is the directory of a small company.
type people struct{}

func (people) Members(_ context.Context, p announce.Party) ([]string, error) {
	switch p {
	case announce.Party{Kind: announce.Group, Name: "Sales"}:
		return []string{"carl", "dora"}, nil
	case announce.Party{Kind: announce.Everybody}:
		return []string{"carl", "dora", "emil"}, nil
	}
	return nil, nil
}

func (people) Parties(_ context.Context, person string) ([]announce.Party, error) {
	if person == "emil" {
		return nil, nil
	}
	return []announce.Party{{Kind: announce.Group, Name: "Sales"}}, nil
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

// A host wires an incident to those whom it touches: the configuration tells what the
// failure of a disk does, and who consumes what suffers by it.
func ExampleAffected() {
	ctx := context.Background()
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	store := memstore.New()
	desk := workflow.NewDesk(store, workflow.DeskConfig{Clock: clock, IDs: workflow.SeededIDs(1)})

	// The configuration.
	inv, err := cmdb.NewInventory(desk, cmdb.Config{})
	check(err)
	eva := workflow.User("eva", cmdb.RoleEditor)
	add := func(class, name string, attributes map[string]any, relations ...cmdb.Relation) workflow.ID {
		ci, err := inv.Create(ctx, eva, cmdb.Draft{Class: class, Name: name, State: cmdb.StateInUse, Attributes: attributes, Relations: relations})
		check(err)
		return ci.ID
	}
	disk := add(cmdb.ClassStorage, "disk 7", nil)
	db := add(cmdb.ClassDatabase, "orders", nil, cmdb.Relation{Type: cmdb.DependsOn, To: disk})
	shop := add(cmdb.ClassService, "shop", map[string]any{"criticality": cmdb.MostCritical}, cmdb.Relation{Type: cmdb.DependsOn, To: db})
	add(cmdb.ClassTeam, "Sales", nil, cmdb.Relation{Type: cmdb.Consumes, To: shop})
	add(cmdb.ClassPerson, "Carl Carlsen", map[string]any{"user_id": "carl"}, cmdb.Relation{Type: cmdb.Consumes, To: shop})

	// The wiring.
	snapshot, err := inv.Snapshot(ctx, now, cmdb.Selection{Classes: []string{cmdb.ClassPerson, cmdb.ClassTeam, cmdb.ClassLocation}})
	check(err)
	informing, err := announce.NewService(desk, announce.Config{Directory: people{}, Consumers: announce.NewConsumption(snapshot)})
	check(err)
	incidents, err := incident.NewService(desk, incident.Config{})
	check(err)
	relay, err := workflow.NewRelay(store, workflow.Mux{
		Timers: map[string]workflow.Handler{announce.KindAnnouncement: informing, announce.KindProfile: informing, incident.KindName: incidents},
		Topics: map[string]workflow.Handler{announce.TopicSpread: informing},
		Other: workflow.HandlerFunc(func(_ context.Context, d workflow.Due) error {
			if d.Message.Topic != announce.TopicNotice {
				return nil
			}
			var n announce.Notice // send a mail to each, with the message's id and the person as its key
			err := json.Unmarshal(d.Message.Payload, &n)
			for _, r := range n.To {
				fmt.Printf("%s, %s: %s\n", r.Person, n.About.Number, n.Words["en"].Title)
				if n.Stage == announce.Reported {
					fmt.Println("   reason:", r.Why[0])
				}
			}
			return err
		}),
	}, workflow.RelayConfig{Clock: clock})
	check(err)

	// An outage.
	ann, mia := workflow.User("ann", incident.RoleAgent), workflow.User("mia", announce.RoleCommunicator)
	inc, err := incidents.Open(ctx, ann, incident.Report{Title: "Disk failed", Impact: incident.High, Urgency: incident.High})
	check(err)
	m := inv.NewMap()
	check(m.Refresh(ctx))
	impact, err := m.Topology().Impact(cmdb.Query{Down: []workflow.ID{disk}})
	check(err)
	harms := announce.Affected(impact)
	for _, h := range harms {
		fmt.Println(h)
	}
	b, err := informing.Report(ctx, mia, announce.Report{Kind: announce.Outage, Severity: announce.High, Words: announce.Words{"en": {Title: "The shop is down"}},
		About: announce.About{Ref: workflow.Ref{Kind: incident.KindName, ID: inc.ID}, Number: inc.Number, Title: inc.Title}, Harms: harms})
	check(err)
	_, err = relay.Drain(ctx)
	check(err)
	_, err = informing.Clear(ctx, mia, b.ID, announce.Words{"en": {Title: "The shop works again"}})
	check(err)
	_, err = relay.Drain(ctx)
	check(err)
	// Output:
	// shop is down (disk 7 → orders → shop)
	// disk 7 is down
	// orders is down (disk 7 → orders)
	// carl, INC0000001: The shop is down
	//    reason: consumes as group Sales: shop is down (disk 7 → orders → shop)
	// dora, INC0000001: The shop is down
	//    reason: consumes as group Sales: shop is down (disk 7 → orders → shop)
	// carl, INC0000001: The shop works again
	// dora, INC0000001: The shop works again
}

// An announcement is drafted, approved by somebody else, and active for its audience
// while it is valid.
func ExampleService_Active() {
	ctx := context.Background()
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	desk := workflow.NewDesk(memstore.New(), workflow.DeskConfig{Clock: func() time.Time { return now }, IDs: workflow.SeededIDs(1)})
	s, err := announce.NewService(desk, announce.Config{Directory: people{}})
	check(err)
	draft, err := announce.ParseDraft([]byte(`{
		"kind": "maintenance", "priority": 2,
		"words": {"en": {"title": "Mail is maintained on Tuesday"}, "de": {"title": "Die Post wird am Dienstag gewartet"}},
		"audience": [{"kind": "group", "name": "Sales"}],
		"from": "2026-03-02T09:00:00Z", "until": "2026-03-03T22:00:00Z", "acknowledge": true
	}`))
	check(err)
	edi, abe := workflow.User("edi", announce.RoleEditor), workflow.User("abe", announce.RoleApprover)
	a, err := s.Draft(ctx, edi, draft)
	check(err)
	_, err = s.Submit(ctx, edi, a.ID)
	check(err)
	a, err = s.Approve(ctx, abe, a.ID)
	check(err)
	fmt.Println(a.Number, "is", a.State)
	for _, person := range []string{"carl", "emil"} {
		list, err := s.Active(ctx, person, now)
		check(err)
		fmt.Println(person, "has", len(list))
	}
	check(s.Acknowledge(ctx, workflow.User("carl"), a.ID))
	r, err := s.Readings(ctx, a.ID)
	check(err)
	fmt.Printf("%d of %d have read it, %v %%, without %v\n", r.Acknowledged, r.Audience, r.Percent, r.Missing)
	// Output:
	// ANN0000001 is published
	// carl has 1
	// emil has 0
	// 1 of 2 have read it, 50 %, without [dora]
}

// Somebody subscribes to a service, and wants to sleep unless it is critical.
func ExampleService_Subscribe() {
	ctx := context.Background()
	now := time.Date(2026, 3, 2, 23, 0, 0, 0, time.UTC)
	desk := workflow.NewDesk(memstore.New(), workflow.DeskConfig{Clock: func() time.Time { return now }, IDs: workflow.SeededIDs(1)})
	s, err := announce.NewService(desk, announce.Config{Directory: people{}})
	check(err)
	day, err := calendar.New("Europe/Berlin", calendar.Weekly(time.Monday, time.Sunday, "08:00-20:00"))
	check(err)
	emil, service := workflow.User("emil"), workflow.SeededIDs(9).NewID(now)
	_, err = s.Subscribe(ctx, emil, announce.Party{Kind: announce.Person, Name: "emil"},
		announce.Subscription{Name: "shop", Item: service, Kinds: []announce.Kind{announce.Outage}, Least: announce.Medium, Channels: []string{"sms"}})
	check(err)
	_, err = s.Prefer(ctx, emil, "emil", announce.Preferences{Awake: day, Unless: announce.Critical})
	check(err)

	b, err := s.Report(ctx, workflow.User("mia", announce.RoleCommunicator), announce.Report{Kind: announce.Outage, Severity: announce.High,
		Words: announce.Words{"en": {Title: "The shop is slow"}}, Harms: []announce.Harm{{Item: service, Name: "shop", State: 1}}})
	check(err)
	all, err := s.Audience(ctx, b)
	check(err)
	for _, r := range all {
		fmt.Println(r.Person, "by", r.Channels, "reason:", r.Why[0].Because)
	}
	// Output:
	// emil by [sms] reason: subscribed
}
