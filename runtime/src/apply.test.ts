import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { APPLIED_ANNOTATION, type Applier, applyChild, createChild, deleteChild, holds, stamped } from "./apply.ts";
import { Cache } from "./cache.ts";
import { Waiting } from "./errors.ts";
import type { Informer } from "./informers.ts";
import { KINDS, type KubeObject, type Manifest } from "./kubernetes.ts";
import { refuse } from "./testing/faulty-server.ts";
import { SmallApiServer } from "./testing/small-api-server.ts";

const exactly = () => false;
const KIND = KINDS.ConfigMap;

function desired(data: Record<string, string>): Manifest {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a", namespace: "default" }, data };
}

async function withServer({ complete = false } = {}) {
  const server = new SmallApiServer([KIND]);
  const transport = await server.start();
  const informer: Informer = {
    kind: KIND,
    cache: new Cache(),
    complete,
    subscribe: () => undefined,
    catchUp: async () => undefined,
  };
  const applier: Applier = { transport, fieldManager: "test", sameValue: exactly };
  const see = () => {
    const live = server.get(KIND, "a");
    if (live !== undefined) informer.cache.put(live);
  };
  const verbs = () => server.writes.map(({ method }) => method);
  return { server, transport, informer, applier, see, verbs };
}

describe("a child that is made once", () => {
  it("is made where there is none, and never changed afterwards, whatever would be made today", async () => {
    const { informer, applier, verbs } = await withServer();
    expect(await createChild(applier, informer, desired({ a: "1" }))).toBe(true);
    expect(await createChild(applier, informer, desired({ a: "2" }))).toBe(false);
    expect(verbs()).toEqual(["POST"]);
  });

  it("is waited for where the API server knows one that the cache does not: there is never a second one", async () => {
    const { server, informer, applier } = await withServer();
    server.put(KIND, "a", { data: { a: "1" } });
    await expect(createChild(applier, informer, desired({ a: "2" }))).rejects.toThrow(Waiting);
    expect(server.get(KIND, "a")?.["data"]).toEqual({ a: "1" });
  });
});

describe("what the live object holds of the desired one", () => {
  it.each<[string, unknown, unknown, boolean]>([
    ["equal values", { a: [1, { b: "x" }] }, { a: [1, { b: "x" }] }, true],
    ["more than was desired", { a: 1 }, { a: 1, b: 2 }, true],
    ["less", { a: 1, b: 2 }, { a: 1 }, false],
    ["another value", { a: 1 }, { a: 2 }, false],
    ["one more item of a list, which is ours as a whole", { a: [1] }, { a: [1, 2] }, false],
    ["a list in another order", { a: [1, 2] }, { a: [2, 1] }, false],
    ["nothing, where an empty struct was desired", { a: {} }, {}, true],
    ["something, where an empty struct was desired", { a: {} }, { a: { b: 1 } }, false],
    ["a scalar, where an empty struct was desired", { a: {} }, { a: 1 }, false],
    ["null, where an empty struct was desired", { a: {} }, { a: null }, true],
    ["nothing, where an empty list was desired", { a: [] }, {}, true],
    ["null, where an empty list was desired", { a: [] }, { a: null }, true],
    ["something, where an empty list was desired", { a: [] }, { a: [1] }, false],
    ["nothing, where a list was desired", { a: [1] }, {}, false],
    ["anything, where nothing was desired", { a: undefined, b: 1 }, { a: 1, b: 1 }, true],
    ["a scalar instead of a struct", { a: { b: 1 } }, { a: "b" }, false],
    ["a struct instead of a list", { a: [1] }, { a: { 0: 1 } }, false],
    ["null instead of a value", { a: "x" }, { a: null }, false],
    ["nothing at all", { a: 1 }, undefined, false],
  ])("%s", (_name, wanted, live, expected) => {
    expect(holds(wanted, live, exactly)).toBe(expected);
  });

  it("takes two spellings of one value for equal, and asks about strings only", () => {
    const asked: unknown[] = [];
    const sameValue = (a: string, b: string) => {
      asked.push(a, b);
      return true;
    };
    expect(holds({ cpu: "1000m", count: 1 }, { cpu: "1", count: 2 }, sameValue)).toBe(false);
    expect(asked).toEqual(["1000m", "1"]);
  });

  it("is anything that JSON can say, of itself", () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => holds(value, structuredClone(value), exactly)));
  });
});

