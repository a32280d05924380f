-- claim leases up to p_limit pieces of work that are due. Rows that others have at
-- hand are passed over, so workers never wait for each other.
CREATE FUNCTION itsm.claim(p_tenant int, p_now timestamptz, p_until timestamptz, p_limit int)
RETURNS TABLE (kind int, id uuid, name text, seq bigint, token bigint, attempt int, error text, due timestamptz,
	message uuid, topic text, at timestamptz, payload bytea) LANGUAGE plpgsql AS $$
DECLARE
	kinds  int[];
	ids    uuid[];
	tn     text[];
	tk     int[];
	ti     uuid[];
	ms     bigint[];
	nt     int;
BEGIN
	-- What was leased for too long, or put off until now, is free again.
	SELECT array_agg(r.kind), array_agg(r.id) INTO kinds, ids FROM (
		SELECT r.kind, r.id FROM itsm.records r
		WHERE (r.kind, r.id) IN (SELECT t.kind, t.id FROM itsm.timers t WHERE t.tenant = p_tenant AND t.lane = 2 AND t.ready <= p_now)
		ORDER BY r.kind, r.id FOR UPDATE SKIP LOCKED
	) r;
	IF kinds IS NOT NULL THEN
		UPDATE itsm.timers t SET out = false
			WHERE (t.kind, t.id) IN (SELECT * FROM unnest(kinds, ids)) AND t.lane = 2 AND t.out AND t.ready <= p_now;
		PERFORM itsm.order_timers(kinds, ids, p_now);
	END IF;
	SELECT array_agg(r.kind), array_agg(r.id) INTO kinds, ids FROM (
		SELECT r.kind, r.id FROM itsm.records r
		WHERE (r.kind, r.id) IN (SELECT m.kind, m.id FROM itsm.messages m WHERE m.tenant = p_tenant AND m.lane = 2 AND m.ready <= p_now)
		ORDER BY r.kind, r.id FOR UPDATE SKIP LOCKED
	) r;
	IF kinds IS NOT NULL THEN
		UPDATE itsm.messages m SET out = false
			WHERE (m.kind, m.id) IN (SELECT * FROM unnest(kinds, ids)) AND m.lane = 2 AND m.out AND m.ready <= p_now;
		PERFORM itsm.order_messages(kinds, ids, p_now);
	END IF;

	SELECT array_agg(x.kind ORDER BY x.due, x.name), array_agg(x.id ORDER BY x.due, x.name), array_agg(x.name ORDER BY x.due, x.name)
	INTO tk, ti, tn FROM (
		SELECT t.kind, t.id, t.name, t.due FROM itsm.timers t
		WHERE t.tenant = p_tenant AND t.lane = 1 AND t.due <= p_now
		ORDER BY t.due, t.name LIMIT p_limit FOR UPDATE SKIP LOCKED
	) x;
	SELECT array_agg(x.seq ORDER BY x.seq) INTO ms FROM (
		SELECT m.seq FROM itsm.messages m
		WHERE m.tenant = p_tenant AND m.lane = 1
		ORDER BY m.seq LIMIT p_limit FOR UPDATE SKIP LOCKED
	) x;
	nt := least(coalesce(cardinality(tk), 0), greatest(p_limit - coalesce(cardinality(ms), 0), (p_limit + 1) / 2));

	RETURN QUERY
		UPDATE itsm.timers t SET lane = 2, out = true, ready = p_until, attempt = t.attempt + 1, token = nextval('itsm.leases')
		FROM unnest(tk[:nt], ti[:nt], tn[:nt]) u(kind, id, name)
		WHERE t.kind = u.kind AND t.id = u.id AND t.name = u.name
		RETURNING t.kind, t.id, t.name, 0::bigint, t.token, t.attempt, t.error, t.due, NULL::uuid, NULL::text, NULL::timestamptz, t.payload;
	RETURN QUERY
		UPDATE itsm.messages m SET lane = 2, out = true, ready = p_until, attempt = m.attempt + 1, token = nextval('itsm.leases')
		WHERE m.seq = ANY (ms[:p_limit - nt])
		RETURNING m.kind, m.id, ''::text, m.seq, m.token, m.attempt, m.error, NULL::timestamptz, m.message, m.topic, m.at, m.payload;
END $$;

-- perhaps_settled reports whether a piece of work may be as it is because the lease with the token
-- was ended as asked: it is gone, or waits to be tried again, or is parked.
CREATE FUNCTION itsm.perhaps_settled(p_kind int, p_id uuid, p_name text, p_seq bigint, p_token bigint) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	IF p_seq = 0 THEN
		RETURN NOT EXISTS (SELECT 1 FROM itsm.timers t WHERE t.kind = p_kind AND t.id = p_id AND t.name = p_name AND t.was <> p_token);
	END IF;
	RETURN NOT EXISTS (SELECT 1 FROM itsm.messages m WHERE m.seq = p_seq AND m.was <> p_token);
