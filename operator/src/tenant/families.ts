import {
  askedMilliseconds,
  type Change,
  failureLevel,
  type Informer,
  type KubeObject,
  type Log,
  messageOf,
  type Outcome,
  Stalled,
  Waiting,
} from "@leanvibe/runtime";
import { LABELS, parseTenant, type Tenant } from "@leanvibe/schema";
import { type Child, type Family, quotasOf } from "./family.ts";

/** Index of Tenants by their parent's name. */
const PARENT = "parent";
/** A member that fails, or was asked for patience, comes back within this time. */
const MOST_MILLISECONDS = 60_000;

/**
 * Tenants are worked on family by family, under the parent's name: first the parent, which grants, then its children,
 * which live on what it granted. So no grant is lowered while its child is lending it out.
 */
export class Families {
  readonly indexes = {
    [PARENT]: (object: KubeObject) => {
      const parent = parentNameOf(object);
      return parent === undefined ? [] : [parent];
    },
  };
  /** Failures in a row, and performance.now() before which the API server asked not to be asked again. */
  readonly #failures = new Map<string, { count: number; notBefore: number }>();
  /** A parent is read once for each of its children. */
  readonly #parsed = new WeakMap<KubeObject, Tenant | undefined>();

  /** The Tenants around one, as the caches show them. */
  of({ metadata, spec }: Tenant, tenants: Informer, quotas: Informer): Family {
    const above = tenants.cache.get(spec.parentRef?.name ?? "");
    const parent = above === undefined ? undefined : this.#parse(above);
    // Taken for absent, its children would lose their quota or be resumed. They stay as they are instead.
    if (above !== undefined && parent === undefined && metadata.deletionTimestamp === undefined)
      throw new Stalled(
        `Tenant ${above.metadata.name}, the parent, cannot be read; see its condition Ready and mend it`,
      );
    const children = spec.parentRef === undefined ? tenants.cache.by(PARENT, metadata.name) : [];
    return {
      parent,
      children: children
        .map((object): Child => {
          const { name, uid } = object.metadata;
          const labelled = quotas.cache.by(LABELS.tenant, name);
          return { name, tenant: this.#parse(object), quotas: quotasOf(labelled, uid) };
        })
        .toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    };
  }

  /** From Tenants' names to their families' keys. */
  keysOf(tenants: Informer, namesOf: (change: Change) => string[]): (change: Change) => string[] {
    return (change) => {
      // Of a Tenant that is gone only the change still knows the parent.
      const told = change.before?.kind === "Tenant" ? parentNameOf(change.before) : undefined;
      const keys = namesOf(change).map((name) => {
        const object = tenants.cache.get(name);
        return (object === undefined ? undefined : parentNameOf(object)) ?? name;
      });
      return [...new Set(told === undefined ? keys : [...keys, told])];
    };
  }

  /** Has it neither a parent nor children? Then what its reconcile wrote is nobody else's news. */
  isAlone(tenants: Informer, name: string): boolean {
    const object = tenants.cache.get(name);
    return object !== undefined && parentNameOf(object) === undefined && tenants.cache.by(PARENT, name).length === 0;
  }

  /** Works a whole family; one member's failure takes no other's turn or appointment. */
  reconcile(
    tenants: Informer,
    work: (name: string) => Promise<Outcome>,
    log: Log,
  ): (family: string) => Promise<Outcome> {
    return async (family) => {
      const one = (name: string) => this.#guarded(name, work, log);
      const head = tenants.cache.get(family);
      // A child that others name as their parent is worked in its own parent's family, and only there.
      const first = head !== undefined && parentNameOf(head) !== undefined ? [] : [family];
      const children = tenants.cache.by(PARENT, family).map(({ metadata }) => metadata.name);
      // Alone it fails as any controller's key does.
      if (children.length === 0) return first.length === 0 ? {} : work(family);
      const outcomes = await Promise.all(first.map(one));
      outcomes.push(...(await Promise.all(children.map(one))));
      const times = outcomes.flatMap(({ requeueAfterMilliseconds }) => requeueAfterMilliseconds ?? []);
      return times.length === 0 ? {} : { requeueAfterMilliseconds: Math.min(...times) };
    };
  }

  /** With a backoff of its own, since the queue's is the family's; and no other's turn makes Retry-After any shorter. */
  async #guarded(name: string, work: (name: string) => Promise<Outcome>, log: Log): Promise<Outcome> {
    const { count, notBefore } = this.#failures.get(name) ?? { count: 0, notBefore: 0 };
    const left = notBefore - performance.now();
    if (left > 0) return { requeueAfterMilliseconds: left };
    try {
      const outcome = await work(name);
      this.#failures.delete(name);
      return outcome;
    } catch (error) {
      if (error instanceof Waiting) return { requeueAfterMilliseconds: error.afterSeconds * 1000 };
      log[failureLevel(error)]({ tenant: name, error: messageOf(error) }, "one of a family failed");
      if (error instanceof Stalled) return {};
      const asked = Math.min(MOST_MILLISECONDS, askedMilliseconds(error));
      this.#failures.set(name, { count: count + 1, notBefore: performance.now() + asked });
      return { requeueAfterMilliseconds: Math.max(asked, Math.min(MOST_MILLISECONDS, 50 * 2 ** count)) };
    }
  }

  #parse(object: KubeObject): Tenant | undefined {
    if (!this.#parsed.has(object)) {
      const parsed = parseTenant(object);
      this.#parsed.set(object, parsed.ok ? parsed.value : undefined);
    }
    return this.#parsed.get(object);
  }
}

/** Read without parsing: of an object that cannot be read its family is still known. */
function parentNameOf({ spec }: KubeObject): string | undefined {
  if (typeof spec !== "object" || spec === null || !("parentRef" in spec)) return undefined;
  const { parentRef } = spec;
  if (typeof parentRef !== "object" || parentRef === null || !("name" in parentRef)) return undefined;
  return typeof parentRef.name === "string" ? parentRef.name : undefined;
}