describe("the stamp", () => {
  it("depends on what is asked, not on the order in which it was written", () => {
    const one = stamped({ ...desired({ x: "1", y: "2" }) });
    const other = stamped({
      data: { y: "2", x: "1" },
      metadata: { namespace: "default", name: "a" },
      kind: "ConfigMap",
      apiVersion: "v1",
    });
    const third = stamped(desired({ x: "1" }));
    const hash = ({ metadata }: Manifest) => metadata.annotations?.[APPLIED_ANNOTATION];
    expect(hash(one)).toBe(hash(other));
    expect(hash(one)).not.toBe(hash(third));
  });

  it("keeps the annotations that were there, and the manifest as it was", () => {
    const manifest = { ...desired({}), metadata: { name: "a", annotations: { mine: "1" } } };
    expect(stamped(manifest).metadata.annotations).toMatchObject({
      mine: "1",
      [APPLIED_ANNOTATION]: expect.any(String),
    });
    expect(manifest.metadata.annotations).toEqual({ mine: "1" });
  });
});

describe("a child", () => {
  it("is created by one POST, seen at once, and costs nothing afterwards", async () => {
    const { server, informer, applier, verbs } = await withServer();
    expect(await applyChild(applier, informer, desired({ x: "1" }))).toBe(true);
    expect(informer.cache.get("default/a")).toMatchObject({ data: { x: "1" } });
    expect(await applyChild(applier, informer, desired({ x: "1" }))).toBe(false);
    expect(verbs()).toEqual(["POST"]);
    expect(server.writes[0]?.query.get("fieldManager")).toBe("test");
  });

  it("loses a field that is no longer desired, although it came by POST", async () => {
    const { server, informer, applier } = await withServer();
    await applyChild(applier, informer, { ...desired({ x: "1" }), immutable: true });
    expect(await applyChild(applier, informer, desired({ x: "1" }))).toBe(true);
    expect(server.get(KIND, "a")).not.toHaveProperty("immutable");
  });

  it("that somebody changed is put back", async () => {
    const { server, informer, applier, see } = await withServer();
    await applyChild(applier, informer, desired({ x: "1" }));
    server.put(KIND, "a", { data: { x: "other" } });
    see();
    expect(await applyChild(applier, informer, desired({ x: "1" }))).toBe(true);
    expect(server.get(KIND, "a")).toMatchObject({ data: { x: "1" } });
  });

  it("made anew meanwhile is not written over: the apply carries the uid that was seen", async () => {
    const { server, informer, applier } = await withServer();
    await applyChild(applier, informer, desired({ x: "1" }));
    server.delete(KIND, "a");
    server.put(KIND, "a", { data: { x: "somebody's" } });
    await expect(applyChild(applier, informer, desired({ x: "2" }))).rejects.toMatchObject({ status: 409 });
    expect(server.get(KIND, "a")).toMatchObject({ data: { x: "somebody's" } });
  });

  it("that somebody wrote after we looked is not written over, however late our apply arrives", async () => {
    const { server, informer, applier, see } = await withServer();
    await applyChild(applier, informer, desired({ a: "1" }));
    server.put(KIND, "a", { data: { a: "spoilt" } });
    see();
    server.fault = ({ headers }) => {
      if (headers["content-type"] !== "application/apply-patch+yaml") return false;
      server.fault = () => false;
      server.put(KIND, "a", { data: { a: "of the next leader" } });
      return false;
    };
    await expect(applyChild(applier, informer, desired({ a: "1" }))).rejects.toMatchObject({ status: 409 });
    expect(server.get(KIND, "a")?.["data"]).toEqual({ a: "of the next leader" });
    see();
    expect(await applyChild(applier, informer, desired({ a: "1" }))).toBe(true);
    expect(server.get(KIND, "a")?.["data"]).toEqual({ a: "1" });
  });

  it("that the server spells in its own way counts as no write, so that nobody loops over it", async () => {
    const { informer, applier, see } = await withServer();
    await applyChild(applier, informer, desired({ x: "1" }));
    const spelt = { ...desired({ x: "1" }), odd: null };
    await applyChild(applier, informer, spelt);
    see();
    const live = informer.cache.get("default/a") as KubeObject;
    // As if the server had dropped the field: the comparison differs for ever, the apply changes nothing.
    const { odd: _, ...without } = live;
    const other: Informer = { ...informer, cache: new Cache() };
    other.cache.put(without as KubeObject);
    expect(await applyChild(applier, other, spelt)).toBe(false);
  });

  it("that exists unseen is waited for where the cache sees all, and taken back where its label was lost", async () => {
    const all = await withServer({ complete: true });
    all.server.put(KIND, "a", {});
    await expect(applyChild(all.applier, all.informer, desired({ x: "1" }))).rejects.toBeInstanceOf(Waiting);
    expect(all.verbs()).toEqual(["POST"]);

    const labelled = await withServer({ complete: false });
    labelled.server.put(KIND, "a", {});
    expect(await applyChild(labelled.applier, labelled.informer, desired({ x: "1" }))).toBe(true);
    expect(labelled.server.get(KIND, "a")).toMatchObject({ data: { x: "1" } });
  });

  it("that the server refuses is an error with its reason", async () => {
    const { server, informer, applier } = await withServer();
    server.fault = (_request, response) => refuse(response, 422, "Invalid");
    await expect(applyChild(applier, informer, desired({}))).rejects.toMatchObject({ status: 422, reason: "Invalid" });
    expect(informer.cache.size).toBe(0);
  });
});

