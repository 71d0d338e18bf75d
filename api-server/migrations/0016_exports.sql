-- Up Migration

-- Links by which an owner takes all data along, each for one use.
CREATE TABLE exports (
  tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  id uuid NOT NULL,
  token_hash bytea NOT NULL UNIQUE CHECK (length(token_hash) = 32),
  -- Who asked must still be an owner when the link is used. home_id: of a user of the parent.
  requested_by uuid NOT NULL,
  home_id uuid,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  started_at timestamptz,
  finished_at timestamptz,
  broken_at timestamptz,
  PRIMARY KEY (tenant_id, id)
);

ALTER TABLE exports ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

CREATE POLICY lv_app ON exports TO lv_app USING (tenant_id = lv_tenant()) WITH CHECK (tenant_id = lv_tenant());
CREATE POLICY lv_worker ON exports TO lv_worker USING (tenant_id = lv_tenant()) WITH CHECK (tenant_id = lv_tenant());
CREATE POLICY lv_owner ON exports FOR SELECT TO lv_owner USING (true);

GRANT SELECT, INSERT, UPDATE, DELETE ON exports TO lv_app, lv_worker;

-- Who has the link has nothing but the link.
CREATE FUNCTION lv_find_export(wanted bytea) RETURNS uuid
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  BEGIN ATOMIC
    SELECT e.tenant_id FROM public.exports e WHERE e.token_hash = wanted;
  END;

REVOKE ALL ON FUNCTION lv_find_export(bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION lv_find_export(bytea) TO lv_lookup;
