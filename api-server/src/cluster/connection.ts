import { readFile } from "node:fs/promises";
import { delimiter } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Credentials, connect, credentialsOf, type Log, messageOf, type Transport } from "@leanvibe/runtime";
import manifest from "../../package.json" with { type: "json" };
import type { ClusterPlace, Config } from "../config.ts";

/** A cluster that is there. */
export type Access = {
  /** Where its API server is. */
  server: string;
  /** For who needs a transport of their own, one that writes only while it leads for instance. */
  credentials: Credentials;
};

/** The cluster that the API works beside. */
export type Cluster = {
  /** @throws what the API server answers; Error while the cluster is not there yet */
  transport: Transport;
  /** Where its API server is; undefined while it is not there yet. */
  server(): string | undefined;
  /** Resolves when it is there: at once, unless the API was told to wait for it. Rejects when it is closed before. */
  there(): Promise<Access>;
  close(): Promise<void>;
};

export const USER_AGENT = `leanvibe-api/${manifest.version}`;

const LOOK_MILLISECONDS = 1_000;

/**
 * The way to the cluster, or undefined where there is none. Nothing is asked of it yet: a cluster that is down keeps no API
 * from starting.
 * @throws Error that names the kubeconfig's fault, unless it is one that may come later.
 */
export async function openCluster({ cluster: place }: Pick<Config, "cluster">, log: Log): Promise<Cluster | undefined> {
  if (place === undefined) {
    log.info({}, "no cluster: the API works alone");
    return undefined;
  }
  const closing = new AbortController();
  const arriving = place !== "pod" && place.mayCome ? arrival(place, log, closing.signal) : accessTo(place);
  // Whoever waits for it is told by their own wait.
  arriving.catch(() => undefined);
  if (place === "pod" || !place.mayCome) await arriving;
  return clusterOf(arriving, log, closing);
}

function clusterOf(arriving: Promise<Access>, log: Log, closing: AbortController): Cluster {
  let access: Access | undefined;
  let open: Transport | undefined;
  const opened = arriving.then((arrived) => {
    access = arrived;
    open = connect(arrived.credentials, { userAgent: USER_AGENT });
    log.info({ server: arrived.server }, "working beside a cluster");
  });
  opened.catch(() => undefined);
  const transport = (): Transport => {
    if (open === undefined) throw new Error("the cluster is not there yet");
    return open;
  };
  const close = async () => {
    closing.abort();
    await opened.catch(() => undefined);
    await open?.close();
  };
  return {
    transport: {
      send: async (request) => await transport().send(request),
      lines: (request, told) => transport().lines(request, told),
      close,
    },
    server: () => access?.server,
    there: async () => {
      await opened;
      return await arriving;
    },
    close,
  };
}

/** When somebody has written the kubeconfig: what makes the cluster does, beside us. */
async function arrival(place: Exclude<ClusterPlace, "pod">, log: Log, signal: AbortSignal): Promise<Access> {
  log.info({}, "no cluster yet: it is waited for");
  for (;;) {
    const written = await readFile(place.kubeconfig).then(
      () => true,
      () => false,
    );
    if (written) {
      try {
        return await accessTo(place);
      } catch (error) {
        // Half written perhaps.
        log.warn({ error: messageOf(error) }, "the kubeconfig cannot be read; trying again");
      }
    }
    await sleep(LOOK_MILLISECONDS, undefined, { signal });
  }
}

async function accessTo(place: ClusterPlace): Promise<Access> {
  const credentials = await credentialsOf(await kubeConfigOf(place));
  return { server: credentials.server, credentials };
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
