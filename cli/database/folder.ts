import { createHash } from "node:crypto";
import { existsSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { dataFolder } from "../cluster/layout.ts";

/** For root, whose home nobody else passes through. */
const ROOTS_FOLDER = "/var/lib/leanvibe";
const OTHERS_PASS = 0o001;

/** Where the database of that name keeps its data, and what belongs to it. */
export function databaseFolder(name: string, env: NodeJS.ProcessEnv): string {
  const data = dataFolder(env);
  // The server does not run as root, and must come to its files.
  if (process.getuid?.() !== 0 || isPassable(data)) return join(data, "postgresql", name);
  return join(ROOTS_FOLDER, createHash("sha256").update(data).digest("hex").slice(0, 8), name);
}

/** Whether every account passes through it and all above; what is not there yet will be so. */
function isPassable(folder: string): boolean {
  if (existsSync(folder) && (statSync(folder).mode & OTHERS_PASS) === 0) return false;
  const above = dirname(folder);
  return above === folder || isPassable(above);
}
