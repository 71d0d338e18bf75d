import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import type { KubeObject, Manifest } from "./kubernetes.ts";
import type { Definition } from "./reconcile.ts";
import { eventually } from "./testing/faulty-server.ts";
import { decide, FENCES, GARDENS, type Garden, gardening, PLOTS } from "./testing/gardening.ts";

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
