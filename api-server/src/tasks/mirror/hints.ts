import { z } from "zod";
import type { MirrorParts } from "../../mirror/mirror.ts";
import { placeRow } from "./rows.ts";
import type { Namespaces } from "./work.ts";

const BATCH = 500;
const LATER_SECONDS = 2;

const found = z.array(
  z.object({
    id: z.string(),
    tenant_id: z.string(),
    task_id: z.string(),
    subdomain: z.string(),
    name: z.string(),
    namespace: z.string().nullable(),
  }),
);

type Found = z.output<typeof found>[number];

/**
 * What the API decided about tasks and the cluster does not know yet: rows of the outbox. Each stays until the task was
 * looked at after it was seen, so that a leader who is gone before that leaves it to the next one.
 */
export class TaskHints {
  readonly #parts: MirrorParts;
  readonly #namespaces: Pick<Namespaces, "firstOf">;
  /** By key, the ids of those that wait for it to be looked at. */
  readonly #waiting = new Map<string, string[]>();

  constructor(parts: MirrorParts, namespaces: Pick<Namespaces, "firstOf">) {
    this.#parts = parts;
    this.#namespaces = namespaces;
  }

  /** The keys about which there is news. What has no place yet comes again. */
  async look(): Promise<string[]> {
    const { worker } = this.#parts.database;
    const known = [...this.#waiting.values()].flat();
    const { rows } = await worker.query(
      `SELECT o.id, o.tenant_id, t.subdomain, k.id AS task_id, k.name, k.namespace
       FROM outbox o JOIN tenants t ON t.id = o.tenant_id JOIN tasks k ON k.tenant_id = o.tenant_id AND k.id = (o.payload->>'task')::uuid
       WHERE o.topic = 'task.apply' AND o.due_at <= now() AND o.id <> ALL ($1::uuid[]) ORDER BY o.due_at LIMIT ${BATCH}`,
      [known],
    );
    const keys = new Set<string>();
    const later: string[] = [];
    for (const hint of found.parse(rows)) {
      const key = await this.#place(hint);
      if (key === undefined) later.push(hint.id);
      else {
        this.#waiting.set(key, [...(this.#waiting.get(key) ?? []), hint.id]);
        keys.add(key);
      }
    }
    if (later.length > 0) {
      const text = `UPDATE outbox SET due_at = now() + interval '${LATER_SECONDS} seconds' WHERE id = ANY ($1::uuid[]) AND topic = 'task.apply'`;
      await worker.query(text, [later]);
    }
    return [...keys];
  }

  async #place({ tenant_id: tenantId, task_id: id, subdomain, name, namespace }: Found): Promise<string | undefined> {
    if (namespace !== null) return `${namespace}/${name}`;
    const first = this.#namespaces.firstOf(subdomain);
    if (first === undefined) return undefined;
    await placeRow(this.#parts, { tenantId, id }, first);
    return `${first}/${name}`;
  }

  /** Those that a look at the task from now on answers. */
  of(key: string): string[] {
    return this.#waiting.get(key) ?? [];
  }

  async done(key: string, ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    await this.#parts.database.worker.query("DELETE FROM outbox WHERE id = ANY ($1::uuid[]) AND topic = 'task.apply'", [
      ids,
    ]);
    const left = this.of(key).filter((id) => !ids.includes(id));
    if (left.length === 0) this.#waiting.delete(key);
    else this.#waiting.set(key, left);
  }
}
