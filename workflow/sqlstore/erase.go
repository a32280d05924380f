package sqlstore

import (
	"context"
	"fmt"

	"github.com/itsm-go/itsm/workflow"
)

var _ workflow.Eraser = (*Store)(nil)

// The end of a tenant's feed stays where it is when the last event is erased, so that
// no position is given out twice: an empty row of no record keeps the place. Readers
// pass over it, as it has no owner, and the next one takes its predecessor away.
const (
	keepPlace  = "UPDATE itsm_events SET record = 0, version = 0, encoded = x'' WHERE position = ? AND record = ?"
	dropPlaces = "DELETE FROM itsm_events WHERE record = 0 AND position > ? AND position < ?"
)

const (
	eraseEvents  = "DELETE FROM itsm_events WHERE record = ?"
	eraseTimers  = "DELETE FROM itsm_timers WHERE kind = ? AND id = ?"
	eraseSent    = "DELETE FROM itsm_messages WHERE kind = ? AND id = ? AND lane <> 3"
	eraseParked  = "DELETE FROM itsm_messages WHERE tenant = ? AND lane = 3 AND kind = ? AND id = ?"
	eraseOne     = "DELETE FROM itsm_records WHERE record = ?"
	tenantFields = "SELECT f.field FROM itsm_kinds k JOIN itsm_fields f ON f.kind = k.kind WHERE k.tenant = ?1"
	tenantKinds  = "SELECT kind FROM itsm_kinds WHERE tenant = ?1"
)

// eraseAll takes away what a tenant has, but for the names and the end of the feed.
var eraseAll = []string{
	"DELETE FROM itsm_entries WHERE field IN (" + tenantFields + ")",
	"DELETE FROM itsm_records WHERE kind IN (" + tenantKinds + ")",
	"DELETE FROM itsm_timers WHERE kind IN (" + tenantKinds + ")",
	"DELETE FROM itsm_messages WHERE tenant = ?1",
	"DELETE FROM itsm_batches WHERE tenant = ?1",
}

// Erase implements [workflow.Eraser], in one transaction; a bound store makes it part of
// the host's. What is erased is overwritten: see the chapter "Personal data" of the
// package.
func (s *Store) Erase(ctx context.Context, records ...workflow.Erasure) error {
	if len(records) == 0 {
		return dbError(ctx, "erase", ctx.Err())
	}
	return s.forget(ctx, "erase", len(records)*workSize, func(n *namer) error {
		tenant, err := n.number(tenantLevel, 0, s.tenant)
		if err != nil || tenant == 0 {
			return err
		}
		c := &commit{namer: n, tenant: tenant}
		doomed := make([]condemned, 0, len(records))
		seen := map[workflow.Ref]bool{}
		for _, r := range records {
			d, found, err := c.condemn(r)
			if err != nil {
				return err
			}
			if found && !seen[r.Ref] {
				seen[r.Ref] = true
				doomed = append(doomed, d)
			}
		}
		for _, d := range doomed {
			if err := c.erase(d); err != nil {
				return err
			}
		}
		return nil
	})
}

// condemned is a record that is at the version at which it was decided to erase it.
type condemned struct {
	stored
	ref  workflow.Ref
	kind int64
}

// condemn finds the record, if it is there, and refuses one at another version.
func (c *commit) condemn(r workflow.Erasure) (condemned, bool, error) {
	d := condemned{ref: r.Ref}
	var err error
	if d.kind, err = c.number(kindLevel, c.tenant, r.Ref.Kind); err != nil || d.kind == 0 {
		return d, false, err
	}
	found, err := c.one(versionOf, []any{d.kind, r.Ref.ID[:]}, &d.record, &d.version, &d.shape, &d.entries)
	if err == nil && found && d.version != r.Version {
		err = &workflow.ConflictError{Ref: r.Ref, Expected: r.Version, Actual: d.version}
	}
	return d, found, err
}

func (c *commit) erase(d condemned) error {
	index, err := decodeEntries(d.entries)
	if err != nil {
		return fmt.Errorf("%v: %w", d.ref, err)
	}
	if err := c.index(d.kind, d.record, &workflow.Document{Ref: d.ref}, index); err != nil {
		return err
	}
	end, err := c.end()
	if err != nil {
		return err
	}
	id := d.ref.ID[:]
	for _, step := range []struct {
		text string
		args []any
	}{
		{keepPlace, []any{end, d.record}},
		{dropPlaces, []any{c.tenant << positionBits, end}},
		{eraseEvents, []any{d.record}},
		{eraseTimers, []any{d.kind, id}},
		{eraseSent, []any{d.kind, id}},
		{eraseParked, []any{c.tenant, d.kind, id}},
		{eraseOne, []any{d.record}},
	} {
		if _, err := c.exec(step.text, step.args...); err != nil {
			return err
		}
	}
	return nil
}

// EraseTenant implements [workflow.Eraser], in one transaction, for which every other
// commit waits and which is about as long as what is erased. The names stay: of the
// tenant, and of its kinds and index fields, which other processes know by number. So
// does the end of the feed, so a reader that kept a position from before misses nothing
// of what comes after.
func (s *Store) EraseTenant(ctx context.Context) error {
	return s.forget(ctx, "erase tenant", 0, func(n *namer) error {
		tenant, err := n.number(tenantLevel, 0, s.tenant)
		if err != nil || tenant == 0 {
			return err
		}
		c := &commit{namer: n, tenant: tenant}
		first := tenant << positionBits
		end, err := c.end()
		if err != nil {
			return err
		}
		for _, text := range eraseAll {
			if _, err := c.exec(text, tenant); err != nil {
				return err
			}
		}
		if _, err := c.exec("DELETE FROM itsm_events WHERE position > ? AND position < ?", first, end); err != nil {
			return err
		}
		_, err = c.exec("UPDATE itsm_events SET record = 0, version = 0, encoded = x'' WHERE position > ? AND position <= ?", first, end)
		return err
	})
}
