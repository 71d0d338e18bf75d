import { z } from "zod";
import { FREE_OBJECT_KEY, INT_OR_STRING_KEY } from "./atoms.ts";
import { celRule } from "./rules.ts";

/**
 * The part of OpenAPI that a CustomResourceDefinition may hold and that we use. Strict: a keyword that is not here
 * (oneOf, const, $ref, ...) is one the API server refuses or ignores, and ends generation.
 */
const structuralSchema = z.strictObject({
  description: z.string().optional(),
  type: z.enum(["object", "array", "string", "integer", "boolean"]).optional(),
  format: z.enum(["date-time", "int64", "int32"]).optional(),
  default: z.json().optional(),
  enum: z.array(z.string()).optional(),
  minLength: z.int().optional(),
  maxLength: z.int().optional(),
  pattern: z.string().optional(),
  minimum: z.int().optional(),
  maximum: z.int().optional(),
  minItems: z.int().optional(),
  maxItems: z.int().optional(),
  maxProperties: z.int().optional(),
  required: z.array(z.string()).optional(),
  get properties() {
    return z.record(z.string(), structuralSchema).optional();
  },
  get items() {
    return structuralSchema.optional();
  },
  get additionalProperties() {
    return structuralSchema.optional();
  },
  anyOf: z.array(z.strictObject({ type: z.enum(["integer", "string"]) })).optional(),
  "x-kubernetes-int-or-string": z.boolean().optional(),
  "x-kubernetes-preserve-unknown-fields": z.boolean().optional(),
  "x-kubernetes-list-type": z.enum(["atomic", "set", "map"]).optional(),
  "x-kubernetes-list-map-keys": z.array(z.string()).optional(),
  "x-kubernetes-validations": z.array(celRule).optional(),
});

export type StructuralSchema = z.output<typeof structuralSchema>;

/**
 * Turns a zod schema into what the API server takes.
 * @throws Error naming the path of a keyword the API server would refuse
 */
export function toStructural(schema: z.ZodType, path: string): StructuralSchema {
  const json = z.toJSONSchema(schema, {
    target: "openapi-3.0",
    io: "input",
    cycles: "throw",
    unrepresentable: "throw",
    override: ({ zodSchema, jsonSchema }) => {
      const { def } = zodSchema._zod;
      // zod leaves out the default of anything that transforms, as our quantities do.
      if (def.type === "default") jsonSchema.default = def.defaultValue;
      if (jsonSchema[INT_OR_STRING_KEY] === true) jsonSchema.anyOf = [{ type: "integer" }, { type: "string" }];
      // What the API server keeps unseen it describes by nothing.
      if (jsonSchema[FREE_OBJECT_KEY] === true) delete jsonSchema.additionalProperties;
    },
  });
  const parsed = structuralSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Error(
    `${path}: ${issue?.path.map(String).join(".")}: ${issue?.message}; Kubernetes takes no such schema, express it otherwise`,
  );
}

/**
 * Refuses a schema that people could not read with `kubectl explain`, or whose size or ownership is open.
 * Bounds are not for tidiness alone: the API server prices CEL rules by them and refuses rules over unbounded lists.
 * @throws Error naming the path and the fix
 */
export function lint(schema: StructuralSchema, path: string): void {
  if (schema.description === undefined || schema.description.trim() === "") {
    throw new Error(`${path}: has no description; add .describe("...")`);
  }
  lintBounds(schema, path);
}

function lintBounds(schema: StructuralSchema, path: string): void {
  lintText(schema, path);
  lintArray(schema, path);
  for (const [name, property] of Object.entries(schema.properties ?? {})) lint(property, `${path}.${name}`);
  if (schema.additionalProperties !== undefined) {
    if (schema.maxProperties === undefined)
      throw new Error(`${path}: map without a bound; use labels() or set maxProperties`);
    lintBounds(schema.additionalProperties, `${path}.*`);
  }
}

function lintText(schema: StructuralSchema, path: string): void {
  const isText = schema.type === "string" || schema[INT_OR_STRING_KEY] === true;
  if (isText && schema.enum === undefined && schema.maxLength === undefined) {
    throw new Error(`${path}: text without a bound; add .max(n), or build it from an atom`);
  }
}

function lintArray(schema: StructuralSchema, path: string): void {
  if (schema.type !== "array") return;
  if (schema.maxItems === undefined) throw new Error(`${path}: list without a bound; add .max(n)`);
  const listType = schema["x-kubernetes-list-type"];
  if (listType === undefined) {
    throw new Error(`${path}: list without x-kubernetes-list-type; build it with mapOf() or setOf(), or say "atomic"`);
  }
  if (path.endsWith(".conditions") && schema["x-kubernetes-list-map-keys"]?.join() !== "type") {
    throw new Error(`${path}: conditions must be a map by type; use mapOf(condition, ["type"], n)`);
  }
  if (schema.items === undefined) throw new Error(`${path}: list without items; give z.array() a schema`);
  lintBounds(schema.items, `${path}[]`);
}
