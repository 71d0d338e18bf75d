import type { Operation, Schema } from "./operations.ts";
import { sampleOf } from "./sample.ts";

/** A body that no route takes, and the place that its refusal must name: none where it cannot be read at all. */
export type Hostile = { what: string; bytes: Buffer; type?: string | undefined; at?: string };

const DEPTH = 5_000;
const ID = "0190a5f0-0000-7000-8000-000000000000";

/** What no schema of ours takes where it does not say so, by JSON's types. */
const WRONG: readonly { type: string; value: unknown }[] = [
  { type: "null", value: null },
  { type: "boolean", value: true },
  { type: "number", value: 1.5 },
  { type: "string", value: "\u0001 no such text" },
  { type: "array", value: [[["deep"]]] },
  { type: "object", value: { $ne: "" } },
];

const deep = (open: string, close: string) => `${open.repeat(DEPTH)}1${close.repeat(DEPTH)}`;

const json = (value: unknown) => Buffer.from(JSON.stringify(value));

/** Bodies that are no JSON of ours, or none at all. */
export function unreadable(type: string, sample: unknown): Hostile[] {
  const whole = json(sample);
  const text = whole.toString();
  return [
    { what: "half of it", bytes: whole.subarray(0, -1), type },
    { what: "nothing", bytes: Buffer.of(), type },
    { what: "blanks", bytes: Buffer.from("  \n"), type },
    { what: "a trailing comma", bytes: Buffer.from(text.replace(/\}$/, ",}")), type },
    { what: "single quotes", bytes: Buffer.from(text.replaceAll('"', "'")), type },
    { what: "NaN", bytes: Buffer.from(`{"name": NaN}`), type },
    {
      what: "no UTF-8",
      bytes: Buffer.concat([Buffer.from('{"name": "'), Buffer.of(0xff, 0xfe), Buffer.from('"}')]),
      type,
    },
    {
      what: "UTF-8 cut in a character",
      bytes: Buffer.from([...Buffer.from('{"name": "'), 0xe2, 0x82, 0x22, 0x7d]),
      type,
    },
    { what: "UTF-16", bytes: Buffer.from(text, "utf16le"), type },
    { what: "two documents", bytes: Buffer.concat([whole, whole]), type },
    { what: "more than the limit", bytes: Buffer.from(`{"name": "${"x".repeat(3_000_000)}"}`), type },
    { what: "lists in lists", bytes: Buffer.from(deep("[", "]")), type },
    { what: "objects in objects", bytes: Buffer.from(deep('{"a":', "}")), type },
    { what: "a number", bytes: Buffer.from("1"), type },
    { what: "null", bytes: Buffer.from("null"), type },
    { what: "a text", bytes: Buffer.from('"text"'), type },
    { what: "a list", bytes: Buffer.from("[]"), type },
    { what: "as plain text", bytes: whole, type: "text/plain" },
    { what: "as a form", bytes: Buffer.from("name=x"), type: "application/x-www-form-urlencoded" },
    { what: "as a form of parts", bytes: whole, type: "multipart/form-data; boundary=x" },
    { what: "as XML", bytes: Buffer.from("<name/>"), type: "application/xml" },
    { what: "as nothing", bytes: whole, type: undefined },
    { what: "as no media type", bytes: whole, type: "json" },
    { what: "a prototype", bytes: Buffer.from(`${text.replace(/\}$/, "")},"__proto__": {"admin": true}}`), type },
    {
      what: "a constructor's prototype",
      bytes: Buffer.from(`${text.replace(/\}$/, "")},"constructor": {"prototype": {"admin": true}}}`),
      type,
    },
  ];
}

type Place = { path: readonly string[]; schema: Schema };

/** Bodies that are all right but for one field. */
export function wronged(type: string, schema: Schema): Hostile[] {
  const sample = sampleOf(schema, ID);
  const unknown = {
    what: "a field that nobody knows",
    bytes: json(withField(sample, ["nobody_knows"], 1)),
    type,
    at: "body.nobody_knows",
  };
  const fields = placesIn(schema, []).flatMap((place) =>
    valuesAgainst(place.schema).map(({ what, value }) => ({
      what: `${place.path.join(".")} as ${what}`,
      bytes: Buffer.from(
        typeof value === "function" ? raw(sample, place.path, value()) : json(withField(sample, place.path, value)),
      ),
      type,
      at: `body.${place.path.join(".")}`,
    })),
  );
  return [unknown, ...fields];
}

