/**
 * `npm run build:api` makes the API server and its migrations as they ship: a folder with all they need but Node and
 * `migrations/`. Another folder may be named: `npm run build:api -- PATH`.
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { bundle } from "@leanvibe/runtime/bundle";
import { copyPackages } from "@leanvibe/runtime/packages";

const folder = process.argv[2] ?? join(import.meta.dirname, "dist", "bundle");

/** With parts that are no JavaScript, or that read files beside themselves. Each goes along whole, with what it needs. */
const WHOLE = ["@node-rs/argon2", "sharp"] as const;

rmSync(folder, { recursive: true, force: true });
const source = join(import.meta.dirname, "src");
const metafile = await bundle({
  entries: {
    "leanvibe-api": join(source, "main.ts"),
    "leanvibe-migrate": join(source, "migrate.ts"),
    "leanvibe-bootstrap-token": join(source, "bootstrap-token.ts"),
  },
  folder,
  // Migrations need no Prisma, and its query compiler is loaded when it is needed.
  inParts: true,
  external: WHOLE,
});
const imported = new Set(Object.values(metafile.outputs).flatMap(({ imports }) => imports.map(({ path }) => path)));
const copied = await copyPackages(
  WHOLE.filter((name) => imported.has(name)),
  { from: import.meta.dirname, to: join(folder, "node_modules") },
);

const bytes = Object.entries(metafile.outputs).reduce(
  (sum, [path, out]) => sum + (path.endsWith(".mjs") ? out.bytes : 0),
  0,
);
console.log(
  `${folder}: ${(bytes / 1024 / 1024).toFixed(1)} MiB from ${Object.keys(metafile.inputs).length} files, beside ${copied.join(", ") || "no package"}`,
);
