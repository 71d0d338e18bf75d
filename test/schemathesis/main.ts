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

// Whatever ends this must end the server too.
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));

const program = await provideSchemathesis(say);
const folder = resolve(values.report ?? mkdtempSync(join(tmpdir(), "leanvibe-schemathesis-report-")));
mkdirSync(folder, { recursive: true });
const served = await serve(join(folder, "server.log"));
say(`the server is at ${served.url}; its log and the report are in ${folder}`);

/** What ends the session by which all else is tried, and what takes the account or the tenant away; these come last. */
const LAST = {
  sessions: ["logOut", "endSession", "endOtherSessions"],
  deletion: ["deleteTenant", "cancelDeletion"],
  members: ["changeMember", "removeMember"],
} as const;

/** A stream that goes on for as long as a task does: whoever asks for a whole answer waits without end. */
const ENDLESS = ["watchTask"];

const naming = (flag: string, ids: readonly string[]) => ids.flatMap((id) => [flag, id]);

const RUNS: Record<string, readonly string[]> = {
  tenants: [
    "--exclude-tag",
    "platform",
    ...naming("--exclude-operation-id", [...Object.values(LAST).flat(), ...ENDLESS]),
  ],
  ...Object.fromEntries(Object.entries(LAST).map(([name, ids]) => [name, naming("--include-operation-id", ids)])),
  platform: ["--include-tag", "platform"],
};

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
