-- Up Migration

CREATE TABLE invitations (
  tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  id uuid NOT NULL,
  email text NOT NULL CHECK (length(email) BETWEEN 3 AND 254),
  role text NOT NULL CHECK (role IN ('owner', 'admin', 'member', 'viewer')),
  token_hash bytea NOT NULL CHECK (length(token_hash) = 32),
  -- With whom it goes: who leaves must not have left a way back in. Null is the platform, for a new tenant's owner.
  invited_by uuid,
  -- Nobody but the address was given the token, so that whoever brings it has read its mail.
  mailed_alone boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  accepted_at timestamptz,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, invited_by) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);

CREATE UNIQUE INDEX invitations_token ON invitations (token_hash);
-- Who is invited again gets a new link, and the old one is worth nothing.
CREATE UNIQUE INDEX invitations_open ON invitations (tenant_id, lower(email)) WHERE accepted_at IS NULL;

ALTER TABLE invitations ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

CREATE POLICY lv_app ON invitations TO lv_app USING (tenant_id = lv_tenant()) WITH CHECK (tenant_id = lv_tenant());
CREATE POLICY lv_worker ON invitations TO lv_worker USING (tenant_id = lv_tenant()) WITH CHECK (tenant_id = lv_tenant());
CREATE POLICY lv_owner ON invitations FOR SELECT TO lv_owner USING (true);

GRANT SELECT, INSERT, UPDATE, DELETE ON invitations TO lv_app, lv_worker;

-- Who opens the link has nothing but the link.
CREATE FUNCTION lv_find_invitation(wanted bytea) RETURNS uuid
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  BEGIN ATOMIC
    SELECT i.tenant_id FROM public.invitations i WHERE i.token_hash = wanted;
  END;

REVOKE ALL ON FUNCTION lv_find_invitation(bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION lv_find_invitation(bytea) TO lv_lookup;
