import { messageOf } from "@leanvibe/runtime";
import pg from "pg";
import { z } from "zod";
import { makeBootstrapToken } from "./platform/sessions.ts";

const settings = z.object({
  DATABASE_WORKER_URL: z
    .string({ error: "is needed: the URL of role lv_worker, as leanvibe migrate prints it" })
    .regex(/^postgres(ql)?:\/\//, { error: "must be a PostgreSQL URL" }),
});

/** Prints a token for POST /api/v1/platform/session: for an API without a cluster, where nobody else says who its people are. */
async function main(): Promise<void> {
  const parsed = settings.safeParse(process.env);
  if (!parsed.success) {
    const faults = parsed.error.issues.map(({ path, message }) => `  ${path.join(".")} ${message}`);
    process.stderr.write(`leanvibe-api-bootstrap: wrong environment\n${faults.join("\n")}\n`);
    process.exit(2);
  }
  const client = new pg.Client({ connectionString: parsed.data.DATABASE_WORKER_URL });
  await client.connect();
  try {
    const token = await makeBootstrapToken(client);
    process.stderr.write("for POST /api/v1/platform/session, once, within an hour:\n");
    process.stdout.write(`${token}\n`);
  } finally {
    await client.end();
  }
}

try {
  await main();
} catch (error) {
  process.stderr.write(`leanvibe-api-bootstrap: ${messageOf(error)}\n`);
  process.exit(1);
}
