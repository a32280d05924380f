package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"
)

// partVariable is where a process of the fleet finds its part, as JSON.
const partVariable = "FLEET_PART"

// A part says what a process is.
type part struct {
	Name     string    // "agent 2"
	Role     string    // a key of roles
	Seed     uint64    // of what agents do
	Clock    clock     // the fleet's time
	Database string    // how to connect to whichever server may be written
	Nodes    []string  // the brokers' URLs
	Node     brokerage // of a broker
	Dir      string    // of the warden
}

// roles are what processes do until the context is done: it is done when the input
// ends, which it also does when the fleet's own process is gone, so that none is left
// behind.
func roles() map[string]func(context.Context, part, *wire) error {
	return map[string]func(context.Context, part, *wire) error{
		"agent": agent, "relay": relay, "board": board, "broker": broker, "warden": warden,
	}
}

// play is the main function of every process but the fleet's own.
func play(told string) int {
	signal.Ignore(os.Interrupt, syscall.SIGTERM) // a terminal tells everybody; the fleet ends its processes itself
	var p part
	err := json.Unmarshal([]byte(told), &p)
	if err == nil {
		ctx, cancel := context.WithCancel(context.Background())
		w := &wire{out: os.Stdout, orders: make(chan int)}
		go func() {
			w.listen(os.Stdin)
			cancel()
		}()
		if err = roles()[p.Role](ctx, p, w); errors.Is(err, context.Canceled) {
			err = nil
		}
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "fleet: %s: %v\n", p.Name, err)
		return 1
	}
	return 0
}

// wire is how a process talks with the fleet: orders come in, words go out.
type wire struct {
	out    io.Writer
	orders chan int
}

// A word is a line that a process says. It is less than a pipe takes at once, so it
// arrives whole or not at all.
type word struct {
	Ack  *ack `json:"ack,omitempty"`  // a commit was acknowledged
	Done int  `json:"done,omitempty"` // an incident is done
}

// say may be called by many at once, as each word is one write.
func (w *wire) say(x word) {
	line, err := json.Marshal(x)
	if err == nil {
		_, err = w.out.Write(append(line, '\n'))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "fleet: saying what was done:", err)
	}
}

func (w *wire) listen(in io.Reader) {
	for {
		var n int
		if _, err := fmt.Fscanln(in, &n); err != nil {
			return
		}
		w.orders <- n
	}
}

// A process is one of the fleet's, running.
type process struct {
	part part
	cmd  *exec.Cmd
	in   io.WriteCloser
	read chan struct{} // closed when all that it said was heard
	mine atomic.Bool   // the fleet ends it
}

// launch starts this program again in a part. What it says is given to heard, one word
// after the other; if it ends by itself lost is told.
func launch(p part, heard func(word), lost func(error)) (*process, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	told, err := json.Marshal(p)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(program)
	cmd.Env = append(os.Environ(), partVariable+"="+string(told))
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	x := &process{part: p, cmd: cmd, in: in, read: make(chan struct{})}
	go func() {
		defer close(x.read)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			var w word
			if json.Unmarshal(lines.Bytes(), &w) == nil {
				heard(w)
			}
		}
		if !x.mine.Load() {
			lost(fmt.Errorf("%s has ended by itself", p.Name))
		}
	}()
	return x, nil
}

// order sends it a number. One that is dead does not hear it.
func (x *process) order(n int) { _, _ = fmt.Fprintln(x.in, n) }

// kill ends the process with SIGKILL, and returns when all that it said was heard.
func (x *process) kill() error {
	x.mine.Store(true)
	if err := x.cmd.Process.Kill(); err != nil {
		return fmt.Errorf("%s had ended by itself: %w", x.part.Name, err)
	}
	<-x.read
	var exit *exec.ExitError
	if err := x.cmd.Wait(); !errors.As(err, &exit) || exit.Exited() {
		return fmt.Errorf("%s was not killed but ended by itself: %v", x.part.Name, err)
	}
	return nil
}

// stop lets it finish what it has begun.
func (x *process) stop() error {
	x.mine.Store(true)
	_ = x.in.Close()
	<-x.read
	if err := x.cmd.Wait(); err != nil {
		return fmt.Errorf("%s: %w", x.part.Name, err)
	}
	return nil
}

// pace is how long processes wait before they try again.
const pace = 50 * time.Millisecond

// until asks again and again, and returns when the answer is yes, or what was
// the last error if the context is done before.
func until(ctx context.Context, what string, ask func(context.Context) (bool, error)) error {
	tick := time.NewTicker(pace)
	defer tick.Stop()
	for {
		yes, err := ask(ctx)
		if yes {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s: %w", what, errors.Join(context.Cause(ctx), err))
		}
	}
}

// insist tries until it succeeds: what it needs may be starting just now.
func insist[T any](ctx context.Context, what string, try func(context.Context) (T, error)) (got T, err error) {
	err = until(ctx, what, func(ctx context.Context) (bool, error) {
		var err error
		got, err = try(ctx)
		return err == nil, err
	})
	return got, err
}
