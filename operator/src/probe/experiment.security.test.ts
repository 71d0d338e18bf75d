import { ApiError } from "@leanvibe/runtime";
import { describe, expect, it } from "vitest";
import { ENFORCING, PODS_PATH, podNamed, probed, SERVER } from "./testing/small-cluster.ts";

/** A Tenant that believes in a fence which is not there is worse off than one that knows. */
describe("no proof is", () => {
  it("a server that never listens on the shut port, though it is called ready", async () => {
    const { verdict, message, left } = await probed({ ...ENFORCING, listening: [8080] });
    expect({ verdict, left }).toEqual({ verdict: "Inconclusive", left: [] });
    expect(message).toContain("one connection passed and the other was refused");
  });

  it("a server that dies between the tries", async () => {
    const { verdict } = await probed({
      ...ENFORCING,
      afterClient: (cluster, n) => n === 1 && cluster.objects.delete(`${PODS_PATH}/${SERVER}`),
    });
    expect(verdict).toBe("Inconclusive");
  });

  it("a pod of simulated nodes, said at once", async () => {
    const { verdict, message, left, seconds } = await probed({ ...ENFORCING, containers: false });
    expect({ verdict, left }).toEqual({ verdict: "Inconclusive", left: [] });
    expect(message).toContain("the nodes are simulated");
    expect(seconds).toBeLessThan(5);
  });

  it("a server that never becomes ready: its reason is told in the end", async () => {
    const { verdict, message, left, seconds } = await probed({ ...ENFORCING, ready: false });
    expect({ verdict, left }).toEqual({ verdict: "Inconclusive", left: [] });
    expect(message).toContain("after 150 s the server is not ready");
    expect(seconds).toBeLessThan(160);
  });

  it("a pod that somebody put in the place of ours", async () => {
    const { verdict } = await probed({
      ...ENFORCING,
      afterClient: (cluster) => cluster.put(`${PODS_PATH}/${SERVER}`, podNamed(SERVER)),
    });
    expect(verdict).toBe("Inconclusive");
  });

  it("a refusal of the API server, which is told in its words", async () => {
    const quota = new ApiError("exceeded quota", { status: 403, reason: "Forbidden" });
    const { verdict, message, left } = await probed({
      refuses: ({ method }) => (method === "POST" ? quota : undefined),
    });
    expect({ verdict, left }).toEqual({ verdict: "Inconclusive", left: [] });
    expect(message).toContain("exceeded quota");
  });
});
