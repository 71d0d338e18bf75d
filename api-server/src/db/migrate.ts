import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { runner } from "node-pg-migrate";
import pg from "pg";
import { JOBS_SCHEMA, migrateJobs } from "../outbox/schema.ts";
import { ROLES, type Role } from "./roles.ts";

const FOLDER = join(import.meta.dirname, "..", "..", "migrations");

/** Any number that nothing else locks by; all runs must agree on it. */
const LOCK = 7_305_811_264;

/** The roles with which a server connects. */
export type ServerRole = Exclude<Role, "lv_owner">;

export const SERVER_ROLES = ["lv_app", "lv_worker", "lv_lookup"] as const satisfies readonly ServerRole[];
const PASSWORD_BYTES = 24;

/** Passwords that are to hold from now on; a role that is new and has none gets one. */
export type Passwords = Readonly<Partial<Record<ServerRole, string>>>;

/** A request that waits for longer waits for nothing any more; a transaction nobody ends would hold what it locked. */
const ROLE_SETTINGS = ["statement_timeout = '30s'", "idle_in_transaction_session_timeout = '30s'"];

/**
 * Brings a database up to date: the roles, then the migrations that it has not seen, each in a transaction of its own.
 * Nothing is done twice, of two runs at once one waits for the other, and no running server loses its password.
 * @param ownerUrl of a role that may make roles, such as the one a managed database comes with.
 * @returns the migrations that were applied, and the URL of each role: without a password where it is not known.
 */
export async function migrate(
  ownerUrl: string,
  passwords: Passwords,
  say: (line: string) => void = () => undefined,
): Promise<{ applied: string[]; urls: Record<ServerRole, string> }> {
  const client = new pg.Client({ connectionString: ownerUrl });
  await client.connect();
  try {
    await client.query("SELECT pg_advisory_lock($1)", [LOCK]);
    const known = await makeRoles(client, passwords);
    await client.query("SET ROLE lv_owner");
    const applied = await runner({
      dbClient: client,
      dir: FOLDER,
      direction: "up",
      migrationsTable: "lv_migrations",
      singleTransaction: false,
      noLock: true,
      // Each stands by itself: of two that were written side by side either may have come first.
      checkOrder: false,
      logger: { debug: () => undefined, info: say, warn: say, error: say },
      verbose: false,
    });
    await migrateJobs(client);
    const urlOf = (role: ServerRole) => withLogin(ownerUrl, role, known[role]);
    const urls = { lv_app: urlOf("lv_app"), lv_worker: urlOf("lv_worker"), lv_lookup: urlOf("lv_lookup") };
    return { applied: applied.map(({ name }) => name), urls };
  } finally {
    await client.end();
  }
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
