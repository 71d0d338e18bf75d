import { messageOf } from "@leanvibe/runtime";
import { z } from "zod";
import { migrate, SERVER_ROLES, type ServerRole } from "./db/migrate.ts";

const SERVER_URLS = {
  lv_app: "DATABASE_URL",
  lv_worker: "DATABASE_WORKER_URL",
  lv_lookup: "DATABASE_LOOKUP_URL",
} as const;

const password = z.string().min(1).optional();

const owner = z.object({
  DATABASE_OWNER_URL: z
    .string({
      error: "is needed: the URL of a role that may make roles, such as the one a managed database comes with",
    })
    .regex(/^postgres(ql)?:\/\//, { error: "must be a PostgreSQL URL" }),
});

const settings = owner.extend({
  LV_APP_PASSWORD: password,
  LV_WORKER_PASSWORD: password,
  LV_LOOKUP_PASSWORD: password,
});

/** The password in the URL with which the server will log in as that role. */
const passwordOf = (role: ServerRole) => {
  const error = `is needed: the URL with which the server logs in as ${role}, with the password that is to hold`;
  return z
    .url({ protocol: /^postgres(ql)?$/, error })
    .transform((url) => new URL(url))
    .refine(({ username, password: text }) => username === role && text !== "", { error })
    .transform(({ password: text }) => decodeURIComponent(text));
};

const serverSettings = owner.extend({
  [SERVER_URLS.lv_app]: passwordOf("lv_app"),
  [SERVER_URLS.lv_worker]: passwordOf("lv_worker"),
  [SERVER_URLS.lv_lookup]: passwordOf("lv_lookup"),
});

/**
 * Brings the database up to date, and prints the URLs with which the server is to be started, a setting a line. With
 * `--for-server` the server has its URLs already: their passwords are those that hold from now on, and none is printed,
 * for who reads the log of a Job may not be who may read its Secret.
 */
async function main(): Promise<void> {
  const say = (line: string) => process.stderr.write(`${line}\n`);
  if (process.argv.includes("--for-server")) {
    const { DATABASE_OWNER_URL, DATABASE_URL, DATABASE_WORKER_URL, DATABASE_LOOKUP_URL } = parsed(serverSettings);
    const passwords = { lv_app: DATABASE_URL, lv_worker: DATABASE_WORKER_URL, lv_lookup: DATABASE_LOOKUP_URL };
    tell(await migrate(DATABASE_OWNER_URL, passwords, say));
    return;
  }
  const { DATABASE_OWNER_URL, LV_APP_PASSWORD, LV_WORKER_PASSWORD, LV_LOOKUP_PASSWORD } = parsed(settings);
  const passwords = {
    ...(LV_APP_PASSWORD === undefined ? {} : { lv_app: LV_APP_PASSWORD }),
    ...(LV_WORKER_PASSWORD === undefined ? {} : { lv_worker: LV_WORKER_PASSWORD }),
    ...(LV_LOOKUP_PASSWORD === undefined ? {} : { lv_lookup: LV_LOOKUP_PASSWORD }),
  };
  const migrated = await migrate(DATABASE_OWNER_URL, passwords, say);
  tell(migrated);
  const lost = Object.values(migrated.urls).some((url) => new URL(url).password === "");
  if (lost)
    say(
      "the roles had passwords already, which are not known here: set LV_APP_PASSWORD, LV_WORKER_PASSWORD and LV_LOOKUP_PASSWORD to change them",
    );
  for (const role of SERVER_ROLES) process.stdout.write(`${SERVER_URLS[role]}=${migrated.urls[role]}\n`);
}

function tell({ applied }: { applied: readonly string[] }): void {
  process.stderr.write(applied.length === 0 ? "up to date\n" : `applied ${applied.join(", ")}\n`);
}

function parsed<T extends z.ZodType>(schema: T): z.output<T> {
  const result = schema.safeParse(process.env);
  if (result.success) return result.data;
  const faults = result.error.issues.map(({ path, message }) => `  ${path.join(".")} ${message}`);
  process.stderr.write(`leanvibe-api-migrate: wrong environment\n${faults.join("\n")}\n`);
  process.exit(2);
}

try {
  await main();
} catch (error) {
  process.stderr.write(`leanvibe-api-migrate: ${messageOf(error)}\n`);
  process.exit(1);
}
