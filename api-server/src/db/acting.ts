import type { Transaction } from "./database.ts";
import { SET_TENANT } from "./pool.ts";

/**
 * Works for another tenant inside of a transaction, and then for its own again: for what must happen in both or not at all.
 * Where the work fails the transaction does, so that nothing goes on as the wrong one.
 * @param tenants for: whose rows the work sees. own: the transaction's tenant.
 */
export async function actingFor<T>(
  tx: Transaction,
  tenants: { for: string; own: string },
  work: () => Promise<T>,
): Promise<T> {
  await tx.$queryRawUnsafe(SET_TENANT, tenants.for);
  const result = await work();
  await tx.$queryRawUnsafe(SET_TENANT, tenants.own);
  return result;
}
