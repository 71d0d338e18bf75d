import { isDeepStrictEqual } from "node:util";
import type { z } from "zod";
import type { Caller } from "../accounts/callers.ts";
import type { AuditEvent } from "../audit/audit.ts";
import type { Database, Transaction } from "../db/database.ts";
import type { TenantSettings } from "../db/generated/client.ts";
import { Refusal } from "../errors/catalogue.ts";
import { invalid } from "../errors/refused.ts";
import { etagOf, requireMatch } from "../http/etag.ts";
import type { Parts } from "../parts.ts";
import { holdTenant } from "../tenants/plan.ts";
import { document, type SettingsDocument } from "./document.ts";
import type { Logo } from "./logo.ts";
import { mergePatch } from "./merge.ts";
import { LOGO_URL, type SettingsBody } from "./schema.ts";

type Writes = Pick<Parts, "database" | "audit">;

/** All but the image. */
type Row = Omit<TenantSettings, "logo">;

/** As it is answered, with the ETag of just that. */
export type Settings = { body: SettingsBody; etag: string };

const BARE = { omit: { logo: true } } as const;
const HASH_SHOWN = 12;

export async function readSettings(database: Database, tenantId: string): Promise<Settings> {
  return settingsOf(
    await database.read(tenantId, (db) => db.tenantSettings.findFirst({ where: { tenantId }, ...BARE })),
  );
}

/**
 * Merges a change into the settings; the whole must be valid.
 * @throws Refusal PRECONDITION_REQUIRED, PRECONDITION_FAILED, VALIDATION_FAILED
 */
export function changeSettings(
  { database, audit }: Writes,
  caller: Caller,
  change: object,
  ifMatch: string | undefined,
): Promise<Settings> {
  const { tenantId } = caller;
  return database.write(tenantId, async (tx) => {
    const row = await heldRow(tx, tenantId);
    const settings = settingsOf(row);
    requireMatch(ifMatch, settings.etag);
    const current = documentOf(row);
    const next = wholeOf(mergePatch(current, change));
    if (isDeepStrictEqual(next, current)) return settings;
    // Their names alone: an address to bill is somebody's.
    await audit(tx, caller, settingsChanged(tenantId, fieldsIn(next, current)));
    const { feature_flags: featureFlags, retention_days: retentionDays, mfa_policy: mfaPolicy, ...same } = next;
    return settingsOf(await writeRow(tx, tenantId, row, { ...same, featureFlags, retentionDays, mfaPolicy }));
  });
}

/** Null takes it away. @throws Refusal LOGO_NOT_FOUND when there is none to take away */
export function changeLogo({ database, audit }: Writes, caller: Caller, logo: Logo | null): Promise<Settings> {
  const { tenantId } = caller;
  return database.write(tenantId, async (tx) => {
    const row = await heldRow(tx, tenantId);
    const known = row?.logoSha256 ?? null;
    if (logo === null && known === null) throw new Refusal("LOGO_NOT_FOUND");
    if (logo !== null && known !== null && Buffer.from(known).equals(logo.sha256)) return settingsOf(row);
    await audit(tx, caller, settingsChanged(tenantId, ["logo"]));
    return settingsOf(await writeRow(tx, tenantId, row, { logo: logo?.png ?? null, logoSha256: logo?.sha256 ?? null }));
  });
}

/** @throws Refusal LOGO_NOT_FOUND */
export async function readLogo(database: Database, tenantId: string): Promise<{ png: Buffer; etag: string }> {
  const select = { logo: true, logoSha256: true };
  const row = await database.read(tenantId, (db) => db.tenantSettings.findFirst({ where: { tenantId }, select }));
  if (row?.logo == null || row.logoSha256 === null) throw new Refusal("LOGO_NOT_FOUND");
  return { png: Buffer.from(row.logo), etag: `"${shownHash(row.logoSha256)}"` };
}

function settingsChanged(tenantId: string, fields: string[]): AuditEvent {
  return { action: "settings.changed", target: { kind: "tenant", id: tenantId }, details: { fields } };
}

function fieldsIn(next: SettingsDocument, current: SettingsDocument): string[] {
  const before = new Map<string, unknown>(Object.entries(current));
  return Object.entries(next).flatMap(([name, value]) => (isDeepStrictEqual(value, before.get(name)) ? [] : [name]));
}

/** Held with its tenant's row, because it may not be there yet. */
async function heldRow(tx: Transaction, tenantId: string): Promise<Row | null> {
  await holdTenant(tx, tenantId);
  return await tx.tenantSettings.findFirst({ where: { tenantId }, ...BARE });
}

type Change = NonNullable<Parameters<Transaction["tenantSettings"]["updateManyAndReturn"]>[0]>["data"];

async function writeRow(
  tx: Transaction,
  tenantId: string,
  row: Row | null,
  data: Change & object,
): Promise<Row | null> {
  if (row === null) await tx.tenantSettings.create({ data: { tenantId }, select: { tenantId: true } });
  const [written] = await tx.tenantSettings.updateManyAndReturn({ where: { tenantId }, data, ...BARE });
  return written ?? null;
}

function documentOf(row: Row | null): SettingsDocument {
  if (row === null) return document.parse({});
  const { featureFlags: feature_flags, retentionDays: retention_days, mfaPolicy: mfa_policy, ...same } = row;
  return document.parse({ ...same, feature_flags, retention_days, mfa_policy });
}

function settingsOf(row: Row | null): Settings {
  const { branding, ...same } = documentOf(row);
  const hash = row?.logoSha256 ?? null;
  const body = {
    branding: { ...branding, logo_url: hash === null ? null : `${LOGO_URL}?v=${shownHash(hash)}` },
    ...same,
  };
  return { body, etag: etagOf(body) };
}

function shownHash(hash: Uint8Array): string {
  return Buffer.from(hash).toString("base64url").slice(0, HASH_SHOWN);
}

/** @throws Refusal VALIDATION_FAILED */
function wholeOf(merged: unknown): SettingsDocument {
  const parsed = document.safeParse(merged);
  if (parsed.success) return parsed.data;
  throw invalid(parsed.error.issues.map((issue) => ({ path: placeOf(issue), message: issue.message })));
}

function placeOf({ path }: z.core.$ZodIssue): string {
  return ["body", ...path.map(String)].join(".");
}
