package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

// Durability says what a commit that returned has survived.
type Durability uint8

// The degrees of durability. Both survive the death of the process.
const (
	// Full flushes every commit to the disk: it survives a power loss.
	Full Durability = iota
	// Relaxed leaves flushing to the operating system: a power loss may take
	// the last commits, whole ones and in order. It is several times faster.
	Relaxed
)

// Config tunes a database. The zero Config is the safe one.
type Config struct {
	Durability Durability

	// BusyTimeout is how long a commit waits for another process that is
	// writing, before it fails with [ErrBusy]. Zero means five seconds.
	BusyTimeout time.Duration

	// Readers is how many reads may run at the same time. Zero means four. A
	// database in memory has one connection for all.
	Readers int

	// Together is how many concurrent commits, claims and settlements of this DB
	// may share one transaction and its flush, each with its own outcome. Zero
	// means 256, and 1 gives each its own.
	Together int

	// TogetherBytes is about how much those that share a transaction may write.
	// Zero means 4 MiB. A larger one still has a transaction, its own.
	TogetherBytes int

	// Project, when set, runs inside every commit of a new batch, after the
	// batch was written and before it is durable. Through tx it keeps the
	// host's own tables in step; its error undoes the commit and is returned
	// by it, and the commits that share the transaction go on without it. It must
	// not use the [DB] or a [Store], which would wait for the very transaction it
	// runs in. It may be called in the goroutine of another commit, never twice at
	// a time, and again for a batch whose transaction had to be repeated.
	Project func(ctx context.Context, tx *sql.Tx, b workflow.Batch) error
}

// DB is an SQLite database that holds the records of any number of tenants. It
// is safe for concurrent use, and other processes may open the same file.
type DB struct {
	cfg    Config
	writer *sql.DB // one connection
	turns  turns   // of those that write
	reader *sql.DB // the same for a database in memory
	names  names
	few    int // collectFew, but for tests

	path     string // of the file, with its folder; empty in memory
	walLimit int64  // walLimit, but for tests

	// These belong to whoever has the writer.
	untended int   // transactions so far
	walMore  int64 // how far beyond the limit the log may grow
	logDue   bool  // what was forgotten still stands in the log
}

// busyStep is how long SQLite itself waits for a lock. Commit repeats that up
// to the busy timeout and looks at the context in between.
const busyStep = 100 * time.Millisecond

// Open opens the file at path, creates it if it is missing and brings its
// schema up to date. The path ":memory:" opens a new database that lives until
// Close. A file written by a later version of this package gives an error
// matching [ErrNewerSchema].
func Open(ctx context.Context, path string, cfg Config) (*DB, error) {
	if cfg.BusyTimeout <= 0 {
		cfg.BusyTimeout = 5 * time.Second
	}
	if cfg.Readers <= 0 {
		cfg.Readers = 4
	}
	if cfg.Together <= 0 {
		cfg.Together = 256
	}
	if cfg.TogetherBytes <= 0 {
		cfg.TogetherBytes = 4 << 20
	}
	db := &DB{cfg: cfg, few: collectFew, walLimit: walLimit}
	err := db.connect(path)
	if err == nil {
		err = db.migrate(ctx)
	}
	if err == nil && path != ":memory:" {
		db.path, err = realPath(path)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("sqlstore: open %s: %w", path, err), db.Close())
	}
	return db, nil
}

// realPath is where SQLite keeps the file, whatever the working directory will be.
func realPath(path string) (string, error) {
	whole, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(whole)
}

func (db *DB) connect(path string) error {
	memory := path == ":memory:"
	if path == "" || strings.ContainsRune(path, 0) || strings.HasPrefix(path, ":") && !memory {
		return fmt.Errorf("want a file name or :memory:: %w", workflow.ErrInvalid)
	}
	synchronous := "synchronous(FULL)"
	if db.cfg.Durability == Relaxed {
		synchronous = "synchronous(NORMAL)"
	}
	var err error
	if db.writer, err = openPool(dsn(path, url.Values{
		"_txlock": {"immediate"},
		"_pragma": {fmt.Sprintf("busy_timeout(%d)", busyStep.Milliseconds()), "journal_mode(WAL)", synchronous,
			"foreign_keys(ON)", "wal_autocheckpoint(4000)", "cache_size(-65536)", "temp_store(MEMORY)", "secure_delete(FAST)"},
	}), 1); err != nil || memory {
		db.reader = db.writer
		return err
	}
	db.reader, err = openPool(dsn(path, url.Values{
		"_pragma": {fmt.Sprintf("busy_timeout(%d)", db.cfg.BusyTimeout.Milliseconds()), "query_only(ON)",
			"cache_size(-8192)", "temp_store(MEMORY)"},
	}), db.cfg.Readers)
	return err
}

func dsn(path string, options url.Values) string {
	if path == ":memory:" {
		return path + "?" + options.Encode()
	}
	return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: options.Encode()}).String()
}

func (db *DB) migrate(ctx context.Context) error {
	tx, err := db.Begin(ctx)
	if err != nil {
		return err
	}
	err = migrate(ctx, tx)
	if err == nil {
		err = tx.Commit()
	}
	if err != nil {
		return errors.Join(err, rollback(tx))
	}
	return nil
}

// Close ends all work with the database. A database in memory is lost.
func (db *DB) Close() error {
	if db.writer == nil {
		return nil
	}
	err := db.writer.Close()
	if db.reader != nil && db.reader != db.writer {
		err = errors.Join(db.reader.Close(), err)
	}
	return err
}

// Tenant returns the store of one tenant. A tenant exists from its first commit
// on; until then its store is empty. Stores are cheap: make one per request if
// that is convenient.
func (db *DB) Tenant(name string) *Store { return &Store{db: db, tenant: name} }

// Begin starts a transaction that may write, in which the host changes its own
// tables, and records through [Store.WithTx]. It waits for the running commit,
// and while it is open every other commit waits for it: keep it short and use
// nothing but it until it ends. When ctx is done the transaction is rolled back.
func (db *DB) Begin(ctx context.Context) (*sql.Tx, error) {
	var tx *sql.Tx
	err := beginWriting(ctx, db.cfg.BusyTimeout, func() (err error) {
		tx, err = db.writer.BeginTx(ctx, nil)
		return err
	})
	return tx, err
}
