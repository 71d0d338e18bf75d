import { randomUUID } from "node:crypto";
import type pg from "pg";
import type { App } from "../app.ts";
import { emptyBuckets, placeOf } from "./histogram.ts";

const MINUTE_MILLISECONDS = 60_000;
/** Of a database that is away for longer than this the oldest minutes are given up: memory has an end. */
const MINUTES_AT_MOST = 30;
/** More people than this in one minute of one tenant are counted as so many. */
const USERS_AT_MOST = 1_000;

type Counts = {
  calls: number;
  client_errors: number;
  server_errors: number;
  buckets: number[];
  routes: Record<string, [calls: number, clientErrors: number, serverErrors: number]>;
  users: Set<string>;
};

export type Answered = { tenantId: string; userId: string; route: string; status: number; milliseconds: number };

/** What this process answers, by tenant and minute, until it is written down. */
export class Requests {
  readonly #replica = randomUUID();
  readonly #minutes = new Map<number, Map<string, Counts>>();

  count({ tenantId, userId, route, status, milliseconds }: Answered, now: number = Date.now()): void {
    const minute = now - (now % MINUTE_MILLISECONDS);
    const tenants = this.#minutes.get(minute) ?? new Map<string, Counts>();
    this.#minutes.set(minute, tenants);
    const counts = tenants.get(tenantId) ?? newCounts();
    tenants.set(tenantId, counts);
    const [client, server] = [status >= 400 && status < 500 ? 1 : 0, status >= 500 ? 1 : 0];
    counts.calls += 1;
    counts.client_errors += client;
    counts.server_errors += server;
    const place = placeOf(milliseconds);
    counts.buckets[place] = (counts.buckets[place] ?? 0) + 1;
    const [calls, clients, servers] = counts.routes[route] ?? [0, 0, 0];
    counts.routes[route] = [calls + 1, clients + client, servers + server];
    if (counts.users.size < USERS_AT_MOST) counts.users.add(userId);
  }

  /**
   * Writes down, in one statement, each minute that is over; the one that runs too where it is the last. What cannot be
   * written stays for the next time.
   * @param pool of role lv_worker
   */
  async flush(pool: pg.Pool, { last, now = Date.now() }: { last: boolean; now?: number }): Promise<number> {
    const over = [...this.#minutes].filter(([minute]) => last || minute + MINUTE_MILLISECONDS <= now);
    if (over.length === 0) return 0;
    const rows = over.flatMap(([minute, tenants]) =>
      [...tenants].map(([id, counts]) => this.#rowOf(minute, id, counts)),
    );
    try {
      await pool.query(INSERT, [JSON.stringify(rows)]);
    } catch (error) {
      for (const [minute] of over.slice(0, -MINUTES_AT_MOST)) this.#minutes.delete(minute);
      throw error;
    }
    for (const [minute] of over) this.#minutes.delete(minute);
    return rows.length;
  }

  #rowOf(minute: number, tenantId: string, { users, ...counts }: Counts) {
    const key = { tenant_id: tenantId, minute: new Date(minute).toISOString(), replica: this.#replica };
    return { ...key, ...counts, users: [...users] };
  }
}

/** Once more after an answer that was not heard changes nothing; a tenant that is gone meanwhile is left out. */
const INSERT = `
  INSERT INTO request_minutes (tenant_id, minute, replica, calls, client_errors, server_errors, buckets, routes, users)
  SELECT r.tenant_id, r.minute, r.replica, r.calls, r.client_errors, r.server_errors, r.buckets, r.routes, r.users
  FROM jsonb_to_recordset($1) AS r (
    tenant_id uuid, minute timestamptz, replica uuid, calls integer, client_errors integer, server_errors integer,
    buckets integer[], routes jsonb, users uuid[]
  ) JOIN tenants t ON t.id = r.tenant_id
  ON CONFLICT DO NOTHING`;

function newCounts(): Counts {
  const users = new Set<string>();
  return { calls: 0, client_errors: 0, server_errors: 0, buckets: emptyBuckets(), routes: {}, users };
}

/** Counts what is answered to somebody of a tenant; the route as it is declared, of which there are only so many. */
export function countRequests(app: App, requests: Requests): void {
  app.addHook("onResponse", ({ caller, method, routeOptions }, { statusCode, elapsedTime }, done) => {
    if (caller === null) return done();
    const { tenantId, userId } = caller;
    const route = `${method} ${routeOptions.url}`;
    requests.count({ tenantId, userId, route, status: statusCode, milliseconds: elapsedTime });
    done();
  });
}
