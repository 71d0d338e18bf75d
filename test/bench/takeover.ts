import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type ElectionPace, KINDS } from "@leanvibe/runtime";
import { LEASES, SYSTEM_NAMESPACE } from "@leanvibe/schema";
import { z } from "zod";
import {
  type Api,
  CHILD_KINDS,
  eventually,
  TENANTS,
  tenantManifest,
  uniqueName,
  untilCondition,
} from "../harness/cluster.ts";
import { type RecordingProxy, recordingProxy } from "../harness/recording-proxy.ts";
import { type Command, type OperatorProcess, startProcess } from "./process.ts";
import { pointedTo } from "./record.ts";

/** What a leader's end looks like to the others. */
export const ENDS = ["stopped", "killed", "paused"] as const;
export type End = (typeof ENDS)[number];

/** Where operators take over from each other. */
export type Arena = {
  /** The administrator's. */
  api: Api;
  /** The operator's. */
  kubeconfig: string;
  /** For logs. */
  folder: string;
  command: Command;
  pace: ElectionPace;
};

/** An operator and what it sends. */
export type Candidate = { operator: OperatorProcess; proxy: RecordingProxy };

/** What was seen of one takeover. */
export type Takeover = {
  /** From the leader's end until the next one first changed something; its Lease does not count. */
  seconds: number;
  /** Requests for a change that the former leader began when it must not any more. */
  lateWrites: number;
  /** Children that were made more than once. */
  madeTwice: string[];
  /** Did what the former leader had still to say change anything? */
  changedLate: boolean;
  /** The former leader's; undefined when it was killed. */
  exitCode: number | undefined;
};

/** The end must fall into the middle of this much work. */
const TENANT_COUNT = 20;
const owners = [{ kind: "User", name: "jane@example.com" }];

/** Starts one; `running` gets it at once, so that it is ended whatever happens. */
export async function candidate(arena: Arena, running: Candidate[]): Promise<Candidate> {
  const { command, pace, folder } = arena;
  const proxy = await recordingProxy(arena.kubeconfig);
  const kubeconfig = join(folder, `candidate-${uniqueName("kubeconfig")}`);
  writeFileSync(kubeconfig, pointedTo(proxy.url, readFileSync(arena.kubeconfig, "utf8")), { mode: 0o600 });
  const env = {
    ...command.env,
    LEASE_SECONDS: String(pace.leaseSeconds),
    RENEW_DEADLINE_SECONDS: String(pace.renewDeadlineSeconds),
    RETRY_SECONDS: String(pace.retrySeconds),
  };
  const operator = await startProcess({ ...command, env }, kubeconfig, join(folder, "candidates.log"));
  const one = { operator, proxy };
  running.push(one);
  return one;
}

/** Ends them, also those that were paused. */
export async function endAll(running: Candidate[]): Promise<void> {
  for (const { operator, proxy } of running.splice(0)) {
    operator.signal("SIGCONT");
    await operator.stop();
    await proxy.close();
  }
}

export async function leads({ operator }: Candidate): Promise<boolean> {
  return /^leader_election_master_status\{.*\} 1$/m.test(await operator.metrics());
}

/** One that leads and one that stands by, both ready. */
export async function pair(arena: Arena, running: Candidate[]): Promise<[Candidate, Candidate]> {
  const leader = await candidate(arena, running);
  await eventually("the first one leads", () => leads(leader));
  return [leader, await candidate(arena, running)];
}

/** Resolves in the middle of it: with a few writes sent, and many still to come. */
export async function atWork({ proxy }: Candidate): Promise<void> {
  for (const end = performance.now() + 30_000; proxy.writes().length <= 20; await sleep(1)) {
    if (performance.now() > end) throw new Error("not at work within 30 s");
  }
}

export async function makeTenants({ api }: Arena, prefix: string, count = TENANT_COUNT): Promise<string[]> {
  const names = Array.from({ length: count }, () => uniqueName(prefix));
  await Promise.all(names.map((name) => api.create(TENANTS, tenantManifest(name, { owners }))));
  return names;
}

export async function untilReady({ api }: Arena, names: readonly string[]): Promise<void> {
  await Promise.all(names.map((name) => untilCondition(api, name, ["Ready", "True"])));
}

const created = z.object({ metadata: z.object({ name: z.string() }) });

