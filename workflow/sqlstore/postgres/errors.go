package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/itsm-go/itsm/workflow"

	"github.com/jackc/pgx/v5/pgconn"
)

// ErrNewerSchema means that the schema was made by a later version of this package,
// which this one does not understand and leaves alone.
var ErrNewerSchema = errors.New("the schema is newer than this program")

// ErrOlderSchema means that migrations are missing which the host runs by itself.
var ErrOlderSchema = errors.New("the schema is older than this program")

// ErrFull means that the server has no room left for what a commit writes, on its disk
// or within a quota of it. Nothing has changed, and the same commit succeeds once there
// is room.
var ErrFull = errors.New("the server's disk is full")

// The server's code for it (disk_full).
const fullState = "53100"

// The conditions that the functions in the database raise.
const conflictState = "IT001"

// state returns PostgreSQL's error code, or "".
func state(err error) string {
	if e := (*pgconn.PgError)(nil); errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// passing reports whether trying again may help: the server chose this transaction
// to end a deadlock, or the connection or the server went away.
func passing(err error) bool {
	switch code := state(err); {
	case code == "40001", code == "40P01", code == "55P03", code == "57P01", code == "57P02", code == "57P03", code == "53300":
		return true
	case strings.HasPrefix(code, "08"):
		return true
	case code != "":
		return false
	}
	return lost(err) && !errors.Is(err, errProject)
}

// unsentError says that nothing was asked of the server, or that it cannot have been
// made to last.
type unsentError struct{ error }

func (e *unsentError) Unwrap() error { return e.error }

// sharedError says that a transaction of several commits failed as a whole, for what
// one of them did or because the context of the call that sent it ended: each is to be
// tried alone.
type sharedError struct{ error }

func (e *sharedError) Unwrap() error { return e.error }

// errBusy says that somebody else holds the record of a commit that travelled with
// others, which do not wait for it.
var errBusy = errors.New("the record is held by somebody else")

// open reports whether a commit that failed may have happened or happen yet: it was
// sent, and the connection went away before the answer.
func open(err error) bool {
	if e := (*unsentError)(nil); final(err) || errors.As(err, &e) || errors.Is(err, errBusy) {
		return false
	}
	code := state(err)
	return code == "" && !pgconn.SafeToRetry(err) || strings.HasPrefix(code, "57P") || strings.HasPrefix(code, "08")
}

// final reports whether a commit's answer holds for every earlier try of it as well:
// one that still ran would have been waited for.
func final(err error) bool {
	if err == nil || errors.Is(err, workflow.ErrConflict) || errors.Is(err, errProject) {
		return true
	}
	code := state(err)
	return code != "" && code != "57014" && !passing(err)
}

// lost reports whether the connection went away, so that nobody knows what became of
// the statement.
func lost(err error) bool {
	if e := (*net.OpError)(nil); errors.As(err, &e) {
		return true
	}
	if e := (*pgconn.ConnectError)(nil); errors.As(err, &e) {
		return true
	}
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		pgconn.SafeToRetry(err) || err != nil && strings.Contains(err.Error(), "conn closed")
}

// dbError adds what was tried. The context's own error wins, because an interrupted
// statement fails with whatever it was doing.
func dbError(ctx context.Context, what string, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil && !errors.Is(err, workflow.ErrUnsure):
		return fmt.Errorf("postgres: %s: %w", what, ctx.Err())
	case state(err) == fullState:
		return fmt.Errorf("postgres: %s: %w: %w", what, ErrFull, err)
	}
	return fmt.Errorf("postgres: %s: %w", what, err)
}
