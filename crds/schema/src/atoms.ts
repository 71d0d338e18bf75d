import { z } from "zod";
import { QUANTITY_MAX_LENGTH, QUANTITY_PATTERN } from "./quantity.ts";
import { type Rule, rules } from "./rules.ts";

/** Marks a schema as Kubernetes' int-or-string; the generator turns the union into what the API server takes. */
export const INT_OR_STRING_KEY = "x-kubernetes-int-or-string";

/** Marks a schema as an object whose fields the API server keeps without knowing them. */
export const FREE_OBJECT_KEY = "x-kubernetes-preserve-unknown-fields";

const DNS_LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;

/** A DNS label (RFC 1123): 1-63 characters, lower case, digits, hyphens inside. */
export function dnsLabel(maxLength = 63) {
  return z.string().min(1).max(maxLength).regex(DNS_LABEL, "must be lower-case letters, digits and inner hyphens");
}

/** Whether the text is a DNS label of at most `maxLength` characters. */
export function isDnsLabel(text: string, maxLength = 63): boolean {
  return text.length <= maxLength && DNS_LABEL.test(text);
}

/** Text on one line that neither begins nor ends with a blank and holds no control characters. */
export function lineOfText(maxLength: number) {
  return z
    .string()
    .min(1)
    .max(maxLength)
    .regex(/^[^ \p{Cc}]([^\p{Cc}]*[^ \p{Cc}])?$/u, "must be one line without blanks at either end");
}

/** A sentence or two for people; may hold line breaks. */
export function prose(maxLength: number) {
  return z.string().max(maxLength);
}

/** One word in PascalCase, as Kubernetes uses for kinds and reasons. */
export function pascalWord(maxLength: number) {
  return z
    .string()
    .min(1)
    .max(maxLength)
    .regex(/^[A-Z][A-Za-z0-9]*$/, "must be one word in PascalCase");
}

/** An e-mail address with a dotted domain, at most 254 characters (RFC 5321's path less its brackets). */
export function email() {
  return z
    .string()
    .min(3)
    .max(254)
    .regex(
      /^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)+$/,
      "must be an e-mail address such as jane@acme.example",
    );
}

/** A user's or group's name as the API server's authenticator says it, `oidc:jane@acme.example` for one. */
export function subjectName() {
  return lineOfText(256);
}

/** An account of the platform, as Kubernetes is told its name. */
export function accountSubject() {
  return z
    .string()
    .max(100)
    .regex(/^leanvibe:[A-Za-z0-9][A-Za-z0-9-]*$/, "must be an account of the platform, such as leanvibe:6f1c");
}

/**
 * A Kubernetes quantity. A bare YAML number (`cpu: 2`) is taken as well as text, and becomes text: that is how
 * everybody writes it, and how Kubernetes itself takes it.
 */
export function quantity() {
  return z
    .union([z.int().min(0), quantityText()])
    .transform(String)
    .meta({ [INT_OR_STRING_KEY]: true, minimum: 0, maxLength: QUANTITY_MAX_LENGTH, pattern: QUANTITY_PATTERN.source });
}

/** A Kubernetes quantity that a program writes: text only. */
export function quantityText() {
  return z
    .string()
    .max(QUANTITY_MAX_LENGTH)
    .regex(QUANTITY_PATTERN, "must be a Kubernetes quantity such as 500m, 2 or 1.5Gi");
}

/** A container registry, with or without a folder: the first part is a host, told by a dot, a port or `localhost`. */
export function registryPrefix() {
  return z
    .string()
    .min(1)
    .max(253)
    .regex(
      /^(localhost|[a-z0-9-]+(\.[a-z0-9-]+)+|[a-z0-9-]+:[0-9]{1,5}|(localhost|[a-z0-9-]+(\.[a-z0-9-]+)+):[0-9]{1,5})(\/[a-z0-9._-]+)*$/,
      "must be a registry such as registry.example.com, registry.example.com:5000/acme or docker.io/library",
    );
}

