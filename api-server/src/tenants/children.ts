import { v7 as uuid } from "uuid";
import { z } from "zod";
import type { Caller } from "../accounts/callers.ts";
import { actingFor } from "../db/acting.ts";
import type { Database, Transaction } from "../db/database.ts";
import { Refusal } from "../errors/catalogue.ts";
import { lockedCaller } from "../members/members.ts";
import { enqueue } from "../outbox/outbox.ts";
import type { Parts } from "../parts.ts";
import { addTenant, admitNetwork, type Created, inviteOwner, type TenantCreation } from "./create.ts";
import { LIMITS } from "./limits.ts";
import { nameFor, taken } from "./names.ts";
import { readUsage, requireRoom } from "./plan.ts";

const relative = z.object({
  id: z.uuid(),
  relation: z.enum(["parent", "child"]),
  subdomain: z.string(),
  organization_name: z.string(),
  lifecycle: z.string(),
  created_at: z.date(),
  projects: z.coerce.number().int().nullable(),
  users: z.coerce.number().int().nullable(),
});

/** The parent of a tenant, or its children; of a deleted one nothing. */
export async function relativesOf(db: Pick<Transaction, "$queryRaw">): Promise<z.output<typeof relative>[]> {
  return z.array(relative).parse(await db.$queryRaw`SELECT * FROM lv_family() ORDER BY subdomain`);
}

/** The child of that id or subdomain. @throws Refusal TENANT_NOT_FOUND, alike for who is no child and who is nobody */
export async function childNamed(db: Pick<Transaction, "$queryRaw">, name: string) {
  const wanted = name.toLowerCase();
  const child = (await relativesOf(db)).find(
    ({ id, relation, subdomain }) => relation === "child" && (id === wanted || subdomain === wanted),
  );
  if (child === undefined) throw new Refusal("TENANT_NOT_FOUND");
  return child;
}

export async function readHierarchy(database: Database, { tenantId, plan }: Caller) {
  const [relatives, usage] = await Promise.all([database.read(tenantId, relativesOf), readUsage(database, tenantId)]);
  const bare = ({ id, subdomain, organization_name }: z.output<typeof relative>) => ({
    id,
    subdomain,
    organization_name,
  });
  const parent = relatives.find(({ relation }) => relation === "parent");
  const children = relatives.filter(({ relation }) => relation === "child");
  return {
    parent: parent === undefined ? null : bare(parent),
    children: children.map((child) => ({
      ...bare(child),
      plan,
      is_active: child.lifecycle === "active",
      created_at: child.created_at.toISOString(),
      usage: { projects: child.projects ?? 0, users: child.users ?? 0 },
    })),
    usage,
  };
}

/**
 * A tenant that lives on its parent's plan. Its parent's owner answers for it, so that the cluster hears of it at once; on
 * a plan that anybody has for nothing it is one of those that their network makes.
 * @throws Refusal PERMISSION_DENIED, HIERARCHY_TOO_DEEP, QUOTA_EXCEEDED, and what `createTenant` throws
 */
export async function createChild(
  tx: Transaction,
  { config, audit }: Pick<Parts, "config" | "audit">,
  caller: Caller,
  { organization_name: organizationName, subdomain, admin_email }: Omit<TenantCreation, "plan" | "invitation_code">,
): Promise<Created> {
  const { tenantId: parentId, userId, email, plan } = caller;
  const adminEmail = admin_email ?? null;
  const name = nameFor(organizationName, subdomain);
  await lockedCaller(tx, caller, "children:write");
  await admitChild(tx, name, LIMITS[plan].children);
  const createdFrom = plan === "starter" ? caller.ip : null;
  if (createdFrom !== null) await admitNetwork(tx, { ip: createdFrom, invited: false }, name);
  // For the welcome project.
  await requireRoom(tx, parentId, "projects");
  const id = uuid();
  const target = { kind: "tenant", id };
  await audit(tx, caller, { action: "child.created", target, details: { name } });
  return await actingFor(tx, { for: id, own: parentId }, async () => {
    // Somebody must answer for the cluster's Tenant.
    const owner = { parentId, onboarding: "confirmed", adminEmail: adminEmail ?? email, createdFrom };
    const tenant = await addTenant(tx, { id, organizationName, subdomain: name, plan, ...owner });
    await enqueue(tx, id, { topic: "tenant.apply", payload: {} });
    // By somebody of another tenant, whose address is that one's to keep and to destroy.
    const by = { tenantId: id, name: userId, requestId: caller.requestId };
    await audit(tx, by, { action: "tenant.created", target, details: { name, plan, parent: parentId } });
    return await inviteOwner(tx, config, tenant, { email: adminEmail, invitedVia: userId });
  });
}

const verdict = z.tuple([z.object({ verdict: z.enum(["ok", "held", "child", "inactive", "many"]) })]);

async function admitChild(tx: Transaction, name: string, atMost: number): Promise<void> {
  const rows = await tx.$queryRaw`SELECT lv_admit_child(${name}, ${atMost}::integer) AS verdict`;
  const [{ verdict: said }] = verdict.parse(rows);
  switch (said) {
    case "ok":
      return;
    case "held":
      throw taken(name);
    case "child":
      throw new Refusal("HIERARCHY_TOO_DEEP");
    case "inactive":
      throw new Refusal("TENANT_NOT_FOUND");
    case "many":
      throw new Refusal("QUOTA_EXCEEDED", {
        detail: `Child limit reached (${atMost}). Upgrade to create more children.`,
      });
  }
}
