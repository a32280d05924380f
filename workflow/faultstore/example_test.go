package faultstore_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/faultstore"
	"github.com/itsm-go/itsm/workflow/memstore"
)

type door struct {
	workflow.Record
	Opened int `json:"opened"`
}

// A door is opened once, whatever call of the store fails, because a caller who
// is told of an error gives the same command again.
func ExampleDrive() {
	ctx := context.Background()
	doors, err := workflow.NewKind(workflow.KindConfig[*door]{Name: "door", New: func() *door { return new(door) }})
	if err != nil {
		panic(err)
	}
	id := workflow.SeededIDs(7).NewID(time.Unix(0, 0))
	openDoor := func(s workflow.Store) error {
		desk := workflow.NewDesk(s, workflow.DeskConfig{})
		cmd := workflow.Command{Name: "door.open", Actor: workflow.User("ann"), Key: "this morning"}
		_, err := desk.Do(ctx, cmd, func(tx *workflow.Tx) error {
			d, err := doors.GetOrCreate(tx, id, func() *door { return &door{Record: workflow.Record{Title: "front door", State: "shut"}} })
			if err != nil {
				return err
			}
			d.Opened++
			return doors.Put(tx, d, workflow.Entry{})
		})
		return err
	}

	open := func() workflow.Store { return memstore.New() }
	run := func(s *faultstore.Store) error { return openDoor(s) }
	check := func(r faultstore.Run) error {
		if r.Err != nil {
			if err := openDoor(r.Plain); err != nil { // the database is back
				return err
			}
		}
		d, err := doors.Load(ctx, r.Plain, id)
		if err == nil && d.Opened != 1 {
			err = errors.New("opened more than once")
		}
		return err
	}
	calls, err := faultstore.Drive(open, run, check)
	fmt.Println(calls, "calls, each failing in 4 ways:", err)
	// Output: 4 calls, each failing in 4 ways: <nil>
}

// A single fault, for a test of what a program does when its database is gone.
func ExampleNew() {
	s := faultstore.New(memstore.New(), faultstore.Fault{Call: 1, Mode: faultstore.Down})
	_, err := s.Get(context.Background(), workflow.Ref{})
	fmt.Println(errors.Is(err, faultstore.ErrInjected), err)
	// Output: true faultstore: call 1, get, fails (down): injected fault
}
