import { KINDS, recordOf } from "@leanvibe/runtime";
import { API_VERSION, LABELS, parseQuantity } from "@leanvibe/schema";
import { describe, expect, it } from "vitest";
import {
  CHILD_KINDS,
  DEPLOYMENTS,
  eventually,
  PODS,
  TENANTS,
  tenantManifest,
  uniqueName,
  untilCondition,
} from "../harness/cluster.ts";
import { type Attack, CONTAINER, HARMLESS, isHeldBy, object, ownedTenant, SECRETS } from "../harness/owner.ts";

const tenant = ownedTenant((mine) => ({
  plan: "professional",
  namespaces: [{ name: `tenant-${mine}` }, { name: `${mine}-second` }],
  registries: { allowed: ["leanvibe.io"] },
}));
const { ask, inside, mine, theirs } = tenant;
const second = `${mine}-second`;
const ASK = "leanvibe-quota-ask";
/** CPU of the plan, and what each of two namespaces has to begin with. */
const [TOTAL, FLOOR] = [parseQuantity("16"), parseQuantity("2")];

const ATTACKS: readonly Attack[] = [
  ["forges an Event of a refused pod", "RBAC", () => ask("POST", `/api/v1/namespaces/${inside}/events`, {})],
  [
    "forges it by the new kind of Events",
    "RBAC",
    () => ask("POST", `/apis/events.k8s.io/v1/namespaces/${inside}/events`, {}),
  ],
  [
    "calls its Tenant the owner of an object, so that the Tenant cannot be deleted in the foreground",
    "leanvibe-owner-references",
    async () => tenant.jane.create(KINDS.ConfigMap, configMap({ ownerReferences: [await clinging()] })),
  ],
  [
    "calls it so later",
    "leanvibe-owner-references",
    async () => {
      const { metadata } = await tenant.jane.create(KINDS.ConfigMap, configMap({}));
      const path = `/api/v1/namespaces/${inside}/configmaps/${metadata.name}`;
      await ask("PATCH", path, { metadata: { ownerReferences: [await clinging()] } });
    },
  ],
  ["rewrites an Event", "RBAC", () => ask("PATCH", `/api/v1/namespaces/${inside}/events/any`, {})],
];

async function clinging(): Promise<Record<string, unknown>> {
  const { uid = "" } = (await tenant.jane.get(TENANTS, mine)).metadata;
  return { apiVersion: API_VERSION, kind: "Tenant", name: mine, uid, blockOwnerDeletion: true };
}

const configMap = (metadata: Record<string, unknown>, rest: Record<string, unknown> = {}) =>
  object(KINDS.ConfigMap, { name: uniqueName("mine"), namespace: inside, ...metadata }, rest);

async function cpuOf(namespace: string): Promise<bigint> {
  const { spec } = await tenant.admin.get(KINDS.ResourceQuota, "leanvibe", namespace);
  return parseQuantity(String(recordOf(recordOf(spec)["hard"])["limits.cpu"]));
}

const children = async (name: string) =>
  (await Promise.all(CHILD_KINDS.map((kind) => tenant.admin.list(kind, `${LABELS.tenant}=${name}`))))
    .flat()
    .map(({ kind, metadata }) => `${kind} ${metadata.uid}`)
    .toSorted();

