package postgres

import (
	"context"

	"github.com/itsm-go/itsm/workflow"
)

var _ workflow.Eraser = (*Store)(nil)

// Erase implements [workflow.Eraser], in one transaction, archived events included; a
// bound store makes it part of the host's. Until that transaction ends no other erases or
// redacts, and no events are moved; commits of other records and all reading go on. See
// the chapter "Personal data" of the package for what PostgreSQL keeps.
func (s *Store) Erase(ctx context.Context, records ...workflow.Erasure) error {
	return s.look(ctx, "erase", func(n *namer) error {
		l, err := n.condemn(records)
		if err != nil || len(l.kinds) == 0 {
			return err
		}
		var bad int32
		var actual int64
		var code, reason string
		_, err = n.one(n.db.sql.erase, []any{l.tenant, l.kinds, l.ids, l.versions}, &bad, &actual, &code, &reason)
		if err == nil && bad > 0 {
			r := l.records[bad-1]
			return &workflow.ConflictError{Ref: r.Ref, Expected: r.Version, Actual: actual}
		}
		return caught(err, code, reason)
	})
}

// condemned are records to be erased, as the arrays that the function takes.
type condemned struct {
	records  []workflow.Erasure
	tenant   int32
	kinds    []int32
	ids      [][16]byte
	versions []int64
}

// condemn leaves out what cannot be there, because its kind is not, and what is listed
// twice alike.
func (n *namer) condemn(records []workflow.Erasure) (l condemned, err error) {
	if !validText(n.store.tenant) {
		return l, nil
	}
	seen := map[workflow.Erasure]bool{}
	for _, r := range records {
		if seen[r] || !validText(r.Ref.Kind) {
			continue
		}
		seen[r] = true
		kind, err := n.kind(n.store.tenant, r.Ref.Kind, false)
		if err != nil {
			return l, err
		}
		if kind.kind != 0 {
			l.tenant = kind.tenant
			l.records = append(l.records, r)
			l.kinds, l.ids, l.versions = append(l.kinds, kind.kind), append(l.ids, r.Ref.ID), append(l.versions, r.Version)
		}
	}
	return l, nil
}

// EraseTenant implements [workflow.Eraser], in one transaction, which takes time in
// proportion to what is erased and holds up the feed of every tenant meanwhile. A record
// that is made meanwhile stays, so let the tenant be at rest, or call it again. The names
// stay: of the tenant, and of its kinds and index fields, which other processes know by
// number.
func (s *Store) EraseTenant(ctx context.Context) error {
	return s.look(ctx, "erase tenant", func(n *namer) error {
		if !validText(s.tenant) {
			return nil
		}
		tenant, err := n.tenant(s.tenant, false)
		if err != nil || tenant == 0 {
			return err
		}
		var code, reason string
		_, err = n.one(n.db.sql.eraseTenant, []any{tenant}, &code, &reason)
		return caught(err, code, reason)
	})
}
