import type pg from "pg";
import { z } from "zod";
import { patientPool, SET_TENANT } from "./pool.ts";

const AT_ONCE = 2;
/** How long a reader may take nothing before its snapshot is taken away from it. */
const SILENCE = "2min";

const moments = z.tuple([z.object({ taken_at: z.date() })]);

/** A transaction that reads one tenant's rows as they are at its beginning, for as long as it takes. */
export type OpenSnapshot = { client: pg.PoolClient; takenAt: Date };

/**
 * Connections for what reads a whole tenant: it takes minutes, and must keep no request from its own. Single steps are still
 * bound by the role's statement_timeout; the whole is not.
 */
export function snapshotsOn(url: string) {
  const pool = patientPool({ connectionString: url, max: AT_ONCE, query_timeout: 0 });
  return {
    pool,
    /** Whether there is no connection left. */
    busy: (): boolean => pool.idleCount === 0 && pool.totalCount >= AT_ONCE,
    /** Must be ended: by COMMIT and release, or released as broken. */
    open: async (tenantId: string): Promise<OpenSnapshot> => {
      const client = await pool.connect();
      try {
        await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
        await client.query(`SET LOCAL idle_in_transaction_session_timeout = '${SILENCE}'`);
        await client.query(SET_TENANT, [tenantId]);
        const { rows } = await client.query("SELECT clock_timestamp() AS taken_at");
        return { client, takenAt: moments.parse(rows)[0].taken_at };
      } catch (error) {
        client.release(true);
        throw error;
      }
    },
  };
}
