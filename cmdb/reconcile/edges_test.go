package reconcile_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/itsm-go/itsm/cmdb"
	"github.com/itsm-go/itsm/cmdb/reconcile"
	"github.com/itsm-go/itsm/workflow"
	"github.com/stretchr/testify/require"
)

type payload = reconcile.Payload

func at(p payload, minutes int) payload {
	p.At = noon.Add(time.Duration(minutes) * time.Minute)
	return p
}

// both gives payloads in two orders, one by one, and compares.
func both(t *testing.T, cfg func() reconcile.Config, a, b []payload) {
	t.Helper()
	var got [2]string
	for i, list := range [][]payload{a, b} {
		w := newWorld(t, cfg())
		for _, p := range list {
			ds, err := w.Ingest(ctx, robot, p)
			require.NoError(t, err)
			if ds[0].Outcome == reconcile.Rejected {
				t.Logf("order %d: %v", i, ds[0])
			}
		}
		got[i] = w.content()
	}
	require.Equal(t, got[0], got[1])
}

func sn(s string) map[string]any { return map[string]any{"serial_number": s} }

func loc(source, key string) payload {
	return payload{Source: source, Key: key, At: noon, Class: cmdb.ClassLocation, Name: key}
}

func TestBadStateOrder(t *testing.T) {
	a, b := says("scan", "a", sn("4711")), says("vcenter", "b", sn("4711"))
	a.State = "nonsense"
	both(t, starter, []payload{a, b}, []payload{b, a})
}

func TestGoneInStock(t *testing.T) {
	w := newWorld(t, starter())
	a := says("scan", "a", sn("4711"))
	a.State = cmdb.StateInStock
	d := w.take(a)
	a.Gone, a.At = true, noon.Add(time.Hour)
	w.take(a)
	require.Equal(t, cmdb.StateRetired, w.item(d.CI).State)
}

func TestRetiredFlag(t *testing.T) {
	u := "11111111-2222-3333-4444-555555555556"
	a1, b1 := says("scan", "a", sn("4711")), says("vcenter", "b", map[string]any{"uuid": u})
	b2 := at(b1, 1)
	b2.Gone = true
	a3 := at(says("scan", "a", map[string]any{"serial_number": "4711", "uuid": u}), 2)
	a4, b5 := at(a1, 3), at(b1, 4)
	both(t, starter, []payload{a1, b1, b2, a3, a4, b5}, []payload{b5, a4, a3, b2, b1, a1})
}

func TestMostOneOrder(t *testing.T) {
	a, b := says("vcenter", "a", sn("4711")), says("scan", "b", sn("4711"))
	a.Relations = []reconcile.Link{{Type: cmdb.LocatedAt, Source: "x", Key: "L1"}}
	b.Relations = []reconcile.Link{{Type: cmdb.LocatedAt, Source: "x", Key: "L2"}}
	l1, l2 := loc("x", "L1"), loc("x", "L2")
	both(t, starter, []payload{l1, l2, a, b}, []payload{l1, l2, b, a})
}

func TestMostOneByHand(t *testing.T) {
	w := newWorld(t, starter())
	a := says("scan", "a", sn("4711"))
	d := w.take(loc("x", "L1"), a)
	l, err := w.inv.Create(ctx, eva, cmdb.Draft{Class: cmdb.ClassLocation, Name: "by hand"})
	require.NoError(t, err)
	_, err = w.inv.Relate(ctx, eva, d.CI, cmdb.LocatedAt, l.ID)
	require.NoError(t, err)
	a.Relations, a.At, a.Attributes = []reconcile.Link{{Type: cmdb.LocatedAt, Source: "x", Key: "L1"}}, noon.Add(time.Hour), map[string]any{"serial_number": "4711", "os": "Linux"}
	got := w.take(a)
	require.NotEqual(t, reconcile.Rejected, got.Outcome, "%v", got)
}

func TestTargetClassAllowed(t *testing.T) {
	h0, h1 := says("scan", "h", sn("4711")), at(says("scan", "h", sn("4711")), 1)
	h0.Class = cmdb.ClassNetworkDevice
	app := payload{Source: "scan", Key: "app", At: noon, Class: cmdb.ClassApplication, Name: "nginx", Relations: []reconcile.Link{{Type: cmdb.RunsOn, Key: "h"}}}
	both(t, starter, []payload{h0, app, h1}, []payload{h0, h1, app})
}

