import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { Change } from "./cache.ts";
import { byKey, byLabel, controller, unlessOwn } from "./controller.ts";
import { Informers } from "./informers.ts";
import { KINDS, type Kind, type KubeObject, labelOf, type Manifest, recordOf } from "./kubernetes.ts";
import { createMetrics } from "./metrics.ts";
import { type Decision, type Definition, reconciler } from "./reconcile.ts";
import { eventually, json, refuse, silentLog } from "./testing/faulty-server.ts";
import { SmallApiServer } from "./testing/small-api-server.ts";
import type { TransportOptions } from "./transport.ts";

/** A kind for these tests: a Garden has a fence (LimitRange), and inside it its plots (ConfigMaps). */
const GARDENS: Kind = { group: "test.io", version: "v1", kind: "Garden", plural: "gardens", namespaced: true };
const FENCES = KINDS.LimitRange;
const PLOTS = KINDS.ConfigMap;
const FINALIZER = "test.io/garden";

type Garden = { object: KubeObject; plots: string[] };

function parse(object: KubeObject): ReturnType<Definition<Garden, undefined>["parse"]> {
  const plots = object["plots"];
  if (!Array.isArray(plots)) return { ok: false, error: new Error("plots: must be a list") };
  return { ok: true, value: { object, plots: plots.map(String) } };
}

function decide({ object, plots }: Garden, _related: undefined, children: readonly KubeObject[], _now: Date): Decision {
  const { name, namespace, uid, deletionTimestamp } = object.metadata;
  const child = (kind: Kind, childName: string): Manifest => ({
    apiVersion: "v1",
    kind: kind.kind,
    metadata: { name: childName, namespace: namespace ?? "", labels: { owner: name, ownerUid: uid ?? "" } },
  });
  const wanted = [child(FENCES, `${name}-fence`), ...plots.map((plot) => child(PLOTS, `${name}-${plot}`))];
  const manifests = deletionTimestamp === undefined ? wanted : [];
  return {
    manifests,
    kept: [],
    status: { standing: children.length },
    settled: children.length === manifests.length,
    events: [],
    finished: children.length === 0,
  };
}

async function gardening(over: Partial<Definition<Garden, undefined>> = {}, options: TransportOptions = {}) {
  const server = new SmallApiServer([GARDENS, FENCES, PLOTS]);
  const transport = await server.start(options);
  const log = silentLog();
  const metrics = createMetrics();
  const informers = new Informers({ transport, log, metrics: metrics.watch });
  const indexes = { owner: (object: KubeObject) => [labelOf(object, "owner") ?? []].flat() };
  const gardens = informers.of(GARDENS);
  const fences = informers.of(FENCES, { indexes });
  const plots = informers.of(PLOTS, { indexes });
  const definition: Definition<Garden, undefined> = {
    informer: gardens,
    finalizer: FINALIZER,
    owner: { nameLabel: "owner", uidLabel: "ownerUid" },
    stages: [[fences], [plots]],
    parse,
    related: () => undefined,
    decide,
    refused: (_object, why) => ({ status: { refused: why }, events: [] }),
    ...over,
  };
  const applier = { transport, fieldManager: "test", sameValue: () => false };
  const record = vi.fn(async () => undefined);
  const reconcile = reconciler(definition, { applier, record, now: () => new Date(0) });
  const loop = controller({
    name: "garden",
    sources: [
      { informer: gardens, keysOf: unlessOwn(byKey, () => true) },
      ...[fences, plots].map((informer) => {
        const keysOf = (change: Change) => byLabel("owner")(change).map((name) => `default/${name}`);
        return { informer, keysOf: unlessOwn(keysOf, () => true) };
      }),
    ],
    reconcile,
    log,
    metrics: metrics.controller("garden"),
  });
  await informers.start();
  onTestFinished(async () => {
    await loop.stop();
    await informers.stop();
  });
  const status = (name: string) => server.get(GARDENS, name)?.["status"];
  /** What was written, in short: `POST lambda-fence`. */
  const written = () =>
    server.writes.map(
      ({ method, path, body }) =>
        `${method} ${(body as KubeObject).metadata?.name ?? path.split("/gardens/")[1] ?? path.split("/").at(-1)}`,
    );
  /** A Garden that the cache knows. */
  const plant = async (
    name: string,
    object: Record<string, unknown>,
    metadata: Partial<KubeObject["metadata"]> = {},
  ) => {
    server.put(GARDENS, name, object, metadata);
    const version = server.get(GARDENS, name)?.metadata.resourceVersion;
    await eventually(() => expect(gardens.cache.get(`default/${name}`)?.metadata.resourceVersion).toBe(version));
  };
  return { server, log, loop, reconcile, gardens, fences, plots, status, written, plant, metrics, record };
}

