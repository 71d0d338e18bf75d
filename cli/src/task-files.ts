import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

export type MadeFile = { path: string; content: string };

/** The files of a task, each name once: of two the first stays, as in the API's ZIP. */
export function filesOf(made: { files: MadeFile[]; tests: MadeFile[]; documentation: MadeFile[] }): MadeFile[] {
  const all = [...made.files, ...made.tests, ...made.documentation];
  return all.filter(({ path }, index) => all.findIndex((other) => other.path === path) === index);
}

/**
 * Writes them below a folder: all, or none where one is there already.
 * @param force writes over those
 * @throws Error that says which are there
 */
export async function writeFiles(folder: string, files: readonly MadeFile[], force: boolean): Promise<void> {
  const places = files.map(({ path, content }) => ({ path, content, file: join(folder, safe(path)) }));
  const there = places.filter(({ file }) => existsSync(file)).map(({ path }) => path);
  const [first] = there;
  if (first !== undefined && !force) {
    const more = there.length === 1 ? "" : ` and ${there.length - 1} more`;
    throw new Error(`${first}${more} in ${folder} would be written over; name another folder, or say --force`);
  }
  for (const { file, content } of places) {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content, { flag: force ? "w" : "wx" });
  }
}

/** The API refuses such paths already; what is written to a disk is looked at here too. */
function safe(path: string): string {
  if (/^[\w@][\w.@+-]*(\/[\w@][\w.@+-]*)*$/.test(path)) return path;
  throw new Error(`a file is called ${JSON.stringify(path)}, which might lead out of the folder: nothing is written`);
}
