package postgres

import "strings"

const documentColumns = "r.id, r.version, r.layout, r.created, r.updated, r.head, r.fields, r.keys, r.body"

const (
	timerColumns   = "m.kind, k.name, m.id, m.token, m.attempt, m.error, m.name, m.due, m.payload"
	messageColumns = "m.kind, k.name, m.id, m.token, m.attempt, m.error, m.seq, m.message, m.topic, m.at, m.payload"
	allEvents      = `(SELECT tenant, place, seq, kind, id, version, encoded FROM itsm.events
	UNION ALL SELECT tenant, place, seq, kind, id, version, encoded FROM itsm.archive)`
)

// events is a statement for the next page of events.
func events(where, order string) string {
	return "SELECT e.place, e.seq, e.version, e.encoded, k.name, e.id FROM (SELECT * FROM " + allEvents + " e WHERE " + where +
		" ORDER BY " + order + " LIMIT " + itoa(pageSize) + ") e JOIN itsm.kinds k ON k.kind = e.kind ORDER BY " + order
}

// statements are all that is executed, but for the pages of a query, in a schema.
type statements struct {
	schema string

	findTenant, makeTenant, findKind, makeKind, findField, makeField, nameField, makeShape string

	get, commit, commitAmong, tryCommit, notify, furtherKeys, shapes string

	claim, anythingDue, settle, revive, parkedTimers, parkedMessages string

	setTenant, kindsOfTenant, archivePage, unarchivePage, pruneBatches string

	feedHorizon, feed, feedOfKinds, feedOfRecord, feedOfBatch string

	someEvents, redact, erase, eraseTenant, backlogTimers, backlogMessages string
}

