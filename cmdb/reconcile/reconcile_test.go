package reconcile_test

import (
	"strings"
	"testing"
	"time"

	"github.com/itsm-go/itsm/cmdb"
	"github.com/itsm-go/itsm/cmdb/reconcile"
	"github.com/itsm-go/itsm/workflow"
	"github.com/stretchr/testify/require"
)

func TestHowItemsAreRecognised(t *testing.T) {
	for _, c := range []struct {
		name   string
		a, b   map[string]any
		one    bool
		reason string // of the second
	}{
		{"the same serial number", map[string]any{"serial_number": "ab12"}, map[string]any{"serial_number": "AB12 "}, true, "matched by serial_number"},
		{"another serial number", map[string]any{"serial_number": "ab12"}, map[string]any{"serial_number": "ab13"}, false, "nothing that is known matches"},
		{"a placeholder says nothing", map[string]any{"serial_number": "To be filled by O.E.M."}, map[string]any{"serial_number": "To be filled by O.E.M."}, false, "is dropped: a placeholder"},
		{"zeros say nothing", map[string]any{"serial_number": "0000000"}, map[string]any{"serial_number": "0000000"}, false, "one character over and over"},
		{"a UUID with its bytes turned around", map[string]any{"uuid": "4c4c4544-0051-3510-8052-b4c04f4b3532"}, map[string]any{"uuid": "44454C4C-5100-1035-8052-B4C04F4B3532"}, true, "matched by uuid"},
		{"a made-up hardware address", map[string]any{"mac_address": "02:42:ac:11:00:02"}, map[string]any{"mac_address": "02:42:ac:11:00:02"}, false, "locally administered"},
		{"hardware addresses are written in many ways", map[string]any{"mac_address": "00-1B-44-11-3A-B7"}, map[string]any{"mac_address": "001b.4411.3ab7"}, true, "matched by mac_address"},
		{"a host name, if nothing stronger differs", map[string]any{"hostname": "mail"}, map[string]any{"hostname": "MAIL."}, true, "matched by hostname"},
		{"a host name of two machines", map[string]any{"hostname": "mail", "serial_number": "1a"}, map[string]any{"hostname": "mail", "serial_number": "2b"}, false, "others have it too, and differ in serial_number"},
		{"a board maker's UUID for all", map[string]any{"uuid": "03000200-0400-0500-0006-000700080009"}, map[string]any{"uuid": "03000200-0400-0500-0006-000700080009"}, false, "a placeholder"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, starter())
			first := w.take(says("scan", "one", c.a))
			second := w.take(says("vcenter", "two", c.b))
			require.Equal(t, c.one, first.CI == second.CI)
			require.Contains(t, strings.Join(second.Reasons, "\n"), c.reason)
		})
	}
}

func TestAClassBelowIsTheSameItem(t *testing.T) {
	w := newWorld(t, starter())
	p := says("scan", "one", map[string]any{"serial_number": "4711"})
	p.Class = cmdb.ClassVirtualMachine
	first := w.take(says("vcenter", "two", map[string]any{"serial_number": "4711"}))
	second := w.take(p)
	require.Equal(t, first.CI, second.CI, "a machine under two classes is one machine")
	require.Equal(t, cmdb.ClassVirtualMachine, w.item(first.CI).Class, "scan has precedence over vcenter")
}

