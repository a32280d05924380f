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

-- lock_records locks the rows of records in one order, so that commits that meet wait
-- for each other and never in a circle.
CREATE FUNCTION itsm.lock_records(p_kinds int[], p_ids uuid[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM 1 FROM itsm.records r
		WHERE (r.kind, r.id) IN (SELECT * FROM unnest(p_kinds, p_ids))
		ORDER BY r.kind, r.id FOR UPDATE;
END $$;

-- make_records gives records that do not exist a row of version 0, and locks it.
CREATE FUNCTION itsm.make_records(p_tenant int, p_kinds int[], p_ids uuid[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO itsm.records (tenant, kind, id, version)
		SELECT DISTINCT p_tenant, u.kind, u.id, 0 FROM unnest(p_kinds, p_ids) u(kind, id)
		WHERE NOT EXISTS (SELECT 1 FROM itsm.records r WHERE r.kind = u.kind AND r.id = u.id)
		ORDER BY 2, 3
		ON CONFLICT (kind, id) DO UPDATE SET place = records.place;
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

-- put_entries takes away the index entries of a record that are gone and adds those
-- that are new: few commands change more than two.
CREATE FUNCTION itsm.put_entries(p_tenant int, p_id uuid, o_fields int[], o_keys bytea[], o_firsts boolean[], n_fields int[], n_keys bytea[], n_firsts boolean[])
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	DELETE FROM itsm.entries e USING (
		SELECT * FROM unnest(o_fields, o_keys) EXCEPT SELECT * FROM unnest(n_fields, n_keys)
	) d(field, key) WHERE e.field = d.field AND e.key = d.key AND e.id = p_id;
	INSERT INTO itsm.entries (tenant, field, key, id, first)
		SELECT p_tenant, n.field, n.key, p_id, n.first FROM (
			SELECT * FROM unnest(n_fields, n_keys, n_firsts) EXCEPT SELECT * FROM unnest(o_fields, o_keys, o_firsts)
		) n(field, key, first)
	ON CONFLICT (field, key, id) DO UPDATE SET first = excluded.first;
END $$;

-- put_one writes one record and its event, which is what nearly every command does,
-- by the simplest statements. It returns the version that is stored if that is not
-- the one before, and otherwise nothing.
CREATE FUNCTION itsm.put_one(p_tenant int, p_here bigint, p_kind int, p_id uuid, p_version bigint, p_layout int, p_shape int,
	p_created timestamptz, p_updated timestamptz, p_head bytea, p_body bytea, p_event bytea,
	p_fields int[], p_keys bytea[], p_firsts boolean[]) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	old record;
BEGIN
	SELECT r.version, r.place, r.fields, r.keys, r.firsts INTO old
		FROM itsm.records r WHERE r.kind = p_kind AND r.id = p_id FOR UPDATE;
	IF NOT FOUND THEN
		IF p_version <> 1 THEN
			RETURN 0;
		END IF;
		INSERT INTO itsm.records (tenant, kind, id, version, layout, shape, created, updated, head, place, fields, keys, firsts, body)
			VALUES (p_tenant, p_kind, p_id, 1, p_layout, p_shape, p_created, p_updated, p_head, p_here, p_fields, p_keys, p_firsts, p_body)
			ON CONFLICT (kind, id) DO NOTHING;
		IF FOUND THEN
			INSERT INTO itsm.entries (tenant, field, key, id, first) SELECT p_tenant, u.f, u.k, p_id, u.first FROM unnest(p_fields, p_keys, p_firsts) u(f, k, first);
			INSERT INTO itsm.events (tenant, place, kind, id, version, encoded) VALUES (p_tenant, p_here, p_kind, p_id, 1, p_event);
			RETURN NULL;
		END IF;
		-- Somebody else has just made it, or work for it.
		SELECT r.version, r.place, r.fields, r.keys, r.firsts INTO old
			FROM itsm.records r WHERE r.kind = p_kind AND r.id = p_id FOR UPDATE;
	END IF;
	IF old.version <> p_version - 1 THEN
		RETURN old.version;
	END IF;
	IF old.keys IS DISTINCT FROM p_keys OR old.fields IS DISTINCT FROM p_fields THEN
		IF old.fields = p_fields AND NOT false = ANY (p_firsts) AND NOT false = ANY (old.firsts) THEN
			FOR i IN 1 .. cardinality(p_fields) LOOP
				IF old.keys[i] <> p_keys[i] THEN
					UPDATE itsm.entries SET key = p_keys[i] WHERE field = p_fields[i] AND key = old.keys[i] AND id = p_id;
				END IF;
			END LOOP;
		ELSE
			PERFORM itsm.put_entries(p_tenant, p_id, old.fields, old.keys, old.firsts, p_fields, p_keys, p_firsts);
		END IF;
	END IF;
	UPDATE itsm.records r SET version = p_version, layout = p_layout, shape = p_shape, created = p_created, updated = p_updated, head = p_head,
		place = greatest(old.place, p_here), fields = p_fields, keys = p_keys, firsts = p_firsts, body = p_body
		WHERE r.kind = p_kind AND r.id = p_id;
	INSERT INTO itsm.events (tenant, place, kind, id, version, encoded)
		VALUES (p_tenant, greatest(old.place, p_here), p_kind, p_id, p_version, p_event);
	RETURN NULL;
END $$;

-- set_timers sets and takes away timers of one record, whose row is held, and leaves
-- one of all that are there in the lead: one that is out, or the one due first.
CREATE FUNCTION itsm.set_timers(p_tenant int, p_kind int, p_id uuid, p_names text[], p_dues timestamptz[], p_payloads bytea[])
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	lead record;
	best int;
BEGIN
	-- A claim that has a timer at hand ends first; none waits for us.
	PERFORM 1 FROM itsm.timers t WHERE t.kind = p_kind AND t.id = p_id ORDER BY t.name FOR UPDATE;
	SELECT t.name, t.due, t.out, t.ready, t.lane INTO lead FROM itsm.timers t
		WHERE t.kind = p_kind AND t.id = p_id AND t.lane <> 3 AND t.name <> ALL (p_names)
		ORDER BY t.out DESC, t.due, t.name LIMIT 1;
	FOR i IN 1 .. cardinality(p_names) LOOP
		IF p_dues[i] IS NOT NULL AND (best IS NULL OR (p_dues[i], p_names[i]) < (p_dues[best], p_names[best])) THEN
			best := i;
		END IF;
	END LOOP;
	IF lead.name IS NOT NULL AND (best IS NULL OR lead.out OR (lead.due, lead.name) < (p_dues[best], p_names[best])) THEN
		best := NULL;
		IF lead.lane = 0 THEN
			UPDATE itsm.timers t SET lane = CASE WHEN lead.out OR lead.ready > lead.due THEN 2 ELSE 1 END
				WHERE t.kind = p_kind AND t.id = p_id AND t.name = lead.name;
		END IF;
	ELSIF lead.lane <> 0 THEN
		UPDATE itsm.timers t SET lane = 0 WHERE t.kind = p_kind AND t.id = p_id AND t.name = lead.name;
	END IF;
	FOR i IN 1 .. cardinality(p_names) LOOP
		IF p_dues[i] IS NULL THEN
			DELETE FROM itsm.timers t WHERE t.kind = p_kind AND t.id = p_id AND t.name = p_names[i];
		ELSE
			INSERT INTO itsm.timers (kind, id, name, tenant, due, ready, lane, payload)
				VALUES (p_kind, p_id, p_names[i], p_tenant, p_dues[i], p_dues[i], CASE WHEN i = best THEN 1 ELSE 0 END, p_payloads[i])
			ON CONFLICT (kind, id, name) DO UPDATE SET due = excluded.due, ready = excluded.ready, lane = excluded.lane,
				out = false, attempt = 0, token = 0, was = 0, error = '', payload = excluded.payload;
		END IF;
	END LOOP;
END $$;

-- commit applies one batch. It returns nothing when it did, and 'known' when the batch
-- was applied before. If a record is at another version it says which: by the place of
-- the write in the batch and the version. Where nothing had been written yet it returns
-- that; otherwise it raises it as IT001, which undoes everything.
CREATE FUNCTION itsm.commit(
	p_tenant int, p_batch uuid,
	w_kinds int[], w_ids uuid[], w_versions bigint[], w_layouts int[], w_shapes int[],
	w_created timestamptz[], w_updated timestamptz[], w_heads bytea[], w_bodies bytea[], w_events bytea[],
	w_from int[], w_to int[], -- the part of each write in the entries
	e_fields int[], e_keys bytea[], e_firsts boolean[],
	o_kinds int[], o_ids uuid[], -- other records, for which there is work
	t_kinds int[], t_ids uuid[], t_names text[], t_dues timestamptz[], t_payloads bytea[],
	m_kinds int[], m_ids uuid[], m_messages uuid[], m_topics text[], m_at timestamptz[], m_payloads bytea[]
) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	here          bigint;
	found_version bigint;
	last          int;
BEGIN
	INSERT INTO itsm.batches (tenant, id, at, kinds, ids, versions)
		VALUES (p_tenant, p_batch, coalesce(w_updated[1], m_at[1], t_dues[1]), w_kinds, w_ids, w_versions)
		ON CONFLICT DO NOTHING;
	IF NOT FOUND THEN
		RETURN 'known';
	END IF;
	SELECT pg_current_xact_id()::text::bigint + s.shift INTO here FROM itsm.state s;

	IF cardinality(w_kinds) > 1 OR cardinality(o_kinds) > 0 THEN
		PERFORM itsm.lock_records(w_kinds || o_kinds, w_ids || o_ids);
		PERFORM itsm.make_records(p_tenant, o_kinds, o_ids);
	END IF;
	FOR i IN 1 .. cardinality(w_kinds) LOOP
		found_version := itsm.put_one(p_tenant, here, w_kinds[i], w_ids[i], w_versions[i], w_layouts[i], w_shapes[i], w_created[i], w_updated[i],
			w_heads[i], w_bodies[i], w_events[i], e_fields[w_from[i]:w_to[i]], e_keys[w_from[i]:w_to[i]], e_firsts[w_from[i]:w_to[i]]);
		IF found_version IS NOT NULL THEN
			IF i = 1 AND cardinality(o_kinds) = 0 THEN
				DELETE FROM itsm.batches b WHERE b.tenant = p_tenant AND b.id = p_batch;
				RETURN '1 ' || found_version;
			END IF;
			RAISE EXCEPTION '% %', i, found_version USING ERRCODE = 'IT001';
		END IF;
	END LOOP;

	last := 1; -- the timers come record by record
	FOR i IN 1 .. cardinality(t_kinds) LOOP
		IF i = cardinality(t_kinds) OR t_kinds[i + 1] <> t_kinds[i] OR t_ids[i + 1] <> t_ids[i] THEN
			PERFORM itsm.set_timers(p_tenant, t_kinds[i], t_ids[i], t_names[last:i], t_dues[last:i], t_payloads[last:i]);
			last := i + 1;
		END IF;
	END LOOP;
	FOR i IN 1 .. cardinality(m_kinds) LOOP
		INSERT INTO itsm.messages (kind, id, tenant, lane, message, topic, at, payload)
			VALUES (m_kinds[i], m_ids[i], p_tenant, CASE
				WHEN EXISTS (SELECT 1 FROM itsm.messages x WHERE x.kind = m_kinds[i] AND x.id = m_ids[i] AND x.lane <> 3) THEN 0
				ELSE 1 END, m_messages[i], m_topics[i], m_at[i], m_payloads[i]);
	END LOOP;
	RETURN '';
END $$;

-- try_commit does the same, but undoes what failed and returns why, so that the
-- transaction of the host that it is part of goes on.
CREATE FUNCTION itsm.try_commit(
	p_tenant int, p_batch uuid,
	w_kinds int[], w_ids uuid[], w_versions bigint[], w_layouts int[], w_shapes int[],
	w_created timestamptz[], w_updated timestamptz[], w_heads bytea[], w_bodies bytea[], w_events bytea[],
	w_from int[], w_to int[], -- the part of each write in the entries
	e_fields int[], e_keys bytea[], e_firsts boolean[],
	o_kinds int[], o_ids uuid[], -- other records, for which there is work
	t_kinds int[], t_ids uuid[], t_names text[], t_dues timestamptz[], t_payloads bytea[],
	m_kinds int[], m_ids uuid[], m_messages uuid[], m_topics text[], m_at timestamptz[], m_payloads bytea[],
	OUT outcome text, OUT state text, OUT reason text
) LANGUAGE plpgsql AS $$
BEGIN
	outcome := itsm.commit(p_tenant, p_batch, w_kinds, w_ids, w_versions, w_layouts, w_shapes, w_created,
		w_updated, w_heads, w_bodies, w_events, w_from, w_to, e_fields, e_keys,
		e_firsts, o_kinds, o_ids, t_kinds, t_ids, t_names, t_dues, t_payloads,
		m_kinds, m_ids, m_messages, m_topics, m_at, m_payloads);
EXCEPTION WHEN OTHERS THEN
	state := SQLSTATE;
	reason := SQLERRM;
END $$;

-- commit_among does the same for one of many batches in one transaction. So that none
-- keeps the others waiting, one whose record somebody else holds is 'busy', and nothing
-- of it happens. A batch that can fail only before it has written anything needs no
-- savepoint.
CREATE FUNCTION itsm.commit_among(
	p_tenant int, p_batch uuid,
	w_kinds int[], w_ids uuid[], w_versions bigint[], w_layouts int[], w_shapes int[],
	w_created timestamptz[], w_updated timestamptz[], w_heads bytea[], w_bodies bytea[], w_events bytea[],
	w_from int[], w_to int[], -- the part of each write in the entries
	e_fields int[], e_keys bytea[], e_firsts boolean[],
	o_kinds int[], o_ids uuid[], -- other records, for which there is work
	t_kinds int[], t_ids uuid[], t_names text[], t_dues timestamptz[], t_payloads bytea[],
	m_kinds int[], m_ids uuid[], m_messages uuid[], m_topics text[], m_at timestamptz[], m_payloads bytea[],
	OUT outcome text, OUT state text, OUT reason text
) LANGUAGE plpgsql AS $$
DECLARE
	free bigint;
BEGIN
	IF cardinality(w_kinds) = 1 AND cardinality(o_kinds) = 0 THEN
		PERFORM 1 FROM itsm.records r WHERE r.kind = w_kinds[1] AND r.id = w_ids[1] FOR UPDATE SKIP LOCKED;
		IF NOT FOUND AND EXISTS (SELECT 1 FROM itsm.records r WHERE r.kind = w_kinds[1] AND r.id = w_ids[1]) THEN
			outcome := 'busy';
			RETURN;
		END IF;
		outcome := itsm.commit(p_tenant, p_batch, w_kinds, w_ids, w_versions, w_layouts, w_shapes, w_created,
		w_updated, w_heads, w_bodies, w_events, w_from, w_to, e_fields, e_keys,
		e_firsts, o_kinds, o_ids, t_kinds, t_ids, t_names, t_dues, t_payloads,
		m_kinds, m_ids, m_messages, m_topics, m_at, m_payloads);
	ELSE
		SELECT count(*) INTO free FROM (
			SELECT 1 FROM itsm.records r WHERE (r.kind, r.id) IN (SELECT * FROM unnest(w_kinds || o_kinds, w_ids || o_ids)) FOR UPDATE SKIP LOCKED
		) x;
		IF free < (SELECT count(*) FROM itsm.records r WHERE (r.kind, r.id) IN (SELECT * FROM unnest(w_kinds || o_kinds, w_ids || o_ids))) THEN
			outcome := 'busy';
			RETURN;
		END IF;
		SELECT t.outcome, t.state, t.reason INTO outcome, state, reason FROM itsm.try_commit(p_tenant, p_batch, w_kinds, w_ids, w_versions, w_layouts, w_shapes, w_created,
		w_updated, w_heads, w_bodies, w_events, w_from, w_to, e_fields, e_keys,
		e_firsts, o_kinds, o_ids, t_kinds, t_ids, t_names, t_dues, t_payloads,
		m_kinds, m_ids, m_messages, m_topics, m_at, m_payloads) t;
	END IF;
END $$;
