import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { dataFolder } from "../cluster/layout.ts";
import { freePorts } from "../cluster/ports.ts";
import { ROOT } from "./manifests.ts";
import {
  answers,
  findProgram,
  type Program,
  type Running,
  type Started,
  startProgram,
  stopProgram,
} from "./process.ts";

/** The operator as it ships, made by {@link bundleOperator}; also what `npm start` and the tests run. */
export const OPERATOR_BUNDLE = join(ROOT, "operator", "dist", "leanvibe-operator.mjs");
/** The same from its sources: three times as slow to start, and with no step between a change and its effect. */
export const OPERATOR_SOURCE = join(ROOT, "operator", "src", "main.ts");

/** Makes the bundle of what the sources are now; a third of a second. @throws Error with what is wrong in them. */
export async function bundleOperator(): Promise<void> {
  await promisify(execFile)(process.execPath, [join(ROOT, "operator", "build.ts")], { cwd: ROOT });
}

/** Where the operator of one cluster keeps what it needs outside of it. */
export type OperatorFiles = { kubeconfig: string; log: string; state: string };

/** The files of the operator that works on the cluster of this name. */
export function operatorFiles(cluster: string, env: NodeJS.ProcessEnv): OperatorFiles {
  const folder = join(dataFolder(env), "operator", cluster);
  return {
    kubeconfig: join(folder, "kubeconfig"),
    log: join(folder, "operator.log"),
    state: join(folder, "process.json"),
  };
}

function programOf({ log, state }: OperatorFiles): Program {
  return { name: "the operator", mains: [OPERATOR_BUNDLE, OPERATOR_SOURCE], log, state, isReady: isReadyOn };
}

/** The operator that was started here and still runs; undefined when there is none. */
export function findOperator(files: OperatorFiles): Running | undefined {
  return findProgram(programOf(files));
}

/**
 * Starts the operator. `env` holds settings that suit the cluster; what the person has set goes before them. `program` is
 * the bundle unless that is said; it must have been made.
 * @throws Error with the end of its log when it ends before it is ready.
 */
export async function startOperator(
  files: OperatorFiles,
  options: { detached: boolean; env?: NodeJS.ProcessEnv; program?: string; signal?: AbortSignal },
): Promise<Started> {
  const [port = 0] = await freePorts(1);
  const { detached, env, program: main, signal } = options;
  const settings = { ...env, ...process.env, KUBECONFIG: files.kubeconfig, HEALTH_ADDRESS: `127.0.0.1:${port}` };
  return await startProgram(programOf(files), { port, detached, env: settings, main, signal });
}

/** Stops it gracefully, and after 10 s by force. False when none ran. */
export async function stopOperator(files: OperatorFiles): Promise<boolean> {
  return await stopProgram(programOf(files));
}

/** Is it fit for work: caches filled, watches heard? One that stands by is too. */
export async function isReady({ port }: Pick<Running, "port">): Promise<boolean> {
  return await isReadyOn(port);
}

function isReadyOn(port: number): Promise<boolean> {
  return answers(`http://127.0.0.1:${port}/readyz`);
}
