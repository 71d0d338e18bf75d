import { setTimeout as sleep } from "node:timers/promises";
import { KINDS } from "@leanvibe/runtime";
import { LEASES, SYSTEM_NAMESPACE } from "@leanvibe/schema";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import {
  type Api,
  apiOf,
  CHILD_KINDS,
  clear,
  connectAs,
  eventually,
  kubeconfigPath,
  Operator,
  TENANTS,
  tenantManifest,
  uniqueName,
  untilCondition,
} from "../harness/cluster.ts";
import { type RecordingProxy, recordingProxy } from "../harness/recording-proxy.ts";

/** For a release: LEANVIBE_FAILOVER_ROUNDS=10, at the pace that people get. */
const FULL = process.env["LEANVIBE_FAILOVER_ROUNDS"] !== undefined;
const ROUNDS = Number(process.env["LEANVIBE_FAILOVER_ROUNDS"] ?? 1);
const PACE = FULL ? { lease: 15, deadline: 10, retry: 2 } : { lease: 4, deadline: 3, retry: 0.5 };
/** Seconds until the next leader acts; the full run wants a machine for itself. */
const LIMITS = { stopped: FULL ? 1 : 3, killed: PACE.lease + 5 };
const TIMEOUT = { timeout: 60_000 + ROUNDS * (PACE.lease + 20) * 1000 };
/** The pause must fall into the middle of this much work. */
const TENANT_COUNT = 20;

const owners = [{ kind: "User", name: "jane@example.com" }];
const running: Candidate[] = [];
let api: Api;

/** An operator and what it sends. */
type Candidate = { operator: Operator; proxy: RecordingProxy };

async function candidate(): Promise<Candidate> {
  const proxy = await recordingProxy(kubeconfigPath());
  const env = {
    LEASE_SECONDS: String(PACE.lease),
    RENEW_DEADLINE_SECONDS: String(PACE.deadline),
    RETRY_SECONDS: String(PACE.retry),
  };
  const operator = await Operator.start(api.transport, { env, server: proxy.url });
  const one = { operator, proxy };
  running.push(one);
  return one;
}

async function leads({ operator }: Candidate): Promise<boolean> {
  return /^leader_election_master_status\{.*\} 1$/m.test(await operator.metrics());
}

/** One that leads and one that stands by, both ready. */
async function pair(): Promise<[Candidate, Candidate]> {
  const leader = await candidate();
  await eventually("the first one leads", () => leads(leader));
  return [leader, await candidate()];
}

/** Seconds from `since` until this one first changes something; its Lease does not count. */
async function acted({ proxy }: Candidate, since: number): Promise<number> {
  const first = await eventually("the next one acts", async () => proxy.writes()[0], PACE.lease + 20);
  return (first.at - since) / 1000;
}

/** Resolves in the middle of it: with a few writes sent, and many still to come. */
async function atWork({ proxy }: Candidate): Promise<void> {
  for (const end = performance.now() + 30_000; proxy.writes().length <= 20; await sleep(1)) {
    if (performance.now() > end) throw new Error("not at work within 30 s");
  }
}

async function makeTenants(prefix: string, count: number): Promise<string[]> {
  const names = Array.from({ length: count }, () => uniqueName(prefix));
  await Promise.all(names.map((name) => api.create(TENANTS, tenantManifest(name, { owners }))));
  return names;
}

const untilReady = (names: readonly string[]) =>
  Promise.all(names.map((name) => untilCondition(api, name, ["Ready", "True"])));

/** How often each child was made, by all candidates together. */
function creates(candidates: readonly Candidate[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { method, path, body, status } of candidates.flatMap(({ proxy }) => proxy.writes())) {
    if (method !== "POST" || status !== 201 || path.endsWith("/events")) continue;
    const { metadata } = JSON.parse(body) as { metadata: { name: string } };
    counts[`${path}/${metadata.name}`] = (counts[`${path}/${metadata.name}`] ?? 0) + 1;
  }
  return counts;
}

function report(what: string, seconds: readonly number[]): void {
  const sorted = seconds.toSorted((a, b) => a - b).map((one) => one.toFixed(2));
  process.stdout.write(
    `failover, leader ${what}: next one acts after ${sorted.join(", ")} s (lease ${PACE.lease} s)\n`,
  );
}

async function end(): Promise<void> {
  for (const { operator, proxy } of running.splice(0)) {
    operator.signal("SIGCONT");
    await operator.stop();
    await proxy.close();
  }
}

beforeAll(async () => {
  api = apiOf(await connectAs());
});

afterEach(end);

afterAll(async () => {
  const operator = await Operator.start(api.transport);
  await clear(api);
  await operator.stop();
});

