import { KINDS, recordOf } from "@leanvibe/runtime";
import { type Api, conditionOf, DEPLOYMENTS, TENANTS, tenantManifest } from "../harness/cluster.ts";

/** One thing somebody does, and how one sees that the operator has answered it. */
export type Step = {
  act: (api: Api, prefix: string) => Promise<unknown>;
  settled: (api: Api, prefix: string) => Promise<boolean>;
};

const owners = [{ kind: "User", name: "jane@example.com" }];
const base = { owners, plan: "professional", deletionPolicy: "Delete" };
const both = (prefix: string) => [{ name: `${prefix}-a` }, { name: `${prefix}-b` }];

const create = (spec: object, suffix = ""): Step["act"] => {
  return (api, prefix) => api.create(TENANTS, tenantManifest(prefix + suffix, { ...base, ...spec }));
};
const patch = (spec: object): Step["act"] => {
  return (api, prefix) => api.patch(TENANTS, { name: prefix }, { spec });
};
const remove = (suffix = ""): Step["act"] => {
  return (api, prefix) => api.remove(TENANTS, { name: prefix + suffix });
};

/** Ready as of the spec that stands now, and `also`. */
const ready = (suffix = "", also: (status: Record<string, unknown>) => boolean = () => true): Step["settled"] => {
  return async (api, prefix) => {
    const live = await api.find(TENANTS, prefix + suffix);
    const status = recordOf(live?.["status"]);
    const fresh = status["observedGeneration"] === live?.metadata.generation;
    return fresh && conditionOf(live, "Ready")?.status === "True" && also(status);
  };
};
const gone = (suffix = ""): Step["settled"] => {
  return async (api, prefix) => (await api.find(TENANTS, prefix + suffix)) === undefined;
};
/** Made a while ago, whatever came of the rest: somebody has a second thought before an operator that died is back. */
const stands = (suffix: string): Step["settled"] => {
  return async (api, prefix) => {
    const made = (await api.find(KINDS.Namespace, prefix + suffix))?.metadata.creationTimestamp;
    return made !== undefined && Date.now() - Date.parse(made) > 2_500;
  };
};
const hasCpu = (cpu: string) =>
  ready(
    "",
    ({ quota }) => recordOf(recordOf(quota)["hard"])["cpu"] === cpu && recordOf(quota)["perNamespace"] !== undefined,
  );
/** A child that is Ready may begin to work. */
const hasRoom = (suffix: string) => ready(suffix, ({ quota }) => recordOf(recordOf(quota)["hard"])["cpu"] !== "0");
const all = (...tests: Step["settled"][]): Step["settled"] => {
  return async (api, prefix) => (await Promise.all(tests.map((test) => test(api, prefix)))).every(Boolean);
};

/** Pods of it wait for a node that does not exist: admission and controllers are what is tried, and they go at once. */
function deployment(namespace: string): Parameters<Api["create"]>[1] {
  const matchLabels = { app: "web" };
  const securityContext = { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } };
  const bare = { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } };
  const containers = [{ name: "web", image: "leanvibe.io/hello:1", securityContext: bare }];
  const nodeSelector = { "leanvibe.test/nowhere": "true" };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web", namespace },
    spec: {
      replicas: 2,
      selector: { matchLabels },
      template: { metadata: { labels: matchLabels }, spec: { securityContext, containers, nodeSelector } },
    },
  };
}

const runs = (replicas: number): Step["settled"] => {
  return async (api, prefix) => {
    const live = await api.find(DEPLOYMENTS, "web", `tenant-${prefix}`);
    return (recordOf(live?.["status"])["replicas"] ?? 0) === replicas;
  };
};
const suspended: Step["settled"] = ready("", ({ suspended }) => {
  const { workloads, pods } = recordOf(suspended);
  return workloads === 1 && pods === 0;
});
const resumed: Step["settled"] = async (api, prefix) =>
  conditionOf(await api.find(TENANTS, prefix), "Suspended")?.status === "False";

