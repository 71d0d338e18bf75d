import {
  byKey,
  byLabel,
  type Change,
  type Controller,
  controller,
  type Definition,
  type Informer,
  type Informers,
  isApiError,
  KINDS,
  type KubeObject,
  labelOf,
  objectPath,
  reconciler,
  recordOf,
  type Source,
  sameJson,
  unlessOwn,
} from "@leanvibe/runtime";
import {
  ANNOTATIONS,
  CLUSTER_ROLES,
  defaultNamespace,
  FINALIZERS,
  GROUP,
  LABELS,
  parseTenant,
  TENANT,
  TENANTS,
  type Tenant,
} from "@leanvibe/schema";
import { BY_NAMESPACE, taskInformer } from "../agenttask/tasks.ts";
import type { ControllerEnvironment } from "../controllers.ts";
import { resultIn, resultInformer, resultOf } from "../probe/result.ts";
import { announcement } from "./claims.ts";
import { contested } from "./contested.ts";
import { decide, type World } from "./decide.ts";
import { ASK_NAME, Demand, FAILED_CREATE } from "./demand.ts";
import { CHILD_NAMES } from "./desired.ts";
import { Families } from "./families.ts";
import { hindered } from "./hindered.ts";
import { FEWEST_MANY, readQuota } from "./quota.ts";
import { opens, reachIn, reachInformers } from "./reach.ts";
import { refusedStatus } from "./status.ts";
import { SUSPENDABLE } from "./suspend.ts";
import { workloadsOf } from "./workloads.ts";

const CRD_NAME = `${TENANT.plural}.${GROUP}`;

/** Children by stage: namespaces and roles, then the fences inside, then the rights. */
export const TENANT_STAGES = [
  [KINDS.Namespace, KINDS.ClusterRole],
  [KINDS.ResourceQuota, KINDS.LimitRange, KINDS.NetworkPolicy, KINDS.ServiceAccount],
  [KINDS.RoleBinding, KINDS.ClusterRoleBinding],
];

/** What the controller does in the API; operator/manifests/rbac.yaml is made from it. */
export const TENANT_OWNS = {
  kind: TENANTS,
  children: TENANT_STAGES.flat(),
  /** ClusterRoles it gives to others without holding their rights itself. */
  binds: [CLUSTER_ROLES.owner, CLUSTER_ROLES.member, CLUSTER_ROLES.viewer, CLUSTER_ROLES.agent],
  reads: [
    { kind: KINDS.CustomResourceDefinition, names: [CRD_NAME], verbs: ["get"] },
    { kind: KINDS.ConfigMap, names: [ASK_NAME], verbs: ["list", "watch"] },
    // Of the API server itself, where agents find it; the gateway's are in the operator's own namespace.
    { kind: KINDS.EndpointSlice, names: ["kubernetes"], verbs: ["list", "watch"] },
    // Of all names: an Event's is made by whoever tells it. Only failures to create are watched.
    { kind: KINDS.Event, names: [], verbs: ["list", "watch"] },
    // While a Tenant is suspended or resumed: its workloads are stopped and brought back, its pods ended.
    ...SUSPENDABLE.map((kind) => ({ kind, names: [], verbs: ["list", kind === KINDS.Pod ? "delete" : "patch"] })),
  ],
} as const;

/** Index of Tenants by the names of the namespaces that they want. */
const WANTED = "wanted-namespace";

/** Puts the Tenant controller together; it works once started. */
export function tenantController(environment: ControllerEnvironment): Controller {
  const { informers, applier, record, log, metrics, now, workers, agents } = environment;
  const families = new Families();
  const tenants = informers.of(TENANTS, { indexes: { [WANTED]: wantedNamespaces, ...families.indexes } });
  const index = { [LABELS.tenant]: tenantLabel };
  // Every namespace, because a wanted name may be anybody's; of all other kinds only what carries our label.
  const informerOf = (kind: (typeof TENANT_OWNS.children)[number]): Informer =>
    informers.of(
      kind,
      kind === KINDS.Namespace ? { indexes: index } : { indexes: index, selectors: { labelSelector: LABELS.tenant } },
    );
  const namespaces = informerOf(KINDS.Namespace);
  const stages = TENANT_STAGES.map((stage) => stage.map(informerOf));
  const quotas = informerOf(KINDS.ResourceQuota);
  const demand = observeDemand(environment, quotas);
  const proof = resultInformer(informers);
  const doors = reachInformers(informers);
  const tasks = taskInformer(informers);
  const tasksIn = (namespace: string) => tasks.cache.by(BY_NAMESPACE, namespace).length;

  const definition: Definition<Tenant, World> = {
    informer: tenants,
    finalizer: FINALIZERS.tenant,
    marks: (tenant) => ({ [ANNOTATIONS.namespaces]: announcement(tenant, (name) => namespaces.cache.get(name)) }),
    owner: { nameLabel: LABELS.tenant, uidLabel: LABELS.tenantUid },
    stages,
    parse: parseTenant,
    related: async (tenant) => {
      const family = families.of(tenant, tenants, quotas);
      return {
        namespace: (name) => namespaces.cache.get(name),
        crdTerminating: await isCrdTerminating(tenant, environment),
        wanted: (namespace) => demand.of(namespace, now().getTime()),
        family,
        workloads: await workloadsOf(tenant, family, { namespaces, applier }),
        network: resultIn(proof)?.verdict,
        reach: reachIn(
          { apiServer: [...doors.apiServer.cache.all()], gateway: [...doors.gateway.cache.all()] },
          agents.direct,
        ),
        tasks: tasksIn,
      };
    },
    decide,
    refused: refusedStatus,
    contested,
    hindered,
  };
  const isAlone = (name: string) => families.isAlone(tenants, name);
  const sources: Source[] = [
    { informer: tenants, keysOf: unlessOwn(byKey, isAlone) },
    ...stages.flat().map((informer) => ({ informer, keysOf: unlessOwn(byLabel(LABELS.tenant), isAlone) })),
    { informer: namespaces, keysOf: claimants(tenants) },
    { informer: proof, keysOf: whenNews(tenants, (found) => resultOf(found)?.verdict) },
    ...Object.values(doors).map((informer): Source => ({ informer, keysOf: whenNews(tenants, opens) })),
    { informer: tasks, isHint: true, keysOf: whenMany(tasksIn, tenantOf(namespaces)) },
    // A controller that was refused tries again after milliseconds, then less and less often: the room must be there soon.
    ...needSources(informers).map(
      (informer): Source => ({
        informer,
        keysOf: tenantOf(namespaces),
        isHint: true,
        priorityOf: (_change, origin) => (origin === "watch" ? "urgent" : "background"),
      }),
    ),
  ];
  return controller({
    name: "tenant",
    // Keys are families: what a parent grants and what its child lends out are never worked on at once.
    sources: sources.map((source) => ({ ...source, keysOf: families.keysOf(tenants, source.keysOf) })),
    reconcile: families.reconcile(tenants, reconciler(definition, { applier, record, now }), log),
    log,
    metrics: metrics.controller("tenant"),
    workers,
  });
}

