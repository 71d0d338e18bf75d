import { type KubeObject, recordOf } from "@leanvibe/runtime";
import {
  AGENT_TASKS,
  canonicalQuantity,
  formatQuantity,
  isQuantity,
  minQuantity,
  type Nanos,
  PLANS,
  parseQuantity,
  type Tenant,
} from "@leanvibe/schema";

/** What is lent to namespaces, and the names under which a ResourceQuota bounds it: requests and limits alike. */
export const RESOURCES = {
  cpu: ["requests.cpu", "limits.cpu"],
  memory: ["requests.memory", "limits.memory"],
  pods: ["pods"],
  storage: ["requests.storage"],
} as const;

export type Resource = keyof typeof RESOURCES;

/** An amount of each resource, in nano-units. */
export type Amounts = Record<Resource, Nanos>;

/** The same for people and for status, as Kubernetes writes quantities. */
export type AmountTexts = { cpu: string; memory: string; pods: number; storage: string };

/** An amount of each resource, made one by one. */
export function eachResource(amountOf: (resource: Resource) => Nanos): Amounts {
  return { cpu: amountOf("cpu"), memory: amountOf("memory"), pods: amountOf("pods"), storage: amountOf("storage") };
}

/** The Tenant's total: its plan's ceilings, lowered where spec.resourceQuota asks for less. */
export function totalOf({ spec }: Tenant): Amounts {
  const { ceilings } = PLANS[spec.plan];
  return eachResource((resource) => {
    const ceiling = String(ceilings[resource]);
    return parseQuantity(minQuantity(ceiling, String(spec.resourceQuota?.[resource] ?? ceiling)));
  });
}

export function textsOf({ cpu, memory, pods, storage }: Amounts): AmountTexts {
  return {
    cpu: formatQuantity(cpu),
    memory: formatQuantity(memory),
    pods: Number(pods / parseQuantity("1")),
    storage: formatQuantity(storage),
  };
}

/** What status says, as amounts. */
export function amountsOf(texts: AmountTexts): Amounts {
  return eachResource((resource) => parseQuantity(String(texts[resource])));
}

/** As spec.hard of a ResourceQuota. */
export function hardOf(amounts: Amounts): Record<string, string> {
  return Object.fromEntries(
    entriesOf(RESOURCES).flatMap(([resource, names]) => names.map((name) => [name, formatQuantity(amounts[resource])])),
  );
}

/** What a ResourceQuota counts AgentTasks by. */
const COUNTED_TASKS = `count/${AGENT_TASKS.plural}.${AGENT_TASKS.group}`;
/** For each that its plan runs at a time, so many may be there: waiting, at work, or kept to be looked at. */
const TASKS_A_PLACE = 100;
/** From which part of that on they are counted. */
const CROWDED = 0.5;
/** Of no plan fewer are many, however many namespaces share its part. */
export const FEWEST_MANY = TASKS_A_PLACE * CROWDED;

/** As spec.hard of a ResourceQuota. */
export function hardOfTasks(most: number | undefined): Record<string, string> {
  return most === undefined ? {} : { [COUNTED_TASKS]: String(most) };
}

/**
 * How many AgentTasks a namespace may hold: of what the plan gives, each namespace its part, since etcd is no file store.
 * Undefined while there are not nearly so many; what was counted once stays counted.
 *
 * Trap: a kind that the cluster has known for less than half a minute its quota controller does not count yet, and what it
 * cannot count it admits none of, for up to five minutes. A quota that counted from the start would refuse the first task
 * of a new cluster.
 */
export function taskLimitOf(
  { spec }: Tenant,
  { there, namespaces, quota }: { there: number; namespaces: number; quota: KubeObject | undefined },
): number | undefined {
  const most = Math.floor((TASKS_A_PLACE * PLANS[spec.plan].concurrentAgentTasks) / Math.max(1, namespaces));
  return there >= most * CROWDED || countsTasks(quota) ? most : undefined;
}

export function countsTasks(quota: KubeObject | undefined): boolean {
  return COUNTED_TASKS in recordOf(recordOf(quota?.["spec"])["hard"]);
}

/** What a ResourceQuota says, by resource. Of requests and limits the one that leaves less room counts. */
export function readQuota(quota: KubeObject | undefined): { lent: Amounts; enforced: Amounts; used: Amounts } {
  const [spec, status] = [recordOf(quota?.["spec"]), recordOf(quota?.["status"])];
  const most = (list: unknown) => (resource: Resource) =>
    RESOURCES[resource].map(amountIn(list)).reduce((a, b) => (a > b ? a : b), 0n);
  return {
    lent: eachResource(most(spec["hard"])),
    enforced: eachResource(most(status["hard"])),
    used: eachResource(most(status["used"])),
  };
}

function amountIn(list: unknown): (name: string) => Nanos {
  const amounts = recordOf(list);
  return (name) => {
    const text = amounts[name];
    return typeof text === "string" && isQuantity(text) ? parseQuantity(text) : 0n;
  };
}

/**
 * Does Kubernetes bound each resource, by no more than the Tenant's total? Admission goes by status.hard: a quota whose
 * status has not been filled in yet admits everything, so neither the object's existence nor its spec fences anything.
 */
export function isInForce(quota: KubeObject | undefined, total: Amounts): boolean {
  const hard = recordOf(recordOf(quota?.["status"])["hard"]);
  return entriesOf(RESOURCES).every(([resource, names]) =>
    names.every((name) => {
      const live = hard[name];
      return typeof live === "string" && isQuantity(live) && parseQuantity(live) <= total[resource];
    }),
  );
}

/** Are these two spellings of one amount, such as `1000m` and `1`? */
export function sameQuantity(a: string, b: string): boolean {
  return a === b || (isQuantity(a) && isQuantity(b) && canonicalQuantity(a) === canonicalQuantity(b));
}

function entriesOf(resources: typeof RESOURCES): [Resource, readonly string[]][] {
  return [
    ["cpu", resources.cpu],
    ["memory", resources.memory],
    ["pods", resources.pods],
    ["storage", resources.storage],
  ];
}
