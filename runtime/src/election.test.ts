import { setTimeout as sleep } from "node:timers/promises";
import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { ELECTION_PACE, type Election, type ElectionOptions, election } from "./election.ts";
import { NotLeading } from "./errors.ts";
import { KINDS, recordOf } from "./kubernetes.ts";
import { refuse, serve, silentLog } from "./testing/faulty-server.ts";
import { SmallApiServer } from "./testing/small-api-server.ts";
import type { Transport } from "./transport.ts";

const LEASE = { namespace: "default", name: "operator" };
const PACE = { leaseSeconds: 1, renewDeadlineSeconds: 0.8, retrySeconds: 0.1 };
const LEASE_MILLISECONDS = PACE.leaseSeconds * 1000;
const DEADLINE_MILLISECONDS = PACE.renewDeadlineSeconds * 1000;

async function cluster() {
  const server = new SmallApiServer([KINDS.Lease]);
  const transport = await server.start();
  const spec = () => recordOf(server.get(KINDS.Lease, LEASE.name)?.["spec"]);
  const put = (holderIdentity: string, more: Record<string, unknown> = {}) =>
    server.put(KINDS.Lease, LEASE.name, { spec: { holderIdentity, leaseDurationSeconds: 1, ...more } });
  return { server, transport, spec, put, candidate: (name: string) => candidate(transport, name) };
}

type Candidate = Election & {
  log: ReturnType<typeof silentLog>;
  began: number[];
  /** What each beginning was told: did nobody lead since the look? */
  undisturbed: boolean[];
  lost: { at: number; why: string }[];
};

function candidate(transport: Transport, identity: string, more: Partial<ElectionOptions> = {}): Candidate {
  const began: number[] = [];
  const undisturbed: boolean[] = [];
  const lost: { at: number; why: string }[] = [];
  const log = silentLog();
  const one = election({
    transport,
    lease: LEASE,
    identity,
    pace: PACE,
    log,
    onLeading: (alone) => {
      began.push(performance.now());
      undisturbed.push(alone);
    },
    onLost: (why) => lost.push({ at: performance.now(), why }),
    ...more,
  });
  onTestFinished(() => one.stop());
  return { ...one, log, began, undisturbed, lost };
}

const until = (what: () => unknown, timeout = 4_000) =>
  vi.waitFor(() => expect(what()).toBeTruthy(), { interval: 5, timeout });

describe("what a leader knows of the time since it looked", () => {
  const led = async (before: () => unknown, between: () => unknown, look = true) => {
    const one = (await setting).candidate("one");
    await before();
    if (look) await one.look();
    await between();
    one.start();
    await until(one.leading);
    return one.undisturbed;
  };
  let setting: ReturnType<typeof cluster>;
  beforeEach(() => {
    setting = cluster();
  });
  const nothing = () => undefined;
  const put = async (holder: string) => (await setting).put(holder, { renewTime: String(Math.random()) });

  it("is that nobody led, where there was no Lease, or a released one, and is until now", async () => {
    expect(await led(nothing, nothing)).toEqual([true]);
    setting = cluster();
    expect(await led(() => put(""), nothing)).toEqual([true]);
  });

  it.each<[string, () => unknown, () => unknown, boolean]>([
    ["where it never looked", nothing, nothing, false],
    ["where somebody held the Lease", () => put("other"), () => put(""), true],
    ["where somebody held it in between", () => put(""), () => put("other").then(() => put("")), true],
    ["where there was none yet", nothing, () => put(""), true],
    ["where it had to run out", () => put("dead"), nothing, true],
  ])("is nothing %s", async (_name, before, between, look) => {
    expect(await led(before, between, look)).toEqual([false]);
  });

  it("is nothing where nobody answered", async () => {
    const { server } = await setting;
    const silent = () => {
      server.fault = (_request, response) => refuse(response, 503, "ServiceUnavailable");
    };
    const speaking = () => {
      server.fault = () => false;
    };
    expect(await led(silent, speaking)).toEqual([false]);
  });
});

