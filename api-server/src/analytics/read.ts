import { z } from "zod";
import type { Database } from "../db/database.ts";
import { quantile } from "./histogram.ts";
import type { Analytics, Span } from "./schema.ts";

const ROUTES_AT_MOST = 100;
const P95 = 0.95;
const DAY_MILLISECONDS = 86_400_000;

const pointRow = z.object({
  at: z.date(),
  calls: z.coerce.number(),
  client_errors: z.coerce.number(),
  server_errors: z.coerce.number(),
  buckets: z.array(z.coerce.number()),
  users: z.coerce.number(),
});

type PointRow = z.output<typeof pointRow>;

const routeRow = z.object({
  route: z.string(),
  calls: z.coerce.number(),
  client_errors: z.coerce.number(),
  server_errors: z.coerce.number(),
});

type Reads = Pick<Database, "read">;

/** How the API was used in that time. What is older than yesterday comes from the days, which are kept longer. */
export async function readAnalytics(database: Reads, tenantId: string, span: Span, now: Date): Promise<Analytics> {
  const yesterday = new Date(Math.floor(now.getTime() / DAY_MILLISECONDS - 1) * DAY_MILLISECONDS);
  const live = span.resolution === "day" && span.from < yesterday ? { ...span, from: yesterday } : span;
  const [days, points, routes] = await Promise.all([
    span.resolution === "day" ? readDays(database, tenantId, span, yesterday) : [],
    readMinutes(database, tenantId, live),
    readRoutes(database, tenantId, span),
  ]);
  return {
    resolution: span.resolution,
    from: span.from.toISOString(),
    to: span.to.toISOString(),
    points: [...days, ...points].map(({ at, buckets, ...sums }) => ({
      at: at.toISOString(),
      ...sums,
      p95_milliseconds: rounded(quantile(buckets, P95)),
    })),
    routes,
  };
}

async function readMinutes(database: Reads, tenantId: string, { resolution, from, to }: Span): Promise<PointRow[]> {
  const rows = await database.read(
    tenantId,
    (db) => db.$queryRaw`
      WITH m AS (
        SELECT date_trunc(${resolution}::text, minute, 'UTC') AS at, calls, client_errors, server_errors, buckets, users
        FROM request_minutes WHERE tenant_id = ${tenantId}::uuid AND minute >= ${from} AND minute < ${to}
      ), places AS (
        SELECT at, array_agg(n ORDER BY place) AS buckets FROM (
          SELECT at, place, sum(n) AS n FROM m, unnest(buckets) WITH ORDINALITY AS b (n, place) GROUP BY 1, 2
        ) p GROUP BY 1
      ), people AS (SELECT at, count(DISTINCT u) AS users FROM m, unnest(users) AS u GROUP BY 1),
      sums AS (
        SELECT at, sum(calls) AS calls, sum(client_errors) AS client_errors, sum(server_errors) AS server_errors
        FROM m GROUP BY 1
      )
      SELECT at, calls, client_errors, server_errors, buckets::text[], coalesce(users, 0) AS users
      FROM sums JOIN places USING (at) LEFT JOIN people USING (at) ORDER BY at`,
  );
  return z.array(pointRow).parse(rows);
}

async function readDays(database: Reads, tenantId: string, { from, to }: Span, before: Date): Promise<PointRow[]> {
  const end = to < before ? to : before;
  const rows = await database.read(
    tenantId,
    (db) => db.$queryRaw`
      SELECT day::timestamp AT TIME ZONE 'UTC' AS at, calls, client_errors, server_errors, buckets::text[], users
      FROM request_days
      WHERE tenant_id = ${tenantId}::uuid AND day >= (${from}::timestamptz AT TIME ZONE 'UTC')::date
        AND day < (${end}::timestamptz AT TIME ZONE 'UTC')::date
      ORDER BY day`,
  );
  return z.array(pointRow).parse(rows);
}

async function readRoutes(database: Reads, tenantId: string, { from, to }: Span) {
  const rows = await database.read(
    tenantId,
    (db) => db.$queryRaw`
      SELECT r.key AS route, sum((r.value->>0)::int) AS calls, sum((r.value->>1)::int) AS client_errors,
        sum((r.value->>2)::int) AS server_errors
      FROM request_minutes, jsonb_each(routes) AS r
      WHERE tenant_id = ${tenantId}::uuid AND minute >= ${from} AND minute < ${to}
      GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT ${ROUTES_AT_MOST}`,
  );
  return z.array(routeRow).parse(rows);
}

function rounded(milliseconds: number | null): number | null {
  return milliseconds === null ? null : Math.round(milliseconds * 10) / 10;
}

/** The sums of what is kept, for who looks again and again and takes the differences. */
export async function readTotals(
  database: Reads,
  tenantId: string,
  now: Date,
): Promise<Omit<PointRow, "at" | "users">> {
  const yesterday = new Date(Math.floor(now.getTime() / DAY_MILLISECONDS - 1) * DAY_MILLISECONDS);
  const span = { resolution: "day", from: new Date(0), to: now } as const;
  const [days, live] = await Promise.all([
    readDays(database, tenantId, span, yesterday),
    readMinutes(database, tenantId, { ...span, from: yesterday }),
  ]);
  const sums = { calls: 0, client_errors: 0, server_errors: 0, buckets: [] as number[] };
  for (const point of [...days, ...live]) {
    sums.calls += point.calls;
    sums.client_errors += point.client_errors;
    sums.server_errors += point.server_errors;
    for (const [at, count] of point.buckets.entries()) sums.buckets[at] = (sums.buckets[at] ?? 0) + count;
  }
  return sums;
}
