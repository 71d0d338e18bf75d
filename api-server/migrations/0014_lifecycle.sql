-- Up Migration

-- When a tenant's data goes follows from when its deletion was asked for, whoever did: an owner here, or somebody who deleted
-- the Tenant object. One that lives again has no such time, which else would be an old one at the next deletion.
CREATE FUNCTION lv_set_deletes_at() RETURNS trigger LANGUAGE plpgsql
AS $$
BEGIN
  IF NEW.lifecycle = 'active' THEN
    NEW.deletes_at := NULL;
  ELSIF OLD.lifecycle = 'active' THEN
    NEW.deletes_at := now() + interval '30 days';
  END IF;
  RETURN NEW;
END
$$;

CREATE TRIGGER lv_set_deletes_at BEFORE UPDATE OF lifecycle ON tenants
  FOR EACH ROW EXECUTE FUNCTION lv_set_deletes_at();

UPDATE tenants SET deletes_at = now() + interval '30 days' WHERE lifecycle = 'pending_deletion';

CREATE INDEX tenants_leaving ON tenants (deletes_at) WHERE lifecycle <> 'active';

-- That there was one of this id: nobody is ever given it again, whatever still speaks of it.
CREATE TABLE deleted_tenants (
  id uuid PRIMARY KEY,
  deleted_at timestamptz NOT NULL DEFAULT now()
);

ALTER TABLE deleted_tenants ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY lv_worker ON deleted_tenants TO lv_worker USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON deleted_tenants TO lv_worker;

-- What is to be done outside goes with its tenant, but for what is to be done because it is gone.
ALTER TABLE outbox
  DROP CONSTRAINT outbox_tenant_id_fkey,
  ADD COLUMN goes_with uuid GENERATED ALWAYS AS (CASE WHEN topic <> 'tenant.delete' THEN tenant_id END) STORED
    REFERENCES tenants (id) ON DELETE CASCADE;

CREATE INDEX outbox_goes_with ON outbox (goes_with);

-- The strictest reason first, as tenants/state.ts has it: whom the platform holds is held also while it is being deleted.
CREATE OR REPLACE FUNCTION lv_list_tenants(after_id uuid, at_most integer, wanted_state text, begins_with text)
  RETURNS TABLE (
    id uuid, organization_name text, subdomain text, plan text, lifecycle text, standing text, hold text,
    created_at timestamptz, updated_at timestamptz, deletes_at timestamptz
  )
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  BEGIN ATOMIC
    SELECT t.id, t.organization_name, t.subdomain, t.plan, t.lifecycle, t.standing, t.hold, t.created_at, t.updated_at, t.deletes_at
    FROM public.tenants t
    WHERE (after_id IS NULL OR t.id > after_id)
      AND (begins_with IS NULL OR starts_with(t.subdomain, begins_with))
      AND (wanted_state IS NULL OR wanted_state = CASE
        WHEN t.lifecycle = 'deleted' THEN 'deleted'
        WHEN t.hold IS NOT NULL THEN 'held'
        WHEN t.lifecycle <> 'active' THEN t.lifecycle
        WHEN t.standing = 'suspended' THEN 'unpaid'
        ELSE t.standing
      END)
    ORDER BY t.id
    LIMIT least(at_most, 101);
  END;
