-- Up Migration

-- Why, by whom and since when a tenant is held: for the platform's people, who are not always the same ones.
ALTER TABLE tenants
  ADD COLUMN hold_note text CHECK (length(hold_note) BETWEEN 1 AND 1000),
  ADD COLUMN held_by text CHECK (length(held_by) <= 300),
  ADD COLUMN held_at timestamptz,
  ADD COLUMN deletes_at timestamptz;

-- Credentials of the platform's people where no cluster says who they are: one to begin with, and what it was changed for.
CREATE TABLE platform_tokens (
  hash bytea PRIMARY KEY CHECK (length(hash) = 32),
  kind text NOT NULL CHECK (kind IN ('bootstrap', 'session')),
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  used_at timestamptz
);

-- Who may create a tenant where not everybody may, and with which plan.
CREATE TABLE tenant_invitations (
  id uuid PRIMARY KEY,
  email text NOT NULL CHECK (length(email) BETWEEN 3 AND 254),
  plan text NOT NULL CHECK (plan IN ('starter', 'professional', 'enterprise')),
  code_hash bytea NOT NULL UNIQUE CHECK (length(code_hash) = 32),
  invited_by text NOT NULL CHECK (length(invited_by) <= 300),
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  -- Written before the tenant is. One that nobody came for vanishes, and its invitation holds again.
  used_for uuid REFERENCES tenants (id) ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED
);

CREATE INDEX tenant_invitations_used ON tenant_invitations (used_for);

ALTER TABLE platform_tokens ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE tenant_invitations ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

-- By the functions below, which run as the owner; the worker makes what there is to begin with, and takes away what is over.
CREATE POLICY lv_owner ON platform_tokens TO lv_owner USING (true) WITH CHECK (true);
CREATE POLICY lv_worker ON platform_tokens TO lv_worker USING (true) WITH CHECK (true);
CREATE POLICY lv_owner ON tenant_invitations TO lv_owner USING (true) WITH CHECK (true);
CREATE POLICY lv_worker ON tenant_invitations TO lv_worker USING (true) WITH CHECK (true);

GRANT SELECT, INSERT, UPDATE, DELETE ON platform_tokens, tenant_invitations TO lv_worker;

-- A page of all tenants, for the platform's people alone; what is changed is changed for one tenant, as its own requests do.
CREATE FUNCTION lv_list_tenants(after_id uuid, at_most integer, wanted_state text, begins_with text)
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
        WHEN t.lifecycle <> 'active' THEN t.lifecycle
        WHEN t.hold IS NOT NULL THEN 'held'
        WHEN t.standing = 'suspended' THEN 'unpaid'
        ELSE t.standing
      END)
    ORDER BY t.id
    LIMIT least(at_most, 101);
  END;

-- Of many who bring the same token at once one is given a session.
CREATE FUNCTION lv_open_platform_session(bootstrap bytea, session bytea) RETURNS timestamptz
  LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  BEGIN ATOMIC
    WITH used AS (
      UPDATE public.platform_tokens t SET used_at = now()
      WHERE t.hash = bootstrap AND t.kind = 'bootstrap' AND t.used_at IS NULL AND t.expires_at > now()
      RETURNING t.hash
    )
    INSERT INTO public.platform_tokens (hash, kind, expires_at)
    SELECT session, 'session', now() + interval '1 hour' FROM used
    RETURNING expires_at;
  END;

CREATE FUNCTION lv_find_platform_session(wanted bytea) RETURNS boolean
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  BEGIN ATOMIC
    SELECT EXISTS (
      SELECT FROM public.platform_tokens t WHERE t.hash = wanted AND t.kind = 'session' AND t.expires_at > now()
    );
  END;

CREATE FUNCTION lv_invite_tenant(invitation uuid, address text, with_plan text, code bytea, inviter text) RETURNS timestamptz
  LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  BEGIN ATOMIC
    INSERT INTO public.tenant_invitations (id, email, plan, code_hash, invited_by, expires_at)
    VALUES (invitation, address, with_plan, code, inviter, now() + interval '7 days')
    RETURNING expires_at;
  END;

-- In the transaction that makes the tenant: of many at once one does, and one that is rolled back has used nothing.
CREATE FUNCTION lv_redeem_invitation(code bytea) RETURNS TABLE (email text, plan text)
  LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  BEGIN ATOMIC
    UPDATE public.tenant_invitations i SET used_for = public.lv_tenant()
    WHERE i.code_hash = code AND i.expires_at > now() AND i.used_for IS NULL
    RETURNING i.email, i.plan;
  END;

REVOKE ALL ON FUNCTION lv_list_tenants(uuid, integer, text, text), lv_open_platform_session(bytea, bytea),
  lv_find_platform_session(bytea), lv_invite_tenant(uuid, text, text, bytea, text), lv_redeem_invitation(bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION lv_list_tenants(uuid, integer, text, text), lv_open_platform_session(bytea, bytea),
  lv_find_platform_session(bytea), lv_invite_tenant(uuid, text, text, bytea, text) TO lv_lookup;
GRANT EXECUTE ON FUNCTION lv_redeem_invitation(bytea) TO lv_app;
