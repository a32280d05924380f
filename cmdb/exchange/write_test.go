package exchange_test

import (
	"bytes"
	"cmp"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/itsm-go/itsm/cmdb"
	"github.com/itsm-go/itsm/cmdb/exchange"
	"github.com/itsm-go/itsm/cmdb/reconcile"
	"github.com/itsm-go/itsm/workflow"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
)

// writeCSV writes payloads as two files.
func writeCSV(t testing.TB, payloads []reconcile.Payload, s exchange.Style) (items, relations string) {
	t.Helper()
	items = written(t, func(b *bytes.Buffer) error { return exchange.WriteItems(b, payloads, s) })
	relations = written(t, func(b *bytes.Buffer) error { return exchange.WriteRelations(b, payloads, s) })
	return items, relations
}

var someItems = []reconcile.Payload{
	{Source: "assets", Key: "A-1", At: noon, Class: "server", Name: "two\nlines, \"quoted\"", State: "in_use",
		Attributes: map[string]any{"cpus": 2.5, "os": "=1+1", "purchase_cost": "19.9", "purchased_at": "2026-03-02T12:00:00Z"},
		Relations:  []reconcile.Link{{Type: "connects_to", Key: "A-2"}, {Type: "depends_on", Source: "vcenter", Key: "vm-9"}}},
	{Source: "assets", Key: "A-2", At: noon, Class: "network_device", Name: "-switch", Gone: true},
}

func TestWhatIsWrittenAsCSVIsReadAgain(t *testing.T) {
	for _, comma := range []rune{',', ';', '\t'} {
		items, relations := writeCSV(t, someItems, exchange.Style{Comma: comma})
		got := reads(t, exchange.ReadCSV(starter(t), exchange.Mapping{Source: "assets", Comma: comma}, strings.NewReader(items), strings.NewReader(relations)))
		require.Equal(t, someItems, got)
	}
}

// A host's payloads hold Go values, too.
func TestGoValuesAreWrittenAsTheyAreKept(t *testing.T) {
	eva := workflow.Ref{Kind: cmdb.KindName, ID: workflow.SeededIDs(1).NewID(noon)}
	items, _ := writeCSV(t, []reconcile.Payload{{Source: "a", Key: "1", At: noon, Class: "server", Attributes: map[string]any{
		"cpus": 8, "memory_gb": int64(64), "purchase_cost": decimal.RequireFromString("19.90"), "purchased_at": noon.In(time.FixedZone("", 3600)), "owned_by": eva, "os": nil}}}, exchange.Style{})
	got := reads(t, exchange.ReadCSV(starter(t), exchange.Mapping{Source: "a"}, strings.NewReader(items), nil))
	require.Equal(t, map[string]any{"cpus": 8.0, "memory_gb": 64.0, "purchase_cost": "19.9", "purchased_at": "2026-03-02T12:00:00Z", "owned_by": eva.String()}, got[0].Attributes)
}

func TestCSVIsWrittenInOrder(t *testing.T) {
	items, relations := writeCSV(t, someItems, exchange.Style{})
	require.Equal(t, `key,class,name,state,at,gone,cpus,os,purchase_cost,purchased_at
A-1,server,"two
lines, ""quoted""",in_use,2026-03-02T12:00:00Z,,2.5,=1+1,19.9,2026-03-02T12:00:00Z
A-2,network_device,-switch,,2026-03-02T12:00:00Z,true,,,,
`, items)
	require.Equal(t, "from,to,type,to_source\nA-1,A-2,connects_to,\nA-1,vm-9,depends_on,vcenter\n", relations)
}

func TestFormulasAreGuardedIfAskedFor(t *testing.T) {
	for text, want := range map[string]string{
		"=1+1": "'=1+1", "+49 30 1234": "'+49 30 1234", "-switch": "'-switch", "@SUM(A1)": "'@SUM(A1)", "\tx": "'\tx", "\rx": "'\rx",
		"-12.5": "-12.5", "+7": "+7", "plain": "plain", "": "", "a=b": "a=b",
	} {
		p := []reconcile.Payload{{Source: "a", Key: "1", At: noon, Class: "server", Name: text}}
		for guard, want := range map[bool]string{true: want, false: text} {
			items := written(t, func(b *bytes.Buffer) error {
				return exchange.WriteItems(b, p, exchange.Style{Guard: guard, Comma: ';'})
			})
			_, row, _ := strings.Cut(items, "\n")
			require.Equal(t, want, strings.Trim(strings.Split(row, ";")[2], `"`), "%q", text)
		}
	}
}