/** How often each child was made, by all candidates together. */
export function creates(candidates: readonly Candidate[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { method, path, body, status } of candidates.flatMap(({ proxy }) => proxy.writes())) {
    if (method !== "POST" || status !== 201 || path.endsWith("/events")) continue;
    const child = `${path}/${created.parse(JSON.parse(body)).metadata.name}`;
    counts[child] = (counts[child] ?? 0) + 1;
  }
  return counts;
}

/** A leader's end at work, and what the next one makes of it. */
export async function takeover(how: End, arena: Arena): Promise<Takeover> {
  const running: Candidate[] = [];
  try {
    const [leader, standby] = await pair(arena, running);
    // At any moment between two looks of the standby.
    await sleep(Math.random() * 1_000);
    const names = await makeTenants(arena, how);
    await atWork(leader);
    const seen = await (how === "paused"
      ? pause(arena, [leader, standby], names)
      : end(how, arena, [leader, standby], names));
    const madeTwice = Object.entries(creates(running)).filter(([, count]) => count > 1);
    return { ...seen, madeTwice: madeTwice.map(([child]) => child) };
  } finally {
    await endAll(running);
  }
}

type Seen = Omit<Takeover, "madeTwice">;
type Pair = readonly [leader: Candidate, standby: Candidate];

async function end(how: "stopped" | "killed", arena: Arena, [leader, standby]: Pair, names: string[]): Promise<Seen> {
  const since = performance.now();
  leader.operator.signal(how === "stopped" ? "SIGTERM" : "SIGKILL");
  if (how === "stopped") {
    // It may have finished all its work, and then the next one would find nothing to do.
    await eventually("the Lease is free", async () => (await leaseHolder(arena)) !== identityOf(leader));
    names.push(...(await makeTenants(arena, "next", 1)));
  }
  const seconds = await acted(arena, standby, since);
  const exitCode = await leader.operator.ended;
  await untilReady(arena, names);
  const first = standby.proxy.writes()[0]?.at ?? 0;
  const lateWrites = leader.proxy.writes().filter(({ at }) => at >= first).length;
  return { seconds, exitCode, lateWrites, changedLate: false };
}

/** Paused until the next one has done all the work, then let go on: it must see by its own clock that its time is over. */
async function pause(arena: Arena, [leader, standby]: Pair, names: readonly string[]): Promise<Seen> {
  const since = performance.now();
  leader.operator.signal("SIGSTOP");
  const seconds = await acted(arena, standby, since);
  await untilReady(arena, names);
  const versions = await versionsOf(arena, names);
  const sent = leader.proxy.requests.length;
  leader.operator.signal("SIGCONT");
  const exitCode = await leader.operator.ended;
  await sleep(500);
  const lateWrites = leader.proxy.requests.slice(sent).filter(({ method }) => method !== "GET").length;
  const changedLate = (await versionsOf(arena, names)) !== versions;
  return { seconds, exitCode, lateWrites, changedLate };
}

/** Seconds from `since` until this one first changes something; its Lease does not count. */
async function acted({ pace }: Arena, { proxy }: Candidate, since: number): Promise<number> {
  const first = await eventually("the next one acts", async () => proxy.writes()[0], pace.leaseSeconds + 20);
  return (first.at - since) / 1000;
}

const lease = z.object({ spec: z.object({ holderIdentity: z.string() }) });

/** Who holds the Lease by its own word. */
export async function leaseHolder({ api }: Arena): Promise<string> {
  return lease.parse(await api.get(KINDS.Lease, LEASES.operator, SYSTEM_NAMESPACE)).spec.holderIdentity;
}

/** As it wrote it when it took the Lease. */
export function identityOf({ proxy }: Candidate): string {
  const taken = proxy.requests.findLast(({ path, body }) => path.includes("/leases") && /"acquireTime"/.test(body));
  if (taken === undefined) throw new Error("it has never taken the Lease");
  return lease.parse(JSON.parse(taken.body)).spec.holderIdentity;
}

/** Each child's name and resourceVersion, but the quota's, whose status Kubernetes keeps. */
async function versionsOf({ api }: Arena, names: readonly string[]): Promise<string> {
  const kinds = CHILD_KINDS.filter((kind) => kind !== KINDS.ResourceQuota);
  const lists = names.flatMap((name) => kinds.map((kind) => api.list(kind, `leanvibe.io/tenant=${name}`)));
  const children = (await Promise.all(lists)).flat();
  return children.map(({ kind, metadata }) => `${kind} ${metadata.name} ${metadata.resourceVersion}`).join("\n");
}
