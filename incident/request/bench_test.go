package request_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/incident/request"
	"github.com/itsm-go/itsm/incident/request/catalog"
)

// One order of a bundle for a new starter: three items, approvals asked, jobs sent.
func BenchmarkPlaceABundle(b *testing.B) {
	w := newWorld(b)
	o := request.Order{Lines: []catalog.Line{{Bundle: "new starter", Answers: map[string]any{"role": "engineer", "data": "public"}}}}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := w.Place(ctx, ann, o); err != nil {
			b.Fatal(err)
		}
	}
}

// One command on a request of the largest size: its items and tasks are read, checked and
// written with it.
func BenchmarkCommandOnTheLargestRequest(b *testing.B) {
	w := newWorld(b)
	var lines []catalog.Line
	for range request.MaxTasks / 3 {
		lines = append(lines, one("phone"))
	}
	w.house.members["group finance"] = []string{"fay"}
	r := w.vote(fay, w.place(lines...), "", approve) // 13,200 euros
	require.Len(b, r.Items, 33)
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		if _, err := w.AssignTask(ctx, carl, r.ID, "7.1", "procurement", []string{"carl", "mia"}[n%2]); err != nil {
			b.Fatal(err)
		}
	}
}

// One price of a cart with a bundle and two items.
func BenchmarkPrice(b *testing.B) {
	c, err := catalog.Compile(nil, definition(b))
	require.NoError(b, err)
	v, err := c.InForce(monday)
	require.NoError(b, err)
	who := newHouse().people["ann"]
	bundle := catalog.Line{Bundle: "new starter", Answers: map[string]any{"role": "engineer", "data": "public"}}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := v.Price(who, monday, bundle, one("phone"), laptop()); err != nil {
			b.Fatal(err)
		}
	}
}
