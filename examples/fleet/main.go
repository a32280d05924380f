// Fleet runs a service desk as many processes, and kills them:
//
//	go run ./examples/fleet
//	go run ./examples/fleet -seed 7 -kills 100
//
// Agents open incidents, work on them and resolve them, each agent a process. Relays
// carry out the timers and publish every message and event over NATS JetStream, which
// is three processes. Boards receive them and keep a read model of their own, each
// envelope once by an inbox. All records are in PostgreSQL, which has a replica that
// every commit waits for. It takes Linux and PostgreSQL's server programs.
//
// Meanwhile processes of every sort are killed with SIGKILL: the seed says which, and
// after how many commits. What was killed is started again, and once PostgreSQL is
// not: its replica takes over. Then the books are checked: every commit that somebody
// was told of is there, whole; the hash chains hold; each message took effect once and
// in order; each timer did; and the read model that came over the bus is the one that
// the history gives.
//
// # What makes it safe to promote the replica
//
// A commit is acknowledged when the replica has it too (synchronous_standby_names).
// One exception has to be known: a server that crashed and started again shows commits
// for which it was still waiting. So promote a replica only once it has caught up with
// the restart, as this program does. Workers name both servers in their connection
// string, with target_session_attrs=read-write, and find the new one by themselves.
//
// # How it is told in code
//
// fleet.go has the processes and the kills, agent.go, relay.go, board.go and broker.go
// what each of them does, database.go the two servers, verify.go the checks. Time is
// the fleet's own: a second on the wall is six hours.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	if told, ok := os.LookupEnv(partVariable); ok {
		os.Exit(play(told))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "fleet:", err)
		os.Exit(1)
	}
}

// A config is what the flags say.
type config struct {
	seed      uint64
	kills     int
	incidents int
}

func run(ctx context.Context, args []string, out, usage io.Writer) error {
	var c config
	flags := flag.NewFlagSet("fleet", flag.ContinueOnError)
	flags.SetOutput(usage)
	flags.Uint64Var(&c.seed, "seed", 1, "`N` says who is killed, and after how many commits, and what the agents do")
	flags.IntVar(&c.kills, "kills", 14, "how many (`N`) kills")
	flags.IntVar(&c.incidents, "incidents", 0, "how many (`N`) incidents (default 40, and 10 more for each kill)")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("what is %q? See -h", flags.Arg(0))
	}
	if c.kills < 0 || c.incidents < 0 {
		return errors.New("-kills and -incidents are not negative")
	}
	if c.incidents == 0 {
		c.incidents = 40 + 10*c.kills
	}
	_, err := c.run(ctx, out)
	return err
}
