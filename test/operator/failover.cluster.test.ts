import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { writeAccountKubeconfig } from "../../cli/src/credentials.ts";
import { OPERATOR_BUNDLE } from "../../cli/src/operator.ts";
import {
  type Arena,
  atWork,
  type Candidate,
  candidate,
  creates,
  endAll,
  identityOf,
  leads,
  leaseHolder,
  makeTenants,
  pair,
  takeover,
  untilReady,
} from "../bench/takeover.ts";
import { apiOf, clear, connectAs, eventually, kubeconfigPath, Operator } from "../harness/cluster.ts";

/** Quicker than people get, so that a killed leader's Lease runs out soon; `npm run bench -- failover` takes their pace. */
const PACE = { leaseSeconds: 4, renewDeadlineSeconds: 3, retrySeconds: 0.5 };
/** Seconds until the next leader acts, on a machine that has other things to do. */
const LIMITS = { stopped: 3, killed: PACE.leaseSeconds + 5 };
const TIMEOUT = { timeout: 90_000 };

const folder = mkdtempSync(join(tmpdir(), "leanvibe-failover-"));
const running: Candidate[] = [];
let arena: Arena;

beforeAll(async () => {
  const api = apiOf(await connectAs());
  const kubeconfig = join(folder, "kubeconfig");
  await writeAccountKubeconfig(api.transport, "operator", { admin: kubeconfigPath(), path: kubeconfig });
  const command = { program: process.execPath, args: [OPERATOR_BUNDLE], env: { NETWORK_PROBE_IMAGE: "" } };
  arena = { api, kubeconfig, folder, command, pace: PACE };
});

afterEach(() => endAll(running));

afterAll(async () => {
  const operator = await Operator.start(arena.api.transport);
  await clear(arena.api);
  await operator.stop();
  rmSync(folder, { recursive: true });
});

describe("of two operators", () => {
  it("one works; the other is ready, leads nothing and writes nothing", async () => {
    const [leader, standby] = await pair(arena, running);
    await untilReady(arena, await makeTenants(arena, "two", 3));
    expect([await leads(leader), await leads(standby)]).toEqual([true, false]);
    expect(standby.proxy.writes()).toEqual([]);
    expect(new Set(Object.values(creates(running)))).toEqual(new Set([1]));
  });

  it(
    `the next one acts within ${LIMITS.stopped} s when the leader is stopped at work, and not before that writes no more`,
    TIMEOUT,
    async () => {
      const { seconds, ...seen } = await takeover("stopped", arena);
      expect(seen).toEqual({ exitCode: 0, lateWrites: 0, changedLate: false, madeTwice: [] });
      expect(seconds).toBeLessThan(LIMITS.stopped);
    },
  );

  it(
    `the next one acts within ${LIMITS.killed} s when the leader is killed at work, and makes nothing twice`,
    TIMEOUT,
    async () => {
      const { seconds, madeTwice } = await takeover("killed", arena);
      expect(madeTwice).toEqual([]);
      expect(seconds).toBeLessThan(LIMITS.killed);
    },
  );

  it(
    "one that was paused at work sends no write after its own deadline, and ends by itself when it wakes",
    TIMEOUT,
    async () => {
      const { seconds, ...seen } = await takeover("paused", arena);
      expect(seen).toEqual({ exitCode: 1, lateWrites: 0, changedLate: false, madeTwice: [] });
      expect(seconds).toBeLessThan(LIMITS.killed);
    },
  );
});

describe("an operator at work that hears nothing more of its API server", () => {
  it("ends within 10 s of being stopped, and leaves its Lease to run out", async () => {
    const leader = await candidate(arena, running);
    await eventually("it leads", () => leads(leader));
    await makeTenants(arena, "silent");
    await atWork(leader);
    leader.proxy.silence();
    const stopped = performance.now();
    leader.operator.signal("SIGTERM");
    await leader.operator.ended;
    expect((performance.now() - stopped) / 1000).toBeLessThan(10);
    expect(await leaseHolder(arena)).toBe(identityOf(leader));
  });
});
