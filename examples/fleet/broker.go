package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/itsm-go/itsm/workflow/eventbus/jetstream"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	natsjs "github.com/nats-io/nats.go/jetstream"
)

// What the brokers keep: the stream of envelopes, and the bucket in which followers
// note how far they are.
const (
	stream = "DESK"
	bucket = "positions"
)

func subjects() jetstream.Subjects { return jetstream.Subjects{Root: "desk", Partitions: 4} }

// brokerage is one NATS server of the cluster.
type brokerage struct {
	Name           string
	Dir            string
	Client, Routes int   // ports on the loopback
	Peers          []int // the others' ports for routes
}

func (b brokerage) url() string { return fmt.Sprintf("nats://127.0.0.1:%d", b.Client) }

// newBrokers finds ports for so many servers that make one cluster.
func newBrokers(dir string, n int) ([]brokerage, error) {
	ports, err := freePorts(2 * n)
	if err != nil {
		return nil, err
	}
	all := make([]brokerage, n)
	for i := range all {
		name := fmt.Sprintf("broker %d", i+1)
		all[i] = brokerage{Name: name, Dir: filepath.Join(dir, name), Client: ports[i], Routes: ports[n+i]}
		for k := range n {
			if k != i {
				all[i].Peers = append(all[i].Peers, ports[n+k])
			}
		}
	}
	return all, nil
}

func freePorts(n int) (ports []int, err error) {
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer l.Close()
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports, nil
}

// broker is a NATS server. It flushes everything before it acknowledges, so that a kill
// takes nothing that most of them had.
func broker(ctx context.Context, p part, _ *wire) error {
	b := p.Node
	o := &server.Options{ServerName: strings.ReplaceAll(b.Name, " ", "-"), Host: "127.0.0.1", Port: b.Client, NoSigs: true, NoLog: true,
		JetStream: true, StoreDir: b.Dir, JetStreamMaxMemory: 64 << 20, JetStreamMaxStore: 1 << 30, SyncAlways: true,
		Cluster: server.ClusterOpts{Name: "fleet", Host: "127.0.0.1", Port: b.Routes}}
	for _, port := range b.Peers {
		o.Routes = append(o.Routes, &url.URL{Scheme: "nats", Host: fmt.Sprintf("127.0.0.1:%d", port)})
	}
	s, err := server.NewServer(o)
	if err != nil {
		return err
	}
	s.Start()
	if !s.ReadyForConnections(time.Minute) {
		return errors.New("the server does not start")
	}
	<-ctx.Done()
	s.Shutdown()
	s.WaitForShutdown()
	return nil
}

// dial looks for the brokers for ever, and keeps nothing while there are none.
func dial(nodes []string) (*nats.Conn, error) {
	return nats.Connect(strings.Join(nodes, ","), nats.MaxReconnects(-1), nats.ReconnectBufSize(-1),
		nats.ReconnectWait(pace), nats.RetryOnFailedConnect(true), nats.Timeout(2*time.Second))
}

// prepareBus makes the stream and the bucket, as soon as the brokers have agreed on a
// leader.
func prepareBus(ctx context.Context, nodes []string) error {
	nc, err := dial(nodes)
	if err != nil {
		return err
	}
	defer nc.Close()
	js, err := natsjs.New(nc)
	if err != nil {
		return err
	}
	return until(ctx, "the stream", func(ctx context.Context) (bool, error) {
		ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
		defer cancel()
		if _, err := jetstream.EnsureStream(ctx, js, jetstream.StreamConfig{Name: stream, Subjects: subjects(), Replicas: len(nodes)}); err != nil {
			return false, err
		}
		_, err := js.CreateOrUpdateKeyValue(ctx, natsjs.KeyValueConfig{Bucket: bucket, Replicas: len(nodes)})
		return err == nil, err
	})
}
