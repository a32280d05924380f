-- The tables of package postgres. Every name is in the schema "itsm", which the
-- host may choose otherwise. No statement of this package reads the database's
-- clock, and no time is kept that was not given.

-- One row: how far the migrations are, and what is added to transaction ids, so
-- that the feed's keys go on rising in a database that was restored elsewhere.
CREATE TABLE itsm.state (
	one     boolean PRIMARY KEY DEFAULT true CHECK (one),
	version int NOT NULL,
	shift   bigint NOT NULL DEFAULT 0
);
INSERT INTO itsm.state (version) VALUES (0);

-- Names have numbers, which never change.
CREATE TABLE itsm.tenants (
	tenant int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	name   text COLLATE "C" NOT NULL UNIQUE
);
CREATE TABLE itsm.kinds (
	kind   int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	tenant int NOT NULL REFERENCES itsm.tenants,
	name   text COLLATE "C" NOT NULL,
	UNIQUE (tenant, name)
);
CREATE TABLE itsm.fields (
	field int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	kind  int NOT NULL REFERENCES itsm.kinds,
	name  text COLLATE "C" NOT NULL,
	UNIQUE (kind, name)
);
-- A shape is the set of fields that records of a kind have: it leads to those
-- that lack the field a query is ordered by.
CREATE TABLE itsm.shapes (
	shape  int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	kind   int NOT NULL REFERENCES itsm.kinds,
	fields int[] NOT NULL,
	UNIQUE (kind, fields)
);

-- A record as it is now. Version 0 is a record that does not exist, for which
-- work waits. Whoever changes a record, or work of it, holds its row.
CREATE TABLE itsm.records (
	tenant  int NOT NULL,
	kind    int NOT NULL,
	id      uuid NOT NULL,
	version bigint NOT NULL,
	layout  int NOT NULL DEFAULT 0,
	shape   int,
	created timestamptz,
	updated timestamptz,
	head    bytea,
	place   bigint NOT NULL DEFAULT 0, -- of its last event in the feed
	fields  int[],                     -- the index entries: field,
	keys    bytea[],                   -- key,
	firsts  boolean[],                 -- and whether it is the smallest key of the field
	body    bytea,
	PRIMARY KEY (kind, id)
) WITH (fillfactor = 80);
CREATE INDEX records_by_shape ON itsm.records (shape, id);

CREATE TABLE itsm.entries (
	tenant int NOT NULL,
	field int NOT NULL,
	key   bytea NOT NULL,
	id    uuid NOT NULL,
	first boolean NOT NULL,
	PRIMARY KEY (field, key, id)
);
CREATE INDEX entries_further ON itsm.entries (field) WHERE NOT first;

-- The events. Their order in the feed is (place, seq); the place is the number of
-- the transaction, or that of the record's event before if it is greater: so what
-- one record did comes in order, and nothing appears below what was read.
CREATE TABLE itsm.events (
	tenant  int NOT NULL,
	place   bigint NOT NULL,
	seq     bigint GENERATED ALWAYS AS IDENTITY,
	kind    int NOT NULL,
	id      uuid NOT NULL,
	version bigint NOT NULL,
	encoded bytea NOT NULL,
	PRIMARY KEY (tenant, place, seq)
);
CREATE UNIQUE INDEX events_by_record ON itsm.events (kind, id, version);

-- The events of records at rest, moved out of the way. All that reads events reads
-- both tables.
CREATE TABLE itsm.archive (
	tenant  int NOT NULL,
	place   bigint NOT NULL,
	seq     bigint NOT NULL,
	kind    int NOT NULL,
	id      uuid NOT NULL,
	version bigint NOT NULL,
	encoded bytea NOT NULL,
	PRIMARY KEY (tenant, place, seq)
);
CREATE UNIQUE INDEX archive_by_record ON itsm.archive (kind, id, version);

-- The ids of all commits, which make committing again harmless, what each wrote, and
-- when the command happened.
CREATE TABLE itsm.batches (
	tenant   int NOT NULL,
	id       uuid NOT NULL,
	at       timestamptz,
	kinds    int[],
	ids      uuid[],
	versions bigint[],
	PRIMARY KEY (tenant, id)
);
CREATE INDEX batches_by_age ON itsm.batches USING brin (at) WITH (pages_per_range = 16, autosummarize = on);

-- Work is in one of four lanes: 0 behind another piece of its record, 1 free once
-- it is due, 2 held (leased, or put off until ready), 3 parked. The token is that of
-- the lease; was is the one before, which ended with the work to be tried again: it
-- tells a worker that asks twice, because it lost the first answer.
CREATE TABLE itsm.timers (
	kind    int NOT NULL,
	id      uuid NOT NULL,
	name    text COLLATE "C" NOT NULL,
	tenant  int NOT NULL,
	due     timestamptz NOT NULL,
	ready   timestamptz NOT NULL,
	lane    smallint NOT NULL,
	out     boolean NOT NULL DEFAULT false,
	attempt int NOT NULL DEFAULT 0,
	token   bigint NOT NULL DEFAULT 0,
	was     bigint NOT NULL DEFAULT 0,
	error   text NOT NULL DEFAULT '',
	payload bytea,
	PRIMARY KEY (kind, id, name)
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02);
CREATE INDEX timers_free ON itsm.timers (tenant, due, name) WHERE lane = 1;
CREATE INDEX timers_held ON itsm.timers (tenant, ready) WHERE lane = 2;
CREATE INDEX timers_parked ON itsm.timers (tenant, due, name) WHERE lane = 3;

CREATE TABLE itsm.messages (
	seq     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	kind    int NOT NULL,
	id      uuid NOT NULL,
	tenant  int NOT NULL,
	ready   timestamptz NOT NULL DEFAULT '-infinity',
	lane    smallint NOT NULL,
	out     boolean NOT NULL DEFAULT false,
	attempt int NOT NULL DEFAULT 0,
	token   bigint NOT NULL DEFAULT 0,
	was     bigint NOT NULL DEFAULT 0,
	error   text NOT NULL DEFAULT '',
	message uuid NOT NULL,
	topic   text COLLATE "C" NOT NULL,
	at      timestamptz NOT NULL,
	payload bytea
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02);
CREATE INDEX messages_free ON itsm.messages (tenant, seq) WHERE lane = 1;
CREATE INDEX messages_held ON itsm.messages (tenant, ready) WHERE lane = 2;
CREATE INDEX messages_parked ON itsm.messages (tenant, seq) WHERE lane = 3;
CREATE INDEX messages_of_record ON itsm.messages (kind, id, seq) WHERE lane <> 3;

CREATE SEQUENCE itsm.leases;
