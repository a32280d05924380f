package exchange_test

import (
	"context"
	"errors"
	"testing"

	"github.com/itsm-go/itsm/cmdb"
	"github.com/itsm-go/itsm/cmdb/exchange"
	"github.com/itsm-go/itsm/cmdb/reconcile"
	"github.com/itsm-go/itsm/workflow"
	"github.com/stretchr/testify/require"
)

func (w *world) load(o exchange.Options, items, relations string) (exchange.Report, error) {
	w.t.Helper()
	rows := exchange.ReadCSV(w.inv.Model(), exchange.Mapping{Source: "assets", SeenAt: noon}, lines(items), lines(relations))
	return exchange.Import(ctx, w, robot, rows, o)
}

const (
	shopItems = `key,class,name,serial_number
app,application,Shop,
web,server,web-01,W1
rack,location,Rack 7,`
	shopRelations = `from,to,type
app,web,runs_on
rack,web,contains`
)

func TestWhatIsImportedIsThere(t *testing.T) {
	w := newWorld(t)
	report, err := w.load(exchange.Options{}, shopItems, shopRelations)
	require.NoError(t, err)
	require.Equal(t, exchange.Report{
		Progress: exchange.Progress{Line: 4, Items: 3, Outcomes: map[reconcile.Outcome]int{reconcile.Created: 3}},
		Notes:    map[string]int{},
	}, report)
	items := w.named()
	require.Equal(t, []workflow.ID{items["web-01"].ID}, items["Shop"].Related(cmdb.RunsOn))
	require.Equal(t, []workflow.ID{items["Rack 7"].ID}, items["web-01"].Related(cmdb.ContainedIn))
}

func TestImportingAgainDoesNoHarm(t *testing.T) {
	w := newWorld(t)
	for _, batch := range []int{1, 2, 200} { // cut in other places, too
		_, err := w.load(exchange.Options{Batch: batch}, shopItems, shopRelations)
		require.NoError(t, err)
	}
	before := w.snapshot()
	report, err := w.load(exchange.Options{}, shopItems, shopRelations)
	require.NoError(t, err)
	require.Equal(t, map[reconcile.Outcome]int{reconcile.Unchanged: 3}, report.Outcomes)
	require.Equal(t, before, w.snapshot())
	require.Len(t, before.Items, 3)
}

func TestWhatDoesNotComeInIsReported(t *testing.T) {
	w := newWorld(t)
	items := "key,class,name,state,cpus\na,server,ok,,\nb,server,bad,,many\nc,service,no criticality,,\nd,server,odd,asleep,\ne,server,fine,,\n"
	relations := "from,to,type\nx,a,uses"
	report, err := w.load(exchange.Options{}, items, relations)
	require.NoError(t, err)
	require.Equal(t, 2, report.Wrong)
	require.Equal(t, 4, report.Items)
	require.Equal(t, map[reconcile.Outcome]int{reconcile.Created: 2, reconcile.Held: 1, reconcile.Rejected: 1}, report.Outcomes)
	require.Len(t, report.Problems, 4)

	bad, stray, held, rejected := report.Problems[0], report.Problems[1], report.Problems[2], report.Problems[3]
	require.Equal(t, "items", bad.File)
	require.Equal(t, 3, bad.Line)
	require.Contains(t, bad.Text, "column cpus")
	require.Equal(t, "relations", stray.File)
	require.Equal(t, reconcile.Held, held.Outcome)
	require.Equal(t, reconcile.Origin{Source: "assets", Key: "c"}, held.Origin)
	require.Equal(t, 4, held.Line)
	require.Contains(t, held.Text, "criticality is required")
	require.Equal(t, reconcile.Rejected, rejected.Outcome)
	require.Equal(t, 5, rejected.Line)
	require.Contains(t, rejected.Text, `no state "asleep"`)
	require.Len(t, w.snapshot().Items, 2)
}

