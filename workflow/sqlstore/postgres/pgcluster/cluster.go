// Package pgcluster runs a private PostgreSQL cluster for tests: in a folder of its
// own, on a free port of the loopback interface, with the server's programs as
// Debian's package postgresql installs them.
//
//	c, err := pgcluster.Start(dir)
//	defer c.Stop()
//	db, err := postgres.Open(ctx, c.Connection("postgres"), postgres.Config{})
//
// It can be killed and started again, which is how the durability of the store is
// tested. Nothing here is for production.
package pgcluster

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// ErrNoServer means that PostgreSQL's server programs are not installed. On Debian,
// "apt-get install postgresql" brings them.
var ErrNoServer = errors.New("PostgreSQL's server programs were not found (Debian: apt-get install --no-install-recommends postgresql)")

// Cluster is a running server with its data.
type Cluster struct {
	dir, bin string
	port     int
}

// Start makes a cluster below the folder, which must not hold one, and starts it. More
// settings are lines for postgresql.conf. Commits are flushed as in production.
func Start(dir string, settings ...string) (*Cluster, error) {
	bin, err := programs()
	if err != nil {
		return nil, err
	}
	c := &Cluster{dir: dir, bin: bin}
	if err := c.own(); err != nil {
		return nil, err
	}
	if err := c.run("initdb", "-D", c.data(), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"); err != nil {
		return nil, err
	}
	if c.port, err = freePort(); err != nil {
		return nil, err
	}
	return c, c.configure(append([]string{
		"listen_addresses = '127.0.0.1'", fmt.Sprintf("port = %d", c.port), fmt.Sprintf("unix_socket_directories = '%s'", c.dir),
		"max_connections = 200", "shared_buffers = '64MB'",
	}, settings...))
}

// Replica makes a streaming copy of the cluster below another folder and starts it.
func (c *Cluster) Replica(dir string, settings ...string) (*Cluster, error) {
	r := &Cluster{dir: dir, bin: c.bin}
	if err := r.own(); err != nil {
		return nil, err
	}
	if err := r.run("pg_basebackup", "-h", "127.0.0.1", "-p", strconv.Itoa(c.port), "-U", "postgres", "-D", r.data(), "-R", "-X", "stream", "--checkpoint=fast"); err != nil {
		return nil, err
	}
	var err error
	if r.port, err = freePort(); err != nil {
		return nil, err
	}
	return r, r.configure(append([]string{fmt.Sprintf("port = %d", r.port), fmt.Sprintf("unix_socket_directories = '%s'", r.dir)}, settings...))
}

func (c *Cluster) configure(lines []string) error {
	f, err := os.OpenFile(filepath.Join(c.data(), "postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString("\n" + strings.Join(lines, "\n") + "\n")
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	return c.Restart()
}

// Restart starts the server after Kill or Stop.
func (c *Cluster) Restart() error {
	return c.run("pg_ctl", "-D", c.data(), "-l", filepath.Join(c.dir, "server.log"), "-w", "-t", "60", "start")
}

// Stop ends the server at once, in order.
func (c *Cluster) Stop() error {
	return c.run("pg_ctl", "-D", c.data(), "-w", "-t", "60", "-m", "fast", "stop")
}

// Promote makes a replica a server of its own.
func (c *Cluster) Promote() error {
	return c.run("pg_ctl", "-D", c.data(), "-w", "-t", "60", "promote")
}

// Kill ends every process of the server with SIGKILL, as a crash of the machine would,
// but for what the operating system has not written yet.
func (c *Cluster) Kill() error {
	text, err := os.ReadFile(filepath.Join(c.data(), "postmaster.pid"))
	if err != nil {
		return err
	}
	first, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(first))
	if err != nil {
		return err
	}
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil { // or it would start others
		return err
	}
	for _, child := range children(pid) {
		_ = syscall.Kill(child, syscall.SIGKILL) // one that has ended by itself is as dead
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		return err
	}
	for syscall.Kill(pid, 0) == nil { // until it is gone and its parent knows
		time.Sleep(time.Millisecond)
	}
	return nil
}

// children lists the processes that the server has started.
func children(pid int) []int {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil {
		return nil
	}
	var pids []int
	for _, f := range strings.Fields(string(text)) {
		if n, err := strconv.Atoi(f); err == nil {
			pids = append(pids, n)
		}
	}
	return pids
}

// Connection is the string to connect to a database of the cluster with.
func (c *Cluster) Connection(database string) string {
	return fmt.Sprintf("postgres://postgres@127.0.0.1:%d/%s?sslmode=disable", c.port, database)
}

// Port is where the server listens on the loopback interface.
func (c *Cluster) Port() int { return c.port }

// Log returns the end of what the server has written.
func (c *Cluster) Log() string {
	text, _ := os.ReadFile(filepath.Join(c.dir, "server.log"))
	return string(text[max(0, len(text)-4000):])
}

func (c *Cluster) data() string { return filepath.Join(c.dir, "data") }

// own gives the folder to the user as whom the server runs: it refuses to run as root.
func (c *Cluster) own() error {
	if err := os.MkdirAll(c.dir, 0o700); err != nil || os.Geteuid() != 0 {
		return err
	}
	for p := c.dir; p != "/" && p != "."; p = filepath.Dir(p) {
		if info, err := os.Stat(p); err == nil && info.Mode().Perm()&0o001 == 0 && p != c.dir {
			if err := os.Chmod(p, info.Mode().Perm()|0o011); err != nil {
				return err
			}
		}
	}
	return exec.Command("chown", "postgres", c.dir).Run()
}

func (c *Cluster) run(program string, args ...string) error {
	argv := append([]string{filepath.Join(c.bin, program)}, args...)
	if os.Geteuid() == 0 {
		argv = append([]string{"runuser", "-u", "postgres", "--"}, argv...)
	}
	var out bytes.Buffer
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir, cmd.Stderr = c.dir, &out
	if program != "pg_ctl" { // the server inherits pg_ctl's output and would keep a pipe open
		cmd.Stdout = &out
	} else {
		cmd.Stderr = nil
	}
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("pgcluster: %s: %w\n%s%s", program, err, out.String(), c.Log())
	}
	return nil
}

// programs finds the newest server that is installed.
func programs() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if err != nil || len(found) == 0 {
		if p, err := exec.LookPath("postgres"); err == nil {
			return filepath.Dir(p), nil
		}
		return "", ErrNoServer
	}
	slices.SortFunc(found, func(a, b string) int { return major(a) - major(b) })
	return filepath.Dir(found[len(found)-1]), nil
}

func major(path string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path))))
	return n
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
