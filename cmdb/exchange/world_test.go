package exchange_test

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/itsm-go/itsm/cmdb"
	"github.com/itsm-go/itsm/cmdb/exchange"
	"github.com/itsm-go/itsm/cmdb/reconcile"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/memstore"
	"github.com/stretchr/testify/require"
)

var (
	ctx   = context.Background()
	robot = workflow.System("import")
	noon  = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
)

func starter(t testing.TB) *cmdb.Model {
	t.Helper()
	m, err := cmdb.Starter()
	require.NoError(t, err)
	return m
}

// world is an inventory with a reconciler before it.
type world struct {
	*reconcile.Reconciler
	inv *cmdb.Inventory
	t   testing.TB
}

func newWorld(t testing.TB) *world {
	t.Helper()
	desk := workflow.NewDesk(memstore.New(), workflow.DeskConfig{Clock: func() time.Time { return noon }, IDs: workflow.SeededIDs(7)})
	inv, err := cmdb.NewInventory(desk, cmdb.Config{})
	require.NoError(t, err)
	r, err := reconcile.New(desk, inv, reconcile.StarterConfig())
	require.NoError(t, err)
	return &world{r, inv, t}
}

// snapshot is everything, whatever its state.
func (w *world) snapshot() cmdb.Snapshot {
	w.t.Helper()
	s, err := w.inv.Snapshot(ctx, noon, cmdb.Selection{Gone: true})
	require.NoError(w.t, err)
	return s
}

// named are the items by name.
func (w *world) named() map[string]*cmdb.CI {
	all := map[string]*cmdb.CI{}
	for _, ci := range w.snapshot().Items {
		all[ci.Title] = ci
	}
	return all
}

// read gathers what a file says, and what is wrong with it.
func read(rows exchange.Rows) (payloads []reconcile.Payload, notes []string, wrong []error) {
	for row, err := range rows {
		if err != nil {
			wrong = append(wrong, err)
			continue
		}
		payloads, notes = append(payloads, row.Payload), append(notes, row.Notes...)
	}
	return payloads, notes, wrong
}

// reads is read for a file with nothing wrong.
func reads(t testing.TB, rows exchange.Rows) []reconcile.Payload {
	t.Helper()
	payloads, _, wrong := read(rows)
	require.Empty(t, wrong)
	return payloads
}

// written is what a Write function writes.
func written(t testing.TB, write func(*bytes.Buffer) error) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, write(&b))
	return b.String()
}

func lines(text ...string) *strings.Reader { return strings.NewReader(strings.Join(text, "\n") + "\n") }
