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

-- erase takes away records, which are no more than once in the list, and all that belongs
-- to them. If one is at another version it returns which and what that is, and nothing has
-- changed. It locks the table of archived events first, so that no event moves from table
-- to table meanwhile; reading and commits do not wait for that.
CREATE FUNCTION itsm.erase(p_tenant int, p_kinds int[], p_ids uuid[], p_versions bigint[],
	OUT bad int, OUT actual bigint, OUT state text, OUT reason text) LANGUAGE plpgsql AS $$
DECLARE
	kinds int[];
	ids   uuid[];
	last  bigint;
BEGIN
	PERFORM itsm.check_tenant(p_tenant);
	LOCK TABLE itsm.archive IN SHARE ROW EXCLUSIVE MODE;
	PERFORM itsm.lock_records(p_kinds, p_ids);
	SELECT u.i, r.version INTO bad, actual
		FROM unnest(p_kinds, p_ids, p_versions) WITH ORDINALITY u(kind, id, version, i)
		JOIN itsm.records r ON r.kind = u.kind AND r.id = u.id AND r.tenant = p_tenant
		WHERE r.version > 0 AND r.version <> u.version ORDER BY u.i LIMIT 1;
	IF bad IS NOT NULL THEN
		RETURN;
	END IF;
	SELECT array_agg(r.kind), array_agg(r.id), max(r.place) INTO kinds, ids, last
		FROM unnest(p_kinds, p_ids) u(kind, id)
		JOIN itsm.records r ON r.kind = u.kind AND r.id = u.id AND r.tenant = p_tenant WHERE r.version > 0;
	IF kinds IS NULL THEN
		RETURN;
	END IF;
	FOR i IN 1 .. cardinality(kinds) LOOP
		DELETE FROM itsm.entries e USING itsm.records r, unnest(r.fields, r.keys) u(field, key)
			WHERE r.kind = kinds[i] AND r.id = ids[i] AND e.field = u.field AND e.key = u.key AND e.id = ids[i];
		DELETE FROM itsm.events e WHERE e.kind = kinds[i] AND e.id = ids[i];
		DELETE FROM itsm.archive e WHERE e.kind = kinds[i] AND e.id = ids[i];
		DELETE FROM itsm.timers t WHERE t.kind = kinds[i] AND t.id = ids[i];
		DELETE FROM itsm.messages m WHERE m.kind = kinds[i] AND m.id = ids[i] AND m.lane <> 3;
		DELETE FROM itsm.records r WHERE r.kind = kinds[i] AND r.id = ids[i];
	END LOOP;
	DELETE FROM itsm.messages m WHERE m.tenant = p_tenant AND m.lane = 3 AND (m.kind, m.id) IN (SELECT * FROM unnest(kinds, ids));
	UPDATE itsm.tenants t SET floor = last WHERE t.tenant = p_tenant AND t.floor < last;
EXCEPTION WHEN OTHERS THEN
	state := SQLSTATE;
	reason := SQLERRM;
END $$;

-- erase_tenant takes away all that a tenant has but names, at one instant: a commit that
-- is on its way is erased whole or stays whole.
CREATE FUNCTION itsm.erase_tenant(p_tenant int, OUT state text, OUT reason text) LANGUAGE plpgsql AS $$
DECLARE
	mine int[];
BEGIN
	PERFORM itsm.check_tenant(p_tenant);
	LOCK TABLE itsm.archive IN SHARE ROW EXCLUSIVE MODE;
	SELECT array_agg(k.kind) INTO mine FROM itsm.kinds k WHERE k.tenant = p_tenant;
	PERFORM 1 FROM itsm.records r WHERE r.kind = ANY (mine) ORDER BY r.kind, r.id FOR UPDATE;
	UPDATE itsm.tenants t SET floor = greatest(t.floor, (SELECT max(e.place) FROM itsm.events e WHERE e.tenant = p_tenant),
		(SELECT max(a.place) FROM itsm.archive a WHERE a.tenant = p_tenant)) WHERE t.tenant = p_tenant;
	WITH e AS (DELETE FROM itsm.entries e WHERE e.field IN (SELECT f.field FROM itsm.fields f WHERE f.kind = ANY (mine))),
	v AS (DELETE FROM itsm.events e WHERE e.tenant = p_tenant),
	a AS (DELETE FROM itsm.archive a WHERE a.tenant = p_tenant),
	b AS (DELETE FROM itsm.batches b WHERE b.tenant = p_tenant),
	t AS (DELETE FROM itsm.timers t WHERE t.kind = ANY (mine)),
	m AS (DELETE FROM itsm.messages m WHERE m.tenant = p_tenant)
	DELETE FROM itsm.records r WHERE r.kind = ANY (mine);
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
ALTER FUNCTION itsm.erase_tenant SET jit = off;
