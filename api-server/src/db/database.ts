import { PLAN_NAMES } from "@leanvibe/schema";
import { PrismaPg } from "@prisma/adapter-pg";
import { LRUCache } from "lru-cache";
import type pg from "pg";
import { z } from "zod";
import { Refusal } from "../errors/catalogue.ts";
import { tenantFacts } from "../tenants/state.ts";
import { isUnavailable } from "./faults.ts";
import { faultsOfFences } from "./fences.ts";
import { type Prisma, PrismaClient } from "./generated/client.ts";
import { Lanes, type Statement } from "./lanes.ts";
import type { Cell } from "./packets.ts";
import { platformOf } from "./platform.ts";
import { asTenant, patientPool, SET_TENANT_TO_WRITE, tenantPool } from "./pool.ts";
import { type Role, TABLES } from "./roles.ts";
import { type OpenSnapshot, snapshotsOn } from "./snapshots.ts";
import { takingTurns } from "./turns.ts";

/** Inside a transaction. */
export type Transaction = Prisma.TransactionClient;

/** A tenant as it is known before anybody has proved who they are. */
export type FoundTenant = z.output<typeof foundTenant>;

const foundTenant = tenantFacts.extend({ id: z.string(), subdomain: z.string(), plan: z.enum(PLAN_NAMES) });

const foundTask = tenantFacts
  .extend({ id: z.string(), tenant_id: z.string(), payer_id: z.string(), plan: z.enum(PLAN_NAMES) })
  .transform(({ tenant_id: tenantId, payer_id: payerId, ...rest }) => ({ ...rest, tenantId, payerId }));

/** An agent's task as the gateway needs it: who pays is a child's parent. */
export type FoundTask = z.output<typeof foundTask>;

const found = z.tuple([z.object({ id: z.string().nullable() })]);

export type DatabaseOptions = {
  /** Of role lv_app. `?pgbouncer=true` where a pooler stands between that keeps no prepared statements. */
  url: string;
  /** Of role lv_worker. */
  workerUrl: string;
  /** Of role lv_lookup. */
  lookupUrl: string;
  /** Connections for requests. */
  connections?: number;
  onError?: (error: Error) => void;
};

/** Milliseconds: for a connection, and until it is rolled back. */
const TRANSACTION = { maxWait: 3_000, timeout: 8_000 };
/** Of the connections a family, whose members wait for each other's rows, never has more than a third. */
const SHARE = 3;
const TURNS = { waiting: 250, milliseconds: 3_000 };
/** One by one: they would wait for each other's rows. As many wait as there are calls of models under way at most. */
const RECORDS = { atOnce: 1, waiting: 500, milliseconds: 10_000 };
/** Children whose parent is known. */
const CHILDREN_KNOWN = 10_000;
const RETRY_SECONDS = 5;

export type { OpenSnapshot };

export type Database = ReturnType<typeof connectDatabase>;

/**
 * The database when it was seen to keep tenants apart.
 * @throws UnsafeDatabaseError when a role or a missing fence would let one tenant see another's rows.
 */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const database = connectDatabase(options);
  try {
    await database.requireFences();
  } catch (error) {
    await database.close();
    throw error;
  }
  return database;
}

