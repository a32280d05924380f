-- number_* give a name its number and make one if there is none.
CREATE FUNCTION itsm.number_tenant(p_name text) RETURNS int LANGUAGE plpgsql AS $$
DECLARE n int;
BEGIN
	SELECT t.tenant INTO n FROM itsm.tenants t WHERE t.name = p_name;
	IF n IS NULL THEN
		INSERT INTO itsm.tenants (name) VALUES (p_name) ON CONFLICT DO NOTHING;
		SELECT t.tenant INTO n FROM itsm.tenants t WHERE t.name = p_name;
	END IF;
	RETURN n;
END $$;

CREATE FUNCTION itsm.number_kind(p_tenant int, p_name text) RETURNS int LANGUAGE plpgsql AS $$
DECLARE n int;
BEGIN
	SELECT k.kind INTO n FROM itsm.kinds k WHERE k.tenant = p_tenant AND k.name = p_name;
	IF n IS NULL THEN
		INSERT INTO itsm.kinds (tenant, name) VALUES (p_tenant, p_name) ON CONFLICT DO NOTHING;
		SELECT k.kind INTO n FROM itsm.kinds k WHERE k.tenant = p_tenant AND k.name = p_name;
	END IF;
	RETURN n;
END $$;

CREATE FUNCTION itsm.number_field(p_kind int, p_name text) RETURNS int LANGUAGE plpgsql AS $$
DECLARE n int;
BEGIN
	SELECT f.field INTO n FROM itsm.fields f WHERE f.kind = p_kind AND f.name = p_name;
	IF n IS NULL THEN
		INSERT INTO itsm.fields (kind, name) VALUES (p_kind, p_name) ON CONFLICT DO NOTHING;
		SELECT f.field INTO n FROM itsm.fields f WHERE f.kind = p_kind AND f.name = p_name;
	END IF;
	RETURN n;
END $$;

CREATE FUNCTION itsm.number_shape(p_kind int, p_fields int[]) RETURNS int LANGUAGE plpgsql AS $$
DECLARE n int;
BEGIN
	SELECT s.shape INTO n FROM itsm.shapes s WHERE s.kind = p_kind AND s.fields = p_fields;
	IF n IS NULL THEN
		INSERT INTO itsm.shapes (kind, fields) VALUES (p_kind, p_fields) ON CONFLICT DO NOTHING;
		SELECT s.shape INTO n FROM itsm.shapes s WHERE s.kind = p_kind AND s.fields = p_fields;
	END IF;
	RETURN n;
END $$;

-- lock_records locks the rows of records in one order, so that commits that meet
-- wait for each other and never in a circle. Records that do not exist get a row
-- of version 0 if p_make says so.
CREATE FUNCTION itsm.lock_records(p_tenant int, p_kinds int[], p_ids uuid[], p_make boolean) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM 1 FROM itsm.records r
		WHERE (r.kind, r.id) IN (SELECT * FROM unnest(p_kinds, p_ids))
		ORDER BY r.kind, r.id FOR UPDATE;
	IF p_make THEN
		INSERT INTO itsm.records (tenant, kind, id, version)
			SELECT DISTINCT p_tenant, u.kind, u.id, 0 FROM unnest(p_kinds, p_ids) u(kind, id)
			WHERE NOT EXISTS (SELECT 1 FROM itsm.records r WHERE r.kind = u.kind AND r.id = u.id)
			ORDER BY 2, 3
			ON CONFLICT (kind, id) DO UPDATE SET place = records.place;
	END IF;
END $$;

-- order_timers gives every timer of the records the lane that follows from the
-- others. Who calls holds the records.
CREATE FUNCTION itsm.order_timers(p_kinds int[], p_ids uuid[], p_now timestamptz) RETURNS void LANGUAGE sql AS $$
	UPDATE itsm.timers t SET lane = w.lane
	FROM (
		SELECT x.kind, x.id, x.name, CASE
			WHEN row_number() OVER (PARTITION BY x.kind, x.id ORDER BY x.out DESC, x.due, x.name) > 1 THEN 0
			WHEN x.out OR x.ready > greatest(x.due, p_now) THEN 2
			ELSE 1 END AS lane
		FROM itsm.timers x
		WHERE (x.kind, x.id) IN (SELECT * FROM unnest(p_kinds, p_ids)) AND x.lane <> 3
	) w
	WHERE t.kind = w.kind AND t.id = w.id AND t.name = w.name AND t.lane <> w.lane
