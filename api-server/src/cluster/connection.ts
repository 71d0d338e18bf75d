import { delimiter } from "node:path";
import { type Credentials, connect, credentialsOf, type Log, type Transport } from "@leanvibe/runtime";
import manifest from "../../package.json" with { type: "json" };
import type { ClusterPlace, Config } from "../config.ts";

/** The cluster that the API works beside. */
export type Cluster = {
  /** Where its API server is. */
  server: string;
  /** For who needs a transport of their own, one that writes only while it leads for instance. */
  credentials: Credentials;
  transport: Transport;
  close(): Promise<void>;
};

export const USER_AGENT = `leanvibe-api/${manifest.version}`;

/**
 * The way to the cluster, or undefined where there is none. Nothing is asked of it yet: a cluster that is down keeps no API
 * from starting.
 * @throws Error that names the kubeconfig's fault.
 */
export async function openCluster({ cluster: place }: Pick<Config, "cluster">, log: Log): Promise<Cluster | undefined> {
  if (place === undefined) {
    log.info({}, "no cluster: the API works alone");
    return undefined;
  }
  const credentials = await credentialsOf(await kubeConfigOf(place));
  const { server } = credentials;
  log.info({ server }, "working beside a cluster");
  const transport = connect(credentials, { userAgent: USER_AGENT });
  return { server, credentials, transport, close: () => transport.close() };
}

/** By an import when it is needed: the library costs a second at start, and who has no cluster need not wait for it. */
async function kubeConfigOf(place: ClusterPlace) {
  const { KubeConfig } = await import("@kubernetes/client-node");
  const made = new KubeConfig();
  if (place === "pod") {
    made.loadFromCluster();
    return made;
  }
  // As kubectl reads it: a list, of which the first file that says something holds.
  const [first, ...others] = place.kubeconfig.split(delimiter).filter((file) => file !== "");
  made.loadFromFile(first ?? "");
  for (const file of others) {
    const next = new KubeConfig();
    next.loadFromFile(file);
    made.mergeConfig(next, true);
  }
  return made;
}
