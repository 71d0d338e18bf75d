import { randomBytes, randomUUID } from "node:crypto";
import type pg from "pg";
import { z } from "zod";
import type { UserRole } from "../../api-server/src/accounts/roles.ts";
import { signAccessToken } from "../../api-server/src/accounts/tokens.ts";
import { TABLES } from "../../api-server/src/db/roles.ts";
import type { Parts } from "../../api-server/src/parts.ts";

/**
 * What columns take that refuse any text, by `table.column`; undefined: their default, or nothing. `canary` is text that
 * nobody else has.
 */
const TAKEN: Readonly<Record<string, (canary: string) => unknown>> = {
  "tenants.hold": () => undefined,
  "users.role": () => "viewer",
  "users.password_hash": () => undefined,
  "child_grants.role": () => "viewer",
  "sessions.method": () => "password",
  "sessions.entered_tenant_id": () => undefined,
  "invitations.role": () => "viewer",
  "webhooks.url": (canary) => `https://${canary}.example/`,
  "webhooks.events": () => ["project.*"],
  "audit_events.actor_kind": () => "user",
  "audit_events.action": () => "project.created",
  "audit_events.target_kind": () => "project",
  "audit_batches.event_ids": () => [randomUUID()],
  "request_minutes.minute": () => new Date(Math.floor(Date.now() / 60_000) * 60_000),
  "request_minutes.buckets": () => Array.from({ length: 12 }, () => 1),
  "request_minutes.users": () => [randomUUID()],
  "request_minutes.routes": (canary) => ({ [canary]: [1, 0, 0] }),
  "request_days.buckets": () => Array.from({ length: 12 }, () => 1),
  // One that has ended: nobody would wait for the rest of its events.
  "tasks.phase": () => "Cancelled",
  "tasks.stage": () => "code",
  "tasks.artifact_error": () => undefined,
  "tasks.collected_at": () => new Date(),
  "tasks.requirements": (canary) => ({ [canary]: canary }),
  "tasks.spec": (canary) => ({ source: [{ path: "src/a.ts", content: canary }] }),
  "task_events.phase": () => "Cancelled",
  "task_events.stage": () => "code",
  "tenant_settings.branding": (canary) => ({ display_name: canary }),
  "tenant_settings.feature_flags": (canary) => ({ [canary]: true }),
  "tenant_settings.billing": (canary) => ({ legal_name: canary }),
};

/** What a column takes by its type, where it has no default and must not be null. */
const BY_TYPE: Readonly<Record<string, () => unknown>> = {
  uuid: () => randomUUID(),
  bytea: () => randomBytes(32),
  "timestamp with time zone": () => new Date(Date.now() + 86_400_000),
  date: () => new Date(),
  integer: () => 1,
  bigint: () => 1,
  numeric: () => 1,
  boolean: () => false,
  inet: () => "192.0.2.1",
};

const column = z.object({
  table: z.string(),
  name: z.string(),
  type: z.string(),
  /** It may be left out. */
  optional: z.boolean(),
  defaulted: z.boolean(),
  /** `table.column` that it must be one of. */
  refers: z.string().nullable(),
});

export type Column = z.output<typeof column>;

const COLUMNS = `
  SELECT c.table_name AS table, c.column_name AS name, c.data_type AS type,
    c.is_nullable = 'YES' OR c.column_default IS NOT NULL AS optional, c.column_default IS NOT NULL AS defaulted,
    (SELECT f.confrelid::regclass::text || '.' || a.attname
     FROM pg_constraint f
     JOIN pg_attribute o ON o.attrelid = f.conrelid AND o.attname = c.column_name
     JOIN pg_attribute a ON a.attrelid = f.confrelid AND a.attnum = f.confkey[array_position(f.conkey, o.attnum)]
     WHERE f.contype = 'f' AND f.conrelid = format('public.%I', c.table_name)::regclass AND o.attnum = ANY (f.conkey)
     ORDER BY array_length(f.conkey, 1) LIMIT 1) AS refers
  FROM information_schema.columns c
  WHERE c.table_schema = 'public' AND c.is_generated = 'NEVER' ORDER BY c.table_name, c.ordinal_position`;

/** The columns of every table that holds tenants' rows. */
export async function tenantColumns(client: pg.Client): Promise<Column[]> {
  const rows = z.array(column).parse((await client.query(COLUMNS)).rows);
  return rows.filter(({ table }) => TABLES[table]?.column !== undefined);
}

type Row = Record<string, unknown>;

export type Planted = {
  id: string;
  subdomain: string;
  /** A row of each table. */
  rows: ReadonlyMap<string, Row>;
  /** Somebody of each role who is signed in, and once more elsewhere. */
  people: Record<UserRole, { token: string; otherSession: string }>;
};

