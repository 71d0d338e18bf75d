import { join } from "node:path";
import { type Cluster, type ClusterOptions, NoCluster, type Plan } from "./cluster.ts";
import { agree, type ChosenContext, currentContext, namedContext, testContext, useContext } from "./context.ts";
import { findDocker, planDocker, startDocker, stopDocker } from "./docker.ts";
import { cacheFolder } from "./layout.ts";
import { findLocal, planLocal, startLocal, stopLocal } from "./local.ts";
import { outputPaths, programsFor } from "./programs.ts";
import { findProgram } from "./requirements.ts";
import * as rungs from "./rungs.ts";

export type Offer = rungs.Offer<Omit<Plan, "howToChooseOtherwise" | "passedOver">, Cluster>;
export type Step = rungs.Step<Offer["plan"], Cluster>;

/** The rungs for these options, in order. A context that was named is the only one: nobody wants another cluster then. */
export function ladder(options: ClusterOptions): Step[] {
  const env = options.env ?? process.env;
  const kubectl = kubectlOf(env);
  const docker: Step = { rung: "docker", probe: () => dockerOffer(options, env, kubectl) };
  const local: Step = { rung: "local", probe: () => localOffer(options, env) };
  // Where the host was not fit for a kubelet after all (apt-get failed, a kernel without overlayfs).
  const simulated: Step = { rung: "simulated", probe: () => localOffer(options, env, "simulated") };
  const own = [docker, local, simulated];
  if (options.purpose === "test") {
    const name = env["LEANVIBE_TEST_CONTEXT"];
    return name ? [{ rung: "context", probe: () => testOffer(name, options, env, kubectl) }] : own;
  }
  if (options.context !== undefined) {
    const name = options.context;
    return [{ rung: "context", probe: () => namedOffer(name, options, env, kubectl) }];
  }
  return [
    // Before the current context: whoever follows what we print has our own kubeconfig as theirs.
    { rung: "running", probe: () => runningOffer(options, env) },
    { rung: "context", probe: () => currentOffer(options, env, kubectl) },
    ...own,
  ];
}

/** The first rung that offers something, and why those before it do not. Throws NoCluster when none does. */
export async function firstOffer(steps: readonly Step[]) {
  return await rungs.firstOffer(steps).catch(asNoCluster);
}

function asNoCluster(error: unknown): never {
  throw error instanceof rungs.NoRungLeft ? new NoCluster(error.passedOver) : error;
}

/**
 * What startCluster would do, without doing it; about a second at most unless the current context's API server must be
 * asked who it is. Throws ClusterRefused or NoCluster.
 */
export async function planCluster(options: ClusterOptions): Promise<Plan> {
  const { offer, passedOver } = await firstOffer(ladder(options));
  return { ...offer.plan, howToChooseOtherwise: HOW_TO_CHOOSE, passedOver };
}

const HOW_TO_CHOOSE = "--context NAME uses another cluster";

/**
 * Takes the first rung that works: one that fails on the way is named, and the next is tried. A running cluster of that
 * name is returned as it is. Throws ClusterRefused, NoCluster, or the reason of an aborted signal.
 */
export async function startCluster(options: ClusterOptions & { readonly plan?: Plan }): Promise<Cluster> {
  return await takeFirst(ladder(options), options);
}

/** The walk itself, over any rungs. */
export async function takeFirst(
  steps: readonly Step[],
  { progress, signal }: Pick<ClusterOptions, "progress" | "signal">,
): Promise<Cluster> {
  const how = {
    // A refusal is an answer, not a failure: another cluster than the one that was named is not what was wanted.
    isAskedFor: (rung: string) => rung === "context",
    passed: ({ rung, why }: rungs.PassedOver) =>
      progress({ step: "passed-over", message: `${rung}: ${why}`, elapsedSeconds: 0 }),
    signal,
  };
  return await rungs.climb(steps, how).catch(asNoCluster);
}

/**
 * A cluster that is there already, and starts none: the running one of that name, or the context that may be used.
 * Throws ClusterRefused or NoCluster.
 */
export async function presentCluster(options: ClusterOptions): Promise<Cluster> {
  const present = ladder(options).filter(({ rung }) => rung === "running" || rung === "context");
  return await (await firstOffer(present)).offer.take();
}

/** The running cluster of that name that startCluster made, on whichever rung. */
export async function findCluster(name: string, env: NodeJS.ProcessEnv = process.env): Promise<Cluster | undefined> {
  return findLocal(name, env) ?? (await findDocker(name, env, kubectlOf(env)));
}

/** Stops the clusters of that name that startCluster made; never one of somebody else's. The data stays unless told. */
export async function stopCluster(
  name: string,
  { deleteData }: { readonly deleteData: boolean },
  env: NodeJS.ProcessEnv = process.env,
): Promise<{ stopped: boolean }> {
  const local = await stopLocal(name, deleteData, env);
  const docker = await stopDocker(name, deleteData, env);
  return { stopped: local || docker };
}

async function runningOffer({ name }: ClusterOptions, env: NodeJS.ProcessEnv): Promise<Offer | undefined> {
  const cluster = await findCluster(name, env);
  if (!cluster) return undefined;
  const { rung, nodes } = cluster;
  const why = `the cluster ${name}, which is up already`;
  return { plan: { rung, nodes, why, expectedSeconds: 0 }, take: async () => cluster };
}

async function currentOffer(options: ClusterOptions, env: NodeJS.ProcessEnv, kubectl: string): Promise<Offer | string> {
  const chosen = await currentContext(env);
  if (typeof chosen === "string") return chosen;
  return { plan: contextPlan(chosen), take: async () => useContext(chosen, options, kubectl) };
}

async function namedOffer(
  name: string,
  options: ClusterOptions,
  env: NodeJS.ProcessEnv,
  kubectl: string,
): Promise<Offer> {
  const chosen = await namedContext(name, env);
  const take = async () => {
    if (!chosen.safe) await agree(chosen.context, options);
    return useContext(chosen, options, kubectl);
  };
  return { plan: contextPlan(chosen), take };
}

async function testOffer(
  name: string,
  options: ClusterOptions,
  env: NodeJS.ProcessEnv,
  kubectl: string,
): Promise<Offer> {
  const chosen = await testContext(name, env);
  return { plan: contextPlan(chosen), take: async () => useContext(chosen, options, kubectl) };
}

function contextPlan({ context, nodes, why }: ChosenContext): Offer["plan"] {
  return { rung: "context", context: context.name, nodes, why, expectedSeconds: 1 };
}

async function dockerOffer(options: ClusterOptions, env: NodeJS.ProcessEnv, kubectl: string): Promise<Offer | string> {
  const expectedSeconds = await planDocker(env);
  if (typeof expectedSeconds === "string") return expectedSeconds;
  const why = "K3s in Docker";
  return { plan: { rung: "docker", nodes: "real", why, expectedSeconds }, take: () => startDocker(options, kubectl) };
}

async function localOffer(
  options: ClusterOptions,
  env: NodeJS.ProcessEnv,
  only?: "simulated",
): Promise<Offer | string> {
  const plan = await planLocal(env, only);
  if ("impossible" in plan) return plan.impossible;
  const { nodes, why, expectedSeconds } = plan;
  return { plan: { rung: "local", nodes, why, expectedSeconds }, take: () => startLocal(options, plan) };
}

function kubectlOf(env: NodeJS.ProcessEnv): string {
  const built = outputPaths(programsFor("simulated"), cacheFolder(env))["kubernetes"];
  return findProgram("kubectl", env) ?? (built && findProgram("kubectl", { PATH: join(built, "..") })) ?? "kubectl";
}
