import { PLAN_NAMES, type Tenant } from "@leanvibe/schema";
import type pg from "pg";
import { v7 as uuid } from "uuid";
import { z } from "zod";
import type { Transaction } from "../db/database.ts";

import { addTenant, inviteOwner } from "../tenants/create.ts";

import type { ManagedBy, RowChange } from "./decide.ts";
import { isErased } from "./erased.ts";
import type { MirrorParts } from "./mirror.ts";

/** Somebody else was faster, or must be there first: look again in a moment. */
export class Overtaken extends Error {
  override readonly name = "Overtaken";
}

const row = z
  .object({
    id: z.string(),
    subdomain: z.string(),
    organization_name: z.string(),
    plan: z.enum(PLAN_NAMES),
    admin_email: z.string().nullable(),
    managed_by: z.enum(["api", "kubectl"]),
    onboarding: z.enum(["unconfirmed", "confirmed", "complete"]),
    lifecycle: z.enum(["active", "pending_deletion", "deleted"]),
    hold: z.string().nullable(),
    object_uid: z.string().nullable(),
    parent_name: z.string().nullable(),
    audit_head: z.string().nullable(),
    is_development: z.boolean().nullable(),
  })
  .transform(
    ({ organization_name, admin_email, managed_by, object_uid, parent_name, audit_head, is_development, ...rest }) => ({
      ...rest,
      /** Made by a development token for whatever Tenant of that name comes. */
      isDevelopment: is_development === true,
      organizationName: organization_name,
      adminEmail: admin_email,
      managedBy: managed_by,
      objectUid: object_uid,
      parentName: parent_name,
      auditHead: audit_head,
    }),
  );

/** What the mirror knows of a tenant. */
export type TenantRow = z.output<typeof row>;

const SELECT = `
  SELECT id, subdomain, organization_name, plan, admin_email, managed_by, onboarding, lifecycle, hold, object_uid,
    (SELECT p.subdomain FROM tenants p WHERE p.id = t.parent_id) AS parent_name, (SELECT b.seq || ':' || encode(b.hash, 'hex') FROM audit_batches b WHERE b.tenant_id = t.id ORDER BY b.seq DESC LIMIT 1) AS audit_head,
    created_from IS NULL AND parent_id IS NULL AND admin_email = 'dev-owner@' || subdomain || '.localhost' AS is_development
  FROM tenants t`;

/** @param pool of role lv_worker */
export async function findRow(pool: pg.Pool, subdomain: string): Promise<TenantRow | undefined> {
  const { rows } = await pool.query(`${SELECT} WHERE subdomain = $1 AND lifecycle <> 'deleted'`, [subdomain]);
  return z.array(row).parse(rows)[0];
}

/** The names of all that may have something to be done about. @param pool of role lv_worker */
export async function allNames(pool: pg.Pool): Promise<string[]> {
  const { rows } = await pool.query(
    "SELECT subdomain FROM tenants WHERE lifecycle <> 'deleted' AND onboarding <> 'unconfirmed'",
  );
  return z
    .array(z.object({ subdomain: z.string() }))
    .parse(rows)
    .map(({ subdomain }) => subdomain);
}

/** Whether one of these objects is that of a row. @param pool of role lv_worker */
export async function isAnyKnown(pool: pg.Pool, uids: readonly string[]): Promise<boolean> {
  const { rowCount } = await pool.query("SELECT FROM tenants WHERE object_uid = ANY ($1::text[]) LIMIT 1", [uids]);
  return (rowCount ?? 0) > 0;
}

const COLUMNS: Readonly<Record<keyof RowChange, string>> = {
  organizationName: "organization_name",
  plan: "plan",
  adminEmail: "admin_email",
  managedBy: "managed_by",
  onboarding: "onboarding",
  lifecycle: "lifecycle",
  objectUid: "object_uid",
};

/** How long the data of who was deleted is kept, as the database sets it (lv_set_deletes_at). */
export const KEPT_DAYS = 30;

