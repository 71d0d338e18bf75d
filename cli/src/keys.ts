import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import { dataFolder } from "../cluster/layout.ts";
import type { Database } from "../database/database.ts";
import { databaseFolder } from "../database/folder.ts";

const keysSchema = z.object({
  /** Seals what the database keeps secret: 32 bytes in base64. */
  secretKey: z.string(),
  /** Of the roles with which a server connects. */
  passwords: z.record(z.string(), z.string()).default({}),
});

/** What belongs to a database and must not be in it. */
export type Keys = z.output<typeof keysSchema>;

/**
 * Where they are kept: beside our own data, whose end is theirs. For a database of somebody's apart, because it outlives
 * `leanvibe reset`, and without them nobody could open what is sealed in it.
 */
export function keysFile(name: string, { rung, ownerUrl }: Database, env: NodeJS.ProcessEnv) {
  if (rung !== "url") return join(databaseFolder(name, env), "keys.json");
  const { host, pathname } = new URL(ownerUrl);
  return join(namedFolder(env), `${encodeURIComponent(host + pathname)}.json`);
}

/** Whether a database of somebody's was ever used here. */
export function hasNamedDatabases(env: NodeJS.ProcessEnv): boolean {
  return existsSync(namedFolder(env));
}

function namedFolder(env: NodeJS.ProcessEnv): string {
  return join(dataFolder(env), "named-databases");
}

/** Those that are kept there; made where there are none. */
export function readKeys(file: string): Keys {
  if (existsSync(file)) return keysSchema.parse(JSON.parse(readFileSync(file, "utf8")));
  const keys = { secretKey: randomBytes(32).toString("base64"), passwords: {} };
  writeKeys(file, keys);
  return keys;
}

/** Whole or not at all: half of them would lock the database. */
export function writeKeys(file: string, keys: Keys): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, JSON.stringify(keys), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}