func TestWhatDoesNotFitInAFileIsRefused(t *testing.T) {
	for want, payloads := range map[string][]reconcile.Payload{
		`the sources "a" and "b"`:                             {{Source: "a"}, {Source: "b"}},
		`attribute "Name" is called like another column`:      {{Source: "a", Attributes: map[string]any{"Name": "x"}}},
		"item 1: attribute os: a []interface {} does not fit": {{Source: "a", Key: "1", Attributes: map[string]any{"os": []any{"x"}}}},
	} {
		err := exchange.WriteItems(new(bytes.Buffer), payloads, exchange.Style{})
		require.ErrorIs(t, err, workflow.ErrInvalid)
		require.ErrorContains(t, err, want)
	}
}

type brokenPipe struct{}

var errPipe = errors.New("broken pipe")

func (brokenPipe) Write([]byte) (int, error) { return 0, errPipe }

func TestAWriterThatFailsIsToldOf(t *testing.T) {
	require.ErrorIs(t, exchange.WriteItems(brokenPipe{}, someItems, exchange.Style{}), errPipe)
	require.ErrorIs(t, exchange.WriteRelations(brokenPipe{}, someItems, exchange.Style{}), errPipe)
	require.ErrorIs(t, exchange.WriteJSONL(brokenPipe{}, someItems), errPipe)
	_, err := exchange.WriteServiceNow(starter(t), exchange.StarterServiceNow(), brokenPipe{}, brokenPipe{}, someItems, exchange.Style{})
	require.ErrorIs(t, err, errPipe)
	require.Error(t, exchange.WriteItems(new(bytes.Buffer), someItems, exchange.Style{Comma: '"'}))
}

// furnished is a world with items of many classes, in many states.
func furnished(t testing.TB) *world {
	w := newWorld(t)
	eva := workflow.User("eva", cmdb.RoleManager)
	add := func(class, name, state string, attributes map[string]any, relations ...cmdb.Relation) workflow.ID {
		ci, err := w.inv.Create(ctx, eva, cmdb.Draft{Class: class, Name: name, State: state, Attributes: attributes, Relations: relations})
		require.NoError(t, err)
		return ci.ID
	}
	to := func(relation string, id workflow.ID) cmdb.Relation { return cmdb.Relation{Type: relation, To: id} }
	hall := add(cmdb.ClassLocation, "Hall 1", cmdb.StateInUse, map[string]any{"city": "Bonn"})
	web := add(cmdb.ClassServer, "web-01", cmdb.StateMaintenance, map[string]any{"serial_number": "W-1", "cpus": 8, "memory_gb": 1.5,
		"purchase_cost": "1999.90", "warranty_until": "2027-01-01T00:00:00Z"}, to(cmdb.ContainedIn, hall))
	app := add(cmdb.ClassApplication, "Shop", cmdb.StateInUse, map[string]any{"port": 443}, to(cmdb.RunsOn, web))
	add(cmdb.ClassService, "Online sale", cmdb.StateInUse, map[string]any{"criticality": cmdb.MostCritical, "business_value": "=all of it\nreally"}, to(cmdb.DependsOn, app))
	add(cmdb.ClassServer, "web-00", cmdb.StateRetired, map[string]any{"serial_number": "W-0"}, to(cmdb.ContainedIn, hall))
	again := add(cmdb.ClassServer, "web-1", cmdb.StateInUse, map[string]any{"asset_tag": "17"})
	add(cmdb.ClassDatabase, "Orders", cmdb.StateInUse, nil, to(cmdb.RunsOn, again))
	_, err := w.inv.Merge(ctx, eva, web, again, "one machine")
	require.NoError(t, err)
	return w
}