$$;

-- order_messages does the same for messages: the first of each record leads, or
-- one that is out.
CREATE FUNCTION itsm.order_messages(p_kinds int[], p_ids uuid[], p_now timestamptz) RETURNS void LANGUAGE sql AS $$
	WITH refs AS (SELECT DISTINCT u.kind, u.id FROM unnest(p_kinds, p_ids) u(kind, id)),
	head AS (
		SELECT refs.kind, refs.id, coalesce(
			(SELECT m.seq FROM itsm.messages m WHERE m.kind = refs.kind AND m.id = refs.id AND m.lane = 2 AND m.out LIMIT 1),
			(SELECT m.seq FROM itsm.messages m WHERE m.kind = refs.kind AND m.id = refs.id AND m.lane <> 3 ORDER BY m.seq LIMIT 1)) AS seq
		FROM refs
	)
	UPDATE itsm.messages m SET lane = w.lane
	FROM (
		SELECT x.seq, CASE
			WHEN x.seq <> head.seq THEN 0
			WHEN x.out OR x.ready > p_now THEN 2
			ELSE 1 END AS lane
		FROM head JOIN itsm.messages x ON x.kind = head.kind AND x.id = head.id AND x.lane <> 3
		WHERE x.seq = head.seq OR x.lane <> 0
	) w
	WHERE m.seq = w.seq AND m.lane <> w.lane
$$;

CREATE FUNCTION itsm.set_timers(p_tenant int, p_kinds int[], p_ids uuid[], p_names text[], p_dues timestamptz[], p_payloads bytea[])
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	-- A claim that has a timer at hand ends first; none waits for us.
	PERFORM 1 FROM itsm.timers t WHERE (t.kind, t.id) IN (SELECT * FROM unnest(p_kinds, p_ids))
		ORDER BY t.kind, t.id, t.name FOR UPDATE;
	WITH new AS (
		SELECT * FROM unnest(p_kinds, p_ids, p_names, p_dues, p_payloads) u(kind, id, name, due, payload)
	), every AS (
		SELECT t.kind, t.id, t.name, t.due, t.ready, t.out, t.lane, false AS fresh, NULL::bytea AS payload
		FROM itsm.timers t
		WHERE (t.kind, t.id) IN (SELECT n.kind, n.id FROM new n) AND t.lane <> 3
			AND NOT EXISTS (SELECT 1 FROM new n WHERE n.kind = t.kind AND n.id = t.id AND n.name = t.name)
		UNION ALL
		SELECT n.kind, n.id, n.name, n.due, n.due, false, 0, true, n.payload FROM new n WHERE n.due IS NOT NULL
	), want AS (
		SELECT e.*, (CASE
			WHEN row_number() OVER (PARTITION BY e.kind, e.id ORDER BY e.out DESC, e.due, e.name) > 1 THEN 0
			WHEN e.out OR e.ready > e.due THEN 2
			ELSE 1 END)::smallint AS wanted
		FROM every e
	), gone AS (
		DELETE FROM itsm.timers t USING new n
		WHERE n.due IS NULL AND t.kind = n.kind AND t.id = n.id AND t.name = n.name
	), moved AS (
		UPDATE itsm.timers t SET lane = w.wanted FROM want w
		WHERE NOT w.fresh AND w.lane <> w.wanted AND t.kind = w.kind AND t.id = w.id AND t.name = w.name
	)
	INSERT INTO itsm.timers (kind, id, name, tenant, due, ready, lane, payload)
		SELECT w.kind, w.id, w.name, p_tenant, w.due, w.due, w.wanted, w.payload FROM want w WHERE w.fresh
	ON CONFLICT (kind, id, name) DO UPDATE SET due = excluded.due, ready = excluded.ready, lane = excluded.lane,
		out = false, attempt = 0, token = 0, error = '', payload = excluded.payload;
END $$;