/** Only while nobody else has changed what was decided by. @returns whether it was done */
export async function changeRow(
  { database, audit, config }: MirrorParts,
  before: TenantRow,
  change: RowChange,
): Promise<boolean> {
  const fields = z.array(z.enum(Object.keys(COLUMNS))).parse(Object.keys(change));
  const values = Object.values(change);
  const sets = fields.map((field, at) => `${columnOf(field)} = $${at + 5}`).join(", ");
  const text = `UPDATE tenants SET ${sets}, updated_at = now() WHERE id = $1::uuid AND lifecycle = $2 AND managed_by = $3 AND object_uid IS NOT DISTINCT FROM $4::text`;
  const { id, lifecycle, managedBy, objectUid } = before;
  // Where it stands in the cluster, and how far it has come, is nothing that anybody did.
  const told = fields.filter((field) => field !== "objectUid" && field !== "onboarding").map(columnOf);
  return await database.write(id, async (tx) => {
    if ((await tx.$executeRawUnsafe(text, id, lifecycle, managedBy, objectUid, ...values)) === 0) return false;
    const event = { action: "tenant.changed", target: { kind: "tenant", id }, details: { fields: told } } as const;
    if (told.length > 0) await audit(tx, { tenantId: id, kind: "kubectl" }, event);
    if (change.adminEmail !== undefined && change.adminEmail !== before.adminEmail) await inviteAnew(tx, config, id);
    return true;
  });
}

/** While nobody has come, the link goes to whom the address says now, and to nobody else. */
async function inviteAnew(tx: Transaction, config: MirrorParts["config"], tenantId: string): Promise<void> {
  if ((await tx.user.count({ where: { tenantId } })) > 0) return;
  await tx.invitation.deleteMany({ where: { tenantId, role: "owner", acceptedAt: null, invitedBy: null } });
  const tenant = await tx.tenant.findFirstOrThrow({ where: { id: tenantId } });
  await inviteOwner(tx, config, tenant, { email: tenant.adminEmail, invitedVia: null });
}

function columnOf(field: string): string {
  const found = Object.entries(COLUMNS).find(([name]) => name === field);
  if (found === undefined) throw new Error(`no column holds ${field}`);
  return found[1];
}

/** A row that nobody has come for makes place. */
export async function giveUpRow(pool: pg.Pool, { id }: TenantRow): Promise<void> {
  await pool.query("DELETE FROM tenants WHERE id = $1 AND onboarding = 'unconfirmed'", [id]);
}

const uuidText = z.uuid();

const parent = z.tuple([z.object({ id: z.uuid() })]);

/** A child lives on its parent's plan, and has no account before it. @throws Overtaken until the parent has its own */
async function parentOf(pool: pg.Pool, child: string, name: string): Promise<string> {
  const text = "SELECT id FROM tenants WHERE subdomain = $1 AND lifecycle = 'active' AND object_uid IS NOT NULL";
  const found = parent.safeParse((await pool.query(text, [name])).rows);
  if (!found.success) throw new Overtaken(`${child} gets no account yet: its parent ${name} has none`);
  return found.data[0].id;
}

/** All that belongs to a tenant, as POST /api/v1/tenants makes it, for an object that kubectl applied. */
export async function makeRows(
  { database, config, audit }: MirrorParts,
  object: Tenant,
  managedBy: ManagedBy,
): Promise<void> {
  const { name, uid = "" } = object.metadata;
  const { organizationName, plan, adminEmail, parentRef } = object.spec;
  const parentId = parentRef === undefined ? null : await parentOf(database.worker, name, parentRef.name);
  // The database may be one that was lost: what the cluster remembers is the same tenant.
  const known = uuidText.safeParse(object.status?.account?.tenantID).data;
  const id = known === undefined || (await isErased(database.worker, known)) ? uuid() : known;
  const row = {
    id,
    organizationName,
    subdomain: name,
    plan,
    adminEmail,
    managedBy,
    onboarding: "confirmed",
    objectUid: uid,
    parentId,
  };
  await database.write(id, async (tx) => {
    const made = await addTenant(tx, row);
    const details = { name, plan, managed_by: managedBy };
    const target = { kind: "tenant", id };
    await audit(tx, { tenantId: id, kind: "kubectl" }, { action: "tenant.created", target, details });
    await inviteOwner(tx, config, made, { email: adminEmail, invitedVia: null });
  });
}
