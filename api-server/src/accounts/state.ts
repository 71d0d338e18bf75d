import { PLAN_NAMES } from "@leanvibe/schema";
import { z } from "zod";
import type { Transaction } from "../db/database.ts";
import { tenantFacts } from "../tenants/state.ts";
import { USER_ROLES } from "./roles.ts";
import type { Bearer } from "./tokens.ts";

export const sessionFacts = tenantFacts.extend({
  role: z.enum(USER_ROLES),
  email: z.string(),
  subdomain: z.string(),
  organization_name: z.string(),
  plan: z.enum(PLAN_NAMES),
});

/** Who somebody is and what state their tenant is in, at this moment. */
export type SessionState = z.output<typeof sessionFacts>;

type Queries = Pick<Transaction, "$queryRaw">;

/**
 * The same of a session that works in a child: the grant, the user's role in the parent, the child's place under it and the
 * session by which it was entered are looked at each time.
 * @param db for the parent.
 */
export async function enteredState(db: Queries, bearer: Bearer): Promise<SessionState | undefined> {
  const rows = await db.$queryRaw`
    SELECT e.* FROM sessions s
    JOIN sessions o ON o.tenant_id = s.tenant_id AND o.id = s.entered_from
    CROSS JOIN LATERAL lv_entered(s.entered_tenant_id, s.user_id) e
    WHERE s.tenant_id = ${bearer.homeId}::uuid AND s.id = ${bearer.sessionId}::uuid AND s.user_id = ${bearer.userId}::uuid
      AND s.entered_tenant_id = ${bearer.tenantId}::uuid AND s.revoked_at IS NULL AND s.expires_at > now()
      AND o.revoked_at IS NULL AND o.expires_at > now()`;
  return z.array(sessionFacts).parse(rows)[0];
}

/**
 * What a user of the parent may do in a child of it now; undefined: nothing.
 * @param db for the parent.
 */
export async function stateInChild(db: Queries, childId: string, userId: string): Promise<SessionState | undefined> {
  const rows = await db.$queryRaw`SELECT * FROM lv_entered(${childId}::uuid, ${userId}::uuid)`;
  return z.array(sessionFacts).parse(rows)[0];
}
