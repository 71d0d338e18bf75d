import { readFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { run } from "./command.ts";
import { POD_RANGE } from "./site.ts";

/**
 * A cluster with a kubelet lives in PID, mount, network, IPC and UTS namespaces of its own: when their first process ends,
 * the kernel ends every other one and drops the mounts, the pods' networks and their nftables rules. Only three things are
 * outside: our veth pair (goes with the namespace), one nftables table and one cgroup per hierarchy, which the janitor
 * removes.
 */
export interface Namespaces {
  /** Name of the cgroup, the nftables table and the host's interface. */
  readonly kernelName: string;
  /** Host's path of the cluster's folder. */
  readonly root: string;
  /** Host's path of the folder with our programs. */
  readonly cache: string;
  /** Host's path of the kubernetes program. */
  readonly kubernetes: string;
  readonly nodeName: string;
}

/** Paths of `root` and `cache` as processes in the namespaces see them: short, for unix sockets may have 107 characters. */
export const ROOT_INSIDE = "/run/leanvibe/root";
export const CACHE_INSIDE = "/run/leanvibe/cache";

const quote = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

/**
 * The shell script that outlives even a supervisor ended by SIGKILL: it starts the namespaces and, when they have ended,
 * removes what the kernel does not. Its stdin is the lifeline that the first process reads.
 */
export function janitorScript(spaces: Namespaces, deleteRoot: boolean): string {
  const flags = "--mount --pid --net --ipc --uts --fork --kill-child --mount-proc --propagation private";
  return [
    "trap '' HUP INT TERM",
    `LEANVIBE_LIFELINE=stdin unshare ${flags} -- ${quote(spaces.kubernetes)} init`,
    removalScript(spaces.kernelName),
    ...(deleteRoot ? [`rm -rf -- ${quote(spaces.root)}`] : []),
  ].join("\n");
}

/** Removes what a cluster of this name may have left on the host. Says nothing when there is nothing. */
export function removalScript(kernelName: string): string {
  return [
    `nft delete table ip ${kernelName} 2>/dev/null`,
    `ip link delete ${kernelName} 2>/dev/null`,
    // A cgroup is removed from its leaves, and only when the kernel has taken its last process out.
    "for attempt in 1 2 3 4 5 6 7 8 9 10; do",
    `  groups=$(find /sys/fs/cgroup -mindepth 1 -maxdepth 2 -type d -name ${kernelName} 2>/dev/null)`,
    '  [ -z "$groups" ] && break',
    "  find $groups -depth -type d -exec rmdir {} + 2>/dev/null || sleep 0.2",
    "done",
    // Forwarding was off before our first cluster: it is off again after the last.
    'if [ -e /run/leanvibe-forwarding ] && ! ls /sys/class/net | grep -q "^leanvibe-"; then',
    '  while read -r setting; do echo 0 > "$setting"; done < /run/leanvibe-forwarding; rm /run/leanvibe-forwarding',
    "fi",
    "true",
  ].join("\n");
}

/** Makes the pods' cgroup in every hierarchy: the kubelet wants it to exist. */
export async function createCgroups(kernelName: string): Promise<void> {
  const hierarchies = readFileSync("/proc/mounts", "utf8")
    .split("\n")
    .map((line) => line.split(" "))
    .filter(([, path, type]) => path?.startsWith("/sys/fs/cgroup") && (type === "cgroup" || type === "cgroup2"))
    .map(([, path]) => `${path}/${kernelName}`);
  await run("mkdir", ["-p", ...hierarchies]);
}

/** Host and node address of a /30 that no interface of this machine has, one of 10.219.0.0/22. */
export function freeAddresses(taken: readonly string[] = ownAddresses()): { host: string; node: string } {
  for (let last = 0; last < 1024; last += 4) {
    const prefix = `10.219.${last >> 8}`;
    const [host, node] = [`${prefix}.${(last & 255) + 1}`, `${prefix}.${(last & 255) + 2}`];
    if (!taken.includes(host) && !taken.includes(node)) return { host, node };
  }
  throw new Error("every address range for a local cluster is taken (10.219.0.0/22)");
}

function ownAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((addresses) => addresses?.map(({ address }) => address) ?? []);
}

