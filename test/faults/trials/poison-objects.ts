import fc from "fast-check";

/** A Tenant's spec that nothing has checked. */
export type Poison = { name: string; spec: unknown; spoilt: readonly string[] };

const HUGE = 50_000;
const DEEP = 60;

/** Names that are something else in JavaScript than in JSON. */
const TRICKY = ["__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "length", "then", "", "0"];

const text = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 40 }),
  fc.constantFrom(
    "\u0000",
    "\ud800",
    "\u202e",
    "../..",
    "system:masters",
    "kube-system",
    "default",
    "1e999",
    "-1",
    "NaN",
  ),
  fc.constantFrom("x".repeat(HUGE), "é".repeat(300), " ", "A-B", "true", "null", "{}", "$(id)", "{{.}}"),
);
const leaf = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(Number.MAX_SAFE_INTEGER, -0, 1e308, 5e-324),
  text,
);
const key = fc.oneof(fc.constantFrom(...TRICKY), fc.string({ maxLength: 10 }), fc.constantFrom("name", "kind", "cpu"));
const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 3, withCrossShrink: false },
    leaf,
    fc.array(tie("tree"), { maxLength: 4 }),
    fc.dictionary(key, tie("tree"), { maxKeys: 4 }),
  ),
}));
const nested = fc
  .tuple(fc.integer({ min: 2, max: DEEP }), leaf, fc.boolean())
  .map(([depth, inside, listed]) =>
    Array.from({ length: depth }).reduce<unknown>((value) => (listed ? [value] : { name: value }), inside),
  );
const wrong = fc.oneof(
  { weight: 5, arbitrary: leaf },
  { weight: 3, arbitrary: tree },
  { weight: 1, arbitrary: nested },
);
const listed = (...names: string[]) =>
  fc.array(fc.record(Object.fromEntries(names.map((name) => [name, wrong] as const)), { requiredKeys: [] }), {
    maxLength: 3,
  });
const record = (...names: string[]) =>
  fc.record(Object.fromEntries(names.map((name) => [name, wrong] as const)), { requiredKeys: [] });

/** By field what is almost right about it, which is worse than what is not right at all. */
const FIELDS: Record<string, fc.Arbitrary<unknown>> = {
  organizationName: wrong,
  plan: wrong,
  adminEmail: wrong,
  parentRef: fc.oneof(wrong, record("name")),
  owners: fc.oneof(wrong, listed("kind", "name")),
  members: fc.oneof(wrong, listed("subject", "role")),
  namespaces: fc.oneof(wrong, listed("name", "labels", "podSecurity")),
  resourceQuota: fc.oneof(wrong, record("cpu", "memory", "pods", "storage")),
  limitRange: fc.oneof(wrong, record("default", "defaultRequest", "max")),
  networkPolicy: fc.oneof(wrong, record("mode", "allowedNamespaces", "egressCIDRs")),
  registries: fc.oneof(wrong, record("allowed", "action")),
  runtimeClassName: wrong,
  suspend: wrong,
  suspendReason: wrong,
  deletionPolicy: wrong,
  // Not a plain true: that is an order to take over what is there, and no poison.
  adopt: wrong.filter((value) => value !== true),
};

const SOUND = { organizationName: "Test", adminEmail: "test@example.com" };

const spec = fc.subarray(Object.keys(FIELDS), { minLength: 1, maxLength: 3 }).chain((spoilt) =>
  fc.tuple(...spoilt.map((field) => FIELDS[field] ?? wrong)).map((values) => ({
    spoilt,
    spec: { ...SOUND, ...Object.fromEntries(spoilt.map((field, index) => [field, values[index]])) } as unknown,
  })),
);
const poison = fc.oneof(
  { weight: 12, arbitrary: spec },
  { weight: 1, arbitrary: wrong.map((value) => ({ spoilt: ["spec"], spec: value })) },
);

/** So many, the same for the same seed. */
export function poisonObjects(count: number, seed: number): Poison[] {
  return fc.sample(poison, { numRuns: count, seed }).map((one, index) => ({ ...one, name: `poison-${index}` }));
}
