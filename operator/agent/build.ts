/**
 * What the agent's image holds beside Node and Python, made of what is installed here:
 *
 *   node operator/agent/build.ts app FOLDER       the agent and the sandbox, bundled: FOLDER/app
 *   node operator/agent/build.ts packages FOLDER  what generated TypeScript may use: FOLDER/node_modules and its compiler
 */
import { existsSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { bundle } from "@leanvibe/runtime/bundle";
import { copyPackages } from "@leanvibe/runtime/packages";
import { BAKED_PACKAGES } from "./languages/packages.ts";

const here = import.meta.dirname;
const ROOT = join(here, "..", "..");
const [what = "", folder = join(ROOT, "operator", "dist", "agent")] = process.argv.slice(2);

if (what === "app") await bundlePrograms();
else if (what === "packages") copyTools();
else throw new Error("usage: build.ts app|packages FOLDER");

async function bundlePrograms(): Promise<void> {
  const entries = { "leanvibe-agent": join(here, "main.ts"), "leanvibe-sandbox": join(here, "sandbox", "main.ts") };
  await bundle({ entries, folder: join(folder, "app"), inParts: false });
}

/** From the workspace Node finds `/node_modules`, and so does the compiler. */
function copyTools(): void {
  // All of them are somebody's here already: the API's, or the repository's own tools.
  const to = join(folder, "node_modules");
  const copied = copyPackages(
    BAKED_PACKAGES.typescript.map(({ name }) => name),
    { from: ROOT, to, types: true },
  );
  for (const { name, version } of BAKED_PACKAGES.typescript) {
    const { version: own }: { version: string } = JSON.parse(readFileSync(join(to, name, "package.json"), "utf8"));
    if (own !== version)
      throw new Error(`${name} is ${own} here and ${version} in languages/packages.ts: make them agree`);
  }
  // The compiler is a program of its own; started by its script it would cost a Node each time.
  const compiler = copied.map((name) => `/node_modules/${name}/lib/tsc`).find((path) => existsSync(join(folder, path)));
  if (compiler === undefined) throw new Error("there is no compiler for this machine: run npm ci");
  mkdirSync(join(folder, "usr", "local", "bin"), { recursive: true });
  symlinkSync(compiler, join(folder, "usr", "local", "bin", "tsc"));
}
