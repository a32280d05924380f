package workflow_test

import (
	"context"
	"fmt"
	"time"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/memstore"
)

type complaint struct {
	workflow.Record
	Caller string `json:"caller"`
	Phone  string `json:"phone"`
}

// Bob asks to be forgotten. His complaint stays, and so does the proof of when it was
// made and what became of it; who he was and where he lives is gone, from the record
// and from its history.
func ExampleRedact() {
	ctx := context.Background()
	complaints, err := workflow.NewKind(workflow.KindConfig[*complaint]{Name: "complaint", New: func() *complaint { return new(complaint) }})
	if err != nil {
		panic(err)
	}
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	store := memstore.New()
	desk := workflow.NewDesk(store, workflow.DeskConfig{Clock: func() time.Time { return now }})
	var id workflow.ID
	_, err = desk.Do(ctx, workflow.Command{Name: "complaint.open", Actor: workflow.User("bob")}, func(tx *workflow.Tx) error {
		c := &complaint{Record: workflow.Record{Title: "Noise", State: "new"}, Caller: "bob", Phone: "555-0199"}
		defer func() { id = c.ID }()
		return complaints.Create(tx, c, workflow.Entry{})
	})
	if err != nil {
		panic(err)
	}

	bob, err := workflow.Pseudonym([]byte("kept apart, one for each tenant"), "bob")
	if err != nil {
		panic(err)
	}
	_, err = workflow.Redact(ctx, desk, complaints, id, workflow.User("olga", workflow.RolePrivacy), workflow.Mask{
		Rule: "gdpr-art-17", Reason: "the person asked for it on paper",
		Fields:  []workflow.FieldMask{{Path: "/phone"}},
		Persons: map[string]string{"bob": bob},
	})
	if err != nil {
		panic(err)
	}
	history, err := workflow.History(ctx, store, complaints.Ref(id))
	if err != nil {
		panic(err)
	}
	for _, e := range history {
		fmt.Println(e.Version, e.Type, "by", e.Actor, "without", len(e.Redacted), "values")
	}
	c, err := complaints.Load(ctx, store, id)
	fmt.Println(c.Title, c.Caller, c.Phone, err)
	_, err = workflow.VerifyStore(ctx, store, nil, "complaint")
	fmt.Println("verified:", err == nil)
	// Output:
	// 1 complaint.open by user person-be05c1e19badbedcad69 without 4 values
	// 2 complaint.redact by user olga without 3 values
	// Noise person-be05c1e19badbedcad69 [redacted] <nil>
	// verified: true
}
