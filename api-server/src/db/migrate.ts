import { join } from "node:path";
import { runner } from "node-pg-migrate";
import pg from "pg";
import { ROLES, type Role } from "./roles.ts";

const FOLDER = join(import.meta.dirname, "..", "..", "migrations");

/** Any number that nothing else locks by; all runs must agree on it. */
const LOCK = 7_305_811_264;

/** The roles with which a server connects. */
export type ServerRole = Exclude<Role, "lv_owner">;

/**
 * Brings a database up to date: the roles with their passwords, then the migrations that it has not seen, each in a
 * transaction of its own. Nothing is done twice, and of two runs at once one waits for the other.
 * @param ownerUrl of a role that may make roles, such as the one a managed database comes with.
 * @returns the migrations that were applied, and the URL of each role.
 */
export async function migrate(
  ownerUrl: string,
  passwords: Readonly<Record<ServerRole, string>>,
  say: (line: string) => void = () => undefined,
): Promise<{ applied: string[]; urls: Record<ServerRole, string> }> {
  const client = new pg.Client({ connectionString: ownerUrl });
  await client.connect();
  try {
    await client.query("SELECT pg_advisory_lock($1)", [LOCK]);
    await makeRoles(client, passwords);
    await client.query("SET ROLE lv_owner");
    const applied = await runner({
      dbClient: client,
      dir: FOLDER,
      direction: "up",
      migrationsTable: "lv_migrations",
      singleTransaction: false,
      noLock: true,
      logger: { debug: () => undefined, info: say, warn: say, error: say },
      verbose: false,
    });
    const urlOf = (role: ServerRole) => withLogin(ownerUrl, role, passwords[role]);
    const urls = { lv_app: urlOf("lv_app"), lv_worker: urlOf("lv_worker"), lv_lookup: urlOf("lv_lookup") };
    return { applied: applied.map(({ name }) => name), urls };
  } finally {
    await client.end();
  }
}

/** Roles belong to the whole server, so a second database of ours finds them there. */
async function makeRoles(client: pg.Client, passwords: Readonly<Record<ServerRole, string>>): Promise<void> {
  const { rows } = await client.query("SELECT rolname FROM pg_roles WHERE rolname = ANY ($1)", [Object.keys(ROLES)]);
  const present = new Set(rows.map(({ rolname }) => rolname));
  for (const role of Object.keys(ROLES)) if (!present.has(role)) await client.query(`CREATE ROLE ${role} NOLOGIN`);
  for (const [role, password] of Object.entries(passwords)) {
    await client.query(`ALTER ROLE ${client.escapeIdentifier(role)} LOGIN PASSWORD ${client.escapeLiteral(password)}`);
  }
  // From PostgreSQL 16 on, who makes a role may not yet act as it.
  await client.query("GRANT lv_owner TO CURRENT_USER");
  await client.query("REVOKE CREATE ON SCHEMA public FROM PUBLIC");
  await client.query("GRANT USAGE, CREATE ON SCHEMA public TO lv_owner");
}

function withLogin(url: string, user: string, password: string): string {
  const changed = new URL(url);
  changed.username = user;
  changed.password = password;
  return changed.href;
}