func TestTargetClassRefused(t *testing.T) {
	h0, h1 := says("scan", "h", sn("4711")), at(says("scan", "h", sn("4711")), 1)
	h1.Class = cmdb.ClassNetworkDevice
	app := payload{Source: "scan", Key: "app", At: noon, Class: cmdb.ClassApplication, Name: "nginx", Relations: []reconcile.Link{{Type: cmdb.RunsOn, Key: "h"}}}
	both(t, starter, []payload{h0, app, h1}, []payload{h0, h1, app})
}

func TestHeldAfterCreated(t *testing.T) {
	a := payload{Source: "a", Key: "m", At: noon, Class: cmdb.ClassService, Name: "Mail", Attributes: map[string]any{"criticality": "most_critical"}}
	b := payload{Source: "b", Key: "m", At: noon, Class: cmdb.ClassOffering, Name: "Mail", Attributes: map[string]any{"criticality": "most_critical"}}
	both(t, starter, []payload{a, b}, []payload{b, a})
}

func TestCreatorGone(t *testing.T) {
	s := payload{Source: "scan", Key: "c", At: noon, Class: cmdb.ClassContainer, Name: "web", Attributes: map[string]any{"container_id": "abc"}}
	g := at(s, 1)
	g.Gone = true
	a := s
	a.Source = "assets"
	both(t, starter, []payload{s, a, g}, []payload{g, s, a})
}

func TestCreatorMoved(t *testing.T) {
	s := payload{Source: "scan", Key: "c", At: noon, Class: cmdb.ClassContainer, Name: "web", Attributes: map[string]any{"container_id": "abc"}}
	g := at(s, 1)
	g.Attributes = map[string]any{"container_id": "xyz"}
	a := s
	a.Source = "assets"
	both(t, starter, []payload{s, a, g}, []payload{g, s, a})
}

func TestPlaceholderName(t *testing.T) {
	w := newWorld(t, starter())
	a := w.take(payload{Source: "s", Key: "1", At: noon, Class: cmdb.ClassVendor, Name: "Unknown"})
	b := w.take(payload{Source: "t", Key: "9", At: noon, Class: cmdb.ClassVendor, Name: "unknown"})
	require.NotEqual(t, a.CI, b.CI)
}

func TestPlaceholderValue(t *testing.T) {
	w := newWorld(t, starter())
	d := w.take(says("vcenter", "v", map[string]any{"serial_number": "4711", "manufacturer": "Dell"}),
		at(says("scan", "s", map[string]any{"serial_number": "4711", "manufacturer": "To be filled by O.E.M."}), 1))
	require.Equal(t, "Dell", w.item(d.CI).Fields["manufacturer"])
}

func TestLongNames(t *testing.T) {
	w := newWorld(t, starter())
	long := strings.Repeat("a", 600)
	hand, err := w.inv.Create(ctx, eva, cmdb.Draft{Class: cmdb.ClassVendor, Name: long + "X"})
	require.NoError(t, err)
	d := w.take(payload{Source: "s", Key: "1", At: noon, Class: cmdb.ClassVendor, Name: long + "Y"})
	require.NotEqual(t, hand.ID, d.CI)
}

func TestSerialMixedCase(t *testing.T) {
	w := newWorld(t, starter())
	hand, err := w.inv.Create(ctx, eva, cmdb.Draft{Class: cmdb.ClassServer, Name: "s", Attributes: sn("Ab12cD")})
	require.NoError(t, err)
	require.Equal(t, hand.ID, w.take(says("scan", "s", sn("AB12CD"))).CI)
}

func TestDraftSourceWiped(t *testing.T) {
	w := newWorld(t, starter())
	_, err := w.inv.Create(ctx, eva, cmdb.Draft{Class: cmdb.ClassServer, Name: "s", Source: "import", Attributes: map[string]any{"serial_number": "4711", "asset_tag": "T9", "support_group": "unix"}})
	require.NoError(t, err)
	d := w.take(says("scan", "s", sn("4711")))
	require.Equal(t, "T9", w.item(d.CI).Fields["asset_tag"])
}

func TestNoNameClaim(t *testing.T) {
	w := newWorld(t, starter())
	a := says("scan", "s", sn("4711"))
	a.Name = ""
	w.now = noon.Add(time.Hour)
	d := w.take(a)
	first := w.item(d.CI).Claims["name"].At
	w.now = noon.Add(2 * time.Hour)
	b := says("vcenter", "v", sn("4711"))
	b.Name = ""
	w.take(b)
	require.Equal(t, first, w.item(d.CI).Claims["name"].At, "the name did not change")
}

