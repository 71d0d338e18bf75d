import { isApiError, type Kind, type Manifest, type ObjectMeta } from "@leanvibe/runtime";
import { beforeAll } from "vitest";
import { z } from "zod";
import {
  type Api,
  apiOf,
  clusterWithOperator,
  connectAs,
  type Operator,
  PODS,
  TENANTS,
  tenantManifest,
  uniqueName,
  untilCondition,
} from "./cluster.ts";

export const OWNER = "jane@example.com";

export const SERVICES: Kind = { ...PODS, kind: "Service", plural: "services" };
export const SECRETS: Kind = { ...PODS, kind: "Secret", plural: "secrets" };
export const INGRESSES: Kind = { ...PODS, group: "networking.k8s.io", kind: "Ingress", plural: "ingresses" };

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** What keeps an attack from succeeding: no such right, Kubernetes' own checks, or our policy of that name. */
export type HeldBy = "RBAC" | "Pod Security" | "quota" | "Kubernetes" | `leanvibe-${string}`;

/** What is tried, what holds against it, and the attempt. */
export type Attack = readonly [what: string, heldBy: HeldBy, attempt: () => Promise<unknown>];

/** Two Tenants: `mine`, whose owner jane attacks, and `theirs`. Names are known at once, the rest inside a test. */
export interface OwnedTenant {
  readonly mine: string;
  readonly theirs: string;
  /** The namespace of `mine`. */
  readonly inside: string;
  readonly admin: Api;
  readonly jane: Api;
  readonly operator: Operator;
  /** A request as jane, the path as it is. */
  ask(method: Method, path: string, body?: unknown): Promise<unknown>;
}

/** For the tests of a file: the operator runs, both Tenants are Ready, and jane is connected. */
export function ownedTenant(specOf: (mine: string) => Record<string, unknown> = () => ({})): OwnedTenant {
  const cluster = clusterWithOperator();
  const [mine, theirs] = [uniqueName("mine"), uniqueName("theirs")];
  let connected: Api | undefined;
  beforeAll(async () => {
    const owners = [{ kind: "User", name: OWNER }];
    await cluster.api.create(TENANTS, tenantManifest(mine, { owners, ...specOf(mine) }));
    await cluster.api.create(TENANTS, tenantManifest(theirs, { owners: [{ kind: "User", name: "joe@example.com" }] }));
    for (const name of [mine, theirs]) await untilCondition(cluster.api, name, ["Ready", "True"]);
    connected = apiOf(await connectAs({ user: OWNER }));
  });
  const jane = () => {
    if (connected === undefined) throw new Error("only inside a test: jane is connected before the first one");
    return connected;
  };
  return {
    mine,
    theirs,
    inside: `tenant-${mine}`,
    get admin() {
      return cluster.api;
    },
    get jane() {
      return jane();
    },
    get operator() {
      return cluster.operator;
    },
    ask: (method, path, body) =>
      jane().transport.send({
        method,
        path,
        ...(body === undefined ? {} : { body }),
        ...(method === "PATCH" ? { contentType: "application/merge-patch+json" } : {}),
      }),
  };
}

/** An object of that kind. */
export function object(kind: Kind, metadata: ObjectMeta, rest: Record<string, unknown> = {}): Manifest {
  const apiVersion = kind.group === "" ? kind.version : `${kind.group}/${kind.version}`;
  return { apiVersion, kind: kind.kind, metadata, ...rest };
}

/** A container that Pod Security restricted has nothing against. */
export const CONTAINER = {
  name: "main",
  image: "leanvibe.io/hello:1",
  securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
} as const;

/** A pod spec that Pod Security restricted has nothing against and that no node takes, so that it costs nothing. */
export const HARMLESS = {
  securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
  nodeSelector: { "leanvibe.test/nowhere": "true" },
  containers: [CONTAINER],
} as const;

const SAID_BY: Readonly<Record<string, RegExp>> = {
  RBAC: /cannot \w+ (resource|path)/,
  "Pod Security": /violates PodSecurity/,
  quota: /exceeded quota: leanvibe,/,
};

/** Was it refused, and by what should refuse it? By something else it might one day be let in. */
export function isHeldBy(heldBy: HeldBy): (error: unknown) => boolean {
  return (error) => {
    if (isApiError(error, 422)) return heldBy === "Kubernetes";
    if (!isApiError(error, 403)) return false;
    const ours = Object.values(SAID_BY).some((pattern) => pattern.test(error.message)) || isPolicy("", error.message);
    if (heldBy === "Kubernetes") return !ours;
    return SAID_BY[heldBy]?.test(error.message) ?? isPolicy(heldBy, error.message);
  };
}

function isPolicy(name: string, message: string): boolean {
  return message.includes(`ValidatingAdmissionPolicy '${name}`);
}

const rule = z.object({
  verbs: z.array(z.string()),
  apiGroups: z.array(z.string()).default([]),
  resources: z.array(z.string()),
});
const review = z.object({ status: z.object({ resourceRules: z.unknown(), nonResourceRules: z.array(z.unknown()) }) });

/** Rules of RBAC as lines, one for each verb on each resource, sorted. */
export function rightsOf(rules: unknown): string[] {
  const lines = z
    .array(rule)
    .parse(rules)
    .flatMap(({ verbs, apiGroups, resources }) =>
      apiGroups.flatMap((group) =>
        resources.flatMap((resource) => verbs.map((verb) => `${verb} ${group === "" ? "" : `${group}/`}${resource}`)),
      ),
    );
  return [...new Set(lines)].toSorted();
}

/** Everything that the API server says this user may do in that namespace. */
export async function rightsIn(user: string, namespace: string): Promise<string[]> {
  const transport = await connectAs({ user });
  try {
    const body = { kind: "SelfSubjectRulesReview", apiVersion: "authorization.k8s.io/v1", spec: { namespace } };
    const path = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews";
    const { status } = review.parse(await transport.send({ method: "POST", path, body }));
    return [
      ...rightsOf(status.resourceRules),
      ...status.nonResourceRules.map((each) => JSON.stringify(each)).toSorted(),
    ];
  } finally {
    await transport.close();
  }
}
