import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { connectTo } from "../../cli/src/credentials.ts";
import { install } from "../../cli/src/install.ts";
import { admissionPolicies } from "../../crds/schema/src/policies.ts";
import { type Call, call, eventually } from "../../crds/schema/src/testing/api-server.ts";
import { disagreements, misjudged, TENANTS_DRY_RUN } from "../../crds/schema/src/testing/judging.ts";
import { TENANT_RULE_CASES } from "../../crds/schema/src/testing/tenant-cases.ts";
import { ACCEPTED, AGENTS_PREPARATION, ATTACKS, PREPARATION } from "./attacks.ts";
import { type ControlPlane, MINORS, startControlPlane } from "./control-plane.ts";

const POLICIES = admissionPolicies().flatMap(({ kind, metadata }) =>
  kind === "ValidatingAdmissionPolicy" ? [metadata.name] : [],
);

const POLICY_PATH = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies";

const policyList = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string(), generation: z.int() }),
      status: z
        .object({
          observedGeneration: z.int().optional(),
          typeChecking: z.object({ expressionWarnings: z.array(z.unknown()).optional() }).optional(),
        })
        .default({}),
    }),
  ),
});

it("every admission policy has its attack", () => {
  expect(Object.keys(ATTACKS).toSorted()).toEqual(POLICIES.toSorted());
});

describe.each(MINORS)("an API server that behaves like Kubernetes %s", (minor) => {
  let started: ControlPlane | undefined;
  let begun = 0;
  const kubeconfig = () => {
    if (started === undefined) throw new Error("only inside a test: the control plane starts before the first one");
    return started.kubeconfig;
  };
  const asked = (request: Call) => call(request, kubeconfig());
  const create = (body: object) => asked({ method: "POST", path: TENANTS_DRY_RUN, body });

  beforeAll(async () => {
    begun = performance.now();
    started = await startControlPlane(minor);
  }, 90_000);
  afterAll(async () => {
    await started?.stop();
    console.log(`Kubernetes ${minor}: ${((performance.now() - begun) / 1000).toFixed(1)} s`);
  });

  it("takes the definitions, the policies and the operator's rights", async () => {
    const transport = await connectTo(kubeconfig());
    try {
      const version = z.object({ emulationMajor: z.string(), emulationMinor: z.string() });
      const told = version.parse(await transport.send({ method: "GET", path: "/version" }));
      expect(`${told.emulationMajor}.${told.emulationMinor}`).toBe(minor);
      await install(transport);
      await eventually(async () => {
        const { items } = policyList.parse(await transport.send({ method: "GET", path: POLICY_PATH }));
        const checked = items.filter(({ metadata, status }) => status.observedGeneration === metadata.generation);
        if (checked.length < POLICIES.length) return false;
        expect(checked.map(({ metadata }) => metadata.name).toSorted()).toEqual(POLICIES.toSorted());
        expect(checked.flatMap(({ status }) => status.typeChecking?.expressionWarnings ?? [])).toEqual([]);
        return true;
      }, "the policies' types are checked");
    } finally {
      await transport.close();
    }
  });

  it("would warn of a policy that speaks of a field which is not there", async () => {
    const resourceRules = [{ apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["pods"] }];
    const spec = { matchConstraints: { resourceRules }, validations: [{ expression: "object.spec.nothing == 1" }] };
    const kind = { apiVersion: "admissionregistration.k8s.io/v1", kind: "ValidatingAdmissionPolicy" };
    await asked({ method: "POST", path: POLICY_PATH, body: { ...kind, metadata: { name: "wrong" }, spec } });
    const transport = await connectTo(kubeconfig());
    try {
      await eventually(async () => {
        const { items } = policyList.parse(await transport.send({ method: "GET", path: POLICY_PATH }));
        const wrong = items.find(({ metadata }) => metadata.name === "wrong");
        return (wrong?.status.typeChecking?.expressionWarnings ?? []).length > 0;
      }, "the warning");
    } finally {
      await transport.close();
    }
  });

  it("judges every rule of the Tenant and every edge as 1.37 does", async () => {
    for (const ruleCase of TENANT_RULE_CASES) {
      expect({ id: ruleCase.id, wrong: await misjudged(ruleCase, create) }).toEqual({ id: ruleCase.id, wrong: [] });
    }
    expect((await disagreements(create)).join("\n")).toBe("");
  });

  it("refuses one attack on each admission policy, by that policy", async () => {
    for (const request of PREPARATION) {
      const { code, message } = await asked(request);
      expect({ request, code, message }).toMatchObject({ code: 201 });
    }
    await eventually(async () => (await asked(ACCEPTED)).code === 201, "a harmless pod is let in");
    for (const request of AGENTS_PREPARATION) {
      const { code, message } = await asked(request);
      expect({ request, code, message }).toMatchObject({ code: 201 });
    }
    for (const [policy, attack] of Object.entries(ATTACKS)) {
      const refused = async () => {
        const { code, message } = await asked(attack);
        return code === 403 && message.includes(`ValidatingAdmissionPolicy '${policy}'`);
      };
      // A policy is in force a moment after it is stored.
      await eventually(refused, `${policy} refuses ${attack.method} ${attack.path}`);
    }
  });
});
