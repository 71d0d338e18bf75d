import { PLANS } from "@leanvibe/schema";
import { v7 as uuid } from "uuid";
import type { Caller } from "../accounts/callers.ts";
import { leastId } from "../audit/audit.ts";
import type { Transaction } from "../db/database.ts";
import type { Prisma, Task } from "../db/generated/client.ts";
import { Refusal } from "../errors/catalogue.ts";
import { requireBudget } from "../metering/admission.ts";
import { enqueue } from "../outbox/outbox.ts";
import type { Parts } from "../parts.ts";
import { LIMITS } from "../tenants/limits.ts";
import { holdTenant } from "../tenants/plan.ts";
import { record } from "./record.ts";
import { hasEnded, holdTask, type PlacedTask, withPlaces } from "./rows.ts";
import type { TaskCreation } from "./schema.ts";
import { moreOf, nameOf, requireSound } from "./spec.ts";

type Writes = Pick<Parts, "database" | "audit">;

type Asked = Pick<Task, "title" | "description" | "priority" | "language" | "model"> & {
  projectId: string | null;
  retryOf: string | null;
  requirements: Prisma.InputJsonObject;
  spec: Prisma.InputJsonObject;
};

/**
 * @throws Refusal PROJECT_NOT_FOUND, TASK_TOO_LARGE, VALIDATION_FAILED, TASK_QUEUE_FULL, TASKS_PER_HOUR_REACHED,
 * BUDGET_EXCEEDED
 */
export async function createTask(
  tx: Transaction,
  parts: Pick<Parts, "audit">,
  caller: Caller,
  asked: TaskCreation,
): Promise<PlacedTask> {
  const { title, description, priority, language, model = null, project_id: projectId = null } = asked;
  return await addTask(tx, parts, caller, {
    title,
    description,
    priority,
    language,
    model,
    projectId,
    retryOf: null,
    requirements: JSON.parse(JSON.stringify(asked.requirements)),
    spec: moreOf(asked),
  });
}

/**
 * The same once more, as a task of its own that says what it repeats: what a task was asked for never changes.
 * @throws Refusal TASK_NOT_FOUND, TASK_NOT_ENDED, and what creating throws
 */
export async function retryTask(
  tx: Transaction,
  parts: Pick<Parts, "audit">,
  caller: Caller,
  id: string,
): Promise<PlacedTask> {
  const { tenantId } = caller;
  await holdTenant(tx, tenantId);
  const before = await tx.task.findFirst({ where: { tenantId, id } });
  if (before === null) throw new Refusal("TASK_NOT_FOUND");
  if (!hasEnded(before)) {
    const detail = `This task is ${before.phase}: it is run again when it has ended.`;
    throw new Refusal("TASK_NOT_ENDED", { detail });
  }
  const { title, description, priority, language, model, projectId } = before;
  const copied = { requirements: plain(before.requirements), spec: plain(before.spec) };
  const asked = { title, description, priority, language, model, projectId, retryOf: id };
  return await addTask(tx, parts, caller, { ...asked, ...copied });
}

function plain(value: Prisma.JsonValue): Prisma.InputJsonObject {
  return JSON.parse(JSON.stringify(value));
}

async function addTask(
  tx: Transaction,
  { audit }: Pick<Parts, "audit">,
  caller: Caller,
  asked: Asked,
): Promise<PlacedTask> {
  const { tenantId, userId, homeId } = caller;
  const id = uuid();
  // Who comes from another tenant is nobody of this one.
  const createdBy = homeId === undefined ? userId : null;
  const data = { tenantId, id, name: nameOf(asked.title, id), createdBy, ...asked };
  requireSound({ ...data, desired: "Run" });
  // Of many who come at once each counts the one before.
  await holdTenant(tx, tenantId);
  await requireProject(tx, tenantId, asked.projectId);
  await requirePlace(tx, caller);
  await requireMeasure(tx, caller);
  await requireBudget(tx, caller);
  const made = await tx.task.create({ data });
  await record(tx, made, undefined);
  await enqueue(tx, tenantId, { topic: "task.apply", payload: { task: id } });
  const details = { title: made.title, ...(made.retryOf === null ? {} : { retry_of: made.retryOf }) };
  await audit(tx, caller, { action: "task.created", target: { kind: "task", id }, details });
  const [placed] = await withPlaces(tx, [made], PLANS[caller.plan].concurrentAgentTasks);
  return placed ?? { ...made, queuePosition: null };
}