func TestLateHub(t *testing.T) {
	var list []payload
	for i := range 450 {
		p := says("scan", fmt.Sprint(i), sn(fmt.Sprintf("SN%05d", i)))
		p.Relations = []reconcile.Link{{Type: cmdb.LocatedAt, Source: "x", Key: "DC"}}
		list = append(list, p)
	}
	w := newWorld(t, starter())
	_, err := w.Ingest(ctx, robot, list...)
	require.NoError(t, err)
	start := time.Now()
	d := w.take(loc("x", "DC"))
	t.Log(time.Since(start))
	require.Equal(t, reconcile.Created, d.Outcome, "%v", d)
}

func TestEditorBack(t *testing.T) {
	w := newWorld(t, starter())
	p := says("scan", "s", sn("4711"))
	q := at(p, 1)
	q.Gone = true
	w.take(p, q)
	_, err := w.Ingest(ctx, eva, says("scan", "other", sn("9999")), at(p, 2))
	require.NoError(t, err)
}

func TestMapOrder(t *testing.T) {
	w := newWorld(t, starter())
	seen := map[string]bool{}
	for range 30 {
		ds, err := w.Ingest(ctx, robot, payload{At: noon, Class: cmdb.ClassServer})
		require.NoError(t, err)
		seen[ds[0].Reasons[0]] = true
	}
	require.Len(t, seen, 1)
}

func TestStateUnchecked(t *testing.T) {
	w := newWorld(t, starter())
	cfg := starter()
	cfg.State = "nonsense"
	_, err := reconcile.New(w.desk, w.inv, cfg)
	require.ErrorIs(t, err, workflow.ErrInvalid)
}

func TestConfigAliasing(t *testing.T) {
	cfg := starter()
	w := newWorld(t, cfg)
	cfg.Rules[1].Identifiers[0].Attributes[0] = "asset_tag"
	a, b := w.take(says("scan", "a", sn("4711"))), w.take(says("vcenter", "b", sn("4711")))
	require.Equal(t, a.CI, b.CI)
}

func TestTooManyRelations(t *testing.T) {
	var ends []payload
	a, b := says("scan", "a", sn("4711")), says("vcenter", "b", sn("4711"))
	for i := range 450 {
		ends = append(ends, says("scan", fmt.Sprint("e", i), sn(fmt.Sprintf("E%05d", i))))
		l := reconcile.Link{Type: cmdb.ConnectsTo, Source: "scan", Key: fmt.Sprint("e", i)}
		if i < 225 {
			a.Relations = append(a.Relations, l)
		} else {
			b.Relations = append(b.Relations, l)
		}
	}
	both(t, starter, append(append([]payload{}, ends...), a, b), append(append([]payload{}, ends...), b, a))
}

func TestCreatorGone2(t *testing.T) {
	s := payload{Source: "scan", Key: "c", At: noon, Class: cmdb.ClassContainer, Name: "web", Attributes: map[string]any{"container_id": "abc"}}
	g := at(s, 1)
	g.Gone = true
	a := s
	a.Source = "assets"
	both(t, starter, []payload{s, a, g}, []payload{g, a, s})
}

// A retry cannot mend what concurrency made: "said before".
func TestConcurrentTold(t *testing.T) {
	w := newWorld(t, starter())
	a, b := says("scan", "1", sn("4711")), says("vcenter", "1", sn("4711"))
	first := true
	// the second source is ingested between the first one's decision and its commit
	_, err := w.desk.Do(ctx, workflow.Command{Name: "warm", Actor: robot}, func(tx *workflow.Tx) error { return nil })
	require.NoError(t, err)
	_ = first
	var wg sync.WaitGroup
	for _, p := range []payload{a, b} {
		wg.Go(func() { _, _ = w.Ingest(ctx, robot, p) })
	}
	wg.Wait()
	n := len(w.items())
	_, err = w.Ingest(ctx, robot, a, b)
	require.NoError(t, err)
	t.Log("items", n, "after the retry", len(w.items()))
}

func TestConcurrent(t *testing.T) {
	w := newWorld(t, starter())
	var all []payload
	for i := range 100 {
		var wg sync.WaitGroup
		for _, src := range []string{"scan", "vcenter"} {
			p := says(src, fmt.Sprint(i), sn(fmt.Sprintf("SN%04d", i)))
			all = append(all, p)
			wg.Go(func() {
				if _, err := w.Ingest(ctx, robot, p); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
	}
	before := len(w.items())
	_, err := w.Ingest(ctx, robot, all...)
	require.NoError(t, err)
	t.Log("items", before, "after all was given again", len(w.items()), "want 100")
	require.Len(t, w.items(), 100)
}
