import { z } from "zod";

/** One promise about a value, written for both judges at once: the API server (CEL) and zod. */
export interface Rule<T> {
  /** CEL over `self`; true accepts. */
  rule: string;
  /** One sentence: the field, what is wrong, what to do. */
  message: string;
  /** The same test on the parsed value; true accepts. */
  test: (value: T) => boolean;
  /** Field below this value that the error points at, such as `resourceQuota.cpu`. */
  field?: string;
}

/** A CEL rule as a CustomResourceDefinition carries it. */
export const celRule = z.object({ rule: z.string(), message: z.string(), fieldPath: z.string().exactOptional() });

export type CelRule = z.output<typeof celRule>;

/** Key under which a schema's CEL rules travel through zod into the generated CRD. */
export const CEL_KEY = "x-kubernetes-validations";

const celRules = z.array(celRule).catch([]);

/** The CEL rules already on a schema. */
function rulesOn(schema: z.ZodType): readonly CelRule[] {
  return celRules.parse(schema.meta()?.[CEL_KEY]);
}

/**
 * Adds rules to a schema so that `kubectl apply` and {@link z.ZodType.parse} refuse the same objects.
 * zod drops `.refine` from generated schemas without a word, which is why the two are never written apart.
 */
export function rules<S extends z.ZodType>(schema: S, list: readonly Rule<z.output<S>>[]): S {
  const refined = list.reduce<S>(
    (checked, { test, message, field }) =>
      checked.refine(test, { message, path: field === undefined ? [] : field.split("."), when: isWellFormed }),
    schema,
  );
  const cel = list.map(({ rule, message, field }) => ({
    rule,
    message,
    ...(field === undefined ? {} : { fieldPath: `.${field}` }),
  }));
  return refined.meta({ ...schema.meta(), [CEL_KEY]: [...rulesOn(schema), ...cel] });
}

/** Like the API server, asks rules only of values whose types, bounds and patterns hold; rules may then rely on those. */
function isWellFormed({ issues }: { issues: readonly { code?: string }[] }): boolean {
  return issues.every(({ code }) => code === "custom");
}

/**
 * Fixes fields of an object at creation: neither changed, nor added, nor removed afterwards. CEL only, because zod
 * sees one object and never the one before. One rule a field, on the parent: a rule on the field itself is not
 * asked when the field comes or goes.
 */
export function immutable<S extends z.ZodObject>(schema: S, fields: readonly (keyof z.output<S> & string)[]): S {
  return transitions(
    schema,
    fields.map((field) => ({
      rule: `has(self.${field}) == has(oldSelf.${field}) && (!has(self.${field}) || self.${field} == oldSelf.${field})`,
      message: `${field} is fixed when the object is created and was changed; put it back, or create a new object`,
      field,
    })),
  );
}

/** A rule about what an object becomes of what it was. */
export interface Transition {
  /** CEL over `self` and `oldSelf`; true accepts. */
  rule: string;
  message: string;
  /** Field below this value that the error points at. */
  field: string;
}

/** Adds rules about changes. CEL only, because zod sees one object and never the one before. */
export function transitions<S extends z.ZodObject>(schema: S, list: readonly Transition[]): S {
  const cel = list.map(({ rule, message, field }) => ({ rule, message, fieldPath: `.${field}` }));
  return schema.meta({ ...schema.meta(), [CEL_KEY]: [...rulesOn(schema), ...cel] });
}
