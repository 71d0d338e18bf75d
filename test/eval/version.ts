import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";

const ROOT = join(import.meta.dirname, "..", "..");
/** The agent with its prompts, its sandbox and the packages that it may use; and how it and the model alone are asked and judged. */
const SOURCES = ["operator/agent", "test/eval/attempt.ts", "test/eval/humaneval.ts"];
const READ = /\.(ts|go|txt)$/;
const TEST = /\.test\.ts$|(^|\/)testing\//;

/** What was measured: a hash of the sources of which a change may change a figure, the same in every checkout of them. */
export function agentVersion(root = ROOT): string {
  const hash = createHash("sha256");
  for (const path of SOURCES.flatMap((source) => filesOf(root, source)).toSorted()) {
    hash.update(`${path}\0${readFileSync(join(root, path), "utf8")}\0`);
  }
  return hash.digest("hex").slice(0, 12);
}

function filesOf(root: string, source: string): string[] {
  if (source.endsWith(".ts")) return [source];
  return readdirSync(join(root, source), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .filter((path) => READ.test(path) && !TEST.test(path));
}
