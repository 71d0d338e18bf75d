import { setTimeout as sleep } from "node:timers/promises";
import { KINDS } from "@leanvibe/runtime";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import {
  type Api,
  apiOf,
  CHILD_KINDS,
  clear,
  conditionOf,
  connectAs,
  eventually,
  NODES,
  Operator,
  PODS,
  TENANTS,
  tenantManifest,
  uniqueName,
  untilCondition,
} from "../harness/cluster.ts";

const TENANT_COUNT = 20;
/** For a release: LEANVIBE_QUIET_SECONDS=300. */
const QUIET_SECONDS = Number(process.env["LEANVIBE_QUIET_SECONDS"] ?? 20);

let api: Api;
let operator: Operator | undefined;
const owners = [{ kind: "User", name: "jane@example.com" }];

beforeAll(async () => {
  api = apiOf(await connectAs());
});

afterEach(async () => {
  // The one test whose operator is dead at its end leaves its Tenant to an operator that is not.
  if (operator?.isRunning() === false) await operator.restart();
  await clear(api);
  await operator?.stop();
});

describe(`${TENANT_COUNT} Tenants`, () => {
  it("all become Ready, with no duplicates, when the operator is killed in the middle of making them", async () => {
    operator = await Operator.start(api.transport);
    const names = Array.from({ length: TENANT_COUNT }, () => uniqueName("kill"));
    await Promise.all(names.map((name) => api.create(TENANTS, tenantManifest(name, { owners }))));
    await eventually("the first namespaces exist", async () => (await namespacesOf("kill")).length > 0);
    operator.kill();
    const ready = (await Promise.all(names.map((name) => api.get(TENANTS, name)))).filter(isReady).length;
    expect(ready, "the kill must fall in the middle").toBeLessThan(TENANT_COUNT);

    await operator.restart();
    await Promise.all(names.map((name) => untilCondition(api, name, ["Ready", "True"])));
    for (const name of names) {
      const children = (
        await Promise.all(CHILD_KINDS.map((kind) => api.list(kind, `leanvibe.io/tenant=${name}`)))
      ).flat();
      const kinds = children.map(({ kind }) => kind).toSorted();
      // Of these agents have one of their own.
      const agents = ["NetworkPolicy", "RoleBinding"];
      expect(kinds).toEqual([...CHILD_KINDS.map(({ kind }) => kind), ...agents].toSorted());
    }
  });

  it(`cost no write while nothing changes for ${QUIET_SECONDS} s`, {
    timeout: (QUIET_SECONDS + 90) * 1000,
  }, async () => {
    operator = await Operator.start(api.transport);
    const names = Array.from({ length: TENANT_COUNT }, () => uniqueName("quiet"));
    await Promise.all(names.map((name) => api.create(TENANTS, tenantManifest(name, { owners }))));
    await Promise.all(names.map((name) => untilCondition(api, name, ["Ready", "True"])));
    // What it still had to say about them is said late on a machine that has much else to do.
    await eventually("it has come to rest", async () => {
      const earlier = JSON.stringify(await operator?.requests());
      await sleep(3_000);
      return earlier === JSON.stringify(await operator?.requests());
    });
    const before = await operator.requests();
    await sleep(QUIET_SECONDS * 1000);
    const after = await operator.requests();
    for (const method of ["POST", "PUT", "PATCH", "DELETE"])
      expect(after[method] ?? 0, method).toBe(before[method] ?? 0);
    // A watch that is reopened is a GET; nothing else is asked for.
    expect((after["GET"] ?? 0) - (before["GET"] ?? 0)).toBeLessThanOrEqual(Math.ceil(QUIET_SECONDS / 300) * 10);
  });
});

describe("a dead operator", () => {
  it("blocks neither pods nor namespaces nor nodes, inside a Tenant and outside", async () => {
    operator = await Operator.start(api.transport);
    const name = uniqueName("dead");
    await api.create(TENANTS, tenantManifest(name, { owners }));
    await untilCondition(api, name, ["Ready", "True"]);
    operator.kill();

    await api.create(KINDS.Namespace, { apiVersion: "v1", kind: "Namespace", metadata: { name } });
    await api.create(NODES, { apiVersion: "v1", kind: "Node", metadata: { name } });
    const securityContext = { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: "RuntimeDefault" } };
    const restricted = { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } };
    for (const namespace of [name, `tenant-${name}`]) {
      await eventually("the default ServiceAccount", () =>
        api.find({ ...PODS, kind: "ServiceAccount", plural: "serviceaccounts" }, "default", namespace),
      );
      const containers = [{ name: "main", image: "leanvibe.io/hello:1", securityContext: restricted }];
      await api.create(PODS, {
        apiVersion: "v1",
        kind: "Pod",
        metadata: { name: "pod", namespace },
        spec: { securityContext, containers },
      });
    }
    await api.remove(NODES, { name });
    await api.remove(KINDS.Namespace, { name });
  });
});

const namespacesOf = async (prefix: string) =>
  (await api.list(KINDS.Namespace, "leanvibe.io/tenant")).filter(({ metadata }) => metadata.name.includes(prefix));

function isReady(tenant: Parameters<typeof conditionOf>[0]): boolean {
  return conditionOf(tenant, "Ready")?.status === "True";
}
