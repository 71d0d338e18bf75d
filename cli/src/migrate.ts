import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { ended, run } from "../cluster/command.ts";
import type { Database } from "../database/database.ts";
import { type Keys, readKeys, writeKeys } from "./keys.ts";
import { ROOT } from "./manifests.ts";

const PROGRAM = join(ROOT, "api-server", "src", "migrate.ts");
const LIMIT_SECONDS = 60;

/** By role, as the program takes them. */
const PASSWORD_SETTINGS = {
  lv_app: "LV_APP_PASSWORD",
  lv_worker: "LV_WORKER_PASSWORD",
  lv_lookup: "LV_LOOKUP_PASSWORD",
} as const;

/** The settings of an API server that concern its database, its key among them. */
export type DatabaseSettings = Readonly<Record<string, string>>;

/**
 * Brings the database up to date. Passwords of its roles are changed only where the server is ours: on another one they
 * may be those of an API server that runs.
 * @throws Error with the end of what the migrations said; with the fix where the passwords are not known.
 */
export async function prepareDatabase(
  { rung, ownerUrl }: Database,
  file: string,
  env: NodeJS.ProcessEnv,
): Promise<DatabaseSettings> {
  const keys = readKeys(file);
  const migrated = completed(settingsIn(await migrate(ownerUrl, env)), keys);
  if (migrated.lost.length === 0) {
    writeKeys(file, { ...keys, passwords: migrated.passwords });
    return { ...migrated.settings, SECRET_KEY: env["SECRET_KEY"] ?? keys.secretKey };
  }
  if (rung === "url") {
    throw new Error(
      `the roles ${migrated.lost.join(", ")} are in that database already, with passwords that are not known here. Set ${Object.values(PASSWORD_SETTINGS).join(", ")} to change them, or name another database`,
    );
  }
  const passwords = Object.values(PASSWORD_SETTINGS).map((name) => [name, randomBytes(24).toString("base64url")]);
  return await prepareDatabase({ rung, ownerUrl }, file, { ...env, ...Object.fromEntries(passwords) });
}

function migrate(ownerUrl: string, env: NodeJS.ProcessEnv): Promise<string> {
  const settings = { ...env, DATABASE_OWNER_URL: ownerUrl };
  return run(process.execPath, [PROGRAM], { cwd: ROOT, env: settings, timeoutSeconds: LIMIT_SECONDS });
}

/** `NAME=URL`, a line each. */
function settingsIn(output: string): [name: string, url: URL][] {
  return output.split("\n").flatMap((line): [string, URL][] => {
    const [, name, url] = /^(DATABASE_\w*URL)=(.+)$/.exec(line) ?? [];
    return name === undefined || url === undefined ? [] : [[name, new URL(url)]];
  });
}

/** With the passwords that are kept, where the migrations did not know them. */
function completed(settings: readonly [name: string, url: URL][], keys: Keys) {
  const passwords: Record<string, string> = {};
  const lost: string[] = [];
  for (const [, url] of settings) {
    const known = decodeURIComponent(url.password) || keys.passwords[url.username];
    if (known === undefined) lost.push(url.username);
    else passwords[url.username] = known;
    url.password = encodeURIComponent(known ?? "");
  }
  return { settings: Object.fromEntries(settings.map(([name, { href }]) => [name, href])), passwords, lost };
}

/** `leanvibe migrate`: a database that is no development's own. @returns the program's exit code */
export async function migrateNamed(env: NodeJS.ProcessEnv): Promise<boolean> {
  const ownerUrl = env["DATABASE_OWNER_URL"] ?? env["DATABASE_URL"];
  const settings = { ...env, ...(ownerUrl === undefined ? {} : { DATABASE_OWNER_URL: ownerUrl }) };
  const child = spawn(process.execPath, [PROGRAM], { cwd: ROOT, env: settings, stdio: "inherit" });
  return (await ended(child)) === undefined;
}