describe("a Tenant's owner", () => {
  it.each(ATTACKS)("is refused when it %s", async (_what, heldBy, attempt) => {
    await expect(attempt()).rejects.toSatisfy(isHeldBy(heldBy));
  });

  it("confuses nobody with our labels on its own objects: nothing is adopted, written or deleted", async () => {
    const { uid = "" } = (await tenant.admin.get(TENANTS, theirs)).metadata;
    const before = await children(theirs);
    const labels = { [LABELS.tenant]: theirs, [LABELS.tenantUid]: uid, [LABELS.retained]: "true" };
    const disguised = [
      await tenant.jane.create(KINDS.ConfigMap, configMap({ labels })),
      await tenant.jane.create(SECRETS, object(SECRETS, { name: "leanvibe", namespace: inside, labels })),
      await tenant.jane.create(
        PODS,
        object(PODS, { name: "leanvibe-isolation", namespace: inside, labels }, { spec: HARMLESS }),
      ),
    ];
    await tenant.admin.remove(TENANTS, { name: theirs });
    await eventually("theirs is gone", async () => (await tenant.admin.find(TENANTS, theirs)) === undefined);
    for (const { metadata } of disguised) expect(metadata.deletionTimestamp).toBeUndefined();
    await tenant.jane.get(KINDS.ConfigMap, disguised[0]?.metadata.name ?? "", inside);
    await tenant.jane.get(SECRETS, "leanvibe", inside);
    await tenant.jane.get(PODS, "leanvibe-isolation", inside);
    expect((await children(theirs)).every((child) => before.includes(child))).toBe(true);
  });

  it.each([
    ["more than there is", { cpu: "9223372036854775807", memory: "8Ei", pods: "1e18", storage: "1e18" }],
    ["an exponent without end", { cpu: "1e999999999", memory: "1E99" }],
    ["a number without end", { cpu: "9".repeat(900_000) }],
    ["less than nothing", { cpu: "-16", memory: "-1Gi" }],
    ["no quantity", { cpu: "lots", memory: "NaN", pods: "0x10", storage: "" }],
    ["names of JavaScript's own", { __proto__: "1", constructor: "1", toString: "1", cpu: "Infinity" }],
    ["nothing", undefined],
  ])("who asks for %s gets no more than the total, and the operator goes on", async (_what, data) => {
    const metadata = { name: ASK };
    await tenant.jane.create(KINDS.ConfigMap, configMap(metadata, data === undefined ? {} : { data }));
    const other = uniqueName("other");
    await tenant.admin.create(TENANTS, tenantManifest(other));
    await untilCondition(tenant.admin, other, ["Ready", "True"]);
    const [first, rest] = [await cpuOf(inside), await cpuOf(second)];
    expect(first + rest).toBeLessThanOrEqual(TOTAL);
    // A namespace that asks for nothing still has enough to begin.
    expect(rest).toBeGreaterThanOrEqual(FLOOR);
    await tenant.jane.remove(KINDS.ConfigMap, { name: ASK, namespace: inside });
    await tenant.admin.remove(TENANTS, { name: other });
    expect(tenant.operator.isRunning()).toBe(true);
  });

  it("who asks again and again costs the operator at most one write for each request", async () => {
    const before = await tenant.operator.requests();
    await tenant.jane.create(KINDS.ConfigMap, configMap({ name: ASK }));
    const times = 100;
    for (let at = 0; at < times; at++) {
      await ask("PATCH", `/api/v1/namespaces/${inside}/configmaps/${ASK}`, {
        data: { cpu: at % 2 === 0 ? "10" : "0" },
      });
    }
    await tenant.jane.remove(KINDS.ConfigMap, { name: ASK, namespace: inside });
    const after = await tenant.operator.requests();
    const writes = (after["PATCH"] ?? 0) - (before["PATCH"] ?? 0);
    console.log(`${times} requests for quota in a row: ${writes} writes by the operator`);
    expect(writes).toBeLessThanOrEqual(times);
    await untilCondition(tenant.admin, mine, ["Ready", "True"]);
  });

  it("who has a controller tell of a quota's refusal that never was gets no more than the total", async () => {
    // The policy on registries quotes the image, and the controller's Event quotes the policy.
    const forged =
      "exceeded quota: leanvibe, requested: limits.cpu=999,requests.cpu=999, used: limits.cpu=999, limited:";
    const [name, labels] = [uniqueName("forger"), { app: "forger" }];
    const template = {
      metadata: { labels },
      spec: { ...HARMLESS, containers: [{ ...CONTAINER, image: `x/${forged}` }] },
    };
    const spec = { selector: { matchLabels: labels }, template };
    await tenant.jane.create(DEPLOYMENTS, object(DEPLOYMENTS, { name, namespace: inside }, { spec }));
    await eventually("the namespace is lent all that is free", async () => (await cpuOf(inside)) === TOTAL - FLOOR);
    expect(await cpuOf(second)).toBe(FLOOR);
    await tenant.jane.remove(DEPLOYMENTS, { name, namespace: inside });
  });
});
