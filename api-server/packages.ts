import { cpSync, existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";

const manifest = z.object({
  dependencies: z.record(z.string(), z.string()).default({}),
  optionalDependencies: z.record(z.string(), z.string()).default({}),
});

/** For who reads or compiles against a package. Licences stay. */
const NOT_RUN = /(\.d\.[cm]?ts|\.map|(?<!licen[cs]e)\.md)$/i;

/**
 * Copies packages and all that they need, as they are installed, side by side into one folder. What is optional and not
 * there is for another machine than this one. @throws Error where one is missing, or needed in two versions.
 */
export function copyPackages(names: readonly string[], { from, to }: { from: string; to: string }): string[] {
  const found = new Map<string, string>();
  const wanted: { name: string; from: string; optional: boolean }[] = names.map((name) => ({
    name,
    from,
    optional: false,
  }));
  for (const { name, from: place, optional } of wanted) {
    const folder = installed(name, place);
    if (folder === undefined && optional) continue;
    if (folder === undefined) throw new Error(`${name} is not installed, which ${place} needs: run npm ci`);
    const before = found.get(name);
    if (before !== undefined && before !== folder)
      throw new Error(`${name} is needed in two versions: ${before}, ${folder}`);
    if (before !== undefined) continue;
    found.set(name, folder);
    const { dependencies, optionalDependencies } = manifest.parse(
      JSON.parse(readFileSync(join(folder, "package.json"), "utf8")),
    );
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies }))
      wanted.push({ name, from: folder, optional: name in optionalDependencies });
  }
  for (const [name, folder] of found)
    cpSync(folder, join(to, name), {
      recursive: true,
      filter: (path) => !path.slice(folder.length).includes("node_modules") && !NOT_RUN.test(path),
    });
  return [...found.keys()];
}

/** As Node looks for it: from there upwards. */
function installed(name: string, from: string): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    const place = join(folder, "node_modules", name);
    if (existsSync(join(place, "package.json"))) return place;
    if (folder === dirname(folder)) return undefined;
  }
}