func TestWhoseWordCounts(t *testing.T) {
	w := newWorld(t, starter())
	scan, vm := says("scan", "s", map[string]any{"serial_number": "4711", "os": "Linux 6"}), says("vcenter", "v", map[string]any{"serial_number": "4711", "os": "other", "cpus": 4})
	asset := says("assets", "a", map[string]any{"serial_number": "4711", "asset_tag": "T1", "os": "old"})
	d := w.take(asset, vm, scan)
	ci := w.item(d.CI)
	require.Equal(t, "Linux 6", ci.Fields["os"])
	require.Equal(t, "scan", ci.Claims["os"].Source)
	require.Equal(t, 4.0, ci.Fields["cpus"])
	require.Equal(t, "T1", ci.Fields["asset_tag"])
	for _, v := range d.Attributes {
		if v.Attribute == "os" {
			require.Equal(t, []string{"other by vcenter/v: of lower precedence", "old by assets/a: of lower precedence"}, v.Over)
		}
	}

	// After two days without news from the scan its word is out of date.
	vm.At = noon.Add(49 * time.Hour)
	w.take(vm)
	require.Equal(t, "other", w.item(d.CI).Fields["os"])
	scan.At = noon.Add(50 * time.Hour)
	w.take(scan)
	require.Equal(t, "Linux 6", w.item(d.CI).Fields["os"])

	// What nobody says any more is taken away.
	vm.At, vm.Attributes = noon.Add(51*time.Hour), map[string]any{"serial_number": "4711"}
	w.take(vm)
	require.Nil(t, w.item(d.CI).Fields["cpus"])
}

func TestWhatPeopleHaveEnteredStands(t *testing.T) {
	w := newWorld(t, starter())
	d := w.take(says("scan", "s", map[string]any{"serial_number": "4711", "os": "Linux 6"}))
	_, err := w.inv.Update(ctx, eva, d.CI, cmdb.Edit{Set: map[string]any{"os": "Linux 6 LTS", "support_group": "unix"}})
	require.NoError(t, err)
	p := says("scan", "s", map[string]any{"serial_number": "4711", "os": "Linux 7"})
	p.At = noon.Add(time.Hour)
	w.take(p)
	require.Equal(t, "Linux 6 LTS", w.item(d.CI).Fields["os"])
	require.Equal(t, "unix", w.item(d.CI).Fields["support_group"])
}

func TestWhatWasEnteredByHandIsFound(t *testing.T) {
	w := newWorld(t, starter())
	hand, err := w.inv.Create(ctx, eva, cmdb.Draft{Class: cmdb.ClassServer, Name: "mine", Attributes: map[string]any{"serial_number": "AB-1"}})
	require.NoError(t, err)
	d := w.take(says("scan", "s", map[string]any{"serial_number": "ab-1", "cpus": 8}))
	require.Equal(t, hand.ID, d.CI)
	require.Equal(t, reconcile.Updated, d.Outcome)
	ci := w.item(d.CI)
	require.Equal(t, "mine", ci.Title, "people's names stand")
	require.Equal(t, 8.0, ci.Fields["cpus"])
	require.Len(t, w.items(), 1)
}

func TestASourceThatMayNotCreateIsHeld(t *testing.T) {
	w := newWorld(t, starter())
	p := reconcile.Payload{Source: "assets", Key: "c1", At: noon, Class: cmdb.ClassContainer, Name: "web", Attributes: map[string]any{"container_id": "abc", "image": "nginx"}}
	d := w.take(p)
	require.Equal(t, reconcile.Held, d.Outcome)
	require.Contains(t, d.Reasons, "held: none of the sources that have seen it may create a container")
	require.Empty(t, w.items())
	other := p
	other.Source, other.Attributes = "scan", map[string]any{"container_id": "abc"}
	d = w.take(other)
	require.Equal(t, reconcile.Created, d.Outcome)
	require.Equal(t, "nginx", w.item(d.CI).Fields["image"], "what was held is part of it")
}

func TestWhatLacksARequiredAttributeIsHeld(t *testing.T) {
	w := newWorld(t, starter())
	p := reconcile.Payload{Source: "portal", Key: "mail", At: noon, Class: cmdb.ClassService, Name: "Mail"}
	d := w.take(p)
	require.Equal(t, reconcile.Held, d.Outcome)
	require.Contains(t, d.Reasons[len(d.Reasons)-1], "criticality is required")
	other := p
	other.Source, other.Attributes = "portfolio", map[string]any{"criticality": "most_critical"}
	require.Equal(t, reconcile.Created, w.take(other).Outcome)
	for range w.Held(ctx) {
		t.Fatal("nothing is held any more")
	}
}

