GRANT USAGE ON SCHEMA SCHEMA_NAME TO ROLE_NAME;
GRANT SELECT ON itsm.state, itsm.archive TO ROLE_NAME;
GRANT SELECT, INSERT ON itsm.tenants, itsm.kinds, itsm.fields, itsm.shapes, itsm.events TO ROLE_NAME;
GRANT SELECT, INSERT, DELETE ON itsm.batches TO ROLE_NAME;
GRANT SELECT, INSERT, UPDATE, DELETE ON itsm.records, itsm.entries, itsm.timers, itsm.messages TO ROLE_NAME;
GRANT USAGE ON SEQUENCE itsm.leases TO ROLE_NAME;

-- use_tenant says for which tenant the rest of the transaction is. The policies look at
-- the number, as a look-up in each statement would cost more than the statement.
CREATE OR REPLACE FUNCTION itsm.use_tenant(p_name text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	number int;
BEGIN
	PERFORM set_config('itsm.tenant_name', p_name, true);
	SELECT t.tenant INTO number FROM itsm.tenants t WHERE t.name = p_name AND p_name <> '';
	PERFORM set_config('itsm.tenant', coalesce(number::text, ''), true);
END $$;

-- rebase looks at all tenants.
ALTER FUNCTION itsm.rebase SECURITY DEFINER;
ALTER FUNCTION itsm.rebase SET search_path = pg_catalog, pg_temp;

-- Events are changed and deleted by these alone, and only those of the transaction's
-- tenant.
CREATE OR REPLACE FUNCTION itsm.check_tenant(p_tenant int) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	IF p_tenant IS DISTINCT FROM nullif(current_setting('itsm.tenant', true), '')::int
		AND NOT pg_has_role(session_user, current_user, 'USAGE') THEN
		RAISE EXCEPTION 'the transaction is for another tenant' USING ERRCODE = '42501';
	END IF;
END $$;
ALTER FUNCTION itsm.redact SECURITY DEFINER;
ALTER FUNCTION itsm.redact SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION itsm.erase SECURITY DEFINER;
ALTER FUNCTION itsm.erase SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION itsm.erase_tenant SECURITY DEFINER;
ALTER FUNCTION itsm.erase_tenant SET search_path = pg_catalog, pg_temp;
-- Nobody but the role may call them.
REVOKE EXECUTE ON FUNCTION itsm.redact, itsm.erase, itsm.erase_tenant FROM PUBLIC;
GRANT EXECUTE ON FUNCTION itsm.redact, itsm.erase, itsm.erase_tenant TO ROLE_NAME;

ALTER TABLE itsm.tenants ENABLE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS mine ON itsm.tenants;
CREATE POLICY mine ON itsm.tenants USING (name = nullif(current_setting('itsm.tenant_name', true), ''));
ALTER TABLE itsm.kinds ENABLE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS mine ON itsm.kinds;
CREATE POLICY mine ON itsm.kinds USING (tenant = (SELECT nullif(current_setting('itsm.tenant', true), '')::int));
ALTER TABLE itsm.fields ENABLE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS mine ON itsm.fields;
CREATE POLICY mine ON itsm.fields USING (kind IN (SELECT k.kind FROM itsm.kinds k));
ALTER TABLE itsm.shapes ENABLE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS mine ON itsm.shapes;
CREATE POLICY mine ON itsm.shapes USING (kind IN (SELECT k.kind FROM itsm.kinds k));
ALTER TABLE itsm.records ENABLE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS mine ON itsm.records;
CREATE POLICY mine ON itsm.records USING (tenant = (SELECT nullif(current_setting('itsm.tenant', true), '')::int));
ALTER TABLE itsm.entries ENABLE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS mine ON itsm.entries;
CREATE POLICY mine ON itsm.entries USING (tenant = (SELECT nullif(current_setting('itsm.tenant', true), '')::int));
ALTER TABLE itsm.events ENABLE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS mine ON itsm.events;
CREATE POLICY mine ON itsm.events USING (tenant = (SELECT nullif(current_setting('itsm.tenant', true), '')::int));
ALTER TABLE itsm.archive ENABLE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS mine ON itsm.archive;
CREATE POLICY mine ON itsm.archive USING (tenant = (SELECT nullif(current_setting('itsm.tenant', true), '')::int));
ALTER TABLE itsm.batches ENABLE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS mine ON itsm.batches;
CREATE POLICY mine ON itsm.batches USING (tenant = (SELECT nullif(current_setting('itsm.tenant', true), '')::int));
ALTER TABLE itsm.timers ENABLE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS mine ON itsm.timers;
CREATE POLICY mine ON itsm.timers USING (tenant = (SELECT nullif(current_setting('itsm.tenant', true), '')::int));
ALTER TABLE itsm.messages ENABLE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS mine ON itsm.messages;
CREATE POLICY mine ON itsm.messages USING (tenant = (SELECT nullif(current_setting('itsm.tenant', true), '')::int));
