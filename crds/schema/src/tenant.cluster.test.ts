import { beforeAll, describe, expect, test } from "vitest";
import { customResourceDefinition, rulesIn, schemaOf } from "./crd.ts";
import { TENANT } from "./tenant.ts";
import { apply, call, eventually } from "./testing/api-server.ts";
import { disagreements, misjudged, TENANTS_DRY_RUN } from "./testing/judging.ts";
import { TENANT_RULE_CASES, tenantObject } from "./testing/tenant-cases.ts";

test("every CEL rule of the Tenant has exactly one case", () => {
  // What is fixed at creation needs two objects to be tried: immutable.cluster.test.ts does.
  const messages = rulesIn(schemaOf(TENANT))
    .filter(({ rule }) => !rule.includes("oldSelf"))
    .map(({ message }) => message);
  const covered = TENANT_RULE_CASES.map(({ message }) => messages.filter((text) => text.includes(message)));
  expect(covered.filter((found) => found.length !== 1)).toEqual([]);
  expect(covered.flat().toSorted()).toEqual(messages.toSorted());
});

const create = (body: object) => call({ method: "POST", path: TENANTS_DRY_RUN, body });

describe("a real API server", () => {
  beforeAll(async () => {
    await apply("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", customResourceDefinition(TENANT));
    // A served kind may still answer by its former schema: ask for something only the present one refuses.
    const probe = TENANT_RULE_CASES.at(-1)?.refused ?? {};
    await eventually(async () => (await create(probe)).code === 422, "the Tenant kind is served");
  }, 30_000);

  test.each(TENANT_RULE_CASES)("$id: accepts one and refuses one", async (ruleCase) => {
    expect(await misjudged(ruleCase, create)).toEqual([]);
  });

  test("zod and the API server judge the edges of every atom alike", async () => {
    expect((await disagreements(create)).join("\n")).toBe("");
  });

  test("the largest Tenant the schema allows stays within the API server's CEL budget", async () => {
    const label = (at: number) => [`${"d".repeat(60)}.example/${"k".repeat(50)}${at}`, "v".repeat(63)];
    const labels = Object.fromEntries(Array.from({ length: 16 }, (_, at) => label(at)));
    const namespaces = Array.from({ length: 50 }, (_, at) => ({ name: `${"n".repeat(60)}${at}`, labels }));
    const owners = Array.from({ length: 50 }, (_, at) => ({ kind: "User", name: `${"u".repeat(250)}${at}` }));
    const egressCIDRs = Array.from({ length: 50 }, (_, at) => `2001:db8:aaaa:bbbb:cccc:dddd:eeee:${at}/128`);
    const networkPolicy = { mode: "Custom", egressCIDRs };
    const answer = await create(tenantObject({ plan: "enterprise", namespaces, owners, networkPolicy }));
    expect(answer).toEqual({ code: 201, message: "" });
  });
});
