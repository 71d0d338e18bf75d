import { ApiError, type KubeObject } from "@leanvibe/runtime";
import { describe, expect, it } from "vitest";
import { probeNetwork } from "./experiment.ts";
import { CLIENT, ENFORCING, podNamed, probed, SERVER, SmallCluster } from "./testing/small-cluster.ts";

describe("a probe of the network", () => {
  it("proves a network that refuses what is forbidden, and leaves nothing", async () => {
    const { verdict, left, seconds } = await probed(ENFORCING);
    expect({ verdict, left }).toEqual({ verdict: "Enforced", left: [] });
    expect(seconds).toBeLessThan(5);
  });

  it("waits for a network that needs a few seconds to enforce", async () => {
    const { verdict, left } = await probed({ enforcesAfterSeconds: 12 });
    expect({ verdict, left }).toEqual({ verdict: "Enforced", left: [] });
  });

  it("believes a forbidden connection after three tries, and leaves nothing", async () => {
    const { verdict, left, seconds, cluster } = await probed({});
    expect({ verdict, left }).toEqual({ verdict: "NotEnforced", left: [] });
    expect(seconds).toBeLessThan(40);
    const clients = cluster.requests.filter(({ method, body }) => method === "POST" && isClient(body));
    expect(clients).toHaveLength(1 + 3);
  });
});

describe("pods and policy of an operator that was killed", () => {
  it("are deleted by their uid before anything else is made, and count for nothing", async () => {
    const { verdict, left, cluster } = await probed(ENFORCING, [podNamed(SERVER), podNamed(CLIENT)]);
    expect({ verdict, left }).toEqual({ verdict: "Enforced", left: [] });
    const changes = cluster.requests.filter(({ method }) => method !== "GET").map(({ method }) => method);
    expect(changes.slice(0, 4)).toEqual(["DELETE", "DELETE", "PATCH", "POST"]);
  });

  it("that do not go keep the probe from beginning, and are named", async () => {
    const { verdict, message, cluster } = await probed(ENFORCING, [podNamed(SERVER, ["somebody/else"])]);
    expect(verdict).toBe("Inconclusive");
    expect(message).toContain(`pod ${SERVER} of an earlier probe is still there`);
    expect(cluster.requests.some(({ method }) => method === "POST" || method === "PATCH")).toBe(false);
  });
});

it("a fault of the connection is no finding: it is thrown, to be tried again", async () => {
  const gone = new ApiError("gone away", { status: 503, reason: "ServiceUnavailable" });
  await expect(probed({ refuses: () => gone })).rejects.toThrow("gone away");
});

it("an operator that stops in the middle removes what it made", async () => {
  const cluster = new SmallCluster(ENFORCING);
  let naps = 0;
  const sleep = async () => {
    naps += 1;
    if (naps === 2) throw new Error("stopping");
  };
  const now = () => new Date(cluster.clockMilliseconds);
  await expect(probeNetwork({ transport: cluster.transport(), image: "probe:1", now, sleep })).rejects.toThrow(
    "stopping",
  );
  expect([...cluster.objects.keys()]).toEqual([]);
  expect(cluster.requests.some(({ method }) => method === "POST")).toBe(true);
});

function isClient(body: unknown): boolean {
  return (body as KubeObject).metadata.name === CLIENT;
}
