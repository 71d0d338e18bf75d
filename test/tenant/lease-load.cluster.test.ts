import { setTimeout as sleep } from "node:timers/promises";
import { createMetrics, Informers, isApiError, KINDS, type KubeObject, recordOf } from "@leanvibe/runtime";
import { isQuantity, parseQuantity } from "@leanvibe/schema";
import { pino } from "pino";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  clusterWithOperator,
  connectAs,
  DEPLOYMENTS,
  PODS,
  TENANTS,
  tenantManifest,
  uniqueName,
  untilCondition,
} from "../harness/cluster.ts";

/** For a release: LEANVIBE_LOAD_SECONDS=600. */
const LOAD_SECONDS = Number(process.env["LEANVIBE_LOAD_SECONDS"] ?? 15);
const TOTAL = { cpu: "16", memory: "32Gi", pods: 60 };
const BOUNDS: Record<string, bigint> = {
  "requests.cpu": parseQuantity(TOTAL.cpu),
  "limits.cpu": parseQuantity(TOTAL.cpu),
  "requests.memory": parseQuantity(TOTAL.memory),
  "limits.memory": parseQuantity(TOTAL.memory),
  pods: parseQuantity(String(TOTAL.pods)),
};
const cluster = clusterWithOperator();
const name = uniqueName("load");
const namespaces = Array.from({ length: 8 }, (_, index) => `${name}-${index}`);

/** One watch of all quotas: its events come in the order in which they were written, so each prefix is a state that was. */
const seen = { writes: 0, violations: [] as string[] };
let informers: Informers | undefined;

beforeAll(async () => {
  const metrics = createMetrics();
  informers = new Informers({ transport: await connectAs(), log: pino({ level: "warn" }), metrics: metrics.watch });
  const quotas = informers.of(KINDS.ResourceQuota, { selectors: { labelSelector: `leanvibe.io/tenant=${name}` } });
  quotas.subscribe(() => {
    seen.writes += 1;
    const all = [...quotas.cache.all()];
    for (const [resource, bound] of Object.entries(BOUNDS)) {
      const held = all.reduce((sum, quota) => sum + heldOf(quota, resource), 0n);
      if (held > bound) seen.violations.push(`write ${seen.writes}: ${resource} ${held} of ${bound}`);
    }
  });
  await informers.start();
});

afterAll(() => informers?.stop());

/** The most that may run in the namespace: what is asked for, what is enforced, what is in use. */
function heldOf(quota: KubeObject, resource: string): bigint {
  const status = recordOf(quota["status"]);
  const amounts = [recordOf(recordOf(quota["spec"])["hard"]), recordOf(status["hard"]), recordOf(status["used"])];
  return amounts
    .map((amount) => amount[resource])
    .map((text) => (typeof text === "string" && isQuantity(text) ? parseQuantity(text) : 0n))
    .reduce((a, b) => (a > b ? a : b));
}

const pick = <T>(list: readonly T[]): T => list[Math.floor(Math.random() * list.length)] as T;

function template(cpu: string, app: string) {
  const securityContext = { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } };
  const resources = { requests: { cpu, memory: "512Mi" }, limits: { cpu, memory: "1Gi" } };
  return {
    metadata: { labels: { app } },
    spec: {
      // Nothing runs: what is tried here is admission, and a pod that waits goes at once.
      nodeSelector: { "leanvibe.test/nowhere": "true" },
      securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
      containers: [{ name: "main", image: "leanvibe.io/hello:1", resources, securityContext }],
    },
  };
}

const ACTIONS: readonly ((namespace: string, app: string, cpu: string) => Promise<unknown>)[] = [
  (namespace, app, cpu) =>
    cluster.api.create(DEPLOYMENTS, {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: app, namespace },
      spec: {
        replicas: 1 + Math.floor(Math.random() * 4),
        selector: { matchLabels: { app } },
        template: template(cpu, app),
      },
    }),
  (namespace, app, cpu) => {
    const { metadata, spec } = template(cpu, app);
    const pod = { name: `${app}-bare`, namespace, labels: metadata.labels };
    return cluster.api.create(PODS, { apiVersion: "v1", kind: "Pod", metadata: pod, spec });
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
  process.stdout.write(`  ${done} actions, ${refused} refused, ${seen.writes} writes of quotas looked at\n`);
  expect(seen.violations).toEqual([]);
  expect(seen.writes).toBeGreaterThan(LOAD_SECONDS);
});
