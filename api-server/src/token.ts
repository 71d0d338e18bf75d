import { messageOf } from "@leanvibe/runtime";
import { z } from "zod";
import { developmentToken } from "./accounts/development.ts";
import { loadKeys } from "./accounts/keys.ts";
import { USER_ROLES } from "./accounts/roles.ts";
import { configFrom } from "./config.ts";
import { openDatabase } from "./db/database.ts";
import { Refusal } from "./errors/catalogue.ts";

const asked = z.tuple([
  z.string().toLowerCase().default("acme"),
  z.enum(USER_ROLES, { error: `the role must be one of ${USER_ROLES.toReversed().join(", ")}` }).default("owner"),
]);

/** Prints a development token, and nothing else. The settings are the server's. */
async function main(args: readonly string[]): Promise<void> {
  const parsed = asked.safeParse(args);
  if (!parsed.success) throw new Error(parsed.error.issues.map(({ message }) => message).join("; "));
  const [tenant, role] = parsed.data;
  const config = configFrom(process.env);
  const database = await openDatabase({ ...config.database, connections: 1 });
  try {
    const keys = await loadKeys(database.worker, config.secret, new Date());
    process.stdout.write(`${await developmentToken({ database, keys, config }, { tenant, role })}\n`);
  } finally {
    await database.close();
  }
}

/** Which part of what was asked for does not fit, where that is what is wrong. */
function told(error: unknown): string {
  const faults = error instanceof Refusal ? (error.options.errors ?? []) : [];
  return faults.length === 0 ? messageOf(error) : faults.map(({ message }) => message).join("; ");
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${told(error)}\n`);
  process.exit(1);
}
