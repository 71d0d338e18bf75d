import { holds, isApiError, KINDS, recordOf } from "@leanvibe/runtime";
import { LABELS } from "@leanvibe/schema";
import { type Api, TENANTS, tenantManifest } from "../../harness/cluster.ts";
import { lotOf } from "../plan.ts";
import { within } from "../workloads.ts";
import { isReady } from "./trial.ts";

type Spec = Record<string, unknown>;

const SPEC: Spec = { deletionPolicy: "Delete" };
const PLANS = ["starter", "professional", "enterprise"];
const OWNERS = ["jane@example.com", "joe@example.com", "acme-admins"];

/** Somebody who makes, changes and deletes Tenants without a pause, and knows what the API server has said yes to. */
export class Changes {
  count = 0;
  readonly #api: Api;
  readonly #names: readonly string[];
  readonly #seed: number;
  /** By name what was acknowledged last; undefined for a Tenant that was deleted. */
  readonly #asked = new Map<string, Spec | undefined>();

  constructor(api: Api, { tenants, seed }: { tenants: number; seed: number }) {
    this.#api = api;
    this.#seed = seed;
    this.#names = Array.from({ length: tenants }, (_, index) => `storm-${index}`);
  }

  /** The next change. @throws what the API server says, but for a name that is still on its way out. */
  async next(): Promise<void> {
    const lot = lotOf(`${this.#seed} ${this.count}`);
    this.count += 1;
    const name = this.#names[lot % this.#names.length] ?? "";
    const live = this.#asked.get(name);
    if (live === undefined) {
      await this.#create(name);
    } else if (Math.floor(lot / 1000) % 8 === 0) {
      await this.#api.remove(TENANTS, { name });
      this.#asked.set(name, undefined);
    } else {
      const spec = { ...live, ...changed(name, Math.floor(lot / 10_000)) };
      await this.#api.patch(TENANTS, { name }, { spec });
      this.#asked.set(name, spec);
    }
  }

  /** What is not as it was acknowledged, after so many seconds at most. */
  async wrong(seconds: number): Promise<string[]> {
    let wrong: string[] = [];
    await within(
      seconds,
      async () => {
        wrong = (await Promise.all(this.#names.map((name) => this.#wrongAbout(name)))).flat();
        return wrong.length === 0;
      },
      500,
    );
    return wrong;
  }

  async #create(name: string): Promise<void> {
    const spec = { ...SPEC, ...changed(name, this.count) };
    try {
      await this.#api.create(TENANTS, tenantManifest(name, spec));
      this.#asked.set(name, spec);
    } catch (error) {
      if (!isApiError(error, 409)) throw error;
    }
  }

  async #wrongAbout(name: string): Promise<string[]> {
    const live = await this.#api.find(TENANTS, name);
    const asked = this.#asked.get(name);
    if (asked === undefined) return live === undefined ? [] : [`${name} is still there`];
    if (live === undefined) return [`${name} is not there`];
    const spec = recordOf(live["spec"]);
    const lost = Object.entries(asked).filter(([field, value]) => !isSame(spec[field], value));
    const wanted = namesOf(asked).toSorted().join();
    const spaces = await this.#api.list(KINDS.Namespace, `${LABELS.tenant}=${name}`);
    const there = spaces
      .map(({ metadata }) => metadata.name)
      .toSorted()
      .join();
    return [
      ...lost.map(([field]) => `${name} lost its ${field}`),
      ...(isReady(live) ? [] : [`${name} is not Ready`]),
      ...(there === wanted ? [] : [`${name} has the namespaces ${there} instead of ${wanted}`]),
    ];
  }
}

/** The API server leaves out what is null, and adds defaults inside. */
function isSame(live: unknown, asked: unknown): boolean {
  return asked === null ? live === undefined : holds(asked, live, () => false);
}

function namesOf({ namespaces }: Spec): string[] {
  return Array.isArray(namespaces) ? namespaces.map((one) => String(recordOf(one)["name"])) : [];
}

/** A few fields, as the lot says. Every plan has room for the namespaces. */
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
