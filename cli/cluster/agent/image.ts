/** The agent's image of what this machine has: no registry, no Docker, and for no cluster but one that runs agents. */
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { IMAGES } from "@leanvibe/schema";
import { build } from "../build.ts";
import type { Cluster } from "../cluster.ts";
import { run } from "../command.ts";
import { type LoadOptions, loadArchive } from "../images.ts";
import { cacheFolder } from "../layout.ts";
import { importedInLocal } from "../local.ts";
import { takeLock } from "../lock.ts";
import { architecture, type Image, type Layer, manifestDigest, writeArchive, writeLayer } from "../oci.ts";
import type { Entry } from "../tar.ts";
import { fileEntry, fingerprint, folderEntries, libraries, readEntry, textEntry } from "./entries.ts";
import { LV_EXEC } from "./programs.ts";
import { pythonPart } from "./python.ts";

const ROOT = join(import.meta.dirname, "..", "..", "..");
const AGENT = join(ROOT, "operator", "agent");

/** Its name, with the repository's version. */
export const AGENT_REFERENCE = `${IMAGES.agent}:${version()}`;

export type AgentImage = {
  reference: string;
  digest: string;
  /** Path of the archive, as loadArchive takes it. */
  archive: string;
  sizeBytes: number;
  /** Python's version in it, or why it has none: then tasks in Python are refused by the sandbox. */
  python: { version: string } | { missing: string };
  seconds: number;
};

export type AgentImageOptions = {
  env: NodeJS.ProcessEnv;
  signal?: AbortSignal | undefined;
  progress?: (message: string) => void;
};

/** Puts the image together, or finds it as it was put together before. @throws Error where it cannot be made, with the reason */
export async function agentImage({ env, signal, progress = () => undefined }: AgentImageOptions): Promise<AgentImage> {
  if (process.platform !== "linux")
    throw new Error(
      "the agent's image is put together of a Linux machine's own programs; build it: npm run images build",
    );
  const begun = performance.now();
  const cache = join(cacheFolder(env), "agent-image");
  mkdirSync(cache, { recursive: true });
  const lock = await takeLock(join(cache, "lock"), () => progress("Waiting for another process that makes it"), signal);
  try {
    const keep = (entries: readonly Entry[]) => layerOf(entries, cache);
    progress("Node and its libraries");
    const layers = [await keep(await nodeEntries())];
    const requirements = join(AGENT, "languages", "requirements.txt");
    progress("Python and its packages");
    const python = await pythonPart({ requirements, cache, env });
    if (typeof python !== "string")
      layers.push(await keep(await python.interpreter()), await keep(await python.packages()));
    progress("packages of TypeScript");
    layers.push(
      await keep(folderEntries(await typescriptPackages(cache, signal), "", (inside) => inside === COMPLETE)),
    );
    progress("agent and sandbox");
    layers.push(await keep(await appEntries({ env, signal })));
    const image: Image = {
      reference: AGENT_REFERENCE,
      entrypoint: ["/usr/local/bin/node", "--enable-source-maps", "/app/leanvibe-agent.mjs"],
      layers,
      path: "/usr/local/bin:/usr/bin:/bin",
      architecture: architecture(),
    };
    const digest = manifestDigest(image);
    const archive = join(cache, `image-${digest.slice(-16)}.tar`);
    if (!existsSync(archive)) await writeArchive([image], archive);
    forget(cache, [archive, ...layers.map(({ content }) => String(content))]);
    return {
      reference: image.reference,
      digest,
      archive,
      sizeBytes: statSync(archive).size,
      python: typeof python === "string" ? { missing: python } : { version: python.python.version },
      seconds: (performance.now() - begun) / 1000,
    };
  } finally {
    lock.release();
  }
}

/** Makes the image where it has to be made, and gives it to a cluster that does not have it yet. */
export async function loadAgentImage(cluster: Cluster, options: AgentImageOptions): Promise<AgentImage> {
  const image = await agentImage(options);
  const load: LoadOptions = { env: options.env, ...(options.signal === undefined ? {} : { signal: options.signal }) };
  const has = cluster.rung === "local" ? await importedInLocal(cluster.name, image.reference, options.env) : undefined;
  if (has !== image.digest) await loadArchive(cluster, image.archive, load);
  return image;
}