END $$;

-- settle ends leases: 1 done, 2 again at p_again, 3 parked. It returns which of
-- the receipts no longer hold. With p_doubt the same was asked before and the answer
-- lost: what looks as if that had succeeded is well.
CREATE FUNCTION itsm.settle(p_tenant int, p_kinds int[], p_ids uuid[], p_names text[], p_seqs bigint[], p_tokens bigint[],
	p_outcomes int[], p_again timestamptz[], p_errors text[], p_doubt boolean) RETURNS int[] LANGUAGE plpgsql AS $$
DECLARE
	lost int[] := '{}';
	hit  boolean;
BEGIN
	PERFORM itsm.lock_records(p_kinds, p_ids);
	FOR i IN 1 .. cardinality(p_kinds) LOOP
		IF p_seqs[i] = 0 THEN
			IF p_outcomes[i] = 1 THEN
				DELETE FROM itsm.timers t WHERE t.kind = p_kinds[i] AND t.id = p_ids[i] AND t.name = p_names[i]
					AND t.tenant = p_tenant AND t.token = p_tokens[i] AND t.lane <> 3;
			ELSE
				UPDATE itsm.timers t SET out = false, error = p_errors[i],
					lane = CASE p_outcomes[i] WHEN 3 THEN 3 ELSE t.lane END,
					token = CASE p_outcomes[i] WHEN 3 THEN t.token ELSE 0 END, was = t.token,
					ready = coalesce(p_again[i], t.ready)
				WHERE t.kind = p_kinds[i] AND t.id = p_ids[i] AND t.name = p_names[i]
					AND t.tenant = p_tenant AND t.token = p_tokens[i] AND t.lane <> 3;
			END IF;
		ELSIF p_outcomes[i] = 1 THEN
			DELETE FROM itsm.messages m WHERE m.seq = p_seqs[i] AND m.kind = p_kinds[i] AND m.id = p_ids[i]
				AND m.tenant = p_tenant AND m.token = p_tokens[i] AND m.lane <> 3;
		ELSE
			UPDATE itsm.messages m SET out = false, error = p_errors[i],
				lane = CASE p_outcomes[i] WHEN 3 THEN 3 ELSE m.lane END,
				token = CASE p_outcomes[i] WHEN 3 THEN m.token ELSE 0 END, was = m.token,
				ready = coalesce(p_again[i], m.ready)
			WHERE m.seq = p_seqs[i] AND m.kind = p_kinds[i] AND m.id = p_ids[i]
				AND m.tenant = p_tenant AND m.token = p_tokens[i] AND m.lane <> 3;
		END IF;
		GET DIAGNOSTICS hit = ROW_COUNT;
		IF NOT hit AND NOT (p_doubt AND itsm.perhaps_settled(p_kinds[i], p_ids[i], p_names[i], p_seqs[i], p_tokens[i])) THEN
			lost := lost || i;
		END IF;
	END LOOP;
	PERFORM itsm.order_timers(p_kinds, p_ids, '-infinity');
	PERFORM itsm.order_messages(p_kinds, p_ids, '-infinity');
	RETURN lost;
END $$;

-- revive makes parked work due at p_at. It returns which of the receipts are not
-- those of parked work.
CREATE FUNCTION itsm.revive(p_tenant int, p_at timestamptz, p_kinds int[], p_ids uuid[], p_names text[], p_seqs bigint[], p_tokens bigint[], p_doubt boolean)
RETURNS int[] LANGUAGE plpgsql AS $$
DECLARE
	lost int[] := '{}';
	hit  boolean;
BEGIN
	PERFORM itsm.lock_records(p_kinds, p_ids);
	FOR i IN 1 .. cardinality(p_kinds) LOOP
		IF p_seqs[i] = 0 THEN
			UPDATE itsm.timers t SET lane = 0, attempt = 0, token = 0, was = p_tokens[i], ready = p_at
				WHERE t.kind = p_kinds[i] AND t.id = p_ids[i] AND t.name = p_names[i]
					AND t.tenant = p_tenant AND t.token = p_tokens[i] AND t.lane = 3;
		ELSE
			UPDATE itsm.messages m SET lane = 0, attempt = 0, token = 0, was = p_tokens[i], ready = p_at
				WHERE m.seq = p_seqs[i] AND m.kind = p_kinds[i] AND m.id = p_ids[i]
					AND m.tenant = p_tenant AND m.token = p_tokens[i] AND m.lane = 3;
		END IF;
		GET DIAGNOSTICS hit = ROW_COUNT;
		IF NOT hit AND NOT (p_doubt AND itsm.perhaps_settled(p_kinds[i], p_ids[i], p_names[i], p_seqs[i], p_tokens[i])) THEN
			lost := lost || i;
		END IF;
	END LOOP;
	PERFORM itsm.order_timers(p_kinds, p_ids, '-infinity');
	PERFORM itsm.order_messages(p_kinds, p_ids, '-infinity');
	RETURN lost;
