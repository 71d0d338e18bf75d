import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { KubeObject } from "./kubernetes.ts";
import { eventually, json, refuse } from "./testing/faulty-server.ts";
import { decide, FINALIZER, GARDENS, gardening, PLOTS } from "./testing/gardening.ts";

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
