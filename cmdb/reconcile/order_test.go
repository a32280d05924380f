package reconcile_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/itsm-go/itsm/cmdb"
	"github.com/itsm-go/itsm/cmdb/reconcile"
	"github.com/stretchr/testify/require"
)

var (
	orders = flag.Int("orders", 2, "in how many orders the large set of payloads is given")
	large  = flag.Int("payloads", 1_000, "how many payloads the large set has")
)

// estate makes what three sources say of one computer centre: with placeholders,
// swapped UUIDs, made-up addresses, shared host names, repeated and outdated payloads,
// applications on hosts, and relations to what comes later.
func estate(r *rand.Rand, n int) []reconcile.Payload {
	var out []reconcile.Payload
	for i := 0; len(out) < n; i++ {
		out = append(out, machine(r, i)...)
	}
	return out[:n]
}

func machine(r *rand.Rand, i int) []reconcile.Payload {
	serial, uuid := fmt.Sprintf("SN%06d", i), fmt.Sprintf("%08x-1234-5678-9abc-%012d", i*7919, i)
	swapped := fmt.Sprintf("%02x%02x%02x%02x-3412-7856-9abc-%012d", byte(i*7919), byte(i*7919>>8), byte(i*7919>>16), byte(i*7919>>24), i)
	mac := fmt.Sprintf("00:1b:44:%02x:%02x:%02x", byte(i>>16), byte(i>>8), byte(i))
	host := fmt.Sprintf("srv-%d", i)
	when := func() time.Time { return noon.Add(time.Duration(r.IntN(100)) * time.Hour) }
	key := fmt.Sprint(i)
	scan := reconcile.Payload{Source: "scan", Key: key, At: when(), Class: cmdb.ClassServer, Name: host,
		Attributes: map[string]any{"serial_number": serial, "hostname": host, "mac_address": mac, "os": "Linux " + fmt.Sprint(r.IntN(3))}}
	vm := reconcile.Payload{Source: "vcenter", Key: "vm-" + key, At: when(), Class: cmdb.ClassServer, Name: "VM " + host,
		Attributes: map[string]any{"uuid": uuid, "hostname": host + ".example.org", "memory_gb": float64(r.IntN(64)), "os": "linux"}}
	asset := reconcile.Payload{Source: "assets", Key: "A" + key, At: when(), Class: cmdb.ClassServer, Name: "asset " + key,
		Attributes: map[string]any{"asset_tag": "T" + key, "serial_number": serial, "purchase_cost": fmt.Sprint(r.IntN(9000))}}
	switch r.IntN(6) {
	case 0: // one source knows the other's identifier, so three become one
		scan.Attributes["uuid"] = swapped
	case 1:
		asset.Attributes["serial_number"] = "To be filled by O.E.M."
		asset.Attributes["hostname"] = host
	case 2:
		scan.Attributes["mac_address"] = "02:00:00:00:00:01"
		vm.Attributes["mac_address"] = mac
	case 3: // a host name that several machines have
		scan.Attributes["hostname"], vm.Attributes["hostname"] = fmt.Sprint("template", i/50), fmt.Sprint("template", i/50)
	case 4:
		vm.Class, vm.Attributes["uuid"] = cmdb.ClassVirtualMachine, uuid
		scan.Attributes["uuid"] = uuid
	}
	app := reconcile.Payload{Source: "scan", Key: "app-" + key, At: when(), Class: cmdb.ClassApplication, Name: "nginx",
		Relations: []reconcile.Link{{Type: cmdb.RunsOn, Key: key}}}
	same := reconcile.Payload{Source: "vcenter", Key: "proc-" + key, At: when(), Class: cmdb.ClassApplication, Name: "nginx",
		Attributes: map[string]any{"version": fmt.Sprint(r.IntN(4))}, Relations: []reconcile.Link{{Type: cmdb.RunsOn, Key: "vm-" + key}}}
	if i > 0 {
		before := fmt.Sprint(r.IntN(i))
		scan.Relations = append(scan.Relations, reconcile.Link{Type: cmdb.ConnectsTo, Key: before})
		vm.Relations = append(vm.Relations, reconcile.Link{Type: cmdb.DependsOn, Source: "assets", Key: "A" + before})
	}
	all := []reconcile.Payload{scan, vm, asset, app, same}
	if r.IntN(4) == 0 {
		older := scan
		older.At = scan.At.Add(-time.Hour)
		older.Name = "old name"
		all = append(all, older, scan)
	}
	if r.IntN(10) == 0 {
		vm.Gone, vm.At = true, vm.At.Add(time.Minute)
		all = append(all, vm)
	}
	if r.IntN(30) == 0 {
		app.Gone, app.At = true, app.At.Add(time.Minute)
		same.Gone, same.At = true, same.At.Add(time.Minute)
		all = append(all, app, same)
	}
	return all
}

// inOrder gives payloads in a random order, in parts of a random size, and returns
// what is known then.
func inOrder(t *testing.T, r *rand.Rand, payloads []reconcile.Payload, most int) string {
	t.Helper()
	w := newWorld(t, starter())
	shuffled := append([]reconcile.Payload(nil), payloads...)
	r.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	for len(shuffled) > 0 {
		n := min(1+r.IntN(most), len(shuffled))
		ds, err := w.Ingest(ctx, robot, shuffled[:n]...)
		require.NoError(t, err)
		for _, d := range ds {
			require.NotEmpty(t, d.Reasons, "every decision has its reason")
			require.NotEqual(t, reconcile.Rejected, d.Outcome, "%v", d.Reasons)
		}
		shuffled = shuffled[n:]
	}
	return w.content()
}

func TestTheOrderOfPayloadsDoesNotMatter(t *testing.T) {
	for seed := range uint64(12) {
		r := rand.New(rand.NewPCG(seed, 1))
		payloads := estate(r, 20+r.IntN(60))
		want := inOrder(t, r, payloads, 10)
		for range 7 {
			require.Equal(t, want, inOrder(t, r, payloads, 1+r.IntN(20)), "seed %d", seed)
		}
	}
}

// A large set, as large and in as many orders as the flags say.
func TestManyPayloadsFromThreeSources(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	payloads := estate(r, *large)
	want := inOrder(t, r, payloads, 2*len(payloads))
	for n := 1; n < *orders; n++ {
		require.True(t, want == inOrder(t, r, payloads, 1000), "order %d gives another configuration", n)
	}
}