/** @throws Refusal PROJECT_NOT_FOUND */
async function requireProject(tx: Transaction, tenantId: string, id: string | null): Promise<void> {
  if (id === null) return;
  const where = { tenantId, id, status: { not: "deleted" } };
  if ((await tx.project.count({ where })) === 0) throw new Refusal("PROJECT_NOT_FOUND");
}

const RETRY_SECONDS = 60;

/** @throws Refusal TASK_QUEUE_FULL */
async function requirePlace(tx: Transaction, { tenantId, plan }: Caller): Promise<void> {
  const limit = LIMITS[plan].openTasks;
  const where = { tenantId, phase: { in: ["Pending", "Queued", "Running", "Suspended"] } };
  const open = await tx.task.count({ where });
  if (open < limit) return;
  const detail = `${open} tasks of your organization have not ended yet, and plan ${plan} has room for ${limit}.`;
  throw new Refusal("TASK_QUEUE_FULL", { detail, retryAfterSeconds: RETRY_SECONDS });
}

const HOUR_SECONDS = 3_600;

/**
 * What is ended at once and made again is never open, and is kept: so many are made in an hour, and no more.
 * @throws Refusal TASKS_PER_HOUR_REACHED
 */
async function requireMeasure(tx: Transaction, { tenantId, plan }: Caller): Promise<void> {
  const limit = LIMITS[plan].tasksPerHour;
  // By its id, which begins with its time: the primary key says it of the newest; those of kubectl are looked at with them.
  const first = await tx.task.findFirst({
    where: { tenantId, managedBy: "api", id: { gt: leastId(new Date(Date.now() - HOUR_SECONDS * 1000)) } },
    orderBy: { id: "desc" },
    skip: limit - 1,
    select: { createdAt: true },
  });
  if (first === null) return;
  const passed = Math.floor((Date.now() - first.createdAt.getTime()) / 1000);
  const retryAfterSeconds = Math.max(1, HOUR_SECONDS - passed);
  const detail = `Your organization has made ${limit} tasks within an hour, which is what plan ${plan} has: try again in ${retryAfterSeconds} s.`;
  throw new Refusal("TASKS_PER_HOUR_REACHED", { detail, retryAfterSeconds });
}

/**
 * Asks for a task's end; it comes within seconds, and what is done by then is kept. Once more changes nothing.
 * @throws Refusal TASK_NOT_FOUND, TASK_ENDED
 */
export async function cancelTask({ database, audit }: Writes, caller: Caller, id: string): Promise<PlacedTask> {
  const { tenantId } = caller;
  return await database.write(tenantId, async (tx) => {
    const before = await holdTask(tx, tenantId, id);
    if (before.phase === "Cancelled" || (before.desired === "Cancel" && !hasEnded(before))) return unplaced(before);
    if (hasEnded(before)) throw new Refusal("TASK_ENDED", { detail: `This task has ended: it is ${before.phase}.` });
    // One that is not in the cluster yet has nothing that must come to an end first.
    const over = before.objectUid === null && before.namespace === null;
    const ended = { phase: "Cancelled", endedAt: new Date(), reason: "Cancelled" };
    const data = { desired: "Cancel", ...(over ? ended : {}) };
    const [changed] = await tx.task.updateManyAndReturn({ where: { tenantId, id }, data });
    if (changed === undefined) throw new Refusal("TASK_NOT_FOUND");
    await record(tx, changed, before);
    await enqueue(tx, tenantId, { topic: "task.apply", payload: { task: id } });
    await audit(tx, caller, { action: "task.cancelled", target: { kind: "task", id } });
    return unplaced(changed);
  });
}

function unplaced(row: Task): PlacedTask {
  return { ...row, queuePosition: null };
}
