package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"testing"

	"github.com/itsm-go/itsm/workflow/sqlstore/postgres/pgcluster"

	"github.com/stretchr/testify/require"
)

var (
	kills = flag.Int("kills", 7, "how often the fleet's test kills a process")
	seed  = flag.Uint64("seed", 1, "which ones, and when")
)

// TestMain lets the test program be any process of the fleet.
func TestMain(m *testing.M) {
	if told, ok := os.LookupEnv(partVariable); ok {
		os.Exit(play(told))
	}
	os.Exit(m.Run())
}

// Whoever is killed, and whenever: nothing that was acknowledged is lost or torn, and
// nothing has its effect twice or out of order.
func TestAFleetThatIsKilledLosesNothing(t *testing.T) {
	var out bytes.Buffer
	c := config{seed: *seed, kills: *kills, incidents: 24 + 4**kills}
	found, err := c.run(t.Context(), &out)
	if errors.Is(err, pgcluster.ErrNoServer) && os.Getenv("CI") == "" {
		fmt.Fprintln(os.Stderr, "NOT RUN: the fleet's test:", err)
		return
	}
	t.Log(out.String())
	require.NoError(t, err)
	require.Equal(t, c.incidents, found.Incidents)
	require.Equal(t, c.incidents, found.Closed)
	require.Positive(t, found.Alerts)
	require.Greater(t, found.Commits, 5*c.incidents)
	require.Equal(t, found.Events+found.Messages, found.Arrivals)
}

func TestTheSeedGivesTheKills(t *testing.T) {
	agents, relays, boards := crew()
	brokers := []string{"broker 1", "broker 2", "broker 3"}
	one := schedule(7, 50, 4000, agents, relays, boards, brokers)
	require.Equal(t, one, schedule(7, 50, 4000, agents, relays, boards, brokers))
	require.NotEqual(t, one, schedule(8, 50, 4000, agents, relays, boards, brokers))
	count := map[string]int{}
	for i, k := range one {
		if i > 0 {
			require.GreaterOrEqual(t, k.after, one[i-1].after)
		}
		require.Less(t, k.after, 4000)
		count[k.victim]++
		if i >= 25 {
			require.NotEqual(t, theReplica, k.victim, "there is none any more")
		}
	}
	require.Equal(t, 1, count[theFailover])
	for _, name := range []string{"agent 1", "relay 2", "board 1", "broker 3", theServer, theReplica} {
		require.Positive(t, count[name], name)
	}
}

func TestWhatCannotBeDoneIsSaid(t *testing.T) {
	for want, args := range map[string][]string{
		`what is "fast"?`:           {"fast"},
		"are not negative":          {"-kills", "-1"},
		"flag provided but not def": {"-nonsense"},
	} {
		var out bytes.Buffer
		require.ErrorContains(t, run(context.Background(), args, &out, &out), want)
	}
}