/** Joins the namespaces of process `pid` to the host: API server reachable from here, the internet from there. */
export async function connect(
  spaces: Namespaces,
  pid: number,
  addresses: { host: string; node: string },
): Promise<void> {
  const name = spaces.kernelName;
  await shell(`
    ip link add ${name} type veth peer name eth0 netns ${pid}
    ip address add ${addresses.host}/30 dev ${name}
    ip link set ${name} up
    uplink=$(ip -4 route show default | sed -n 's/.* dev \\([^ ]*\\).*/\\1/p' | head -n 1)
    for device in ${name} $uplink; do
      setting=/proc/sys/net/ipv4/conf/$device/forwarding
      [ "$(cat $setting)" = 1 ] && continue
      echo 1 > $setting
      [ $device = ${name} ] || echo $setting >> /run/leanvibe-forwarding
    done`);
  // Out, yes; in, no: the neighbours of this machine have no business with the cluster.
  await run("nft", ["-f", "-"], {
    input: `table ip ${name} {
      chain postrouting {
        type nat hook postrouting priority srcnat;
        ip saddr ${addresses.node} oifname != "${name}" masquerade
      }
      chain forward {
        type filter hook forward priority filter;
        oifname "${name}" ct state new drop
      }
    }`,
  });
  await enter(pid, "sh", ["-ec", insideScript(spaces, addresses)]);
}

/** What the kubelet would set for the whole machine, and what it wants to find: it is shown what it wants. */
const KERNEL_SETTINGS = {
  "vm/overcommit_memory": 1,
  "vm/panic_on_oom": 0,
  "kernel/panic": 10,
  "kernel/panic_on_oops": 1,
  "kernel/keys/root_maxkeys": 1_000_000,
  "kernel/keys/root_maxbytes": 25_000_000,
} as const;

function insideScript(spaces: Namespaces, addresses: { host: string; node: string }): string {
  const settings = Object.entries(KERNEL_SETTINGS).map(
    ([path, value]) => `shown=/run/leanvibe/${path.replaceAll("/", ".")}; echo ${value} > $shown
    [ ! -e /proc/sys/${path} ] || mount --bind $shown /proc/sys/${path}`,
  );
  return `
    hostname ${spaces.nodeName}
    ip link set lo up
    ip address add ${addresses.node}/30 dev eth0
    ip link set eth0 up
    ip route add default via ${addresses.host}
    echo 1 > /proc/sys/net/ipv4/ip_forward
    resolver=$(readlink -f /etc/resolv.conf || echo /etc/resolv.conf)
    # systemd's stub listens on the host's loopback, which is not ours; the real servers are in this file.
    for file in /run/systemd/resolve/resolv.conf /etc/resolv.conf; do [ -e $file ] && break; done
    cp $file ${quote(spaces.root)}/config/resolv.conf
    # Our two folders first, for they may be below what is covered next; /mnt is only the place to hold them meanwhile.
    mount -t tmpfs tmpfs /mnt
    mkdir /mnt/root /mnt/cache
    mount --bind ${quote(spaces.root)} /mnt/root
    mount --bind ${quote(spaces.cache)} /mnt/cache
    for folder in /run /tmp /var/log /var/lib; do mount -t tmpfs -o mode=755 tmpfs $folder; done
    chmod 1777 /tmp
    mkdir -p ${ROOT_INSIDE} ${CACHE_INSIDE}
    mount --bind /mnt/root ${ROOT_INSIDE}
    mount --bind /mnt/cache ${CACHE_INSIDE}
    umount -R /mnt
    mkdir -p $(dirname $resolver); [ -e $resolver ] || touch $resolver
    mount --bind ${ROOT_INSIDE}/config/resolv.conf $resolver
    ${settings.join("\n    ")}
    mount --make-rshared /
    nft add table ip pods
    nft 'add chain ip pods postrouting { type nat hook postrouting priority srcnat; }'
    nft add rule ip pods postrouting ip saddr ${POD_RANGE} ip daddr != ${POD_RANGE} oifname eth0 masquerade`;
}

/** Arguments of `nsenter` that run a program in the namespaces of process `pid`. */
export function enterArgs(pid: number): string[] {
  return ["--target", String(pid), "--mount", "--pid", "--net", "--ipc", "--uts", "--"];
}

/** Runs a program in the namespaces and returns its stdout. Throws CommandFailed. */
export async function enter(pid: number, program: string, args: readonly string[]): Promise<string> {
  return await run("nsenter", [...enterArgs(pid), program, ...args], { timeoutSeconds: 60 });
}

/** The host's id of the namespaces' first process: the janitor's child's child. Undefined while there is none. */
export function firstProcess(janitor: number): number | undefined {
  const children = (pid: number | undefined) =>
    pid === undefined
      ? []
      : readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number);
  return children(children(janitor)[0])[0];
}

async function shell(script: string): Promise<string> {
  return await run("sh", ["-ec", script], { timeoutSeconds: 60 });
}
