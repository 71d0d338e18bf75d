import { PLAN_NAMES, type PlanName } from "@leanvibe/schema";
import { z } from "zod";
import { hashOf } from "../accounts/secrets.ts";
import type { Transaction } from "../db/database.ts";
import { Refusal } from "../errors/catalogue.ts";

/** With what a tenant begins. */
export type Terms = {
  plan: PlanName;
  adminEmail: string | undefined;
  /** By the platform, which need not be kept from making many. */
  invited: boolean;
};

export type Wanted = {
  admin_email?: string | undefined;
  plan: PlanName;
  invitation_code?: string | undefined;
};

const invitations = z.array(z.object({ email: z.string(), plan: z.enum(PLAN_NAMES) }));

/**
 * What whoever creates a tenant may have. An invitation is used up by the transaction: of many at once that bring it one
 * gets it, and it is the address's for which it was made, whoever else has seen it.
 * @throws Refusal TENANT_CREATION_BY_INVITATION, PLAN_NEEDS_SUBSCRIPTION
 */
export async function termsOf(tx: Transaction, mode: "open" | "invite" | "closed", wanted: Wanted): Promise<Terms> {
  const { admin_email: adminEmail, plan, invitation_code: code } = wanted;
  if (code === undefined) {
    if (mode !== "open") throw new Refusal("TENANT_CREATION_BY_INVITATION");
    requirePlan(plan, "starter");
    return { plan, adminEmail, invited: false };
  }
  const rows = await tx.$queryRaw`SELECT email, plan FROM lv_redeem_invitation(${Buffer.from(hashOf(code))})`;
  const [invitation] = invitations.parse(rows);
  if (invitation === undefined) {
    throw new Refusal("TENANT_CREATION_BY_INVITATION", { detail: "This invitation_code is not valid any more." });
  }
  if (adminEmail !== undefined && adminEmail.toLowerCase() !== invitation.email.toLowerCase()) {
    throw new Refusal("TENANT_CREATION_BY_INVITATION", {
      detail: "This invitation_code was made for another admin_email.",
    });
  }
  requirePlan(plan, invitation.plan);
  return { plan: invitation.plan, adminEmail: invitation.email, invited: true };
}

/** Starter is what everybody has, and what is meant where nothing is said. */
function requirePlan(plan: PlanName, given: PlanName): void {
  if (plan === "starter" || plan === given) return;
  throw new Refusal("PLAN_NEEDS_SUBSCRIPTION", { detail: `Plan ${plan} needs a subscription.` });
}