func TestItemsThatTurnOutToBeOneAreMerged(t *testing.T) {
	w := newWorld(t, starter())
	a := w.take(says("scan", "s", map[string]any{"serial_number": "4711"}))
	w.now = w.now.Add(time.Minute)
	b := w.take(says("vcenter", "v", map[string]any{"uuid": "11111111-2222-3333-4444-555555555556"}))
	app := w.take(reconcile.Payload{Source: "vcenter", Key: "app", At: noon, Class: cmdb.ClassApplication, Name: "nginx", Relations: []reconcile.Link{{Type: cmdb.RunsOn, Key: "v"}}})
	require.NotEqual(t, a.CI, b.CI)
	d := w.take(says("agent", "x", map[string]any{"serial_number": "4711", "uuid": "11111111-2222-3333-4444-555555555556"}))
	require.Equal(t, reconcile.Merged, d.Outcome)
	require.Equal(t, a.CI, d.CI, "the oldest stays")
	require.Equal(t, a.CI, w.item(b.CI).DuplicateOf)
	require.Equal(t, []workflow.ID{a.CI}, w.item(app.CI).Related(cmdb.RunsOn))

	// The agent was wrong: they are two again, and the second is the one it was.
	p := says("agent", "x", map[string]any{"serial_number": "4711"})
	p.At = noon.Add(time.Hour)
	w.take(p)
	require.Zero(t, w.item(b.CI).DuplicateOf)
	require.Equal(t, []workflow.ID{b.CI}, w.item(app.CI).Related(cmdb.RunsOn))
}

// The worked example of the package's documentation.
func TestAnIdentifierThatSaysNothingAnyMore(t *testing.T) {
	w := newWorld(t, starter())
	scan := w.take(says("scan", "s", map[string]any{"serial_number": "4711", "hostname": "mail"}))
	asset := w.take(says("assets", "a", map[string]any{"serial_number": "4711"}))
	vm := w.take(says("vcenter", "v", map[string]any{"hostname": "mail"}))
	require.Equal(t, scan.CI, asset.CI)
	require.Equal(t, scan.CI, vm.CI)
	backup := w.take(says("backup", "b", map[string]any{"serial_number": "9998", "hostname": "mail"}))
	require.NotEqual(t, scan.CI, backup.CI)
	require.Len(t, w.items(), 3)
	suspects, err := w.Suspects(ctx)
	require.NoError(t, err)
	require.Len(t, suspects, 1)
	require.Equal(t, "hostname mail", suspects[0].Common)
	require.Len(t, suspects[0].Items, 3)
}

func TestPeopleMergeAndSplit(t *testing.T) {
	w := newWorld(t, starter())
	a := w.take(says("scan", "s", map[string]any{"serial_number": "4711", "os": "Linux"}))
	b := w.take(says("vcenter", "v", map[string]any{"serial_number": "9998", "cpus": 4}))
	_, err := w.Merge(ctx, eva, b.CI, a.CI, "")
	require.ErrorIs(t, err, workflow.ErrInvalid)
	_, err = w.Merge(ctx, workflow.User("carl"), b.CI, a.CI, "the board was replaced")
	require.ErrorIs(t, err, workflow.ErrForbidden)
	_, err = w.Merge(ctx, eva, b.CI, a.CI, "the board was replaced")
	require.NoError(t, err)
	require.Equal(t, b.CI, w.item(a.CI).DuplicateOf)
	ci := w.item(b.CI)
	require.Equal(t, "Linux", ci.Fields["os"])
	require.Len(t, ci.Sources, 2)

	// It holds, whatever is reported.
	p := says("scan", "s", map[string]any{"serial_number": "4711", "os": "Linux 2"})
	p.At = noon.Add(time.Hour)
	require.Equal(t, b.CI, w.take(p).CI)
	require.Equal(t, "Linux 2", w.item(b.CI).Fields["os"])

	_, err = w.Split(ctx, eva, b.CI, "it was not", reconcile.Origin{Source: "scan", Key: "s"})
	require.NoError(t, err)
	require.Zero(t, w.item(a.CI).DuplicateOf)
	require.Equal(t, "Linux 2", w.item(a.CI).Fields["os"])
	require.Nil(t, w.item(b.CI).Fields["os"])
	p.Attributes["serial_number"], p.At = "9998", noon.Add(2*time.Hour)
	require.Equal(t, a.CI, w.take(p).CI, "people have said that it is not the same")
	_, err = w.Split(ctx, eva, b.CI, "all of it", reconcile.Origin{Source: "vcenter", Key: "v"})
	require.ErrorIs(t, err, workflow.ErrInvalid)
}

