import { randomUUID } from "node:crypto";
import { textOf } from "../db/cells.ts";
import type { Database } from "../db/database.ts";
import type { Statement } from "../db/lanes.ts";

const AT_ONCE = 64;

const OWNERS: Statement<{ tenantId: string }> = {
  name: "lv_test_owners",
  text: "SELECT tenant_id FROM projects",
  row: ([tenantId]) => ({ tenantId: textOf(tenantId) }),
};

/**
 * Ten thousand queries of a hundred tenants under way at once, reads of both kinds and writes in turn, none with a condition
 * that names its tenant.
 * @returns the tenants that saw a row of another, or missed one of their own
 */
export async function interleaved(database: Database): Promise<string[]> {
  const tenants = Array.from({ length: 100 }, () => randomUUID());
  for (const id of tenants) {
    await database.write(id, async (tx) => {
      await tx.tenant.create({ data: { id, subdomain: `t-${id}`, organizationName: id } });
      await tx.project.create({ data: { tenantId: id, id, name: id } });
    });
  }
  const foreign: string[] = [];
  let next = 0;
  const worker = async () => {
    for (let at = next++; at < 10_000; at = next++) {
      const id = tenants[at % 100] ?? "";
      const rows = await asked(database, id, at);
      if (rows.length !== 1 || rows[0]?.tenantId !== id) foreign.push(id);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return foreign;
}

function asked(database: Database, tenantId: string, at: number): Promise<{ tenantId: string }[]> {
  if (at % 7 === 0) {
    return database.write(tenantId, (tx) => tx.project.updateManyAndReturn({ data: { description: `${at}` } }));
  }
  if (at % 2 === 0) return database.rows(tenantId, OWNERS, []);
  return database.read(tenantId, (db) => db.project.findMany());
}
