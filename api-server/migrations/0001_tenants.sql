-- Up Migration

-- For which tenant a transaction works stands in lv.tenant_id, set for that transaction alone. Where it is not set, or
-- was set in an earlier one, this is an error: no tenant must never mean every tenant, nor quietly none.
CREATE FUNCTION lv_tenant() RETURNS uuid
  LANGUAGE sql STABLE PARALLEL SAFE
  RETURN current_setting('lv.tenant_id')::uuid;

CREATE TABLE tenants (
  id uuid PRIMARY KEY,
  organization_name text NOT NULL CHECK (length(organization_name) BETWEEN 1 AND 200),
  -- One that reads like an id could be another tenant's.
  subdomain text NOT NULL UNIQUE CHECK (
    subdomain ~ '^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$' AND subdomain !~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
  ),
  plan text NOT NULL DEFAULT 'starter' CHECK (plan IN ('starter', 'professional', 'enterprise')),
  lifecycle text NOT NULL DEFAULT 'active' CHECK (lifecycle IN ('active', 'pending_deletion', 'deleted')),
  standing text NOT NULL DEFAULT 'active' CHECK (standing IN ('active', 'restricted', 'suspended')),
  hold text CHECK (hold ~ '^[A-Z][A-Za-z0-9]{0,63}$'),
  is_active boolean NOT NULL GENERATED ALWAYS AS (lifecycle = 'active') STORED,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE users (
  tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  id uuid NOT NULL,
  email text NOT NULL CHECK (length(email) BETWEEN 3 AND 254),
  name text CHECK (length(name) BETWEEN 1 AND 200),
  role text NOT NULL CHECK (role IN ('owner', 'admin', 'member', 'viewer')),
  is_active boolean NOT NULL DEFAULT true,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id)
);

CREATE UNIQUE INDEX users_email ON users (tenant_id, lower(email));

CREATE TABLE projects (
  tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  id uuid NOT NULL,
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  description text CHECK (length(description) <= 2000),
  status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'archived', 'deleted')),
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id)
);

-- The name of a deleted one is free again.
CREATE UNIQUE INDEX projects_name ON projects (tenant_id, name) WHERE status <> 'deleted';

ALTER TABLE tenants ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE users ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE projects ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

CREATE POLICY lv_app ON tenants TO lv_app USING (id = lv_tenant()) WITH CHECK (id = lv_tenant());
CREATE POLICY lv_app ON users TO lv_app USING (tenant_id = lv_tenant()) WITH CHECK (tenant_id = lv_tenant());
CREATE POLICY lv_app ON projects TO lv_app USING (tenant_id = lv_tenant()) WITH CHECK (tenant_id = lv_tenant());

-- What runs in the background goes from tenant to tenant, and must find them first.
CREATE POLICY lv_worker ON tenants TO lv_worker USING (true) WITH CHECK (true);
CREATE POLICY lv_worker ON users TO lv_worker USING (tenant_id = lv_tenant()) WITH CHECK (tenant_id = lv_tenant());
CREATE POLICY lv_worker ON projects TO lv_worker USING (tenant_id = lv_tenant()) WITH CHECK (tenant_id = lv_tenant());

-- Only for the functions below, which run as the owner: FORCE binds it too.
CREATE POLICY lv_owner ON tenants FOR SELECT TO lv_owner USING (true);

GRANT SELECT, INSERT, UPDATE, DELETE ON tenants, users, projects TO lv_app, lv_worker;

-- Before it is known who asks, a subdomain or an id is turned into a tenant: nothing else of it can be read so.
CREATE FUNCTION lv_find_tenant(id_or_subdomain text)
  RETURNS TABLE (id uuid, subdomain text, plan text, lifecycle text, standing text, hold text)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  BEGIN ATOMIC
    SELECT t.id, t.subdomain, t.plan, t.lifecycle, t.standing, t.hold
    FROM public.tenants t
    WHERE t.subdomain = lower(id_or_subdomain)
       OR t.id = CASE WHEN id_or_subdomain ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN id_or_subdomain::uuid END;
  END;

REVOKE ALL ON FUNCTION lv_find_tenant(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION lv_find_tenant(text) TO lv_lookup;
