import { setTimeout as sleep } from "node:timers/promises";
import { KINDS } from "@leanvibe/runtime";
import { isQuantity, parseQuantity } from "@leanvibe/schema";
import { describe, expect, it } from "vitest";
import {
  clusterWithOperator,
  conditionOf,
  DEPLOYMENTS,
  eventually,
  PODS,
  TENANTS,
  tenantManifest,
  uniqueName,
  untilCondition,
} from "../harness/cluster.ts";
import { watchQuotas } from "../harness/quotas.ts";
import { deployment, NOWHERE } from "../harness/workloads.ts";

const cluster = clusterWithOperator();
const RACE_SECONDS = Number(process.env["LEANVIBE_RACE_SECONDS"] ?? 8);
const PARENT_CPU = 16;

const spec = { plan: "professional", deletionPolicy: "Delete" };
const create = (name: string, rest: object = {}) =>
  cluster.api.create(TENANTS, tenantManifest(name, { ...spec, ...rest }));

/** A parent with one namespace, and two children with two namespaces each. */
async function family(prefix: string): Promise<{ parent: string; children: { name: string; namespaces: string[] }[] }> {
  const parent = uniqueName(prefix);
  await create(parent);
  const children = ["east", "west"].map((side) => {
    const name = `${parent}-${side}`;
    return { name, namespaces: [`${name}-a`, `${name}-b`] };
  });
  for (const { name, namespaces } of children)
    await create(name, { parentRef: { name: parent }, namespaces: namespaces.map((each) => ({ name: each })) });
  for (const name of [parent, ...children.map((child) => child.name)])
    await untilCondition(cluster.api, name, ["Ready", "True"]);
  return { parent, children };
}

const podsIn = async (namespaces: readonly string[]) =>
  (await cluster.api.list(PODS, "")).filter(({ metadata }) => namespaces.includes(metadata.namespace ?? "")).length;

const grantedTo = async (parent: string, child: string) => {
  const { status } = (await cluster.api.get(TENANTS, parent)) as {
    status?: { children?: { name: string; granted: { cpu: string } }[] };
  };
  const cpu = status?.children?.find(({ name }) => name === child)?.granted.cpu;
  return cpu !== undefined && isQuantity(cpu) ? parseQuantity(cpu) : 0n;
};

describe("a parent and its children", () => {
  it("one child's pod of 10 of the parent's 16 CPU is admitted, and counts as the parent's use", async () => {
    const { parent, children } = await family("whole");
    const [east] = children;
    if (east === undefined) throw new Error("two children were made");
    const [first = ""] = east.namespaces;
    await cluster.api.create(
      DEPLOYMENTS,
      deployment({ name: "big", namespace: first }, { cpu: "10" }, { pod: NOWHERE }),
    );
    await eventually("the pod is admitted", async () => (await podsIn(east.namespaces)) === 1, 5);
    expect(await grantedTo(parent, east.name)).toBeGreaterThanOrEqual(parseQuantity("10"));
    await eventually("the parent counts it as used", async () => {
      const { status } = (await cluster.api.get(TENANTS, parent)) as { status?: { quota?: { cpu?: string } } };
      return status?.quota?.cpu === `10/${PARENT_CPU}`;
    });
  });

  it(
    `two children that race for one remainder for ${RACE_SECONDS} s never hold more than the parent has`,
    async () => {
      const { parent, children } = await family("race");
      const namespaces = [`tenant-${parent}`, ...children.flatMap((child) => child.namespaces)];
      const watched = await watchQuotas(namespaces, {
        "limits.cpu": String(PARENT_CPU),
        "requests.cpu": String(PARENT_CPU),
      });
      const end = performance.now() + RACE_SECONDS * 1000;
      let most = 0;
      for (let round = 0; performance.now() < end; round += 1) {
        const both = children.map(({ namespaces: [first = ""] }) => ({ name: `race-${round}`, namespace: first }));
        // A ReplicaSet that was refused tries again less and less often: a new one each round does so at once.
        await Promise.all(
          both.map((at) =>
            cluster.api.create(DEPLOYMENTS, deployment(at, { cpu: "5" }, { replicas: 2, pod: NOWHERE })),
          ),
        );
        await sleep(1_000);
        most = Math.max(most, await podsIn(namespaces));
        await Promise.all(both.map((at) => cluster.api.remove(DEPLOYMENTS, at)));
      }
      await watched.stop();
      process.stdout.write(
        `  ${watched.writes} writes of quotas looked at, ${watched.violations.length} violations, ${watched.podsOver.length} moments with more pods\n`,
      );
      // Each wants 10 of the 16: one at a time can have it.
      expect(most).toBeGreaterThanOrEqual(2);
      expect(watched.violations).toEqual([]);
      expect(watched.writes).toBeGreaterThan(RACE_SECONDS);
    },
    (RACE_SECONDS + 60) * 1000,
  );

  it("a child waits for its parent, says for which, and begins when it comes", async () => {
    const parent = uniqueName("late");
    const child = `${parent}-child`;
    await create(child, { parentRef: { name: parent } });
    const waiting = await untilCondition(cluster.api, child, ["Ready", "False"]);
    await eventually(
      "says why",
      async () => conditionOf(await cluster.api.get(TENANTS, child), "Ready")?.reason === "AwaitingGrant",
    );
    expect(conditionOf(waiting, "QuotaEnforced")?.message).toContain(
      `Tenant ${parent}, named by spec.parentRef, does not exist`,
    );
    const quota = await cluster.api.find(KINDS.ResourceQuota, "leanvibe", `tenant-${child}`);
    expect((quota as { spec?: { hard?: Record<string, string> } })?.spec?.hard?.["limits.cpu"] ?? "0").toBe("0");
    await create(parent);
    await untilCondition(cluster.api, child, ["Ready", "True"]);
  });

  it("a parent that is deleted waits for its children and names them; there are two levels, and parentRef is fixed", async () => {
    const { parent, children } = await family("end");
    const grandchild = `${parent}-grand`;
    await create(grandchild, { parentRef: { name: children[0]?.name ?? "" } });
    const refused = await untilCondition(cluster.api, grandchild, ["Ready", "False"]);
    await eventually("says so", async () =>
      conditionOf(await cluster.api.get(TENANTS, grandchild), "QuotaEnforced")?.message.includes(
        "there are two levels",
      ),
    );
    expect(refused.metadata.name).toBe(grandchild);
    await expect(
      cluster.api.patch(TENANTS, { name: grandchild }, { spec: { parentRef: { name: parent } } }),
    ).rejects.toThrow(/parentRef is fixed/);
    await cluster.api.remove(TENANTS, { name: grandchild });

    await cluster.api.remove(TENANTS, { name: parent });
    const blocked = await untilCondition(cluster.api, parent, ["DeletionBlocked", "True"]);
    expect(conditionOf(blocked, "DeletionBlocked")?.message).toContain(`Tenant ${children[0]?.name}`);
    for (const { name } of children) {
      expect(conditionOf(await cluster.api.get(TENANTS, name), "Ready")?.status).toBe("True");
      await cluster.api.remove(TENANTS, { name });
    }
    await eventually("the parent is gone", async () => (await cluster.api.find(TENANTS, parent)) === undefined);
  });
});
