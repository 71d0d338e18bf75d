import { v7 as uuid } from "uuid";
import type { Database, Transaction } from "../db/database.ts";
import { isTaken } from "../db/faults.ts";
import type { Project } from "../db/generated/client.ts";
import { Refusal } from "../errors/catalogue.ts";
import { type Page, rowsOf } from "../http/pages.ts";
import { requireRoom } from "../tenants/plan.ts";

/** What a tenant sees: deleted ones are as if they had never been. */
const SEEN = { status: { not: "deleted" } } as const;

export type ProjectChange = {
  name?: string | undefined;
  description?: string | null | undefined;
  status?: "active" | "archived" | undefined;
};

/** In the order of their creation; one more than `limit` where there is more. */
export function listProjects(database: Database, tenantId: string, page: Page): Promise<Project[]> {
  const { after, order } = rowsOf(page);
  return database.read(tenantId, (db) => db.project.findMany({ where: { tenantId, ...SEEN, ...after }, ...order }));
}

/** @throws Refusal PROJECT_NOT_FOUND, also for another tenant's */
export async function findProject(database: Database, tenantId: string, id: string): Promise<Project> {
  const project = await database.read(tenantId, (db) => db.project.findFirst({ where: { tenantId, id, ...SEEN } }));
  if (project === null) throw notFound();
  return project;
}

/** @throws Refusal QUOTA_EXCEEDED, PROJECT_EXISTS */
export async function createProject(
  tx: Transaction,
  tenantId: string,
  { name, description }: { name: string; description?: string | null | undefined },
): Promise<Project> {
  await requireRoom(tx, tenantId, "projects");
  const data = { tenantId, id: uuid(), name, description: description ?? null };
  return await tx.project.create({ data }).catch(taken(name));
}

/** @throws Refusal PROJECT_NOT_FOUND, PROJECT_EXISTS; QUOTA_EXCEEDED when an archived one is to be active again */
export function changeProject(
  database: Database,
  tenantId: string,
  id: string,
  change: ProjectChange,
): Promise<Project> {
  return database.write(tenantId, async (tx) => {
    const where = { tenantId, id, ...SEEN };
    if (change.status === "active") await requireRoom(tx, tenantId, "projects", id);
    const [changed] = await tx.project
      .updateManyAndReturn({ where, data: present(change) })
      .catch(taken(change.name ?? ""));
    if (changed === undefined) throw notFound();
    return changed;
  });
}

/** @throws Refusal PROJECT_NOT_FOUND */
export async function deleteProject(database: Database, tenantId: string, id: string): Promise<void> {
  const { count } = await database.write(tenantId, (tx) =>
    tx.project.updateMany({ where: { tenantId, id, ...SEEN }, data: { status: "deleted" } }),
  );
  if (count === 0) throw notFound();
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
