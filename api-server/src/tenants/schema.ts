import { PLAN_NAMES } from "@leanvibe/schema";
import { z } from "zod";
import { line, text } from "../http/text.ts";
import { address } from "../members/schema.ts";
import type { Created } from "./create.ts";
import { GRANTED_ROLES } from "./grants.ts";
import { TENANT_STATES } from "./state.ts";

const organizationName = line(200).meta({ examples: ["Acme Corp"] });

export const tenant = z
  .object({
    id: z.uuid(),
    organization_name: z.string(),
    subdomain: z.string(),
    plan: z.enum(PLAN_NAMES),
    is_active: z.boolean(),
    state: z
      .enum(TENANT_STATES)
      .describe("What works: active, everything; restricted, reading; the others, what leads out."),
    status: z
      .enum(["onboarding", "onboarding_complete"])
      .describe(
        "onboarding_complete when an owner has come and, beside a cluster, the Tenant there knows its account.",
      ),
    managed_by: z.enum(["api", "kubectl"]).describe("Who owns the organization's name, plan and admin e-mail address."),
    created_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
    deletes_at: z.iso
      .datetime()
      .nullable()
      .describe("When everything is gone for good, where an owner asked for that."),
  })
  .meta({ id: "Tenant", description: "The organization of whoever asks." });

export const deletionConfirmed = z.strictObject({
  subdomain: text(63).describe("The organization's, typed once more: what goes does not come back."),
});

export const deletion = z
  .object({
    state: z.enum(["active", "pending_deletion"]),
    deletes_at: z.iso.datetime().nullable().describe("When everything is gone for good."),
  })
  .meta({ id: "Deletion", description: "Whether the organization is being deleted, and when that is done." });

export const tenantChange = z
  .strictObject({ organization_name: organizationName, admin_email: address, plan: z.enum(PLAN_NAMES) })
  .partial()
  .refine((change) => Object.keys(change).length > 0, { error: "must change organization_name, admin_email or plan" })
  .meta({ minProperties: 1 });

const counted = z.object({
  current: z.int().describe("Active ones, of the organization with its parent and all children: what counts."),
  own: z.int().optional().describe("Of the organization alone, where its parent or children have some too."),
  limit: z.int(),
});

export const usage = z
  .object({ projects: counted, users: counted })
  .meta({ id: "Usage", description: "What the plan limits, and how much of it is used." });

export const creation = z.strictObject({
  organization_name: organizationName,
  subdomain: text(63)
    .toLowerCase()
    .optional()
    .describe("Made of the organization's name where it is left out.")
    // As the Tenant's rules have it, which the route asks: for who only reads the document.
    .meta({ examples: ["acme"], pattern: "^[A-Za-z]([-A-Za-z0-9]{0,54}[A-Za-z0-9])?$", maxLength: 56 }),
  admin_email: address.optional().describe("Who becomes the owner, by a link that is mailed."),
  plan: z.enum(PLAN_NAMES).default("starter"),
  invitation_code: text(200)
    .min(1)
    .optional()
    .describe("Of the platform's invitation, which says the plan and who owns it."),
});

export const created = z
  .object({
    id: z.uuid(),
    tenant_id: z.uuid().describe("The same as id."),
    organization_name: z.string(),
    subdomain: z.string(),
    plan: z.enum(PLAN_NAMES),
    admin_user: z.string().nullable(),
    welcome_url: z.url(),
    claim_url: z
      .url()
      .optional()
      .describe("Where no admin_email was given: whoever opens it becomes the owner. Said once."),
    status: z.literal("onboarding"),
  })
  .meta({ id: "TenantCreated", description: "An organization that waits for its owner." });

export const grantCreation = z.strictObject({
  user_id: z.uuid({ error: "must be a member's id" }),
  tenant: text(63).min(1).describe("The child's id or subdomain."),
  role: z.enum(GRANTED_ROLES).describe("What the member is there."),
});

export const grant = z
  .object({
    id: z.uuid(),
    user_id: z.uuid(),
    tenant_id: z.uuid().describe("The child."),
    role: z.enum(GRANTED_ROLES),
    created_at: z.iso.datetime(),
  })
  .meta({ id: "Grant", description: "A member's right to enter a child organization." });

export const childCreation = creation.omit({ plan: true, invitation_code: true });

const relative = z.object({ id: z.uuid(), subdomain: z.string(), organization_name: z.string() });

export const hierarchy = z
  .object({
    parent: relative.nullable().describe("On whose plan the organization lives."),
    children: z.array(
      relative.extend({
        plan: z.enum(PLAN_NAMES).describe("The parent's."),
        is_active: z.boolean(),
        created_at: z.iso.datetime(),
        usage: z.object({ projects: z.int(), users: z.int() }).describe("Active ones."),
      }),
    ),
    usage,
  })
  .meta({ id: "Hierarchy", description: "The organization's parent or children, and what they use together." });

/** As it is told once: the claim_url is a secret. */
export function createdBody({ tenant, claimToken }: Created, publicUrl: string): z.output<typeof created> {
  const welcome = `${publicUrl}/welcome`;
  return {
    id: tenant.id,
    tenant_id: tenant.id,
    organization_name: tenant.organizationName,
    subdomain: tenant.subdomain,
    plan: z.enum(PLAN_NAMES).parse(tenant.plan),
    // With a claim_url whoever opens it becomes the owner, whatever address the Tenant has meanwhile.
    admin_user: claimToken === undefined ? tenant.adminEmail : null,
    welcome_url: welcome,
    ...(claimToken === undefined ? {} : { claim_url: `${welcome}?token=${claimToken}` }),
    status: "onboarding",
  };
}