END $$;

-- The plans are simple and the same for every command: making them anew each time
-- costs more than all the work, and a table that was empty when the session began
-- must not be read from end to end for ever.
ALTER FUNCTION itsm.commit SET plan_cache_mode = force_generic_plan;
ALTER FUNCTION itsm.commit SET enable_seqscan = off;
ALTER FUNCTION itsm.commit SET jit = off;
ALTER FUNCTION itsm.claim SET plan_cache_mode = force_generic_plan;
ALTER FUNCTION itsm.claim SET enable_seqscan = off;
ALTER FUNCTION itsm.claim SET jit = off;
ALTER FUNCTION itsm.settle SET plan_cache_mode = force_generic_plan;
ALTER FUNCTION itsm.settle SET enable_seqscan = off;
ALTER FUNCTION itsm.settle SET jit = off;
ALTER FUNCTION itsm.revive SET plan_cache_mode = force_generic_plan;
ALTER FUNCTION itsm.revive SET enable_seqscan = off;
ALTER FUNCTION itsm.revive SET jit = off;
ALTER FUNCTION itsm.commit_among SET plan_cache_mode = force_generic_plan;
ALTER FUNCTION itsm.commit_among SET enable_seqscan = off;
ALTER FUNCTION itsm.commit_among SET jit = off;

-- archive_page moves the events of records of a kind that rest since before an instant,
-- among the next p_limit records behind an id. It returns the last of those, and how
-- many events it moved. unarchive_page moves them back.
CREATE FUNCTION itsm.archive_page(p_kind int, p_after uuid, p_before timestamptz, p_limit int, OUT last uuid, OUT moved bigint) LANGUAGE sql AS $$
	WITH page AS MATERIALIZED (
		SELECT r.id, r.updated FROM itsm.records r WHERE r.kind = p_kind AND r.id > p_after ORDER BY r.id LIMIT p_limit
	), gone AS (
		DELETE FROM itsm.events e USING page WHERE e.kind = p_kind AND e.id = page.id AND page.updated < p_before
		RETURNING e.tenant, e.place, e.seq, e.kind, e.id, e.version, e.encoded
	), kept AS (
		INSERT INTO itsm.archive (tenant, place, seq, kind, id, version, encoded) SELECT * FROM gone RETURNING 1
	)
	SELECT (SELECT id FROM page ORDER BY id DESC LIMIT 1), (SELECT count(*) FROM kept)
$$;
CREATE FUNCTION itsm.unarchive_page(p_kind int, p_after uuid, p_since timestamptz, p_limit int, OUT last uuid, OUT moved bigint) LANGUAGE sql AS $$
	WITH page AS MATERIALIZED (
		SELECT r.id, r.updated FROM itsm.records r WHERE r.kind = p_kind AND r.id > p_after ORDER BY r.id LIMIT p_limit
	), gone AS (
		DELETE FROM itsm.archive e USING page WHERE e.kind = p_kind AND e.id = page.id AND page.updated >= p_since
		RETURNING e.tenant, e.place, e.seq, e.kind, e.id, e.version, e.encoded
	), kept AS (
		INSERT INTO itsm.events (tenant, place, seq, kind, id, version, encoded) OVERRIDING SYSTEM VALUE SELECT * FROM gone RETURNING 1
	)
	SELECT (SELECT id FROM page ORDER BY id DESC LIMIT 1), (SELECT count(*) FROM kept)
$$;
ALTER FUNCTION itsm.archive_page SET enable_seqscan = off;
ALTER FUNCTION itsm.archive_page SET jit = off;
ALTER FUNCTION itsm.unarchive_page SET enable_seqscan = off;
ALTER FUNCTION itsm.unarchive_page SET jit = off;

-- rebase adds to the transaction numbers what they are behind the places that are
-- there: after a restore from a dump into another cluster they begin anew.
CREATE FUNCTION itsm.rebase() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	highest bigint;
BEGIN
	SELECT max(greatest((SELECT max(e.place) FROM itsm.events e WHERE e.tenant = t.tenant),
		(SELECT max(a.place) FROM itsm.archive a WHERE a.tenant = t.tenant))) INTO highest FROM itsm.tenants t;
	IF highest >= (SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint + s.shift FROM itsm.state s) THEN
		UPDATE itsm.state s SET shift = greatest(s.shift, 1 + highest - pg_snapshot_xmax(pg_current_snapshot())::text::bigint);
	END IF;
END $$;
ALTER FUNCTION itsm.rebase SET enable_seqscan = off;
ALTER FUNCTION itsm.rebase SET jit = off;