describe("the loop", () => {
  it("puts the finalizer first, then stage by stage, then the status, and nothing after that", async () => {
    const { server, loop, status, written } = await gardening();
    loop.start();
    server.put(GARDENS, "g", { plots: ["a"] });
    await eventually(() => expect(status("g")).toEqual({ standing: 2 }));
    expect(written()).toEqual(["PATCH g", "POST g-fence", "POST g-a", "PATCH g"]);
    // Another one is made from beginning to end meanwhile: time in which the first would have spoken.
    server.put(GARDENS, "later", { plots: ["a"] });
    await eventually(() => expect(status("later")).toEqual({ standing: 2 }));
    expect(written().filter((write) => write.endsWith("g") || write.includes("g-"))).toHaveLength(4);
  });

  it("marks the object in the finalizer's write, before anything is made, and writes a mark anew when it changes", async () => {
    const marks = ({ plots }: Garden) => ({ "test.io/plots": plots.join(",") });
    const { server, loop, status, written } = await gardening({ marks });
    loop.start();
    server.put(GARDENS, "g", { plots: ["a"] });
    await eventually(() => expect(status("g")).toEqual({ standing: 2 }));
    expect(written()).toEqual(["PATCH g", "POST g-fence", "POST g-a", "PATCH g"]);
    expect(server.writes[0]?.body["metadata"]).toMatchObject({
      finalizers: [FINALIZER],
      annotations: { "test.io/plots": "a" },
    });
    server.put(GARDENS, "g", { ...server.get(GARDENS, "g"), plots: ["a", "b"] });
    await eventually(() => expect(status("g")).toEqual({ standing: 3 }));
    expect(written().slice(4)).toEqual(["PATCH g", "POST g-b", "PATCH g"]);
    expect(server.get(GARDENS, "g")?.metadata.annotations).toEqual({ "test.io/plots": "a,b" });
  });

  it("does not look again because its own writes come back by the watch", async () => {
    const looks: string[] = [];
    const { server, loop, status } = await gardening({
      decide: (garden, ...rest) => {
        looks.push(garden.object.metadata.name);
        return decide(garden, ...rest);
      },
    });
    loop.start();
    server.put(GARDENS, "g", { plots: ["a"] });
    await eventually(() => expect(status("g")).toEqual({ standing: 2 }));
    server.put(GARDENS, "later", { plots: ["a"] });
    await eventually(() => expect(status("later")).toEqual({ standing: 2 }));
    // Once to write the children and once to see that they stand.
    expect(looks.filter((name) => name === "g")).toHaveLength(2);
    server.delete(PLOTS, "g-a");
    await eventually(() => expect(server.get(PLOTS, "g-a")).toBeDefined());
    await sleep(100);
    expect(looks.filter((name) => name === "g")).toHaveLength(4);
  });

  it.each<[string, (object: KubeObject) => Record<string, unknown>]>([
    ["the spec", (object) => ({ ...object, plots: ["a", "b"] })],
    [
      "another's part of the status",
      (object) => ({ ...object, status: { ...recordOf(object["status"]), hold: true } }),
    ],
  ])(
    "sees a change of %s that was made while it worked, and whose event is overtaken by its own",
    async (_name, changed) => {
      let meanwhile: (() => void) | undefined;
      const { server, loop } = await gardening({
        decide: (garden, related, children, now) => {
          if (children.length === 2) meanwhile?.();
          const more = recordOf(garden.object["status"])["hold"] === true ? ["b"] : [];
          return decide({ ...garden, plots: [...garden.plots, ...more] }, related, children, now);
        },
      });
      meanwhile = () => {
        meanwhile = undefined;
        server.hold();
        const object = server.get(GARDENS, "g");
        if (object !== undefined) server.put(GARDENS, "g", changed(object));
      };
      loop.start();
      server.put(GARDENS, "g", { plots: ["a"] });
      await eventually(() => expect(recordOf(server.get(GARDENS, "g")?.["status"])["standing"]).toBe(3));
      server.release();
    },
  );

  it("puts its finalizer back that was taken off while it worked", async () => {
    let meanwhile: (() => void) | undefined;
    const { server, loop, status } = await gardening({
      decide: (garden, related, children, now) => {
        if (children.length === 2) meanwhile?.();
        return decide(garden, related, children, now);
      },
    });
    meanwhile = () => {
      meanwhile = undefined;
      server.hold();
      const object = server.get(GARDENS, "g");
      if (object !== undefined) server.put(GARDENS, "g", object, { finalizers: [] });
    };
    loop.start();
    server.put(GARDENS, "g", { plots: ["a"] });
    await eventually(() => expect(status("g")).toEqual({ standing: 2 }));
    server.release();
    await eventually(() => expect(server.get(GARDENS, "g")?.metadata.finalizers).toEqual([FINALIZER]));
  });

  it("puts back what somebody changed or deleted, and takes away what is no longer wanted", async () => {
    const { server, loop, status } = await gardening();
    loop.start();
    server.put(GARDENS, "g", { plots: ["a", "b"] });
    await eventually(() => expect(status("g")).toEqual({ standing: 3 }));
    server.delete(PLOTS, "g-a");
    await eventually(() => expect(server.get(PLOTS, "g-a")).toBeDefined());
    server.put(GARDENS, "g", { ...server.get(GARDENS, "g"), plots: ["b"] });
    await eventually(() => expect(server.get(PLOTS, "g-a")).toBeUndefined());
    await eventually(() => expect(status("g")).toEqual({ standing: 2 }));
  });

  it("makes no second child while the watch is late, and deletes none twice", async () => {
    const { server, reconcile, plant, written } = await gardening();
    await plant("g", { plots: ["a"] });
    server.hold();
    for (let nth = 0; nth < 3; nth += 1) await reconcile("default/g");
    expect(written().filter((write) => write.startsWith("POST"))).toEqual(["POST g-fence", "POST g-a"]);
    server.release();
  });

  it("spares a child of an earlier object of the same name", async () => {
    const { server, reconcile, plant, plots, written } = await gardening();
    server.put(PLOTS, "left", {}, { labels: { owner: "g", ownerUid: "an earlier one" } });
    await plant("g", { plots: ["a"] });
    await eventually(() => expect(plots.cache.size).toBe(1));
    await reconcile("default/g");
    expect(written().some((write) => write.startsWith("DELETE"))).toBe(false);
  });

  it("lets a deleted object go when its children are gone, rights before fences, each by its uid", async () => {
    const { server, loop, status, written } = await gardening();
    loop.start();
    server.put(GARDENS, "g", { plots: ["a"] });
    await eventually(() => expect(status("g")).toEqual({ standing: 2 }));
    server.delete(GARDENS, "g");
    await eventually(() => expect(server.get(GARDENS, "g")).toBeUndefined());
    expect(written().filter((write) => write.startsWith("DELETE"))).toEqual(["DELETE g-a", "DELETE g-fence"]);
    const deletes = server.writes.filter(({ method }) => method === "DELETE");
    for (const { body } of deletes) expect(body).toMatchObject({ preconditions: { uid: expect.any(String) } });
  });

  it("is not bothered when the object goes while its finalizer is taken away", async () => {
    const { server, reconcile, plant, gardens } = await gardening();
    await plant("g", { plots: [] }, { deletionTimestamp: "2026-01-01T00:00:00Z", finalizers: [FINALIZER] });
    server.fault = ({ headers }, response) =>
      headers["content-type"] === "application/merge-patch+json" && refuse(response, 404, "NotFound");
    await reconcile("default/g");
    expect(gardens.cache.get("default/g")).toBeUndefined();
  });

  it("returns to a Garden whose children somebody undoes at once, instead of fighting", async () => {
    const { server, reconcile, plant } = await gardening({
      decide: (...given) => ({ ...decide(...given), settled: true, requeueAfterSeconds: 60 }),
    });
    await plant("g", { plots: ["a"] });
    let versions = 0;
    server.fault = ({ method, body }, response) => {
      if (method === "DELETE" || (body as KubeObject).kind !== "ConfigMap") return false;
      versions += 1;
      const metadata = {
        ...(body as KubeObject).metadata,
        uid: "u",
        resourceVersion: String(1_000 + versions),
        labels: { owner: "g" },
      };
      return json(response, 200, { ...body, metadata });
    };
    // It is there for the GET before an apply; each answer shows it with our fields undone.
    server.put(PLOTS, "g-a", {});
    const outcome = await reconcile("default/g");
    expect(versions).toBe(4);
    expect(outcome).toEqual({ requeueAfterMilliseconds: 10_000 });
  });

  it("waits up to half a second with a status that is not final", async () => {
    const { server, reconcile, plant } = await gardening({
      decide: (...given) => ({ ...decide(...given), settled: false, requeueAfterSeconds: 60 }),
    });
    await plant("g", { plots: [] });
    const { requeueAfterMilliseconds } = await reconcile("default/g");
    expect(requeueAfterMilliseconds).toBeGreaterThan(0);
    expect(requeueAfterMilliseconds).toBeLessThanOrEqual(500);
    expect(server.get(GARDENS, "g")).not.toHaveProperty("status");
    await eventually(async () => {
      await reconcile("default/g");
      expect(server.get(GARDENS, "g")).toHaveProperty("status");
    });
  });

  it("looks again at the time that was asked for", async () => {
    const { reconcile, plant } = await gardening({
      decide: (...given) => ({ ...decide(...given), requeueAfterSeconds: 7 }),
    });
    await plant("g", { plots: [] });
    expect(await reconcile("default/g")).toEqual({ requeueAfterMilliseconds: 7_000 });
  });
});

