-- Up Migration

-- A tenant without a row has what stands here as default, and what the API says where nothing is kept.
CREATE TABLE tenant_settings (
  tenant_id uuid PRIMARY KEY REFERENCES tenants (id) ON DELETE CASCADE,
  branding jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(branding) = 'object'),
  locale text NOT NULL DEFAULT 'en' CHECK (length(locale) BETWEEN 2 AND 35),
  timezone text NOT NULL DEFAULT 'UTC' CHECK (length(timezone) BETWEEN 1 AND 64),
  feature_flags jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(feature_flags) = 'object'),
  retention_days integer NOT NULL DEFAULT 365 CHECK (retention_days BETWEEN 30 AND 3650),
  billing jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(billing) = 'object'),
  mfa_policy text NOT NULL DEFAULT 'off' CHECK (mfa_policy IN ('off', 'optional', 'required')),
  -- A PNG that we made ourselves of what was sent.
  logo bytea CHECK (octet_length(logo) <= 2097152),
  logo_sha256 bytea CHECK (octet_length(logo_sha256) = 32),
  updated_at timestamptz NOT NULL DEFAULT now(),
  CHECK ((logo IS NULL) = (logo_sha256 IS NULL))
);

ALTER TABLE tenant_settings ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

CREATE POLICY lv_app ON tenant_settings TO lv_app USING (tenant_id = lv_tenant()) WITH CHECK (tenant_id = lv_tenant());
CREATE POLICY lv_worker ON tenant_settings TO lv_worker USING (tenant_id = lv_tenant()) WITH CHECK (tenant_id = lv_tenant());

GRANT SELECT, INSERT, UPDATE, DELETE ON tenant_settings TO lv_app, lv_worker;
