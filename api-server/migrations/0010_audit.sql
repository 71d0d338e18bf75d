-- Up Migration

-- What was done, by whom. Kept when its tenant is gone, so that no row of it refers to one. Nobody changes or deletes a row:
-- the server's roles may not, and whoever is above them is found out by audit_batches.
CREATE TABLE audit_events (
  tenant_id uuid NOT NULL,
  -- Of version 7, of the moment in `at`.
  id uuid NOT NULL,
  at timestamptz NOT NULL,
  actor_kind text NOT NULL CHECK (actor_kind IN ('user', 'platform', 'system', 'kubectl')),
  actor_id text CHECK (length(actor_id) BETWEEN 1 AND 512),
  action text NOT NULL CHECK (action ~ '^[a-z_]+[.][a-z_]+$' AND length(action) <= 64),
  target_kind text NOT NULL CHECK (target_kind ~ '^[a-z_]+$' AND length(target_kind) <= 32),
  target_id text NOT NULL CHECK (length(target_id) BETWEEN 1 AND 253),
  request_id uuid,
  details jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(details) = 'object' AND length(details::text) <= 4096),
  -- The actor's address and e-mail address, sealed by a key of personal_keys: without the key nobody reads it any more.
  personal bytea CHECK (octet_length(personal) <= 1024),
  personal_key uuid,
  PRIMARY KEY (tenant_id, id),
  CHECK ((personal IS NULL) = (personal_key IS NULL))
);

CREATE INDEX audit_events_actor ON audit_events (tenant_id, actor_id, id);
CREATE INDEX audit_events_target ON audit_events (tenant_id, target_id, id);

-- Which events no batch has yet. A row of its own and not a mark of time: a transaction that took long commits an event
-- that is older than those of the batch before.
CREATE TABLE audit_unsealed (
  tenant_id uuid NOT NULL,
  event_id uuid NOT NULL,
  PRIMARY KEY (tenant_id, event_id)
);

-- The chain: each batch holds its events' hashes, and the hash of the batch before.
CREATE TABLE audit_batches (
  tenant_id uuid NOT NULL,
  seq integer NOT NULL CHECK (seq > 0),
  sealed_at timestamptz NOT NULL,
  event_ids uuid[] NOT NULL CHECK (cardinality(event_ids) > 0),
  -- 32 bytes an event, in the same order.
  leaves bytea NOT NULL,
  root bytea NOT NULL CHECK (octet_length(root) = 32),
  previous bytea CHECK (octet_length(previous) = 32),
  hash bytea NOT NULL CHECK (octet_length(hash) = 32),
  PRIMARY KEY (tenant_id, seq),
  CHECK (octet_length(leaves) = 32 * cardinality(event_ids)),
  CHECK ((previous IS NULL) = (seq = 1))
);

-- By what personal data in what is kept for ever is sealed: goes with its user, or with the tenant where it is nobody's.
CREATE TABLE personal_keys (
  tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  user_id uuid,
  -- The user's, or the tenant's.
  id uuid NOT NULL GENERATED ALWAYS AS (coalesce(user_id, tenant_id)) STORED,
  -- Sealed itself, by what the database never has.
  key_sealed bytea NOT NULL,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);

CREATE INDEX personal_keys_user ON personal_keys (tenant_id, user_id);

ALTER TABLE audit_events ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE audit_unsealed ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE audit_batches ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE personal_keys ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

CREATE POLICY lv_app ON audit_events TO lv_app USING (tenant_id = lv_tenant()) WITH CHECK (tenant_id = lv_tenant());
CREATE POLICY lv_worker ON audit_events TO lv_worker USING (true) WITH CHECK (true);
CREATE POLICY lv_app ON audit_unsealed TO lv_app USING (tenant_id = lv_tenant()) WITH CHECK (tenant_id = lv_tenant());
CREATE POLICY lv_worker ON audit_unsealed TO lv_worker USING (true) WITH CHECK (true);
CREATE POLICY lv_app ON audit_batches TO lv_app USING (tenant_id = lv_tenant()) WITH CHECK (tenant_id = lv_tenant());
CREATE POLICY lv_worker ON audit_batches TO lv_worker USING (true) WITH CHECK (true);
CREATE POLICY lv_app ON personal_keys TO lv_app USING (tenant_id = lv_tenant()) WITH CHECK (tenant_id = lv_tenant());

GRANT SELECT, INSERT ON audit_events TO lv_app;
GRANT SELECT ON audit_events TO lv_worker;
GRANT INSERT ON audit_unsealed TO lv_app;
GRANT SELECT, DELETE ON audit_unsealed TO lv_worker;
GRANT SELECT ON audit_batches TO lv_app;
GRANT SELECT, INSERT ON audit_batches TO lv_worker;
GRANT SELECT, INSERT ON personal_keys TO lv_app;