func TestAReportKeepsTheFirstProblems(t *testing.T) {
	w := newWorld(t)
	report, err := w.load(exchange.Options{Problems: 2}, "key,class\n1,x\n2,x\n3,x\n4,x\n", "from,to,type")
	require.NoError(t, err)
	require.Equal(t, 4, report.Wrong)
	require.Len(t, report.Problems, 2)
	require.Equal(t, 2, report.More)
}

func TestNotesAreCounted(t *testing.T) {
	w := newWorld(t)
	c := exchange.StarterServiceNow()
	rows := exchange.ReadServiceNow(w.inv.Model(), c, lines("sys_id,sys_class_name,name,sys_updated_on",
		"1,cmdb_ci_kiosk,a,2026-03-02", "2,cmdb_ci_kiosk,b,2026-03-02", "3,cmdb_ci_fridge,c,2026-03-02"), nil)
	report, err := exchange.Import(ctx, w, robot, rows, exchange.Options{Problems: 1})
	require.NoError(t, err)
	require.Equal(t, map[string]int{`sys_class_name "cmdb_ci_kiosk" is taken for class application`: 2}, report.Notes)
	require.Equal(t, 1, report.More)
}

func TestAStrictImportEndsAtTheFirstLineThatIsWrong(t *testing.T) {
	w := newWorld(t)
	report, err := w.load(exchange.Options{Strict: true, Batch: 1}, "key,class,name\n1,server,a\n2,x,b\n3,server,c", "from,to,type")
	require.ErrorIs(t, err, workflow.ErrInvalid)
	require.ErrorContains(t, err, "items line 3")
	require.Equal(t, 1, report.Items)
	require.Equal(t, 1, report.Wrong)
	require.Len(t, w.snapshot().Items, 1, "what was taken in stays")
}

func TestAFileThatIsBuiltWrongEndsAnImport(t *testing.T) {
	w := newWorld(t)
	report, err := w.load(exchange.Options{}, "key,class\n1,server\n2,ser\"ver\n3,server", "from,to,type")
	require.ErrorIs(t, err, workflow.ErrInvalid)
	require.ErrorContains(t, err, "line 3")
	require.Zero(t, report.Items)
}

func TestProgressIsToldAfterEachBatch(t *testing.T) {
	w := newWorld(t)
	var told []exchange.Progress
	_, err := w.load(exchange.Options{Batch: 2, Progress: func(p exchange.Progress) { told = append(told, p) }}, shopItems, shopRelations)
	require.NoError(t, err)
	require.Equal(t, []exchange.Progress{
		{Line: 3, Items: 2, Outcomes: map[reconcile.Outcome]int{reconcile.Created: 2}},
		{Line: 4, Items: 3, Outcomes: map[reconcile.Outcome]int{reconcile.Created: 3}},
	}, told)
}

// sinkFunc is a sink of a function.
type sinkFunc func(payloads []reconcile.Payload) ([]reconcile.Decision, error)

func (f sinkFunc) Ingest(_ context.Context, _ workflow.Actor, payloads ...reconcile.Payload) ([]reconcile.Decision, error) {
	return f(payloads)
}

func TestASinkThatFailsEndsAnImport(t *testing.T) {
	full := errors.New("disk full")
	sink := sinkFunc(func([]reconcile.Payload) ([]reconcile.Decision, error) {
		return []reconcile.Decision{{Outcome: reconcile.Created}}, full
	})
	rows := exchange.ReadCSV(starter(t), assets, lines("key", "1", "2", "3"), nil)
	report, err := exchange.Import(ctx, sink, robot, rows, exchange.Options{Batch: 2})
	require.ErrorIs(t, err, full)
	require.Equal(t, 1, report.Items, "what was committed before counts")
}

func TestAnImportCanBeGivenUp(t *testing.T) {
	ctx, cancel := context.WithCancel(ctx)
	sink := sinkFunc(func(payloads []reconcile.Payload) ([]reconcile.Decision, error) {
		cancel()
		return make([]reconcile.Decision, len(payloads)), nil
	})
	rows := exchange.ReadCSV(starter(t), assets, lines("key", "1", "2", "3"), nil)
	report, err := exchange.Import(ctx, sink, robot, rows, exchange.Options{Batch: 1})
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, 1, report.Items)
}
