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
      if (rule.verbs.includes("bind"))
        expect(rule.resourceNames).toEqual(["leanvibe-owner", "leanvibe-member", "leanvibe-viewer", "leanvibe-agent"]);
    }
    const verbsOn = (resource: string) =>
      new Set(rules.filter(({ resources }) => resources.includes(resource)).flatMap(({ verbs }) => verbs));
    expect(verbsOn("secrets")).toEqual(new Set());
    expect(verbsOn("pods")).toEqual(new Set(["list", "delete", "watch"]));
    expect(verbsOn("pods/exec")).toEqual(new Set());
    for (const workload of ["deployments", "statefulsets", "replicasets", "daemonsets", "cronjobs"])
      expect(verbsOn(workload), workload).toEqual(new Set(["list", "patch"]));
    // Agents' Jobs are its own; the policies leave it no others to make.
    expect(verbsOn("jobs")).toEqual(new Set(["list", "patch", "get", "watch", "create", "delete"]));
    expect(verbsOn("agenttasks")).toEqual(new Set(["list", "patch", "get", "watch", "delete"]));
  });

  it("of a member are an owner's but for changing volume claims, and of a viewer only looking, at no Secret and into no pod", () => {
    const verbsOn = (role: string, resource: string) =>
      rulesOf(role)
        .filter(({ resources }) => resources.includes(resource))
        .flatMap(({ verbs }) => verbs);
    const resources = [...new Set(rulesOf("leanvibe-owner").flatMap((rule) => rule.resources))];
    for (const resource of resources.filter((each) => each !== "persistentvolumeclaims"))
      expect(verbsOn("leanvibe-member", resource), resource).toEqual(verbsOn("leanvibe-owner", resource));
    expect(verbsOn("leanvibe-member", "persistentvolumeclaims")).toEqual(["get", "list", "watch", "create"]);
    for (const { resources: seen, verbs } of rulesOf("leanvibe-viewer")) {
      expect(["get", "list", "watch"]).toEqual(expect.arrayContaining(verbs));
      for (const closed of ["secrets", "pods/exec", "pods/attach", "pods/portforward", "pods/eviction"])
        expect(seen).not.toContain(closed);
    }
    expect(verbsOn("leanvibe-viewer", "pods/log")).toContain("get");
  });

  it("of the network probe are a Role in the operator's namespace: pods by name, but for making them", () => {
    const roles = rbacManifests().filter(({ kind }) => kind === "Role");
    expect(roles.map(({ metadata }) => metadata.namespace)).toEqual(roles.map(() => "leanvibe-system"));
    const rules = roles.flatMap((role) =>
      role.metadata.name === "leanvibe-network-probe" ? (role["rules"] as Rule[]) : [],
    );
    expect(rules).toHaveLength(6);
    for (const { resources, resourceNames, verbs } of rules) {
      if (resourceNames === undefined) expect(verbs, resources.join()).toEqual(["create"]);
      else for (const name of resourceNames) expect(name).toMatch(/^leanvibe-network-probe/);
    }
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

  it("of an agent are its ConfigMaps, none of which it may list; of a viewer AgentTasks to look at, and of nobody their status", () => {
    expect(rulesOf("leanvibe-agent")).toEqual([
      { apiGroups: [""], resources: ["configmaps"], verbs: ["create", "get", "patch"] },
    ]);
    const verbsOn = (role: string, resource: string) =>
      rulesOf(role).flatMap(({ resources, verbs }) => (resources.includes(resource) ? verbs : []));
    expect(verbsOn("leanvibe-owner", "agenttasks")).toEqual(expect.arrayContaining(["create", "patch", "delete"]));
    expect(verbsOn("leanvibe-viewer", "agenttasks")).toEqual(["get", "list", "watch"]);
    for (const role of ["leanvibe-owner", "leanvibe-member", "leanvibe-viewer"])
      expect(verbsOn(role, "agenttasks/status")).toEqual([]);
  });
});