// content is what is said of items, whatever their ids.
func content(payloads []reconcile.Payload) []reconcile.Payload {
	name := map[string]string{}
	for _, p := range payloads {
		name[p.Key] = p.Class + " " + p.Name
	}
	var out []reconcile.Payload
	for _, p := range payloads {
		p.Key = name[p.Key]
		p.Relations = slices.Clone(p.Relations)
		for i := range p.Relations {
			p.Relations[i].Key = name[p.Relations[i].Key]
		}
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b reconcile.Payload) int { return cmp.Compare(a.Key, b.Key) })
	return out
}

func TestASnapshotMovesIntoAnEmptyInventory(t *testing.T) {
	old := furnished(t)
	said := exchange.Payloads(old.snapshot(), "old")
	require.Len(t, said, 6, "the duplicate is left out")
	items, relations := writeCSV(t, said, exchange.Style{})
	jsonl := written(t, func(b *bytes.Buffer) error { return exchange.WriteJSONL(b, said) })
	for name, rows := range map[string]exchange.Rows{
		"CSV":        exchange.ReadCSV(starter(t), exchange.Mapping{Source: "old"}, strings.NewReader(items), strings.NewReader(relations)),
		"JSON lines": exchange.ReadJSONL(strings.NewReader(jsonl)),
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			report, err := exchange.Import(ctx, w, robot, rows, exchange.Options{Batch: 2})
			require.NoError(t, err)
			require.Empty(t, report.Problems)
			require.Equal(t, 6, report.Items)
			require.Equal(t, content(said), content(exchange.Payloads(w.snapshot(), "old")))
		})
	}
}

func TestASnapshotMovesToServiceNowAndBack(t *testing.T) {
	said := exchange.Payloads(furnished(t).snapshot(), "servicenow")
	items, relations, notes := writeServiceNow(t, said)
	require.Equal(t, map[string]int{"there is no column for purchase_cost": 1, "there is no column for business_value": 1}, notes)
	got, _, wrong := readServiceNow(t, items, relations)
	require.Empty(t, wrong)
	for i := range said {
		delete(said[i].Attributes, "purchase_cost")
		delete(said[i].Attributes, "business_value")
		said[i].Gone = said[i].State == cmdb.StateRetired
		if len(said[i].Attributes) == 0 {
			said[i].Attributes = nil
		}
	}
	require.Equal(t, said, got)
}

func TestTheSameSnapshotMakesTheSameFiles(t *testing.T) {
	a, b := exchange.Payloads(furnished(t).snapshot(), "x"), exchange.Payloads(furnished(t).snapshot(), "x")
	for range 5 {
		items, relations := writeCSV(t, a, exchange.Style{})
		otherItems, otherRelations := writeCSV(t, b, exchange.Style{})
		require.Equal(t, items+relations, otherItems+otherRelations)
		table, links, _ := writeServiceNow(t, a)
		otherTable, otherLinks, _ := writeServiceNow(t, b)
		require.Equal(t, table+links, otherTable+otherLinks)
	}
}

// A relation to an item that was merged away, in a snapshot from before it was moved.
func TestRelationsToDuplicatesLeadToTheOneThatStays(t *testing.T) {
	id := workflow.SeededIDs(1)
	item := func(class string) *cmdb.CI {
		return &cmdb.CI{Class: class, Record: workflow.Record{ID: id.NewID(noon)}}
	}
	app, first, second, third := item("application"), item("server"), item("server"), item("server")
	app.Relations = []cmdb.Relation{{Type: "runs_on", To: first.ID}}
	first.DuplicateOf, second.DuplicateOf = second.ID, third.ID
	got := exchange.Payloads(cmdb.Snapshot{At: noon, Items: []*cmdb.CI{app, first, second, third}}, "x")
	require.Len(t, got, 2)
	require.Equal(t, third.ID.String(), got[0].Relations[0].Key)
	first.DuplicateOf, second.DuplicateOf = second.ID, first.ID
	require.Len(t, exchange.Payloads(cmdb.Snapshot{At: noon, Items: []*cmdb.CI{app, first, second, third}}, "x"), 2, "a circle ends")
}
