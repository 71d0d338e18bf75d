import { isIPv4 } from "node:net";
import { networkInterfaces } from "node:os";
import {
  collectionPath,
  isApiError,
  KINDS,
  type Kind,
  type Manifest,
  objectPath,
  type Transport,
} from "@leanvibe/runtime";
import { GATEWAY_SERVICE, SYSTEM_NAMESPACE } from "@leanvibe/schema";
import { z } from "zod";
import { applyManifests } from "./manifests.ts";

/** Where pods reach this machine, for who knows better. */
export const GATEWAY_HOST = "LEANVIBE_GATEWAY_HOST";

const NODES: Kind = { ...KINDS.Namespace, kind: "Node", plural: "nodes" };

const SERVICES: Kind = { ...KINDS.ConfigMap, kind: "Service", plural: "services" };

const service = z.object({
  spec: z.object({ clusterIP: z.string(), selector: z.record(z.string(), z.string()).default({}) }),
});

/** By which address pods reach this machine, and by which the Service: for clusters that have no DNS. */
export type Way = { host: string; serviceIP: string };

const nodes = z.object({
  items: z.array(
    z.object({
      status: z.object({ addresses: z.array(z.object({ type: z.string(), address: z.string() })).default([]) }),
    }),
  ),
});

/**
 * Leads Service leanvibe-gateway to this machine, where the API runs as a process: a Service without pods, and one slice of
 * endpoints. Where the Service chooses pods, because the API runs as such there, it is left alone.
 * @returns undefined where no pod of that cluster would reach one of ours; "pods" where it is left alone
 */
export async function leadToGateway(
  transport: Transport,
  port: number,
  env: NodeJS.ProcessEnv,
): Promise<Way | "pods" | undefined> {
  const found = await findService(transport);
  if (found !== undefined && Object.keys(found.selector).length > 0) return "pods";
  const host = env[GATEWAY_HOST] ?? (await addressBeside(transport));
  if (host === undefined) return undefined;
  await applyManifests(transport, gatewayManifests(host, port));
  const { clusterIP: serviceIP = "" } = (await findService(transport)) ?? {};
  return { host, serviceIP };
}

async function findService(transport: Transport): Promise<z.output<typeof service>["spec"] | undefined> {
  const path = objectPath(SERVICES, { name: GATEWAY_SERVICE, namespace: SYSTEM_NAMESPACE });
  const found = await transport.send({ method: "GET", path }).catch((error: unknown) => {
    if (isApiError(error, 404)) return undefined;
    throw error;
  });
  return found === undefined ? undefined : service.parse(found).spec;
}

/** This machine's address on the wire of the cluster's nodes: what comes from a pod comes by its node. */
export async function addressBeside(transport: Transport): Promise<string | undefined> {
  const { items } = nodes.parse(await transport.send({ method: "GET", path: collectionPath(NODES) }));
  const internal = items
    .flatMap(({ status }) => status.addresses)
    .filter(({ type }) => type === "InternalIP")
    .map(({ address }) => address);
  const own = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  const beside = own.find(
    ({ address, netmask }) =>
      isIPv4(address) && internal.some((node) => isIPv4(node) && masked(address, netmask) === masked(node, netmask)),
  );
  return beside?.address;
}

function masked(address: string, netmask: string): string {
  const mask = netmask.split(".").map(Number);
  return address
    .split(".")
    .map((byte, index) => Number(byte) & (mask[index] ?? 0))
    .join(".");
}

/** Named and labelled as Kubernetes' own are, so that whatever looks for the Service's endpoints finds it. */
export function gatewayManifests(address: string, port: number): Manifest[] {
  const labels = { "app.kubernetes.io/part-of": "leanvibe", "kubernetes.io/service-name": GATEWAY_SERVICE };
  const metadata = { name: GATEWAY_SERVICE, namespace: SYSTEM_NAMESPACE };
  return [
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { ...metadata, labels: { "app.kubernetes.io/part-of": "leanvibe" } },
      spec: { ports: [{ name: "http", port: 80, targetPort: port, protocol: "TCP" }] },
    },
    {
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: { ...metadata, labels },
      addressType: "IPv4",
      endpoints: [{ addresses: [address], conditions: { ready: true } }],
      ports: [{ name: "http", port, protocol: "TCP" }],
    },
  ];
}