describe("an object made anew under the same name while its predecessor is worked on", () => {
  it("gets neither the status nor the finalizer that were meant for the other", async () => {
    let between = async () => {};
    const { server, reconcile, plant, gardens, status } = await gardening({
      related: async () => {
        await between();
        return undefined;
      },
    });
    await plant("g", { plots: [] }, { deletionTimestamp: "2026-01-01T00:00:00Z", finalizers: [FINALIZER] });
    between = async () => {
      server.put(
        GARDENS,
        "g",
        { plots: [] },
        { uid: "young", deletionTimestamp: "", finalizers: [FINALIZER, "other"] },
      );
      await eventually(() => expect(gardens.cache.get("default/g")?.metadata.uid).toBe("young"));
    };
    await reconcile("default/g");
    expect(server.get(GARDENS, "g")?.metadata).toMatchObject({ uid: "young", finalizers: [FINALIZER, "other"] });
    expect(status("g")).toBeUndefined();
  });
});

describe("a poison object", () => {
  it("says in its status what is wrong with it, and delays nobody", async () => {
    const { server, loop, status } = await gardening();
    loop.start();
    server.put(GARDENS, "poison", { plots: "not a list" });
    server.put(GARDENS, "healthy", { plots: ["a"] });
    await eventually(() => expect(status("healthy")).toEqual({ standing: 2 }));
    await eventually(() => expect(status("poison")).toEqual({ refused: "plots: must be a list" }));
  });

  it("whose status is refused too does not spin", async () => {
    const { server, loop, status } = await gardening();
    const attempts = () => server.writes.filter(({ path }) => path.endsWith("/poison/status")).length;
    server.fault = ({ path, method }, response) =>
      method === "PATCH" && path.endsWith("/poison/status") && refuse(response, 422, "Invalid");
    loop.start();
    const begun = performance.now();
    server.put(GARDENS, "poison", { plots: "not a list" });
    await eventually(() => expect(attempts()).toBeGreaterThanOrEqual(3));
    // Backoffs of at least 37 and 75 ms lie between three attempts.
    expect(performance.now() - begun).toBeGreaterThan(110);
    server.put(GARDENS, "healthy", { plots: [] });
    await eventually(() => expect(status("healthy")).toEqual({ standing: 1 }));
  });

  it("that decide throws at says so, is tried again, and recovers", async () => {
    let broken = true;
    const { server, loop, status, metrics } = await gardening({
      decide: (...given) => {
        if (broken) throw new TypeError("plots[0] is undefined");
        return decide(...given);
      },
    });
    loop.start();
    server.put(GARDENS, "g", { plots: [] });
    const refused = "the controller could not decide: plots[0] is undefined";
    await eventually(() => expect(status("g")).toEqual({ refused }));
    broken = false;
    await eventually(() => expect(status("g")).toMatchObject({ standing: 1 }));
    expect(await metrics.text()).toMatch(/controller_runtime_reconcile_errors_total\{controller="garden"\} [1-9]/);
  });

  it("whose refusal cannot be written shows the first fault, not the second", async () => {
    const { server, reconcile, plant } = await gardening();
    await plant("g", { plots: [] });
    server.fault = ({ path, method }, response) => {
      if (method === "POST") return refuse(response, 403, "Forbidden");
      return path.endsWith("/status") && refuse(response, 422, "Invalid");
    };
    await expect(reconcile("default/g")).rejects.toMatchObject({ status: 403 });
  });

  it("that is deleted may go when nothing of its own is left, and not before", async () => {
    const { server, reconcile, plant, plots, status } = await gardening();
    const deleted = { deletionTimestamp: "2026-01-01T00:00:00Z", finalizers: [FINALIZER] };
    await plant("g", { plots: "not a list" }, deleted);
    server.put(PLOTS, "mine", {}, { labels: { owner: "g", ownerUid: server.get(GARDENS, "g")?.metadata.uid ?? "" } });
    await eventually(() => expect(plots.cache.size).toBe(1));
    await reconcile("default/g");
    expect(status("g")).toEqual({ refused: "plots: must be a list" });
    server.delete(PLOTS, "mine");
    await eventually(() => expect(plots.cache.size).toBe(0));
    await reconcile("default/g");
    expect(server.get(GARDENS, "g")).toBeUndefined();
  });
});

