import { constants, existsSync, type Stats } from "node:fs";
import { lstat, mkdir, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";

export type MadeFile = { path: string; content: string };

/** The files of a task, each name once: of two the first stays, as in the API's ZIP. */
export function filesOf(made: { files: MadeFile[]; tests: MadeFile[]; documentation: MadeFile[] }): MadeFile[] {
  const all = [...made.files, ...made.tests, ...made.documentation];
  return all.filter(({ path }, index) => all.findIndex((other) => other.path === path) === index);
}

/**
 * Writes them below a folder. Before the first is, all are looked at: where something is in the way none is written.
 * @param force writes over files that are there; never through a link below the folder, which may lead anywhere
 * @throws Error that says what is in the way
 */
export async function writeFiles(folder: string, files: readonly MadeFile[], force: boolean): Promise<void> {
  const places = files.map(({ path, content }) => ({ path, content, file: join(folder, safe(path)) }));
  const folders = new Set(files.flatMap(({ path }) => foldersOf(path)));
  const both = files.find(({ path }) => folders.has(path));
  if (both !== undefined)
    throw new Error(`${both.path} is both a file and a folder of what was made: nothing is written`);
  await refuseHindrances(folder, folders, files);
  const there = places.filter(({ file }) => existsSync(file)).map(({ path }) => path);
  const [first] = there;
  if (first !== undefined && !force) {
    const more = there.length === 1 ? "" : ` and ${there.length - 1} more`;
    throw new Error(`${first}${more} in ${folder} would be written over; name another folder, or say --force`);
  }
  for (const { file, content } of places) {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content, { flag: force ? OVER : "wx" });
  }
}

/** As "w", but not through a link that came there since it was looked at. */
const OVER = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW;

/** `a/b/c.ts` is in `a` and in `a/b`. */
function foldersOf(path: string): string[] {
  const names = path.split("/").slice(0, -1);
  return names.map((_name, at) => names.slice(0, at + 1).join("/"));
}

async function refuseHindrances(
  folder: string,
  folders: ReadonlySet<string>,
  files: readonly MadeFile[],
): Promise<void> {
  // The folder itself may be a link: the person named it.
  if ((await lookAt(folder)) !== undefined && !(await stat(folder).catch(() => undefined))?.isDirectory())
    throw new Error(`${folder} is no folder: name another`);
  const refuse = (path: string, what: string) => {
    throw new Error(`${path} in ${folder} is ${what}: nothing is written; name another folder`);
  };
  // Outer ones first: what is behind a link is not looked at.
  for (const path of folders) {
    const found = await lookAt(join(folder, path));
    if (found?.isSymbolicLink()) refuse(path, "a link, which may lead out of the folder");
    if (found !== undefined && !found.isDirectory()) refuse(path, "a file, where a folder is needed");
  }
  for (const { path } of files) {
    const found = await lookAt(join(folder, path));
    if (found?.isSymbolicLink()) refuse(path, "a link, which may lead out of the folder");
    if (found !== undefined && !found.isFile()) refuse(path, "no usual file");
  }
}

/** What is there itself, not what it may lead to. */
async function lookAt(path: string): Promise<Stats | undefined> {
  return await lstat(path).catch((error: unknown) => {
    if (coded.safeParse(error).data?.code === "ENOENT") return undefined;
    throw error;
  });
}

const coded = z.object({ code: z.string() });

/** The API refuses such paths already; what is written to a disk is looked at here too. */
function safe(path: string): string {
  if (/^[\w@][\w.@+-]*(\/[\w@][\w.@+-]*)*$/.test(path)) return path;
  throw new Error(`a file is called ${JSON.stringify(path)}, which might lead out of the folder: nothing is written`);
}
