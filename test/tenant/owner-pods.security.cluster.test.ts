import { KINDS, type Kind, recordOf } from "@leanvibe/runtime";
import { PLANS } from "@leanvibe/schema";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DEPLOYMENTS, eventually, NODES, PODS, uniqueName } from "../harness/cluster.ts";
import {
  type Attack,
  CONTAINER,
  HARMLESS,
  type HeldBy,
  isHeldBy,
  object,
  ownedTenant,
  rightsIn,
} from "../harness/owner.ts";

const tenant = ownedTenant((mine) => ({
  plan: "professional",
  namespaces: [{ name: `tenant-${mine}` }, { name: `${mine}-baseline`, podSecurity: "baseline" }],
}));
const { ask, inside, mine } = tenant;
const baseline = `${mine}-baseline`;
const victim = uniqueName("victim");

const URGENT = uniqueName("urgent");
const PRIORITY_CLASSES: Kind = {
  ...NODES,
  group: "scheduling.k8s.io",
  kind: "PriorityClass",
  plural: "priorityclasses",
};

beforeAll(async () => {
  await make({}, { name: victim });
  await tenant.admin.create(PRIORITY_CLASSES, object(PRIORITY_CLASSES, { name: URGENT }, { value: 1_000_000 }));
});
afterAll(() => tenant.admin.remove(PRIORITY_CLASSES, { name: URGENT }));

function make(spec: Record<string, unknown>, metadata: Record<string, unknown> = {}): Promise<unknown> {
  return tenant.jane.create(
    PODS,
    object(PODS, { name: uniqueName("pod"), namespace: inside, ...metadata }, { spec: { ...HARMLESS, ...spec } }),
  );
}

const contained = (more: Record<string, unknown>) => ({ containers: [{ ...CONTAINER, ...more }] });
const secured = (more: Record<string, unknown>) =>
  contained({ securityContext: { ...CONTAINER.securityContext, ...more } });
const hostPath = { volumes: [{ name: "host", hostPath: { path: "/" } }] };
const everyTaint = { tolerations: [{ operator: "Exists" }] };

/** Of any level that a Tenant can ask for. */
const HOST: readonly [string, Record<string, unknown>][] = [
  ["sees the node's processes", { hostPID: true }],
  ["shares the node's memory segments", { hostIPC: true }],
  ["uses the node's network", { hostNetwork: true }],
  ["mounts the node's disk", hostPath],
  ["takes a port of the node", contained({ ports: [{ containerPort: 80, hostPort: 80 }] })],
  ["is privileged", secured({ privileged: true, allowPrivilegeEscalation: true })],
  ["adds a capability", secured({ capabilities: { add: ["SYS_ADMIN"], drop: ["ALL"] } })],
  ["switches seccomp off", secured({ seccompProfile: { type: "Unconfined" } })],
  ["switches AppArmor off", secured({ appArmorProfile: { type: "Unconfined" } })],
  ["sets a sysctl of the kernel", { securityContext: { sysctls: [{ name: "kernel.msgmax", value: "1" }] } }],
];

/** Of the level restricted, which is the default. */
const RESTRICTED: readonly [string, Record<string, unknown>][] = [
  ["runs as root", { securityContext: { ...HARMLESS.securityContext, runAsNonRoot: false } }],
  ["may become root", secured({ allowPrivilegeEscalation: true })],
  // In a user namespace of its own the level baseline lets it: the root there is nobody on the node.
  ["unmasks /proc", { ...secured({ procMount: "Unmasked" }), hostUsers: false }],
  ["keeps the runtime's capabilities", secured({ capabilities: {} })],
  ["mounts a network disk by itself", { volumes: [{ name: "disk", nfs: { server: "10.0.0.1", path: "/" } }] }],
];

const madeWith = (what: string, heldBy: HeldBy, spec: Record<string, unknown>): Attack => [
  `makes a pod that ${what}`,
  heldBy,
  () => make(spec),
];

const pods = `/api/v1/namespaces/${inside}/pods`;

