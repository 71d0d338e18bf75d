import type pg from "pg";
import { z } from "zod";

const BATCH = 500;
const found = z.array(z.object({ id: z.string(), subdomain: z.string() }));

/**
 * What the API decided about tenants and the cluster does not know yet: rows of the outbox. Each stays until the tenant was
 * looked at after it was seen, so that a leader who is gone before that leaves it to the next one.
 */
export class Hints {
  readonly #pool: pg.Pool;
  /** By name, the ids of those that wait for it to be looked at. */
  readonly #waiting = new Map<string, string[]>();

  /** @param pool of role lv_worker */
  constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  /** The names about which there is news. */
  async look(): Promise<string[]> {
    const known = [...this.#waiting.values()].flat();
    const { rows } = await this.#pool.query(
      `SELECT o.id, t.subdomain FROM outbox o JOIN tenants t ON t.id = o.tenant_id
       WHERE o.topic = 'tenant.apply' AND o.due_at <= now() AND o.id <> ALL ($1::uuid[]) ORDER BY o.due_at LIMIT ${BATCH}`,
      [known],
    );
    const news = found.parse(rows);
    for (const { id, subdomain } of news) this.#waiting.set(subdomain, [...(this.#waiting.get(subdomain) ?? []), id]);
    return [...new Set(news.map(({ subdomain }) => subdomain))];
  }

  /** Those that a look at the tenant from now on answers. */
  of(name: string): string[] {
    return this.#waiting.get(name) ?? [];
  }

  async done(name: string, ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    await this.#pool.query("DELETE FROM outbox WHERE id = ANY ($1::uuid[]) AND topic = 'tenant.apply'", [ids]);
    const left = this.of(name).filter((id) => !ids.includes(id));
    if (left.length === 0) this.#waiting.delete(name);
    else this.#waiting.set(name, left);
  }
}
