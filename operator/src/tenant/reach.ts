import { isIP } from "node:net";
import { type Informer, type Informers, KINDS, type KubeObject, recordOf } from "@leanvibe/runtime";
import { GATEWAY_SERVICE, SERVICE_ACCOUNTS, SYSTEM_NAMESPACE } from "@leanvibe/schema";
import { z } from "zod";
import { NAMESPACE_NAME_LABEL, type Way } from "./network.ts";

/** What agents are let through to. */
export type Door = "apiServer" | "gateway";

/** The API's pods, whose label is its account's name. */
const API_PODS = {
  namespaceSelector: { matchLabels: { [NAMESPACE_NAME_LABEL]: SYSTEM_NAMESPACE } },
  podSelector: { matchLabels: { "app.kubernetes.io/name": SERVICE_ACCOUNTS.api } },
};

const slice = z.object({
  addressType: z.string(),
  endpoints: z
    .array(
      z.object({
        addresses: z.array(z.string()).default([]),
        targetRef: z.object({ kind: z.string().optional() }).optional(),
      }),
    )
    .nullish()
    .transform((endpoints) => endpoints ?? []),
  ports: z
    .array(z.object({ port: z.int().nullish(), protocol: z.string().default("TCP") }))
    .nullish()
    .transform((ports) => ports ?? []),
});

/** Where the API server and the gateway to the model are, as EndpointSlices say: a network policy names no Service. */
export function reachInformers(informers: Informers): Record<Door, Informer> {
  return {
    apiServer: informers.of(KINDS.EndpointSlice, {
      namespace: "default",
      selectors: { fieldSelector: "metadata.name=kubernetes" },
    }),
    gateway: informers.of(KINDS.EndpointSlice, {
      namespace: SYSTEM_NAMESPACE,
      selectors: { labelSelector: `kubernetes.io/service-name=${GATEWAY_SERVICE}` },
    }),
  };
}

/** Where agents may go, but for DNS. `direct` is the model's own address where there is no gateway before it. */
export function reachIn(found: Record<Door, readonly KubeObject[]>, direct: string | undefined): Way[] {
  const slices = found.gateway.toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  return [
    ...found.apiServer.flatMap(addressesOf),
    ...(direct === undefined ? [...apiPods(slices), ...slices.flatMap(addressesOf)] : modelAt(direct)),
  ];
}

/** What a slice opens. Others' changes of it (a pod of the API that comes or goes) are no news. */
export function addressesOf(object: KubeObject): Way[] {
  const parsed = slice.safeParse(object);
  if (!parsed.success || parsed.data.addressType === "FQDN") return [];
  // Pods are named by their label: else each new one would be a write in every Tenant.
  const addresses = parsed.data.endpoints.flatMap((each) => (each.targetRef?.kind === "Pod" ? [] : each.addresses));
  const ports = portsOf(object);
  // A rule without addresses would open everything, one without ports every port.
  if (addresses.length === 0 || ports.length === 0) return [];
  return [{ to: [...new Set(addresses)].toSorted().map(ipBlock), ports }];
}

function apiPods(slices: readonly KubeObject[]): Way[] {
  const ports = slices.flatMap(portsOf);
  const different = ports.filter((each, at) => ports.findIndex(({ port }) => port === each.port) === at);
  return different.length === 0 ? [] : [{ to: [API_PODS], ports: different }];
}

/** The ports of a slice, which are those behind the Service: a policy judges where a packet ends up. */
export function portsOf(object: KubeObject): { protocol: string; port: number }[] {
  const parsed = slice.safeParse(object);
  return (parsed.data?.ports ?? []).flatMap(({ port, protocol }) =>
    port === null || port === undefined ? [] : [{ protocol, port }],
  );
}

function ipBlock(address: string): object {
  return { ipBlock: { cidr: `${address}/${isIP(address) === 6 ? 128 : 32}` } };
}

/** An address, or a Service of the cluster by its namespace. Of any other name a policy cannot speak. */
function modelAt(url: string): Way[] {
  const { hostname, port, protocol } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, "");
  const number = Number(port === "" ? (protocol === "https:" ? 443 : 80) : port);
  if (isIP(host) !== 0) return [{ to: [ipBlock(host)], ports: [{ protocol: "TCP", port: number }] }];
  const [, namespace] = /^[^.]+\.([^.]+)\.svc(\.|$)/.exec(host) ?? [];
  // Behind a Service the port is another one, which its pods know.
  return namespace === undefined
    ? []
    : [{ to: [{ namespaceSelector: { matchLabels: { [NAMESPACE_NAME_LABEL]: namespace } } }] }];
}

/** Does the slice open something else than before? */
export function opens(object: KubeObject | undefined): unknown {
  return object === undefined ? undefined : recordOf({ addresses: addressesOf(object), ports: portsOf(object) });
}
