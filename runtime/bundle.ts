/** How a program that stands on this runtime is bundled: fast to start, small, and with stack traces that name sources. */
import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { build, type Metafile, type Plugin } from "esbuild";

const CLIENT = "@kubernetes/client-node/dist";

/** Instead of the client library as a whole, what is used of it: kubeconfigs, with all their ways to log in. */
const KUBECONFIG_ONLY: Readonly<Record<string, string>> = {
  "@kubernetes/client-node": `export { KubeConfig } from "${CLIENT}/config.js"; export class CoreV1Api {}`,
  "./gen/index.js": `
    export { createConfiguration } from "${CLIENT}/gen/configuration.js";
    export { ServerConfiguration } from "${CLIENT}/gen/servers.js";`,
};

export type BundleOptions = {
  /** Each becomes a file of its name in `folder`. */
  entries: Readonly<Record<string, string>>;
  folder: string;
  /** What several entries need, and what is loaded only later, is in files of its own; else each entry is one file. */
  inParts: boolean;
  /** Packages that stay outside: those with parts that are no JavaScript, or that read files beside themselves. */
  external?: readonly string[];
  /** Source of modules that take the place of others, by how those are imported. */
  instead?: Readonly<Record<string, string>>;
};

/**
 * Bundles ES modules for Node. Of packages the source map says nothing: to keep the places of theirs in memory took as
 * much of it as the program itself. @throws Error with what is wrong in the sources.
 */
export async function bundle(options: BundleOptions): Promise<Metafile> {
  const { entries, folder, inParts, external = [], instead = {} } = options;
  const { metafile } = await build({
    entryPoints: { ...entries },
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    splitting: inParts,
    platform: "node",
    format: "esm",
    target: "node22",
    external: [...external],
    sourcemap: true,
    // Names stay as they are: errors and profiles show them.
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: "linked",
    metafile: true,
    logLevel: "warning",
    plugins: [replacing({ ...KUBECONFIG_ONLY, ...instead }), withoutForeignMaps],
    // A line is what Node shows of an error that nobody caught.
    lineLimit: 500,
    // CommonJS packages inside require Node's own parts, which an ES module has to be given; by a name that none has.
    banner: {
      js: 'import { createRequire as requireInBundle } from "node:module";const require = requireInBundle(import.meta.url);',
    },
  });
  return metafile;
}

/**
 * Leaves out what nothing here calls, above all the generated clients and models of @kubernetes/client-node: four fifths
 * of the file, and of the time and memory to load it, for kinds that we send as plain JSON.
 */
function replacing(sources: Readonly<Record<string, string>>): Plugin {
  return {
    name: "replacing",
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^[^/]/ }, ({ path, resolveDir }) =>
        Object.hasOwn(sources, path) ? { path, namespace: "instead", pluginData: resolveDir } : undefined,
      );
      onLoad({ filter: /./, namespace: "instead" }, ({ path, pluginData }) => ({
        contents: sources[path] ?? "",
        resolveDir: String(pluginData),
      }));
    },
  };
}

/** Knows of one place only and has no text: esbuild takes what a file says of its own source for all that is known of it. */
const EMPTY_MAP = Buffer.from('{"version":3,"sources":[""],"sourcesContent":[""],"mappings":"AAAA"}').toString(
  "base64",
);

const withoutForeignMaps: Plugin = {
  name: "without-foreign-maps",
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]node_modules[\\/].*\.[cm]?js$/ }, async ({ path }) => ({
      contents: `${await readFile(path, "utf8")}\n//# sourceMappingURL=data:application/json;base64,${EMPTY_MAP}`,
      resolveDir: dirname(path),
      loader: "default",
    }));
  },
};