function version(): string {
  const { version }: { version: string } = JSON.parse(readFileSync(join(ROOT, "cli", "package.json"), "utf8"));
  return version;
}

/** For programs that were written for a system: a shell, and the `env` of their first lines. */
const OF_THE_SYSTEM = ["/bin/sh", "/usr/bin/env"];

async function nodeEntries(): Promise<Entry[]> {
  const system = OF_THE_SYSTEM.filter((path) => existsSync(path));
  const loaded = await libraries([process.execPath, ...system]);
  return [
    fileEntry(process.execPath, "usr/local/bin/node"),
    ...[...system, ...loaded].map((path) => fileEntry(path, path)),
    textEntry("etc/passwd", "root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n"),
    textEntry("etc/group", "root:x:0:\nnogroup:x:65534:\n"),
  ];
}

/** Says that a folder of the cache was filled to its end. */
const COMPLETE = ".complete";

/** As they are installed here, side by side in a folder of the cache. */
async function typescriptPackages(cache: string, signal: AbortSignal | undefined): Promise<string> {
  const of = [join(ROOT, "package-lock.json"), join(AGENT, "languages", "packages.ts"), join(AGENT, "build.ts")];
  const key = hashOf(of.map((file) => readFileSync(file, "utf8")).join("\0"));
  const folder = join(cache, `typescript-packages-${key}`);
  const done = join(folder, COMPLETE);
  if (existsSync(done)) return folder;
  rmSync(folder, { recursive: true, force: true });
  await run(process.execPath, [join(AGENT, "build.ts"), "packages", folder], { cwd: ROOT, signal });
  writeFileSync(done, "");
  return folder;
}

async function appEntries({ env, signal }: Pick<AgentImageOptions, "env" | "signal">): Promise<Entry[]> {
  const folder = mkdtempSync(join(tmpdir(), "leanvibe-agent-"));
  try {
    await run(process.execPath, [join(AGENT, "build.ts"), "app", folder], { cwd: ROOT, signal });
    const programs = readdirSync(join(folder, "app")).sort();
    const cache = cacheFolder(env);
    const launcher = join(await build(LV_EXEC, { cache, env, signal, progress: () => undefined }), "lv-exec");
    return [
      ...programs.map((name) => readEntry(join(folder, "app", name), `app/${name}`)),
      readEntry(launcher, "app/lv-exec", 0o755),
      readEntry(join(ROOT, "LICENSE"), "app/LICENSE"),
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A layer as a file of the cache, written once for what it is made of. */
async function layerOf(entries: readonly Entry[], cache: string): Promise<Layer> {
  const file = join(cache, `layer-${hashOf(fingerprint(entries))}.tar`);
  const note = `${file}.digest`;
  if (existsSync(file) && existsSync(note)) {
    return { digest: readFileSync(note, "utf8"), sizeBytes: statSync(file).size, content: file };
  }
  const layer = await writeLayer(entries, file);
  writeFileSync(note, layer.digest);
  return layer;
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}

const KEPT_DAYS = 3;
const KEPT_ARCHIVES = 3;

/** What is of an older checkout, or of before a change. What this image is made of counts as new. */
function forget(cache: string, used: readonly string[]): void {
  const now = new Date();
  for (const file of used) utimesSync(file, now, now);
  const age = (file: string) => now.getTime() - statSync(file).mtimeMs;
  const found = (kind: RegExp) =>
    readdirSync(cache)
      .filter((name) => kind.test(name))
      .map((name) => join(cache, name))
      .sort((one, other) => age(one) - age(other));
  const layers = found(/^layer-.*\.tar$/).filter((file) => age(file) > KEPT_DAYS * 86_400_000);
  for (const file of [...layers, ...found(/^image-.*\.tar$/).slice(KEPT_ARCHIVES)]) {
    for (const each of [file, `${file}.digest`]) rmSync(each, { force: true });
  }
}
