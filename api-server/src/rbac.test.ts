import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { apiRbacManifests, generateApiRbac } from "./rbac.ts";

type Rule = { apiGroups: string[]; resources: string[]; resourceNames?: string[]; verbs: string[] };

const rulesOf = (kind: string) =>
  apiRbacManifests().flatMap((manifest) => (manifest.kind === kind ? (manifest["rules"] as Rule[]) : []));

describe("the API's shipped rights", () => {
  it("are the ones the code gives (npm run generate)", async () => {
    for (const [path, text] of generateApiRbac())
      expect(await readFile(new URL(`../../${path}`, import.meta.url), "utf8"), path).toBe(text);
  });

  it("[a stolen token] reach no Secret, pod, fence or other identity, and nothing by wildcard", () => {
    const rules = rulesOf("ClusterRole");
    expect(new Set(rules.flatMap(({ resources }) => resources))).toEqual(
      new Set([
        "tenants",
        "tenants/status",
        "agenttasks",
        "agenttasks/status",
        "configmaps",
        "tokenreviews",
        "subjectaccessreviews",
        "customresourcedefinitions",
      ]),
    );
    for (const { apiGroups, verbs } of rules) {
      expect([...apiGroups, ...verbs]).not.toContain("*");
      for (const verb of ["bind", "escalate", "impersonate", "deletecollection"]) expect(verbs).not.toContain(verb);
    }
  });

  it("[a stolen token] are not those of a platform admin, whom the admission policies know by update of tenants", () => {
    for (const { resources, verbs } of rulesOf("ClusterRole"))
      if (resources.includes("tenants")) expect(verbs).not.toContain("update");
  });

  it("on Leases hold in the system's namespace, for the API's own one", () => {
    const roles = apiRbacManifests().filter(({ kind }) => kind === "Role" || kind === "RoleBinding");
    expect(roles.map(({ metadata }) => metadata.namespace)).toEqual(["leanvibe-system", "leanvibe-system"]);
    for (const { resources, resourceNames, verbs } of rulesOf("Role")) {
      expect(resources).toEqual(["leases"]);
      if (resourceNames === undefined) expect(verbs).toEqual(["create"]);
      else expect(resourceNames).toEqual(["leanvibe-api"]);
    }
  });
});
