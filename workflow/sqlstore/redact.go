package sqlstore

import (
	"bytes"
	"context"
	"fmt"

	"github.com/itsm-go/itsm/workflow"
)

var _ workflow.Redactor = (*Store)(nil)

const (
	findRecord     = "SELECT record FROM itsm_records WHERE kind = ? AND id = ?"
	placesOf       = "SELECT version, position FROM itsm_events INDEXED BY itsm_events_by_record WHERE record = ?"
	encodedEvent   = "SELECT encoded FROM itsm_events WHERE position = ?"
	replaceEncoded = "UPDATE itsm_events SET encoded = ? WHERE position = ?"
)

// Redact implements [workflow.Redactor], in one transaction; a bound store makes it
// part of the host's. It costs what the record's history is long. What is replaced is
// overwritten: see the chapter "Personal data" of the package.
func (s *Store) Redact(ctx context.Context, r workflow.Redaction) error {
	versions := r.Events()
	if len(versions) == 0 {
		return dbError(ctx, "redact", ctx.Err())
	}
	return s.forget(ctx, "redact", len(versions)*workSize, func(n *namer) error {
		places, err := n.placesOf(s.tenant, r.Ref)
		if err != nil {
			return err
		}
		for _, version := range versions {
			position, ok := places[version]
			if !ok {
				return &workflow.NotFoundError{Ref: r.Ref}
			}
			if err := n.redact(r, version, position); err != nil {
				return err
			}
		}
		return nil
	})
}

// placesOf returns where the events of the record are, by their versions: none if there
// is no such record.
func (n *namer) placesOf(tenant string, ref workflow.Ref) (map[int64]int64, error) {
	kind, err := n.kind(tenant, ref.Kind)
	if err != nil || kind == 0 {
		return nil, err
	}
	var record int64
	if ok, err := n.one(findRecord, []any{kind, ref.ID[:]}, &record); err != nil || !ok {
		return nil, err
	}
	rows, err := n.query(placesOf, record)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	places := map[int64]int64{}
	for rows.Next() {
		var version, position int64
		if err := rows.Scan(&version, &position); err != nil {
			return nil, err
		}
		places[version] = position
	}
	return places, rows.Err()
}

// redact replaces one event by what the redaction leaves of it.
func (n *namer) redact(r workflow.Redaction, version, position int64) error {
	var before []byte
	if ok, err := n.one(encodedEvent, []any{position}, &before); err != nil || !ok {
		return err
	}
	e, err := workflow.DecodeEvent(before)
	if err != nil {
		return err
	}
	if e.Ref != r.Ref || e.Version != version {
		return fmt.Errorf("event %d of %v is filed as number %d of %v: %w", e.Version, e.Ref, version, r.Ref, workflow.ErrTampered)
	}
	if e, err = r.Apply(e); err != nil {
		return err
	}
	after, err := e.Encode()
	if err != nil || bytes.Equal(before, after) {
		return err
	}
	_, err = n.exec(replaceEncoded, after, position)
	return err
}
