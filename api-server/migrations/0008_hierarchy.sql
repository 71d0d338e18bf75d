-- Up Migration

-- Whose quota a tenant lives on. A parent that still has children is not deleted under them.
ALTER TABLE tenants ADD COLUMN parent_id uuid REFERENCES tenants (id) CHECK (parent_id <> id);

CREATE INDEX tenants_parent ON tenants (parent_id) WHERE parent_id IS NOT NULL;

-- Of parent and children together one transaction at a time counts and adds. By a lock of its own, because a row of another
-- tenant is nobody's to lock.
CREATE FUNCTION lv_hold_family(family uuid) RETURNS void
  LANGUAGE sql VOLATILE
  RETURN pg_advisory_xact_lock(hashtextextended(family::text, 7305811267));

-- Two levels, and so no cycles, whoever writes.
CREATE FUNCTION lv_check_parent() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM public.lv_hold_family(least(NEW.id, NEW.parent_id)), public.lv_hold_family(greatest(NEW.id, NEW.parent_id));
  IF NOT EXISTS (SELECT FROM public.tenants p WHERE p.id = NEW.parent_id AND p.parent_id IS NULL)
     OR EXISTS (SELECT FROM public.tenants c WHERE c.parent_id = NEW.id) THEN
    RAISE EXCEPTION 'a parent has no parent, and a child no children' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END
$$;

REVOKE ALL ON FUNCTION lv_check_parent() FROM PUBLIC;

CREATE TRIGGER lv_check_parent BEFORE INSERT OR UPDATE OF parent_id ON tenants
  FOR EACH ROW WHEN (NEW.parent_id IS NOT NULL) EXECUTE FUNCTION lv_check_parent();

-- What a user of the parent may do in a child; rows of the parent.
CREATE TABLE child_grants (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  user_id uuid NOT NULL,
  child_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  role text NOT NULL CHECK (role IN ('admin', 'member', 'viewer')),
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, user_id, child_id),
  FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);

ALTER TABLE child_grants ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

CREATE POLICY lv_app ON child_grants TO lv_app USING (tenant_id = lv_tenant()) WITH CHECK (tenant_id = lv_tenant());
CREATE POLICY lv_worker ON child_grants TO lv_worker USING (tenant_id = lv_tenant()) WITH CHECK (tenant_id = lv_tenant());
CREATE POLICY lv_owner ON child_grants FOR SELECT TO lv_owner USING (true);
CREATE POLICY lv_owner ON users FOR SELECT TO lv_owner USING (true);
CREATE POLICY lv_owner ON projects FOR SELECT TO lv_owner USING (true);

GRANT SELECT, INSERT, UPDATE, DELETE ON child_grants TO lv_app, lv_worker;

-- A session that works in a child is its user's in the parent, and ends with the session by which the child was entered.
ALTER TABLE sessions
  ADD COLUMN entered_tenant_id uuid REFERENCES tenants (id) ON DELETE CASCADE,
  ADD COLUMN entered_from uuid,
  ADD FOREIGN KEY (tenant_id, entered_from) REFERENCES sessions (tenant_id, id) ON DELETE CASCADE,
  ADD CHECK ((entered_tenant_id IS NULL) = (entered_from IS NULL));

-- By a user of the parent who had entered.
ALTER TABLE invitations ADD COLUMN invited_via uuid;

-- What holds for the transaction's tenant: the parent's plan, for it pays, and the stricter of both states. A child with a
-- subscription of its own would pay for itself: then only the hold is the parent's.
CREATE FUNCTION lv_tenant_facts()
  RETURNS TABLE (plan text, lifecycle text, standing text, hold text)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  BEGIN ATOMIC
    SELECT coalesce(p.plan, t.plan), t.lifecycle,
      CASE WHEN 'suspended' IN (t.standing, p.standing) THEN 'suspended'
           WHEN 'restricted' IN (t.standing, p.standing) THEN 'restricted' ELSE 'active' END,
      coalesce(t.hold, p.hold)
    FROM public.tenants t LEFT JOIN public.tenants p ON p.id = t.parent_id
    WHERE t.id = public.lv_tenant();
  END;

REVOKE ALL ON FUNCTION lv_tenant_facts() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION lv_tenant_facts() TO lv_app;

CREATE OR REPLACE FUNCTION lv_find_tenant(id_or_subdomain text)
  RETURNS TABLE (id uuid, subdomain text, plan text, lifecycle text, standing text, hold text)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  BEGIN ATOMIC
    SELECT t.id, t.subdomain, coalesce(p.plan, t.plan), t.lifecycle,
      CASE WHEN 'suspended' IN (t.standing, p.standing) THEN 'suspended'
           WHEN 'restricted' IN (t.standing, p.standing) THEN 'restricted' ELSE 'active' END,
      coalesce(t.hold, p.hold)
    FROM public.tenants t LEFT JOIN public.tenants p ON p.id = t.parent_id
    WHERE t.subdomain = lower(id_or_subdomain)
       OR t.id = CASE WHEN id_or_subdomain ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN id_or_subdomain::uuid END;
  END;

