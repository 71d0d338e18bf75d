import { type AgentTask, PLAN_NAMES } from "@leanvibe/schema";
import type pg from "pg";
import { v7 as uuid } from "uuid";
import { z } from "zod";
import type { Transaction } from "../../db/database.ts";
import type { Prisma, Task } from "../../db/generated/client.ts";
import type { MirrorParts } from "../../mirror/mirror.ts";
import { enqueue } from "../../outbox/outbox.ts";
import { LIMITS } from "../../tenants/limits.ts";
import { record } from "../record.ts";
import { hasEnded, holdTask } from "../rows.ts";
import type { RowChange } from "./decide.ts";
import { kept, keptText } from "./kept.ts";

/** Where a task's row is. */
export type Ref = { tenantId: string; id: string };

const refs = z.array(
  z.object({ tenant_id: z.string(), id: z.string() }).transform(({ tenant_id: tenantId, id }) => ({ tenantId, id })),
);

/** The rows of an object, and of whatever was or is to be at its place and is not known to be gone. @param pool of role lv_worker */
export async function findRefs(
  pool: pg.Pool,
  { namespace, name, uid }: { namespace: string; name: string; uid: string | undefined },
): Promise<Ref[]> {
  const { rows } = await pool.query(
    `SELECT tenant_id, id FROM tasks WHERE object_uid = $3
     UNION SELECT tenant_id, id FROM tasks WHERE namespace = $1 AND name = $2 AND gone_at IS NULL ORDER BY id`,
    [namespace, name, uid ?? null],
  );
  return refs.parse(rows);
}

const places = z.array(z.object({ namespace: z.string(), name: z.string() }));

/** Of all that may have something to be done about. @param pool of role lv_worker */
export async function unsettledPlaces(pool: pg.Pool): Promise<{ namespace: string; name: string }[]> {
  const { rows } = await pool.query(
    "SELECT namespace, name FROM tasks WHERE gone_at IS NULL AND namespace IS NOT NULL ORDER BY tenant_id, id",
  );
  return places.parse(rows);
}

export async function readRow({ database }: Pick<MirrorParts, "database">, { tenantId, id }: Ref) {
  const row = await database.read(tenantId, (db) => db.task.findFirst({ where: { tenantId, id } }));
  return row ?? undefined;
}

const ids = z.array(z.object({ id: z.string() }));

/** The tenant whose Tenant object this is; undefined where it has no account, or no longer. @param pool of role lv_worker */
export async function tenantOf(pool: pg.Pool, name: string, uid: string): Promise<string | undefined> {
  const text = "SELECT id FROM tenants WHERE subdomain = $1 AND object_uid = $2 AND lifecycle = 'active'";
  const [row] = ids.parse((await pool.query(text, [name, uid])).rows);
  return row?.id;
}

const subdomains = z.array(z.object({ subdomain: z.string() }));

/** @param pool of role lv_worker */
export async function subdomainOf(pool: pg.Pool, tenantId: string): Promise<string | undefined> {
  const { rows } = await pool.query("SELECT subdomain FROM tenants WHERE id = $1", [tenantId]);
  return subdomains.parse(rows)[0]?.subdomain;
}

const REQUIREMENTS_LENGTH = 16_384;
const SPEC_LENGTH = 262_144;

/** A row for an object that kubectl applied. Of one that exists already nothing is made: somebody was faster. */
export async function makeRow(
  { database, audit }: MirrorParts,
  tenantId: string,
  { metadata, spec }: AgentTask,
): Promise<void> {
  const { title, description, priority, language, model, requirements, desiredState, ...more } = spec;
  const id = uuid();
  const data = {
    tenantId,
    id,
    name: metadata.name,
    namespace: metadata.namespace ?? null,
    objectUid: metadata.uid ?? null,
    managedBy: "kubectl",
    title: keptText(title, 200),
    description: keptText(description, 8_192),
    priority,
    language,
    model: model ?? null,
    requirements: within(kept(requirements), REQUIREMENTS_LENGTH),
    spec: within(kept(more), SPEC_LENGTH),
    desired: desiredState,
  };
  await database.write(tenantId, async (tx) => {
    await forgetOld(tx, tenantId);
    const made = await tx.task.create({ data });
    await record(tx, made, undefined);
    const target = { kind: "task", id };
    await audit(tx, { tenantId, kind: "kubectl" }, { action: "task.created", target, details: { title: made.title } });
  });
}

