package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/itsm-go/itsm/workflow/sqlstore/postgres"
	"github.com/itsm-go/itsm/workflow/sqlstore/postgres/pgcluster"

	"github.com/jackc/pgx/v5"
)

// database is a PostgreSQL server and its replica. Once the replica was promoted there
// is none.
type database struct {
	main, replica *pgcluster.Cluster
	where         string // how to connect to the one that may be written
}

// ledgerSchema keeps the messages that were ever put into the outbox, whose rows go away
// as they are delivered, so that what arrived can be compared with it.
const ledgerSchema = `CREATE SCHEMA ledger;
CREATE TABLE ledger.messages (seq bigint PRIMARY KEY, id uuid NOT NULL, incident uuid NOT NULL, topic text NOT NULL);
CREATE FUNCTION ledger.note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO ledger.messages SELECT seq, message, id, topic FROM fresh;
	RETURN NULL;
END $$;
CREATE TRIGGER note AFTER INSERT ON itsm.messages REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION ledger.note();`

// startDatabase starts both servers and makes the tables. A process that is killed does
// not take from the operating system what it has written, so they need not flush here.
func startDatabase(ctx context.Context, dir string) (*database, error) {
	settings := []string{"fsync = off", "wal_keep_size = '512MB'", "wal_retrieve_retry_interval = '100ms'", "hot_standby = on"}
	primary, err := pgcluster.Start(filepath.Join(dir, "postgres 1"), settings...)
	if err != nil {
		return nil, err
	}
	d := &database{main: primary}
	if d.replica, err = primary.Replica(filepath.Join(dir, "postgres 2")); err != nil {
		return nil, err
	}
	d.where = fmt.Sprintf("postgres://postgres@127.0.0.1:%d,127.0.0.1:%d/postgres?sslmode=disable&target_session_attrs=read-write&connect_timeout=5&pool_max_conns=8",
		d.main.Port(), d.replica.Port())
	db, err := postgres.Open(ctx, d.where, postgres.Config{}) // makes its own tables
	if err != nil {
		return nil, err
	}
	defer db.Close()
	// From now on a commit is acknowledged when the replica has it.
	for _, statement := range []string{boardSchema, ledgerSchema, "ALTER SYSTEM SET synchronous_standby_names = '*'", "SELECT pg_reload_conf()"} {
		if _, err := db.Pool().Exec(ctx, statement); err != nil {
			return nil, err
		}
	}
	return d, d.follow(ctx)
}

// follow waits until the replica has all that the server has, and commits wait for it.
func (d *database) follow(ctx context.Context) error {
	if d.replica == nil {
		return nil
	}
	conn, err := insist(ctx, "the database", func(ctx context.Context) (*pgx.Conn, error) { return pgx.Connect(ctx, d.main.Connection("postgres")) })
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	var end string
	if err := conn.QueryRow(ctx, "SELECT pg_current_wal_lsn()::text").Scan(&end); err != nil {
		return err
	}
	return until(ctx, "the replica", func(ctx context.Context) (yes bool, err error) {
		err = conn.QueryRow(ctx, `SELECT coalesce(bool_or(state = 'streaming' AND sync_state = 'sync' AND flush_lsn >= $1::pg_lsn), false)
FROM pg_stat_replication`, end).Scan(&yes)
		return yes, err
	})
}

// restart kills one of the servers and starts it again. The next kill waits until the
// replica is level again, for one of them may be that of the server for good.
func (d *database) restart(ctx context.Context, c *pgcluster.Cluster) error {
	if err := errors.Join(c.Kill(), c.Restart()); err != nil {
		return err
	}
	return d.follow(ctx)
}

// failOver kills the server, for good, and promotes the replica.
func (d *database) failOver() error {
	if err := errors.Join(d.main.Kill(), d.replica.Promote()); err != nil {
		return err
	}
	d.main, d.replica = d.replica, nil
	return nil
}

// warden ends the servers when the fleet ends, in whichever way, and takes its folder
// away: PostgreSQL's processes are nobody's children.
func warden(ctx context.Context, p part, _ *wire) error {
	<-ctx.Done()
	found, err := filepath.Glob(filepath.Join(p.Dir, "*", "data", "postmaster.pid"))
	if err != nil {
		return err
	}
	for _, file := range found {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // it is just ending
		}
		first, _, _ := strings.Cut(string(text), "\n")
		pid, err := strconv.Atoi(first)
		if err != nil || !serves(pid, filepath.Dir(file)) {
			continue // it was killed, and somebody else may have its number
		}
		if err := syscall.Kill(pid, syscall.SIGQUIT); err != nil {
			return err
		}
		if err := until(context.Background(), "the end of PostgreSQL", func(context.Context) (bool, error) {
			return !serves(pid, filepath.Dir(file)), nil
		}); err != nil {
			return err
		}
	}
	return os.RemoveAll(p.Dir)
}

// serves reports whether a process is a server of the data in the folder.
func serves(pid int, data string) bool {
	line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	return err == nil && bytes.Contains(line, []byte(data))
}
