import { PLAN_NAMES } from "@leanvibe/schema";
import { z } from "zod";
import { pageQuery } from "../http/pages.ts";
import { prose, text } from "../http/text.ts";
import { address } from "../members/schema.ts";
import { TENANT_STATES } from "../tenants/state.ts";

/** Why the platform holds a tenant. What billing decides is no such reason, and is not undone here. */
export const HOLD_REASONS = ["Security"] as const;

export const listQuery = pageQuery.extend({
  state: z.enum(TENANT_STATES).optional().describe("Only those in this state."),
  subdomain: text(63).toLowerCase().optional().describe("Only those whose subdomain begins so."),
});

export const tenantListed = z
  .object({
    id: z.uuid(),
    organization_name: z.string(),
    subdomain: z.string(),
    plan: z.enum(PLAN_NAMES),
    state: z.enum(TENANT_STATES),
    created_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
    deletes_at: z.iso.datetime().nullable().describe("When its data goes, where that was asked for."),
  })
  .meta({ id: "PlatformTenant", description: "An organization, as the platform's people see it." });

export const tenantDetail = tenantListed
  .extend({
    admin_email: z.string().nullable(),
    managed_by: z.enum(["api", "kubectl"]),
    hold: z
      .object({
        reason: z.string(),
        note: z.string().nullable(),
        by: z.string().nullable(),
        since: z.iso.datetime().nullable(),
      })
      .nullable()
      .describe("Why the platform holds it suspended, who decided it and when."),
  })
  .meta({ id: "PlatformTenantDetail", description: "An organization in full, as the platform's people see it." });

export const suspension = z.strictObject({
  reason: z.enum(HOLD_REASONS),
  note: prose(1000).optional().describe("For the platform's people alone; the owners are told the reason."),
});

export const bootstrapBody = z.strictObject({ bootstrap_token: text(200).min(1) });

export const platformSession = z
  .object({
    access_token: z.string(),
    token_type: z.literal("Bearer"),
    expires_in: z.int().describe("Seconds until it expires."),
  })
  .meta({ id: "PlatformSession", description: "A session of the platform's people, where there is no cluster." });

export const tenantInvitationCreation = z.strictObject({
  email: address.describe("Who becomes the owner: the link is mailed there."),
  plan: z.enum(PLAN_NAMES).default("starter"),
});

export const tenantInvitation = z
  .object({
    id: z.uuid(),
    email: z.string(),
    plan: z.enum(PLAN_NAMES),
    code: z.string().describe("The invitation_code for POST /api/v1/tenants. It is shown here and never again."),
    expires_at: z.iso.datetime(),
  })
  .meta({ id: "TenantInvitation", description: "What lets somebody create an organization." });
