-- Up Migration

-- What one server answered for a tenant in one minute. No route is a row of its own: a tenant's minute is one write.
CREATE TABLE request_minutes (
  tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  minute timestamptz NOT NULL CHECK (minute = date_trunc('minute', minute)),
  -- A server from its start to its end.
  replica uuid NOT NULL,
  calls integer NOT NULL CHECK (calls > 0),
  client_errors integer NOT NULL,
  server_errors integer NOT NULL,
  -- How many took how long, bound by bound (analytics/histogram.ts).
  buckets integer[] NOT NULL,
  -- By route, as it is declared: [calls, client errors, server errors].
  routes jsonb NOT NULL,
  -- Who asked, each once.
  users uuid[] NOT NULL,
  PRIMARY KEY (tenant_id, minute, replica)
);

CREATE INDEX request_minutes_minute ON request_minutes (minute);

-- The same by day, for when the minutes are gone.
CREATE TABLE request_days (
  tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  day date NOT NULL,
  calls bigint NOT NULL,
  client_errors bigint NOT NULL,
  server_errors bigint NOT NULL,
  buckets bigint[] NOT NULL,
  users integer NOT NULL,
  PRIMARY KEY (tenant_id, day)
);

CREATE INDEX request_days_day ON request_days (day);

ALTER TABLE request_minutes ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE request_days ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

CREATE POLICY lv_app ON request_minutes TO lv_app USING (tenant_id = lv_tenant()) WITH CHECK (tenant_id = lv_tenant());
CREATE POLICY lv_worker ON request_minutes TO lv_worker USING (true) WITH CHECK (true);
CREATE POLICY lv_app ON request_days TO lv_app USING (tenant_id = lv_tenant()) WITH CHECK (tenant_id = lv_tenant());
CREATE POLICY lv_worker ON request_days TO lv_worker USING (true) WITH CHECK (true);

GRANT SELECT, DELETE ON request_minutes, request_days TO lv_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON request_minutes, request_days TO lv_worker;