/** Where namespaces say that they need more: controllers' failures, and requests in advance. */
function needSources(informers: Informers): Informer[] {
  return [
    informers.of(KINDS.Event, { selectors: { fieldSelector: `reason=${FAILED_CREATE}` } }),
    informers.of(KINDS.ConfigMap, { selectors: { fieldSelector: `metadata.name=${ASK_NAME}` } }),
  ];
}

/** Subscribed before the controller is, so that a need is remembered when its Tenant's turn comes. */
function observeDemand({ informers, now }: ControllerEnvironment, quotas: Informer): Demand {
  const demand = new Demand(now().getTime());
  const [failures, asks] = needSources(informers);
  const at = () => now().getTime();
  quotas.subscribe((change) => {
    if ((change.after ?? change.before)?.metadata.name === CHILD_NAMES.quota) demand.quotaChanged(change, at());
  });
  failures?.subscribe((change) => demand.createFailed(change, CHILD_NAMES.quota, at()));
  asks?.subscribe((change) => {
    const namespace = (change.after ?? change.before)?.metadata.namespace ?? "";
    demand.asked(change, readQuota(quotas.cache.get(`${namespace}/${CHILD_NAMES.quota}`)).used, at());
  });
  return demand;
}

function tenantOf(namespaces: Informer): (change: Change) => string[] {
  return ({ before, after }) => {
    const namespace = namespaces.cache.get((after ?? before)?.metadata.namespace ?? "");
    return namespace === undefined ? [] : tenantLabel(namespace);
  };
}

/** A namespace that fills with tasks concerns its Tenant every so many of them: it may be time to count. */
function whenMany(tasksIn: (namespace: string) => number, keysOf: (change: Change) => string[]) {
  return (change: Change): string[] => {
    if (change.before !== undefined) return [];
    const there = tasksIn(change.after?.metadata.namespace ?? "");
    return there > 0 && there % FEWEST_MANY === 0 ? keysOf(change) : [];
  };
}

function tenantLabel(object: KubeObject): string[] {
  const name = labelOf(object, LABELS.tenant);
  return name === undefined ? [] : [name];
}

/** Read without parsing: it is asked at every change, and what a Tenant that cannot be read wants does no harm. */
function wantedNamespaces({ metadata, spec }: KubeObject): string[] {
  const { namespaces } = recordOf(spec);
  if (!Array.isArray(namespaces)) return [defaultNamespace(metadata.name)];
  return namespaces.flatMap((namespace: unknown) => {
    const { name } = recordOf(namespace);
    return typeof name === "string" ? [name] : [];
  });
}

/**
 * Asked of the API server itself, and only before namespaces are deleted, which nothing undoes: the deletion of the
 * Tenants may reach our watch before that of their definition does.
 */
async function isCrdTerminating(tenant: Tenant, { applier }: ControllerEnvironment): Promise<boolean> {
  if (tenant.metadata.deletionTimestamp === undefined || tenant.spec.deletionPolicy === "Retain") return false;
  try {
    const path = objectPath(KINDS.CustomResourceDefinition, { name: CRD_NAME });
    const definition = (await applier.transport.send({ method: "GET", path })) as KubeObject;
    return definition.metadata.deletionTimestamp !== undefined;
  } catch (error) {
    if (isApiError(error, 404)) return true;
    throw error;
  }
}

/** A foreign namespace that appears or goes concerns the Tenants that wait for its name. */
function claimants(tenants: Informer): (change: Change) => string[] {
  return ({ before, after }) => {
    // Inside a namespace's life its name becomes free, for who may adopt it, only when its label goes.
    if (before !== undefined && after !== undefined && tenantLabel(before).join() === tenantLabel(after).join())
      return [];
    const name = (after ?? before)?.metadata.name ?? "";
    return tenants.cache.by(WANTED, name).map(({ metadata }) => metadata.name);
  };
}

/** What was found about the cluster's network concerns every Tenant, where it is something else than before. */
function whenNews(tenants: Informer, found: (object: KubeObject | undefined) => unknown): (change: Change) => string[] {
  return ({ before, after }) => {
    if (sameJson(found(before), found(after))) return [];
    return [...tenants.cache.all()].map(({ metadata }) => metadata.name);
  };
}
