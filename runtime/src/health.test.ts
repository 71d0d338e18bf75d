import { connect as connectTcp } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { type HealthOptions, serveHealth } from "./health.ts";
import { createMetrics } from "./metrics.ts";

async function healthy(over: Partial<HealthOptions> = {}) {
  const health = await serveHealth({
    host: "127.0.0.1",
    port: 0,
    metrics: createMetrics(),
    ready: () => true,
    ...over,
  });
  onTestFinished(() => health.stop());
  const ask = async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${health.port}${path}`);
    return { status: response.status, type: response.headers.get("content-type"), text: await response.text() };
  };
  return { health, ask };
}

describe("health", () => {
  it("is alive whatever else is wrong, and ready only when the work is done", async () => {
    let ready = false;
    const { ask } = await healthy({ ready: () => ready });
    expect((await ask("/healthz")).status).toBe(200);
    expect(await ask("/readyz")).toMatchObject({ status: 503, text: expect.stringContaining("not ready") });
    ready = true;
    expect((await ask("/readyz?verbose")).status).toBe(200);
  });

  it("serves controller-runtime's metrics under their own names", async () => {
    const metrics = createMetrics();
    metrics.controller("tenant").reconciled("success", 0.01);
    metrics.client.answered("GET", 200);
    const { ask } = await healthy({ metrics });
    const { status, type, text } = await ask("/metrics");
    expect([status, type]).toEqual([200, metrics.contentType]);
    expect(text).toContain('controller_runtime_reconcile_total{controller="tenant",result="success"} 1');
    expect(text).toContain('rest_client_requests_total{method="GET",code="200"} 1');
  });

  it("names its paths to who asks for another", async () => {
    const { ask } = await healthy();
    expect(await ask("/")).toMatchObject({ status: 404, text: expect.stringContaining("/readyz") });
  });

  it.each<[string, string, Partial<HealthOptions>]>([
    [
      "metrics that fail",
      "/metrics",
      { metrics: { ...createMetrics(), text: () => Promise.reject(new Error("broken")) } },
    ],
    [
      "readiness that throws",
      "/readyz",
      {
        ready: () => {
          throw new Error("broken");
        },
      },
    ],
  ])("answers 500 to %s, and lives on", async (_name, path, over) => {
    const { ask } = await healthy(over);
    expect(await ask(path)).toMatchObject({ status: 500, text: "broken\n" });
    expect((await ask("/healthz")).status).toBe(200);
  });

  it("says that its port is taken", async () => {
    const { health } = await healthy();
    await expect(healthy({ port: health.port })).rejects.toMatchObject({ code: "EADDRINUSE" });
  });

  it("stops although somebody holds a connection open", async () => {
    const { health } = await healthy();
    const socket = connectTcp(health.port, "127.0.0.1");
    await new Promise((resolve) => socket.once("connect", resolve));
    const closed = new Promise((resolve) => socket.once("close", resolve));
    await health.stop();
    await closed;
  });
});
