package knownerror_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/itsm-go/itsm/cmdb"
	"github.com/itsm-go/itsm/incident"
	"github.com/itsm-go/itsm/problem/knownerror"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/memstore"
)

// A known error is written, reviewed and published, and found for a case.
func Example() {
	ctx := context.Background()
	ann, mia := workflow.User("ann", knownerror.RoleAgent), workflow.User("mia", knownerror.RoleManager)
	desk := workflow.NewDesk(memstore.New(), workflow.DeskConfig{})
	catalogue, err := knownerror.NewCatalogue(desk.Store(), knownerror.CatalogueConfig{})
	if err != nil {
		panic(err)
	}
	known, err := knownerror.NewService(desk, knownerror.Config{
		Duplicates: catalogue.Duplicates,
		Lifecycle:  knownerror.Lifecycle(knownerror.Options{FourEyes: true}),
	})
	if err != nil {
		panic(err)
	}
	k, _ := known.Draft(ctx, ann, knownerror.Content{
		Title: "Outlook disconnects", Symptom: "Outlook asks for the password again and again",
		CauseUnknown: true, Workaround: "Delete the cached credentials",
		Codes: []string{"0x80070035"}, Items: []string{"mail01"},
	})
	k, _ = known.Submit(ctx, ann, k.ID)
	k, _ = known.Publish(ctx, mia, k.ID, "")
	fmt.Println(k.Number, k.State, "revision", k.Published.Revision)

	if err := catalogue.Refresh(ctx); err != nil {
		panic(err)
	}
	found, _ := catalogue.Suggest(ctx, knownerror.Case{Title: "Outlook disconnects", Details: "error 0x80070035", Items: []string{"mail01"}})
	for _, s := range found {
		fmt.Printf("%s %s: %s\n  %s\n", s.Number, s.Title, s.Workaround, s.Why())
	}
	// Output:
	// KE0000001 published revision 1
	// KE0000001 Outlook disconnects: Delete the cached credentials
	//   shares mail01; error code 0x80070035; words: outlook, disconnect
}

// What looks like a known error that there is already is answered before it is
// published.
func ExampleService_Distinguish() {
	ctx := context.Background()
	mia := workflow.User("mia", knownerror.RoleManager)
	desk := workflow.NewDesk(memstore.New(), workflow.DeskConfig{})
	catalogue, _ := knownerror.NewCatalogue(desk.Store(), knownerror.CatalogueConfig{})
	known, _ := knownerror.NewService(desk, knownerror.Config{Duplicates: catalogue.Duplicates})
	write := func(title string) (*knownerror.KnownError, error) {
		k, err := known.Draft(ctx, mia, knownerror.Content{Title: title, Symptom: "ORA-01555", CauseUnknown: true, NoWorkaround: true, Codes: []string{"ORA-01555"}})
		if err != nil {
			return nil, err
		}
		if _, err := known.Submit(ctx, mia, k.ID); err != nil {
			return nil, err
		}
		_, err = known.Publish(ctx, mia, k.ID, "")
		return k, err
	}
	first, _ := write("Reports end early")
	second, err := write("Nightly export fails")
	fmt.Println(err)
	_, _ = known.Distinguish(ctx, mia, second.ID, first.ID, "the export reads another database")
	second, err = known.Publish(ctx, mia, second.ID, "")
	fmt.Println(second.State, err, errors.Is(err, knownerror.ErrDuplicate))
	// Output:
	// knownerror: KE0000002 looks like a known error that there is already: KE0000001 "Reports end early" (error code ORA-01555; words: ora, 01555): retire one for the other, or say why it is not the same
	// published <nil> false
}

