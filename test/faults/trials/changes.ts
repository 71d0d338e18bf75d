import { holds, isApiError, KINDS, type KubeObject, objectPath, recordOf } from "@leanvibe/runtime";
import { LABELS } from "@leanvibe/schema";
import { type Api, conditionOf, TENANTS, tenantManifest } from "../../harness/cluster.ts";
import { lotOf } from "../plan.ts";
import { within } from "../workloads.ts";
import { isReady } from "./trial.ts";

type Spec = Record<string, unknown>;

const SPEC: Spec = { deletionPolicy: "Delete" };
/** Each has room for the namespaces. */
const PLANS = ["professional", "enterprise"];
const OWNERS = ["jane@example.com", "joe@example.com", "acme-admins"];

/** Somebody who makes, changes and deletes Tenants without a pause, and knows what the API server has said yes to. */
export class Changes {
  /** Answered with yes, and not answered at all. */
  acknowledged = 0;
  unanswered = 0;
  readonly #api: Api;
  readonly #names: readonly string[];
  readonly #seed: number;
  #turns = 0;
  /** By name what was acknowledged last; undefined for a Tenant that was deleted. */
  readonly #asked = new Map<string, Spec | undefined>();
  /** By name what was asked for and not answered. */
  readonly #doubts = new Map<string, Spec | undefined>();
  /** What was acknowledged, and is not there any more although nobody asked for that. */
  readonly #lost: string[] = [];

  constructor(api: Api, { tenants, seed }: { tenants: number; seed: number }) {
    this.#api = api;
    this.#seed = seed;
    this.#names = Array.from({ length: tenants }, (_, index) => `changed-${index}`);
  }

  /** The next change; an API server that does not answer is asked another time. */
  async next(): Promise<void> {
    const lot = lotOf(`${this.#seed} ${this.#turns}`);
    this.#turns += 1;
    const name = this.#names[lot % this.#names.length] ?? "";
    if (!(await this.#settle(name))) return;
    const before = this.#asked.get(name);
    const removes = before !== undefined && Math.floor(lot / 1000) % 8 === 0;
    const wanted = removes ? undefined : { ...SPEC, ...before, ...changed(name, Math.floor(lot / 10_000)) };
    try {
      await this.#send(name, before, wanted);
      this.#asked.set(name, wanted);
      this.acknowledged += 1;
    } catch (error) {
      // Still on its way out; its name is taken until then.
      if (isApiError(error, 409) && before === undefined) return;
      if (isApiError(error, 400, 403, 409, 422)) throw error;
      this.unanswered += 1;
      this.#doubts.set(name, wanted);
    }
  }

  /** Looks what became of what was not answered. */
  async settle(): Promise<void> {
    await within(30, async () => (await Promise.all(this.#names.map((name) => this.#settle(name)))).every(Boolean));
  }

  async #send(name: string, before: Spec | undefined, wanted: Spec | undefined): Promise<void> {
    if (wanted === undefined) await this.#api.transport.send({ method: "DELETE", path: objectPath(TENANTS, { name }) });
    else if (before === undefined) await this.#api.create(TENANTS, tenantManifest(name, wanted));
    else await this.#api.patch(TENANTS, { name }, { spec: wanted });
  }

  /** Of what was not answered either may have become true, and nothing else. False while nobody can say. */
  async #settle(name: string): Promise<boolean> {
    if (!this.#doubts.has(name)) return true;
    const [before, wanted] = [this.#asked.get(name), this.#doubts.get(name)];
    try {
      // Of a list: a server that has just begun may not know the kind yet, which is no word about the object.
      const live = (await this.#api.list(TENANTS, "")).find(({ metadata }) => metadata.name === name);
      this.#doubts.delete(name);
      if (isAs(live, wanted)) this.#asked.set(name, wanted);
      else if (!isAs(live, before))
        this.#lost.push(`${name} is neither as before nor as asked: ${JSON.stringify(live)}`);
      return true;
    } catch {
      return false;
    }
  }

  /** What is not as it was acknowledged, after so many seconds at most. */
  async wrong(seconds: number): Promise<string[]> {
    let wrong: string[] = [];
    await within(
      seconds,
      async () => {
        wrong = [...this.#lost, ...(await Promise.all(this.#names.map((name) => this.#wrongAbout(name)))).flat()];
        return wrong.length === 0;
      },
      500,
    );
    return wrong;
  }

  async #wrongAbout(name: string): Promise<string[]> {
    const live = await this.#api.find(TENANTS, name);
    const asked = this.#asked.get(name);
    if (asked === undefined) return live === undefined ? [] : [`${name} is still there`];
    if (live === undefined) return [`${name} is not there`];
    const lost = otherFields(live, asked);
    const wanted = namesOf(asked).toSorted().join();
    const spaces = await this.#api.list(KINDS.Namespace, `${LABELS.tenant}=${name}`);
    const there = spaces
      .map(({ metadata }) => metadata.name)
      .toSorted()
      .join();
    return [
      ...lost.map((field) => `${name} lost its ${field}`),
      ...(isReady(live) ? [] : [`${name} is not Ready: ${conditionOf(live, "Ready")?.message ?? "it says nothing"}`]),
      ...(there === wanted ? [] : [`${name} has the namespaces ${there} instead of ${wanted}`]),
    ];
  }
}

/** Does it stand so? What is going is as good as gone. */
function isAs(live: KubeObject | undefined, spec: Spec | undefined): boolean {
  const gone = live === undefined || live.metadata.deletionTimestamp !== undefined;
  return spec === undefined ? gone : !gone && otherFields(live, spec).length === 0;
}

function otherFields(live: KubeObject, asked: Spec): string[] {
  const spec = recordOf(live["spec"]);
  return Object.keys(asked).filter((field) => !isSame(spec[field], asked[field]));
}

/** The API server leaves out what is null, and adds defaults inside. */
function isSame(live: unknown, asked: unknown): boolean {
  return asked === null ? live === undefined : holds(asked, live, () => false);
}

function namesOf({ namespaces }: Spec): string[] {
  return Array.isArray(namespaces) ? namespaces.map((one) => String(recordOf(one)["name"])) : [];
}

/** A few fields, as the lot says. */
function changed(name: string, lot: number): Spec {
  const namespaces = Array.from({ length: 1 + (lot % 2) }, (_, index) => ({ name: `${name}-${index}` }));
  const suspend = Math.floor(lot / 8) % 6 === 0;
  return {
    plan: PLANS[lot % PLANS.length],
    owners: [{ kind: "User", name: OWNERS[Math.floor(lot / 3) % OWNERS.length] }],
    namespaces,
    suspend,
    suspendReason: suspend ? "a storm" : null,
  };
}
