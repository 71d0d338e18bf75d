import { AsyncLocalStorage } from "node:async_hooks";
import pg from "pg";

/** The tenant for whom the queries of this asynchronous context are. */
const current = new AsyncLocalStorage<string>();

/** Runs work whose queries, each a transaction of its own, see the rows of that tenant alone. */
export function asTenant<T>(tenantId: string, work: () => Promise<T>): Promise<T> {
  return current.run(tenantId, work);
}

/** What names the tenant of a transaction, and of that one only: `set_config` with `true` ends with it. */
export const SET_TENANT = "SELECT set_config('lv.tenant_id', $1, true)";

/**
 * How long a database may be silent before a request is told so: a connection that cannot be had, an answer that does not
 * come. Without them a network that swallows everything would hold every request for ever.
 */
const PATIENCE = { connectionTimeoutMillis: 3_000, query_timeout: 8_000, keepAlive: true } as const;

/** A pool that gives up in time. */
export function patientPool(config: pg.PoolConfig): pg.Pool {
  const pool = new pg.Pool({ ...PATIENCE, ...config });
  // Trap: while a client is lent out the pool does not listen, and a connection that is lost then would end the process.
  // Whoever waits for an answer of it is told by that answer.
  pool.on("connect", (client) => client.on("error", () => undefined));
  return pool;
}

/**
 * A pool whose single queries name their tenant: BEGIN, set_config, query and COMMIT leave together and are one round
 * trip. Trap: sent one by one each would be answered by its own Sync, so a set_config without BEGIN ends before the query.
 *
 * A query outside of `asTenant` is refused here already; the database would refuse it too.
 */
export function tenantPool(config: pg.PoolConfig): pg.Pool {
  const pool = patientPool({ ...config, pipeline: true });
  const query = async (asked: pg.QueryArrayConfig): Promise<pg.QueryArrayResult> => {
    const tenantId = current.getStore();
    if (tenantId === undefined) throw new Error("a query without a tenant: use read() or write() of the database");
    return inOneTrip(await pool.connect(), tenantId, asked);
  };
  return Object.assign(pool, { query });
}

async function inOneTrip(client: pg.PoolClient, tenantId: string, asked: pg.QueryArrayConfig) {
  const name = asked.name === undefined ? {} : { name: "lv_tenant" };
  const sent = [
    client.query("BEGIN"),
    client.query({ ...name, text: SET_TENANT, values: [tenantId] }),
    client.query(asked),
    // Of a transaction that failed this is the ROLLBACK.
    client.query("COMMIT"),
  ] as const;
  const [begun, set, answer, ended] = await Promise.allSettled(sent);
  // A client that did not come to its COMMIT may still be inside the transaction: nobody else may have it.
  client.release(ended.status === "rejected");
  for (const step of [begun, set]) if (step.status === "rejected") throw step.reason;
  if (answer.status === "rejected") throw answer.reason;
  if (ended.status === "rejected") throw ended.reason;
  return answer.value;
}
