-- The highest place in the feed of events that were erased: a cluster that a dump is
-- restored into goes on above it, as readers may have got that far.
ALTER TABLE itsm.tenants ADD COLUMN floor bigint NOT NULL DEFAULT 0;

CREATE OR REPLACE FUNCTION itsm.rebase() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	highest bigint;
BEGIN
	SELECT max(greatest(t.floor, (SELECT max(e.place) FROM itsm.events e WHERE e.tenant = t.tenant),
		(SELECT max(a.place) FROM itsm.archive a WHERE a.tenant = t.tenant))) INTO highest FROM itsm.tenants t;
	IF highest >= (SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint + s.shift FROM itsm.state s) THEN
		UPDATE itsm.state s SET shift = greatest(s.shift, 1 + highest - pg_snapshot_xmax(pg_current_snapshot())::text::bigint);
	END IF;
END $$;
ALTER FUNCTION itsm.rebase SET enable_seqscan = off;
ALTER FUNCTION itsm.rebase SET jit = off;

-- check_tenant raises an error if the functions below must not work for the tenant. It
-- matters with row security only, which replaces it.
CREATE FUNCTION itsm.check_tenant(p_tenant int) RETURNS void LANGUAGE sql AS $$ $$;

-- The functions below undo what failed and return why, so that a transaction of the host
-- that they are part of goes on.

-- redact replaces events by what is left of them. If one is not as it was, or was moved
-- meanwhile, "again" is true and nothing has changed.
CREATE FUNCTION itsm.redact(p_tenant int, p_kind int, p_id uuid, p_versions bigint[], p_before bytea[], p_after bytea[],
	OUT again boolean, OUT state text, OUT reason text) LANGUAGE plpgsql AS $$
DECLARE
	here bigint;
BEGIN
	PERFORM itsm.check_tenant(p_tenant);
	LOCK TABLE itsm.archive IN ROW EXCLUSIVE MODE; -- as erase does first, or they would wait for each other
	FOR i IN 1 .. cardinality(p_versions) LOOP
		UPDATE itsm.events e SET encoded = p_after[i]
			WHERE e.kind = p_kind AND e.id = p_id AND e.version = p_versions[i] AND e.tenant = p_tenant AND e.encoded = p_before[i];
		GET DIAGNOSTICS here = ROW_COUNT;
		IF here = 0 THEN
			UPDATE itsm.archive e SET encoded = p_after[i]
				WHERE e.kind = p_kind AND e.id = p_id AND e.version = p_versions[i] AND e.tenant = p_tenant AND e.encoded = p_before[i];
			GET DIAGNOSTICS here = ROW_COUNT;
		END IF;
		IF here = 0 THEN
			RAISE EXCEPTION 'another event' USING ERRCODE = 'IT002';
		END IF;
	END LOOP;
	again := false;
EXCEPTION WHEN SQLSTATE 'IT002' THEN
	again := true;
WHEN OTHERS THEN
	state := SQLSTATE;
	reason := SQLERRM;
END $$;

