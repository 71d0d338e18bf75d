import { randomBytes } from "node:crypto";
import { type CryptoKey, exportJWK, exportPKCS8, generateKeyPair, importPKCS8, type JWK } from "jose";
import type pg from "pg";
import { z } from "zod";
import { open, seal } from "./sealing.ts";

export const ALGORITHM = "ES256";

const DAY_SECONDS = 86_400;
/** A key is known to everybody for a day before it signs, and for two after it stops. */
const PUBLISHED_BEFORE_SECONDS = DAY_SECONDS;
const SIGNS_SECONDS = 30 * DAY_SECONDS;
const GONE_AFTER_SECONDS = 2 * DAY_SECONDS;
/** Any number that nothing else locks by. */
const LOCK = 7_305_811_265;

const row = z.object({
  id: z.string(),
  public_jwk: z.looseObject({ kty: z.string() }),
  private_sealed: z.instanceof(Buffer),
  signs_from: z.date(),
  retires_at: z.date(),
});

type StoredKey = z.output<typeof row>;

/** The keys of one moment. */
export type Keys = {
  /** With which tokens are signed now. */
  signing: { id: string; key: CryptoKey };
  /** What RFC 7517 calls a JWK Set: all that tokens may still be signed with. */
  published: { keys: (JWK & { kty: string })[] };
};

/**
 * The keys that hold at a time. Makes the first, and the next one a day before it is needed: of several servers one.
 * @param pool of role lv_worker.
 * @param secret 32 bytes that the database never has.
 */
export async function loadKeys(pool: pg.Pool, secret: Buffer, now: Date): Promise<Keys> {
  const client = await pool.connect();
  try {
    await client.query("BEGIN");
    await client.query("SELECT pg_advisory_xact_lock($1)", [LOCK]);
    let stored = await storedKeys(client, now);
    const last = stored.at(-1);
    if (last === undefined || secondsUntil(last.retires_at, now) < PUBLISHED_BEFORE_SECONDS) {
      await insertKey(client, secret, last?.retires_at ?? now);
      stored = await storedKeys(client, now);
    }
    await client.query("COMMIT");
    return await keysOf(stored, secret, now);
  } catch (error) {
    await client.query("ROLLBACK");
    throw error;
  } finally {
    client.release();
  }
}

async function storedKeys(client: pg.PoolClient, now: Date): Promise<StoredKey[]> {
  await client.query("DELETE FROM signing_keys WHERE gone_at <= $1", [now]);
  const { rows } = await client.query(
    "SELECT id, public_jwk, private_sealed, signs_from, retires_at FROM signing_keys ORDER BY signs_from",
  );
  return z.array(row).parse(rows);
}

async function insertKey(client: pg.PoolClient, secret: Buffer, signsFrom: Date): Promise<void> {
  const { publicKey, privateKey } = await generateKeyPair(ALGORITHM, { extractable: true });
  const id = randomBytes(12).toString("base64url");
  const jwk = { ...(await exportJWK(publicKey)), kid: id, alg: ALGORITHM, use: "sig" };
  const sealed = seal(await exportPKCS8(privateKey), secret, id);
  const retires = new Date(signsFrom.getTime() + SIGNS_SECONDS * 1000);
  const gone = new Date(retires.getTime() + GONE_AFTER_SECONDS * 1000);
  await client.query(
    "INSERT INTO signing_keys (id, public_jwk, private_sealed, signs_from, retires_at, gone_at) VALUES ($1, $2, $3, $4, $5, $6)",
    [id, jwk, sealed, signsFrom, retires, gone],
  );
}

async function keysOf(stored: readonly StoredKey[], secret: Buffer, now: Date): Promise<Keys> {
  const current = stored.findLast(({ signs_from }) => signs_from <= now);
  if (current === undefined) throw new Error("no signing key holds now: is the clock right?");
  const key = await importPKCS8(open(current.private_sealed, secret, current.id), ALGORITHM);
  return { signing: { id: current.id, key }, published: { keys: stored.map(({ public_jwk }) => public_jwk) } };
}

function secondsUntil(time: Date, now: Date): number {
  return (time.getTime() - now.getTime()) / 1000;
}