/** Every field of an object, and of the objects in it. */
function placesIn({ properties = {} }: Schema, path: readonly string[]): Place[] {
  return Object.entries(properties).flatMap(([name, schema]) => {
    const at = [...path, name];
    const inner =
      schema.properties === undefined
        ? (schema.anyOf?.find(({ properties: some }) => some !== undefined) ?? {})
        : schema;
    return [{ path: at, schema }, ...placesIn(inner, at)];
  });
}

type Against = { what: string; value: unknown };

/** What a field must not take. */
function valuesAgainst(schema: Schema): Against[] {
  const types = typesOf(schema);
  // It says that it takes anything.
  if (types.size === 0) return [];
  const wrong = WRONG.filter(({ type }) => !types.has(type) && !(type === "number" && types.has("integer")));
  return [
    ...wrong
      .filter(({ type }) => type !== "string" || !types.has("string"))
      .map(({ type, value }) => ({ what: type, value })),
    ...(types.has("string") ? textsAgainst(schema) : []),
    ...(types.has("integer") ? [{ what: "a fraction", value: 1.5 }] : []),
    ...(types.has("integer") || types.has("number") ? [{ what: "a number past all bounds", value: 1e300 }] : []),
    ...(types.has("object") ? [] : [{ what: "objects in objects", value: () => deep('{"a":', "}") }]),
    ...(types.has("array") ? [] : [{ what: "lists in lists", value: () => deep("[", "]") }]),
  ];
}

function textsAgainst(schema: Schema): Against[] {
  return [
    { what: "a text with NUL", value: "a\0b" },
    { what: "half of a character", value: "a\ud800b" },
    { what: "a text without end", value: "x".repeat(100_000) },
    ...(schema.enum === undefined ? [] : [{ what: "a word that is none of those", value: "none_of_those" }]),
    ...(schema.format === "uuid" ? [{ what: "no id", value: "1 OR 1=1" }] : []),
  ];
}

/** JSON's types that a schema takes. */
function typesOf(schema: Schema): Set<string> {
  const own = [schema.type ?? []].flat();
  const closed = schema.enum ?? (schema.const === undefined ? [] : [schema.const]);
  const inner = [schema.anyOf, schema.oneOf, schema.allOf]
    .flatMap((each) => each ?? [])
    .flatMap((each) => [...typesOf(each)]);
  return new Set([...own, ...closed.map((value) => (value === null ? "null" : typeof value)), ...inner]);
}

function withField(sample: unknown, path: readonly string[], value: unknown): unknown {
  const [name, ...rest] = path;
  if (name === undefined) return value;
  const object = typeof sample === "object" && sample !== null && !Array.isArray(sample) ? { ...sample } : {};
  const inner: unknown = Reflect.get(object, name);
  return { ...object, [name]: withField(inner, rest, value) };
}

/** With what JSON.stringify would not write. */
function raw(sample: unknown, path: readonly string[], text: string): string {
  return JSON.stringify(withField(sample, path, "\uE000")).replace('"\uE000"', text);
}

/** Texts of a query that no page takes. */
export function queriesAgainst({ parameters }: Operation): { what: string; query: string; at: string }[] {
  return parameters.flatMap(({ in: where, name, schema }) => {
    if (where !== "query") return [];
    const number = typesOf(schema).has("integer") ? ["0", "-1", "1.5", "1e9", "99999999999999999999", "abc", ""] : [];
    const uuid = schema.format === "uuid" ? ["1", "%00", "' OR 1=1 --", "x".repeat(5_000)] : [];
    const values = [...number, ...uuid].map((value) => `${name}=${encodeURIComponent(value)}`);
    const twice = number.length + uuid.length > 0 ? [`${name}=1&${name}=2`] : [];
    return [...values, ...twice].map((query) => ({ what: `?${query.slice(0, 60)}`, query, at: `querystring.${name}` }));
  });
}
