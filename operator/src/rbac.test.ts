import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { generateRbac, rbacManifests } from "./rbac.ts";

type Rule = { apiGroups: string[]; resources: string[]; resourceNames?: string[]; verbs: string[] };

function rulesOf(name: string): Rule[] {
  const role = rbacManifests().find(({ kind, metadata }) => kind === "ClusterRole" && metadata.name === name);
  return role?.["rules"] as Rule[];
}

describe("the shipped rights", () => {
  it("are the ones the controllers' lists give (npm run generate)", async () => {
    for (const [path, text] of generateRbac()) {
      expect(await readFile(new URL(`../../${path}`, import.meta.url), "utf8"), path).toBe(text);
    }
  });

  it("of the operator have no wildcard, no escalate, no impersonate, and bind by name only", () => {
    const rules = rulesOf("leanvibe-operator");
    for (const rule of rules) {
      expect([...rule.apiGroups, ...rule.resources, ...rule.verbs]).not.toContain("*");
      expect(rule.verbs).not.toContain("escalate");
      expect(rule.verbs).not.toContain("impersonate");
      if (rule.verbs.includes("bind")) expect(rule.resourceNames).toEqual(["leanvibe-owner"]);
    }
    expect(rules.some(({ resources }) => resources.includes("secrets") || resources.includes("pods"))).toBe(false);
  });

  it("of an owner reach no fence, no other identity and nothing outside a namespace", () => {
    const changing = new Set([
      "create",
      "update",
      "patch",
      "delete",
      "deletecollection",
      "bind",
      "escalate",
      "impersonate",
      "*",
    ]);
    const changed = rulesOf("leanvibe-owner")
      .filter(({ verbs }) => verbs.some((verb) => changing.has(verb)))
      .flatMap(({ resources }) => resources);
    for (const fence of [
      "resourcequotas",
      "limitranges",
      "networkpolicies",
      "rolebindings",
      "roles",
      "namespaces",
      "serviceaccounts",
      "serviceaccounts/token",
      "*",
    ]) {
      expect(changed).not.toContain(fence);
    }
  });
});