/** Who makes objects and deletes them all day long fills no table: of those that ended and are gone the newest stay. */
async function forgetOld(tx: Transaction, tenantId: string): Promise<void> {
  const { plan } = await tx.tenant.findFirstOrThrow({ where: { id: tenantId }, select: { plan: true } });
  await tx.$executeRaw`
    DELETE FROM tasks WHERE tenant_id = ${tenantId}::uuid AND id IN (
      SELECT id FROM tasks WHERE tenant_id = ${tenantId}::uuid AND managed_by = 'kubectl' AND cleared_at IS NOT NULL AND gone_at IS NOT NULL
      ORDER BY id DESC OFFSET ${LIMITS[z.enum(PLAN_NAMES).parse(plan)].keptTasks - 1})`;
}

/** What is larger than the API would have taken is the object's alone to keep. */
function within(value: Prisma.InputJsonObject, length: number): Prisma.InputJsonObject {
  return JSON.stringify(value).length > length ? {} : value;
}

/**
 * Follows the object, and tells those who watch. Only while nobody else has changed what was decided by.
 * @returns whether it was done
 */
export async function changeRow({ database, audit }: MirrorParts, before: Task, change: RowChange): Promise<boolean> {
  const { tenantId, id } = before;
  return await database.write(tenantId, async (tx) => {
    const held = await holdTask(tx, tenantId, id);
    if (held.objectUid !== before.objectUid || held.desired !== before.desired) return false;
    const [after] = await tx.task.updateManyAndReturn({ where: { tenantId, id }, data: dataOf(change) });
    if (after === undefined) return false;
    await record(tx, after, held);
    if (hasEnded(after) && !hasEnded(held)) await tellEnd(tx, audit, after);
    return true;
  });
}

/** To Prisma what is null in a column of JSON is a word of its own, and no change of ours says it. */
function dataOf({ requirements: _asked, spec: _more, ...change }: RowChange): Prisma.TaskUpdateManyMutationInput {
  return change;
}

async function tellEnd(
  tx: Transaction,
  audit: MirrorParts["audit"],
  { tenantId, id, phase, reason }: Task,
): Promise<void> {
  const details = { phase, ...(reason === null ? {} : { reason }) };
  await audit(tx, { tenantId, kind: "system" }, { action: "task.ended", target: { kind: "task", id }, details });
}

/** A row whose object is gone, or can never be. */
export async function endRow(
  parts: MirrorParts,
  row: Task,
  { phase, reason, message }: { phase: string; reason: string; message: string },
): Promise<boolean> {
  const now = new Date();
  const change = { phase, reason, message: keptText(message, 2_000), endedAt: now, clearedAt: now, goneAt: now };
  return await changeRow(parts, row, change);
}

/** There is nothing more to be done about it in the cluster. */
export async function settleRow({ database }: Pick<MirrorParts, "database">, { tenantId, id }: Ref): Promise<void> {
  const where = { tenantId, id, clearedAt: null };
  await database.write(tenantId, (tx) => tx.task.updateMany({ where, data: { clearedAt: new Date() } }));
}

/** Its object is gone, and nothing is to be done about it any more: it may be forgotten. */
export async function forsakeRow({ database }: Pick<MirrorParts, "database">, { tenantId, id }: Ref): Promise<void> {
  const where = { tenantId, id, clearedAt: { not: null }, goneAt: null };
  await database.write(tenantId, (tx) => tx.task.updateMany({ where, data: { goneAt: new Date() } }));
}

/** Where its object is to be. */
export async function placeRow({ database }: Pick<MirrorParts, "database">, { tenantId, id }: Ref, namespace: string) {
  const where = { tenantId, id, namespace: null };
  await database.write(tenantId, (tx) => tx.task.updateMany({ where, data: { namespace } }));
}

/**
 * Takes a place back that is no longer its tenant's, of a row whose object was never seen. What is to be done about it is
 * told anew: the hints that led to the old place are answered with it.
 */
export async function unplaceRow({ database }: Pick<MirrorParts, "database">, { tenantId, id, namespace }: Task) {
  const where = { tenantId, id, namespace, objectUid: null };
  await database.write(tenantId, async (tx) => {
    const { count } = await tx.task.updateMany({ where, data: { namespace: null } });
    if (count > 0) await enqueue(tx, tenantId, { topic: "task.apply", payload: { task: id } });
  });
}