/** A CIDR, IPv4 or IPv6. `isCIDR` is the API server's own judge; zod's two patterns agree with it. */
export function cidr(field: string) {
  return rules(
    z
      .string()
      .min(4)
      .max(43)
      .regex(/^[0-9A-Fa-f.:]+\/[0-9]{1,3}$/, "must be a CIDR such as 10.0.0.0/8"),
    [
      {
        rule: "isCIDR(self)",
        message: `${field} holds a value that is no CIDR; write an address and a prefix length, such as 10.0.0.0/8 or fd00::/8`,
        test: isCidr,
      },
    ],
  );
}

const cidrv4 = z.cidrv4();
const cidrv6 = z.cidrv6();

function isCidr(text: string): boolean {
  // The API server refuses IPv4 inside IPv6: one address, two spellings, and a filter that sees only one of them.
  return cidrv4.safeParse(text).success || (!text.includes(".") && cidrv6.safeParse(text).success);
}

/** An RFC 3339 time in UTC, to the second or finer. */
export function timestamp() {
  return z
    .string()
    .max(35)
    .regex(
      /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?Z$/,
      "must be a UTC time such as 2026-11-23T12:00:00Z",
    )
    .meta({ format: "date-time" });
}

/** A count from 0 to what Kubernetes' int32 fields hold, or to `max`. */
export function count(max = 2_147_483_647) {
  return z.int().min(0).max(max);
}

/** `metadata.generation` and its echoes. */
export function generation() {
  return z.int().min(0).meta({ format: "int64" });
}

const LABEL_NAME = "[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?";
const LABEL_PREFIX = "[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?";
// Kept as text for CEL: RegExp.source escapes the slash, which CEL's strings refuse.
const LABEL_KEY_PATTERN = `^(${LABEL_PREFIX}/)?${LABEL_NAME}$`;
const LABEL_KEY = new RegExp(LABEL_KEY_PATTERN);

/** A label's value: empty, or at most 63 characters that begin and end with a letter or digit. */
export function labelValue() {
  return z
    .string()
    .max(63)
    .regex(/^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/, "must be a label value");
}

/**
 * A map of labels with at most `maxProperties` entries. Kubernetes schemas cannot bound keys, so the keys' form is
 * a rule; `extra` adds rules of the field's own.
 */
export function labels(field: string, maxProperties: number, extra: readonly Rule<Record<string, string>>[] = []) {
  const map = z
    .record(z.string(), labelValue())
    .refine((value) => Object.keys(value).length <= maxProperties, `${field} holds more than ${maxProperties} labels`)
    .meta({ maxProperties });
  return rules(map, [
    {
      rule: `self.all(key, key.matches('${LABEL_KEY_PATTERN}'))`,
      message: `${field} holds a key that is no label key; write letters, digits, '-', '_' or '.', with an optional DNS prefix such as acme.example/team`,
      test: (value) => Object.keys(value).every((key) => LABEL_KEY.test(key)),
    },
    ...extra,
  ]);
}

/** Lists in which an entry may stand once. */
export function setOf<S extends z.ZodType<string>>(item: S, maxItems: number) {
  return z
    .array(item)
    .min(1)
    .max(maxItems)
    .refine((list) => new Set(list).size === list.length, "holds the same entry twice; remove one")
    .meta({ "x-kubernetes-list-type": "set" });
}

/** Lists whose entries are told apart by the named fields, so that each writer can own single entries. */
export function mapOf<S extends z.ZodObject>(item: S, keys: readonly (keyof z.output<S> & string)[], maxItems: number) {
  return z
    .array(item)
    .max(maxItems)
    .refine(
      (list) => new Set(list.map((entry) => JSON.stringify(keys.map((key) => entry[key])))).size === list.length,
      `holds two entries with the same ${keys.join(" and ")}; remove one`,
    )
    .meta({ "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": keys });
}

/** An object with fields of the user's own, of any shape, at most so many at its top. */
export function freeObject(maxProperties: number) {
  return z
    .record(z.string(), z.unknown())
    .refine((value) => Object.keys(value).length <= maxProperties, `holds more than ${maxProperties} fields`)
    .meta({ [FREE_OBJECT_KEY]: true, maxProperties });
}