-- commit applies one batch. It returns false when the batch was applied before.
-- A record that is at another version raises IT001, with the place of the write in
-- the batch and the version in the message.
CREATE FUNCTION itsm.commit(
	p_tenant int, p_batch uuid,
	w_kinds int[], w_ids uuid[], w_versions bigint[], w_layouts int[], w_shapes int[],
	w_created timestamptz[], w_updated timestamptz[], w_heads bytea[], w_bodies bytea[], w_events bytea[],
	w_from int[], w_to int[], -- the part of each write in the entries
	e_fields int[], e_keys bytea[], e_firsts boolean[],
	o_kinds int[], o_ids uuid[], -- other records, for which there is work
	t_kinds int[], t_ids uuid[], t_names text[], t_dues timestamptz[], t_payloads bytea[],
	m_kinds int[], m_ids uuid[], m_messages uuid[], m_topics text[], m_at timestamptz[], m_payloads bytea[]
) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	here bigint;
	done bigint;
	bad  record;
BEGIN
	INSERT INTO itsm.batches (tenant, id, kinds, ids, versions) VALUES (p_tenant, p_batch, w_kinds, w_ids, w_versions)
		ON CONFLICT DO NOTHING;
	IF NOT FOUND THEN
		RETURN false;
	END IF;
	SELECT pg_current_xact_id()::text::bigint + s.shift INTO here FROM itsm.state s;

	IF cardinality(w_kinds) > 1 OR cardinality(o_kinds) > 0 THEN
		PERFORM itsm.lock_records(p_tenant, w_kinds || o_kinds, w_ids || o_ids, true);
	ELSIF cardinality(w_kinds) = 1 THEN
		PERFORM 1 FROM itsm.records r WHERE r.kind = w_kinds[1] AND r.id = w_ids[1] FOR UPDATE;
		IF NOT FOUND AND w_versions[1] = 1 THEN
			INSERT INTO itsm.records (tenant, kind, id, version) VALUES (p_tenant, w_kinds[1], w_ids[1], 0)
				ON CONFLICT (kind, id) DO UPDATE SET place = records.place;
		END IF;
	END IF;

	IF cardinality(w_kinds) > 0 THEN
		WITH w AS (
			SELECT * FROM unnest(w_kinds, w_ids, w_versions, w_from, w_to) WITH ORDINALITY u(kind, id, version, lo, hi, n)
		)
		SELECT w.n, coalesce(r.version, 0) AS version INTO bad
			FROM w LEFT JOIN itsm.records r ON r.kind = w.kind AND r.id = w.id
			WHERE coalesce(r.version, 0) <> w.version - 1 ORDER BY w.n LIMIT 1;
		IF FOUND THEN
			RAISE EXCEPTION '% %', bad.n, bad.version USING ERRCODE = 'IT001';
		END IF;

		-- The entries that are gone and those that are new: few commands change more than two.
		WITH w AS (
			SELECT u.kind, u.id, r.fields, r.keys, r.firsts,
				e_fields[u.lo:u.hi] AS new_fields, e_keys[u.lo:u.hi] AS new_keys, e_firsts[u.lo:u.hi] AS new_firsts
			FROM unnest(w_kinds, w_ids, w_from, w_to) u(kind, id, lo, hi)
			JOIN itsm.records r ON r.kind = u.kind AND r.id = u.id
		), changed AS (
			SELECT * FROM w WHERE (w.fields, w.keys, w.firsts) IS DISTINCT FROM (w.new_fields, w.new_keys, w.new_firsts)
		), gone AS (
			DELETE FROM itsm.entries e USING (
				SELECT c.id, o.field, o.key FROM changed c, unnest(c.fields, c.keys) o(field, key)
				EXCEPT
				SELECT c.id, o.field, o.key FROM changed c, unnest(c.new_fields, c.new_keys) o(field, key)
			) d WHERE e.field = d.field AND e.key = d.key AND e.id = d.id
		)
		INSERT INTO itsm.entries (field, key, id, first)
			SELECT o.field, o.key, c.id, o.first FROM changed c, unnest(c.new_fields, c.new_keys, c.new_firsts) o(field, key, first)
			EXCEPT
			SELECT o.field, o.key, c.id, o.first FROM changed c, unnest(c.fields, c.keys, c.firsts) o(field, key, first)
		ON CONFLICT (field, key, id) DO UPDATE SET first = excluded.first;

		WITH w AS (
			SELECT * FROM unnest(w_kinds, w_ids, w_versions, w_layouts, w_shapes, w_created, w_updated, w_heads, w_bodies, w_events, w_from, w_to)
				WITH ORDINALITY u(kind, id, version, layout, shape, created, updated, head, body, event, lo, hi, n)
		), put AS (
			UPDATE itsm.records r SET version = w.version, layout = w.layout, shape = w.shape, created = w.created, updated = w.updated,
				head = w.head, body = w.body, place = greatest(r.place, here),
				fields = e_fields[w.lo:w.hi], keys = e_keys[w.lo:w.hi], firsts = e_firsts[w.lo:w.hi]
			FROM w WHERE r.kind = w.kind AND r.id = w.id AND r.version = w.version - 1
			RETURNING w.n, r.place
		)
		INSERT INTO itsm.events (tenant, place, kind, id, version, encoded)
			SELECT p_tenant, put.place, w.kind, w.id, w.version, w.event FROM put JOIN w USING (n) ORDER BY w.n;
		GET DIAGNOSTICS done = ROW_COUNT;
		IF done <> cardinality(w_kinds) THEN
			RAISE EXCEPTION '% of % records were written', done, cardinality(w_kinds) USING ERRCODE = 'IT002';
		END IF;
	END IF;

	IF cardinality(t_kinds) > 0 THEN
		PERFORM itsm.set_timers(p_tenant, t_kinds, t_ids, t_names, t_dues, t_payloads);
	END IF;
	IF cardinality(m_kinds) > 0 THEN
		INSERT INTO itsm.messages (kind, id, tenant, lane, message, topic, at, payload)
			SELECT m.kind, m.id, p_tenant, CASE
				WHEN row_number() OVER (PARTITION BY m.kind, m.id ORDER BY m.n) > 1 THEN 0
				WHEN EXISTS (SELECT 1 FROM itsm.messages x WHERE x.kind = m.kind AND x.id = m.id AND x.lane <> 3) THEN 0
				ELSE 1 END, m.message, m.topic, m.at, m.payload
			FROM unnest(m_kinds, m_ids, m_messages, m_topics, m_at, m_payloads) WITH ORDINALITY m(kind, id, message, topic, at, payload, n)
			ORDER BY m.n;
	END IF;
	RETURN true;
