import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const folders: string[] = [];

/**
 * A folder for this process alone, gone when it ends: kubeconfigs with tokens are among what is put there. With
 * LEANVIBE_TEST_KEEP=1 it stays, for who wants to read an operator's log.
 */
export function scratchFolder(name: string): string {
  if (folders.length === 0 && process.env["LEANVIBE_TEST_KEEP"] === undefined) {
    process.once("exit", () => {
      for (const folder of folders) rmSync(folder, { recursive: true, force: true });
    });
  }
  const folder = mkdtempSync(join(tmpdir(), `leanvibe-${name}-`));
  folders.push(folder);
  return folder;
}
