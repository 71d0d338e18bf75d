import { cpSync, existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

type PackageManifest = {
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
};

/** For who reads a package, or compiles against it. Licences stay. */
const READ = /(\.map|(?<!licen[cs]e)\.md)$/i;
const COMPILED_AGAINST = /\.d\.[cm]?ts$/;

export type CopyOptions = {
  /** Where the packages are needed: they are looked for from there upwards. */
  from: string;
  to: string;
  /** Somebody compiles against them there. */
  types?: boolean;
};

/** A package that is needed: by whom, where that one lies in the new folder, and where it is installed. */
type Need = { name: string; by: string; from: string; optional: boolean };

/**
 * Copies packages and all that they need, as they are installed, side by side into one folder; a second version of one
 * goes below whoever needs it. What is optional and not there is for another machine than this one.
 * @throws Error where one is missing
 */
export function copyPackages(names: readonly string[], { from, to, types = false }: CopyOptions): string[] {
  /** By its place in the new folder, where each package is installed. */
  const placed = new Map<string, string>();
  const needs: Need[] = names.map((name) => ({ name, by: "", from, optional: false }));
  for (const { name, by, from: place, optional } of needs) {
    const folder = installed(name, place);
    if (folder === undefined && optional) continue;
    if (folder === undefined) throw new Error(`${name} is not installed, which ${place} needs: run npm ci`);
    if (placed.get(seenFrom(by, name, placed) ?? "") === folder) continue;
    const own = placed.has(name) ? join(by, "node_modules", name) : name;
    placed.set(own, folder);
    const text = readFileSync(join(folder, "package.json"), "utf8");
    const { dependencies = {}, optionalDependencies = {} }: PackageManifest = JSON.parse(text);
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies }))
      needs.push({ name, by: own, from: folder, optional: name in optionalDependencies });
  }
  for (const [own, folder] of placed)
    cpSync(folder, join(to, own), {
      recursive: true,
      filter: (path) =>
        !path.slice(folder.length).includes("node_modules") &&
        !READ.test(path) &&
        (types || !COMPILED_AGAINST.test(path)),
    });
  return [...placed.keys()];
}

/** The place at which a package that lies at `by` finds another: as Node looks for it, from there upwards. */
function seenFrom(by: string, name: string, placed: ReadonlyMap<string, string>): string | undefined {
  for (let from = by; ; from = from.slice(0, Math.max(from.lastIndexOf("/node_modules/"), 0))) {
    const place = from === "" ? name : join(from, "node_modules", name);
    if (placed.has(place)) return place;
    if (from === "") return undefined;
  }
}

/** As Node looks for it: from there upwards. */
function installed(name: string, from: string): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    const place = join(folder, "node_modules", name);
    if (existsSync(join(place, "package.json"))) return place;
    if (folder === dirname(folder)) return undefined;
  }
}
