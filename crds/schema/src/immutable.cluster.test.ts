import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { count, dnsLabel } from "./atoms.ts";
import { customResourceDefinition } from "./crd.ts";
import { defineKind } from "./kind.ts";
import { API_VERSION } from "./names.ts";
import { immutable } from "./rules.ts";
import { apply, call, eventually } from "./testing/api-server.ts";

const PROBE = defineKind({
  kind: "ImmutableProbe",
  plural: "immutableprobes",
  scope: "Cluster",
  shortNames: [],
  description: "Exists during a test.",
  columns: [],
  nameRules: [],
  conditions: {},
  spec: immutable(
    z.object({
      fixed: dnsLabel().optional().describe("Fixed at creation."),
      free: count().describe("May change."),
    }),
    ["fixed"],
  ).describe("x"),
  status: z.object({}).describe("x"),
});

const collection = `/apis/${API_VERSION}/immutableprobes`;
const crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const put = (spec: object) => {
  const body = { apiVersion: API_VERSION, kind: PROBE.kind, metadata: { name: "probe" }, spec };
  return call({ method: "PATCH", path: `${collection}/probe?fieldManager=schema-test&force=true`, body });
};

describe("an immutable field on a real API server", () => {
  beforeAll(async () => {
    await apply(crds, customResourceDefinition(PROBE));
    await eventually(async () => (await call({ method: "GET", path: collection })).code === 200, "the probe is served");
  }, 30_000);
  afterAll(async () => {
    await call({ method: "DELETE", path: `${crds}/${customResourceDefinition(PROBE).metadata.name}` });
  });

  test.each([
    ["stays as it is while others change", { fixed: "a", free: 1 }, { fixed: "a", free: 2 }, true],
    ["may stay away", { free: 1 }, { free: 2 }, true],
    ["cannot be changed", { fixed: "a", free: 1 }, { fixed: "b", free: 1 }, false],
    ["cannot be removed", { fixed: "a", free: 1 }, { free: 1 }, false],
    ["cannot be added", { free: 1 }, { fixed: "a", free: 1 }, false],
  ])("%s", async (_, before, after, accepted) => {
    await call({ method: "DELETE", path: `${collection}/probe` });
    expect(await put(before)).toMatchObject({ code: 201 });
    const answer = await put(after);
    expect(answer).toMatchObject(accepted ? { code: 200 } : { code: 422 });
    if (!accepted) expect(answer.message).toContain("fixed is fixed when the object is created and was changed");
  });
});
