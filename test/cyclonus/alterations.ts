import type { Manifest } from "@leanvibe/runtime";

/** All policies with one part of one of them changed. */
export type Alteration = { what: string; policies: Manifest[] };

type Path = readonly (string | number)[];

/**
 * Every policy left out in turn, then every part of every policy: each field and list item left out, each port another
 * one, each selector of all pods one of some. What means nothing different is not among them.
 */
export function alterations(policies: readonly Manifest[]): Alteration[] {
  return policies.flatMap((policy, at) => {
    const { name, namespace } = policy.metadata;
    const others = policies.filter((_, index) => index !== at);
    const whole = { what: `${namespace}/${name} left out`, policies: others };
    const parts = changes(policy["spec"]).map(({ what, spec }) => ({
      what: `${namespace}/${name}: ${what}`,
      policies: [...others, { ...policy, spec }],
    }));
    return [whole, ...parts];
  });
}

function changes(spec: unknown): { what: string; spec: unknown }[] {
  return [...partsOf(spec)].flatMap(({ path, value, parent }) => {
    const what = path.join(".");
    if (what === "podSelector")
      return [{ what: "only some pods", spec: altered(spec, path, { matchLabels: { app: "web" } }) }];
    if (meansNothing(path, value, parent, spec)) return [];
    const without = { what: `${what} left out`, spec: altered(spec, path, undefined) };
    if (typeof value !== "number") return [without];
    return [without, { what: `${what} another`, spec: altered(spec, path, value + 27) }];
  });
}

/** Left out, it would say the same or be no policy: TCP is the default, and a list of no rules is no rule. */
function meansNothing(path: Path, value: unknown, parent: unknown, spec: unknown): boolean {
  const key = path.at(-1);
  // A peer that names nothing: an API server refuses it.
  if (key === "ipBlock" || (key === "namespaceSelector" && Object.keys(Object(parent)).length === 1)) return true;
  if (key === "protocol") return value === "TCP";
  // An API server fills it in; cyclonus wants it filled in.
  if (key === "policyTypes" || (Array.isArray(value) && value.length === 0)) return true;
  // The other policy of the namespace closes that direction as well, and this one opens nothing in it.
  return Array.isArray(parent) && typeof value === "string" && isEmpty(spec, value.toLowerCase());
}

function isEmpty(spec: unknown, key: string): boolean {
  const rules = Object.entries(Object(spec)).find(([name]) => name === key)?.[1];
  return Array.isArray(rules) && rules.length === 0;
}

function* partsOf(value: unknown, path: Path = []): Generator<{ path: Path; value: unknown; parent: unknown }> {
  if (typeof value !== "object" || value === null) return;
  for (const [name, inner] of Object.entries(value)) {
    const next = [...path, Array.isArray(value) ? Number(name) : name];
    yield { path: next, value: inner, parent: value };
    yield* partsOf(inner, next);
  }
}

/** A copy with something else at that place, or nothing. */
function altered(value: unknown, [key, ...rest]: Path, replacement: unknown): unknown {
  if (key === undefined) return replacement;
  if (Array.isArray(value)) {
    return value.flatMap((item, at) => {
      if (at !== key) return [item];
      const inner = altered(item, rest, replacement);
      return inner === undefined ? [] : [inner];
    });
  }
  const entries = Object.entries(Object(value)).flatMap(([name, item]) => {
    if (name !== key) return [[name, item]];
    const inner = altered(item, rest, replacement);
    return inner === undefined ? [] : [[name, inner]];
  });
  return Object.fromEntries(entries);
}
