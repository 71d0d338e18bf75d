import { createMetrics, Informers, KINDS, type Log } from "@leanvibe/runtime";
import { describe, expect, it, vi } from "vitest";
import { parseConfig } from "../config.ts";
import { networkProbe } from "./controller.ts";
import { type Result, resultInformer, resultManifest } from "./result.ts";
import { type Behaviour, ENFORCING, HEALTHY, SmallCluster } from "./testing/small-cluster.ts";

// Sleeping takes a turn of the event loop: the small cluster needs no time.
vi.mock("node:timers/promises", () => ({
  setTimeout: async (_milliseconds: number, _value: unknown, { signal }: { signal: AbortSignal }) => {
    await new Promise((resolve) => setImmediate(resolve));
    signal.throwIfAborted();
  },
}));

const RESULT = "/api/v1/namespaces/leanvibe-system/configmaps/leanvibe-network-probe";
const HOUR = 3_600_000;

/** The probe on a small cluster, where this was found before. */
function started(behaviour: Partial<Behaviour>, options: { image?: string; before?: Result } = {}) {
  const cluster = new SmallCluster({ ...HEALTHY, ...behaviour });
  const transport = cluster.transport();
  const log: Log = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };
  const metrics = createMetrics();
  const informers = new Informers({ transport, log, metrics: metrics.watch });
  const { cache } = resultInformer(informers);
  if (options.before !== undefined) cache.put(resultManifest(options.before));
  const record = vi.fn(async () => undefined);
  const probe = networkProbe({
    informers,
    applier: { transport, fieldManager: "test", sameValue: () => false },
    record,
    log,
    metrics,
    now: () => new Date(cluster.clockMilliseconds),
    workers: 1,
    networkProbeImage: options.image ?? "probe:1",
    agents: parseConfig({}).agents,
  });
  probe.start();
  const written = () => cluster.requests.filter(({ method, path }) => method === "PATCH" && path === RESULT);
  return { cluster, probe, record, log, written };
}

const NOW = Date.parse("2026-11-25T12:00:00Z");
const proved = (hoursAgo: number): Result => ({
  verdict: "Enforced",
  message: "It was refused.",
  time: new Date(NOW - hoursAgo * HOUR),
});

describe("the network probe", () => {
  it("writes what it found and tells the news in an Event", async () => {
    const { probe, record, written } = started(ENFORCING);
    await vi.waitFor(() => expect(record).toHaveBeenCalled());
    expect(written()).toHaveLength(1);
    expect(written()[0]?.body).toMatchObject({ data: { verdict: "Enforced" } });
    expect(record).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({ kind: KINDS.ConfigMap.kind }),
      expect.objectContaining({ type: "Normal", reason: "NetworkEnforced" }),
    );
    await probe.stop();
  });

  it("of the same verdict as yesterday writes the time and tells nobody", async () => {
    const { probe, record, written } = started(ENFORCING, { before: proved(24) });
    await vi.waitFor(() => expect(written()).toHaveLength(1));
    await probe.stop();
    expect(record).not.toHaveBeenCalled();
  });

  it("that learned nothing leaves yesterday's proof as it is", async () => {
    const { probe, record, written, log } = started({ containers: false }, { before: proved(24) });
    await vi.waitFor(() => expect(log.info).toHaveBeenCalled());
    await probe.stop();
    expect(written()).toEqual([]);
    expect(record).not.toHaveBeenCalled();
    expect(log.info).toHaveBeenCalledWith(
      expect.objectContaining({ found: "Inconclusive", holds: "Enforced" }),
      expect.stringContaining("simulated"),
    );
  });

  it("without an image makes nothing and asks for nothing", async () => {
    const { probe, cluster } = started(ENFORCING, { image: "" });
    await probe.stop();
    expect(cluster.requests).toEqual([]);
  });

  it("that is stopped in the middle removes its pods, writes nothing and complains about nothing", async () => {
    const { probe, cluster, written, log } = started({ ...ENFORCING, ready: false });
    await vi.waitFor(() => expect([...cluster.objects.keys()]).not.toEqual([]));
    await probe.stop();
    expect([...cluster.objects.keys()]).toEqual([]);
    expect(written()).toEqual([]);
    expect(log.warn).not.toHaveBeenCalled();
  });
});
