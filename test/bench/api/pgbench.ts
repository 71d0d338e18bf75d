import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { latenciesOf } from "./latencies.ts";
import type { Service } from "./service.ts";
import { TENANT_PREFIX } from "./tenants.ts";

export type Transactions = { perSecond: number; p50: number; p99: number };

/**
 * The same rows under the same row-level security, in one round trip too: the limit of what any server in front of this
 * database could do.
 * @param rate transactions a second; as many as there can be where it is not said.
 */
export async function pgbench(
  { database }: Service,
  { tenants, clients, seconds, rate }: { tenants: number; clients: number; seconds: number; rate?: number },
): Promise<Transactions> {
  const folder = mkdtempSync(join(tmpdir(), "leanvibe-pgbench-"));
  const script = join(folder, "script.sql");
  writeFileSync(script, scriptFor(tenants));
  const how = ["-n", "-M", "prepared", "-c", String(clients), "-j", "1", "-T", String(seconds), "-f", script, "--log"];
  const paced = rate === undefined ? [] : ["--rate", String(rate)];
  const where = ["-h", database.host, "-p", database.port, "-U", "lv_app", database.name];
  const env = { ...process.env, PGPASSWORD: database.password };
  try {
    const { stdout } = await promisify(execFile)("pgbench", [...how, ...paced, ...where], { cwd: folder, env });
    const failed = /number of failed transactions: (\d+)/.exec(stdout)?.[1];
    if (failed !== "0") throw new Error(`pgbench: ${failed} transactions failed`);
    return { perSecond: Number(/^tps = ([\d.]+)/m.exec(stdout)?.[1]), ...latenciesIn(folder) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The statements that the API sends for a page of projects, and no other columns. */
function scriptFor(tenants: number): string {
  const id = `('${TENANT_PREFIX}' || lpad(:n::text, 12, '0'))`;
  return `\\set n random(1, ${tenants})
\\startpipeline
BEGIN;
SELECT set_config('lv.tenant_id', ${id}, true);
SELECT id, tenant_id, name, description, status, created_at, updated_at FROM projects
  WHERE tenant_id = ${id}::uuid AND status <> 'deleted' ORDER BY id LIMIT 51;
COMMIT;
\\endpipeline
`;
}

/** Of each transaction a line, whose third word is its microseconds; in a paced run they count from when it was due. */
function latenciesIn(folder: string): { p50: number; p99: number } {
  const logs = readdirSync(folder).filter((name) => name.startsWith("pgbench_log"));
  const times = logs.flatMap((name) =>
    readFileSync(join(folder, name), "utf8")
      .split("\n")
      .flatMap((line) => (line === "" ? [] : [Number(line.split(" ")[2]) / 1000])),
  );
  return latenciesOf(times);
}