const ATTACKS: readonly Attack[] = [
  ...[...HOST, ...RESTRICTED].map(([what, spec]) => madeWith(what, "Pod Security", spec)),
  ...HOST.map(
    ([what, spec]): Attack => [
      `makes a pod that ${what} in its namespace of level baseline`,
      "Pod Security",
      () => make(spec, { namespace: baseline }),
    ],
  ),
  madeWith("chooses its node past the scheduler", "leanvibe-tenant-pods", { nodeName: "any" }),
  ...["system-node-critical", "system-cluster-critical"].map((priorityClassName) =>
    madeWith(`evicts the cluster's own as ${priorityClassName}`, "leanvibe-tenant-pods", { priorityClassName }),
  ),
  madeWith("names its priority as a number", "Kubernetes", { priority: 2_000_000_000 }),
  madeWith("tolerates every taint", "leanvibe-tenant-tolerations", everyTaint),
  madeWith("tolerates the control plane's taint", "leanvibe-tenant-tolerations", {
    tolerations: [{ key: "node-role.kubernetes.io/control-plane", operator: "Exists", effect: "NoSchedule" }],
  }),
  [
    "lets its pod tolerate every taint later",
    "leanvibe-tenant-tolerations",
    async () => {
      const { tolerations } = recordOf((await tenant.jane.get(PODS, victim, inside))["spec"]);
      const more = [...(Array.isArray(tolerations) ? tolerations : []), ...everyTaint.tolerations];
      await ask("PATCH", `${pods}/${victim}`, { spec: { tolerations: more } });
    },
  ],
  madeWith("acts as a ServiceAccount that it has not", "Kubernetes", { serviceAccountName: "leanvibe-operator" }),
  [
    "makes a mirror of a static pod",
    "Kubernetes",
    () => make({}, { annotations: { "kubernetes.io/config.mirror": "x" } }),
  ],
  madeWith("hides its CPU from the quota at the pod's level", "quota", { resources: { limits: { cpu: "17" } } }),
  madeWith("hides its CPU from the quota in an init container", "quota", {
    initContainers: [{ ...CONTAINER, name: "init", resources: { limits: { cpu: "17" } } }],
  }),
  madeWith("claims an overhead of its own", "Kubernetes", { overhead: { cpu: "0" } }),
  ["joins a debug container", "RBAC", () => ask("PATCH", `${pods}/${victim}/ephemeralcontainers`, {})],
  ["grows a pod past its limits", "RBAC", () => ask("PATCH", `${pods}/${victim}/resize`, {})],
  ["binds a pod to a node", "RBAC", () => ask("POST", `${pods}/${victim}/binding`, {})],
  ["binds a pod to a node by the old way", "RBAC", () => ask("POST", `/api/v1/namespaces/${inside}/bindings`, {})],
  ["forges a pod's status", "RBAC", () => ask("PATCH", `${pods}/${victim}/status`, {})],
  ["reaches through the API server into the pod network", "RBAC", () => ask("GET", `${pods}/${victim}/proxy/`)],
];

/** What docs/security.md calls known limits. Whoever closes one finds its line here and there. */
const NOT_HELD: readonly [string, Record<string, unknown>][] = [
  ["names a PriorityClass that is meant for others", { priorityClassName: URGENT }],
  ["tolerates the taint of nodes that are meant for others", { tolerations: [{ key: "dedicated", value: "theirs" }] }],
  ["takes devices that no quota counts", contained({ resources: { limits: { "example.com/gpu": "100" } } })],
  ["may write the node's disk full", contained({ resources: { limits: { "ephemeral-storage": "1Pi" } } })],
];

describe("a Tenant's owner", () => {
  it.each(ATTACKS)("is refused when it %s", async (_what, heldBy, attempt) => {
    await expect(attempt()).rejects.toSatisfy(isHeldBy(heldBy));
  });

  it.each(NOT_HELD)("may make a pod that %s, as docs/security.md says", async (_what, spec) => {
    await make(spec);
  });

  it.each([
    ["the node's disk", hostPath, /violates PodSecurity/],
    ["every taint", everyTaint, /leanvibe-tenant-tolerations/],
  ])("gets no pod from a Deployment that asks for %s", async (_what, spec, refusal) => {
    const name = uniqueName("deployment");
    const labels = { app: name };
    const template = { metadata: { labels }, spec: { ...HARMLESS, ...spec } };
    await tenant.jane.create(
      DEPLOYMENTS,
      object(DEPLOYMENTS, { name, namespace: inside }, { spec: { selector: { matchLabels: labels }, template } }),
    );
    await eventually("the Deployment says why", async () => {
      const { status } = await tenant.jane.get(DEPLOYMENTS, name, inside);
      return refusal.test(JSON.stringify(status ?? {}));
    });
    expect(await tenant.admin.list(PODS, `app=${name}`)).toEqual([]);
  });

  it("has pods whose identity may do nothing that every pod may not, whatever audience their token is for", async () => {
    const serviceAccountToken = { audience: "https://sts.example.com", path: "token" };
    const volumes = [{ name: "token", projected: { sources: [{ serviceAccountToken }] } }];
    await make({ volumes });
    const every = await rightsIn("system:serviceaccount:default:default", inside);
    expect(await rightsIn(`system:serviceaccount:${inside}:default`, inside)).toEqual(every);
  });

  it("gets no more pods than its plan has, however far it scales", async () => {
    const name = uniqueName("swarm");
    const labels = { app: name };
    const small = { ...CONTAINER, resources: { limits: { cpu: "1m", memory: "1Mi" } } };
    const template = { metadata: { labels }, spec: { ...HARMLESS, containers: [small] } };
    await tenant.jane.create(
      DEPLOYMENTS,
      object(DEPLOYMENTS, { name, namespace: inside }, { spec: { selector: { matchLabels: labels }, template } }),
    );
    const path = `/apis/apps/v1/namespaces/${inside}/deployments/${name}/scale`;
    await ask("PATCH", path, { spec: { replicas: 2 ** 31 - 1 } });
    const { pods: most } = PLANS.professional.ceilings;
    const used = async () => {
      const { status } = await tenant.jane.get(KINDS.ResourceQuota, "leanvibe", inside);
      return Number(recordOf(recordOf(status)["used"])["pods"]);
    };
    await eventually("the namespace is as full as it was lent", async () => (await used()) >= Number(most) / 8);
    expect((await tenant.admin.list(PODS, `app=${name}`)).length).toBeLessThanOrEqual(Number(most));
    await tenant.jane.remove(DEPLOYMENTS, { name, namespace: inside });
  });
});