/** What people do with Tenants. Each is run once without a fault, and everything else is compared with that. */
export const WORKLOADS: Record<string, readonly Step[]> = {
  create: [{ act: (api, prefix) => create({ namespaces: both(prefix) })(api, prefix), settled: ready() }],
  plans: [
    { act: create({ plan: "starter" }), settled: hasCpu("2") },
    { act: patch({ plan: "enterprise" }), settled: hasCpu("128") },
    { act: patch({ plan: "professional" }), settled: hasCpu("16") },
  ],
  suspend: [
    { act: create({}), settled: ready() },
    { act: (api, prefix) => api.create(DEPLOYMENTS, deployment(`tenant-${prefix}`)), settled: runs(2) },
    { act: patch({ suspend: true, suspendReason: "a fault test" }), settled: all(suspended, runs(0)) },
    { act: patch({ suspend: false, suspendReason: null }), settled: all(ready(), resumed, runs(2)) },
  ],
  family: [
    { act: create({}), settled: ready() },
    {
      act: async (api, prefix) => {
        for (const side of ["-east", "-west"]) await create({ parentRef: { name: prefix } }, side)(api, prefix);
      },
      settled: all(ready(), hasRoom("-east"), hasRoom("-west")),
    },
    {
      act: remove("-west"),
      settled: all(
        gone("-west"),
        ready("-east"),
        ready("", ({ children }) => Array.isArray(children) && children.length === 1),
      ),
    },
  ],
  adopt: [
    { act: create({ deletionPolicy: "Retain" }), settled: ready() },
    { act: remove(), settled: gone() },
    { act: create({ adopt: true }), settled: ready() },
  ],
  delete: [
    { act: (api, prefix) => create({ namespaces: both(prefix) })(api, prefix), settled: ready() },
    { act: remove(), settled: gone() },
  ],
  rights: [
    { act: create({}), settled: ready() },
    {
      act: patch({
        owners: [{ kind: "Group", name: "acme-admins" }],
        members: [{ subject: "leanvibe:bob", role: "viewer" }],
      }),
      settled: ready(),
    },
    { act: patch({ owners: [], members: [] }), settled: ready() },
  ],
  rethink: [
    {
      act: (api, prefix) => create({ namespaces: both(prefix) })(api, prefix),
      settled: stands("-b"),
    },
    {
      act: (api, prefix) => patch({ namespaces: both(prefix).slice(0, 1) })(api, prefix),
      settled: all(
        ready("", ({ namespaceCount }) => namespaceCount === 1),
        async (api, prefix) => (await api.find(KINDS.Namespace, `${prefix}-b`)) === undefined,
      ),
    },
  ],
  shrink: [
    {
      act: (api, prefix) => create({ namespaces: both(prefix), deletionPolicy: "Retain" })(api, prefix),
      settled: ready(),
    },
    {
      act: (api, prefix) => patch({ namespaces: both(prefix).slice(0, 1) })(api, prefix),
      settled: ready("", ({ namespaceCount }) => namespaceCount === 1),
    },
    {
      act: (api, prefix) => patch({ namespaces: both(prefix) })(api, prefix),
      settled: ready("", ({ namespaceCount }) => namespaceCount === 2),
    },
  ],
};

/** Takes away what a workload left, while its operator runs. Gives the objects that are there all the same. */
export async function clearAway(api: Api, prefix: string): Promise<string[]> {
  const mine = async (kind: typeof KINDS.Namespace | typeof TENANTS, selector: string) =>
    (await api.list(kind, selector)).filter(({ metadata }) => metadata.name.includes(prefix));
  for (const { metadata } of await mine(TENANTS, "")) {
    await api.patch(TENANTS, metadata, { spec: { deletionPolicy: "Delete" } }).catch(() => undefined);
    await api.remove(TENANTS, metadata);
  }
  await within(40, async () => (await mine(TENANTS, "")).length === 0, 500);
  for (const { metadata } of await mine(KINDS.Namespace, "")) await api.remove(KINDS.Namespace, metadata);
  await within(40, async () => (await mine(KINDS.Namespace, "")).length === 0, 500);
  const kinds = [TENANTS, KINDS.Namespace, KINDS.ClusterRole, KINDS.ClusterRoleBinding];
  const left = await Promise.all(kinds.map((kind) => api.list(kind, "")));
  return left
    .flat()
    .filter(({ metadata }) => metadata.name.includes(prefix))
    .map(({ kind, metadata }) => `${kind} ${metadata.name}`);
}

/** Asks until it is so, or the time is over. Gives whether it came to be. */
export async function within(seconds: number, ask: () => Promise<boolean>, everyMilliseconds = 250): Promise<boolean> {
  for (const end = performance.now() + seconds * 1000; ; ) {
    if (await ask()) return true;
    if (performance.now() > end) return false;
    await new Promise((resolve) => setTimeout(resolve, everyMilliseconds));
  }
}
