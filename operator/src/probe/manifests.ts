import type { Manifest } from "@leanvibe/runtime";
import { NETWORK_PROBE, SYSTEM_NAMESPACE } from "@leanvibe/schema";

/** Names are fixed, so that there is never a second probe and whatever was left behind is found. */
export const PROBE_NAMES = {
  policy: NETWORK_PROBE,
  server: `${NETWORK_PROBE}-server`,
  client: `${NETWORK_PROBE}-client`,
} as const;

/** The policy leaves one open in the end and shuts the other. */
export const PORTS = { open: 8080, shut: 8081 } as const;

export type Port = keyof typeof PORTS;

/** Kubernetes ends the pods itself after this time, should nobody be left to delete them. */
const POD_SECONDS = 300;

const NAME_LABEL = { "app.kubernetes.io/name": NETWORK_PROBE };

/**
 * Both pods may speak with each other on these ports, in and out, and with nobody else. That it names the allowed
 * traffic too makes the probe work beside a policy that denies everything in the operator's namespace.
 */
export function policyManifest(ports: readonly Port[]): Manifest {
  const peers = [{ podSelector: { matchLabels: NAME_LABEL } }];
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name: PROBE_NAMES.policy, namespace: SYSTEM_NAMESPACE, labels: labels("policy") },
    spec: {
      podSelector: { matchLabels: NAME_LABEL },
      policyTypes: ["Ingress", "Egress"],
      ingress: [{ from: peers, ports: ports.map((port) => ({ protocol: "TCP", port: PORTS[port] })) }],
      egress: [{ to: peers }],
    },
  };
}

/**
 * Listens on both ports, one container each. It is ready when the kubelet got through to both, which every policy lets
 * pass. No `netexec`, agnhost's usual server: it runs any command for whoever asks.
 */
export function serverManifest(image: string): Manifest {
  const containers = portNames().map((port) => ({
    name: port,
    args: ["serve-hostname", `--port=${PORTS[port]}`],
    readinessProbe: { tcpSocket: { port: PORTS[port] }, periodSeconds: 1 },
  }));
  return podManifest("server", image, containers);
}

/** Connects once to each port and ends; its containers' exit codes are what it saw. */
export function clientManifest(image: string, address: string): Manifest {
  const host = address.includes(":") ? `[${address}]` : address;
  const containers = portNames().map((port) => ({
    name: port,
    args: ["connect", "--timeout=3s", `${host}:${PORTS[port]}`],
  }));
  return podManifest("client", image, containers);
}

function portNames(): readonly Port[] {
  return ["open", "shut"];
}

function podManifest(role: "server" | "client", image: string, containers: readonly { name: Port }[]): Manifest {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: PROBE_NAMES[role], namespace: SYSTEM_NAMESPACE, labels: labels(role) },
    spec: {
      restartPolicy: "Never",
      activeDeadlineSeconds: POD_SECONDS,
      terminationGracePeriodSeconds: 1,
      // It speaks to nobody but its twin: no token, no addresses of Services, no DNS.
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      dnsPolicy: "Default",
      nodeSelector: { "kubernetes.io/os": "linux" },
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 65532,
        runAsGroup: 65532,
        seccompProfile: { type: "RuntimeDefault" },
      },
      containers: containers.map((container) => ({
        ...container,
        image,
        imagePullPolicy: "IfNotPresent",
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ["ALL"] },
        },
        resources: { requests: { cpu: "5m", memory: "16Mi" }, limits: { cpu: "100m", memory: "64Mi" } },
      })),
    },
  };
}

function labels(component: string): Record<string, string> {
  return { ...NAME_LABEL, "app.kubernetes.io/component": component, "app.kubernetes.io/part-of": "leanvibe" };
}