describe("a child that the API server refuses", () => {
  it("keeps neither its siblings nor the next stage from being tried, and is told in the status", async () => {
    const { server, reconcile, plant, status, written } = await gardening();
    await plant("g", { plots: ["a", "b"] });
    server.fault = ({ method, body }, response) =>
      method === "POST" && (body as KubeObject).metadata.name === "g-a" && refuse(response, 403, "Forbidden");
    await expect(reconcile("default/g")).rejects.toMatchObject({ status: 403 });
    expect(written()).toContain("POST g-b");
    expect(status("g")).toEqual({ refused: "Forbidden!" });

    server.fault = ({ method, path }, response) =>
      method === "POST" && path.endsWith("/limitranges") && refuse(response, 500, "InternalError");
    await plant("h", { plots: ["a"] });
    await expect(reconcile("default/h")).rejects.toMatchObject({ status: 500 });
    // A right that was revoked must be taken away even while some fence cannot be written.
    expect(written()).toContain("POST h-a");
    expect(status("h")).toBeUndefined();
  });

  it("because its namespace is going is no error", async () => {
    const { server, reconcile, plant } = await gardening();
    await plant("g", { plots: [] });
    const details = { causes: [{ reason: "NamespaceTerminating" }] };
    server.fault = ({ method }, response) =>
      method === "POST" && json(response, 403, { kind: "Status", reason: "Forbidden", details });
    await expect(reconcile("default/g")).resolves.toBeDefined();
  });
});