func TestRelationsWaitForTheirEnd(t *testing.T) {
	w := newWorld(t, starter())
	p := says("scan", "web", map[string]any{"serial_number": "1a"})
	p.Relations = []reconcile.Link{{Type: cmdb.ConnectsTo, Key: "switch"}, {Type: cmdb.LocatedAt, Key: "switch"}}
	d := w.take(p)
	require.Contains(t, strings.Join(d.Reasons, "\n"), "relation connects_to scan/switch: waits")
	s := says("scan", "switch", map[string]any{"serial_number": "2b"})
	s.Class = cmdb.ClassNetworkDevice
	end := w.take(s)
	require.Equal(t, []cmdb.Relation{{Type: cmdb.ConnectsTo, To: end.CI}}, w.item(d.CI).Relations, "a switch is no location")

	// A relation by hand stays when the source says nothing of it.
	other, err := w.inv.Create(ctx, eva, cmdb.Draft{Class: cmdb.ClassTeam, Name: "unix"})
	require.NoError(t, err)
	_, err = w.inv.Relate(ctx, eva, d.CI, cmdb.ManagedBy, other.ID)
	require.NoError(t, err)
	p.Relations, p.At = nil, noon.Add(time.Hour)
	w.take(p)
	require.Equal(t, []cmdb.Relation{{Type: cmdb.ManagedBy, To: other.ID}}, w.item(d.CI).Relations)
}

func TestGoneAndBack(t *testing.T) {
	w := newWorld(t, starter())
	p := says("scan", "s", map[string]any{"serial_number": "4711"})
	d := w.take(p)
	p.Gone, p.At = true, noon.Add(time.Hour)
	gone := w.take(p)
	require.Contains(t, gone.Reasons, "retire: every source says it is gone")
	require.Equal(t, cmdb.StateRetired, w.item(d.CI).State)
	p.Gone, p.At = false, noon.Add(2*time.Hour)
	w.take(p)
	require.Equal(t, cmdb.StateInUse, w.item(d.CI).State)

	_, err := w.inv.Move(ctx, eva, d.CI, cmdb.ActionRetire, "sold")
	require.NoError(t, err)
	p.At = noon.Add(3 * time.Hour)
	w.take(p)
	require.Equal(t, cmdb.StateRetired, w.item(d.CI).State, "what people retire stays retired")
}

func TestPayloadsThatSayNothingNew(t *testing.T) {
	w := newWorld(t, starter())
	p := says("scan", "s", map[string]any{"serial_number": "4711", "os": "Linux"})
	d := w.take(p)
	require.Equal(t, reconcile.Created, d.Outcome)
	version := w.item(d.CI).Version
	require.Equal(t, reconcile.Unchanged, w.take(p).Outcome)
	require.Equal(t, version, w.item(d.CI).Version)
	p.At = noon.Add(time.Hour)
	require.Equal(t, reconcile.Unchanged, w.take(p).Outcome)
	require.Equal(t, p.At, w.item(d.CI).SeenAt)
	p.At, p.Attributes["os"] = noon.Add(time.Minute), "older"
	require.Equal(t, reconcile.Outdated, w.take(p).Outcome)
	require.Equal(t, "Linux", w.item(d.CI).Fields["os"])
}

