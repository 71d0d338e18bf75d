-- Up Migration

-- Where a tenant wants to hear of what is done.
CREATE TABLE webhooks (
  tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  id uuid NOT NULL,
  url text NOT NULL CHECK (length(url) <= 2000),
  description text CHECK (length(description) <= 200),
  events text[] NOT NULL CHECK (cardinality(events) BETWEEN 1 AND 50),
  enabled boolean NOT NULL DEFAULT true,
  secret_sealed bytea NOT NULL,
  -- For a day after it was changed what is sent is signed by both.
  previous_sealed bytea,
  previous_until timestamptz,
  -- Since when nothing was taken any more.
  failing_since timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id),
  CHECK ((previous_sealed IS NULL) = (previous_until IS NULL))
);

-- What is sent to one of them, and what came of it.
CREATE TABLE webhook_deliveries (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  webhook_id uuid NOT NULL,
  event_id uuid NOT NULL,
  event text NOT NULL CHECK (length(event) <= 64),
  body text NOT NULL CHECK (length(body) <= 16384),
  status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'delivered', 'failed')),
  tries integer NOT NULL DEFAULT 0,
  response_status integer,
  response_snippet text CHECK (length(response_snippet) <= 1024),
  error text CHECK (length(error) <= 200),
  milliseconds integer,
  tried_at timestamptz,
  next_try_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, webhook_id) REFERENCES webhooks (tenant_id, id) ON DELETE CASCADE
);

CREATE INDEX webhook_deliveries_webhook ON webhook_deliveries (tenant_id, webhook_id, id);
CREATE INDEX webhook_deliveries_created ON webhook_deliveries (created_at);

ALTER TABLE webhooks ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE webhook_deliveries ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

CREATE POLICY lv_app ON webhooks TO lv_app USING (tenant_id = lv_tenant()) WITH CHECK (tenant_id = lv_tenant());
CREATE POLICY lv_app ON webhook_deliveries TO lv_app USING (tenant_id = lv_tenant()) WITH CHECK (tenant_id = lv_tenant());
-- Old ones are removed for all tenants together.
CREATE POLICY lv_worker ON webhook_deliveries TO lv_worker USING (true) WITH CHECK (true);

GRANT SELECT, INSERT, UPDATE, DELETE ON webhooks, webhook_deliveries TO lv_app;
GRANT SELECT, DELETE ON webhook_deliveries TO lv_worker;
