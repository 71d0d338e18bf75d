import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A folder for this process alone, below that of the run. */
export function scratchFolder(name: string): string {
  return mkdtempSync(join(tmpdir(), `leanvibe-${name}-`));
}