let made = 0;

/**
 * A tenant with a row in every table, made of what the database says of them, so that a new table is in it by itself.
 * Whatever text can be in it begins with `marker`.
 */
export async function plant(
  { client, columns, parts }: { client: pg.Client; columns: readonly Column[]; parts: Parts },
  marker: string,
): Promise<Planted> {
  const id = randomUUID();
  const rows = new Map<string, Row>();
  const name = `${marker}-${made++}`;
  await client.query("BEGIN");
  for (const table of inOrder(columns)) {
    const own = columns.filter((each) => each.table === table);
    const row = Object.fromEntries(
      own.flatMap((each) => {
        const value = each.name === TABLES[table]?.column ? id : valueFor(each, name, rows);
        return value === undefined ? [] : [[each.name, value]];
      }),
    );
    rows.set(table, row);
    await insert(client, table, row);
  }
  const signedIn = (role: UserRole) => person(client, parts, { tenantId: id, role });
  const people = {
    viewer: await signedIn("viewer"),
    member: await signedIn("member"),
    admin: await signedIn("admin"),
    owner: await signedIn("owner"),
  };
  await client.query("COMMIT");
  return { id, subdomain: z.string().parse(rows.get("tenants")?.["subdomain"]), rows, people };
}

/** Those that others refer to before those that do. */
function inOrder(columns: readonly Column[]): string[] {
  // Whatever is a tenant's comes after it, also where only a generated column says so.
  const order = ["tenants"];
  const waiting = new Set(columns.map(({ table }) => table).filter((table) => table !== "tenants"));
  while (waiting.size > 0) {
    const ready = [...waiting].filter((table) =>
      columns.every(({ table: of, refers }) => {
        const [to = ""] = refers?.split(".") ?? [];
        return of !== table || to === table || !waiting.has(to);
      }),
    );
    if (ready.length === 0) throw new Error(`these refer to each other: ${[...waiting].join(", ")}`);
    for (const table of ready) waiting.delete(table);
    order.push(...ready);
  }
  return order;
}

function valueFor({ table, name, type, optional, defaulted, refers }: Column, marker: string, rows: Map<string, Row>) {
  const canary = `${marker}-${table}-${name}`.replaceAll("_", "-");
  const taken = TAKEN[`${table}.${name}`];
  if (taken !== undefined) return taken(canary);
  const [to = "", at = ""] = refers?.split(".") ?? [];
  // A row that refers to one of its own table refers to none.
  if (refers !== null) return rows.get(to)?.[at];
  if (type === "jsonb") return { text: canary };
  if (type === "text" && !defaulted) return canary;
  return optional ? undefined : BY_TYPE[type]?.();
}

async function insert(client: pg.Client, table: string, row: Row): Promise<void> {
  const names = Object.keys(row);
  const places = names.map((_name, index) => `$${index + 1}`);
  const values = Object.values(row);
  try {
    await client.query(`INSERT INTO ${table} (${names.join(", ")}) VALUES (${places.join(", ")})`, values);
  } catch (error) {
    throw new Error(`no row of ${table} could be made: say in TAKEN of test/api/planted.ts what its columns take`, {
      cause: error,
    });
  }
}

async function person(
  client: pg.Client,
  { keys, config }: Parts,
  { tenantId, role }: { tenantId: string; role: UserRole },
) {
  const [userId, sessionId, otherSession] = [randomUUID(), randomUUID(), randomUUID()];
  const expires_at = new Date(Date.now() + 86_400_000);
  await insert(client, "users", { tenant_id: tenantId, id: userId, email: `${role}@acme.example`, role });
  for (const id of [sessionId, otherSession]) {
    await insert(client, "sessions", { tenant_id: tenantId, id, user_id: userId, method: "password", expires_at });
  }
  return { token: await signAccessToken(keys(), config.tokens, { tenantId, userId, sessionId }), otherSession };
}

/** Of every row of a tenant: the same as long as nobody changes, adds or takes away one. */
export async function checksum(client: pg.Client, tenantId: string): Promise<Record<string, string>> {
  const tables = Object.entries(TABLES).flatMap(([table, { column: of }]) => (of === undefined ? [] : [{ table, of }]));
  const each = tables.map(
    ({ table, of }) =>
      `SELECT '${table}' AS table, count(*) || ' rows, ' || coalesce(md5(string_agg(t::text, E'\\n' ORDER BY t::text)), '') AS sum FROM ${table} t WHERE ${of} = $1`,
  );
  const { rows } = await client.query(each.join(" UNION ALL "), [tenantId]);
  return Object.fromEntries(
    z
      .array(z.object({ table: z.string(), sum: z.string() }))
      .parse(rows)
      .map(({ table, sum }) => [table, sum]),
  );
}
