package postgres

import (
	"bytes"
	"context"

	"github.com/itsm-go/itsm/workflow"

	"github.com/jackc/pgx/v5/pgconn"
)

var _ workflow.Redactor = (*Store)(nil)

// changedState is what a redaction ends with that met another change of its events: it
// is tried again, as after a serialization failure.
const changedState = "40001"

// Redact implements [workflow.Redactor], in one transaction, on events and archived ones
// alike; a bound store makes it part of the host's. It reads the events, and replaces them
// if they are still as they were; otherwise it does so again, [Config].Attempts times at
// most, or leaves that to the host whose transaction it is in, by an error with SQLSTATE
// 40001. See the chapter "Personal data" of the package for what PostgreSQL keeps of them.
func (s *Store) Redact(ctx context.Context, r workflow.Redaction) error {
	versions := r.Events()
	return s.look(ctx, "redact", func(n *namer) error {
		if len(versions) == 0 {
			return nil
		}
		kind, found, err := n.events(r.Ref, versions)
		if err != nil {
			return err
		}
		if len(found) < len(versions) {
			return &workflow.NotFoundError{Ref: r.Ref}
		}
		var changed []int64
		var before, after [][]byte
		for _, f := range found {
			next, err := f.redacted(r)
			if err != nil {
				return err
			}
			if !bytes.Equal(f.encoded, next) {
				changed, before, after = append(changed, f.version), append(before, f.encoded), append(after, next)
			}
		}
		if len(changed) == 0 {
			return nil
		}
		var again bool
		var code, reason string
		_, err = n.one(n.db.sql.redact, []any{kind.tenant, kind.kind, [16]byte(r.Ref.ID), changed, before, after}, &again, &code, &reason)
		if again {
			code, reason = changedState, "an event was changed or moved meanwhile"
		}
		return caught(err, code, reason)
	})
}

// caught is the error that a function returned instead of raising it.
func caught(err error, code, reason string) error {
	if err == nil && code != "" {
		return &pgconn.PgError{Severity: "ERROR", Code: code, Message: reason}
	}
	return err
}

// events reads some events of a record, ascending; none if there is no such record.
func (n *namer) events(ref workflow.Ref, versions []int64) (kindNumbers, []filed, error) {
	if !validText(n.store.tenant) || !validText(ref.Kind) {
		return kindNumbers{}, nil, nil
	}
	kind, err := n.kind(n.store.tenant, ref.Kind, false)
	if err != nil || kind.kind == 0 {
		return kind, nil, err
	}
	rows, err := n.query(n.db.sql.someEvents, kind.kind, [16]byte(ref.ID), versions)
	if err != nil {
		return kind, nil, err
	}
	found, err := collect(rows, scanFiled)
	return kind, found, err
}

// redacted is the event as it is stored without the values.
func (f filed) redacted(r workflow.Redaction) ([]byte, error) {
	e, err := f.event()
	if err != nil {
		return nil, err
	}
	if e, err = r.Apply(e); err != nil {
		return nil, err
	}
	return e.Encode()
}
