package postgres_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/itsm-go/itsm/workflow/sqlstore/postgres/pgcluster"

	"github.com/stretchr/testify/require"
)

// cutter passes connections on to the server and cuts each after a random number of
// bytes, be they a question's or an answer's.
type cutter struct {
	listener net.Listener
	server   string
	seed     uint64
	least    int64 // bytes that a connection lives for, at least
	most     int64
	orphans  atomic.Bool // the server does not learn that the client has gone
	mu       sync.Mutex
	clients  []net.Conn
	servers  []net.Conn
	group    sync.WaitGroup
	cuts     atomic.Int64
}

func newCutter(t *testing.T, server *pgcluster.Cluster, seed uint64, least, most int64) *cutter {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	c := &cutter{listener: l, server: fmt.Sprintf("127.0.0.1:%d", server.Port()), seed: seed, least: least, most: most}
	c.group.Go(func() {
		for n := uint64(0); ; n++ {
			client, err := l.Accept()
			if err != nil {
				return
			}
			c.group.Go(func() { c.pass(client, n) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		c.mu.Lock()
		for _, server := range c.servers { // those that were left behind
			_ = server.Close()
		}
		c.mu.Unlock()
		c.group.Wait()
	})
	return c
}

// through is the connection string by way of the cutter.
func (c *cutter) through(where string) string {
	return strings.Replace(where, c.server, c.listener.Addr().String(), 1)
}

var cancelRequest = []byte{0, 0, 0, 16, 4, 210, 22, 46}

// leaveServerBehind cuts all connections, and the server does not notice before it
// answers.
func (c *cutter) leaveServerBehind() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.orphans.Store(true)
	for _, client := range c.clients {
		_ = client.Close()
	}
	c.clients = nil
}

func (c *cutter) pass(client net.Conn, n uint64) {
	defer client.Close()
	server, err := net.Dial("tcp", c.server)
	if err != nil {
		return
	}
	defer server.Close()
	c.mu.Lock()
	c.clients, c.servers = append(c.clients, client), append(c.servers, server)
	c.mu.Unlock()
	var left atomic.Int64
	left.Store(c.least + rand.New(rand.NewPCG(c.seed, n)).Int64N(c.most-c.least))
	var both sync.WaitGroup
	copyTo := func(to, from net.Conn) {
		defer func() {
			_ = client.Close()
			if from == server || !c.orphans.Load() {
				_ = server.Close()
			}
		}()
		buffer := make([]byte, 512)
		for {
			n, err := from.Read(buffer)
			if err != nil {
				return
			}
			if from == client && c.orphans.Load() && bytes.HasPrefix(buffer[:n], cancelRequest) {
				return // pgx asks for that when it loses a connection; here the server does not hear of it
			}
			rest := left.Add(-int64(n)) + int64(n)
			if rest < int64(n) {
				_, _ = to.Write(buffer[:max(0, rest)])
				c.cuts.Add(1)
				return
			}
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
	}
	both.Go(func() { copyTo(server, client) })
	both.Go(func() { copyTo(client, server) })
	both.Wait()
}

func TestCutterPassesAndCuts(t *testing.T) {
	ctx := context.Background()
	where := freshDatabase(t)
	c := newCutter(t, cluster, 1, 4000, 4001)
	conn := connect(t, c.through(where))
	var one int
	require.NoError(t, conn.QueryRow(ctx, "SELECT 1").Scan(&one))
	var err error
	for range 100 {
		if _, err = conn.Exec(ctx, "SELECT repeat('x', 100)"); err != nil {
			break
		}
	}
	require.Error(t, err)
	require.Positive(t, c.cuts.Load())
}
