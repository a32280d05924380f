package reconcile_test

import (
	"fmt"
	"testing"

	"github.com/itsm-go/itsm/cmdb"
	"github.com/itsm-go/itsm/cmdb/reconcile"
	"github.com/stretchr/testify/require"
)

const sharedUUID = "00310f0a-1234-5678-9abc-000000000406"

func TestClassMerge(t *testing.T) {
	n := says("vcenter", "n", map[string]any{"uuid": sharedUUID})
	n.Class = cmdb.ClassNetworkDevice
	s := says("scan", "s", sn("4711"))
	app := payload{Source: "scan", Key: "app", At: noon, Class: cmdb.ClassApplication, Name: "nginx", Relations: []reconcile.Link{{Type: cmdb.RunsOn, Key: "s"}}}
	link := says("assets", "l", map[string]any{"serial_number": "4711", "uuid": sharedUUID})
	both(t, starter, []payload{link, n, s, app}, []payload{n, s, app, link})
}

// A hub with many dependents changes its class after they have come.
func TestHubClass(t *testing.T) {
	h0, h1 := says("scan", "h", sn("4711")), at(says("scan", "h", sn("4711")), 1)
	h1.Class = cmdb.ClassNetworkDevice
	var apps []payload
	for i := range 450 {
		apps = append(apps, payload{Source: "scan", Key: fmt.Sprint("app", i), At: noon, Class: cmdb.ClassApplication, Name: fmt.Sprint("n", i), Relations: []reconcile.Link{{Type: cmdb.RunsOn, Key: "h"}}})
	}
	both(t, starter, append([]payload{h0, h1}, apps...), append(append([]payload{h0}, apps...), h1))
}

// A hub with many dependents is merged with another.
func TestHubMerge(t *testing.T) {
	h0, h1 := says("scan", "h", sn("4711")), says("vcenter", "h", map[string]any{"uuid": sharedUUID})
	link := says("assets", "l", map[string]any{"serial_number": "4711", "uuid": sharedUUID})
	var apps []payload
	for i := range 450 {
		p := payload{Source: "scan", Key: fmt.Sprint("app", i), At: noon, Class: cmdb.ClassApplication, Name: fmt.Sprint("n", i), Relations: []reconcile.Link{{Type: cmdb.RunsOn, Key: "h"}}}
		if i%2 == 0 {
			p.Source = "vcenter"
		}
		apps = append(apps, p)
	}
	both(t, starter, append([]payload{link, h0, h1}, apps...), append(append([]payload{h0, h1}, apps...), link))
}

// Two payloads of one command could both be what was entered by hand.
func TestByHandTwice(t *testing.T) {
	a := says("scan", "a", map[string]any{"serial_number": "1234", "hostname": "mail"})
	b := says("vcenter", "b", map[string]any{"serial_number": "5678", "hostname": "mail"})
	var got []string
	for _, list := range [][][]payload{{{a, b}}, {{a}, {b}}, {{b}, {a}}} {
		w := newWorld(t, starter())
		_, err := w.inv.Create(ctx, eva, cmdb.Draft{Class: cmdb.ClassServer, Name: "hand", Attributes: map[string]any{"hostname": "mail", "support_group": "unix"}})
		require.NoError(t, err)
		for _, p := range list {
			_, err := w.Ingest(ctx, robot, p...)
			require.NoError(t, err)
		}
		got = append(got, w.content())
	}
	require.Equal(t, got[1], got[0])
}
