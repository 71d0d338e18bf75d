import { mkdirSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { type Cluster, type ClusterOptions, ClusterRefused } from "./cluster.ts";
import { type Context, readContexts } from "./kubeconfigs.ts";
import { dataFolder } from "./layout.ts";
import { MARKERS } from "./marker.ts";
import { probeCluster } from "./probe.ts";
import type { Nodes } from "./site.ts";

const LOCAL_NAMES = /^(kind-.+|k3d-.+|minikube|docker-desktop)$/;
/** Where those programs put their API servers: this machine, a network of Docker's or of a virtual machine. */
const LOCAL_HOSTS =
  /^(localhost|127\.\d+\.\d+\.\d+|0\.0\.0\.0|\[::1\]|10\.\d+\.\d+\.\d+|172\.(1[6-9]|2\d|3[01])\.\d+\.\d+|192\.168\.\d+\.\d+|host\.docker\.internal|kubernetes\.docker\.internal)$/;

/**
 * Whether a context is one that people make on their own machine to be thrown away. The name alone is not enough: anybody
 * may call a production cluster "kind-eu", so its API server must also be near.
 */
export function isThrowaway(name: string, server: string): boolean {
  return LOCAL_NAMES.test(name) && URL.canParse(server) && LOCAL_HOSTS.test(new URL(server).hostname);
}

const CONNECT_TIMEOUT_MILLISECONDS = 1000;

/** Whether something listens where the server should be. */
async function listens(server: string): Promise<boolean> {
  if (!URL.canParse(server)) return false;
  const { hostname, port, protocol } = new URL(server);
  return await new Promise((done) => {
    const socket = connect({
      host: hostname.replace(/^\[|\]$/g, ""),
      port: Number(port || (protocol === "http:" ? 80 : 443)),
    });
    const finish = (answer: boolean) => {
      socket.destroy();
      done(answer);
    };
    socket.setTimeout(CONNECT_TIMEOUT_MILLISECONDS, () => finish(false));
    socket.once("connect", () => finish(true));
    socket.once("error", () => finish(false));
  });
}

/** A context that may be used. */
export interface ChosenContext {
  readonly context: Context;
  readonly nodes: Nodes;
  readonly why: string;
}

/** The context that was asked for by name. Throws when there is none of that name or it does not answer. */
export async function namedContext(
  name: string,
  env: NodeJS.ProcessEnv,
): Promise<ChosenContext & { readonly safe: boolean }> {
  const { contexts } = readContexts(env);
  const context = contexts.find((each) => each.name === name);
  if (!context) {
    const known = contexts.map((each) => each.name).join(", ") || "none";
    throw new ClusterRefused(
      `There is no context "${name}" (known: ${known}).`,
      "Name one with --context, or leave it out.",
    );
  }
  const probe = await probeCluster(context.kubeconfig);
  if ("unreachable" in probe) {
    throw new ClusterRefused(
      `The cluster of context "${name}" cannot be used: ${probe.unreachable}.`,
      "Start it, or choose another.",
    );
  }
  const safe = isThrowaway(context.name, context.server) || probe.markers.includes(MARKERS.dev);
  return { context, nodes: probe.nodes, why: `the context ${name}, which you asked for`, safe };
}

/** The current context if it may be used unasked, or the sentence that says why not. */
export async function currentContext(env: NodeJS.ProcessEnv): Promise<ChosenContext | string> {
  const { current, contexts } = readContexts(env);
  if (!current) return "there is no current context.";
  const context = contexts.find((each) => each.name === current);
  if (!context) return `the current context ${current} has no cluster.`;
  if (!(await listens(context.server))) return `the cluster of the current context ${current} does not answer.`;
  if (isThrowaway(context.name, context.server)) {
    return { context, nodes: "real", why: `the current context ${current}, a local cluster` };
  }
  const probe = await probeCluster(context.kubeconfig);
  if ("unreachable" in probe)
    return `the cluster of the current context ${current} cannot be used: ${probe.unreachable}.`;
  if (!probe.markers.includes(MARKERS.dev)) {
    return `the current context ${current} may be a cluster that matters; --context ${current} would use it.`;
  }
  return {
    context,
    nodes: probe.nodes,
    why: `the current context ${current}, which carries kube-system/${MARKERS.dev}`,
  };
}

/** The cluster that LEANVIBE_TEST_CONTEXT names. Throws ClusterRefused unless it says itself that it is for tests. */
export async function testContext(name: string, env: NodeJS.ProcessEnv): Promise<ChosenContext> {
  const context = readContexts(env).contexts.find((each) => each.name === name);
  const marker = `kube-system/${MARKERS.test}`;
  const fix = `Tests delete what they find. If that cluster is for tests: kubectl --context ${name} -n kube-system create configmap ${MARKERS.test}`;
  if (!context)
    throw new ClusterRefused(
      `There is no context "${name}" (LEANVIBE_TEST_CONTEXT).`,
      "Unset it, and tests make a cluster of their own.",
    );
  const probe = await probeCluster(context.kubeconfig);
  if ("unreachable" in probe)
    throw new ClusterRefused(
      `LEANVIBE_TEST_CONTEXT=${name} cannot be used: ${probe.unreachable}.`,
      "Start it, or unset it.",
    );
  if (!probe.markers.includes(MARKERS.test))
    throw new ClusterRefused(`The cluster of context "${name}" does not carry the ConfigMap ${marker}.`, fix);
  return {
    context,
    nodes: probe.nodes,
    why: `the context ${name} from LEANVIBE_TEST_CONTEXT, which carries ${marker}`,
  };
}

/** Asks before a cluster is used that is not known to be a throwaway. Throws ClusterRefused without a yes. */
export async function agree(context: Context, options: ClusterOptions): Promise<void> {
  const question = `The cluster of context ${context.name} (${context.server}) may be one that matters. LeanVibe would install its CRDs, policies and controllers there.`;
  const fix = `Run it in a terminal and type yes, or leave --context out to get a cluster of your own.`;
  if (!options.confirm) throw new ClusterRefused(`${question} Nobody is here to agree to that.`, fix);
  if (!(await options.confirm(question))) throw new ClusterRefused(`Left alone: ${context.server}.`, fix);
}

/** Writes the context's own kubeconfig into our folder. Nothing is started, so nothing is stopped. */
export function useContext({ context, nodes }: ChosenContext, options: ClusterOptions, kubectl: string): Cluster {
  const folder = join(dataFolder(options.env ?? process.env), "contexts");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const kubeconfig = join(folder, encodeURIComponent(context.name));
  writeFileSync(kubeconfig, context.kubeconfig, { mode: 0o600 });
  const stop = async () => undefined;
  return { name: options.name, rung: "context", nodes, kubeconfig, context: context.name, kubectl, reused: true, stop };
}
