/** Who may do what in the database. `fences.ts` compares these tables with what PostgreSQL says of itself. */

/** Each is a login of its own; none may bypass row-level security, and none of the server's is a member of another. */
export const ROLES = {
  lv_owner: "Owns every table. For migrations; the server never has it.",
  lv_app: "Requests. Sees the rows of the one tenant that its transaction names.",
  lv_worker: "Background work. Sees one tenant at a time, but for the tables that it must search for work.",
  lv_lookup: "Turns a subdomain or an id into a tenant, before it is known who asks; lists tenants. May read no table.",
} as const;

export type Role = keyof typeof ROLES;

export type Command = "DELETE" | "INSERT" | "SELECT" | "UPDATE";

/** Which rows: those of the transaction's tenant, or every one. What may be done to them: everything, where it is not said. */
type Reach = "own" | "every" | { rows: "own" | "every"; may: readonly Command[] };

type Table = {
  /** Says whose a row is; not there where the table is the platform's. */
  column?: string;
  /**
   * Which rows each role may read and write: those of its transaction's tenant, or every one. The owner only by functions of
   * DEFINER_FUNCTIONS, and row-level security binds it too.
   */
  roles: Partial<Record<Role, Reach>>;
  /** Read by a function of DEFINER_FUNCTIONS. */
  lookup: boolean;
};

const OWN_ROWS = { column: "tenant_id", roles: { lv_app: "own", lv_worker: "own" }, lookup: false } as const;

/** Every table there is. */
export const TABLES: Readonly<Record<string, Table>> = {
  tenants: { column: "id", roles: { lv_app: "own", lv_worker: "every" }, lookup: true },
  users: { ...OWN_ROWS, lookup: true },
  projects: { ...OWN_ROWS, lookup: true },
  child_grants: { ...OWN_ROWS, lookup: true },
  tenant_settings: OWN_ROWS,
  sessions: OWN_ROWS,
  refresh_tokens: { ...OWN_ROWS, lookup: true },
  invitations: { ...OWN_ROWS, lookup: true },
  exports: { ...OWN_ROWS, lookup: true },
  idempotency_keys: { column: "tenant_id", roles: { lv_app: "own", lv_worker: "every" }, lookup: false },
  outbox: { column: "tenant_id", roles: { lv_app: "own", lv_worker: "every" }, lookup: false },
  deleted_tenants: { roles: { lv_worker: "every" }, lookup: false },
  audit_events: {
    column: "tenant_id",
    roles: { lv_app: { rows: "own", may: ["INSERT", "SELECT"] }, lv_worker: { rows: "every", may: ["SELECT"] } },
    lookup: false,
  },
  audit_unsealed: {
    column: "tenant_id",
    roles: { lv_app: { rows: "own", may: ["INSERT"] }, lv_worker: { rows: "every", may: ["DELETE", "SELECT"] } },
    lookup: false,
  },
  audit_batches: {
    column: "tenant_id",
    roles: { lv_app: { rows: "own", may: ["SELECT"] }, lv_worker: { rows: "every", may: ["INSERT", "SELECT"] } },
    lookup: false,
  },
  webhooks: { column: "tenant_id", roles: { lv_app: "own" }, lookup: false },
  request_minutes: {
    column: "tenant_id",
    roles: { lv_app: { rows: "own", may: ["DELETE", "SELECT"] }, lv_worker: "every" },
    lookup: false,
  },
  request_days: {
    column: "tenant_id",
    roles: { lv_app: { rows: "own", may: ["DELETE", "SELECT"] }, lv_worker: "every" },
    lookup: false,
  },
  webhook_deliveries: {
    column: "tenant_id",
    roles: { lv_app: "own", lv_worker: { rows: "every", may: ["DELETE", "SELECT"] } },
    lookup: false,
  },
  personal_keys: { column: "tenant_id", roles: { lv_app: { rows: "own", may: ["INSERT", "SELECT"] } }, lookup: false },
  // What is a task's goes before it, so that no statement takes all of it at once (tenants/erase.ts).
  task_steps: { column: "tenant_id", roles: { lv_app: "own" }, lookup: false },
  task_files: { column: "tenant_id", roles: { lv_app: "own" }, lookup: false },
  task_events: { column: "tenant_id", roles: { lv_app: "own" }, lookup: false },
  tasks: {
    column: "tenant_id",
    roles: { lv_app: "own", lv_worker: { rows: "every", may: ["SELECT"] } },
    lookup: true,
  },
  agents: { column: "tenant_id", roles: { lv_app: "own" }, lookup: false },
  usage_totals: {
    column: "tenant_id",
    roles: {
      lv_app: { rows: "own", may: ["INSERT", "SELECT", "UPDATE"] },
      lv_worker: { rows: "every", may: ["INSERT", "SELECT", "UPDATE"] },
    },
    lookup: false,
  },
  usage_reservations: {
    column: "tenant_id",
    roles: {
      lv_app: { rows: "own", may: ["DELETE", "INSERT", "SELECT"] },
      lv_worker: { rows: "every", may: ["DELETE", "SELECT"] },
    },
    lookup: false,
  },
  usage_events: { column: "tenant_id", roles: { lv_app: { rows: "own", may: ["INSERT", "SELECT"] } }, lookup: false },
  held_names: { roles: { lv_worker: "every" }, lookup: true },
  platform_tokens: { roles: { lv_worker: "every", lv_owner: "every" }, lookup: false },
  tenant_invitations: { roles: { lv_worker: "every", lv_owner: "every" }, lookup: false },
  signing_keys: { roles: { lv_worker: "every" }, lookup: false },
};

const EVERYTHING = ["DELETE", "INSERT", "SELECT", "UPDATE"] as const;

/** Which rows a role reaches, and what it may do to them, in the order of the alphabet. */
export function reachOf(reach: Reach): { rows: "own" | "every"; may: readonly Command[] } {
  return typeof reach === "string" ? { rows: reach, may: EVERYTHING } : { ...reach, may: reach.may.toSorted() };
}

/** What every function that runs with its owner's rights must be set to: else a caller could put others' names before ours. */
export const DEFINER_SETTING = "search_path=pg_catalog, pg_temp";

/** Functions that run with their owner's rights, and who may call them. */
export const DEFINER_FUNCTIONS: Readonly<Record<string, readonly Role[]>> = {
  "lv_admit_child(wanted text, at_most integer)": ["lv_app"],
  "lv_admit_tenant(network cidr, wanted text)": ["lv_app"],
  "lv_find_export(wanted bytea)": ["lv_lookup"],
  "lv_find_platform_session(wanted bytea)": ["lv_lookup"],
  "lv_check_parent()": [],
  "lv_entered(child uuid, person uuid)": ["lv_app"],
  "lv_family()": ["lv_app"],
  "lv_family_usage()": ["lv_app"],
  "lv_hold_family_usage()": ["lv_app"],
  "lv_tenant_facts()": ["lv_app"],
  "lv_find_task(wanted text)": ["lv_lookup"],
  "lv_find_tenant(id_or_subdomain text)": ["lv_lookup"],
  "lv_find_invitation(wanted bytea)": ["lv_lookup"],
  "lv_find_refresh_token(wanted bytea)": ["lv_lookup"],
  "lv_invite_tenant(invitation uuid, address text, with_plan text, code bytea, inviter text)": ["lv_lookup"],
  "lv_list_tenants(after_id uuid, at_most integer, wanted_state text, begins_with text)": ["lv_lookup"],
  "lv_open_platform_session(bootstrap bytea, session bytea)": ["lv_lookup"],
  "lv_redeem_invitation(code bytea)": ["lv_app"],
};
