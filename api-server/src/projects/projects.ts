import { v7 as uuid } from "uuid";
import type { Caller } from "../accounts/callers.ts";
import type { Database, Transaction } from "../db/database.ts";
import { isTaken } from "../db/faults.ts";
import type { Project } from "../db/generated/client.ts";
import { Refusal } from "../errors/catalogue.ts";
import type { Parts } from "../parts.ts";
import { requireRoom } from "../tenants/plan.ts";

/** What a tenant sees: deleted ones are as if they had never been. */
const SEEN = { status: { not: "deleted" } } as const;

type Writes = Pick<Parts, "database" | "audit">;

export type ProjectChange = {
  name?: string | undefined;
  description?: string | null | undefined;
  status?: "active" | "archived" | undefined;
};

/** @throws Refusal PROJECT_NOT_FOUND, also for another tenant's */
export async function findProject(database: Database, tenantId: string, id: string): Promise<Project> {
  const project = await database.read(tenantId, (db) => db.project.findFirst({ where: { tenantId, id, ...SEEN } }));
  if (project === null) throw notFound();
  return project;
}

/** @throws Refusal QUOTA_EXCEEDED, PROJECT_EXISTS */
export async function createProject(
  tx: Transaction,
  { audit }: Pick<Parts, "audit">,
  caller: Caller,
  { name, description }: { name: string; description?: string | null | undefined },
): Promise<Project> {
  const { tenantId } = caller;
  await requireRoom(tx, tenantId, "projects");
  const data = { tenantId, id: uuid(), name, description: description ?? null };
  const made = await tx.project.create({ data }).catch(taken(name));
  await audit(tx, caller, { action: "project.created", target: targetOf(made.id), details: { name } });
  return made;
}

/** @throws Refusal PROJECT_NOT_FOUND, PROJECT_EXISTS; QUOTA_EXCEEDED when an archived one is to be active again */
export function changeProject(
  { database, audit }: Writes,
  caller: Caller,
  id: string,
  change: ProjectChange,
): Promise<Project> {
  const { tenantId } = caller;
  return database.write(tenantId, async (tx) => {
    const where = { tenantId, id, ...SEEN };
    if (change.status === "active") await requireRoom(tx, tenantId, "projects", id);
    const data = present(change);
    const [changed] = await tx.project.updateManyAndReturn({ where, data }).catch(taken(change.name ?? ""));
    if (changed === undefined) throw notFound();
    const { name, status } = data;
    const details = { fields: Object.keys(data), ...present({ name, status }) };
    await audit(tx, caller, { action: "project.changed", target: targetOf(id), details });
    return changed;
  });
}

/** @throws Refusal PROJECT_NOT_FOUND */
export async function deleteProject({ database, audit }: Writes, caller: Caller, id: string): Promise<void> {
  const { tenantId } = caller;
  await database.write(tenantId, async (tx) => {
    const where = { tenantId, id, ...SEEN };
    const { count } = await tx.project.updateMany({ where, data: { status: "deleted" } });
    if (count === 0) throw notFound();
    await audit(tx, caller, { action: "project.deleted", target: targetOf(id) });
  });
}

function targetOf(id: string) {
  return { kind: "project", id };
}

function taken(name: string): (error: unknown) => never {
  return (error) => {
    if (!isTaken(error)) throw error;
    throw new Refusal("PROJECT_EXISTS", {
      detail: `Project '${name}' already exists in your organization`,
      cause: error,
    });
  };
}

/** To Prisma a field that is there and undefined is none, but its types say otherwise. */
function present({ name, description, status }: ProjectChange) {
  return {
    ...(name === undefined ? {} : { name }),
    ...(description === undefined ? {} : { description }),
    ...(status === undefined ? {} : { status }),
  };
}

function notFound(): Refusal {
  return new Refusal("PROJECT_NOT_FOUND");
}