func TestWrongPayloadsHoldNothingElseUp(t *testing.T) {
	w := newWorld(t, starter())
	ds, err := w.Ingest(ctx, robot,
		says("scan", "good", map[string]any{"serial_number": "4711"}),
		says("scan", "bad", map[string]any{"serial_number": 7, "cpus": "many", "colour": "red", "ip_address": "300.1.1.1"}),
		reconcile.Payload{Source: "manual", Class: "robot", Relations: []reconcile.Link{{Type: "likes", Key: "x"}}})
	require.NoError(t, err)
	require.Equal(t, reconcile.Created, ds[0].Outcome)
	require.Equal(t, reconcile.Rejected, ds[1].Outcome)
	for _, part := range []string{"scan/bad", "serial_number", "cpus", "colour", "300.1.1.1"} {
		require.Contains(t, ds[1].Reasons[0], part)
	}
	for _, part := range []string{"the key has", "when it was seen", "robot", "likes", "that of people"} {
		require.Contains(t, ds[2].Reasons[0], part)
	}
	_, err = w.Ingest(ctx, workflow.User("carl"), says("scan", "x", nil))
	require.ErrorIs(t, err, workflow.ErrForbidden)
}

func TestAPreviewChangesNothing(t *testing.T) {
	w := newWorld(t, starter())
	d := w.take(says("scan", "s", map[string]any{"serial_number": "4711"}))
	before := w.content()
	ds, err := w.Preview(ctx, robot, says("vcenter", "v", map[string]any{"serial_number": "4711", "cpus": 4}), says("vcenter", "n", map[string]any{"serial_number": "12"}))
	require.NoError(t, err)
	require.Equal(t, reconcile.Updated, ds[0].Outcome)
	require.Equal(t, d.CI, ds[0].CI)
	require.Equal(t, reconcile.Created, ds[1].Outcome)
	require.Equal(t, before, w.content())
	_, err = w.Preview(ctx, robot, make([]reconcile.Payload, reconcile.MaxPreview+1)...)
	require.ErrorIs(t, err, workflow.ErrInvalid)
}

func TestRenewingAfterNewRules(t *testing.T) {
	w := newWorld(t, reconcile.Config{Rules: []reconcile.Rule{{Class: cmdb.ClassHardware, Identifiers: []reconcile.Identifier{{Attributes: []string{"serial_number"}}}}}})
	w.take(says("scan", "s", map[string]any{"hostname": "mail"}), says("vcenter", "v", map[string]any{"hostname": "mail"}))
	require.Len(t, w.items(), 2)
	var err error
	w.Reconciler, err = reconcile.New(w.desk, w.inv, starter())
	require.NoError(t, err)
	require.NoError(t, w.Renew(ctx, robot))
	require.Len(t, w.items(), 1)
}

func TestWrongConfigurationsAreToldAtOnce(t *testing.T) {
	cfg := reconcile.Config{
		Rules:      []reconcile.Rule{{Class: "robot"}, {Class: cmdb.ClassServer, Identifiers: []reconcile.Identifier{{}, {Attributes: []string{"os"}}, {Attributes: []string{"serial_number"}, Within: cmdb.MemberOf}}}},
		Sources:    []reconcile.Source{{Name: "a", Never: true, Creates: []string{"robot"}}, {Name: "a"}},
		Precedence: []reconcile.Precedence{{Class: "robot"}, {Class: cmdb.ClassServer, Attributes: []string{"colour"}, Sources: []reconcile.Ranked{{Source: "x", FreshHours: -1}}}},
	}
	w := newWorld(t, starter())
	_, err := reconcile.New(w.desk, w.inv, cfg)
	require.ErrorIs(t, err, workflow.ErrInvalid)
	for _, part := range []string{"robot", "no attribute", "attribute os is not there or not indexed", "no hosting relation", "never creates", "listed twice", "colour", "-1"} {
		require.ErrorContains(t, err, part)
	}
	parsed, err := reconcile.ParseConfig([]byte(`{"rules":[{"class":"server","identifiers":[{"attributes":["serial_number"]}]}]}`))
	require.NoError(t, err)
	_, err = reconcile.New(w.desk, w.inv, parsed)
	require.NoError(t, err)
	_, err = reconcile.ParseConfig([]byte(`{"rulez":[]}`))
	require.ErrorIs(t, err, workflow.ErrInvalid)
}
