/**
 * `npm run build` makes the operator as it ships: one file with all it needs but Node. To find and read a thousand files
 * is most of the start of an unbundled one. Another place for the file may be named: `npm run build -- PATH`.
 */
import { join } from "node:path";
import { build, type Plugin } from "esbuild";

const outfile = process.argv[2] ?? join(import.meta.dirname, "dist", "leanvibe-operator.mjs");

const CLIENT = "@kubernetes/client-node/dist";

/**
 * Instead of the client library as a whole, what is used of it: kubeconfigs, with all their ways to log in. Instead of
 * gaxios nothing: the framework writes statuses with it, which the runtime does here, and Node warns at each start of a
 * part of its own that gaxios' copy of fetch still asks for.
 */
const INSTEAD: Record<string, string> = {
  // The framework makes a client in its constructor and never uses it.
  "@kubernetes/client-node": `export { KubeConfig } from "${CLIENT}/config.js"; export class CoreV1Api {}`,
  gaxios: `export const instance = { request() { throw new Error("gaxios is left out of the bundle"); } };`,
  "./gen/index.js": `
    export { createConfiguration } from "${CLIENT}/gen/configuration.js";
    export { ServerConfiguration } from "${CLIENT}/gen/servers.js";`,
};

/**
 * Leaves out what nothing here calls, above all the generated clients and models of @kubernetes/client-node: four fifths
 * of the file, and of the time and memory to load it, for kinds that we send as plain JSON.
 */
const withoutUncalled: Plugin = {
  name: "without-uncalled",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^@kubernetes\/client-node$|^gaxios$|^\.\/gen\/index\.js$/ }, ({ path }) => ({
      path,
      namespace: "instead",
    }));
    onLoad({ filter: /./, namespace: "instead" }, ({ path }) => ({
      contents: INSTEAD[path] ?? "",
      resolveDir: import.meta.dirname,
    }));
  },
};

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
  plugins: [withoutUncalled],
  // CommonJS packages inside require Node's own parts, which an ES module has to be given.
  banner: { js: 'import { createRequire } from "node:module";const require = createRequire(import.meta.url);' },
});

const bytes = Object.entries(metafile.outputs).find(([path]) => path.endsWith(".mjs"))?.[1].bytes ?? 0;
console.log(`${outfile}: ${(bytes / 1024 / 1024).toFixed(1)} MiB from ${Object.keys(metafile.inputs).length} files`);
