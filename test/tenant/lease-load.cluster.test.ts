import { setTimeout as sleep } from "node:timers/promises";
import { isApiError } from "@leanvibe/runtime";
import { expect, it } from "vitest";
import {
  clusterWithOperator,
  DEPLOYMENTS,
  PODS,
  TENANTS,
  tenantManifest,
  uniqueName,
  untilCondition,
} from "../harness/cluster.ts";
import { watchQuotas } from "../harness/quotas.ts";
import { deployment, NOWHERE, podSpec } from "../harness/workloads.ts";

/** For a release: LEANVIBE_LOAD_SECONDS=600. */
const LOAD_SECONDS = Number(process.env["LEANVIBE_LOAD_SECONDS"] ?? 15);
const TOTAL = { cpu: "16", memory: "32Gi", pods: 60 };
const BOUNDS = {
  "requests.cpu": TOTAL.cpu,
  "limits.cpu": TOTAL.cpu,
  "requests.memory": TOTAL.memory,
  "limits.memory": TOTAL.memory,
  pods: String(TOTAL.pods),
};
const cluster = clusterWithOperator();
const name = uniqueName("load");
const namespaces = Array.from({ length: 8 }, (_, index) => `${name}-${index}`);

const pick = <T>(list: readonly T[]): T => list[Math.floor(Math.random() * list.length)] as T;

const sizeOf = (cpu: string) => ({ cpu, memory: "1Gi" });

const ACTIONS: readonly ((namespace: string, app: string, cpu: string) => Promise<unknown>)[] = [
  (namespace, app, cpu) =>
    cluster.api.create(
      DEPLOYMENTS,
      deployment({ name: app, namespace }, sizeOf(cpu), { replicas: 1 + Math.floor(Math.random() * 4), pod: NOWHERE }),
    ),
  (namespace, app, cpu) => {
    const metadata = { name: `${app}-bare`, namespace, labels: { app } };
    return cluster.api.create(PODS, { apiVersion: "v1", kind: "Pod", metadata, spec: podSpec(sizeOf(cpu), NOWHERE) });
  },
  (namespace, app) =>
    cluster.api.patch(DEPLOYMENTS, { name: app, namespace }, { spec: { replicas: Math.floor(Math.random() * 6) } }),
  (namespace, app) => cluster.api.remove(DEPLOYMENTS, { name: app, namespace }),
  (namespace, app) => cluster.api.remove(PODS, { name: `${app}-bare`, namespace }),
];

it(`eight namespaces under random load for ${LOAD_SECONDS} s never hold more than their Tenant's total`, {
  timeout: (LOAD_SECONDS + 90) * 1000,
}, async () => {
  const spec = {
    plan: "enterprise",
    deletionPolicy: "Delete",
    resourceQuota: TOTAL,
    namespaces: namespaces.map((each) => ({ name: each })),
  };
  await cluster.api.create(TENANTS, tenantManifest(name, spec));
  await untilCondition(cluster.api, name, ["Ready", "True"]);
  const seen = await watchQuotas(namespaces, BOUNDS);
  const end = performance.now() + LOAD_SECONDS * 1000;
  let [done, refused] = [0, 0];
  while (performance.now() < end) {
    const action = pick(ACTIONS);
    await action(pick(namespaces), pick(["a", "b", "c"]), pick(["250m", "1", "2", "5", "12"])).then(
      () => (done += 1),
      (error: unknown) => {
        // Refused by the quota, there already, or gone: what random hands must expect.
        if (!isApiError(error, 403, 404, 409)) throw error;
        refused += 1;
      },
    );
    await sleep(Math.random() * 60);
  }
  process.stdout.write(
    `  ${done} actions, ${refused} refused, ${seen.writes} writes of quotas looked at, ${seen.violations.length} violations, ${seen.podsOver.length} moments with more pods than quota\n`,
  );
  await seen.stop();
  expect(seen.violations).toEqual([]);
  expect(seen.writes).toBeGreaterThan(LOAD_SECONDS);
});
