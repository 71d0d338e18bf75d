import { TASK_PRIORITIES } from "@leanvibe/schema";
import { z } from "zod";
import type { Database, Transaction } from "../db/database.ts";
import { Prisma, type Task } from "../db/generated/client.ts";
import { Refusal } from "../errors/catalogue.ts";
import { type Page, rowsOf } from "../http/pages.ts";
import { isFinal, phase, queuePosition } from "./words.ts";

type Queries = Pick<Transaction, "$queryRaw">;

/** A task with what others of its tenant decide. */
export type PlacedTask = Task & { queuePosition: number | null };

const placed = z.array(z.object({ id: z.string(), place: z.coerce.number() }));
const counted = z.tuple([z.object({ running: z.coerce.number() })]);

/** In the order in which they were made; one more than `limit` where there is more. */
export async function listTasks(
  database: Database,
  { tenantId, concurrent }: Concurrency,
  page: Page,
  like: { phases: readonly string[] | undefined; projectId: string | undefined },
): Promise<PlacedTask[]> {
  const { after, order } = rowsOf(page);
  const where = {
    tenantId,
    ...after,
    ...(like.phases === undefined ? {} : { phase: { in: [...like.phases] } }),
    ...(like.projectId === undefined ? {} : { projectId: like.projectId }),
  };
  const rows = await database.read(tenantId, (db) => db.task.findMany({ where, ...order }));
  return await database.read(tenantId, (db) => withPlaces(db, rows, concurrent));
}

/** Whose, and how many of theirs run at a time. */
export type Concurrency = { tenantId: string; concurrent: number };

/** @throws Refusal TASK_NOT_FOUND, also for another tenant's */
export async function findTask(
  database: Database,
  { tenantId, concurrent }: Concurrency,
  id: string,
): Promise<PlacedTask> {
  const row = await database.read(tenantId, (db) => db.task.findFirst({ where: { tenantId, id } }));
  if (row === null) throw new Refusal("TASK_NOT_FOUND");
  const [found] = await database.read(tenantId, (db) => withPlaces(db, [row], concurrent));
  return found ?? { ...row, queuePosition: null };
}

/** Asks nothing where none of them waits. */
export async function withPlaces(db: Queries, rows: readonly Task[], concurrent: number): Promise<PlacedTask[]> {
  const waiting = rows.filter(({ phase: of }) => of === "Pending" || of === "Queued");
  const [first] = waiting;
  if (first === undefined) return rows.map((row) => ({ ...row, queuePosition: null }));
  const ids = waiting.map(({ id }) => id);
  const places = placed.parse(
    await db.$queryRaw`
      SELECT id, place FROM (
        SELECT id, row_number() OVER (ORDER BY array_position(${[...TASK_PRIORITIES]}::text[], priority), id) AS place
        FROM tasks WHERE tenant_id = ${first.tenantId}::uuid AND phase IN ('Pending', 'Queued')
      ) q WHERE id IN (${Prisma.join(ids.map((id) => Prisma.sql`${id}::uuid`))})`,
  );
  const [{ running }] = counted.parse(
    await db.$queryRaw`SELECT count(*) AS running FROM tasks WHERE tenant_id = ${first.tenantId}::uuid AND phase = 'Running'`,
  );
  const byId = new Map(places.map(({ id, place }) => [id, place]));
  return rows.map((row) => {
    const place = byId.get(row.id);
    return { ...row, queuePosition: place === undefined ? null : queuePosition(place, running, concurrent) };
  });
}

/**
 * Holds the row until the transaction ends, for who decides by what it says.
 * @throws Refusal TASK_NOT_FOUND
 */
export async function holdTask(tx: Transaction, tenantId: string, id: string): Promise<Task> {
  await tx.$queryRaw`SELECT FROM tasks WHERE tenant_id = ${tenantId}::uuid AND id = ${id}::uuid FOR NO KEY UPDATE`;
  const row = await tx.task.findFirst({ where: { tenantId, id } });
  if (row === null) throw new Refusal("TASK_NOT_FOUND");
  return row;
}

/** Whether it has come to its end, whatever is asked for now. */
export function hasEnded({ phase: of }: Pick<Task, "phase">): boolean {
  return isFinal(phase.parse(of));
}