-- How much of the plan is used: by the transaction's tenant, and by its parent, itself and all children together.
CREATE FUNCTION lv_family_usage()
  RETURNS TABLE (plan text, projects bigint, users bigint, own_projects bigint, own_users bigint)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  BEGIN ATOMIC
    WITH head AS (
      SELECT coalesce(t.parent_id, t.id) AS id FROM public.tenants t WHERE t.id = public.lv_tenant()
    ), family AS (
      SELECT m.id FROM public.tenants m
      WHERE (m.id = (SELECT id FROM head) OR m.parent_id = (SELECT id FROM head)) AND m.lifecycle <> 'deleted'
    ), p AS (
      SELECT count(*) AS n, count(*) FILTER (WHERE r.tenant_id = public.lv_tenant()) AS own
      FROM public.projects r WHERE r.tenant_id IN (SELECT id FROM family) AND r.status = 'active'
    ), u AS (
      SELECT count(*) AS n, count(*) FILTER (WHERE r.tenant_id = public.lv_tenant()) AS own
      FROM public.users r WHERE r.tenant_id IN (SELECT id FROM family) AND r.is_active
    )
    SELECT f.plan, p.n, u.n, p.own, u.own FROM public.lv_tenant_facts() f, p, u;
  END;

REVOKE ALL ON FUNCTION lv_family_usage() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION lv_family_usage() TO lv_app;

-- The same for who is about to add to it: until the transaction ends nobody else of the family adds anything.
CREATE FUNCTION lv_hold_family_usage()
  RETURNS TABLE (plan text, projects bigint, users bigint)
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '3s'
AS $$
BEGIN
  PERFORM public.lv_hold_family(coalesce(t.parent_id, t.id)) FROM public.tenants t WHERE t.id = public.lv_tenant();
  RETURN QUERY SELECT f.plan, f.projects, f.users FROM public.lv_family_usage() f;
END
$$;

REVOKE ALL ON FUNCTION lv_hold_family_usage() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION lv_hold_family_usage() TO lv_app;

-- Whom the transaction's tenant belongs with: a child sees who its parent is, a parent what its children are and use.
CREATE FUNCTION lv_family()
  RETURNS TABLE (id uuid, relation text, subdomain text, organization_name text, lifecycle text, created_at timestamptz, projects bigint, users bigint)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  BEGIN ATOMIC
    SELECT p.id, 'parent', p.subdomain, p.organization_name, p.lifecycle, p.created_at, NULL::bigint, NULL::bigint
    FROM public.tenants t JOIN public.tenants p ON p.id = t.parent_id WHERE t.id = public.lv_tenant()
    UNION ALL
    SELECT c.id, 'child', c.subdomain, c.organization_name, c.lifecycle, c.created_at,
      (SELECT count(*) FROM public.projects r WHERE r.tenant_id = c.id AND r.status = 'active'),
      (SELECT count(*) FROM public.users r WHERE r.tenant_id = c.id AND r.is_active)
    FROM public.tenants c WHERE c.parent_id = public.lv_tenant() AND c.lifecycle <> 'deleted';
  END;

REVOKE ALL ON FUNCTION lv_family() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION lv_family() TO lv_app;

-- Whether the transaction's tenant may have one more child, of that name. Nobody adds to the family until it ends.
CREATE FUNCTION lv_admit_child(wanted text) RETURNS text
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '3s'
AS $$
BEGIN
  PERFORM public.lv_hold_family(public.lv_tenant());
  IF EXISTS (SELECT FROM public.tenants t WHERE t.id = public.lv_tenant() AND t.parent_id IS NOT NULL) THEN
    RETURN 'child';
  END IF;
  IF NOT EXISTS (SELECT FROM public.tenants t WHERE t.id = public.lv_tenant() AND t.lifecycle = 'active' AND t.hold IS NULL) THEN
    RETURN 'inactive';
  END IF;
  IF EXISTS (SELECT FROM public.held_names h WHERE h.subdomain = wanted AND h.held_until > now()) THEN
    RETURN 'held';
  END IF;
  IF (SELECT count(*) FROM public.tenants c WHERE c.parent_id = public.lv_tenant() AND c.lifecycle <> 'deleted') >= 100 THEN
    RETURN 'many';
  END IF;
  RETURN 'ok';
END
$$;

REVOKE ALL ON FUNCTION lv_admit_child(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION lv_admit_child(text) TO lv_app;

-- What a user of the transaction's tenant may do in a child of it at this moment, and what state that child is in; no row
-- where they may do nothing. Owners and admins of the parent are that in every child; all others what they were granted.
CREATE FUNCTION lv_entered(child uuid, person uuid)
  RETURNS TABLE (role text, email text, subdomain text, organization_name text, plan text, lifecycle text, standing text, hold text)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  BEGIN ATOMIC
    SELECT r.role, u.email, c.subdomain, c.organization_name, p.plan, c.lifecycle,
      CASE WHEN 'suspended' IN (c.standing, p.standing) THEN 'suspended'
           WHEN 'restricted' IN (c.standing, p.standing) THEN 'restricted' ELSE 'active' END,
      coalesce(c.hold, p.hold)
    FROM public.tenants p
    JOIN public.tenants c ON c.parent_id = p.id
    JOIN public.users u ON u.tenant_id = p.id
    LEFT JOIN public.child_grants g ON g.tenant_id = p.id AND g.user_id = u.id AND g.child_id = c.id
    CROSS JOIN LATERAL (SELECT CASE WHEN u.role IN ('owner', 'admin') THEN u.role ELSE g.role END) AS r (role)
    WHERE p.id = public.lv_tenant() AND c.id = child AND u.id = person
      AND u.is_active AND p.lifecycle = 'active' AND r.role IS NOT NULL;
  END;

REVOKE ALL ON FUNCTION lv_entered(uuid, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION lv_entered(uuid, uuid) TO lv_app;
