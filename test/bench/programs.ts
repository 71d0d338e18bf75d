import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { build, goMissing } from "../../cli/cluster/build.ts";
import { cacheFolder } from "../../cli/cluster/layout.ts";
import { builtFolder, type Program } from "../../cli/cluster/programs.ts";
import { OPERATOR_BUNDLE } from "../../cli/src/operator.ts";
import type { BenchCluster } from "./cluster.ts";
import type { Command } from "./process.ts";
import type { Step } from "./record.ts";

const STRIPPED = ["-ldflags", "-s -w"];

function programIn(folder: string, output: string, coldSeconds: number): Program {
  const source = join(import.meta.dirname, folder);
  return { module: output, source, packages: ["."], outputs: [output], flags: STRIPPED, coldSeconds };
}

const RAWWRITE = programIn("rawwrite", "rawwrite", 10);
const PEER = programIn("peer", "bench-peer", 90);

/** The programs of the other side, built once for this machine and kept outside the checkout. */
export async function goPrograms(env: NodeJS.ProcessEnv = process.env): Promise<{ rawwrite: string; peer: string }> {
  const [rawwrite, peer] = [await builtPath(RAWWRITE, env), await builtPath(PEER, env)];
  return { rawwrite, peer };
}

async function builtPath(program: Program, env: NodeJS.ProcessEnv): Promise<string> {
  const cache = cacheFolder(env);
  if (!existsSync(builtFolder(program, cache))) {
    const missing = await goMissing(env);
    if (missing !== undefined) throw new Error(missing);
    process.stderr.write(`Building ${program.module} (once, about ${program.coldSeconds} s on two cores)\n`);
  }
  return join(await build(program, { cache, env, progress: () => undefined }), program.outputs[0] ?? "");
}

/** Our operator as it ships, also in its number of workers unless that is said; the network probe's pods are no part of what is measured. */
export function ourOperator(workers?: number): Command {
  const env = { NETWORK_PROBE_IMAGE: "", ...(workers === undefined ? {} : { WORKERS: String(workers) }) };
  return { program: process.execPath, args: [OPERATOR_BUNDLE], env };
}

/** With the cache that controller-runtime gives by default, or with a leaner one. */
export function peerOperator(path: string, workers: number, cache: "default" | "lean" = "lean"): Command {
  return { program: path, args: [], env: { WORKERS: String(workers), CACHE: cache } };
}

const result = z.object({ seconds: z.number(), writes: z.record(z.string(), z.int()) });

/** How rawwrite goes about it; with `watch` it waits until all are Ready. */
export type Writing = {
  names: readonly string[];
  steps: readonly Step[];
  writers: number;
  http2?: boolean;
  watch?: string;
  /** For each name what else stands in paths and bodies for its own, and the text that comes in. */
  own?: Readonly<Record<string, Readonly<Record<string, string>>>>;
};

export async function rawwrite(
  program: string,
  { access }: BenchCluster,
  writing: Writing,
): Promise<z.output<typeof result>> {
  const job = JSON.stringify({ ...access, user: "admin", ...writing });
  return new Promise((resolve, reject) => {
    const child = execFile(program, (error, stdout, stderr) => {
      if (error === null) resolve(result.parse(JSON.parse(stdout)));
      else reject(new Error(stderr || error.message));
    });
    child.stdin?.end(job);
  });
}
