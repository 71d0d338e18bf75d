import { z } from "zod";
import type { Transaction } from "../db/database.ts";
import { Refusal } from "../errors/catalogue.ts";
import { type TenantFacts, tenantFacts } from "./state.ts";

/**
 * What holds for the transaction's tenant: of a child the stricter of its own state and its parent's.
 * @throws Refusal TENANT_NOT_FOUND when it is gone
 */
export async function factsOf(tx: Transaction): Promise<TenantFacts> {
  const rows = await tx.$queryRaw`SELECT lifecycle, standing, hold FROM lv_tenant_facts()`;
  const [facts] = z.array(tenantFacts).parse(rows);
  if (facts === undefined) throw new Refusal("TENANT_NOT_FOUND");
  return facts;
}
