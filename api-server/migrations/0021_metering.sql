-- Up Migration

-- How much of each meter is used up and spoken for. A row for each scope: a month (`month:2026-11`), a task (`task:ID`).
-- The rows are those of who pays: of a child its parent.
CREATE TABLE usage_totals (
  tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  scope text NOT NULL CHECK (length(scope) <= 64),
  meter text NOT NULL CHECK (length(meter) <= 64),
  used bigint NOT NULL DEFAULT 0,
  -- No CHECK: what is given back comes as a negative number, which PostgreSQL would judge before it adds it.
  reserved bigint NOT NULL DEFAULT 0,
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, scope, meter)
);

-- What is spoken for, until it is settled, given back, or forgotten.
CREATE TABLE usage_reservations (
  tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  id uuid NOT NULL,
  scope text NOT NULL CHECK (length(scope) <= 64),
  meter text NOT NULL CHECK (length(meter) <= 64),
  quantity bigint NOT NULL CHECK (quantity >= 0),
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, id, scope, meter)
);

CREATE INDEX usage_reservations_expire ON usage_reservations (expires_at);

-- What was used: facts, which nobody changes.
CREATE TABLE usage_events (
  tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  id uuid NOT NULL,
  meter text NOT NULL CHECK (length(meter) <= 64),
  quantity bigint NOT NULL CHECK (quantity >= 0),
  at timestamptz NOT NULL DEFAULT now(),
  source text NOT NULL CHECK (length(source) <= 64),
  -- Who used it, where that is a child of who pays.
  used_by uuid NOT NULL,
  task_id uuid,
  details jsonb NOT NULL DEFAULT '{}',
  PRIMARY KEY (tenant_id, id, meter)
);

CREATE INDEX usage_events_at ON usage_events (tenant_id, meter, at);

ALTER TABLE usage_totals ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE usage_reservations ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE usage_events ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

CREATE POLICY lv_app ON usage_totals TO lv_app USING (tenant_id = lv_tenant()) WITH CHECK (tenant_id = lv_tenant());
CREATE POLICY lv_app ON usage_reservations TO lv_app USING (tenant_id = lv_tenant()) WITH CHECK (tenant_id = lv_tenant());
CREATE POLICY lv_app ON usage_events TO lv_app USING (tenant_id = lv_tenant()) WITH CHECK (tenant_id = lv_tenant());
-- Forgotten reservations are given back for all tenants together.
CREATE POLICY lv_worker ON usage_totals TO lv_worker USING (true) WITH CHECK (true);
CREATE POLICY lv_worker ON usage_reservations TO lv_worker USING (true) WITH CHECK (true);

GRANT SELECT, INSERT, UPDATE ON usage_totals TO lv_app, lv_worker;
GRANT SELECT, INSERT, DELETE ON usage_reservations TO lv_app;
GRANT SELECT, DELETE ON usage_reservations TO lv_worker;
GRANT SELECT, INSERT ON usage_events TO lv_app;
