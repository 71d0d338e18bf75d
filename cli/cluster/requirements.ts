import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { run } from "./command.ts";

/** What a node that runs containers needs from this machine. */
export interface NodeRequirements {
  /** Undefined: a kubelet can run here (after installing `packages`). Else the reason why not. */
  readonly impossible: string | undefined;
  /** Debian packages to install first; empty when everything is there. */
  readonly packages: readonly string[];
}

const PROGRAMS: Readonly<Record<string, string>> = {
  runc: "runc",
  nft: "nftables",
  ip: "iproute2",
  nsenter: "util-linux",
  unshare: "util-linux",
  mount: "mount",
  iptables: "iptables",
};
const CNI_FOLDERS = ["/usr/lib/cni", "/opt/cni/bin", "/usr/libexec/cni"] as const;
const CNI_PLUGINS = ["ptp", "host-local", "portmap", "loopback"] as const;

/** Path of `program` in PATH or in the folders of an administrator, which a PATH may lack. */
export function findProgram(program: string, env: NodeJS.ProcessEnv): string | undefined {
  const folders = [...(env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/sbin"].filter((folder) => folder !== "");
  return folders.map((folder) => join(folder, program)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Whether real nodes are possible here. Changes nothing; takes well under a second. */
export async function nodeRequirements(env: NodeJS.ProcessEnv): Promise<NodeRequirements> {
  const no = (impossible: string): NodeRequirements => ({ impossible, packages: [] });
  if (process.platform !== "linux") return no("a kubelet needs Linux.");
  if (process.getuid?.() !== 0) return no("a kubelet needs root, and we are not.");
  const packages = missingPackages(
    (program) => findProgram(program, env) !== undefined,
    (plugin) => CNI_FOLDERS.some((folder) => existsSync(join(folder, plugin))),
  );
  if (packages.length > 0 && !findProgram("apt-get", env)) return no(`this machine lacks ${packages.join(", ")}.`);
  const obstacle = await namespaceObstacle(env);
  return obstacle ? no(obstacle) : { impossible: undefined, packages };
}

/** Debian packages for what is missing. Pure. */
export function missingPackages(hasProgram: (name: string) => boolean, hasPlugin: (name: string) => boolean): string[] {
  const packages = Object.entries(PROGRAMS)
    .filter(([program]) => !hasProgram(program))
    .map(([, name]) => name);
  if (!CNI_PLUGINS.every(hasPlugin)) packages.push("containernetworking-plugins");
  return [...new Set(packages)];
}

/** Root in a container is often not allowed what a kubelet does. */
async function namespaceObstacle(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  try {
    accessSync("/sys/fs/cgroup", constants.W_OK);
  } catch {
    return "the cgroups of this machine are read-only.";
  }
  if (!findProgram("unshare", env)) return undefined; // It is among the packages then.
  try {
    await run("unshare", ["--mount", "--pid", "--net", "--fork", "--mount-proc", "true"], { env, timeoutSeconds: 3 });
    return undefined;
  } catch {
    return "this root may not make namespaces (a container without privileges?).";
  }
}

/** Installs Debian packages. Throws CommandFailed when that is not possible. */
export async function installPackages(
  packages: readonly string[],
  env: NodeJS.ProcessEnv,
  signal?: AbortSignal,
): Promise<void> {
  const options = { env: { ...env, DEBIAN_FRONTEND: "noninteractive" }, signal, timeoutSeconds: 300 };
  const install = () => run("apt-get", ["install", "--yes", "--no-install-recommends", ...packages], options);
  try {
    await install();
  } catch {
    await run("apt-get", ["update"], options); // Old or no package lists: the usual reason.
    await install();
  }
}
