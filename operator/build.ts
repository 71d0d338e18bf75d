/**
 * `npm run build` makes the operator as it ships: one file with all it needs but Node. To find and read a thousand files
 * is most of the start of an unbundled one. Another place for the file may be named: `npm run build -- PATH`.
 */
import { join } from "node:path";
import { build } from "esbuild";

const outfile = process.argv[2] ?? join(import.meta.dirname, "dist", "leanvibe-operator.mjs");

const { metafile } = await build({
  entryPoints: [join(import.meta.dirname, "src", "main.ts")],
  outfile,
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node22",
  sourcemap: true,
  // Names stay as they are: errors and profiles show them.
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: "linked",
  metafile: true,
  logLevel: "warning",
  // CommonJS packages inside require Node's own parts, which an ES module has to be given.
  banner: { js: 'import { createRequire } from "node:module";const require = createRequire(import.meta.url);' },
});

const bytes = Object.entries(metafile.outputs).find(([path]) => path.endsWith(".mjs"))?.[1].bytes ?? 0;
console.log(`${outfile}: ${(bytes / 1024 / 1024).toFixed(1)} MiB from ${Object.keys(metafile.inputs).length} files`);
