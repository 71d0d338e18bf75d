import { createHmac } from "node:crypto";
import type { FastifyRequest } from "fastify";
import { z } from "zod";
import { derivedKey, open, seal } from "../accounts/sealing.ts";
import { actingFor } from "../db/acting.ts";
import type { Database, Transaction } from "../db/database.ts";
import { Refusal } from "../errors/catalogue.ts";
import { invalid } from "../errors/refused.ts";
import type { Parts } from "../parts.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    /** It creates, and may be sent again with the same Idempotency-Key. */
    idempotent?: boolean;
  }
}

const HEADER = "idempotency-key";
const KEPT_SECONDS = 86_400;
const RETRY_SECONDS = 1;
export const KEY = /^[\x21-\x7e]{1,255}$/;
/** Of who is known by nothing but an address, others may have the same: their key must be one that nobody guesses. */
export const STRANGERS_KEY = /^[\x21-\x7e]{16,255}$/;

/** Whose request it is: nobody else's key is the same. */
export type Sender = { tenantId: string; userId: string } | { address: string };

/** What was created, as the caller is told. */
export type Answer<T> = { body: T; location?: string | undefined };

export type Answered<T> = Answer<T> & { replayed: boolean };

type Asked<T> = {
  /** For which tenant the transaction is. */
  tenantId: string;
  sender: Sender;
  /** Of the answer's body. */
  schema: z.ZodType<T>;
};

/**
 * Creates something in one transaction; with an Idempotency-Key once, however often the request is sent. What was answered
 * is written in the same transaction: a crash leaves both or neither, and there is no mark of work under way that somebody
 * would have to take away. A refusal is never kept.
 * @throws Refusal IDEMPOTENCY_KEY_REUSED, IDEMPOTENCY_IN_PROGRESS, and what the work throws
 */
export async function once<T>(
  { database, config }: { database: Pick<Database, "write">; config: Pick<Parts["config"], "secret"> },
  request: FastifyRequest,
  { tenantId, sender, schema }: Asked<T>,
  work: (tx: Transaction) => Promise<Answer<T>>,
): Promise<Answered<T>> {
  if (request.routeOptions.config.idempotent !== true) throw new Error(`${request.routeOptions.url} is not idempotent`);
  const key = keyOf(request, sender);
  if (key === undefined) {
    return { ...(await database.write(tenantId, work)), replayed: false };
  }
  const kept = keptAs(request, sender, key, config.secret);
  return await database.write(tenantId, async (tx) => {
    const earlier = await inScope(tx, kept, tenantId, () => find(tx, kept));
    if (earlier !== undefined) return { ...answerIn(earlier, schema), replayed: true };
    const answer = await work(tx);
    await inScope(tx, kept, tenantId, () => keep(tx, kept, JSON.stringify(answer)));
    return { ...answer, replayed: false };
  });
}

/** What an answer is sent with. */
export function headersOf({ location, replayed }: Answered<unknown>): Record<string, string> {
  return {
    ...(location === undefined ? {} : { Location: location }),
    ...(replayed ? { "Idempotent-Replayed": "true" } : {}),
  };
}

function keyOf({ headers }: FastifyRequest, sender: Sender): string | undefined {
  const key = headers[HEADER];
  if (key === undefined) return undefined;
  const known = "tenantId" in sender;
  if (typeof key === "string" && (known ? KEY : STRANGERS_KEY).test(key)) return key;
  const message = `must be ${known ? 1 : 16} to 255 visible ASCII characters; a UUID is a good one`;
  throw invalid([{ path: `headers.${HEADER}`, message }]);
}

type Kept = {
  /** Whose rows it is among. */
  scopeId: string;
  id: Uint8Array<ArrayBuffer>;
  fingerprint: Uint8Array<ArrayBuffer>;
  secret: Buffer;
};

/** All of it keyed: neither a key nor an address nor a body can be guessed and compared by who reads the database. */
function keptAs({ method, routeOptions, body }: FastifyRequest, sender: Sender, key: string, secret: Buffer): Kept {
  const hashKey = derivedKey(secret, "leanvibe idempotency hashes");
  const hash = (...parts: string[]) =>
    new Uint8Array(createHmac("sha256", hashKey).update(JSON.stringify(parts)).digest());
  const route = `${method} ${routeOptions.url}`;
  const known = "tenantId" in sender;
  return {
    scopeId: known ? sender.tenantId : idOf(hash("address", sender.address)),
    id: hash("key", known ? sender.userId : sender.address, route, key),
    fingerprint: hash("request", route, JSON.stringify(body ?? null)),
    secret: derivedKey(secret, "leanvibe idempotency answers"),
  };
}

/** RFC 9562's version 8, which no other id of ours is: it can be no tenant's. */
function idOf(hash: Uint8Array): string {
  const hex = Buffer.from(hash).toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** Among the rows of the sender, where the transaction is for another tenant: one that does not exist yet. */
async function inScope<T>(tx: Transaction, { scopeId }: Kept, tenantId: string, work: () => Promise<T>): Promise<T> {
  return scopeId === tenantId ? await work() : await actingFor(tx, { for: scopeId, own: tenantId }, work);
}

const locked = z.tuple([z.object({ locked: z.boolean() })]);

/** The answer that was kept. Held until the transaction ends, so that of two at once one works, and one is told so. */
async function find(tx: Transaction, { scopeId, id, fingerprint, secret }: Kept): Promise<string | undefined> {
  const lock = Buffer.from(id).readBigInt64BE();
  const rows = await tx.$queryRaw`SELECT pg_try_advisory_xact_lock(${lock}) AS locked`;
  if (!locked.parse(rows)[0].locked) throw new Refusal("IDEMPOTENCY_IN_PROGRESS", { retryAfterSeconds: RETRY_SECONDS });
  const where = { tenantId: scopeId, id, expiresAt: { gt: new Date() } };
  const kept = await tx.idempotencyKey.findFirst({ where });
  if (kept === null) return undefined;
  if (!Buffer.from(kept.fingerprint).equals(fingerprint)) throw new Refusal("IDEMPOTENCY_KEY_REUSED");
  return open(Buffer.from(kept.sealed), secret, hexOf(id));
}

async function keep(tx: Transaction, { scopeId, id, fingerprint, secret }: Kept, answer: string): Promise<void> {
  const sealed = new Uint8Array(seal(answer, secret, hexOf(id)));
  const expiresAt = new Date(Date.now() + KEPT_SECONDS * 1000);
  // One whose time is over may still be there.
  await tx.idempotencyKey.deleteMany({ where: { tenantId: scopeId, id } });
  await tx.idempotencyKey.create({ data: { tenantId: scopeId, id, fingerprint, sealed, expiresAt } });
}

const stored = z.object({ body: z.unknown(), location: z.string().optional() });

function answerIn<T>(text: string, schema: z.ZodType<T>): Answer<T> {
  const { body, location } = stored.parse(JSON.parse(text));
  return { body: schema.parse(body), location };
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