/** The database as requests see it: every query is for one tenant. Nothing is asked of it before the first of them. */
export function connectDatabase({ url, workerUrl, lookupUrl, connections = 10, onError }: DatabaseOptions) {
  const pool = tenantPool({ connectionString: url, max: connections });
  const worker = patientPool({ connectionString: workerUrl, max: 6 });
  const lookups = patientPool({ connectionString: lookupUrl, max: 4 });
  const snapshots = snapshotsOn(url);
  for (const each of [pool, worker, lookups, snapshots.pool]) each.on("error", (error) => onError?.(error));
  const pooled = new URL(url).searchParams.get("pgbouncer") === "true";
  const prisma = new PrismaClient({
    adapter: new PrismaPg(pool, pooled ? {} : { statementNameGenerator: statementNames() }),
    transactionOptions: TRANSACTION,
  });
  const inTurn = takingTurns({ ...TURNS, atOnce: Math.max(1, Math.floor(connections / SHARE)) });
  const inRecords = takingTurns(RECORDS);
  const lanes = new Lanes(pool, { prepared: !pooled });
  const parents = new LRUCache<string, string>({ max: CHILDREN_KNOWN });
  const familyOf = (tenantId: string) => parents.get(tenantId) ?? tenantId;
  const transaction = <T>(tenantId: string, work: (tx: Transaction) => Promise<T>) =>
    prisma.$transaction(async (tx) => {
      await tx.$queryRawUnsafe(SET_TENANT_TO_WRITE, tenantId);
      return await work(tx);
    });
  return {
    /** @throws UnsafeDatabaseError */
    requireFences: async (): Promise<void> => {
      await Promise.all([
        refuseRole(pool, "lv_app"),
        refuseRole(worker, "lv_worker"),
        refuseRole(lookups, "lv_lookup"),
        refuseOpen(lookups),
      ]);
    },
    /** Queries for a tenant, each one transaction and one round trip. */
    read: <T>(tenantId: string, work: (db: PrismaClient) => Promise<T>): Promise<T> =>
      told(inTurn(familyOf(tenantId), () => asTenant(tenantId, async () => await work(prisma)))),
    /** Rows of a statement that nearly every request asks for, past Prisma and beside others': see `Lanes`. */
    rows: <T>(tenantId: string, statement: Statement<T>, values: readonly Cell[]): Promise<T[]> =>
      told(inTurn(familyOf(tenantId), () => lanes.read(tenantId, statement, values))),
    /** The same of one statement that changes rows: one transaction, one round trip, nobody behind it. */
    change: <T>(tenantId: string, statement: Statement<T>, values: readonly Cell[]): Promise<T[]> =>
      told(inTurn(familyOf(tenantId), () => lanes.write(tenantId, statement, values))),
    /** One transaction for a tenant: all of it, or nothing. */
    write: <T>(tenantId: string, work: (tx: Transaction) => Promise<T>): Promise<T> =>
      told(inTurn(familyOf(tenantId), () => transaction(tenantId, work))),
    /**
     * The same for what happened and must be written down, such as what a call took. In a line of its own: else whoever
     * floods us with requests has its own records refused, and is given for nothing what they were to count.
     */
    record: <T>(tenantId: string, work: (tx: Transaction) => Promise<T>): Promise<T> =>
      told(inRecords(familyOf(tenantId), () => transaction(tenantId, work))),
    /** From now on both take turns together: whoever adds to one waits for the other. */
    joinFamily: (childId: string, parentId: string): void => void parents.set(childId, parentId),
    /** The tenant of an id or a subdomain, deleted ones too. */
    findTenant: async (idOrSubdomain: string): Promise<FoundTenant | undefined> => {
      const text = "SELECT id, subdomain, plan, lifecycle, standing, hold FROM lv_find_tenant($1)";
      const { rows } = await told(lookups.query(text, [idOrSubdomain]));
      return foundTenant.optional().parse(rows[0]);
    },
    /** Whose task an object of the cluster is, by its uid, and what holds for them. */
    findTask: async (objectUid: string): Promise<FoundTask | undefined> => {
      const text = "SELECT id, tenant_id, payer_id, plan, lifecycle, standing, hold FROM lv_find_task($1)";
      const { rows } = await told(lookups.query(text, [objectUid]));
      return foundTask.optional().parse(rows[0]);
    },
    /** The tenant of a refresh token, by its SHA-256. */
    findRefreshToken: async (hash: Uint8Array): Promise<string | undefined> => {
      const text = "SELECT lv_find_refresh_token($1) AS id";
      const { rows } = await told(lookups.query(text, [Buffer.from(hash)]));
      return found.parse(rows)[0].id ?? undefined;
    },
    /** The tenant of an invitation, by the SHA-256 of its secret. */
    findInvitation: async (hash: Uint8Array): Promise<string | undefined> => {
      const { rows } = await told(lookups.query("SELECT lv_find_invitation($1) AS id", [Buffer.from(hash)]));
      return found.parse(rows)[0].id ?? undefined;
    },
    /** The tenant of an export's link, by the SHA-256 of its secret. */
    findExport: async (hash: Uint8Array): Promise<string | undefined> => {
      const { rows } = await told(lookups.query("SELECT lv_find_export($1) AS id", [Buffer.from(hash)]));
      return found.parse(rows)[0].id ?? undefined;
    },
    /** For who reads a whole tenant; undefined while too many do. */
    snapshot: async (tenantId: string): Promise<OpenSnapshot | undefined> =>
      snapshots.busy() ? undefined : told(snapshots.open(tenantId)),
    /** For the platform's routes alone. */
    platform: platformOf((text, values) => told(lookups.query(text, values))),
    /** @throws when the database gives no answer. */
    ping: async (): Promise<void> => void (await lookups.query("SELECT 1")),
    /** For background work alone; a request never holds one of its connections. */
    worker,
    close: async (): Promise<void> => {
      await prisma.$disconnect();
      await Promise.all([pool.end(), worker.end(), lookups.end(), snapshots.pool.end()]);
    },
  };
}

