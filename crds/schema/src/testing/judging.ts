import { parseTenant } from "../tenant.ts";
import type { Answer } from "./api-server.ts";
import { type RuleCase, TENANT_EDGE_CASES } from "./tenant-cases.ts";

/** Asks a real API server what it says to this Tenant, without keeping it. */
export type Create = (body: object) => Promise<Answer>;

/** Where a Tenant is asked about: strictly, and without making it. */
export const TENANTS_DRY_RUN = "/apis/leanvibe.io/v1alpha1/tenants?dryRun=All&fieldValidation=Strict";

/** What the API server answers otherwise than the rule's case says; nothing where it judges as it should. */
export async function misjudged({ accepted, refused, message }: RuleCase, create: Create): Promise<string[]> {
  const [yes, no] = [await create(accepted), await create(refused)];
  return [
    ...(yes.code === 201 ? [] : [`refuses what the rule accepts: ${yes.code} ${yes.message}`]),
    ...(no.code === 422 && no.message.includes(message) ? [] : [`not refused by the rule: ${no.code} ${no.message}`]),
  ];
}

/** The objects on the edges of the atoms about which zod and the API server are of two minds. */
export async function disagreements(create: Create): Promise<string[]> {
  const found: string[] = [];
  for (const object of TENANT_EDGE_CASES) {
    const answer = await create(object);
    const parsed = parseTenant(object);
    if ((answer.code === 201) === parsed.ok) continue;
    const zod = parsed.ok ? "accepts" : parsed.error.message;
    found.push(`${JSON.stringify(object)}\n  API server ${answer.code} ${answer.message}\n  zod ${zod}`);
  }
  return found;
}
