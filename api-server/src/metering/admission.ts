import { z } from "zod";
import type { Caller } from "../accounts/callers.ts";
import { actingFor } from "../db/acting.ts";
import type { Transaction } from "../db/database.ts";
import { Refusal } from "../errors/catalogue.ts";
import { limitOf, METERS, type Meter, monthScope } from "./meters.ts";

const parents = z.array(z.object({ parent_id: z.string().nullable() }));
const totals = z.array(z.object({ meter: z.string(), used: z.coerce.number() }));

const isMeter = (name: string): name is Meter => name in METERS;

/**
 * Whether anything is left of this month's budget for a task to begin with. What is reserved is not looked at: it comes
 * back where it is not used, and a task may wait for its turn.
 * @throws Refusal BUDGET_EXCEEDED
 */
export async function requireBudget(
  tx: Transaction,
  { tenantId, plan }: Pick<Caller, "tenantId" | "plan">,
  now: Date = new Date(),
): Promise<void> {
  const [row] = parents.parse(await tx.$queryRaw`SELECT parent_id FROM tenants WHERE id = ${tenantId}::uuid`);
  const payer = row?.parent_id ?? tenantId;
  const read = () =>
    tx.$queryRaw`SELECT meter, used FROM usage_totals WHERE tenant_id = ${payer}::uuid AND scope = ${monthScope(now)}`;
  const rows = payer === tenantId ? await read() : await actingFor(tx, { for: payer, own: tenantId }, read);
  for (const { meter, used } of totals.parse(rows)) {
    const limit = isMeter(meter) ? limitOf(plan, meter) : null;
    if (limit !== null && used >= limit) {
      const detail = `Usage limit exceeded for ${meter}: ${used} of ${limit} this month.`;
      throw new Refusal("BUDGET_EXCEEDED", { detail });
    }
  }
}
