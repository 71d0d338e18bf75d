import { messageOf } from "@leanvibe/runtime";
import { z } from "zod";
import { migrate } from "./db/migrate.ts";

const password = z.string().min(1).optional();

const settings = z.object({
  DATABASE_OWNER_URL: z
    .string({
      error: "is needed: the URL of a role that may make roles, such as the one a managed database comes with",
    })
    .regex(/^postgres(ql)?:\/\//, { error: "must be a PostgreSQL URL" }),
  LV_APP_PASSWORD: password,
  LV_WORKER_PASSWORD: password,
  LV_LOOKUP_PASSWORD: password,
});

/** Brings the database up to date, and prints the URLs with which the server is to be started, a setting a line. */
async function main(): Promise<void> {
  const parsed = settings.safeParse(process.env);
  if (!parsed.success) {
    const faults = parsed.error.issues.map(({ path, message }) => `  ${path.join(".")} ${message}`);
    process.stderr.write(`leanvibe-api-migrate: wrong environment\n${faults.join("\n")}\n`);
    process.exit(2);
  }
  const { data } = parsed;
  const passwords = {
    ...(data.LV_APP_PASSWORD === undefined ? {} : { lv_app: data.LV_APP_PASSWORD }),
    ...(data.LV_WORKER_PASSWORD === undefined ? {} : { lv_worker: data.LV_WORKER_PASSWORD }),
    ...(data.LV_LOOKUP_PASSWORD === undefined ? {} : { lv_lookup: data.LV_LOOKUP_PASSWORD }),
  };
  const { applied, urls } = await migrate(data.DATABASE_OWNER_URL, passwords, (line) =>
    process.stderr.write(`${line}\n`),
  );
  process.stderr.write(applied.length === 0 ? "up to date\n" : `applied ${applied.join(", ")}\n`);
  const lost = Object.values(urls).some((url) => new URL(url).password === "");
  if (lost)
    process.stderr.write(
      "the roles had passwords already, which are not known here: set LV_APP_PASSWORD, LV_WORKER_PASSWORD and LV_LOOKUP_PASSWORD to change them\n",
    );
  process.stdout.write(
    `DATABASE_URL=${urls.lv_app}\nDATABASE_WORKER_URL=${urls.lv_worker}\nDATABASE_LOOKUP_URL=${urls.lv_lookup}\n`,
  );
}

try {
  await main();
} catch (error) {
  process.stderr.write(`leanvibe-api-migrate: ${messageOf(error)}\n`);
  process.exit(1);
}
