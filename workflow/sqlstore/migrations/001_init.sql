-- Names are kept once and meant by number. The numbers begin at ten because
-- SQLite plans a comparison with 0 or 1 anew.
CREATE TABLE itsm_tenants (
	tenant INTEGER PRIMARY KEY,
	name   TEXT NOT NULL UNIQUE,
	leases INTEGER NOT NULL DEFAULT 0 -- counts leases: no two have the same token
) STRICT;

CREATE TABLE itsm_kinds (
	kind   INTEGER PRIMARY KEY,
	tenant INTEGER NOT NULL REFERENCES itsm_tenants,
	name   TEXT NOT NULL,
	UNIQUE (tenant, name)
) STRICT;

CREATE TABLE itsm_fields (
	field INTEGER PRIMARY KEY,
	kind  INTEGER NOT NULL REFERENCES itsm_kinds,
	name  TEXT NOT NULL,
	UNIQUE (kind, name)
) STRICT;

-- A shape is the set of fields for which a record has a key that is not empty.
-- The records without a field, which sort first, are those of the other shapes.
CREATE TABLE itsm_shapes (
	shape INTEGER PRIMARY KEY,
	kind  INTEGER NOT NULL REFERENCES itsm_kinds,
	name  TEXT NOT NULL, -- the field numbers, ascending: ",12,15,"
	UNIQUE (kind, name)
) STRICT;

-- The body comes last, so that reading the rest of a row never touches the
-- overflow pages of a long one.
CREATE TABLE itsm_records (
	record  INTEGER PRIMARY KEY,
	kind    INTEGER NOT NULL REFERENCES itsm_kinds,
	id      BLOB NOT NULL,
	version INTEGER NOT NULL,
	schema  INTEGER NOT NULL,
	created INTEGER NOT NULL,
	updated INTEGER NOT NULL,
	head    BLOB NOT NULL,
	shape   INTEGER NOT NULL,
	entries BLOB NOT NULL, -- the whole index of the record
	body    BLOB NOT NULL,
	UNIQUE (kind, id)
) STRICT;

CREATE INDEX itsm_records_by_shape ON itsm_records (shape, id);

-- first marks a record's smallest key of a field, by which it is ordered.
CREATE TABLE itsm_entries (
	field  INTEGER NOT NULL,
	key    BLOB NOT NULL,
	id     BLOB NOT NULL,
	record INTEGER NOT NULL,
	first  INTEGER NOT NULL,
	PRIMARY KEY (field, key, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX itsm_entries_further ON itsm_entries (field) WHERE first = 0;

-- The upper bits of a position are the tenant's number, so that the feed of a
-- tenant is one range. There is one writer, hence positions ascend in the order
-- of the commits.
CREATE TABLE itsm_events (
	position INTEGER PRIMARY KEY,
	record   INTEGER NOT NULL,
	version  INTEGER NOT NULL,
	encoded  BLOB NOT NULL -- canonical, as the hash chain covers it
) STRICT;

CREATE INDEX itsm_events_by_record ON itsm_events (record);

-- The events of a batch are those behind after, up to and with last.
CREATE TABLE itsm_batches (
	tenant INTEGER NOT NULL,
	id     BLOB NOT NULL,
	after  INTEGER NOT NULL,
	last   INTEGER NOT NULL,
	PRIMARY KEY (tenant, id)
) STRICT, WITHOUT ROWID;

-- lane: 0 behind another piece of work of the record, 1 first and free once it
-- is due, 2 first but leased or put off until ready, 3 parked.
CREATE TABLE itsm_timers (
	kind    INTEGER NOT NULL,
	id      BLOB NOT NULL,
	name    TEXT NOT NULL,
	tenant  INTEGER NOT NULL,
	due     INTEGER NOT NULL,
	ready   INTEGER NOT NULL,
	lane    INTEGER NOT NULL,
	out     INTEGER NOT NULL, -- 1 while leased
	attempt INTEGER NOT NULL,
	token   INTEGER NOT NULL, -- of the last lease; 0 = never leased
	error   TEXT NOT NULL,
	payload BLOB,
	PRIMARY KEY (kind, id, name)
) STRICT, WITHOUT ROWID;

CREATE INDEX itsm_timers_free ON itsm_timers (tenant, due, name) WHERE lane = 1;
CREATE INDEX itsm_timers_held ON itsm_timers (tenant, ready) WHERE lane = 2;
CREATE INDEX itsm_timers_parked ON itsm_timers (tenant, due, name) WHERE lane = 3;

CREATE TABLE itsm_messages (
	seq     INTEGER PRIMARY KEY, -- ascends in the order of the commits
	kind    INTEGER NOT NULL,
	id      BLOB NOT NULL,
	tenant  INTEGER NOT NULL,
	ready   INTEGER NOT NULL,
	lane    INTEGER NOT NULL,
	out     INTEGER NOT NULL,
	attempt INTEGER NOT NULL,
	token   INTEGER NOT NULL,
	error   TEXT NOT NULL,
	message BLOB NOT NULL,
	topic   TEXT NOT NULL,
	at      INTEGER NOT NULL,
	payload BLOB
) STRICT;

CREATE INDEX itsm_messages_by_record ON itsm_messages (kind, id) WHERE lane <> 3;
CREATE INDEX itsm_messages_free ON itsm_messages (tenant) WHERE lane = 1;
CREATE INDEX itsm_messages_held ON itsm_messages (tenant, ready) WHERE lane = 2;
CREATE INDEX itsm_messages_parked ON itsm_messages (tenant) WHERE lane = 3;
