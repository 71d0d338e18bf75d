import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Cache, type Change } from "./cache.ts";
import { byKey, byLabel, type ControllerOptions, controller } from "./controller.ts";
import { ApiError, NotLeading, Stalled, Waiting } from "./errors.ts";
import { type Informer, Informers, type Origin } from "./informers.ts";
import { KINDS, type KubeObject } from "./kubernetes.ts";
import { createMetrics } from "./metrics.ts";
import type { Outcome } from "./queue.ts";
import { configMap, eventually, json, serve, silentLog } from "./testing/faulty-server.ts";
import { SmallApiServer } from "./testing/small-api-server.ts";

/** A controller of one informer whose changes the test makes. */
function controlled(reconcile: ControllerOptions["reconcile"], more: Partial<ControllerOptions> = {}) {
  const handlers: Parameters<Informer["subscribe"]>[0][] = [];
  const subscribe: Informer["subscribe"] = (handler) => void handlers.push(handler);
  const informer: Informer = {
    kind: KINDS.ConfigMap,
    cache: new Cache(),
    complete: true,
    subscribe,
    catchUp: async () => undefined,
  };
  const log = silentLog();
  const metrics = createMetrics();
  const loop = controller({
    name: "test",
    sources: [{ informer, keysOf: byKey }],
    reconcile,
    log,
    metrics: metrics.controller("test"),
    ...more,
  });
  const change = (name: string, origin: Origin = "watch") => {
    for (const handler of handlers) handler({ before: undefined, after: configMap(name, 1) }, origin);
  };
  return { loop, change, log, metrics };
}

const sleepFaked = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