-- erase_locked takes away records, whose rows are held, and all that belongs to them. As
-- whoever adds to a record holds its row, nothing comes in between.
CREATE FUNCTION itsm.erase_locked(p_tenant int, p_kinds int[], p_ids uuid[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	last bigint;
BEGIN
	SELECT max(r.place) INTO last FROM itsm.records r, unnest(p_kinds, p_ids) l(kind, id) WHERE r.kind = l.kind AND r.id = l.id;
	UPDATE itsm.tenants t SET floor = last WHERE t.tenant = p_tenant AND t.floor < last;
	DELETE FROM itsm.entries e USING unnest(p_kinds, p_ids) l(kind, id), itsm.records r, unnest(r.fields, r.keys) u(field, key)
		WHERE r.kind = l.kind AND r.id = l.id AND e.field = u.field AND e.key = u.key AND e.id = l.id;
	DELETE FROM itsm.events e USING unnest(p_kinds, p_ids) l(kind, id) WHERE e.kind = l.kind AND e.id = l.id;
	DELETE FROM itsm.archive e USING unnest(p_kinds, p_ids) l(kind, id) WHERE e.kind = l.kind AND e.id = l.id;
	DELETE FROM itsm.timers t USING unnest(p_kinds, p_ids) l(kind, id) WHERE t.kind = l.kind AND t.id = l.id;
	DELETE FROM itsm.messages m USING unnest(p_kinds, p_ids) l(kind, id) WHERE m.kind = l.kind AND m.id = l.id AND m.lane <> 3;
	DELETE FROM itsm.messages m USING unnest(p_kinds, p_ids) l(kind, id)
		WHERE m.kind = l.kind AND m.id = l.id AND m.tenant = p_tenant AND m.lane = 3;
	DELETE FROM itsm.records r USING unnest(p_kinds, p_ids) l(kind, id) WHERE r.kind = l.kind AND r.id = l.id;
END $$;

-- erase takes away records and all that belongs to them. If one is at another version it
-- returns which and what that is, and nothing has changed. It locks the table of archived
-- events first, so that no event moves from table to table meanwhile; reading and commits
-- do not wait for that.
CREATE FUNCTION itsm.erase(p_tenant int, p_kinds int[], p_ids uuid[], p_versions bigint[],
	OUT bad int, OUT actual bigint, OUT state text, OUT reason text) LANGUAGE plpgsql AS $$
DECLARE
	kinds    int[];
	ids      uuid[];
	versions bigint[];
BEGIN
	PERFORM itsm.check_tenant(p_tenant);
	LOCK TABLE itsm.archive IN SHARE ROW EXCLUSIVE MODE;
	SELECT array_agg(r.kind), array_agg(r.id), array_agg(r.version) INTO kinds, ids, versions FROM (
		SELECT r.kind, r.id, r.version FROM itsm.records r
		WHERE (r.kind, r.id) IN (SELECT * FROM unnest(p_kinds, p_ids)) AND r.tenant = p_tenant AND r.version > 0
		ORDER BY r.kind, r.id FOR UPDATE
	) r;
	SELECT u.i, l.version INTO bad, actual FROM unnest(p_kinds, p_ids, p_versions) WITH ORDINALITY u(kind, id, version, i)
		JOIN unnest(kinds, ids, versions) l(kind, id, version) ON l.kind = u.kind AND l.id = u.id
		WHERE l.version <> u.version ORDER BY u.i LIMIT 1;
	IF bad IS NULL AND kinds IS NOT NULL THEN
		PERFORM itsm.erase_locked(p_tenant, kinds, ids);
	END IF;
EXCEPTION WHEN OTHERS THEN
	state := SQLSTATE;
	reason := SQLERRM;
END $$;

-- erase_tenant takes away all that a tenant has but names. What is made meanwhile stays.
CREATE FUNCTION itsm.erase_tenant(p_tenant int, OUT state text, OUT reason text) LANGUAGE plpgsql AS $$
DECLARE
	kinds int[];
	ids   uuid[];
BEGIN
	PERFORM itsm.check_tenant(p_tenant);
	LOCK TABLE itsm.archive IN SHARE ROW EXCLUSIVE MODE;
	SELECT array_agg(r.kind), array_agg(r.id) INTO kinds, ids FROM (
		SELECT r.kind, r.id FROM itsm.records r
		WHERE r.kind IN (SELECT k.kind FROM itsm.kinds k WHERE k.tenant = p_tenant)
		ORDER BY r.kind, r.id FOR UPDATE
	) r;
	IF kinds IS NOT NULL THEN
		PERFORM itsm.erase_locked(p_tenant, kinds, ids);
	END IF;
	DELETE FROM itsm.batches b WHERE b.tenant = p_tenant AND NOT EXISTS (
		SELECT 1 FROM unnest(b.kinds, b.ids) u(kind, id) JOIN itsm.records r ON r.kind = u.kind AND r.id = u.id);
EXCEPTION WHEN OTHERS THEN
	state := SQLSTATE;
	reason := SQLERRM;
END $$;

ALTER FUNCTION itsm.redact SET plan_cache_mode = force_generic_plan;
ALTER FUNCTION itsm.redact SET enable_seqscan = off;
ALTER FUNCTION itsm.redact SET jit = off;
ALTER FUNCTION itsm.erase SET plan_cache_mode = force_generic_plan;
ALTER FUNCTION itsm.erase SET enable_seqscan = off;
ALTER FUNCTION itsm.erase SET jit = off;
ALTER FUNCTION itsm.erase_tenant SET plan_cache_mode = force_generic_plan;
ALTER FUNCTION itsm.erase_tenant SET enable_seqscan = off;
ALTER FUNCTION itsm.erase_tenant SET jit = off;
