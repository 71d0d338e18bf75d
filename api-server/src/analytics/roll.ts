import { z } from "zod";
import type { Database } from "../db/database.ts";

/** Minutes are kept so long; days as long as the organization's settings say, or this. */
export const MINUTES_KEPT_DAYS = 8;
const DAYS_KEPT = 365;
const BATCH = 10_000;

/** Of the minutes that are over, the days: also of yesterday once more, since the last of its minutes come late. */
const ROLL = `
  WITH m AS (
    SELECT tenant_id, (minute AT TIME ZONE 'UTC')::date AS day, calls, client_errors, server_errors, buckets, users
    FROM request_minutes WHERE minute >= date_trunc('day', now(), 'UTC') - interval '1 day'
  ), places AS (
    SELECT tenant_id, day, array_agg(n ORDER BY place) AS buckets FROM (
      SELECT tenant_id, day, place, sum(n)::bigint AS n FROM m, unnest(buckets) WITH ORDINALITY AS b (n, place) GROUP BY 1, 2, 3
    ) p GROUP BY 1, 2
  ), people AS (
    SELECT tenant_id, day, count(DISTINCT u)::int AS users FROM m, unnest(users) AS u GROUP BY 1, 2
  ), sums AS (
    SELECT tenant_id, day, sum(calls) AS calls, sum(client_errors) AS client_errors, sum(server_errors) AS server_errors
    FROM m GROUP BY 1, 2
  )
  INSERT INTO request_days AS d (tenant_id, day, calls, client_errors, server_errors, buckets, users)
  SELECT tenant_id, day, s.calls, s.client_errors, s.server_errors, p.buckets, coalesce(q.users, 0)
  FROM sums s JOIN places p USING (tenant_id, day) LEFT JOIN people q USING (tenant_id, day)
  ON CONFLICT (tenant_id, day) DO UPDATE SET calls = EXCLUDED.calls, client_errors = EXCLUDED.client_errors,
    server_errors = EXCLUDED.server_errors, buckets = EXCLUDED.buckets, users = EXCLUDED.users
  WHERE d.calls <> EXCLUDED.calls`;

/** Makes days of minutes, and removes the minutes whose time is over. @returns how many days were written */
export async function rollMinutes({ worker }: Pick<Database, "worker">): Promise<number> {
  const { rowCount } = await worker.query(ROLL);
  const old = `DELETE FROM request_minutes WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM request_minutes WHERE minute < now() - interval '${MINUTES_KEPT_DAYS} days' LIMIT ${BATCH}))`;
  while (((await worker.query(old)).rowCount ?? 0) > 0);
  return rowCount ?? 0;
}

const tenants = z.array(z.object({ tenant_id: z.string() }));

/** Removes the days that an organization does not want to keep any longer. */
export async function removeOldDays({ worker, write }: Pick<Database, "worker" | "write">): Promise<void> {
  const { rows } = await worker.query("SELECT DISTINCT tenant_id FROM request_days WHERE day < current_date - 29");
  for (const { tenant_id: id } of tenants.parse(rows)) {
    await write(
      id,
      (tx) => tx.$executeRaw`
        DELETE FROM request_days WHERE tenant_id = ${id}::uuid AND day < current_date - coalesce(
          (SELECT retention_days FROM tenant_settings WHERE tenant_id = ${id}::uuid), ${DAYS_KEPT}::int)`,
    );
  }
}