describe("what one controller writes", () => {
  it("is told to every other subscriber when the watch confirms it", async () => {
    const { server, loop, fences } = await gardening();
    const told: string[] = [];
    fences.subscribe(({ before, after }) => told.push(`${before?.metadata.name}>${after?.metadata.name}`));
    loop.start();
    server.put(GARDENS, "g", { plots: [] });
    await eventually(() => expect(told).toEqual(["undefined>g-fence"]));
    server.delete(GARDENS, "g");
    await eventually(() => expect(told.at(-1)).toBe("g-fence>undefined"));
  });
});

describe("the loop of a process that does not lead", () => {
  it("writes nothing, neither children nor a status that complains, and logs nothing", async () => {
    let leads = true;
    const { loop, server, log, status } = await gardening({}, { mayWrite: () => leads });
    loop.start();
    server.put(GARDENS, "g", { plots: ["a"] });
    await eventually(() => expect(status("g")).toEqual({ standing: 2 }));
    leads = false;
    const before = server.writes.length;
    server.delete(PLOTS, "g-a");
    server.put(GARDENS, "poison", { plots: 3 });
    await sleep(300);
    expect(server.writes).toHaveLength(before);
    expect([...log.warn.mock.calls, ...log.error.mock.calls]).toEqual([]);
  });
});

