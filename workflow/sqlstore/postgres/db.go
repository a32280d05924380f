package postgres

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/itsm-go/itsm/workflow"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Config tunes a database. The zero Config is the safe one.
type Config struct {
	// Schema is where the tables are: lower case letters, digits and underscores.
	// Empty means "itsm".
	Schema string

	// Unmigrated leaves the schema alone: the host runs [Migrations] with a tool of
	// its own. [Open] then only checks that the schema is the one it knows.
	Unmigrated bool

	// Relaxed does not wait for the flush of a commit (synchronous_commit = off): a
	// crash of the server may take the last commits, whole ones. It holds for the
	// connections that Open makes.
	Relaxed bool

	// Patience is how long a reader of the feed waits for transactions that began
	// before its end: events behind them are not shown until it is known that none
	// will come before. Zero means two seconds; negative does not wait. See the
	// package comment.
	Patience time.Duration

	// Attempts is how often a command that failed without a doubt of its outcome, by
	// a deadlock or a lost connection, is tried. Zero means ten.
	Attempts int

	// Project, when set, runs inside every commit of a new batch, after the batch was
	// written and before it is durable. Through tx it keeps the host's own tables in
	// step; its error undoes the commit and is returned by it. It is not called by
	// stores that are bound to a transaction: the host is there already.
	Project func(ctx context.Context, tx pgx.Tx, b workflow.Batch) error

	// Notify wakes those that [DB.Listen], after each commit that leaves work to do.
	// PostgreSQL lets the commits of all sessions that notify take turns, so it costs
	// throughput where many commit at once.
	Notify bool

	// RowSecurity names the tenant to the database, in the transaction of every
	// statement, as [RowSecurity] wants it.
	RowSecurity bool
}

// DB is a PostgreSQL schema that holds the records of any number of tenants. It is
// safe for concurrent use, and any number of processes may use the same one.
type DB struct {
	cfg   Config
	pool  *pgxpool.Pool
	owned bool // the pool is closed with it
	sql   statements
	names names
	few   int // collectFew, but for tests

	traffic      traffic
	lanes, group int // travelLanes and travelGroup, but for tests
}

var validSchema = regexp.MustCompile(`^[a-z_][a-z0-9_]{0,50}$`)

// Open connects to the database that the connection string names, as for
// [pgxpool.New], and brings the schema up to date. A schema that a later version of
// this package wrote is an error matching [ErrNewerSchema].
func Open(ctx context.Context, connection string, cfg Config) (*DB, error) {
	pc, err := pgxpool.ParseConfig(connection)
	if err != nil {
		return nil, fmt.Errorf("postgres: open: %w: %w", err, workflow.ErrInvalid)
	}
	if cfg.Relaxed {
		pc.ConnConfig.RuntimeParams["synchronous_commit"] = "off"
	}
	pool, err := pgxpool.NewWithConfig(ctx, pc)
	if err != nil {
		return nil, fmt.Errorf("postgres: open: %w", err)
	}
	db, err := New(ctx, pool, cfg)
	if err != nil {
		pool.Close()
		return nil, err
	}
	db.owned = true
	return db, nil
}

// New uses a pool of the host, which stays the host's to close.
func New(ctx context.Context, pool *pgxpool.Pool, cfg Config) (*DB, error) {
	if cfg.Schema == "" {
		cfg.Schema = "itsm"
	}
	if !validSchema.MatchString(cfg.Schema) || strings.HasPrefix(cfg.Schema, "pg_") {
		return nil, fmt.Errorf("postgres: schema %q: want up to 50 lower case letters, digits and underscores: %w", cfg.Schema, workflow.ErrInvalid)
	}
	if cfg.Patience == 0 {
		cfg.Patience = 2 * time.Second
	}
	if cfg.Attempts <= 0 {
		cfg.Attempts = 10
	}
	db := &DB{cfg: cfg, pool: pool, sql: newStatements(cfg.Schema), few: collectFew, lanes: travelLanes, group: travelGroup}
	if err := db.prepare(ctx); err != nil {
		return nil, fmt.Errorf("postgres: open: %w", err)
	}
	return db, nil
}

// Close ends all work with the database, if [Open] made the connections.
func (db *DB) Close() error {
	if db.owned {
		db.pool.Close()
	}
	return nil
}

// Tenant returns the store of one tenant. A tenant exists from its first commit on;
// until then its store is empty. Stores are cheap: make one per request if that is
// convenient.
func (db *DB) Tenant(name string) *Store { return &Store{db: db, tenant: name} }

// Pool returns the connections, for the host's own statements.
func (db *DB) Pool() *pgxpool.Pool { return db.pool }

// Begin starts a transaction in which the host changes its own tables, and records
// through [Store.WithTx].
func (db *DB) Begin(ctx context.Context) (pgx.Tx, error) {
	tx, err := db.pool.Begin(ctx)
	return tx, dbError(ctx, "begin", err)
}

// again runs f until it succeeds, fails for good or the attempts are used up. What is
// tried again are deadlocks, serialization failures and lost connections, so f must
// bear repetition: a commit does, by its id. How often is bounded by the context too.
func (db *DB) again(ctx context.Context, f func() error) error {
	pause := time.Millisecond
	for attempt := 1; ; attempt++ {
		err := f()
		if err == nil || attempt >= db.cfg.Attempts || !passing(err) {
			return err
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return errors.Join(err, ctx.Err())
		case <-timer.C:
		}
		pause = min(2*pause, 250*time.Millisecond)
	}
}
