package jetstream_test

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/eventbus"
	"github.com/itsm-go/itsm/workflow/eventbus/jetstream"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	natsjs "github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
)

// patience bounds every wait for a server, so that a test that would hang fails.
const patience = 100 * time.Second

// servers are JetStream servers on the loopback that can be stopped and started
// again with what they have stored.
type servers struct {
	tb      testing.TB
	options []*server.Options
	running []*server.Server
}

func start(tb testing.TB, n int, change ...func(*server.Options)) *servers {
	s := &servers{tb: tb, running: make([]*server.Server, n)}
	var routes []string
	ports := freePorts(tb, 2*n)
	for i := range n {
		routes = append(routes, fmt.Sprintf("nats://127.0.0.1:%d", ports[n+i]))
	}
	for i := range n {
		o := &server.Options{ServerName: "s" + strconv.Itoa(i), Host: "127.0.0.1", Port: ports[i], NoSigs: true, NoLog: true,
			JetStream: true, StoreDir: tb.TempDir(), JetStreamMaxMemory: 1 << 30, JetStreamMaxStore: 1 << 30}
		if n > 1 {
			o.Cluster = server.ClusterOpts{Name: "test", Host: "127.0.0.1", Port: ports[n+i]}
			for k, r := range routes {
				if u, err := url.Parse(r); k != i {
					require.NoError(tb, err)
					o.Routes = append(o.Routes, u)
				}
			}
		}
		for _, f := range change {
			f(o)
		}
		s.options = append(s.options, o)
		s.start(i)
	}
	tb.Cleanup(func() {
		for i := range s.running {
			s.stop(i)
		}
	})
	return s
}

func freePorts(tb testing.TB, n int) []int {
	var ports []int
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(tb, err)
		defer l.Close()
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports
}

func (s *servers) start(i int) {
	srv, err := server.NewServer(s.options[i].Clone())
	require.NoError(s.tb, err)
	s.running[i] = srv
	srv.Start()
	require.True(s.tb, srv.ReadyForConnections(patience), "server %d", i)
}

func (s *servers) stop(i int) {
	if s.running[i] == nil {
		return
	}
	s.running[i].Shutdown()
	s.running[i].WaitForShutdown()
	s.running[i] = nil
}

// connect returns a connection that looks for the servers for ever, and keeps
// nothing while it has none.
func (s *servers) connect() *nats.Conn {
	var urls []string
	for _, o := range s.options {
		urls = append(urls, fmt.Sprintf("nats://127.0.0.1:%d", o.Port))
	}
	nc, err := nats.Connect(strings.Join(urls, ","), nats.MaxReconnects(-1), nats.ReconnectBufSize(-1),
		nats.ReconnectWait(20*time.Millisecond), nats.ReconnectJitter(10*time.Millisecond, 0), nats.RetryOnFailedConnect(true))
	require.NoError(s.tb, err)
	s.tb.Cleanup(nc.Close)
	return nc
}

// stream makes the test's stream, as soon as the servers have a leader.
func (s *servers) stream(nc *nats.Conn, cfg jetstream.StreamConfig) natsjs.Stream {
	js, err := natsjs.New(nc)
	require.NoError(s.tb, err)
	ctx := within(s.tb)
	for {
		timed, cancel := context.WithTimeout(ctx, 2*time.Second)
		stream, err := jetstream.EnsureStream(timed, js, cfg)
		cancel()
		if err == nil {
			return stream
		}
		require.NoError(s.tb, ctx.Err(), "no stream: %v", err)
	}
}

func within(tb testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	tb.Cleanup(cancel)
	return ctx
}

var (
	epoch  = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	acme   = eventbus.Origin{Tenant: "acme", Source: "//itsm.example.com/acme", Prefix: "com.example.itsm"}
	layout = jetstream.Subjects{Partitions: 2}
)

// outbox commits messages into a store.
type outbox struct {
	tb    testing.TB
	store workflow.Store
	ids   workflow.IDSource
}

func newOutbox(tb testing.TB, s workflow.Store) *outbox { return &outbox{tb, s, workflow.SeededIDs(7)} }

func (o *outbox) ref() workflow.Ref { return workflow.Ref{Kind: "incident", ID: o.ids.NewID(epoch)} }

func (o *outbox) send(ref workflow.Ref, topic string, payloads ...string) {
	b := workflow.Batch{ID: o.ids.NewID(epoch)}
	for _, p := range payloads {
		b.Messages = append(b.Messages, workflow.Message{ID: o.ids.NewID(epoch), Ref: ref, Topic: topic, At: epoch, Payload: []byte(p)})
	}
	require.NoError(o.tb, o.store.Commit(context.Background(), b))
}

func relay(tb testing.TB, q workflow.Queue, h workflow.Handler, cfg workflow.RelayConfig) *workflow.Relay {
	r, err := workflow.NewRelay(q, h, cfg)
	require.NoError(tb, err)
	return r
}

func handler(tb testing.TB, p eventbus.Publisher, cfg eventbus.HandlerConfig) *eventbus.Handler {
	h, err := eventbus.NewHandler(acme, p, cfg)
	require.NoError(tb, err)
	return h
}

func publisher(tb testing.TB, nc *nats.Conn) *jetstream.Publisher {
	p, err := jetstream.NewPublisher(nc, jetstream.PublisherConfig{Stream: "ITSM", Subjects: layout})
	require.NoError(tb, err)
	return p
}

// kept returns what the stream has, by its payloads.
func kept(tb testing.TB, nc *nats.Conn, from jetstream.From, f jetstream.Filter) []string {
	js, err := natsjs.New(nc)
	require.NoError(tb, err)
	var out []string
	for d, err := range jetstream.Replay(within(tb), js, jetstream.ReplayConfig{Stream: "ITSM", Subjects: layout, Filter: f, From: from}) {
		require.NoError(tb, err)
		out = append(out, string(d.Data))
	}
	return out
}
