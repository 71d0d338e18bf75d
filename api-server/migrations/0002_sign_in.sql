-- Up Migration

ALTER TABLE users
  ADD COLUMN password_hash text CHECK (length(password_hash) <= 200),
  ADD COLUMN email_verified_at timestamptz;

CREATE TABLE sessions (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  user_id uuid NOT NULL,
  method text NOT NULL CHECK (method IN ('password')),
  device text CHECK (length(device) <= 200),
  ip inet,
  created_at timestamptz NOT NULL DEFAULT now(),
  last_seen_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  revoked_at timestamptz,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);

CREATE INDEX sessions_user ON sessions (tenant_id, user_id);

-- A session's refresh tokens are a family: each is used once and names its successor by being claimed.
CREATE TABLE refresh_tokens (
  tenant_id uuid NOT NULL,
  hash bytea NOT NULL CHECK (length(hash) = 32),
  session_id uuid NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  claimed_at timestamptz,
  PRIMARY KEY (tenant_id, hash),
  FOREIGN KEY (tenant_id, session_id) REFERENCES sessions (tenant_id, id) ON DELETE CASCADE
);

CREATE UNIQUE INDEX refresh_tokens_hash ON refresh_tokens (hash);

-- Of the platform, not of a tenant. The private part is encrypted by a key that the database never has.
CREATE TABLE signing_keys (
  id text PRIMARY KEY CHECK (length(id) BETWEEN 8 AND 64),
  public_jwk jsonb NOT NULL,
  private_sealed bytea NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  signs_from timestamptz NOT NULL,
  retires_at timestamptz NOT NULL,
  gone_at timestamptz NOT NULL
);

ALTER TABLE sessions ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE refresh_tokens ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE signing_keys ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

CREATE POLICY lv_app ON sessions TO lv_app USING (tenant_id = lv_tenant()) WITH CHECK (tenant_id = lv_tenant());
CREATE POLICY lv_worker ON sessions TO lv_worker USING (tenant_id = lv_tenant()) WITH CHECK (tenant_id = lv_tenant());
CREATE POLICY lv_app ON refresh_tokens TO lv_app USING (tenant_id = lv_tenant()) WITH CHECK (tenant_id = lv_tenant());
CREATE POLICY lv_worker ON refresh_tokens TO lv_worker USING (tenant_id = lv_tenant()) WITH CHECK (tenant_id = lv_tenant());
CREATE POLICY lv_owner ON refresh_tokens FOR SELECT TO lv_owner USING (true);
CREATE POLICY lv_worker ON signing_keys TO lv_worker USING (true) WITH CHECK (true);

GRANT SELECT, INSERT, UPDATE, DELETE ON sessions, refresh_tokens TO lv_app, lv_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON signing_keys TO lv_worker;

-- A refresh token says nothing of its tenant.
CREATE FUNCTION lv_find_refresh_token(wanted bytea) RETURNS uuid
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  BEGIN ATOMIC
    SELECT t.tenant_id FROM public.refresh_tokens t WHERE t.hash = wanted;
  END;

REVOKE ALL ON FUNCTION lv_find_refresh_token(bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION lv_find_refresh_token(bytea) TO lv_lookup;
