import { z } from "zod";
import { type ObjectMeta, objectMeta } from "./metadata.ts";
import { API_VERSION } from "./names.ts";
import type { Rule } from "./rules.ts";

/** A column of `kubectl get`. */
export interface Column {
  name: string;
  type: "string" | "integer" | "date" | "boolean";
  jsonPath: string;
  description: string;
  /** Above 0 it is shown by `-o wide` alone. */
  priority?: number;
}

/** What a kind is, before it becomes a CustomResourceDefinition, a type and a page of docs. */
export interface KindDefinition<Spec extends z.ZodType, Status extends z.ZodType> {
  kind: string;
  plural: string;
  scope: "Cluster" | "Namespaced";
  shortNames: readonly string[];
  description: string;
  columns: readonly Column[];
  spec: Spec;
  status: Status;
  /** The condition types its status may carry, each with its meaning when True. */
  conditions: Readonly<Record<string, string>>;
  /** Rules on `self.metadata.name`; they stand at the root, the one place CEL sees it. */
  nameRules: readonly Rule<string>[];
  /** CEL over the whole object, for what spec and status must say together. A status is the operator's: zod is not asked. */
  objectRules?: readonly { rule: string; message: string }[];
}

/** An object of a kind, as the rest of the code sees it. */
export interface KindObject<Kind extends string, Spec, Status> {
  apiVersion: typeof API_VERSION;
  kind: Kind;
  metadata: ObjectMeta;
  spec: Spec;
  status?: Status | undefined;
}

/** One thing wrong with an object. */
export interface Problem {
  /** Where, as kubectl says it: `spec.namespaces[0].name`. */
  path: string;
  /** What is wrong and, for our own rules, what to do. */
  message: string;
}

/** An object that its kind's schema refuses. A retry cannot help: somebody must edit the object. */
export class InvalidObjectError extends Error {
  override readonly name = "InvalidObjectError";
  readonly problems: readonly Problem[];

  constructor(kind: string, problems: readonly Problem[]) {
    super(`${kind} is not valid: ${problems.map(({ path, message }) => `${path}: ${message}`).join("; ")}`);
    this.problems = problems;
  }
}

/** The outcome of parsing: the object, or why not. */
export type Parsed<T> = { ok: true; value: T } | { ok: false; error: InvalidObjectError };

/** Defines a kind of group leanvibe.io. The literal types of the definition are kept. */
export function defineKind<const K extends string, Spec extends z.ZodType, Status extends z.ZodType>(
  definition: KindDefinition<Spec, Status> & { kind: K },
): KindDefinition<Spec, Status> & { kind: K } {
  return definition;
}

/**
 * Parses an object of a kind from outside (watch, file, HTTP): defaults applied, unknown fields left out.
 *
 * Fields of a status that do not parse are dropped, not refused: an older or newer release may have written them
 * differently, and a controller that stumbled over one could never put it right. What other fields say still holds.
 */
export function parserOf<K extends string, Spec extends z.ZodType, Status extends z.ZodType>(
  definition: KindDefinition<Spec, Status> & { kind: K },
): (input: unknown) => Parsed<KindObject<K, z.output<Spec>, z.output<Status>>> {
  const envelope = z.object({
    apiVersion: z.literal(API_VERSION),
    kind: z.literal(definition.kind),
    metadata: objectMeta,
    spec: z.unknown().optional(),
    status: z.unknown().optional(),
  });
  return (input) => {
    const outer = envelope.safeParse(input);
    if (!outer.success) return refused(definition.kind, problemsOf(outer.error));
    const { apiVersion, metadata } = outer.data;
    const spec = guardedParse(definition.spec, outer.data.spec);
    if (spec === undefined) return refused(definition.kind, [{ path: "spec", message: UNREADABLE }]);
    const badName = nameProblems(metadata.name, definition.nameRules);
    if (!spec.success) return refused(definition.kind, [...badName, ...problemsOf(spec.error, "spec")]);
    if (badName.length > 0) return refused(definition.kind, badName);
    const status = guardedParse(definition.status, legible(definition.status, outer.data.status));
    const base = { apiVersion, kind: definition.kind, metadata, spec: spec.data };
    return { ok: true, value: status?.success === true ? { ...base, status: status.data } : base };
  };
}

const UNREADABLE = "a field is an object where text or a number belongs; compare with kubectl explain";

/** Trap: zod measures the length of anything that has one, and throws where that is an object without a value. */
function guardedParse<S extends z.core.$ZodType>(
  schema: S,
  value: unknown,
): z.ZodSafeParseResult<z.output<S>> | undefined {
  try {
    return z.safeParse(schema, value);
  } catch {
    return undefined;
  }
}

/** The fields that parse, each by itself. */
function legible(schema: z.ZodType, value: unknown): unknown {
  if (!(schema instanceof z.ZodObject) || typeof value !== "object" || value === null) return value;
  const fields = new Map<string, unknown>(Object.entries(value));
  const legibleFields = Object.entries(schema.shape).flatMap(([name, field]): [string, unknown][] => {
    const parsed = guardedParse(field, fields.get(name));
    return parsed?.success === true && parsed.data !== undefined ? [[name, parsed.data]] : [];
  });
  return Object.fromEntries(legibleFields);
}

function refused(kind: string, problems: readonly Problem[]): { ok: false; error: InvalidObjectError } {
  return { ok: false, error: new InvalidObjectError(kind, problems) };
}

function problemsOf(error: z.ZodError, ...below: readonly string[]): Problem[] {
  return error.issues.map(({ path, message }) => ({ path: pathText([...below, ...path]), message }));
}

function nameProblems(name: string, nameRules: readonly Rule<string>[]): Problem[] {
  return nameRules.filter(({ test }) => !test(name)).map(({ message }) => ({ path: "metadata.name", message }));
}

/** `["spec", "namespaces", 0, "name"]` as `spec.namespaces[0].name`. */
function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === "number") return `${text}[${step}]`;
    return text === "" ? String(step) : `${text}.${String(step)}`;
  }, "");
}
