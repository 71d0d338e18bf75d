import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ended, run } from "./command.ts";
import { kernelName, type Layout } from "./layout.ts";
import type { Place } from "./localcluster.ts";
import { takeLock } from "./lock.ts";
import * as namespaces from "./namespaces.ts";
import { programImage, writeArchive } from "./oci.ts";
import { freePorts } from "./ports.ts";
import { type CommandLine, Processes } from "./processes.ts";
import { CONTAINERD_SOCKET, type Order, type Site } from "./site.ts";

/** A place for simulated nodes: processes of the same user on loopback, on every system where Node and Go run. */
export async function plainPlace(order: Order, layout: Layout): Promise<Place> {
  const [api, etcd, etcdPeer] = await freePorts(3);
  const ports = { api: api ?? 0, etcd: etcd ?? 0, etcdPeer: etcdPeer ?? 0 };
  const site: Site = { ...siteOf(order, layout), root: layout.root, address: "127.0.0.1", ports };
  const commandLine: CommandLine = ({ program, args }) => ({
    program: programOf(order, program),
    args,
    env: process.env,
  });
  const processes = new Processes(commandLine, layout.logs);
  const loadImages = async () => undefined;
  return { site, processes, inside: undefined, loadImages, leave: () => processes.stop() };
}

/** A place for real nodes: namespaces of its own, see namespaces.ts. Needs root on Linux. */
export async function namespacedPlace(order: Order, layout: Layout): Promise<Place> {
  const spaces: namespaces.Namespaces = {
    kernelName: kernelName(layout),
    root: layout.root,
    cache: order.cache,
    kubernetes: programOf(order, "kubernetes"),
    nodeName: `leanvibe-${order.name}`,
  };
  await run("sh", ["-c", namespaces.removalScript(spaces.kernelName)]); // A power cut leaves no janitor.
  await namespaces.createCgroups(spaces.kernelName);
  const janitor = startJanitor(namespaces.janitorScript(spaces, order.purpose === "test"), layout);
  const leave = () => endJanitor(janitor);
  try {
    const pid = await waitForFirstProcess(janitor);
    const address = await connectToHost(spaces, pid, layout);
    const ports = { api: 6443, etcd: 2379, etcdPeer: 2380 };
    const site: Site = { ...siteOf(order, layout), root: namespaces.ROOT_INSIDE, address, ports };
    const commandLine = commandLineInside(order, pid);
    const processes = new Processes(commandLine, layout.logs);
    const loadImages = () => importImages(order, layout, pid);
    // At once, not one after the other: the end of the namespaces ends the components that are slow to.
    const leaveAll = async () => {
      await Promise.all([processes.stop(), leave()]);
    };
    return { site, processes, inside: pid, loadImages, leave: leaveAll };
  } catch (error) {
    await leave();
    throw error;
  }
}

function siteOf(order: Order, layout: Layout) {
  const { nodes, purpose, emulatedVersion } = order;
  return { nodeName: `leanvibe-${order.name}`, kernelName: kernelName(layout), nodes, purpose, emulatedVersion };
}

function programOf(order: Order, name: string): string {
  const path = order.programs[name];
  if (!path) throw new Error(`the program ${name} was not built`);
  return path;
}

function inside(order: Order, path: string): string {
  return join(namespaces.CACHE_INSIDE, relative(order.cache, path));
}

function commandLineInside(order: Order, pid: number): CommandLine {
  // containerd looks for its shim in PATH.
  const shim = inside(order, dirname(programOf(order, "containerd")));
  const env = { ...process.env, PATH: `${shim}:${process.env["PATH"] ?? ""}:/usr/sbin:/usr/bin:/sbin:/bin` };
  return ({ program, args }) => ({
    program: "nsenter",
    args: [...namespaces.enterArgs(pid), inside(order, programOf(order, program)), ...args],
    env,
  });
}

function startJanitor(script: string, layout: Layout): ChildProcess {
  const log = openSync(join(layout.logs, "janitor.log"), "a");
  // Detached: a session of its own, so that no Ctrl-C and no kill of our process group reaches it.
  const janitor = spawn("sh", ["-c", script], { stdio: ["pipe", log, log], detached: true });
  closeSync(log);
  janitor.stdin?.on("error", () => undefined);
  return janitor;
}

async function endJanitor(janitor: ChildProcess): Promise<void> {
  if (janitor.exitCode !== null) return;
  const gone = ended(janitor);
  janitor.stdin?.end();
  await gone;
}

async function waitForFirstProcess(janitor: ChildProcess): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const pid = janitor.pid === undefined ? undefined : namespaces.firstProcess(janitor.pid);
    // Until it is `kubernetes init` it may still be unshare itself, before its /proc is mounted.
    if (pid !== undefined && readFileSync(`/proc/${pid}/cmdline`, "utf8").endsWith("\0init\0")) return pid;
    if (janitor.exitCode !== null) break;
    await sleep(50);
  }
  throw new Error("the cluster's namespaces could not be made; janitor.log says why");
}

async function connectToHost(spaces: namespaces.Namespaces, pid: number, layout: Layout): Promise<string> {
  // Two clusters that start at the same time must not choose the same address.
  const lock = await takeLock(join(dirname(layout.root), "network.lock"), () => undefined);
  try {
    const addresses = namespaces.freeAddresses();
    await namespaces.connect(spaces, pid, addresses);
    return addresses.node;
  } finally {
    lock.release();
  }
}

/** The image that every local cluster with real nodes has: what needs a pod there can run this one. */
export const LOCAL_IMAGE = "leanvibe.io/hello:1";

const RETRY_MILLISECONDS = 200;
const IMPORT_SECONDS = 300;

async function importImages(order: Order, layout: Layout, pid: number): Promise<void> {
  const program = readFileSync(programOf(order, "image"));
  const images = await Promise.all(
    ["pause", "hello"].map((name) =>
      programImage({ reference: `leanvibe.io/${name}:1`, entrypoint: `/${name}`, program }),
    ),
  );
  await writeArchive(images, join(layout.config, "images.tar"));
  for (let attempt = 0; ; attempt++) {
    try {
      await importArchive(order, pid, { archive: join(layout.config, "images.tar") });
      return;
    } catch (error) {
      if (attempt === 50) throw error; // It was still starting for 10 s and more.
      await sleep(RETRY_MILLISECONDS);
    }
  }
}

/** Gives the images of an archive to the containerd in the namespaces of process `pid`. Throws CommandFailed. */
export async function importArchive(
  order: Order,
  pid: number,
  { archive, signal }: { archive: string; signal?: AbortSignal | undefined },
): Promise<void> {
  // By stdin: no path of the host needs to be seen from there.
  const args = ctrArgs(order, pid, ["images", "import", "--local", "-"]);
  await run("nsenter", args, { inputFile: archive, signal, timeoutSeconds: IMPORT_SECONDS });
}

/** The digest of the image that the containerd there has under a reference; undefined where it has none. */
export async function importedDigest(order: Order, pid: number, reference: string): Promise<string | undefined> {
  const listed = await run("nsenter", ctrArgs(order, pid, ["images", "list", `name==${reference}`]), {
    timeoutSeconds: IMPORT_SECONDS,
  });
  return /\bsha256:[0-9a-f]{64}\b/.exec(listed)?.[0];
}

function ctrArgs(order: Order, pid: number, args: readonly string[]): string[] {
  const ctr = [inside(order, programOf(order, "ctr")), "--address", CONTAINERD_SOCKET, "--namespace", "k8s.io"];
  return [...namespaces.enterArgs(pid), ...ctr, ...args];
}
