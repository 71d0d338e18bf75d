import { z } from "zod";
import type { Transaction } from "../db/database.ts";
import { type TenantFacts, tenantFacts } from "./state.ts";

const rows = z.tuple([tenantFacts]);

/** What holds for the transaction's tenant: of a child the stricter of its own state and its parent's. */
export async function factsOf(tx: Transaction): Promise<TenantFacts> {
  return rows.parse(await tx.$queryRaw`SELECT lifecycle, standing, hold FROM lv_tenant_facts()`)[0];
}
