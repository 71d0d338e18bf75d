import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { type KubeObject, recordOf } from "./kubernetes.ts";
import { eventually, json, refuse } from "./testing/faulty-server.ts";
import { decide, FINALIZER, GARDENS, type Garden, gardening, PLOTS } from "./testing/gardening.ts";

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
    "says nothing of an older state over a change of %s that was made while it worked, and sees it when told",
    async (_name, changed) => {
      let meanwhile: (() => void) | undefined;
      const { server, loop, status } = await gardening({
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
      const refusals = () => server.writes.filter(({ path }) => path.endsWith("/status")).length;
      await eventually(() => expect(refusals()).toBeGreaterThan(1));
      expect(recordOf(status("g"))["standing"]).toBeUndefined();
      server.release();
      await eventually(() => expect(recordOf(status("g"))["standing"]).toBe(3));
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
    await eventually(() => expect(server.get(GARDENS, "g")?.metadata.finalizers).toEqual([]));
    server.release();
    await eventually(() => expect(server.get(GARDENS, "g")?.metadata.finalizers).toEqual([FINALIZER]));
    await eventually(() => expect(status("g")).toEqual({ standing: 2 }));
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

  it("waits with it as long as its decision says, from when it first differed, and no longer when that says less", async () => {
    let patienceMilliseconds: number | undefined = 60_000;
    const { server, reconcile, plant } = await gardening({
      decide: (...given) => ({ ...decide(...given), settled: false, patienceMilliseconds }),
    });
    await plant("g", { plots: [] });
    const first = await reconcile("default/g");
    await sleep(20);
    const second = await reconcile("default/g");
    expect(first.requeueAfterMilliseconds).toBeGreaterThan(59_000);
    expect(second.requeueAfterMilliseconds).toBeLessThanOrEqual((first.requeueAfterMilliseconds ?? 0) - 15);
    expect(server.get(GARDENS, "g")).not.toHaveProperty("status");
    patienceMilliseconds = 10;
    await reconcile("default/g");
    expect(server.get(GARDENS, "g")).toHaveProperty("status");
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

describe("the loop of a process that has just begun to lead", () => {
  it("lists first what it is to decide by: its watch may lag behind what another leader did", async () => {
    const looks: unknown[] = [];
    const { server, loop, plant, log, written } = await gardening({
      decide: (garden, ...rest) => {
        looks.push(garden.object["plots"]);
        return decide(garden, ...rest);
      },
    });
    await plant("g", { plots: ["a", "b"] });
    await plant("gone", { plots: ["a"] });
    server.hold();
    // Made and gone again, which the watch never told.
    server.put(GARDENS, "brief", { plots: ["a"] }, { finalizers: [FINALIZER] });
    server.put(GARDENS, "brief", { plots: ["a"] }, { finalizers: [] });
    server.delete(GARDENS, "brief");
    server.put(GARDENS, "g", { plots: ["a"] });
    server.delete(GARDENS, "gone");
    let faults = 1;
    server.fault = ({ query }, response) =>
      !query.has("watch") && faults-- > 0 && refuse(response, 503, "ServiceUnavailable");
    await loop.start();
    await eventually(() => expect(written()).toContain("POST g-a"));
    server.release();
    server.put(GARDENS, "later", { plots: ["a"] });
    await eventually(() => expect(written()).toContain("POST later-a"));
    expect(written().filter((write) => /gone|brief|g-b/.test(write))).toEqual([]);
    expect(looks).not.toContainEqual(["a", "b"]);
    expect(log.warn).toHaveBeenCalledTimes(1);
  });

  it("lets no object go whose children its watches have not told yet", async () => {
    const { server, loop, plant, written } = await gardening();
    await plant("g", { plots: [] }, { deletionTimestamp: "2026-01-01T00:00:00Z", finalizers: [FINALIZER] });
    server.hold();
    server.put(PLOTS, "g-a", {}, { labels: { owner: "g", ownerUid: server.get(GARDENS, "g")?.metadata.uid ?? "" } });
    await loop.start();
    await eventually(() => expect(server.get(GARDENS, "g")).toBeUndefined());
    server.release();
    expect(written()[0]).toBe("DELETE g-a");
    expect(server.get(PLOTS, "g-a")).toBeUndefined();
  });

  it("lists nothing twice when it is told that nobody led since", async () => {
    const { server, loop, status } = await gardening();
    const lists: string[] = [];
    server.fault = ({ method, query, path }) => {
      if (method === "GET" && !query.has("watch")) lists.push(path);
      return false;
    };
    await loop.start(true);
    server.put(GARDENS, "g", { plots: [] });
    await eventually(() => expect(status("g")).toEqual({ standing: 1 }));
    expect(lists).toEqual([]);
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
