import { PLAN_NAMES, type PlanName } from "@leanvibe/schema";
import { z } from "zod";
import { type TenantState, tenantFacts } from "../tenants/state.ts";

/** What the platform's people see of each tenant. */
export type TenantListed = z.output<typeof listed>;

const listed = tenantFacts.extend({
  id: z.string(),
  organization_name: z.string(),
  subdomain: z.string(),
  plan: z.enum(PLAN_NAMES),
  created_at: z.date(),
  updated_at: z.date(),
  deletes_at: z.date().nullable(),
});

const until = z.tuple([z.object({ until: z.date().nullable() })]);
const there = z.tuple([z.object({ there: z.boolean() })]);

type Ask = (text: string, values: unknown[]) => Promise<{ rows: unknown[] }>;

/** What the platform's routes ask of the database beyond one tenant: each is a function that gives no more than it says. */
export function platformOf(ask: Ask) {
  return {
    /** In the order in which they were made. */
    listTenants: async (
      page: { after: string | undefined; atMost: number },
      like: { state: TenantState | undefined; subdomain: string | undefined },
    ): Promise<TenantListed[]> => {
      const { rows } = await ask("SELECT * FROM lv_list_tenants($1, $2, $3, $4)", [
        page.after ?? null,
        page.atMost,
        like.state ?? null,
        like.subdomain ?? null,
      ]);
      return z.array(listed).parse(rows);
    },
    /** Uses up a bootstrap token. @returns until when the session holds; undefined where the token does not. */
    openSession: async (bootstrap: Uint8Array, session: Uint8Array): Promise<Date | undefined> => {
      const text = "SELECT lv_open_platform_session($1, $2) AS until";
      const { rows } = await ask(text, [Buffer.from(bootstrap), Buffer.from(session)]);
      return until.parse(rows)[0].until ?? undefined;
    },
    holdsSession: async (session: Uint8Array): Promise<boolean> => {
      const { rows } = await ask("SELECT lv_find_platform_session($1) AS there", [Buffer.from(session)]);
      return there.parse(rows)[0].there;
    },
    /** @returns until when it holds */
    inviteTenant: async (
      invitation: { id: string; email: string; plan: PlanName; by: string },
      code: Uint8Array,
    ): Promise<Date> => {
      const { id, email, plan, by } = invitation;
      const text = "SELECT lv_invite_tenant($1, $2, $3, $4, $5) AS until";
      const { rows } = await ask(text, [id, email, plan, Buffer.from(code), by]);
      return z.date().parse(until.parse(rows)[0].until);
    },
  };
}