describe("a controller", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setImmediate", "clearImmediate", "performance"] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("decides nothing before it is started, and forgets nothing of what came before", async () => {
    const reconcile = vi.fn(async (): Promise<Outcome> => ({}));
    const { loop, change } = controlled(reconcile);
    change("a");
    change("a");
    change("b");
    await vi.advanceTimersByTimeAsync(1_000);
    expect(reconcile).not.toHaveBeenCalled();
    loop.start();
    await vi.advanceTimersByTimeAsync(1);
    expect(reconcile.mock.calls).toEqual([["default/a"], ["default/b"]]);
    await loop.stop();
  });

  it("works its own keys once at the start, also where there is no object yet", async () => {
    const reconcile = vi.fn(async (): Promise<Outcome> => ({}));
    const { loop } = controlled(reconcile, { keys: ["network"] });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(reconcile).not.toHaveBeenCalled();
    loop.start();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(reconcile.mock.calls).toEqual([["network"]]);
    await loop.stop();
  });

  it.each<[string, unknown, { notBefore: number; by: number; result: string }]>([
    [
      "waits as long as Waiting says, without backoff",
      new Waiting("not yet", 3),
      { notBefore: 2_990, by: 3_010, result: "requeue_after" },
    ],
    ["backs off from any other error", new TypeError("fault"), { notBefore: 30, by: 70, result: "error" }],
    [
      "backs off from a conflict",
      new ApiError("conflict", { status: 409, reason: "Conflict" }),
      { notBefore: 30, by: 70, result: "error" },
    ],
    ["backs off from what is no Error", "a string", { notBefore: 30, by: 70, result: "error" }],
    [
      "waits as long as Retry-After says",
      new ApiError("later", { status: 429, reason: "TooManyRequests", retryAfterSeconds: 5 }),
      { notBefore: 4_990, by: 5_010, result: "error" },
    ],
  ])("%s", async (_name, error, { notBefore, by, result }) => {
    const reconcile = vi.fn(async (): Promise<Outcome> => ({}));
    reconcile.mockRejectedValueOnce(error);
    const { loop, change, metrics } = controlled(reconcile);
    loop.start();
    change("a");
    await vi.advanceTimersByTimeAsync(notBefore);
    expect(reconcile).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(by - notBefore);
    expect(reconcile).toHaveBeenCalledTimes(2);
    expect(await metrics.text()).toContain(
      `controller_runtime_reconcile_total{controller="test",result="${result}"} 1`,
    );
    await loop.stop();
  });

  it("leaves what is Stalled alone until it changes", async () => {
    const reconcile = vi.fn(async (): Promise<Outcome> => ({}));
    reconcile.mockRejectedValueOnce(new Stalled("somebody must act"));
    const { loop, change } = controlled(reconcile);
    loop.start();
    change("a");
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(reconcile).toHaveBeenCalledTimes(1);
    change("a");
    await vi.advanceTimersByTimeAsync(1);
    expect(reconcile).toHaveBeenCalledTimes(2);
    await loop.stop();
  });

  it("works what changes while 1,000 keys of its start wait within the next picks, and the start's keys too", async () => {
    const reconciled: string[] = [];
    const begin = async (key: string): Promise<Outcome> => {
      reconciled.push(key.replace("default/", ""));
      await sleepFaked(10);
      return {};
    };
    const { loop, change, metrics } = controlled(begin, { workers: 4 });
    for (let nth = 0; nth < 1_000; nth += 1) change(`start-${nth}`, nth % 2 === 0 ? "list" : "watch");
    loop.start();
    await vi.advanceTimersByTimeAsync(25);
    const before = reconciled.length;
    expect(await metrics.text()).toContain(`workqueue_depth{name="test",priority="background"} ${1_000 - before}`);
    change("news");
    await vi.advanceTimersByTimeAsync(10);
    expect(reconciled.slice(before, before + 4)).toContain("news");
    await vi.advanceTimersByTimeAsync(3_000);
    expect(reconciled).toHaveLength(1_001);
    await loop.stop();
  });

  it("works a list that is made anew behind what the watch brings", async () => {
    const reconcile = vi.fn(async (): Promise<Outcome> => ({}));
    const { loop, change } = controlled(reconcile, { workers: 1 });
    await loop.start();
    change("listed", "list");
    change("watched");
    await vi.advanceTimersByTimeAsync(1);
    expect(reconcile.mock.calls).toEqual([["default/watched"], ["default/listed"]]);
    await loop.stop();
  });

  it("that does not lead says nothing about it and loses no key", async () => {
    const reconcile = vi.fn(async (): Promise<Outcome> => ({}));
    reconcile.mockRejectedValueOnce(new NotLeading("not sent"));
    const { loop, change, log, metrics } = controlled(reconcile);
    loop.start();
    change("a");
    await vi.advanceTimersByTimeAsync(1_100);
    expect(reconcile).toHaveBeenCalledTimes(2);
    expect([...log.warn.mock.calls, ...log.error.mock.calls, ...log.info.mock.calls]).toEqual([]);
    expect(await metrics.text()).not.toContain('result="error"');
    await loop.stop();
  });

  it("that is stopped finishes what runs and begins nothing", async () => {
    const run = Promise.withResolvers<Outcome>();
    const reconcile = vi.fn(() => run.promise);
    const { loop, change } = controlled(reconcile);
    loop.start();
    change("a");
    await vi.advanceTimersByTimeAsync(1);
    let stopped = false;
    const stop = loop.stop().then(() => {
      stopped = true;
    });
    change("a");
    change("b");
    await vi.advanceTimersByTimeAsync(1_000);
    expect(stopped).toBe(false);
    run.reject(new Error("the connection closed"));
    await stop;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(reconcile).toHaveBeenCalledTimes(1);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("the keys of a change", () => {
  const labelled = (owner?: string) => configMap("a", 1, owner === undefined ? {} : { labels: { owner } });
  it.each<[string, Change, string[]]>([
    ["a new object: its owner", { before: undefined, after: labelled("x") }, ["x"]],
    ["a changed one: its owner once", { before: labelled("x"), after: labelled("x") }, ["x"]],
    ["one that changed hands: both", { before: labelled("x"), after: labelled("y") }, ["x", "y"]],
    ["one whose label was taken off: the one that lost it", { before: labelled("x"), after: labelled() }, ["x"]],
    ["a deleted one: the one that lost it", { before: labelled("x"), after: undefined }, ["x"]],
    ["one of nobody", { before: undefined, after: labelled() }, []],
  ])("by label, of %s", (_name, change, keys) => {
    expect(byLabel("owner")(change)).toEqual(keys);
  });

  it("by key is the object itself, gone or not", () => {
    expect(byKey({ before: labelled(), after: undefined })).toEqual(["default/a"]);
    expect(byKey({ before: undefined, after: labelled() })).toEqual(["default/a"]);
  });
});

describe("informers", () => {
  it("of one namespace watch only there, and are not those of the whole cluster", async () => {
    const paths: string[] = [];
    const { transport } = await serve((request, response) => {
      paths.push(`${request.query.has("watch") ? "watch " : ""}${request.path}`);
      if (request.query.has("watch")) return;
      json(response, 200, { kind: "ConfigMapList", metadata: { resourceVersion: "1" }, items: [] });
    });
    const informers = new Informers({ transport, log: silentLog(), metrics: createMetrics().watch });
    const inside = informers.of(KINDS.ConfigMap, { namespace: "leanvibe-system" });
    expect(informers.of(KINDS.ConfigMap)).not.toBe(inside);
    expect(informers.of(KINDS.ConfigMap, { namespace: "leanvibe-system" })).toBe(inside);
    await informers.start();
    await eventually(() => expect(paths).toHaveLength(4));
    const everywhere = "/api/v1/configmaps";
    const one = "/api/v1/namespaces/leanvibe-system/configmaps";
    expect(paths.toSorted()).toEqual([everywhere, one, `watch ${everywhere}`, `watch ${one}`]);
    await informers.stop();
  });
});

describe("informers by selectors", () => {
  it("are told apart, and hold of each object no more than is read", async () => {
    const server = new SmallApiServer([KINDS.ConfigMap]);
    const informers = new Informers({
      transport: await server.start(),
      log: silentLog(),
      metrics: createMetrics().watch,
    });
    const trim = ({ apiVersion, kind, metadata }: KubeObject) => ({ apiVersion, kind, metadata });
    const selectors = { labelSelector: "colour" };
    const coloured = informers.of(KINDS.ConfigMap, { selectors, trim });
    expect(informers.of(KINDS.ConfigMap, { selectors: { labelSelector: "size" } })).not.toBe(coloured);
    expect(informers.of(KINDS.ConfigMap)).not.toBe(coloured);
    expect(informers.of(KINDS.ConfigMap, { selectors })).toBe(coloured);
    server.put(KINDS.ConfigMap, "large", { data: { text: "x".repeat(1_000) } });
    await informers.start();
    await eventually(() => expect(coloured.cache.get("default/large")).toBeDefined());
    expect(coloured.cache.get("default/large")).not.toHaveProperty("data");
    await informers.stop();
  });
});

describe("a fault in what reads the changes", () => {
  async function informed() {
    const server = new SmallApiServer([KINDS.ConfigMap]);
    const log = silentLog();
    const informers = new Informers({ transport: await server.start(), log, metrics: createMetrics().watch });
    return { server, log, informers };
  }

  it("of one subscriber neither ends the watch nor keeps the others from hearing", async () => {
    const { server, log, informers } = await informed();
    const informer = informers.of(KINDS.ConfigMap);
    const heard: string[] = [];
    informer.subscribe(({ after }) => {
      if (after?.metadata.name === "poison") throw new Error("what is this?");
    });
    informer.subscribe(({ after }) => heard.push(after?.metadata.name ?? ""));
    await informers.start();
    server.put(KINDS.ConfigMap, "poison", {});
    server.put(KINDS.ConfigMap, "healthy", {});
    await eventually(() => expect(heard).toEqual(["poison", "healthy"]));
    expect(log.error).toHaveBeenCalledTimes(1);
    expect(log.warn).not.toHaveBeenCalled();
    await informers.stop();
  });

  it("of an index function costs the object its place in the index, and nothing else", async () => {
    const { server, log, informers } = await informed();
    const byColour = ({ metadata }: { metadata: { name: string } }) => {
      if (metadata.name === "poison") throw new Error("what is this?");
      return ["green"];
    };
    const informer = informers.of(KINDS.ConfigMap, { indexes: { byColour } });
    const heard: string[] = [];
    informer.subscribe(({ after }) => heard.push(after?.metadata.name ?? ""));
    await informers.start();
    server.put(KINDS.ConfigMap, "poison", {});
    server.put(KINDS.ConfigMap, "healthy", {});
    await eventually(() => expect(heard).toEqual(["poison", "healthy"]));
    expect(informer.cache.by("byColour", "green")).toHaveLength(1);
    expect(informer.cache.get("default/poison")).toBeDefined();
    expect(log.error).toHaveBeenCalled();
    await informers.stop();
  });
});