func newStatements(schema string) statements {
	s := statements{
		schema:     schema,
		findTenant: "SELECT tenant FROM itsm.tenants WHERE name = $1",
		makeTenant: "SELECT itsm.number_tenant($1)",
		findKind:   "SELECT kind FROM itsm.kinds WHERE tenant = $1 AND name = $2",
		makeKind:   "SELECT itsm.number_kind($1, $2)",
		findField:  "SELECT field FROM itsm.fields WHERE kind = $1 AND name = $2",
		makeField:  "SELECT itsm.number_field($1, $2)",
		nameField:  "SELECT name FROM itsm.fields WHERE field = $1",
		makeShape:  "SELECT itsm.number_shape($1, $2)",

		get:         "SELECT " + documentColumns + " FROM itsm.records r WHERE r.kind = $1 AND r.id = $2 AND r.version > 0",
		commit:      "SELECT itsm.commit(" + parameters(30) + "), '', ''",
		commitAmong: "SELECT coalesce(outcome, ''), coalesce(state, ''), coalesce(reason, '') FROM itsm.commit_among(" + parameters(30) + ")",
		tryCommit:   "SELECT coalesce(outcome, ''), coalesce(state, ''), coalesce(reason, '') FROM itsm.try_commit(" + parameters(30) + ")",
		notify:      "SELECT pg_notify($1, $2)::text",
		furtherKeys: "SELECT EXISTS (SELECT 1 FROM itsm.entries WHERE field = $1 AND NOT first)",
		shapes:      "SELECT shape FROM itsm.shapes WHERE kind = $1 AND NOT $2::int = ANY (fields)",

		claim: `SELECT c.kind, k.name, c.id, c.name, c.seq, c.token, c.attempt, c.error, c.due,
	coalesce(c.message, '00000000-0000-0000-0000-000000000000'), coalesce(c.topic, ''), c.at, c.payload
FROM itsm.claim($1, $2, $3, $4) c JOIN itsm.kinds k ON k.kind = c.kind`,
		// The order has each look at the first of an index, and not for any row.
		anythingDue: `SELECT coalesce(
	(SELECT true FROM itsm.timers WHERE tenant = $1 AND lane = 1 AND due <= $2 ORDER BY due, name LIMIT 1),
	(SELECT true FROM itsm.timers WHERE tenant = $1 AND lane = 2 AND ready <= $2 ORDER BY ready LIMIT 1),
	(SELECT true FROM itsm.messages WHERE tenant = $1 AND lane = 1 ORDER BY seq LIMIT 1),
	(SELECT true FROM itsm.messages WHERE tenant = $1 AND lane = 2 AND ready <= $2 ORDER BY ready LIMIT 1), false)`,
		settle: "SELECT itsm.settle(" + parameters(10) + ")",
		revive: "SELECT itsm.revive(" + parameters(8) + ")",
		parkedTimers: "SELECT " + timerColumns + ` FROM itsm.timers m JOIN itsm.kinds k ON k.kind = m.kind
WHERE m.tenant = $1 AND m.lane = 3 ORDER BY m.due, m.name`,
		parkedMessages: "SELECT " + messageColumns + ` FROM itsm.messages m JOIN itsm.kinds k ON k.kind = m.kind
WHERE m.tenant = $1 AND m.lane = 3 ORDER BY m.seq`,

		// What the policies of row security look at.
		setTenant:     "SELECT itsm.use_tenant($1)",
		kindsOfTenant: "SELECT kind FROM itsm.kinds WHERE tenant = $1",
		archivePage:   "SELECT coalesce(last, '00000000-0000-0000-0000-000000000000'), moved FROM itsm.archive_page($1, $2, $3, $4)",
		unarchivePage: "SELECT coalesce(last, '00000000-0000-0000-0000-000000000000'), moved FROM itsm.unarchive_page($1, $2, $3, $4)",
		pruneBatches:  "DELETE FROM itsm.batches WHERE ctid = ANY (ARRAY(SELECT ctid FROM itsm.batches WHERE at < $1 LIMIT $2))",

		// All that is visible below the horizon is complete: no transaction that could
		// still add to it is running.
		feedHorizon: `SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint + s.shift,
	coalesce((SELECT max(place) FROM itsm.events WHERE tenant = $1), 0) FROM itsm.state s`,
		feed:         events("e.tenant = $1 AND (e.place, e.seq) > ($2, $3) AND e.place < $4", "e.place, e.seq"),
		feedOfKinds:  events("e.tenant = $1 AND (e.place, e.seq) > ($2, $3) AND e.place < $4 AND e.kind = ANY ($5)", "e.place, e.seq"),
		feedOfRecord: events("e.kind = $1 AND e.id = $2 AND e.version > $3", "e.version"),
		feedOfBatch: `SELECT e.place, e.seq, e.version, e.encoded, k.name, e.id
FROM itsm.batches b, unnest(b.kinds, b.ids, b.versions) u(kind, id, version)
CROSS JOIN LATERAL (SELECT * FROM ` + allEvents + ` x WHERE x.kind = u.kind AND x.id = u.id AND x.version = u.version LIMIT 1) e
JOIN itsm.kinds k ON k.kind = e.kind WHERE b.tenant = $1 AND b.id = $2 ORDER BY e.place, e.seq`,

		someEvents: "SELECT e.place, e.seq, e.version, e.encoded, k.name, e.id FROM " + allEvents + ` e JOIN itsm.kinds k ON k.kind = e.kind
WHERE e.kind = $1 AND e.id = $2 AND e.version = ANY ($3) ORDER BY e.version`,
		redact:      "SELECT coalesce(again, false), coalesce(state, ''), coalesce(reason, '') FROM itsm.redact(" + parameters(6) + ")",
		erase:       "SELECT coalesce(bad, 0), coalesce(actual, 0), coalesce(state, ''), coalesce(reason, '') FROM itsm.erase(" + parameters(4) + ")",
		eraseTenant: "SELECT coalesce(state, ''), coalesce(reason, '') FROM itsm.erase_tenant($1)",
		backlogTimers: "SELECT " + timerColumns + `, m.lane = 3 FROM itsm.timers m JOIN itsm.kinds k ON k.kind = m.kind
WHERE m.tenant = $1 AND (m.kind, m.id, m.name) > ($2, $3, $4) ORDER BY m.kind, m.id, m.name LIMIT $5`,
		backlogMessages: "SELECT " + messageColumns + `, m.lane = 3 FROM itsm.messages m JOIN itsm.kinds k ON k.kind = m.kind
WHERE m.tenant = $1 AND m.seq > $2 ORDER BY m.seq LIMIT $3`,
	}
	for _, text := range []*string{
		&s.findTenant, &s.makeTenant, &s.findKind, &s.makeKind, &s.findField, &s.makeField, &s.nameField, &s.makeShape,
		&s.get, &s.commit, &s.commitAmong, &s.tryCommit, &s.notify, &s.furtherKeys, &s.shapes,
		&s.claim, &s.anythingDue, &s.settle, &s.revive, &s.parkedTimers, &s.parkedMessages,
		&s.setTenant, &s.kindsOfTenant, &s.archivePage, &s.unarchivePage, &s.pruneBatches,
		&s.feedHorizon, &s.feed, &s.feedOfKinds, &s.feedOfRecord, &s.feedOfBatch,
		&s.someEvents, &s.redact, &s.erase, &s.eraseTenant, &s.backlogTimers, &s.backlogMessages,
	} {
		*text = in(schema, *text)
	}
	return s
}

// parameters is "$1, $2, …".
func parameters(n int) string {
	var b strings.Builder
	for i := 1; i <= n; i++ {
		if i > 1 {
			b.WriteString(", ")
		}
		b.WriteString("$" + itoa(i))
	}
	return b.String()
}
