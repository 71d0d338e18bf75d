import { lstatSync, readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { join } from "node:path";
import { CommandFailed, run } from "../command.ts";
import type { Entry } from "../tar.ts";

/** A file of this machine at a place in the image. Its time goes along: Python knows by it what is compiled already. */
export function fileEntry(file: string, path: string): Entry {
  const { mode, size, mtimeMs } = statSync(file);
  const executable = (mode & 0o111) !== 0;
  const modified = Math.floor(mtimeMs / 1000);
  return { path: path.replace(/^\//, ""), mode: executable ? 0o755 : 0o644, modified, file, sizeBytes: size };
}

/** Everything below a folder, at a place in the image. `skip` names entries, by their path within it, to leave out. */
export function folderEntries(folder: string, path: string, skip: (inside: string) => boolean = () => false): Entry[] {
  const below = (inside: string): Entry[] =>
    readdirSync(join(folder, inside))
      .sort()
      .map((name) => join(inside, name))
      .filter((each) => !skip(each))
      .flatMap((each): Entry[] => {
        const file = join(folder, each);
        const found = lstatSync(file);
        if (found.isDirectory()) return below(each);
        const place = join(path, each).replace(/^\//, "");
        if (found.isSymbolicLink()) return [{ path: place, mode: 0o777, link: readlinkSync(file) }];
        return found.isFile() ? [fileEntry(file, place)] : [];
      });
  return below("");
}

/** Where a loader looks without being told. */
const LOADED_FROM = /^\/(usr\/)?lib(32|64|x32)?\//;

/**
 * The shared libraries that programs need, and the loader that brings them: each at its own place. A program that is
 * statically linked needs none. @throws Error where one is missing, or in a place that no other loader would look at
 */
export async function libraries(programs: readonly string[]): Promise<string[]> {
  // It complains about the static ones among several, and prints the others all the same.
  const listed = await run("ldd", programs).catch((error: unknown) => {
    if (error instanceof CommandFailed && error.output.includes("not a dynamic executable")) return "";
    throw error;
  });
  const missing = /^\s*(\S+) => not found/m.exec(listed)?.[1];
  if (missing !== undefined) throw new Error(`the library ${missing} is missing, which ${programs[0]} needs`);
  const found = [...listed.matchAll(/^\s*(?:\S+ => )?(\/\S+) \(0x/gm)].map(([, path = ""]) => path);
  const elsewhere = found.find((path) => !LOADED_FROM.test(path));
  if (elsewhere !== undefined) throw new Error(`${elsewhere} is no library of the system`);
  return [...new Set(found)].sort();
}

/** What the bytes of these entries depend on, at little cost: names, sizes and times, and what is in memory. */
export function fingerprint(entries: readonly Entry[]): string {
  return JSON.stringify(
    entries.map((entry) => ({
      ...entry,
      ...("bytes" in entry ? { bytes: Buffer.from(entry.bytes).toString("base64") } : {}),
    })),
  );
}

export function textEntry(path: string, text: string, mode = 0o644): Entry {
  return { path, mode, bytes: Buffer.from(text) };
}

export function readEntry(file: string, path: string, mode = 0o644): Entry {
  return { path, mode, bytes: readFileSync(file) };
}