/** As a paused process: nothing of it runs, and time goes on. */
function freeze(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

describe("of the candidates for a Lease", () => {
  it("the first leads at once and says so in the Lease", async () => {
    const { candidate, spec } = await cluster();
    const first = candidate("first");
    expect(first.leading()).toBe(false);
    first.start();
    await until(first.leading);
    expect(first.began).toHaveLength(1);
    expect(spec()).toMatchObject({ holderIdentity: "first", leaseDurationSeconds: 1, leaseTransitions: 0 });
    expect(spec()["renewTime"]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
  });

  it("the second waits for as long as the first renews", async () => {
    const { candidate } = await cluster();
    const [first, second] = [candidate("first"), candidate("second")];
    first.start();
    await until(first.leading);
    second.start();
    await sleep(LEASE_MILLISECONDS * 2);
    expect([first.leading(), second.leading()]).toEqual([true, false]);
    expect(first.lost).toEqual([]);
  });

  it.each([1, 2, 3])("exactly one of 12 leads that reach for it at once (round %d)", async (round) => {
    const { candidate, put } = await cluster();
    if (round > 1) put("");
    const all = Array.from({ length: 12 }, (_, nth) => candidate(`candidate-${nth}`));
    for (const one of all) one.start();
    await until(() => all.some((one) => one.leading()));
    await sleep(LEASE_MILLISECONDS / 2);
    expect(all.filter((one) => one.leading())).toHaveLength(1);
    expect(all.flatMap(({ began }) => began)).toHaveLength(1);
  });

  it.each([
    ["long past", "1970-01-01T00:00:00.000000Z"],
    ["in the future", "2999-01-01T00:00:00.000000Z"],
  ])("one takes over what it saw unchanged for the Lease's time, though its times are %s", async (_name, renewTime) => {
    const { candidate, put, spec } = await cluster();
    put("dead", { renewTime, leaseTransitions: 4 });
    const begun = performance.now();
    const next = candidate("next");
    next.start();
    await until(next.leading);
    expect((next.began[0] ?? 0) - begun).toBeGreaterThanOrEqual(LEASE_MILLISECONDS);
    expect(spec()).toMatchObject({ holderIdentity: "next", leaseTransitions: 5 });
  });

  it("nobody takes over before a time that was promised to a holder of another pace", async () => {
    const { candidate, put } = await cluster();
    put("dead", { leaseDurationSeconds: 3 });
    const next = candidate("next");
    next.start();
    await sleep(LEASE_MILLISECONDS * 1.5);
    expect(next.leading()).toBe(false);
  });

  it("the next one leads within a second of a release, at the usual pace", async () => {
    const { transport } = await cluster();
    const pace = ELECTION_PACE;
    const [first, second] = [candidate(transport, "first", { pace }), candidate(transport, "second", { pace })];
    first.start();
    await until(first.leading);
    second.start();
    await sleep(700);
    const released = performance.now();
    await first.stop();
    expect(first.leading()).toBe(false);
    await until(second.leading);
    expect((second.began[0] ?? 0) - released).toBeLessThan(1_000);
    expect(first.lost).toEqual([]);
  });

  it("one whose API server has no answer tells so once, and leads when it has", async () => {
    const { server, candidate } = await cluster();
    server.fault = (_request, response) => refuse(response, 503, "ServiceUnavailable");
    const one = candidate("one");
    one.start();
    await sleep(500);
    server.fault = () => false;
    await until(one.leading);
    expect(one.log.warn).toHaveBeenCalledTimes(1);
  });
});

describe("a leader", () => {
  async function leading() {
    const all = await cluster();
    const leader = all.candidate("leader");
    leader.start();
    await until(leader.leading);
    return { ...all, leader };
  }

  it.each<[string, SmallApiServer["fault"]]>([
    ["are refused", (_request, response) => refuse(response, 500, "InternalError")],
    ["are not answered", () => true],
  ])("whose renewals %s leads until its deadline, no longer, and is told then", async (_name, fault) => {
    const { server, leader } = await leading();
    let renewedAt = 0;
    server.fault = (request, response) => {
      if (renewedAt > 0) return fault(request, response);
      if (request.method === "PATCH") renewedAt = request.at;
      return false;
    };
    await until(() => renewedAt > 0);
    const ages: number[] = [];
    while (leader.lost.length === 0) {
      if (leader.leading()) ages.push(performance.now() - renewedAt);
      await sleep(5);
    }
    expect(Math.max(...ages)).toBeLessThanOrEqual(DEADLINE_MILLISECONDS);
    expect(Math.max(...ages)).toBeGreaterThan(DEADLINE_MILLISECONDS - 200);
    expect((leader.lost[0]?.at ?? 0) - renewedAt).toBeLessThan(DEADLINE_MILLISECONDS + 150);
    expect(leader.lost).toHaveLength(1);
    expect(leader.log.warn.mock.calls.length, "no flood of log lines").toBeLessThan(10);
  });

  it("whose renewal is not answered asks again in time on another connection", async () => {
    const { server, leader } = await leading();
    let hung = 0;
    server.fault = (request) => {
      if (request.method !== "PATCH" || hung > 0) return false;
      hung = request.at;
      return true;
    };
    await until(() => hung > 0);
    await sleep(LEASE_MILLISECONDS);
    expect(leader.leading()).toBe(true);
    expect(leader.lost).toEqual([]);
  });

  it("whose Lease was taken by another is told within a renewal", async () => {
    const { leader, put, spec } = await leading();
    put("thief");
    await until(() => leader.lost.length > 0, DEADLINE_MILLISECONDS);
    expect(leader.leading()).toBe(false);
    expect(leader.lost).toMatchObject([{ why: "somebody else holds the Lease" }]);
    await leader.stop();
    expect(spec()["holderIdentity"], "the thief's stays the thief's").toBe("thief");
  });

  it.each<[string, (all: Awaited<ReturnType<typeof leading>>) => void]>([
    ["touched, or renewed by us without our hearing of it", ({ put }) => put("leader", { preferredHolder: "x" })],
    ["deleted", ({ server }) => server.delete(KINDS.Lease, LEASE.name)],
  ])("goes on when its Lease was %s", async (_name, disturb) => {
    const all = await leading();
    disturb(all);
    await sleep(DEADLINE_MILLISECONDS * 1.5);
    expect(all.leader.leading()).toBe(true);
    expect(all.leader.lost).toEqual([]);
    expect(all.spec()["holderIdentity"]).toBe("leader");
  });

  it("that was paused past its deadline leads no more when it wakes, and none of its writes leaves", async () => {
    const { leader } = await leading();
    const { transport, seen } = await serve(() => undefined, { mayWrite: leader.leading });
    freeze(DEADLINE_MILLISECONDS + 50);
    expect(leader.leading()).toBe(false);
    await expect(transport.send({ method: "POST", path: "/api/v1/configmaps", body: {} })).rejects.toThrow(NotLeading);
    await until(() => leader.lost.length > 0);
    expect(seen).toEqual([]);
  });

  it("on a machine that slept, whose monotonic clock stood still, leads no more", async () => {
    const { leader } = await leading();
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + DEADLINE_MILLISECONDS });
    onTestFinished(() => void vi.useRealTimers());
    expect(leader.leading()).toBe(false);
  });
});

describe("a candidate that is stopped", () => {
  it("leaves the Lease to run out when its work is not finished", async () => {
    const { candidate, spec } = await cluster();
    const one = candidate("one");
    one.start();
    await until(one.leading);
    const stopped = one.stop(false);
    expect(one.leading(), "from this moment").toBe(false);
    await stopped;
    expect(spec()["holderIdentity"]).toBe("one");
  });

  it.each([
    ["leads", 0],
    ["stands by", 1],
  ])("does not hang when the API server is away and it %s", async (_name, nth) => {
    const { server, transport } = await cluster();
    const all = ["first", "second"].map((name) => candidate(transport, name, { pace: ELECTION_PACE }));
    for (const one of all) {
      one.start();
      await until(() => all[0]?.leading());
    }
    await sleep(100);
    server.fault = () => true;
    const begun = performance.now();
    await all[nth]?.stop();
    expect(performance.now() - begun).toBeLessThan(2_500);
  });

  it("before it was started never leads", async () => {
    const { server, candidate } = await cluster();
    const one = candidate("one");
    await one.stop();
    one.start();
    await sleep(50);
    expect(one.leading()).toBe(false);
    expect(server.writes).toEqual([]);
  });
});
