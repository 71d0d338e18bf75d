import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { build, goMissing } from "./build.ts";
import type { Cluster, ClusterOptions, Progress } from "./cluster.ts";
import { ended } from "./command.ts";
import { cacheFolder, type Layout, layoutOf } from "./layout.ts";
import { importArchive, importedDigest } from "./places.ts";
import { buildSeconds, builtFolder, missingPrograms, outputPaths, programsFor } from "./programs.ts";
import { installPackages, type NodeRequirements, nodeRequirements } from "./requirements.ts";
import type { Nodes, Order } from "./site.ts";
import { isHeld, parseMessage, readState, type State } from "./state.ts";

/** What the local rung would do here, or why it cannot. */
export type LocalPlan =
  | {
      readonly nodes: Nodes;
      readonly packages: readonly string[];
      readonly expectedSeconds: number;
      readonly why: string;
    }
  | { readonly impossible: string };

const START_SECONDS = 12;
const INSTALL_SECONDS = 30;

/** Looks at this machine; changes nothing. `only` leaves out the choice of nodes. */
export async function planLocal(env: NodeJS.ProcessEnv, only?: Nodes): Promise<LocalPlan> {
  const needs: NodeRequirements =
    only === "simulated"
      ? { impossible: "the machine could not be prepared for it.", packages: [] }
      : await nodeRequirements(env);
  const nodes: Nodes = needs.impossible ? "simulated" : "real";
  const missing = missingPrograms(nodes, cacheFolder(env));
  const noGo = missing.length > 0 ? await goMissing(env) : undefined;
  if (noGo) return { impossible: noGo };
  const why = needs.impossible
    ? `a Kubernetes control plane with simulated nodes (no container really runs): ${needs.impossible}`
    : "a Kubernetes with a kubelet and containerd of its own, in namespaces of its own";
  const install = needs.packages.length > 0 ? INSTALL_SECONDS : 0;
  return { nodes, packages: needs.packages, expectedSeconds: START_SECONDS + install + buildSeconds(missing), why };
}

/** Builds what is missing and starts the cluster, or returns the one that runs. Throws with the reason. */
export async function startLocal(
  options: ClusterOptions,
  plan: { nodes: Nodes; packages: readonly string[] },
): Promise<Cluster> {
  const env = options.env ?? process.env;
  const progress = timedBySteps(options.progress);
  const name = options.purpose === "test" ? freeTestName(options.name, env) : options.name;
  const layout = layoutOf(name, env);
  const running = await waitWhileChanging(layout, progress);
  if (running) return clusterOf(running, layout, env, true);

  if (plan.packages.length > 0) {
    progress({ step: "install", message: `Installing ${plan.packages.join(", ")} with apt-get` });
    await installPackages(plan.packages, env, options.signal);
  }
  const cache = cacheFolder(env);
  for (const program of programsFor(plan.nodes)) await build(program, { cache, env, progress, signal: options.signal });
  const order: Order = {
    name,
    purpose: options.purpose,
    nodes: plan.nodes,
    lifetime: options.lifetime,
    programs: outputPaths(programsFor(plan.nodes), cache),
    cache,
    emulatedVersion: options.emulatedVersion,
  };
  const pid = await startSupervisor(order, layout, options, progress);
  return clusterOf({ pid, order }, layout, env, false);
}

/** Each step's time counts from its own beginning, as its expected time does. */
function timedBySteps(tell: ClusterOptions["progress"]): (event: Omit<Progress, "elapsedSeconds">) => void {
  let step = "";
  let startedAt = Date.now();
  return (event) => {
    // The parts of one start have one expected time between them.
    const now = STARTING.has(event.step) ? "start" : event.step;
    if (now !== step) startedAt = Date.now();
    step = now;
    tell({ ...event, elapsedSeconds: Math.round((Date.now() - startedAt) / 1000) });
  };
}

/** Steps that the supervisor reports. */
const STARTING = new Set(["control-plane", "node"]);

/** The local cluster of that name that runs and is ready. */
export function findLocal(name: string, env: NodeJS.ProcessEnv): Cluster | undefined {
  const layout = layoutOf(name, env);
  const state = readState(layout);
  return state && clusterOf(state, layout, env, true);
}

/** Gives the images of an archive to the node of the running local cluster of that name. Throws CommandFailed. */
export async function importIntoLocal(
  name: string,
  archive: string,
  { env, signal }: { env: NodeJS.ProcessEnv; signal?: AbortSignal },
): Promise<void> {
  const state = readState(layoutOf(name, env));
  if (!state) throw new Error(`no local cluster ${name} runs`);
  // One that an earlier version of us started did not write it down.
  if (!state.inside) throw new Error(`the cluster ${name} was started by an older version; run npm stop and npm start`);
  await importArchive(state.order, state.inside, { archive, signal });
}

/** The digest of the image that the node of a local cluster has under a reference; undefined where it has none. */
export async function importedInLocal(
  name: string,
  reference: string,
  env: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  const state = readState(layoutOf(name, env));
  return state?.inside ? await importedDigest(state.order, state.inside, reference) : undefined;
}

/** Stops the local cluster of that name, if it runs, and deletes its data if asked. */
export async function stopLocal(name: string, deleteData: boolean, env: NodeJS.ProcessEnv): Promise<boolean> {
  const layout = layoutOf(name, env);
  const state = readState(layout);
  if (state) await stopSupervisor(state.pid, layout);
  if (deleteData && !isHeld(layout)) {
    rmSync(layout.root, { recursive: true, force: true });
    rmSync(layout.lock, { force: true });
  }
  return state !== undefined;
}