describe("of two operators", () => {
  it("one works; the other is ready, leads nothing and writes nothing", async () => {
    const [leader, standby] = await pair();
    await untilReady(await makeTenants("two", 3));
    expect([await leads(leader), await leads(standby)]).toEqual([true, false]);
    expect(standby.proxy.writes()).toEqual([]);
    expect(new Set(Object.values(creates([leader, standby])))).toEqual(new Set([1]));
  });

  it(
    `the next one acts within ${LIMITS.stopped} s when the leader is stopped at work, and not before that writes no more`,
    TIMEOUT,
    async () => {
      const seconds: number[] = [];
      for (let round = 0; round < ROUNDS; round += 1) {
        const [leader, standby] = await pair();
        // At any moment between two looks of the standby.
        await sleep(Math.random() * 1_000);
        const names = await makeTenants("stopped", TENANT_COUNT);
        await atWork(leader);
        const stopped = performance.now();
        leader.operator.signal("SIGTERM");
        await eventually("the Lease is free", async () => (await leaseHolder()) !== identityOf(leader));
        names.push(...(await makeTenants("next", 1)));
        seconds.push(await acted(standby, stopped));
        expect(await leader.operator.ended).toBe(0);
        await untilReady(names);
        const lastWrite = leader.proxy.writes().at(-1)?.at ?? Number.POSITIVE_INFINITY;
        expect(lastWrite).toBeLessThan(standby.proxy.writes()[0]?.at ?? 0);
        expect(new Set(Object.values(creates([leader, standby])))).toEqual(new Set([1]));
        await end();
      }
      report("stopped", seconds);
      expect(Math.max(...seconds)).toBeLessThan(LIMITS.stopped);
    },
  );

  it(
    `the next one acts within ${LIMITS.killed} s when the leader is killed at work, and makes nothing twice`,
    TIMEOUT,
    async () => {
      const seconds: number[] = [];
      for (let round = 0; round < ROUNDS; round += 1) {
        const [leader, standby] = await pair();
        const names = await makeTenants("killed", TENANT_COUNT);
        await atWork(leader);
        const killed = performance.now();
        leader.operator.kill();
        seconds.push(await acted(standby, killed));
        await untilReady(names);
        expect(new Set(Object.values(creates([leader, standby])))).toEqual(new Set([1]));
        await end();
      }
      report("killed", seconds);
      expect(Math.max(...seconds)).toBeLessThan(LIMITS.killed);
    },
  );

  it(
    "one that was paused at work sends no write after its own deadline, and ends by itself when it wakes",
    TIMEOUT,
    async () => {
      const seconds: number[] = [];
      for (let round = 0; round < ROUNDS; round += 1) {
        const [leader, standby] = await pair();
        const names = await makeTenants("paused", TENANT_COUNT);
        await atWork(leader);
        const paused = performance.now();
        leader.operator.signal("SIGSTOP");
        seconds.push(await acted(standby, paused));
        await untilReady(names);
        const versions = await versionsOf(names);

        const before = leader.proxy.requests.length;
        leader.operator.signal("SIGCONT");
        expect(await leader.operator.ended).toBe(1);
        await sleep(500);
        const late = leader.proxy.requests.slice(before).filter(({ method }) => method !== "GET");
        expect(late).toEqual([]);
        expect(await versionsOf(names), "and nothing was changed").toEqual(versions);
        expect(new Set(Object.values(creates([leader, standby])))).toEqual(new Set([1]));
        await end();
      }
      report("paused", seconds);
      expect(Math.max(...seconds)).toBeLessThan(LIMITS.killed);
    },
  );
});

describe("an operator at work that hears nothing more of its API server", () => {
  it("ends within 10 s of being stopped, and leaves its Lease to run out", async () => {
    const leader = await candidate();
    await eventually("it leads", () => leads(leader));
    await makeTenants("silent", TENANT_COUNT);
    await atWork(leader);
    leader.proxy.silence();
    const stopped = performance.now();
    leader.operator.signal("SIGTERM");
    await leader.operator.ended;
    expect((performance.now() - stopped) / 1000).toBeLessThan(10);
    expect(await leaseHolder()).toBe(identityOf(leader));
  });
});

/** Who holds the Lease by its own word. */
async function leaseHolder(): Promise<string> {
  const lease = await api.get(KINDS.Lease, LEASES.operator, SYSTEM_NAMESPACE);
  return (lease as unknown as { spec: { holderIdentity: string } }).spec.holderIdentity;
}

/** As it wrote it when it took the Lease. */
function identityOf({ proxy }: Candidate): string {
  const taken = proxy.requests.findLast(({ path, body }) => path.includes("/leases") && /"acquireTime"/.test(body));
  return (JSON.parse(taken?.body ?? "{}") as { spec: { holderIdentity: string } }).spec.holderIdentity;
}

/** Each child's resourceVersion, but the quota's, whose status Kubernetes keeps. */
async function versionsOf(names: readonly string[]): Promise<(string | undefined)[]> {
  const kinds = CHILD_KINDS.filter((kind) => kind !== KINDS.ResourceQuota);
  const lists = names.flatMap((name) => kinds.map((kind) => api.list(kind, `leanvibe.io/tenant=${name}`)));
  return (await Promise.all(lists)).flat().map(({ metadata }) => metadata.resourceVersion);
}
