import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { KINDS } from "@leanvibe/runtime";
import { SYSTEM_NAMESPACE } from "@leanvibe/schema";
import { POD_RANGE } from "../../cli/cluster/site.ts";
import { type Api, kubeconfigPath } from "./cluster.ts";

const POLICY = "leanvibe-network-probe";
const TABLE = "played_plugin";
const PORTS = [8080, 8081];
const POLL_MILLISECONDS = 50;

/**
 * Plays a network plugin that enforces, in the local cluster, whose own does not: follows the probe's policy and has the
 * kernel drop what it does not allow. Pods are routed there, so their traffic passes the forward hook.
 */
export class PlayedPlugin {
  readonly #pid: string;
  readonly #stopping = new AbortController();
  readonly #following: Promise<void>;
  /** Packets that the kernel dropped so far. */
  dropped = 0;

  private constructor(pid: string, api: Api) {
    this.#pid = pid;
    this.#following = this.#follow(api);
  }

  /** Whether this cluster is ours to reach into. */
  static possible(): boolean {
    return firstProcess() !== undefined;
  }

  static start(api: Api): PlayedPlugin {
    const pid = firstProcess();
    if (pid === undefined) throw new Error("this cluster has no network namespace of ours");
    return new PlayedPlugin(pid, api);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#following;
    this.#program([]);
  }

  async #follow(api: Api): Promise<void> {
    let programmed: string | undefined;
    while (!this.#stopping.signal.aborted) {
      const policy = await api.find(KINDS.NetworkPolicy, POLICY, SYSTEM_NAMESPACE);
      const allowed = policy === undefined ? PORTS : allowedPorts(policy["spec"]);
      const shut = PORTS.filter((port) => !allowed.includes(port));
      if (shut.join() !== programmed) this.#program(shut);
      programmed = shut.join();
      await sleep(POLL_MILLISECONDS);
    }
  }

  #program(shut: readonly number[]): void {
    this.dropped += this.#counted();
    const drops = shut.map((port) => `ip daddr ${POD_RANGE} tcp dport ${port} counter drop`);
    const chain = ["type filter hook forward priority -10;", ...drops].join("\n");
    // Deleting what is not there fails, so it is made first; all in one transaction.
    const rules = `table inet ${TABLE} {}\ndelete table inet ${TABLE}\ntable inet ${TABLE} {\nchain forward {\n${chain}\n}\n}\n`;
    this.#nft(["-f", "-"], rules);
  }

  #counted(): number {
    try {
      const [, packets = "0"] = /counter packets (\d+)/.exec(this.#nft(["list", "table", "inet", TABLE])) ?? [];
      return Number(packets);
    } catch {
      return 0;
    }
  }

  #nft(args: readonly string[], input = ""): string {
    const stdio = "pipe" as const;
    return execFileSync("nsenter", ["--target", this.#pid, "--net", "nft", ...args], { input, stdio }).toString();
  }
}

function allowedPorts(spec: unknown): number[] {
  const { ingress } = spec as { ingress: { ports: { port: number }[] }[] };
  return ingress.flatMap(({ ports }) => ports.map(({ port }) => port));
}

/** The first process in the cluster's namespaces: below the supervisor, `sh`, `unshare` and then it. */
function firstProcess(): string | undefined {
  const state = join(dirname(kubeconfigPath()), "state.json");
  if (!existsSync(state) || process.getuid?.() !== 0) return undefined;
  const { pid } = JSON.parse(readFileSync(state, "utf8")) as { pid: number };
  let found = [String(pid)];
  for (let depth = 0; depth < 3; depth += 1) found = found.flatMap(childrenOf);
  return found.find((candidate) => told(candidate, "cmdline").endsWith("\0init\0"));
}

function childrenOf(pid: string): string[] {
  return told(pid, `task/${pid}/children`).trim().split(" ").filter(Boolean);
}

/** What the kernel says of a process; nothing of one that has just ended. */
function told(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return "";
  }
}
