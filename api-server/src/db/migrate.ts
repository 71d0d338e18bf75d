import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { runner } from "node-pg-migrate";
import pg from "pg";
import { JOBS_SCHEMA, migrateJobs } from "../outbox/schema.ts";
import { ROLES, type Role } from "./roles.ts";

const FOLDER = join(import.meta.dirname, "..", "..", "migrations");

const TABLE = "lv_migrations";

/** Any number that nothing else locks by; all runs must agree on it. */
const LOCK = 7_305_811_264;

/** The roles with which a server connects. */
export type ServerRole = Exclude<Role, "lv_owner">;

export const SERVER_ROLES = ["lv_app", "lv_worker", "lv_lookup"] as const satisfies readonly ServerRole[];
const PASSWORD_BYTES = 24;

/**
 * A change of a table waits for who reads it, and everybody else behind it: for no longer than that. Then they go first, and
 * it is tried again.
 */
export type Patience = { lockMilliseconds: number; tries: number; pauseMilliseconds: number };

const PATIENCE: Patience = { lockMilliseconds: 5_000, tries: 6, pauseMilliseconds: 5_000 };

/** Passwords that are to hold from now on; a role that is new and has none gets one. */
export type Passwords = Readonly<Partial<Record<ServerRole, string>>>;

/** A request that waits for longer waits for nothing any more; a transaction nobody ends would hold what it locked. */
const ROLE_SETTINGS = ["statement_timeout = '30s'", "idle_in_transaction_session_timeout = '30s'"];

/**
 * Brings a database up to date: the roles, then the migrations that it has not seen, each in a transaction of its own.
 * Nothing is done twice, of two runs at once one waits for the other, and no running server loses its password.
 * @param ownerUrl of a role that may make roles, such as the one a managed database comes with.
 * @throws LockedError where somebody holds for all that time what is to be changed
 * @returns the migrations that were applied, and the URL of each role: without a password where it is not known.
 */
export async function migrate(
  ownerUrl: string,
  passwords: Passwords,
  say: (line: string) => void = () => undefined,
  patience = PATIENCE,
): Promise<{ applied: string[]; urls: Record<ServerRole, string> }> {
  const client = new pg.Client({ connectionString: ownerUrl });
  await client.connect();
  try {
    await client.query("SELECT pg_advisory_lock($1)", [LOCK]);
    const known = await makeRoles(client, passwords);
    await client.query("SET ROLE lv_owner");
    const before = await appliedTo(client);
    await insisting(client, patience, say, async () => {
      await migrateTables(client, say);
      await migrateJobs(client);
    });
    const urlOf = (role: ServerRole) => withLogin(ownerUrl, role, known[role]);
    const urls = { lv_app: urlOf("lv_app"), lv_worker: urlOf("lv_worker"), lv_lookup: urlOf("lv_lookup") };
    return { applied: (await appliedTo(client)).filter((name) => !before.includes(name)), urls };
  } finally {
    await client.end();
  }
}

async function migrateTables(client: pg.Client, say: (line: string) => void): Promise<void> {
  await runner({
    dbClient: client,
    dir: FOLDER,
    direction: "up",
    migrationsTable: TABLE,
    singleTransaction: false,
    noLock: true,
    // Each stands by itself: of two that were written side by side either may have come first.
    checkOrder: false,
    logger: { debug: () => undefined, info: say, warn: say, error: say },
    verbose: false,
  });
}

/** In the order in which it was. */
async function appliedTo(client: pg.Client): Promise<string[]> {
  const there = await client.query("SELECT to_regclass($1) IS NOT NULL AS there", [TABLE]);
  if (there.rows[0]?.there !== true) return [];
  const { rows } = await client.query(`SELECT name FROM ${TABLE} ORDER BY id`);
  return rows.map(({ name }) => String(name));
}

/** Somebody holds what a migration is to change. */
export class LockedError extends Error {
  override readonly name = "LockedError";
}

/** As PostgreSQL tells that a lock was waited for as long as is waited. */
const LOCK_NOT_AVAILABLE = "55P03";

/** What was done stays done: another try goes on with what is left. @throws LockedError */
async function insisting(
  client: pg.Client,
  { lockMilliseconds, tries, pauseMilliseconds }: Patience,
  say: (line: string) => void,
  work: () => Promise<void>,
): Promise<void> {
  await client.query("SELECT set_config('lock_timeout', $1, false)", [`${lockMilliseconds}ms`]);
  for (let left = tries; left > 0; left -= 1) {
    try {
      return await work();
    } catch (error) {
      // Whoever was cut off left its transaction open.
      await client.query("ROLLBACK");
      if (!(error instanceof pg.DatabaseError) || error.code !== LOCK_NOT_AVAILABLE) throw error;
      if (left === 1) break;
      say(`a table is in use for longer than ${lockMilliseconds} ms: again in ${pauseMilliseconds} ms`);
      await sleep(pauseMilliseconds);
    }
  }
  throw new LockedError(
    `a table that is to be changed was in use at each of ${tries} tries, by a long transaction such as a backup's or an export's. Migrations that were applied stay so. Run it again when that is over, or end it: SELECT pid, xact_start, query FROM pg_stat_activity WHERE xact_start < now() - interval '10 seconds'; SELECT pg_terminate_backend(PID)`,
  );
}

/** Roles belong to the whole server, so a second database of ours finds them there. @returns the passwords that are known */
async function makeRoles(client: pg.Client, passwords: Passwords): Promise<Passwords> {
  const { rows } = await client.query("SELECT rolname FROM pg_roles WHERE rolname = ANY ($1)", [Object.keys(ROLES)]);
  const present = new Set(rows.map(({ rolname }) => rolname));
  if (!present.has("lv_owner")) await client.query("CREATE ROLE lv_owner NOLOGIN");
  const known: Partial<Record<ServerRole, string>> = {};
  for (const role of SERVER_ROLES) {
    const isNew = !present.has(role);
    if (isNew) {
      await client.query(`CREATE ROLE ${role} LOGIN`);
      for (const setting of ROLE_SETTINGS) await client.query(`ALTER ROLE ${role} SET ${setting}`);
    }
    const password = passwords[role] ?? (isNew ? randomBytes(PASSWORD_BYTES).toString("base64url") : undefined);
    if (password === undefined) continue;
    known[role] = password;
    await client.query(`ALTER ROLE ${role} PASSWORD ${client.escapeLiteral(password)}`);
  }
  // From PostgreSQL 16 on, who makes a role may not yet act as it.
  await client.query("GRANT lv_owner TO CURRENT_USER");
  await client.query("REVOKE CREATE ON SCHEMA public FROM PUBLIC");
  await client.query("GRANT USAGE, CREATE ON SCHEMA public TO lv_owner");
  await client.query(`CREATE SCHEMA IF NOT EXISTS ${JOBS_SCHEMA} AUTHORIZATION lv_owner`);
  return known;
}

function withLogin(url: string, user: string, password: string | undefined): string {
  const changed = new URL(url);
  changed.username = user;
  // Trap: the setter leaves a % as it is, and whoever reads the URL decodes it.
  changed.password = encodeURIComponent(password ?? "");
  return changed.href;
}
