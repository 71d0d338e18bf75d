import { KINDS, type KubeObject } from "@leanvibe/runtime";
import { NETWORK_PROBE, SYSTEM_NAMESPACE } from "@leanvibe/schema";
import { expect, it } from "vitest";
import { apiOf, connectAs, eventually, Operator } from "../harness/cluster.ts";

it("simulated nodes prove nothing: the probe ends at once and says why", async () => {
  const api = apiOf(await connectAs());
  const probing = await Operator.start(api.transport, { env: { NETWORK_PROBE_IMAGE: "leanvibe.io/hello:1" } });
  const result: KubeObject & { data?: unknown } = await eventually("a result", () =>
    api.find(KINDS.ConfigMap, NETWORK_PROBE, SYSTEM_NAMESPACE),
  );
  expect(result.data).toMatchObject({
    verdict: "Inconclusive",
    message: expect.stringContaining("the nodes are simulated"),
  });
  await probing.stop();
  await api.remove(KINDS.ConfigMap, { name: NETWORK_PROBE, namespace: SYSTEM_NAMESPACE });
});
