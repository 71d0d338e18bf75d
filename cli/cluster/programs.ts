import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { Nodes } from "./site.ts";

/** A Go module and the programs it is built into. */
export interface Program {
  /** Its name in the cache. */
  readonly module: string;
  /** Folder of its source; left out, the one beside this file that has its name. */
  readonly source?: string;
  readonly packages: readonly string[];
  readonly outputs: readonly string[];
  readonly flags: readonly string[];
  /** To compile it with an empty build cache on two cores; measured. Downloads come on top. */
  readonly coldSeconds: number;
}

const CONTAINERD = "github.com/containerd/containerd/v2/cmd";
const KUBERNETES_VERSION = "v1.37.2";

const KUBERNETES: Program = {
  module: "kubernetes",
  packages: ["."],
  outputs: ["kubernetes"],
  // Without its version kubectl cannot compare itself with the server.
  flags: [
    "-ldflags",
    `-s -w -X k8s.io/component-base/version.gitVersion=${KUBERNETES_VERSION} -X k8s.io/client-go/pkg/version.gitVersion=${KUBERNETES_VERSION}`,
  ],
  coldSeconds: 560,
};
const REAL: readonly Program[] = [
  {
    module: "containerd",
    packages: [`${CONTAINERD}/containerd`, `${CONTAINERD}/containerd-shim-runc-v2`, `${CONTAINERD}/ctr`],
    outputs: ["containerd", "containerd-shim-runc-v2", "ctr"],
    flags: ["-tags", "no_btrfs,no_zfs,no_devmapper", "-ldflags", "-s -w"],
    coldSeconds: 60,
  },
  { module: "image", packages: ["."], outputs: ["image"], flags: ["-ldflags", "-s -w"], coldSeconds: 15 },
];
const SIMULATED: readonly Program[] = [
  { module: "kwok", packages: ["."], outputs: ["kwok"], flags: ["-ldflags", "-s -w"], coldSeconds: 60 },
];

/** What a local cluster with such nodes is made of. */
export function programsFor(nodes: Nodes): readonly Program[] {
  return [KUBERNETES, ...(nodes === "real" ? REAL : SIMULATED)];
}

/** Folder of the module's source. */
export function sourceOf(program: Program): string {
  return program.source ?? join(import.meta.dirname, program.module);
}

/**
 * Folder of the built program. Its name changes with everything that the bytes depend on, so a folder is never written
 * twice and an old one never mistaken for a new one.
 */
export function builtFolder(program: Program, cache: string): string {
  const hash = createHash("sha256");
  const source = sourceOf(program);
  for (const file of readdirSync(source).sort())
    hash
      .update(file)
      .update("\0")
      .update(readFileSync(join(source, file)));
  hash.update([process.platform, process.arch, ...program.packages, ...program.flags].join("\0"));
  return join(cache, `${program.module}-${hash.digest("hex").slice(0, 16)}`);
}

/** Path of each output by its name, whether or not it is built. */
export function outputPaths(programs: readonly Program[], cache: string): Record<string, string> {
  return Object.fromEntries(
    programs.flatMap((program) => program.outputs.map((name) => [name, join(builtFolder(program, cache), name)])),
  );
}

/** Programs that are not in the cache yet. */
export function missingPrograms(nodes: Nodes, cache: string): Program[] {
  return programsFor(nodes).filter((program) => !existsSync(builtFolder(program, cache)));
}

const MEASURED_CORES = 2;
const DOWNLOAD_SECONDS = 120;

/** Estimate for building them on this machine with an empty Go cache, downloads of about 2 GB included. */
export function buildSeconds(programs: readonly Program[]): number {
  if (programs.length === 0) return 0;
  const compile = programs.reduce((sum, { coldSeconds }) => sum + coldSeconds, 0);
  return Math.round((compile * MEASURED_CORES) / Math.max(availableParallelism(), 1)) + DOWNLOAD_SECONDS;
}
