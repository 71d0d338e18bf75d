import { recordOf } from "@leanvibe/runtime";
import { beforeAll, describe, expect, it } from "vitest";
import { uniqueName } from "../harness/cluster.ts";
import { type Attack, INGRESSES, isHeldBy, object, ownedTenant, SERVICES } from "../harness/owner.ts";

const tenant = ownedTenant();
const { ask, inside, theirs } = tenant;

const services = `/api/v1/namespaces/${inside}/services`;
const slices = `/apis/discovery.k8s.io/v1/namespaces/${inside}/endpointslices`;
const ingresses = `/apis/networking.k8s.io/v1/namespaces/${inside}/ingresses`;
const externalIPs = ["203.0.113.7"];
const harmless = uniqueName("web");

const service = (spec: Record<string, unknown>, name = uniqueName("service")) =>
  object(SERVICES, { name, namespace: inside }, { spec: { ports: [{ port: 443 }], ...spec } });

beforeAll(async () => {
  await tenant.jane.create(SERVICES, service({}, harmless));
});

const ATTACKS: readonly Attack[] = [
  [
    "draws others' traffic with externalIPs",
    "leanvibe-tenant-services",
    () => ask("POST", services, service({ externalIPs })),
  ],
  [
    "adds externalIPs to a Service that it has",
    "leanvibe-tenant-services",
    () => ask("PATCH", `${services}/${harmless}`, { spec: { externalIPs } }),
  ],
  [
    "draws others' traffic with the address of a load balancer that it claims to have",
    "RBAC",
    () =>
      ask("PATCH", `${services}/${harmless}/status`, { status: { loadBalancer: { ingress: [{ ip: "10.96.0.1" }] } } }),
  ],
  [
    "takes the API server's own address",
    "Kubernetes",
    async () => {
      const { spec } = await tenant.admin.get(SERVICES, "kubernetes", "default");
      await ask("POST", services, service({ clusterIP: recordOf(spec)["clusterIP"] }));
    },
  ],
  ["takes an address past the Services", "RBAC", () => ask("POST", "/apis/networking.k8s.io/v1/ipaddresses", {})],
  ["adds a range of addresses", "RBAC", () => ask("POST", "/apis/networking.k8s.io/v1/servicecidrs", {})],
  ["leads a Service to pods of others by EndpointSlices", "RBAC", () => ask("POST", slices, {})],
  ["rewrites an EndpointSlice", "RBAC", () => ask("PATCH", `${slices}/any`, {})],
  ["leads a Service elsewhere by Endpoints", "RBAC", () => ask("POST", `/api/v1/namespaces/${inside}/endpoints`, {})],
  ["reaches a Service through the API server", "RBAC", () => ask("GET", `${services}/${harmless}/proxy/`)],
  ["claims an Ingress's address", "RBAC", () => ask("PATCH", `${ingresses}/any/status`, {})],
  [
    "makes a Service in another Tenant's namespace",
    "RBAC",
    () => ask("POST", `/api/v1/namespaces/tenant-${theirs}/services`, {}),
  ],
  [
    "catches the queries for the cluster's DNS with a Service beside it",
    "RBAC",
    () => ask("POST", "/api/v1/namespaces/kube-system/services", {}),
  ],
];

const ingress = (spec: Record<string, unknown>) =>
  object(INGRESSES, { name: uniqueName("ingress"), namespace: inside }, { spec });
const backend = { service: { name: harmless, port: { number: 443 } } };

/** What docs/security.md calls known limits. Whoever closes one finds its line here and there. */
const NOT_HELD: readonly [string, string, Record<string, unknown>][] = [
  ["take a port of every node", services, service({ type: "NodePort" })],
  ["order a load balancer", services, service({ type: "LoadBalancer" })],
  [
    "give another Tenant's Service a name of its own",
    services,
    service({ type: "ExternalName", externalName: `web.tenant-${theirs}.svc.cluster.local` }),
  ],
  [
    "ask for another's host name",
    ingresses,
    ingress({ rules: [{ host: "theirs.example.com", http: { paths: [{ path: "/", pathType: "Prefix", backend }] } }] }),
  ],
  ["ask for what no other Ingress takes", ingresses, ingress({ defaultBackend: backend })],
];

describe("a Tenant's owner", () => {
  it.each(ATTACKS)("is refused when it %s", async (_what, heldBy, attempt) => {
    await expect(attempt()).rejects.toSatisfy(isHeldBy(heldBy));
  });

  it.each(NOT_HELD)("may %s, as docs/security.md says", async (_what, path, body) => {
    await ask("POST", `${path}?dryRun=All`, body);
  });
});