END $$;

-- try_commit does the same, but undoes what failed and returns why, so that the
-- transaction it is part of goes on: one of the host, or one of many batches.
CREATE FUNCTION itsm.try_commit(
	p_tenant int, p_batch uuid,
	w_kinds int[], w_ids uuid[], w_versions bigint[], w_layouts int[], w_shapes int[],
	w_created timestamptz[], w_updated timestamptz[], w_heads bytea[], w_bodies bytea[], w_events bytea[],
	w_from int[], w_to int[], -- the part of each write in the entries
	e_fields int[], e_keys bytea[], e_firsts boolean[],
	o_kinds int[], o_ids uuid[], -- other records, for which there is work
	t_kinds int[], t_ids uuid[], t_names text[], t_dues timestamptz[], t_payloads bytea[],
	m_kinds int[], m_ids uuid[], m_messages uuid[], m_topics text[], m_at timestamptz[], m_payloads bytea[],
	OUT applied boolean, OUT state text, OUT reason text
) LANGUAGE plpgsql AS $$
BEGIN
	applied := itsm.commit(p_tenant, p_batch, w_kinds, w_ids, w_versions, w_layouts, w_shapes, w_created,
		w_updated, w_heads, w_bodies, w_events, w_from, w_to, e_fields, e_keys,
		e_firsts, o_kinds, o_ids, t_kinds, t_ids, t_names, t_dues, t_payloads,
		m_kinds, m_ids, m_messages, m_topics, m_at, m_payloads);
EXCEPTION WHEN OTHERS THEN
	state := SQLSTATE;
	reason := SQLERRM;
END $$;
