import { type Change, type Informer, type KubeObject, type Outcome, Waiting } from "@leanvibe/runtime";
import { LABELS, parseTenant, type Tenant } from "@leanvibe/schema";
import { type Child, type Family, quotasOf } from "./family.ts";

/** Index of Tenants by their parent's name. */
const PARENT = "parent";

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
  /** A parent is read once for each of its children. */
  readonly #parsed = new WeakMap<KubeObject, Tenant | undefined>();

  /** The Tenants around one, as the caches show them. */
  of({ metadata, spec }: Tenant, tenants: Informer, quotas: Informer): Family {
    const parent = tenants.cache.get(spec.parentRef?.name ?? "");
    const children = spec.parentRef === undefined ? tenants.cache.by(PARENT, metadata.name) : [];
    return {
      parent: parent === undefined ? undefined : this.#parse(parent),
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

  /** Works a whole family; one member's failure keeps no other from its turn. */
  reconcile(tenants: Informer, one: (name: string) => Promise<Outcome>): (family: string) => Promise<Outcome> {
    return async (family) => {
      const head = tenants.cache.get(family);
      // A child that others name as their parent is worked in its own parent's family, and only there.
      const first = head !== undefined && parentNameOf(head) !== undefined ? [] : [family];
      const results = await Promise.allSettled(first.map(one));
      const children = tenants.cache.by(PARENT, family);
      results.push(...(await Promise.allSettled(children.map(({ metadata }) => one(metadata.name)))));
      return together(results);
    };
  }

  #parse(object: KubeObject): Tenant | undefined {
    if (!this.#parsed.has(object)) {
      const parsed = parseTenant(object);
      this.#parsed.set(object, parsed.ok ? parsed.value : undefined);
    }
    return this.#parsed.get(object);
  }
}

/** The worst that happened, or else the soonest that anybody wants to be looked at again. */
function together(results: readonly PromiseSettledResult<Outcome>[]): Outcome {
  const failures = results.flatMap((result): unknown[] => (result.status === "rejected" ? [result.reason] : []));
  const worst = failures.find((error) => !(error instanceof Waiting)) ?? failures[0];
  if (worst !== undefined) throw worst;
  const times = results.flatMap((result) =>
    result.status === "fulfilled" ? (result.value.requeueAfterMilliseconds ?? []) : [],
  );
  return times.length === 0 ? {} : { requeueAfterMilliseconds: Math.min(...times) };
}

/** Read without parsing: of an object that cannot be read its family is still known. */
function parentNameOf({ spec }: KubeObject): string | undefined {
  if (typeof spec !== "object" || spec === null || !("parentRef" in spec)) return undefined;
  const { parentRef } = spec;
  if (typeof parentRef !== "object" || parentRef === null || !("name" in parentRef)) return undefined;
  return typeof parentRef.name === "string" ? parentRef.name : undefined;
}
