import type { Transport } from "@leanvibe/runtime";
import { TENANTS } from "@leanvibe/schema";
import { z } from "zod";

/**
 * For whom a Kubernetes token must have been made. One for the Kubernetes API itself is not taken: whoever is shown it could
 * go there as its owner, and a pod's, made for another purpose, would open the platform.
 */
export const AUDIENCE = "leanvibe-api";

/** A cluster that is asked by a request is not waited for as long as by a controller. */
const PATIENCE_MILLISECONDS = 5_000;

/** What a route of the platform does to tenants, in the words of RBAC. */
export type Verb = "get" | "list" | "create" | "update" | "delete";

export type Right = {
  verb: Verb;
  /** One tenant's, by its subdomain; every one's where it is left out. */
  name: string | undefined;
};

const user = z.object({
  username: z.string().min(1),
  uid: z.string().optional(),
  groups: z.array(z.string()).default([]),
  extra: z.record(z.string(), z.array(z.string())).optional(),
});

export type KubernetesUser = z.output<typeof user>;

const tokenReview = z.object({
  status: z.object({ authenticated: z.boolean().default(false), audiences: z.array(z.string()).default([]) }),
});

const authenticated = z.object({ status: z.object({ user }) });

const accessReview = z.object({ status: z.object({ allowed: z.boolean() }) });

/** Whose token it is; undefined when it is nobody's, or not made for us. @throws ApiError, or Error of the connection */
export async function userOf(
  transport: Transport,
  token: string,
  audience: string = AUDIENCE,
): Promise<KubernetesUser | undefined> {
  const answer = await transport.send({
    method: "POST",
    path: "/apis/authentication.k8s.io/v1/tokenreviews",
    body: {
      apiVersion: "authentication.k8s.io/v1",
      kind: "TokenReview",
      spec: { token, audiences: [audience] },
    },
    signal: AbortSignal.timeout(PATIENCE_MILLISECONDS),
  });
  const { status } = tokenReview.parse(answer);
  // An authenticator that knows no audiences says that a token is good, and not for whom: it is the API server's then.
  if (!status.authenticated || !status.audiences.includes(audience)) return undefined;
  return authenticated.parse(answer).status.user;
}

/** Whether RBAC, or whatever decides in that cluster, lets somebody do this. @throws as `userOf` */
export async function isAllowed(transport: Transport, who: KubernetesUser, { verb, name }: Right): Promise<boolean> {
  const { username, uid, groups, extra } = who;
  const resourceAttributes = {
    group: TENANTS.group,
    resource: TENANTS.plural,
    verb,
    ...(name === undefined ? {} : { name }),
  };
  const answer = await transport.send({
    method: "POST",
    path: "/apis/authorization.k8s.io/v1/subjectaccessreviews",
    body: {
      apiVersion: "authorization.k8s.io/v1",
      kind: "SubjectAccessReview",
      spec: { user: username, uid, groups, extra, resourceAttributes },
    },
    signal: AbortSignal.timeout(PATIENCE_MILLISECONDS),
  });
  return accessReview.parse(answer).status.allowed;
}