describe("a deletion", () => {
  async function withChild(metadata: Partial<KubeObject["metadata"]> = {}) {
    const all = await withServer();
    all.server.put(KIND, "a", {}, metadata);
    all.see();
    return { ...all, live: all.informer.cache.get("default/a") as KubeObject };
  }

  it("is seen at once", async () => {
    const { transport, informer, live, server } = await withChild();
    expect(await deleteChild(transport, informer, live)).toBe(true);
    expect(informer.cache.size).toBe(0);
    expect(server.get(KIND, "a")).toBeUndefined();
  });

  it("of an object with finalizers leaves it in the cache, on its way out", async () => {
    const { transport, informer, live } = await withChild({ finalizers: ["test/wait"] });
    expect(await deleteChild(transport, informer, live)).toBe(true);
    expect(informer.cache.get("default/a")?.metadata.deletionTimestamp).toBeDefined();
  });

  it("answered with the object as it last was (ResourceQuota, Pod) takes it for gone", async () => {
    const { transport, informer, live, server } = await withChild();
    server.fault = ({ method }, response) => {
      if (method === "DELETE") response.end(JSON.stringify(live));
      return method === "DELETE";
    };
    await deleteChild(transport, informer, live);
    expect(informer.cache.size).toBe(0);
  });

  it("of an object that is gone already is done", async () => {
    const { transport, informer, live, server } = await withChild();
    server.delete(KIND, "a");
    expect(await deleteChild(transport, informer, live)).toBe(true);
    expect(informer.cache.size).toBe(0);
  });

  it("spares a newer object of the same name, and counts for nothing", async () => {
    const { transport, informer, live, server } = await withChild();
    server.delete(KIND, "a");
    server.put(KIND, "a", { data: { whose: "another's" } });
    expect(await deleteChild(transport, informer, live)).toBe(false);
    expect(server.get(KIND, "a")).toMatchObject({ data: { whose: "another's" } });
  });

  it("that fails otherwise is an error, and the object stays in the cache", async () => {
    const { transport, informer, live, server } = await withChild();
    server.fault = (_request, response) => refuse(response, 500, "InternalError");
    await expect(deleteChild(transport, informer, live)).rejects.toMatchObject({ status: 500 });
    expect(informer.cache.size).toBe(1);
  });
});
