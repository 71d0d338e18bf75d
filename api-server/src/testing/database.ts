import pg from "pg";
import { migrate, type ServerRole } from "../db/migrate.ts";

/** The database of a run from which each test file gets its own. */
const TEMPLATE = "lv_template";

const PASSWORDS: Record<ServerRole, string> = { lv_app: "app", lv_worker: "worker", lv_lookup: "lookup" };

/** On a server that was just started. */
export async function prepareTemplate(server: string): Promise<void> {
  await inDatabase(server, (client) => client.query(`CREATE DATABASE ${TEMPLATE}`));
  await migrate(named(server, TEMPLATE), PASSWORDS);
}

export type TestDatabase = {
  /** Of the superuser, whom nothing holds back. */
  admin: string;
  urls: Record<ServerRole, string>;
  drop(): Promise<void>;
};

let made = 0;

/** A database as `migrate` leaves it, for one test file. */
export async function testDatabase(): Promise<TestDatabase> {
  const server = process.env["LEANVIBE_TEST_DATABASE"];
  if (server === undefined) throw new Error("LEANVIBE_TEST_DATABASE is not set: run npm test, which starts PostgreSQL");
  const name = `lv_${process.pid}_${made++}`;
  await inDatabase(server, (client) => client.query(`CREATE DATABASE ${name} TEMPLATE ${TEMPLATE}`));
  const admin = named(server, name);
  // The template's roles, which the whole server has: to make them again here would meet others who do.
  const urlOf = (role: ServerRole) => Object.assign(new URL(admin), { username: role, password: PASSWORDS[role] }).href;
  const urls = { lv_app: urlOf("lv_app"), lv_worker: urlOf("lv_worker"), lv_lookup: urlOf("lv_lookup") };
  const drop = async () => {
    await inDatabase(server, (client) => client.query(`DROP DATABASE ${name} WITH (FORCE)`));
  };
  return { admin, urls, drop };
}

/** With a connection of its own. */
export async function inDatabase<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

function named(url: string, database: string): string {
  const changed = new URL(url);
  changed.pathname = `/${database}`;
  return changed.href;
}
