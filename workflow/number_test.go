package workflow_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/memstore"
)

func TestARestartSkipsTheNumbersThatWereSetAside(t *testing.T) {
	for _, test := range []struct {
		block int
		want  string
	}{{0, "TKT0000021"}, {5, "TKT0000016"}, {1, "TKT0000013"}} {
		store := memstore.New()
		k, err := workflow.NewKind(workflow.KindConfig[*ticket]{Name: "ticket", Number: workflow.NumberFormat{Prefix: "TKT", Block: test.block},
			New: func() *ticket { return new(ticket) }})
		require.NoError(t, err)
		start := func() *workflow.Desk {
			return workflow.NewDesk(store, workflow.DeskConfig{Clock: func() time.Time { return time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC) }})
		}
		d, last := start(), ""
		for range 12 {
			last = open(t, d, k, "a ticket").Number
		}
		require.Equal(t, "TKT0000012", last)
		require.Equal(t, test.want, open(t, start(), k, "after a restart").Number, "with blocks of %d", test.block)
	}
}
