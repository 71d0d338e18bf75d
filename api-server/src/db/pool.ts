import { AsyncLocalStorage } from "node:async_hooks";
import pg from "pg";
import { z } from "zod";

/** The tenant for whom the queries of this asynchronous context are. */
const current = new AsyncLocalStorage<string>();

/** Runs work whose queries, each a transaction of its own, see the rows of that tenant alone. */
export function asTenant<T>(tenantId: string, work: () => Promise<T>): Promise<T> {
  return current.run(tenantId, work);
}

/** What names the tenant of a transaction, and of that one only: `set_config` with `true` ends with it. */
export const SET_TENANT = "SELECT set_config('lv.tenant_id', $1, true)";

/** The same, for a transaction that locks rows: whoever waits for one holds a connection, and gives it back in time. */
export const SET_TENANT_TO_WRITE = `${SET_TENANT}, set_config('lock_timeout', '2s', true)`;

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

/** Under which each connection knows {@link SET_TENANT} by heart. */
export const SET_TENANT_NAME = "lv_tenant";

/**
 * A pool whose single queries name their tenant: `set_config` and the query leave together, and one Sync behind both makes
 * them one transaction and one round trip, without a BEGIN and a COMMIT that would have to be read too.
 *
 * A query outside of `asTenant` is refused here already; the database would refuse it too.
 */
export function tenantPool(config: pg.PoolConfig): pg.Pool {
  const pool = patientPool({ ...config, pipeline: true });
  pool.on("connect", (client) => {
    const prepared = client.query({ name: SET_TENANT_NAME, text: SET_TENANT, values: [""] });
    // Who asks next is told of it by their own query.
    prepared.catch(() => undefined);
  });
  const query = async (asked: pg.QueryArrayConfig): Promise<pg.QueryArrayResult> => {
    const tenantId = current.getStore();
    if (tenantId === undefined) throw new Error("a query without a tenant: use read() or write() of the database");
    return await inOneTrip(await pool.connect(), tenantId, asked);
  };
  return Object.assign(pool, { query });
}

async function inOneTrip(
  client: pg.PoolClient,
  tenantId: string,
  asked: pg.QueryArrayConfig,
): Promise<pg.QueryArrayResult> {
  // Never as a simple query: that would be a transaction of its own.
  const extended = { ...asked, queryMode: "extended" };
  try {
    const answer = await new Promise<pg.QueryArrayResult>((resolve, reject) => {
      const query = new pg.Query(extended, (error, results) => {
        if (error == null) resolve(secondOf(results));
        else reject(error);
      });
      const submit = query.submit.bind(query);
      query.submit = (connection) => {
        // One packet, not one for each message.
        connection.stream.cork();
        setTenant(connection, tenantId, asked.name !== undefined);
        const refused = submit(connection);
        connection.stream.uncork();
        return refused;
      };
      client.query(query);
    });
    client.release();
    return answer;
  } catch (error) {
    // Behind the Sync no transaction is left open; what the connection should know and does not, it will not learn.
    client.release(statementLost.safeParse(error).success);
    throw error;
  }
}

/** PostgreSQL's code for a connection that does not know what it was taught. */
export const STATEMENT_LOST = "26000";

const statementLost = z.object({ code: z.literal(STATEMENT_LOST) });

/** Says for whom the rest of the transaction is, which the query's own Sync ends. */
function setTenant(connection: pg.Connection, tenantId: string, isPrepared: boolean): void {
  const statement = isPrepared ? SET_TENANT_NAME : "";
  if (!isPrepared) connection.parse({ name: statement, text: SET_TENANT, types: [] }, true);
  connection.bind({ portal: "", statement, values: [tenantId] }, true);
  // So that its row is read as one of an answer of its own, before the query's.
  connection.describe({ type: "P", name: "" }, true);
  connection.execute({ portal: "" }, true);
}

/** Of the two answers the query's. */
function secondOf(results: unknown): pg.QueryArrayResult {
  const second: unknown = Array.isArray(results) ? results[1] : undefined;
  if (isAnswer(second)) return second;
  throw new Error("PostgreSQL did not answer set_config and the query");
}

function isAnswer(value: unknown): value is pg.QueryArrayResult {
  return typeof value === "object" && value !== null && "rows" in value && Array.isArray(value.rows);
}
