import { z } from "zod";
import { line, text } from "../http/text.ts";
import { address as emailAddress } from "../members/schema.ts";
import { isCountry } from "./countries.ts";

const FLAGS_AT_MOST = 100;
const RETENTION_DAYS = { min: 30, max: 3_650, usual: 365 };

const color = z
  .string()
  .regex(/^#[0-9a-fA-F]{6}$/, { error: "must be a colour such as #1a73e8" })
  .toLowerCase()
  .meta({ examples: ["#1a73e8"] });

/** A language that dates and numbers can be written in here, as Intl names it. */
const locale = text(35)
  .refine((tag) => canonicalLocale(tag) !== undefined, { error: "must be a language tag such as en or de-CH" })
  .overwrite((tag) => canonicalLocale(tag) ?? tag)
  .meta({ examples: ["de-CH"] });

const timezone = text(64)
  .refine((name) => canonicalZone(name) !== undefined, { error: "must be a time zone such as Europe/Berlin or UTC" })
  .overwrite((name) => canonicalZone(name) ?? name)
  .meta({ examples: ["Europe/Berlin"] });

const flagName = z
  .string()
  .regex(/^[a-z][a-z0-9_.-]{0,63}$/, { error: "a flag's name is 1 to 64 of a-z, 0-9, _, . and -, a letter first" });

const postalAddress = z.object({
  lines: z
    .array(line(200))
    .min(1, { error: "must have a line" })
    .max(3, { error: "must be at most three" })
    .describe("Street, house, and what the post needs besides."),
  city: line(100),
  postal_code: line(20).nullable().default(null),
  region: line(100).nullable().default(null),
  country: z
    .string()
    .toUpperCase()
    .refine(isCountry, { error: "must be a country's two letters by ISO 3166-1, such as CH" })
    .meta({ examples: ["CH"] }),
});

const vatId = z
  .string()
  .trim()
  .toUpperCase()
  .regex(/^[A-Z0-9][A-Z0-9 ./-]{2,30}$/, { error: "must be a tax number such as DE123456789" })
  .meta({ examples: ["DE123456789"] });

/** What every setting must be, by itself. */
const field = {
  display_name: line(100),
  primary_color: color,
  locale,
  timezone,
  retention_days: z
    .int({ error: "must be a whole number of days" })
    .min(RETENTION_DAYS.min, { error: `must be at least ${RETENTION_DAYS.min}` })
    .max(RETENTION_DAYS.max, { error: `must be at most ${RETENTION_DAYS.max}` }),
  billing_email: emailAddress,
  legal_name: line(200),
  vat_id: vatId,
  po_number: line(64),
  mfa_policy: z.enum(["off", "optional", "required"]),
};

export const branding = z.object({
  display_name: field.display_name.nullable().default(null).describe("Instead of the organization's name, for people."),
  primary_color: field.primary_color.nullable().default(null),
});

/** Not strict: while an upgrade rolls, the newer release may have kept more than this one knows. */
export const document = z.object({
  branding: branding.prefault({}),
  locale: field.locale.default("en").describe("BCP 47."),
  timezone: field.timezone.default("UTC").describe("By IANA's name."),
  feature_flags: z
    .record(flagName, z.boolean())
    .refine((flags) => Object.keys(flags).length <= FLAGS_AT_MOST, { error: `must be at most ${FLAGS_AT_MOST} flags` })
    .default({}),
  retention_days: field.retention_days
    .default(RETENTION_DAYS.usual)
    .describe(
      "How long what was deleted and what was recorded is to be kept. Kept here; nothing is deleted by it yet.",
    ),
  billing: z
    .object({
      billing_email: field.billing_email.nullable().default(null),
      legal_name: field.legal_name.nullable().default(null),
      address: postalAddress.nullable().default(null),
      vat_id: field.vat_id.nullable().default(null),
      po_number: field.po_number.nullable().default(null),
    })
    .prefault({})
    .describe("Who invoices are made out to."),
  mfa_policy: field.mfa_policy
    .default("off")
    .describe("Whether members need a second factor. Kept here; signing in does not ask for one yet."),
});

export type SettingsDocument = z.output<typeof document>;

/** A JSON merge patch (RFC 7396): what is left out stays, null goes back to the default. */
export const patch = z
  .strictObject({
    branding: z
      .strictObject({ display_name: field.display_name.nullable(), primary_color: field.primary_color.nullable() })
      .partial()
      .nullable(),
    locale: field.locale.nullable(),
    timezone: field.timezone.nullable(),
    feature_flags: z.record(flagName, z.boolean().nullable()).nullable(),
    retention_days: field.retention_days.nullable(),
    billing: z
      .strictObject({
        billing_email: field.billing_email.nullable(),
        legal_name: field.legal_name.nullable(),
        address: z
          .strictObject({
            lines: postalAddress.shape.lines.nullable(),
            city: postalAddress.shape.city.nullable(),
            postal_code: line(20).nullable(),
            region: line(100).nullable(),
            country: postalAddress.shape.country.nullable(),
          })
          .partial()
          .nullable(),
        vat_id: field.vat_id.nullable(),
        po_number: field.po_number.nullable(),
      })
      .partial()
      .nullable(),
    mfa_policy: field.mfa_policy.nullable(),
  })
  .partial();

function canonicalLocale(tag: string): string | undefined {
  try {
    return Intl.DateTimeFormat.supportedLocalesOf(tag)[0];
  } catch {
    return undefined;
  }
}

/** Offsets such as +01:00 are no zone: they know nothing of summer. */
function canonicalZone(name: string): string | undefined {
  if (/^[+-]/.test(name)) return undefined;
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone;
  } catch {
    return undefined;
  }
}
