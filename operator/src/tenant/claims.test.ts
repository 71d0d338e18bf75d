import type { KubeObject } from "@leanvibe/runtime";
import { ANNOTATIONS, LABELS, parseTenant, type Tenant } from "@leanvibe/schema";
import { describe, expect, it } from "vitest";
import { ownChildren } from "./children.ts";
import { announcement } from "./claims.ts";

const UID = "11111111-1111-4111-8111-111111111111";

function tenant(listed: readonly string[], { announced = "", recorded = [] as readonly string[] } = {}): Tenant {
  const parsed = parseTenant({
    apiVersion: "leanvibe.io/v1alpha1",
    kind: "Tenant",
    metadata: {
      name: "acme",
      uid: UID,
      generation: 1,
      ...(announced === "" ? {} : { annotations: { [ANNOTATIONS.namespaces]: announced } }),
    },
    spec: {
      organizationName: "Acme",
      adminEmail: "a@example.com",
      plan: "professional",
      namespaces: listed.map((name) => ({ name })),
    },
    status: { namespaces: recorded.map((name) => ({ name, uid: `uid of ${name}`, ready: true, quotaInForce: true })) },
  });
  if (!parsed.ok) throw parsed.error;
  return parsed.value;
}

function namespace(name: string, uid = UID): KubeObject {
  const labels = { [LABELS.tenant]: "acme", [LABELS.tenantUid]: uid };
  return { apiVersion: "v1", kind: "Namespace", metadata: { name, uid: `uid of ${name}`, labels } };
}

const world = (...there: KubeObject[]) => {
  const byName = new Map(there.map((object) => [object.metadata.name, object]));
  return (name: string) => byName.get(name);
};

describe("what is announced before a namespace is made", () => {
  it.each<[string, Tenant, KubeObject[], string]>([
    ["all that the spec lists", tenant(["a", "b"]), [], "a,b"],
    [
      "still one that the spec dropped before status knew it",
      tenant(["a"], { announced: "a,b" }),
      [namespace("b")],
      "a,b",
    ],
    ["still one that is not seen: the watch may be late", tenant(["a"], { announced: "a,b" }), [], "a,b"],
    ["no more one that status knows", tenant(["a"], { announced: "a,b", recorded: ["b"] }), [namespace("b")], "a"],
    ["no more one that is somebody else's", tenant(["a"], { announced: "a,b" }), [namespace("b", "other")], "a"],
    ["nothing that was never announced", tenant(["a"]), [namespace("b")], "a"],
  ])("is %s", (_name, of, there, expected) => {
    expect(announcement(of, world(...there))).toBe(expected);
  });

  it("makes a namespace the Tenant's own that neither spec nor status knows; labels alone do not", () => {
    const children = [namespace("b"), namespace("copy")];
    const { namespaces, strangers } = ownChildren(tenant(["a"], { announced: "a,b" }), children);
    expect(namespaces.map(({ metadata }) => metadata.name)).toEqual(["b"]);
    expect(strangers.map(({ metadata }) => metadata.name)).toEqual(["copy"]);
  });

  it("is gone from there when it left, so that one restored under its name is a stranger", () => {
    const of = tenant(["a"], { announced: "a,b", recorded: ["b"] });
    const later = tenant(["a"], { announced: announcement(of, world(namespace("b"))) });
    expect(ownChildren(later, [namespace("b")]).strangers).toHaveLength(1);
  });
});
