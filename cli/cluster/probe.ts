import { MARKERS } from "./marker.ts";
import type { Nodes } from "./site.ts";

/** What a cluster of somebody's says about itself. */
export type Probe = { readonly markers: readonly string[]; readonly nodes: Nodes } | { readonly unreachable: string };

const TIMEOUT_MILLISECONDS = 5000;

/** Reads our markers and the nodes of the cluster in `kubeconfig` (text). Only reads, and takes at most 5 s. */
export async function probeCluster(kubeconfig: string): Promise<Probe> {
  // Loaded here because it takes a second, and most starts never come here. It is needed for the ways a person's
  // kubeconfig may log in (exec plugins, OIDC).
  const { CoreV1Api, KubeConfig } = await import("@kubernetes/client-node");
  const config = new KubeConfig();
  config.loadFromString(kubeconfig);
  const core = config.makeApiClient(CoreV1Api);
  const read = async (): Promise<Probe> => {
    const [configMaps, nodes] = await Promise.all([
      Promise.all(
        Object.values(MARKERS).map((name) =>
          core.readNamespacedConfigMap({ name, namespace: "kube-system" }).then(() => [name], unseen([])),
        ),
      ),
      core.listNode().then(({ items }) => items, unseen([])),
    ]);
    const simulated =
      nodes.length > 0 && nodes.every((node) => node.metadata?.annotations?.["kwok.x-k8s.io/node"] === "fake");
    return { markers: configMaps.flat(), nodes: simulated ? "simulated" : "real" };
  };
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error("it did not answer within 5 s")), TIMEOUT_MILLISECONDS);
  try {
    return await Promise.race([read(), late]);
  } catch (error) {
    return { unreachable: firstLine(error) };
  } finally {
    clearTimeout(timer);
  }
}

/** What is not there, or what this account may not see: both say nothing for us. Anything else is a fault. */
function unseen<T>(nothing: T): (error: unknown) => T {
  return (error) => {
    const code = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
    if (code === 403 || code === 404) return nothing;
    throw error;
  };
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n")[0] ?? "it failed";
}
