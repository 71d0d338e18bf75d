import { KINDS, type KubeObject } from "@leanvibe/runtime";

/** What the containers of a test's pod may use. */
export type Size = { cpu: string; memory?: string };

/** A pod as Pod Security's strictest level asks for it, running our local image. */
export function podSpec({ cpu, memory = "64Mi" }: Size, rest: object = {}): object {
  const amounts = { cpu, memory };
  return {
    securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: "RuntimeDefault" } },
    containers: [
      {
        name: "main",
        image: "leanvibe.io/hello:1",
        imagePullPolicy: "IfNotPresent",
        resources: { requests: amounts, limits: amounts },
        securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
      },
    ],
    ...rest,
  };
}

/** Where no node is: what is tried is admission, and a pod that waits for a node goes at once when it is deleted. */
export const NOWHERE = { nodeSelector: { "leanvibe.test/nowhere": "true" } };

/** A Deployment of such pods, labelled `app` with its name. */
export function deployment(
  at: { name: string; namespace: string },
  size: Size,
  { replicas = 1, pod = {} }: { replicas?: number; pod?: object } = {},
): KubeObject {
  const matchLabels = { app: at.name };
  return {
    apiVersion: "apps/v1",
    kind: KINDS.Deployment.kind,
    metadata: at,
    spec: {
      replicas,
      selector: { matchLabels },
      template: { metadata: { labels: matchLabels }, spec: podSpec(size, pod) },
    },
  };
}
