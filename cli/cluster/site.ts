import { join } from "node:path";

/** Whether pods run as processes (a kubelet) or only as objects that say so (kwok). */
export type Nodes = "real" | "simulated";

/** What the supervisor is told by the process that starts it. */
export interface Order {
  readonly name: string;
  readonly purpose: "dev" | "test";
  readonly nodes: Nodes;
  /** `detached`: until stopped. `parent`: until stopped or the process that started it is gone. */
  readonly lifetime: "detached" | "parent";
  /** Path of each program, by its name. */
  readonly programs: Readonly<Record<string, string>>;
  /** Folder that holds them all. */
  readonly cache: string;
  /** For example `1.33`: the API server behaves like that minor version. */
  readonly emulatedVersion?: string | undefined;
}

/** A cluster as its components see it: addresses, ports and folders. */
export interface Site {
  readonly nodeName: string;
  /** Name in the kernel: the cgroup below which pods live. */
  readonly kernelName: string;
  readonly nodes: Nodes;
  readonly purpose: "dev" | "test";
  readonly emulatedVersion: string | undefined;
  /** Folder of the cluster, under the path that the components see. */
  readonly root: string;
  /** Address of the API server and of the node. */
  readonly address: string;
  readonly ports: { readonly api: number; readonly etcd: number; readonly etcdPeer: number };
}

export const POD_RANGE = "10.244.0.0/16";
export const SERVICE_RANGE = "10.96.0.0/16";
/** First address of SERVICE_RANGE: under it pods find the API server. */
export const API_SERVICE_ADDRESS = "10.96.0.1";

/** Paths below the cluster's folder, as the components see them. */
export function paths(site: Site) {
  return {
    pki: (file: string) => join(site.root, "pki", file),
    config: (file: string) => join(site.root, "config", file),
    etcd: join(site.root, "etcd"),
    kubelet: join(site.root, "kubelet"),
    containerd: join(site.root, "containerd"),
    podLogs: join(site.root, "pod-logs"),
    volumePlugins: join(site.root, "volume-plugins"),
  };
}

/** containerd's socket; in the namespaces /run is a tmpfs of our own. */
export const CONTAINERD_SOCKET = "/run/containerd/containerd.sock";
