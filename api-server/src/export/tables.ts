/**
 * What an organization's people may take along: a file for each table, with these columns, its rows in the order of `key`.
 * `read` says how a column is read that JSON cannot hold as it is, or that is not theirs as a whole. Every other column is in LEFT_OUT, with its reason: a
 * test compares both with the database.
 */
export type ExportedTable = {
  file: string;
  columns: readonly string[];
  read?: Readonly<Record<string, string>>;
  key: readonly string[];
};

export const EXPORTED: Readonly<Record<string, ExportedTable>> = {
  tenants: {
    file: "tenant",
    columns: [
      "id",
      "organization_name",
      "subdomain",
      "plan",
      "lifecycle",
      "standing",
      "hold",
      "is_active",
      "admin_email",
      "managed_by",
      "onboarding",
      "created_from",
      "parent_id",
      "created_at",
      "updated_at",
      "deletes_at",
    ],
    key: ["id"],
  },
  tenant_settings: {
    file: "settings",
    columns: [
      "branding",
      "locale",
      "timezone",
      "feature_flags",
      "retention_days",
      "billing",
      "mfa_policy",
      "logo",
      "updated_at",
    ],
    // A PNG, in one line.
    read: { logo: "translate(encode(logo, 'base64'), E'\\n', '')" },
    key: ["tenant_id"],
  },
  users: {
    file: "users",
    columns: ["id", "email", "name", "role", "is_active", "email_verified_at", "created_at", "updated_at"],
    key: ["id"],
  },
  projects: {
    file: "projects",
    columns: ["id", "name", "description", "status", "created_at", "updated_at"],
    key: ["id"],
  },
  invitations: {
    file: "invitations",
    columns: [
      "id",
      "email",
      "role",
      "invited_by",
      "invited_via",
      "mailed_alone",
      "created_at",
      "expires_at",
      "accepted_at",
      "ended_at",
    ],
    key: ["id"],
  },
  child_grants: {
    file: "child-grants",
    columns: ["id", "user_id", "child_id", "role", "created_at"],
    key: ["id"],
  },
  sessions: {
    file: "sessions",
    columns: [
      "id",
      "user_id",
      "method",
      "device",
      "ip",
      "entered_tenant_id",
      "entered_from",
      "created_at",
      "last_seen_at",
      "expires_at",
      "revoked_at",
    ],
    key: ["id"],
  },
  audit_events: {
    file: "audit-events",
    columns: ["id", "at", "actor_kind", "actor_id", "action", "target_kind", "target_id", "request_id", "details"],
    // The platform's people are known by name to the platform.
    read: { actor_id: "CASE WHEN actor_kind <> 'platform' THEN actor_id END" },
    key: ["id"],
  },
  audit_batches: {
    file: "audit-batches",
    columns: ["seq", "sealed_at", "event_ids", "leaves", "root", "previous", "hash"],
    key: ["seq"],
  },
  webhooks: {
    file: "webhooks",
    columns: ["id", "url", "description", "events", "enabled", "previous_until", "failing_since", "created_at"],
    key: ["id"],
  },
  request_days: {
    file: "request_days",
    columns: ["day", "calls", "client_errors", "server_errors", "buckets", "users"],
    key: ["day"],
  },
  webhook_deliveries: {
    file: "webhook-deliveries",
    columns: [
      "id",
      "webhook_id",
      "event_id",
      "event",
      "body",
      "status",
      "tries",
      "response_status",
      "response_snippet",
      "error",
      "milliseconds",
      "tried_at",
      "next_try_at",
      "created_at",
    ],
    key: ["id"],
  },
  exports: {
    file: "exports",
    columns: ["id", "requested_by", "home_id", "created_at", "expires_at", "started_at", "finished_at", "broken_at"],
    key: ["id"],
  },
};

const OF_THE_FOLDER = "the folder is one tenant's";
const SECRET = "a secret, or what one can be guessed by";

/** `table`, or `table.column`, and why nobody takes it along. */
export const LEFT_OUT: Readonly<Record<string, string>> = {
  "tenants.hold_note": "the platform's own words, for its own people",
  "tenants.held_by": "one of the platform's people",
  "tenants.held_at": "the platform's own",
  "tenants.object_uid": "of the cluster, and nothing anywhere else",
  "tenant_settings.tenant_id": OF_THE_FOLDER,
  "tenant_settings.logo_sha256": "follows from the logo",
  "users.tenant_id": OF_THE_FOLDER,
  "users.password_hash": SECRET,
  "projects.tenant_id": OF_THE_FOLDER,
  "invitations.tenant_id": OF_THE_FOLDER,
  "invitations.token_hash": SECRET,
  "child_grants.tenant_id": OF_THE_FOLDER,
  "sessions.tenant_id": OF_THE_FOLDER,
  "exports.tenant_id": OF_THE_FOLDER,
  "exports.token_hash": SECRET,
  "webhooks.tenant_id": OF_THE_FOLDER,
  "webhooks.secret_sealed": SECRET,
  "webhooks.previous_sealed": SECRET,
  "request_days.tenant_id": OF_THE_FOLDER,
  request_minutes: "of which the days are made",
  "webhook_deliveries.tenant_id": OF_THE_FOLDER,
  "audit_events.tenant_id": OF_THE_FOLDER,
  "audit_events.personal": "sealed; the audit trail's own export opens it",
  "audit_events.personal_key": "by which that is sealed",
  "audit_batches.tenant_id": OF_THE_FOLDER,
  audit_unsealed: "which events no batch has yet",
  personal_keys: SECRET,
  refresh_tokens: SECRET,
  idempotency_keys: "answers that were given already, sealed, for a day",
  outbox: "what is about to be done, with links that are secrets",
};

/** A line of JSON for each row, in an order in which the primary key has them: nothing needs to be sorted. */
export function linesQuery(table: string, { columns, read = {}, key }: ExportedTable): string {
  const fields = columns.map((column) => (read[column] === undefined ? column : `${read[column]} AS ${column}`));
  const own = table === "tenants" ? "id" : "tenant_id";
  return `SELECT row_to_json(r)::text FROM (SELECT ${fields.join(", ")} FROM ${table} WHERE ${own} = $1 ORDER BY ${own}, ${key.join(", ")}) r`;
}
