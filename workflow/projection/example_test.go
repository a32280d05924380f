package projection_test

import (
	"context"
	"fmt"
	"slices"

	"github.com/itsm-go/itsm/workflow/projection"
)

// A screen shows how many tickets there are in each state. The table is kept from the
// feed; the database of this example is in memory, with transactions.
func Example() {
	ctx := context.Background()
	s, db := newShop(nil), newDatabase()
	put := func(_ context.Context, t *tx, rec *ticket) error {
		return t.set("board", rec.ID.String(), rec.State)
	}
	board, err := projection.New(s.store, db, projection.Config[*tx]{
		Name:  "board/1",
		Apply: projection.Latest(s.store, s.kinds["ticket"], put, nil),
	})
	if err != nil {
		panic(err)
	}
	for range 3 {
		s.open("ticket")
	}
	s.move(1, "active")
	lag, err := board.Lag(ctx, 100)
	fmt.Println(lag.Events, "events behind", err)
	_, err = board.CatchUp(ctx)
	var states []string
	for _, state := range db.tables["board"] {
		states = append(states, state)
	}
	slices.Sort(states)
	fmt.Println(states, err)
	// Output:
	// 4 events behind <nil>
	// [active new new] <nil>
}

// The list gets another layout: it is built beside the old one, and then readers are
// sent to it.
func ExampleReplace() {
	ctx := context.Background()
	s, db := newShop(nil), newDatabase()
	s.open("ticket")
	list := func(version string, line func(*ticket) string) *projection.Projection[*tx] {
		put := func(_ context.Context, t *tx, rec *ticket) error { return t.set("list/"+version, "first", line(rec)) }
		p, err := projection.New(s.store, db, projection.Config[*tx]{Name: "list/" + version, Apply: projection.Latest(s.store, s.kinds["ticket"], put, nil)})
		if err != nil {
			panic(err)
		}
		return p
	}
	old := list("1", func(t *ticket) string { return t.Title })
	if _, err := old.CatchUp(ctx); err != nil {
		panic(err)
	}
	fresh := list("2", func(t *ticket) string { return t.Title + ", " + t.State })
	err := projection.Replace(ctx, old, fresh, func(_ context.Context, t *tx) error { return t.set("settings", "list", "list/2") })
	fmt.Println(db.tables[db.tables["settings"]["list"]]["first"], err)
	// Output: Broken, new <nil>
}
