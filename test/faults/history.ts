import { type Change, createMetrics, Informers, type KubeObject, keyOf, recordOf } from "@leanvibe/runtime";
import { LABELS, PLANS, parseQuantity } from "@leanvibe/schema";
import { pino } from "pino";
import { CHILD_KINDS, connectAs, TENANTS } from "../harness/cluster.ts";
import { heldOf } from "../harness/quotas.ts";

/** One write, whoever made it; undefined for an object that went. */
export type Entry = { version: bigint; kind: string; key: string; object: KubeObject | undefined };

/** Every state that the API server held, in the order of its writes, as an administrator's watches bring them. */
export class History {
  readonly #entries: Entry[] = [];
  #latest = 0n;
  #stop: () => Promise<void> = async () => undefined;

  static async begin(): Promise<History> {
    const history = new History();
    const transport = await connectAs();
    const informers = new Informers({ transport, log: pino({ level: "error" }), metrics: createMetrics().watch });
    for (const kind of [TENANTS, ...CHILD_KINDS]) informers.of(kind).subscribe((change) => history.#note(change));
    await informers.start();
    history.#stop = async () => {
      await informers.stop();
      await transport.close();
    };
    return history;
  }

  /** What was written to the objects of one workload; it is forgotten here then. */
  take(prefix: string): Entry[] {
    const mine = this.#entries.filter(({ key }) => key.includes(prefix));
    this.#entries.splice(0, Infinity, ...this.#entries.filter(({ key }) => !key.includes(prefix)));
    return mine.toSorted((a, b) => (a.version < b.version ? -1 : Number(a.version > b.version)));
  }

  stop(): Promise<void> {
    return this.#stop();
  }

  #note({ before, after }: Change): void {
    const object = after ?? before;
    if (object === undefined) return;
    // A cache does not tell at which version something went: not before anything that was heard earlier.
    const version = after === undefined ? this.#latest : BigInt(after.metadata.resourceVersion ?? "0");
    if (version > this.#latest) this.#latest = version;
    this.#entries.push({ version, kind: object.kind, key: keyOf(object.metadata), object: after });
  }
}

/** What must hold after every single write, whoever made it; gives each write after which it did not. */
export function broken(entries: readonly Entry[]): string[] {
  const world = new Map<string, KubeObject>();
  const sums = new Map<string, bigint>();
  return entries.flatMap(({ kind, key, object, version }) => {
    const name = `${kind} ${key}`;
    const isNew = !world.has(name);
    if (object === undefined) world.delete(name);
    else world.set(name, object);
    const faults = isNew && kind === "RoleBinding" && object !== undefined ? unfenced(world, object) : [];
    if (kind === "ResourceQuota" || kind === "Tenant") faults.push(...overdrawn(world, sums));
    return faults.map((fault) => `after write ${version} of ${name}: ${fault}`);
  });
}

/** Rights come when the fences stand, and the quota has been seen to bound every resource. */
function unfenced(world: ReadonlyMap<string, KubeObject>, { metadata }: KubeObject): string[] {
  const inside = [...world.values()].filter((one) => one.metadata.namespace === metadata.namespace);
  const quota = inside.find(({ kind }) => kind === "ResourceQuota");
  const asked = Object.keys(recordOf(recordOf(quota?.["spec"])["hard"]));
  const enforced = recordOf(recordOf(quota?.["status"])["hard"]);
  const missing = ["LimitRange", "NetworkPolicy"].filter((fence) => !inside.some(({ kind }) => kind === fence));
  if (asked.length === 0 || asked.some((name) => enforced[name] === undefined)) missing.push("quota in force");
  return missing.length === 0 ? [] : [`rights without ${missing.join(", ")}`];
}

const BOUNDS = {
  "limits.cpu": "cpu",
  "limits.memory": "memory",
  pods: "pods",
  "requests.storage": "storage",
} as const;

/** What a family's namespaces hold together is at most its head's plan; after a change to less it only falls. */
function overdrawn(world: ReadonlyMap<string, KubeObject>, sums: Map<string, bigint>): string[] {
  const objects = [...world.values()];
  const tenants = new Map(objects.filter(({ kind }) => kind === "Tenant").map((one) => [one.metadata.name, one]));
  const headOf = (name: string) => parentOf(tenants.get(name)) ?? name;
  return [...tenants.values()].flatMap((tenant) => {
    const { name } = tenant.metadata;
    const plan = recordOf(tenant["spec"])["plan"];
    if (headOf(name) !== name || !isPlan(plan)) return [];
    const quotas = objects.filter(
      ({ kind, metadata }) => kind === "ResourceQuota" && headOf(metadata.labels?.[LABELS.tenant] ?? "") === name,
    );
    return Object.entries(BOUNDS).flatMap(([resource, ceiling]) => {
      const sum = quotas.reduce((held, quota) => held + heldOf(quota, resource), 0n);
      const before = sums.get(`${name} ${resource}`) ?? 0n;
      sums.set(`${name} ${resource}`, sum);
      const bound = parseQuantity(String(PLANS[plan].ceilings[ceiling]));
      return sum > bound && sum > before ? [`${resource} ${sum} of ${bound} lent`] : [];
    });
  });
}

function parentOf(tenant: KubeObject | undefined): string | undefined {
  const name = recordOf(recordOf(tenant?.["spec"])["parentRef"])["name"];
  return typeof name === "string" ? name : undefined;
}

function isPlan(plan: unknown): plan is keyof typeof PLANS {
  return typeof plan === "string" && plan in PLANS;
}
