import { createServer } from "node:http";
import { KINDS, type Kind } from "@leanvibe/runtime";
import { GATEWAY_SERVICE, SYSTEM_NAMESPACE } from "@leanvibe/schema";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { leadToGateway } from "../../cli/src/gateway.ts";
import { type Api, apiOf, connectAs, eventually, PODS, uniqueName } from "../harness/cluster.ts";
import { podSpec } from "../harness/workloads.ts";

const SERVICES: Kind = { ...KINDS.ConfigMap, kind: "Service", plural: "services" };

let api: Api;

beforeAll(async () => {
  api = apiOf(await connectAs());
});

afterAll(() => api?.transport.close());

describe("Service leanvibe-gateway", () => {
  test("leads a pod of the cluster to the API's process on this machine", async () => {
    const server = createServer((_request, response) => response.end("ok"));
    await new Promise<void>((resolve) => server.listen(0, "0.0.0.0", resolve));
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const way = await leadToGateway(api.transport, port, {});
    expect(way).toMatchObject({ host: expect.stringMatching(/^\d+(\.\d+){3}$/) });
    const at = typeof way === "object" ? `${way.serviceIP}:80` : "";
    const reaches = async () => {
      const name = uniqueName("connect");
      const pod = podSpec({ cpu: "50m" }, { restartPolicy: "Never" }) as { containers: object[] };
      const containers = pod.containers.map((each) => ({ ...each, args: ["connect", "--timeout=5s", at] }));
      const metadata = { name, namespace: "default" };
      await api.create(PODS, { apiVersion: "v1", kind: "Pod", metadata, spec: { ...pod, containers } });
      const phase = await eventually(
        `pod ${name} has ended`,
        async () => {
          const { status } = (await api.get(PODS, name, "default")) as { status?: { phase?: string } };
          return ["Succeeded", "Failed"].find((each) => each === status?.phase);
        },
        60,
      );
      await api.remove(PODS, metadata);
      return phase;
    };
    expect(await reaches()).toBe("Succeeded");
    server.closeAllConnections();
    server.close();
    expect(await reaches()).toBe("Failed");
  });

  test("that chooses pods is left alone, and leads where a person says otherwise", async () => {
    const selector = { "app.kubernetes.io/name": "leanvibe-api" };
    await api.patch(SERVICES, { name: GATEWAY_SERVICE, namespace: SYSTEM_NAMESPACE }, { spec: { selector } });
    expect(await leadToGateway(api.transport, 1, {})).toBe("pods");
    await api.remove(SERVICES, { name: GATEWAY_SERVICE, namespace: SYSTEM_NAMESPACE });
    const said = { LEANVIBE_GATEWAY_HOST: "192.0.2.7" };
    expect(await leadToGateway(api.transport, 1, said)).toMatchObject({ host: "192.0.2.7" });
    await api.remove(SERVICES, { name: GATEWAY_SERVICE, namespace: SYSTEM_NAMESPACE });
  });
});
