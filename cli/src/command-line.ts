import { join } from "node:path";
import { ROOT } from "./manifests.ts";

/** A line that calls `leanvibe` and runs as it stands, wherever the other terminal is. */
export function line(...args: readonly string[]): string {
  return [join(ROOT, "leanvibe"), ...args].map(quoted).join(" ");
}

/** For a shell, as one word. */
function quoted(word: string): string {
  return /^[\w./:@%+=,-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
