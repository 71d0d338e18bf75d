import type { z } from "zod";
import type { KindDefinition } from "./kind.ts";
import { CATEGORY, GROUP, VERSION } from "./names.ts";
import { lint, type StructuralSchema, toStructural } from "./structural.ts";

/** The whole schema of a kind's objects, name rules at the root. */
export function schemaOf<Spec extends z.ZodType, Status extends z.ZodType>(
  definition: KindDefinition<Spec, Status>,
): StructuralSchema {
  const { kind, description, nameRules, objectRules = [] } = definition;
  const rootRules = [...nameRules.map(({ rule, message }) => ({ rule, message })), ...objectRules];
  const spec = toStructural(definition.spec, "spec");
  const status = toStructural(definition.status, "status");
  lint(spec, `${kind}.spec`);
  lint(status, `${kind}.status`);
  return {
    description,
    type: "object",
    required: ["spec"],
    properties: {
      apiVersion: { type: "string", description: `${GROUP}/${VERSION}` },
      kind: { type: "string", description: kind },
      metadata: { type: "object" },
      spec,
      status,
    },
    ...(rootRules.length === 0 ? {} : { "x-kubernetes-validations": rootRules }),
  };
}

/**
 * The CustomResourceDefinition of a kind, ready to be applied.
 * @throws Error naming the path and the fix where a field has no description, bound or list type
 */
export function customResourceDefinition<Spec extends z.ZodType, Status extends z.ZodType>(
  definition: KindDefinition<Spec, Status>,
) {
  const { kind, plural, scope, shortNames, columns } = definition;
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.${GROUP}`, labels: { "app.kubernetes.io/part-of": "leanvibe" } },
    spec: {
      group: GROUP,
      names: {
        kind,
        listKind: `${kind}List`,
        plural,
        singular: kind.toLowerCase(),
        shortNames: [...shortNames],
        categories: [CATEGORY],
      },
      scope,
      versions: [
        {
          name: VERSION,
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: columns.map((column) => ({ ...column })),
          schema: { openAPIV3Schema: schemaOf(definition) },
        },
      ],
    },
  } as const;
}

/** One rule of a schema and where it stands. */
export interface PlacedRule {
  /** `spec.owners[].name`; empty for the object itself. */
  path: string;
  rule: string;
  message: string;
}

/** Every CEL rule of a schema, in reading order. */
export function rulesIn(schema: StructuralSchema, path = ""): PlacedRule[] {
  const own = (schema["x-kubernetes-validations"] ?? []).map(({ rule, message }) => ({ path, rule, message }));
  const below = Object.entries(schema.properties ?? {}).flatMap(([name, property]) =>
    rulesIn(property, path === "" ? name : `${path}.${name}`),
  );
  return [
    ...own,
    ...below,
    ...(schema.items === undefined ? [] : rulesIn(schema.items, `${path}[]`)),
    ...(schema.additionalProperties === undefined ? [] : rulesIn(schema.additionalProperties, `${path}.*`)),
  ];
}
