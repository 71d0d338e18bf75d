/**
 * `npm run build` makes the operator as it ships: one file with all it needs but Node. To find and read a thousand files
 * is most of the start of an unbundled one. Another place for the file may be named: `npm run build -- PATH`.
 */
import { basename, dirname, join } from "node:path";
import { bundle } from "@leanvibe/runtime/bundle";

const outfile = process.argv[2] ?? join(import.meta.dirname, "dist", "leanvibe-operator.mjs");

const metafile = await bundle({
  entries: { [basename(outfile, ".mjs")]: join(import.meta.dirname, "src", "main.ts") },
  folder: dirname(outfile),
  inParts: false,
  // The framework writes statuses with it, which the runtime does here, and Node warns at each start of a part of its own
  // that gaxios' copy of fetch still asks for. The CoreV1Api that it makes in its constructor it never uses.
  instead: {
    gaxios: `export const instance = { request() { throw new Error("gaxios is left out of the bundle"); } };`,
  },
});

const bytes = Object.entries(metafile.outputs).find(([path]) => path.endsWith(".mjs"))?.[1].bytes ?? 0;
console.log(`${outfile}: ${(bytes / 1024 / 1024).toFixed(1)} MiB from ${Object.keys(metafile.inputs).length} files`);
