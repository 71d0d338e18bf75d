-- Up Migration

ALTER TABLE tenants
  ADD COLUMN admin_email text CHECK (length(admin_email) BETWEEN 3 AND 254),
  ADD COLUMN managed_by text NOT NULL DEFAULT 'api' CHECK (managed_by IN ('api', 'kubectl')),
  -- From its row alone, by way of an owner who opened the link, to an account that the cluster's Tenant tells of.
  ADD COLUMN onboarding text NOT NULL DEFAULT 'unconfirmed' CHECK (onboarding IN ('unconfirmed', 'confirmed', 'complete')),
  ADD COLUMN created_from inet;

CREATE INDEX tenants_created ON tenants (created_at);

-- Whoever has the link of a tenant that was made without an address says theirs.
ALTER TABLE invitations ALTER COLUMN email DROP NOT NULL;

-- What is to be done outside of the database, written in the transaction that decides it.
CREATE TABLE outbox (
  tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  id uuid NOT NULL,
  topic text NOT NULL CHECK (length(topic) BETWEEN 1 AND 64),
  payload jsonb NOT NULL,
  due_at timestamptz NOT NULL DEFAULT now(),
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id)
);

CREATE INDEX outbox_due ON outbox (due_at);

-- Names of deleted tenants, which nobody may take before their time: mail and links of the old one still go about.
CREATE TABLE held_names (
  subdomain text PRIMARY KEY,
  held_until timestamptz NOT NULL
);

ALTER TABLE outbox ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE held_names ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

CREATE POLICY lv_app ON outbox TO lv_app USING (tenant_id = lv_tenant()) WITH CHECK (tenant_id = lv_tenant());
CREATE POLICY lv_worker ON outbox TO lv_worker USING (true) WITH CHECK (true);
CREATE POLICY lv_worker ON held_names TO lv_worker USING (true) WITH CHECK (true);
CREATE POLICY lv_owner ON held_names FOR SELECT TO lv_owner USING (true);

GRANT SELECT, INSERT, UPDATE, DELETE ON outbox TO lv_app, lv_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON held_names TO lv_worker;

-- Whether one more tenant may be made from that network: three an hour of each, a hundred an hour in all. The lock lasts
-- until the transaction ends, so that of many at once each counts the one before.
CREATE FUNCTION lv_admit_tenant(network cidr, wanted text) RETURNS text
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '1s'
AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(7305811266);
  IF EXISTS (SELECT FROM public.held_names h WHERE h.subdomain = wanted AND h.held_until > now()) THEN
    RETURN 'held';
  END IF;
  IF (SELECT count(*) FROM public.tenants t WHERE t.created_at > now() - interval '1 hour' AND t.created_from <<= network) >= 3 THEN
    RETURN 'network';
  END IF;
  IF (SELECT count(*) FROM public.tenants t WHERE t.created_at > now() - interval '1 hour' AND t.created_from IS NOT NULL) >= 100 THEN
    RETURN 'total';
  END IF;
  RETURN 'ok';
END
$$;

REVOKE ALL ON FUNCTION lv_admit_tenant(cidr, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION lv_admit_tenant(cidr, text) TO lv_app;
