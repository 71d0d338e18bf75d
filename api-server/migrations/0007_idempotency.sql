-- Up Migration

-- What a request that creates was answered, for whoever sends it again. It is written with what was created.
CREATE TABLE idempotency_keys (
  -- Whose request it was; of who has no tenant yet, an id that stands for their address and is no tenant's.
  tenant_id uuid NOT NULL,
  -- Of caller, route and key; which they were cannot be told from it.
  id bytea NOT NULL CHECK (octet_length(id) = 32),
  fingerprint bytea NOT NULL CHECK (octet_length(fingerprint) = 32),
  -- The answer may hold a secret that was shown once: encrypted by a key that the database never has.
  sealed bytea NOT NULL CHECK (octet_length(sealed) <= 2097152),
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, id)
);

CREATE INDEX idempotency_keys_expired ON idempotency_keys (expires_at);

ALTER TABLE idempotency_keys ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

CREATE POLICY lv_app ON idempotency_keys TO lv_app USING (tenant_id = lv_tenant()) WITH CHECK (tenant_id = lv_tenant());
CREATE POLICY lv_worker ON idempotency_keys TO lv_worker USING (true) WITH CHECK (true);

GRANT SELECT, INSERT, UPDATE, DELETE ON idempotency_keys TO lv_app, lv_worker;
