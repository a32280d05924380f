package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/itsm-go/itsm/workflow"

	"github.com/jackc/pgx/v5"
)

// maxFaults is how many faults of a kind Check names.
const maxFaults = 10

// checks are what Check looks for: what is wrong, and SQL that yields a text for each
// case of it.
var checks = []struct{ what, text string }{
	{"a record's index entry is missing or another", `
SELECT k.name || '/' || r.id || ', field ' || u.field FROM itsm.records r JOIN itsm.kinds k ON k.kind = r.kind, unnest(r.fields, r.keys, r.firsts) u(field, key, first)
WHERE NOT EXISTS (SELECT 1 FROM itsm.entries e WHERE e.field = u.field AND e.key = u.key AND e.id = r.id AND e.first = u.first AND e.tenant = r.tenant)`},
	{"an index entry leads to a record that has none such", `
SELECT k.name || '/' || e.id || ', field ' || f.name FROM itsm.entries e JOIN itsm.fields f ON f.field = e.field JOIN itsm.kinds k ON k.kind = f.kind
WHERE NOT EXISTS (SELECT 1 FROM itsm.records r, unnest(r.fields, r.keys) u(field, key)
	WHERE r.kind = f.kind AND r.id = e.id AND u.field = e.field AND u.key = e.key)`},
	{"a record's smallest key of a field is not marked, or another is", `
SELECT k.name || '/' || r.id FROM itsm.records r JOIN itsm.kinds k ON k.kind = r.kind, unnest(r.fields, r.keys, r.firsts) u(field, key, first)
GROUP BY k.name, r.id, u.field HAVING count(*) FILTER (WHERE u.first) <> 1 OR min(encode(u.key, 'hex')) <> max(encode(u.key, 'hex')) FILTER (WHERE u.first)`},
	{"a record's events do not lead to its version", `
SELECT k.name || '/' || r.id || ' at version ' || r.version FROM itsm.records r JOIN itsm.kinds k ON k.kind = r.kind
LEFT JOIN (SELECT kind, id, count(*) AS n, min(version) AS lo, max(version) AS hi, max(place) AS place FROM (
	SELECT kind, id, version, place FROM itsm.events UNION ALL SELECT kind, id, version, place FROM itsm.archive) x GROUP BY kind, id) e ON e.kind = r.kind AND e.id = r.id
WHERE r.version <> coalesce(e.n, 0) OR r.version > 0 AND (e.lo <> 1 OR e.hi <> r.version OR e.place <> r.place)`},
	{"an event has no record", `
SELECT x.kind || '/' || x.id || ' version ' || x.version FROM (
	SELECT tenant, kind, id, version FROM itsm.events UNION ALL SELECT tenant, kind, id, version FROM itsm.archive) x
WHERE NOT EXISTS (SELECT 1 FROM itsm.records r WHERE r.kind = x.kind AND r.id = x.id AND r.tenant = x.tenant)`},
	{"the feed has a record's events in another order", `
SELECT kind || '/' || id || ' version ' || version FROM (
	SELECT kind, id, version, row_number() OVER (PARTITION BY kind, id ORDER BY place, seq) AS n FROM (
		SELECT kind, id, version, place, seq FROM itsm.events UNION ALL SELECT kind, id, version, place, seq FROM itsm.archive) x) y
WHERE n <> version`},
	{"a tenant has what is another's", `
SELECT k.name || '/' || r.id FROM itsm.records r JOIN itsm.kinds k ON k.kind = r.kind WHERE k.tenant <> r.tenant`},
	{"a timer has no record", `
SELECT t.kind || '/' || t.id || ' ' || t.name FROM itsm.timers t
WHERE NOT EXISTS (SELECT 1 FROM itsm.records r WHERE r.kind = t.kind AND r.id = t.id AND r.tenant = t.tenant)`},
	{"a message has no record", `
SELECT m.kind || '/' || m.id || ' ' || m.topic FROM itsm.messages m
WHERE NOT EXISTS (SELECT 1 FROM itsm.records r WHERE r.kind = m.kind AND r.id = m.id AND r.tenant = m.tenant)`},
	{"not just one timer of a record leads", `
SELECT t.kind || '/' || t.id FROM itsm.timers t WHERE t.lane <> 3 GROUP BY t.kind, t.id
HAVING count(*) FILTER (WHERE t.lane <> 0) <> 1`},
	{"not just one message of a record leads", `
SELECT m.kind || '/' || m.id FROM itsm.messages m WHERE m.lane <> 3 GROUP BY m.kind, m.id
HAVING count(*) FILTER (WHERE m.lane <> 0) <> 1`},
	{"a timer leads before one that is due earlier", `
SELECT t.kind || '/' || t.id || ' ' || t.name FROM itsm.timers t JOIN itsm.timers l ON l.kind = t.kind AND l.id = t.id
WHERE t.lane = 0 AND l.lane IN (1, 2) AND NOT l.out AND (t.due, t.name) < (l.due, l.name)`},
	{"a message leads before an earlier one", `
SELECT m.kind || '/' || m.id || ' ' || m.topic FROM itsm.messages m JOIN itsm.messages l ON l.kind = m.kind AND l.id = m.id
WHERE m.lane = 0 AND l.lane IN (1, 2) AND NOT l.out AND m.seq < l.seq`},
	{"work is leased and free, or leased by nobody", `
SELECT kind || '/' || id FROM itsm.timers WHERE out AND (lane <> 2 OR token = 0)
UNION ALL SELECT kind || '/' || id FROM itsm.messages WHERE out AND (lane <> 2 OR token = 0)`},
}

// Check reads the whole schema at one instant and reports what contradicts itself:
// index entries that do not agree with their records, events that do not lead to a
// record's version, work without a record or in a wrong lane. The error matches
// [workflow.ErrTampered] and names up to ten cases of each kind of fault. What the
// records say is checked by [workflow.VerifyStore]. It takes time in proportion to the
// database and disturbs nobody.
func (db *DB) Check(ctx context.Context) error {
	var faults []error
	options := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err := pgx.BeginTxFunc(ctx, db.pool, options, func(tx pgx.Tx) error {
		for _, c := range checks {
			rows, err := tx.Query(ctx, in(db.cfg.Schema, c.text)+" LIMIT $1", maxFaults)
			if err != nil {
				return err
			}
			cases, err := pgx.CollectRows(rows, pgx.RowTo[string])
			if err != nil {
				return err
			}
			for _, where := range cases {
				faults = append(faults, fmt.Errorf("%s: %s: %w", c.what, where, workflow.ErrTampered))
			}
		}
		return nil
	})
	return dbError(ctx, "check", errors.Join(err, errors.Join(faults...)))
}