/** @throws Refusal DATABASE_UNAVAILABLE instead of whatever a database that cannot be reached is told by */
function told<T>(work: Promise<T>): Promise<T> {
  return work.catch((error: unknown) => {
    if (error instanceof Refusal || !isUnavailable(error)) throw error;
    throw new Refusal("DATABASE_UNAVAILABLE", { retryAfterSeconds: RETRY_SECONDS, cause: error });
  });
}

/** A database in which row-level security would not hold. */
export class UnsafeDatabaseError extends Error {
  override readonly name = "UnsafeDatabaseError";
}

/** A table or function that a newer release has added is none of our business: while an upgrade rolls, both run. */
async function refuseOpen(pool: pg.Pool): Promise<void> {
  const ours = new RegExp(` on (${Object.keys(TABLES).join("|")})[:.]`);
  const faults = (await faultsOfFences(pool)).filter((fault) => fault.startsWith("missing") || ours.test(fault));
  if (faults.length === 0) return;
  throw new UnsafeDatabaseError(
    `the fences between tenants do not all stand. Run leanvibe migrate. ${faults.join("; ")}`,
  );
}

const roleFacts = z.tuple([z.object({ role: z.string(), unsafe: z.string().nullable() })]);

/** What would let a role past the policies: attributes, and being a member of one that has them or owns a table. */
const UNSAFE = `
  SELECT current_user AS role, CASE
    WHEN r.rolsuper THEN 'it is a superuser'
    WHEN r.rolbypassrls THEN 'it has BYPASSRLS'
    WHEN r.rolcreaterole THEN 'it may make roles (CREATEROLE)'
    WHEN EXISTS (SELECT FROM pg_roles o WHERE o.oid <> r.oid AND pg_has_role(o.oid, 'MEMBER'))
      THEN 'it is a member of another role'
  END AS unsafe FROM pg_roles r WHERE r.rolname = current_user`;

/** Policies and grants are each role's own: a URL of the worker where a request's belongs would open what only it may see. */
async function refuseRole(pool: pg.Pool, wanted: Exclude<Role, "lv_owner">): Promise<void> {
  const client = await pool.connect();
  try {
    const [{ role, unsafe }] = roleFacts.parse((await client.query(UNSAFE)).rows);
    if (unsafe === null && role === wanted) return;
    const why = unsafe === null ? "" : `, and could see every tenant's rows: ${unsafe}`;
    throw new UnsafeDatabaseError(
      `a connection that must be of role ${wanted} is of role ${role}${why}. Give the server the URLs that leanvibe migrate prints.`,
    );
  } finally {
    client.release();
  }
}

/** More would be texts that some caller's input makes, such as lists of every length; each costs a connection memory. */
const NAMES_AT_MOST = 500;

/** A name for each text, so that PostgreSQL plans it once a connection. Prisma's texts are few: values are never in them. */
function statementNames(): (query: { sql: string }) => string {
  const names = new Map<string, string>();
  return ({ sql }) => {
    const known = names.get(sql);
    if (known !== undefined) return known;
    // An empty name is none.
    if (names.size >= NAMES_AT_MOST) return "";
    const name = `lv_${names.size}`;
    names.set(sql, name);
    return name;
  };
}
