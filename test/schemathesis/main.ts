/**
 * `npm run schemathesis -- [--examples N]`: lets schemathesis try what the OpenAPI document says against a server as it
 * ships. Needs python3, and takes minutes; no test runs it.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { provideSchemathesis } from "./program.ts";
import { serve } from "./server.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    examples: { type: "string", default: "50" },
    /** Where its report and the server's log go. */
    report: { type: "string" },
  },
});

const say = (line: string) => void process.stdout.write(`${line}\n`);

const program = await provideSchemathesis(say);
const folder = resolve(values.report ?? mkdtempSync(join(tmpdir(), "leanvibe-schemathesis-report-")));
mkdirSync(folder, { recursive: true });
const served = await serve(join(folder, "server.log"));
say(`the server is at ${served.url}; its log and the report are in ${folder}`);

/** Last comes what takes the tenant away that all others need: its owner can delete it, the platform suspend it. */
const RUNS = {
  tenants: ["--exclude-tag", "platform", "--exclude-operation-id", "deleteTenant"],
  deletion: ["--include-operation-id", "deleteTenant", "--include-operation-id", "cancelDeletion"],
  platform: ["--include-tag", "platform"],
} as const;

async function run(name: string, which: readonly string[]): Promise<boolean> {
  const report = ["--report", "ndjson", "--report-ndjson-path", join(folder, `${name}.ndjson`)];
  const config = ["--config-file", join(import.meta.dirname, "schemathesis.toml")];
  const how = ["--checks", "all", "--max-examples", values.examples, "--continue-on-failure", "--workers", "2"];
  const child = spawn(
    program,
    [...config, "run", `${served.url}/openapi.json`, ...how, ...report, ...which, ...positionals],
    { cwd: folder, stdio: ["ignore", "inherit", "inherit"], env: { ...process.env, ...served.variables } },
  );
  const [code]: unknown[] = await once(child, "exit");
  return code === 0;
}

process.exitCode = 0;
for (const [name, which] of Object.entries(RUNS)) {
  say(`${name}: ${which.join(" ")}`);
  if (!(await run(name, which))) process.exitCode = 1;
}
await served.stop();
