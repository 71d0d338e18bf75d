import { createHash } from "node:crypto";
import { homedir } from "node:os";
import { join } from "node:path";

/** Where one local cluster keeps its files on disk. Everything it will ever write outside a namespace is below `root`. */
export interface Layout {
  readonly root: string;
  readonly state: string;
  readonly lock: string;
  readonly kubeconfig: string;
  readonly pki: string;
  readonly config: string;
  readonly logs: string;
  readonly etcd: string;
}

/** Base folder of our data: `$XDG_DATA_HOME/leanvibe`, by default below the home folder. */
export function dataFolder(env: NodeJS.ProcessEnv): string {
  return join(env["XDG_DATA_HOME"] || join(env["HOME"] || homedir(), ".local", "share"), "leanvibe");
}

/** Base folder of what can be built again: `$XDG_CACHE_HOME/leanvibe`, by default below the home folder. */
export function cacheFolder(env: NodeJS.ProcessEnv): string {
  return join(env["XDG_CACHE_HOME"] || join(env["HOME"] || homedir(), ".cache"), "leanvibe");
}

/** The files of the cluster `name`. Throws when the name could leave our folder or not be a node's name. */
export function layoutOf(name: string, env: NodeJS.ProcessEnv): Layout {
  if (!/^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/.test(name)) {
    throw new Error(`"${name}" cannot name a cluster: use up to 32 small letters, digits and dashes`);
  }
  const root = join(dataFolder(env), "clusters", name);
  return {
    root,
    state: join(root, "state.json"),
    // Beside the folder, not in it: deleting the data must not free a lock that somebody waits for.
    lock: `${root}.lock`,
    kubeconfig: join(root, "kubeconfig"),
    pki: join(root, "pki"),
    config: join(root, "config"),
    logs: join(root, "logs"),
    etcd: join(root, "etcd"),
  };
}

/**
 * What this cluster is called in the kernel: cgroup, nftables table, network interface (at most 15 characters). Two users,
 * or one user with two data folders, may both have a cluster "dev", so the folder is part of it.
 */
export function kernelName(layout: Layout): string {
  return `leanvibe-${createHash("sha256").update(layout.root).digest("hex").slice(0, 6)}`;
}
