import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { StartedK3sContainer } from "@testcontainers/k3s";
import { z } from "zod";
import { apiClientFor } from "./apiclient.ts";
import type { Cluster, ClusterOptions } from "./cluster.ts";
import { run } from "./command.ts";
import { isRunning, stopContainer } from "./container.ts";
import { dockerEngine, hasImage } from "./engine.ts";
import { dataFolder } from "./layout.ts";
import { markerOf } from "./marker.ts";

const IMAGE = "rancher/k3s:v1.34.1-k3s1";
const START_SECONDS = 45;
const PULL_SECONDS = 60;
const START_LIMIT_MILLISECONDS = 300_000;

const stateSchema = z.object({ container: z.string(), context: z.string() });

/** Seconds until a K3s in Docker would be ready, or the sentence that says why there can be none. Takes about 1 s at most. */
export async function planDocker(env: NodeJS.ProcessEnv): Promise<number | string> {
  const engine = await dockerEngine(env);
  if (typeof engine === "string") return engine;
  return (await hasImage(engine, imageOf(env))) ? START_SECONDS : START_SECONDS + PULL_SECONDS;
}

const imageOf = (env: NodeJS.ProcessEnv) => env["LEANVIBE_K3S_IMAGE"] || IMAGE;

/** Starts K3s in Docker, or the stopped container of that name with its data. Throws with the reason. */
export async function startDocker(options: ClusterOptions, kubectl: string): Promise<Cluster> {
  const env = options.env ?? process.env;
  const files = filesOf(options.name, env);
  const startedAt = Date.now();
  options.progress({
    step: "docker",
    message: `Starting ${imageOf(env)} in Docker`,
    elapsedSeconds: 0,
    expectedSeconds: START_SECONDS,
  });
  // testcontainers reads this when it is loaded. Its reaper removes what a process started once that process is gone:
  // right for tests, the end of a cluster that should stay.
  if (options.lifetime === "detached" || options.purpose === "dev")
    process.env["TESTCONTAINERS_RYUK_DISABLED"] = "true";
  const started = await withLimit(startContainer(options, env), options.signal);
  const context = `leanvibe-${options.name}`;
  mkdirSync(files.folder, { recursive: true, mode: 0o700 });
  const kubeconfig = started.getKubeConfig().replaceAll(/(: |name: )default$/gm, `$1${context}`);
  writeFileSync(files.kubeconfig, kubeconfig, { mode: 0o600 });
  writeFileSync(files.state, JSON.stringify({ container: started.getId(), context }), { mode: 0o600 });
  const marker = markerOf({ name: options.name, purpose: options.purpose, nodes: "real" });
  await apiClientFor(kubeconfig).call("POST", "/api/v1/namespaces/kube-system/configmaps", marker);
  const elapsedSeconds = Math.round((Date.now() - startedAt) / 1000);
  options.progress({ step: "docker", message: "K3s is up", elapsedSeconds });
  const stop = async () => {
    await stopDocker(options.name, options.purpose === "test", env);
  };
  return {
    name: options.name,
    rung: "docker",
    nodes: "real",
    kubeconfig: files.kubeconfig,
    context,
    kubectl,
    reused: false,
    stop,
  };
}

async function startContainer(options: ClusterOptions, env: NodeJS.ProcessEnv): Promise<StartedK3sContainer> {
  const { K3sContainer } = await import("@testcontainers/k3s");
  const container = new K3sContainer(imageOf(env)).withLabels({ "leanvibe.io/cluster": options.name });
  // "Reuse" is testcontainers' word for a container that is found again by its settings, started when it was stopped.
  return await (options.purpose === "dev" ? container.withReuse() : container).start();
}

async function withLimit<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  const limit = AbortSignal.any([AbortSignal.timeout(START_LIMIT_MILLISECONDS), ...(signal ? [signal] : [])]);
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal?.aborted ? signal.reason : new Error("K3s was not ready within 5 min"));
  limit.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    limit.removeEventListener("abort", abort);
  }
}

function filesOf(name: string, env: NodeJS.ProcessEnv) {
  const folder = join(dataFolder(env), "docker", name);
  return { folder, kubeconfig: join(folder, "kubeconfig"), state: join(folder, "state.json") };
}

function readState(name: string, env: NodeJS.ProcessEnv) {
  const { state } = filesOf(name, env);
  return existsSync(state) ? stateSchema.parse(JSON.parse(readFileSync(state, "utf8"))) : undefined;
}

/** The running K3s of that name. */
export async function findDocker(name: string, env: NodeJS.ProcessEnv, kubectl: string): Promise<Cluster | undefined> {
  const state = readState(name, env);
  if (!state || typeof (await planDocker(env)) === "string") return undefined;
  if (!(await isRunning(state.container))) return undefined;
  const stop = async () => {
    await stopDocker(name, false, env);
  };
  const { kubeconfig } = filesOf(name, env);
  return { name, rung: "docker", nodes: "real", kubeconfig, context: state.context, kubectl, reused: true, stop };
}

/** Gives the images of an archive to the running K3s of that name, by the containerd inside it. */
export async function importIntoDocker(
  name: string,
  archive: string,
  { env, signal }: { env: NodeJS.ProcessEnv; signal?: AbortSignal },
): Promise<void> {
  const container = readState(name, env)?.container;
  if (container === undefined) throw new Error(`no cluster ${name} runs in Docker`);
  const ctr = ["ctr", "--namespace", "k8s.io", "images", "import", "-"];
  await run("docker", ["exec", "--interactive", container, ...ctr], { env, signal, inputFile: archive });
}

/** Stops the container of that name, which keeps its data, or removes both. */
export async function stopDocker(name: string, deleteData: boolean, env: NodeJS.ProcessEnv): Promise<boolean> {
  const state = readState(name, env);
  if (!state || typeof (await planDocker(env)) === "string") return false;
  const wasRunning = await stopContainer(state.container, { remove: deleteData });
  if (deleteData) rmSync(filesOf(name, env).folder, { recursive: true, force: true });
  return wasRunning;
}
