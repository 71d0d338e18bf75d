import { mkdtempSync, rmSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { IMAGES, type ImageName } from "@leanvibe/schema";
import { CommandFailed, run } from "../cluster/command.ts";
import { type Cluster, loadArchive, presentCluster } from "../cluster/index.ts";
import { type Builder, findBuilder, inspectImage, saveImages } from "./builder.ts";
import { ROOT } from "./manifests.ts";
import { DEV_CLUSTER } from "./part.ts";
import type { Reporter } from "./terminal.ts";

/** Which file and target each is built of. The targets are called as the images. */
const FILES: Readonly<Record<ImageName, string>> = {
  operator: "Dockerfile.operator",
  api: "Dockerfile.api",
  migrate: "Dockerfile.api",
  agent: "Dockerfile.operator",
};
const NAMES = Object.keys(IMAGES).filter((name): name is ImageName => name in FILES);

export type ImagesOptions = { only: readonly ImageName[]; reporter: Reporter; signal: AbortSignal };

/** `operator,api` as names. @throws Error that lists what there is. */
export function imageNames(list: string | undefined): readonly ImageName[] {
  if (list === undefined) return NAMES;
  const wanted = list.split(",").map((name) => name.trim());
  const unknown = wanted.filter((name) => !NAMES.some((known) => known === name));
  if (unknown.length > 0) throw new Error(`there is no image ${unknown.join(", ")}; there are ${NAMES.join(", ")}`);
  return NAMES.filter((name) => wanted.includes(name));
}

/** `leanvibe.io/api:0.1.0`: the version is the repository's. */
export function imageReference(name: ImageName): string {
  const { version }: { version: string } = createRequire(import.meta.url)("../package.json");
  return `${IMAGES[name]}:${version}`;
}

/** Builds images of what the sources are now. `more` goes to the builder's own `build` as it is. @throws CommandFailed */
export async function buildImages(options: ImagesOptions & { base?: string; more: readonly string[] }): Promise<void> {
  const { only, reporter, signal } = options;
  const builder = await findBuilder(process.env);
  reporter.say(`Building with ${builder.name} ${builder.version}`);
  const source = await sourceOf();
  const images = [];
  for (const name of only) {
    const begun = performance.now();
    await buildOne(builder, name, { ...options, ...source });
    const seconds = (performance.now() - begun) / 1000;
    const reference = imageReference(name);
    const image = { name, reference, ...(await inspectImage(builder, reference)), seconds };
    reporter.done(`${reference}  ${megabytes(image.sizeBytes)}`, seconds);
    images.push(image);
    signal.throwIfAborted();
  }
  reporter.result({ builder: builder.name, images }, ["", "Into the cluster here: npm run images -- load"]);
}

async function buildOne(
  { name: builder }: Builder,
  name: ImageName,
  options: ImagesOptions & Source & { base?: string; more: readonly string[] },
): Promise<void> {
  const begun = performance.now();
  const values = {
    VERSION: imageReference(name).split(":").at(-1) ?? "",
    REVISION: options.revision,
    SOURCE_DATE_EPOCH: options.epoch,
    ...(options.base === undefined ? {} : { BASE: options.base }),
  };
  const set = Object.entries(values).flatMap(([key, value]) => ["--build-arg", `${key}=${value}`]);
  const args = [
    "build",
    "--file",
    FILES[name],
    "--target",
    name,
    ...set,
    "--tag",
    imageReference(name),
    ...options.more,
  ];
  await run(builder, [...args, "."], {
    cwd: ROOT,
    signal: options.signal,
    onLine: (line) => {
      if (line.trim() === "") return;
      const elapsedSeconds = (performance.now() - begun) / 1000;
      options.reporter.progress({
        step: `build-${name}`,
        message: `${name}: ${stripVTControlCharacters(line).trim()}`,
        elapsedSeconds,
      });
    },
  });
}

type Source = { revision: string; epoch: string };

/** The commit and its time: the same sources give the same bytes. Outside of a repository both are unknown. */
async function sourceOf(): Promise<Source> {
  try {
    const [revision = "", epoch = ""] = (await run("git", ["log", "-1", "--format=%H %ct"], { cwd: ROOT }))
      .trim()
      .split(" ");
    const changed = (await run("git", ["status", "--porcelain"], { cwd: ROOT })).trim() !== "";
    return { revision: changed ? `${revision}-changed` : revision, epoch };
  } catch (error) {
    if (error instanceof CommandFailed) return { revision: "unknown", epoch: "0" };
    throw error;
  }
}

/** Gives images to the nodes of the cluster that is here already. @throws Error where none is, or an image is not built. */
export async function loadImages(options: ImagesOptions & { context?: string }): Promise<void> {
  const { reporter, signal, context } = options;
  const builder = await findBuilder(process.env);
  const references = options.only.map(imageReference);
  for (const reference of references) await mustBeBuilt(builder, reference);
  const cluster = await presentCluster({
    name: DEV_CLUSTER,
    purpose: "dev",
    lifetime: "detached",
    progress: (event) => reporter.progress(event),
    signal,
    ...(context === undefined ? {} : { context }),
  });
  const begun = performance.now();
  const sizeBytes = await copyInto(cluster, { builder, references, reporter, signal });
  const seconds = (performance.now() - begun) / 1000;
  reporter.done(`${references.join(", ")} -> ${cluster.context}  ${megabytes(sizeBytes)}`, seconds);
  reporter.result({ cluster: cluster.name, context: cluster.context, references, sizeBytes, seconds }, []);
}

async function mustBeBuilt(builder: Builder, reference: string): Promise<void> {
  try {
    await inspectImage(builder, reference);
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
    throw new Error(`${builder.name} has no image ${reference}; build it first: npm run images -- build`);
  }
}

/** By a file, which every kind of cluster takes. @returns its size. */
async function copyInto(
  cluster: Cluster,
  {
    builder,
    references,
    reporter,
    signal,
  }: Pick<ImagesOptions, "reporter" | "signal"> & { builder: Builder; references: readonly string[] },
): Promise<number> {
  const begun = performance.now();
  const tell = (message: string) =>
    reporter.progress({ step: "load", message, elapsedSeconds: (performance.now() - begun) / 1000 });
  const folder = mkdtempSync(join(tmpdir(), "leanvibe-images-"));
  const file = join(folder, "images.tar");
  try {
    tell(`Saving ${references.join(", ")}`);
    await saveImages(builder, references, { file, signal });
    const { size } = statSync(file);
    tell(`Importing ${megabytes(size)} into ${cluster.context}`);
    await loadArchive(cluster, file, { env: process.env, signal });
    return size;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}