describe("the loop against somebody who insists", () => {
  const contested: Definition<Garden, undefined>["contested"] = (decision, names) => ({
    ...decision,
    status: { ...decision.status, contested: names },
  });

  it("puts a child back three times, then waits, says so, and goes on with all else", async () => {
    const { server, loop, reconcile, status, written } = await gardening({ contested });
    loop.start();
    server.put(GARDENS, "g", { plots: ["a"] });
    await eventually(() => expect(status("g")).toEqual({ standing: 2 }));
    const insist = () => server.put(FENCES, "g-fence", {}, { labels: { owner: "g", ownerUid: "mine" } });
    let reverts = 0;
    server.afterWrite = ({ headers, body }) => {
      const { metadata } = body as KubeObject;
      if (metadata.name !== "g-fence" || headers["content-type"] !== "application/apply-patch+yaml") return;
      reverts += 1;
      insist();
    };
    insist();
    await eventually(() => expect(status("g")).toMatchObject({ contested: ["LimitRange g-fence"].map(inDefault) }));
    await sleep(300);
    expect(reverts).toBe(3);

    const before = server.writes.length;
    server.delete(PLOTS, "g-a");
    await eventually(() => expect(server.get(PLOTS, "g-a")).toBeDefined());
    expect(written().slice(before)).toContain("POST g-a");
    expect(reverts).toBe(3);
    const { requeueAfterMilliseconds = 0 } = await reconcile("default/g");
    expect(requeueAfterMilliseconds).toBeGreaterThan(5_000);
    expect(requeueAfterMilliseconds).toBeLessThan(10_100);
  });

  it("makes a child anew three times that somebody deletes again and again, then waits", async () => {
    const { server, loop, status } = await gardening({ contested });
    loop.start();
    server.put(GARDENS, "g", { plots: ["a"] });
    await eventually(() => expect(status("g")).toEqual({ standing: 2 }));
    let made = 0;
    server.afterWrite = ({ method, path }) => {
      if (method !== "POST" || !path.endsWith("/configmaps")) return;
      made += 1;
      setTimeout(() => server.delete(PLOTS, "g-a"), 5);
    };
    server.delete(PLOTS, "g-a");
    await eventually(() => expect(status("g")).toMatchObject({ contested: ["ConfigMap g-a"].map(inDefault) }));
    await sleep(300);
    expect(made).toBe(3);
  });

  it("does not fight over its finalizer either, and still does its work", async () => {
    const { server, loop, status } = await gardening({ contested });
    loop.start();
    server.put(GARDENS, "g", { plots: ["a"] });
    await eventually(() => expect(status("g")).toEqual({ standing: 2 }));
    const strip = () => {
      if (server.get(GARDENS, "g")?.metadata.finalizers?.length)
        server.put(GARDENS, "g", server.get(GARDENS, "g") ?? {}, { finalizers: [] });
    };
    const stripping = setInterval(strip, 10);
    onTestFinished(() => clearInterval(stripping));
    await eventually(() => expect(status("g")).toMatchObject({ contested: ["Garden g"].map(inDefault) }));
    const before = server.writes.length;
    server.delete(PLOTS, "g-a");
    await eventually(() => expect(server.get(PLOTS, "g-a")).toBeDefined());
    expect(server.writes.slice(before).filter(({ body }) => (body as KubeObject).metadata?.finalizers)).toEqual([]);
  });

  it("writes at once when something else is wanted of a contested child", async () => {
    let colour = "green";
    const coloured: typeof decide = (...given) => {
      const decision = decide(...given);
      const annotate = (manifest: Manifest): Manifest => ({
        ...manifest,
        metadata: { ...manifest.metadata, annotations: { colour } },
      });
      return { ...decision, manifests: decision.manifests.map(annotate) };
    };
    const { server, loop, status, reconcile } = await gardening({ decide: coloured, contested });
    loop.start();
    server.put(GARDENS, "g", { plots: [] });
    await eventually(() => expect(status("g")).toEqual({ standing: 1 }));
    const insist = () => server.put(FENCES, "g-fence", {}, { labels: { owner: "g", ownerUid: "mine" } });
    const insisting = setInterval(insist, 5);
    await eventually(() => expect(status("g")).toMatchObject({ contested: ["LimitRange g-fence"].map(inDefault) }));
    clearInterval(insisting);
    await sleep(20);
    colour = "blue";
    await reconcile("default/g");
    expect(server.get(FENCES, "g-fence")?.metadata.annotations).toMatchObject({ colour: "blue" });
  });
});

function inDefault(name: string): string {
  return name.replace(" ", " default/");
}
