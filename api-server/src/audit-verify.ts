import { messageOf } from "@leanvibe/runtime";
import pg from "pg";
import { z } from "zod";
import { type AuditFault, tenantsWithAudit, type Verdict, verifyAudit } from "./audit/verify.ts";
import type { Head } from "./hashlog/hashlog.ts";

const USAGE = `usage: DATABASE_WORKER_URL=postgresql://lv_worker:PASSWORD@HOST/leanvibe audit-verify TENANT_ID|all [HEAD]

HEAD is what status.account.auditHead of the Tenant says: SEQ:HASH. With it, batches that are missing at the end are found too.
`;

const settings = z.object({
  url: z.string().regex(/^postgres(ql)?:\/\//),
  tenant: z.union([z.uuid().toLowerCase(), z.literal("all")]),
  head: z
    .string()
    .regex(/^\d+:[0-9a-f]{64}$/)
    .transform((text): Head => ({ seq: Number.parseInt(text, 10), hash: text.slice(text.indexOf(":") + 1) }))
    .optional(),
});

/** Says of each tenant whether its audit trail is what was sealed; exit code 1 where one is not. */
async function main([tenant, head]: string[]): Promise<number> {
  const parsed = settings.safeParse({ url: process.env["DATABASE_WORKER_URL"], tenant, head });
  if (!parsed.success || (parsed.data.head !== undefined && parsed.data.tenant === "all")) {
    process.stderr.write(USAGE);
    return 2;
  }
  const { data } = parsed;
  const client = new pg.Client({ connectionString: data.url });
  await client.connect();
  try {
    const tenants = data.tenant === "all" ? await tenantsWithAudit(client) : [data.tenant];
    let broken = false;
    for (const id of tenants) {
      const verdict = await verifyAudit(client, id, data.head);
      process.stdout.write(lineOf(verdict));
      for (const fault of verdict.faults) process.stdout.write(`  ${faultLine(fault)}\n`);
      broken ||= verdict.faults.length > 0;
    }
    return broken ? 1 : 0;
  } finally {
    await client.end();
  }
}

function lineOf({ tenantId, events, head, faults }: Verdict): string {
  const at = head === undefined ? "no batch" : `head ${head.seq}:${head.hash}`;
  return `${tenantId}: ${faults.length === 0 ? "whole" : "BROKEN"}, ${events} events, ${at}\n`;
}

function faultLine({ kind, seq, id, why }: AuditFault): string {
  const where = [id === undefined ? "" : ` event ${id}`, seq === undefined ? "" : ` batch ${seq}`].join("");
  return `${kind}:${where}: ${why}`;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`audit-verify: ${messageOf(error)}\n`);
  process.exitCode = 2;
}