// An incident gets suggestions from what it says and from what the configuration knows:
// practices know nothing of each other, so the host makes a case of the incident.
func ExampleCatalogue_Suggest_incident() {
	ctx := context.Background()
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	ann := workflow.User("ann", incident.RoleAgent)
	mia := workflow.User("mia", knownerror.RoleManager)
	eva := workflow.User("eva", cmdb.RoleEditor)
	desk := workflow.NewDesk(memstore.New(), workflow.DeskConfig{Clock: func() time.Time { return now }})
	inventory, _ := cmdb.NewInventory(desk, cmdb.Config{})
	incidents, _ := incident.NewService(desk, incident.Config{})
	known, _ := knownerror.NewService(desk, knownerror.Config{})

	disk, _ := inventory.Create(ctx, eva, cmdb.Draft{Class: cmdb.ClassStorage, Name: "disk 7", State: cmdb.StateInUse})
	mail, _ := inventory.Create(ctx, eva, cmdb.Draft{Class: cmdb.ClassServer, Name: "mail01", State: cmdb.StateInUse,
		Relations: []cmdb.Relation{{Type: cmdb.DependsOn, To: disk.ID}}})
	configuration := inventory.NewMap()
	_ = configuration.Refresh(ctx)
	catalogue, _ := knownerror.NewCatalogue(desk.Store(), knownerror.CatalogueConfig{
		Relate: func(_ context.Context, items []string) (knownerror.Surroundings, error) {
			var s knownerror.Surroundings
			t := configuration.Topology()
			for _, name := range items {
				item, ok := t.Resolve(name)
				if !ok {
					continue
				}
				s.Classes = append(s.Classes, item.Class)
				for _, below := range t.Dependencies(item.ID) {
					s.Near = append(s.Near, knownerror.Near{Item: below.Number, How: item.Name + " depends on " + below.Name})
				}
			}
			return s, nil
		},
	})
	k, _ := known.Draft(ctx, mia, knownerror.Content{Title: "Storage hangs under load", Symptom: "Everything on it stops for minutes",
		Cause: "Firmware 2.1", Workaround: "Restart the controller", Items: []string{disk.Number}})
	_, _ = known.Submit(ctx, mia, k.ID)
	_, _ = known.Publish(ctx, mia, k.ID, "")
	_ = catalogue.Refresh(ctx)

	inc, err := incidents.Open(ctx, ann, incident.Report{Title: "Mail hangs", Details: "It hangs under load.", Impact: incident.High, Urgency: incident.High, CIs: []string{mail.Number}})
	if err != nil {
		panic(err)
	}
	c := knownerror.Case{Title: inc.Title, Details: inc.Details, At: now}
	for _, ci := range inc.CIs {
		c.Items = append(c.Items, ci.ID)
	}
	if inc.Service != "" {
		c.Services = []string{inc.Service}
	}
	found, _ := catalogue.Suggest(ctx, c)
	for _, s := range found {
		fmt.Println(s.Number, s.Workaround)
		fmt.Println(strings.ReplaceAll(s.Why(), disk.Number, "CI"))
	}

	// It was shown; it is linked; it helped.
	this := incidents.Kind().Ref(inc.ID)
	_ = known.Suggested(ctx, ann, this, k.ID)
	_, _ = known.Link(ctx, ann, k.ID, this)
	_, _ = known.Rate(ctx, ann, k.ID, this, knownerror.Helped, "")
	usage, _ := known.Usage(ctx, k.ID)
	fmt.Printf("%+v\n", usage)
	// Output:
	// KE0000001 Restart the controller
	// near: CI (mail01 depends on disk 7); words: hang, under, load
	// {Suggested:1 Linked:1 Helped:1 NotHelped:0}
}

// Who has linked a known error hears of a new workaround; the host tells the incidents.
func ExampleChanged() {
	ctx := context.Background()
	ann, mia := workflow.User("ann", knownerror.RoleAgent), workflow.User("mia", knownerror.RoleManager)
	store := memstore.New()
	desk := workflow.NewDesk(store, workflow.DeskConfig{})
	known, _ := knownerror.NewService(desk, knownerror.Config{})
	k, _ := known.Draft(ctx, mia, knownerror.Content{Title: "Paper jam", Symptom: "It beeps", CauseUnknown: true, Workaround: "Open the tray"})
	_, _ = known.Submit(ctx, mia, k.ID)
	_, _ = known.Publish(ctx, mia, k.ID, "")
	inc := workflow.Ref{Kind: "incident", ID: workflow.SeededIDs(1).NewID(time.Time{})}
	_, _ = known.Link(ctx, ann, k.ID, inc)
	_, _ = known.Revise(ctx, mia, k.ID, func(c *knownerror.Content) { c.Workaround = "Use the other tray" })
	_, _ = known.Submit(ctx, mia, k.ID)
	_, _ = known.Publish(ctx, mia, k.ID, "")

	relay, _ := workflow.NewRelay(store, workflow.Mux{
		Timers: map[string]workflow.Handler{knownerror.KindName: known},
		Topics: map[string]workflow.Handler{knownerror.TopicChanged: workflow.HandlerFunc(func(_ context.Context, d workflow.Due) error {
			c, err := knownerror.ParseChanged(d.Message.Payload)
			for _, l := range c.Cases {
				// incidents.Once(c.Key(l.Case)).Note(ctx, …)
				fmt.Println(l.Case.Kind, c.What, c.Workaround, c.To)
			}
			return err
		})},
		Other: workflow.HandlerFunc(func(context.Context, workflow.Due) error { return nil }),
	}, workflow.RelayConfig{})
	_, _ = relay.Drain(ctx)
	// Output: incident [workaround] Use the other tray [ann]
}

// Pre-releases come before what they lead to, and zeros at the end do not matter.
func ExampleCompareVersions() {
	fmt.Println(knownerror.CompareVersions("2.0-rc1", "2.0"), knownerror.CompareVersions("2.10", "2.9"), knownerror.CompareVersions("v2", "2.0.0"))
	// Output: -1 1 0
}

// A few verdicts say little.
func ExampleUsage_Usefulness() {
	fmt.Printf("%.2f %.2f\n", knownerror.Usage{Helped: 1}.Usefulness(), knownerror.Usage{Helped: 95, NotHelped: 5}.Usefulness())
	// Output: 0.21 0.89
}