function clusterOf(state: State, layout: Layout, env: NodeJS.ProcessEnv, reused: boolean): Cluster {
  const [kubernetes] = programsFor(state.order.nodes);
  const built = state.order.programs["kubernetes"];
  const folder = built ? dirname(built) : kubernetes && builtFolder(kubernetes, cacheFolder(env));
  return {
    name: state.order.name,
    rung: "local",
    nodes: state.order.nodes,
    kubeconfig: layout.kubeconfig,
    context: `leanvibe-${state.order.name}`,
    kubectl: folder ? join(folder, "kubectl") : "kubectl",
    reused,
    stop: () => stopSupervisor(state.pid, layout),
  };
}

/** `name`, or `name` with a suffix when another run of the tests has it. Removes what earlier runs left on the disk. */
function freeTestName(name: string, env: NodeJS.ProcessEnv): string {
  const folder = dirname(layoutOf(name, env).root);
  const own = new RegExp(`^${name}(-[0-9a-f]{6})?$`);
  for (const old of existsSync(folder) ? readdirSync(folder).filter((entry) => own.test(entry)) : []) {
    const layout = layoutOf(old, env);
    if (isHeld(layout)) continue;
    rmSync(layout.root, { recursive: true, force: true });
    if (old !== name) rmSync(layout.lock, { force: true });
  }
  return isHeld(layoutOf(name, env)) ? `${name}-${randomBytes(3).toString("hex")}` : name;
}

const CHANGE_TIMEOUT_MILLISECONDS = 60_000;

/** Another process may be starting or stopping this cluster: waits until it runs (returned) or does not. */
async function waitWhileChanging(layout: Layout, progress: (event: Omit<Progress, "elapsedSeconds">) => void) {
  for (const until = Date.now() + CHANGE_TIMEOUT_MILLISECONDS; Date.now() < until; await sleep(250)) {
    const state = readState(layout);
    if (state || !isHeld(layout)) return state;
    progress({ step: "wait", message: "Waiting for another process that starts or stops this cluster" });
  }
  throw new Error(`another process has been starting or stopping the cluster in ${layout.root} for a minute`);
}

async function startSupervisor(
  order: Order,
  layout: Layout,
  options: ClusterOptions,
  progress: (event: Omit<Progress, "elapsedSeconds">) => void,
): Promise<number> {
  for (const folder of [layout.root, layout.config, layout.logs]) mkdirSync(folder, { recursive: true, mode: 0o700 });
  const orderFile = join(layout.config, "order.json");
  writeFileSync(orderFile, JSON.stringify(order), { mode: 0o600 });
  const log = openSync(join(layout.logs, "supervisor.log"), "a");
  // A session of its own: Ctrl-C in our terminal is ours to pass on, after we have finished what we do.
  const child = spawn(process.execPath, [join(import.meta.dirname, "supervisor.ts"), orderFile], {
    // It lives on when the person's folder is gone.
    cwd: "/",
    stdio: ["ignore", log, log, "ipc"],
    detached: true,
    env: { ...(options.env ?? process.env), NODE_OPTIONS: "" },
  });
  closeSync(log);
  const abort = () => child.kill("SIGTERM");
  options.signal?.addEventListener("abort", abort, { once: true });
  try {
    await readiness(child, progress);
  } catch (error) {
    child.kill("SIGTERM");
    options.signal?.throwIfAborted();
    throw error;
  } finally {
    options.signal?.removeEventListener("abort", abort);
  }
  // A detached one is on its own now; the other reads our end from the channel. Neither keeps this process running.
  if (order.lifetime === "detached") child.disconnect();
  else child.channel?.unref();
  child.unref();
  return child.pid ?? 0;
}

async function readiness(
  child: ChildProcess,
  progress: (event: Omit<Progress, "elapsedSeconds">) => void,
): Promise<void> {
  const ready = new Promise<void>((resolve, reject) => {
    child.on("message", (raw) => {
      const message = parseMessage(raw);
      if (message.kind === "ready") resolve();
      else if (message.kind === "failed") reject(new Error(message.reason));
      else progress({ step: message.step, message: message.message, expectedSeconds: START_SECONDS });
    });
  });
  const early = ended(child).then((reason) =>
    Promise.reject(new Error(`the cluster's supervisor ${reason ?? "ended"}`)),
  );
  await Promise.race([ready, early]).catch(async (error: unknown) => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill("SIGTERM");
      await ended(child); // It is still cleaning up.
    }
    throw error;
  });
  early.catch(() => undefined);
}

const STOP_TIMEOUT_MILLISECONDS = 30_000;
const JANITOR_MILLISECONDS = 1000;

async function stopSupervisor(pid: number, layout: Layout): Promise<void> {
  if (!isHeld(layout)) return;
  process.kill(pid, "SIGTERM");
  for (const until = Date.now() + STOP_TIMEOUT_MILLISECONDS; Date.now() < until; await sleep(100)) {
    if (!isHeld(layout)) return;
  }
  process.kill(pid, "SIGKILL"); // The lifelines and the janitor end what is left.
  await sleep(JANITOR_MILLISECONDS);
}
