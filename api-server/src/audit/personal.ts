import { randomBytes } from "node:crypto";
import { z } from "zod";
import { open, seal } from "../accounts/sealing.ts";
import type { Transaction } from "../db/database.ts";

/** What the keys are sealed by is derived for. */
export const PERSONAL_KEYS = "leanvibe personal keys";

const KEY_BYTES = 32;

/** Of a person, in a record that stays when they go. */
export type Personal = { email: string | null; ip: string | null };

const personal = z.object({ email: z.string().nullable(), ip: z.string().nullable() });

/** By which key, and what nobody reads without it. */
export type Sealed = { keyId: string; sealed: Uint8Array<ArrayBuffer> };

/** Whose the data is; nobody's that is known, such as of who tried to sign in, goes with the tenant. */
export type Subject = { tenantId: string; userId: string | undefined };

/**
 * Seals personal data by a key that is destroyed with the user, or with the tenant: what was sealed stays, and its hash,
 * but nobody reads it any more.
 * @param rowId of the row it is for, so that it says nothing in another row.
 */
export async function sealPersonal(
  tx: Transaction,
  secret: Buffer,
  subject: Subject,
  { rowId, data }: { rowId: string; data: Personal },
): Promise<Sealed> {
  const keyId = subject.userId ?? subject.tenantId;
  const key = await keyOf(tx, secret, subject);
  return { keyId, sealed: new Uint8Array(seal(JSON.stringify(data), key, rowId)) };
}

/** The same by a key that is at hand, sealed as it is stored. */
export function sealBy(
  secret: Buffer,
  keySealed: Uint8Array,
  { keyId, rowId, data }: { keyId: string; rowId: string; data: Personal },
): Sealed {
  const key = openKey(secret, keyId, keySealed);
  return { keyId, sealed: new Uint8Array(seal(JSON.stringify(data), key, rowId)) };
}

/** The key of somebody, which is made where there is none. */
export async function keyOf(tx: Transaction, secret: Buffer, subject: Subject): Promise<Buffer> {
  return (await storedKey(tx, secret, subject)) ?? (await madeKey(tx, secret, subject));
}

/** @param keySealed null where the key is destroyed: then nothing can be said any more. */
export function openPersonal(
  secret: Buffer,
  row: { id: string; personal: Uint8Array | null; personalKey: string | null },
  keySealed: Uint8Array | null | undefined,
): Personal {
  if (row.personal === null || row.personalKey === null || keySealed == null) return { email: null, ip: null };
  const key = openKey(secret, row.personalKey, keySealed);
  try {
    return personal.parse(JSON.parse(open(Buffer.from(row.personal), key, row.id)));
  } catch {
    // Somebody changed it, which the chain tells; the rest of the trail must stay readable.
    return { email: null, ip: null };
  }
}

async function storedKey(tx: Transaction, secret: Buffer, { tenantId, userId }: Subject): Promise<Buffer | undefined> {
  const id = userId ?? tenantId;
  const found = await tx.personalKey.findFirst({ where: { tenantId, id } });
  return found === null ? undefined : openKey(secret, id, found.keySealed);
}

/** Of two who make it at once the second waits for the first, and takes theirs. */
async function madeKey(tx: Transaction, secret: Buffer, subject: Subject): Promise<Buffer> {
  const { tenantId, userId } = subject;
  const id = userId ?? tenantId;
  const keySealed = new Uint8Array(seal(randomBytes(KEY_BYTES).toString("base64"), secret, id));
  await tx.personalKey.createMany({
    data: [{ tenantId, userId: userId ?? null, keySealed }],
    skipDuplicates: true,
  });
  const key = await storedKey(tx, secret, subject);
  if (key === undefined) throw new Error(`personal key ${id} was made and is not there`);
  return key;
}

function openKey(secret: Buffer, id: string, sealed: Uint8Array): Buffer {
  return Buffer.from(open(Buffer.from(sealed), secret, id), "base64");
}
