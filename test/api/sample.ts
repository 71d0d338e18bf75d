import { crc32, deflateSync } from "node:zlib";
import type { Operation, Schema } from "./operations.ts";

/** What a schema's text is where its format says it. */
const FORMATS: Readonly<Record<string, string>> = {
  "date-time": "2030-01-01T00:00:00Z",
  date: "2030-01-01",
  uri: "https://example.com/",
  email: "jane@acme.example",
};

/**
 * Something that fits a schema: its example where it has one.
 * @param id for every uuid in it
 * @throws Error that says where an example is missing
 */
export function sampleOf(schema: Schema, id: string, at = "body"): unknown {
  if (schema.format === "uuid") return id;
  const [example] = schema.examples ?? [];
  const given = [example, schema.const, schema.enum?.[0], schema.default].find((value) => value !== undefined);
  if (given !== undefined) return given;
  const [choice] = schema.anyOf ?? schema.oneOf ?? [];
  if (choice !== undefined) return sampleOf(choice, id, at);
  if (schema.allOf !== undefined) {
    return Object.assign({}, ...schema.allOf.map((each) => sampleOf(each, id, at)));
  }
  return ofType(schema, id, at);
}

function ofType(schema: Schema, id: string, at: string): unknown {
  switch ([schema.type].flat()[0]) {
    case "object":
      return ofObject(schema, id, at);
    case "array": {
      const items = schema.items ?? {};
      return Array.from({ length: schema.minItems ?? 1 }, () => sampleOf(items, id, `${at}[0]`));
    }
    case "integer":
    case "number":
      return schema.minimum ?? 1;
    case "boolean":
      return true;
    case "null":
      return null;
    case "string":
      return ofString(schema, at);
    default:
      return {};
  }
}

function ofObject({ properties = {} }: Schema, id: string, at: string): object {
  return Object.fromEntries(
    Object.entries(properties).map(([name, property]) => [name, sampleOf(property, id, `${at}.${name}`)]),
  );
}

function ofString({ format = "", pattern, minLength = 0 }: Schema, at: string): string {
  const known = FORMATS[format];
  if (known !== undefined) return known;
  const text = "sample text".padEnd(minLength, "x");
  if (pattern === undefined || new RegExp(pattern, "u").test(text)) return text;
  throw new Error(`no text for ${at} could be made of ${pattern}: give it an example by .meta({ examples: ["..."] })`);
}

/** A body of an operation with its media type, if it takes one. @param given what cannot be told from its schema */
export function bodyOf(
  { id: name, body }: Operation,
  id: string,
  given: object = {},
): { payload: string | Buffer; type: string } | undefined {
  const [first] = body;
  if (first === undefined) return undefined;
  const { mediaType: type, schema } = first;
  if (type.endsWith("json")) return { payload: JSON.stringify(Object.assign({}, sampleOf(schema, id), given)), type };
  if (type === "image/png") return { payload: png(), type };
  throw new Error(`${name} takes ${type}: say in test/api/sample.ts what such a body looks like`);
}

/** One grey pixel. */
function png(): Buffer {
  const header = Buffer.from([0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0, 0, 0]);
  const chunks = [chunk("IHDR", header), chunk("IDAT", deflateSync(Buffer.from([0, 128]))), chunk("IEND", Buffer.of())];
  return Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), ...chunks]);
}

function chunk(type: string, data: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const body = Buffer.concat([Buffer.from(type), data]);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}
