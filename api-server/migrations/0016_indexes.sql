-- Up Migration

-- A page of projects, and how many there are, without the deleted ones, which wait for their end among them.
CREATE INDEX projects_seen ON projects (tenant_id, id) WHERE status <> 'deleted';
CREATE INDEX projects_active ON projects (tenant_id) WHERE status = 'active';

-- What was withdrawn or replaced stays for a while: it counts among those that were sent.
ALTER TABLE invitations ADD COLUMN ended_at timestamptz;

DROP INDEX invitations_open;
CREATE UNIQUE INDEX invitations_open ON invitations (tenant_id, lower(email)) WHERE accepted_at IS NULL AND ended_at IS NULL;

-- That a code was used stays when the tenant that it made is erased.
ALTER TABLE tenant_invitations ADD COLUMN used_at timestamptz;

UPDATE tenant_invitations SET used_at = now() WHERE used_for IS NOT NULL;

CREATE OR REPLACE FUNCTION lv_redeem_invitation(code bytea) RETURNS TABLE (email text, plan text)
  LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  BEGIN ATOMIC
    UPDATE public.tenant_invitations i SET used_for = public.lv_tenant(), used_at = now()
    WHERE i.code_hash = code AND i.expires_at > now() AND i.used_at IS NULL
    RETURNING i.email, i.plan;
  END;

-- How many children the transaction's tenant may have, its plan says.
DROP FUNCTION lv_admit_child(text);

CREATE FUNCTION lv_admit_child(wanted text, at_most integer) RETURNS text
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
  IF (SELECT count(*) FROM public.tenants c WHERE c.parent_id = public.lv_tenant() AND c.lifecycle <> 'deleted') >= at_most THEN
    RETURN 'many';
  END IF;
  RETURN 'ok';
END
$$;

REVOKE ALL ON FUNCTION lv_admit_child(text, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION lv_admit_child(text, integer) TO lv_app;
