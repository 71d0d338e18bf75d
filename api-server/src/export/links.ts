import { v7 as uuid } from "uuid";
import type { Caller } from "../accounts/callers.ts";
import { may } from "../accounts/roles.ts";
import { hashOf, newSecret } from "../accounts/secrets.ts";
import type { Database, OpenSnapshot, Transaction } from "../db/database.ts";
import type { Export } from "../db/generated/client.ts";
import { Refusal } from "../errors/catalogue.ts";
import { lockedCaller, roleNow } from "../members/members.ts";
import type { Parts } from "../parts.ts";
import { factsOf } from "../tenants/facts.ts";
import { refusedEntry } from "../tenants/state.ts";
import { type Snapshot, WHOLE_MILLISECONDS } from "./archive.ts";

const VALID_MILLISECONDS = 86_400_000;
const REMEMBERED_MILLISECONDS = 30 * 86_400_000;
const BUSY_SECONDS = 30;
const PERMISSION = "tenant:export";

type Writes = Pick<Parts, "database" | "audit">;

/** Whence somebody uses a link. */
type From = { ip: string; requestId: string };

/** A link that was given out. Earlier ones that nobody used are worth nothing then. */
export async function askExport({ database, audit }: Writes, caller: Caller): Promise<{ made: Export; token: string }> {
  const { tenantId } = caller;
  const { secret, hash } = newSecret("lvx");
  const now = Date.now();
  const made = await database.write(tenantId, async (tx) => {
    const { userId: requestedBy } = await lockedCaller(tx, caller, PERMISSION);
    const old = new Date(now - REMEMBERED_MILLISECONDS);
    await tx.export.deleteMany({ where: { tenantId, OR: [{ startedAt: null }, { createdAt: { lt: old } }] } });
    const expiresAt = new Date(now + VALID_MILLISECONDS);
    const by = { requestedBy, homeId: caller.homeId ?? null };
    const id = uuid();
    await audit(tx, caller, { action: "export.asked", target: { kind: "export", id } });
    return await tx.export.create({ data: { tenantId, id, tokenHash: hash, ...by, expiresAt } });
  });
  return { made, token: secret };
}

/** @throws Refusal EXPORT_NOT_FOUND */
export async function findExport(database: Database, tenantId: string, id: string): Promise<Export> {
  const found = await database.read(tenantId, (db) => db.export.findFirst({ where: { tenantId, id } }));
  if (found === null) throw new Refusal("EXPORT_NOT_FOUND");
  return found;
}

export const EXPORT_STATES = ["ready", "under_way", "done", "broken_off", "expired"] as const;

export function stateOfExport(
  { startedAt, finishedAt, brokenAt, expiresAt }: Export,
  now: Date,
): (typeof EXPORT_STATES)[number] {
  if (finishedAt !== null) return "done";
  if (brokenAt !== null) return "broken_off";
  if (startedAt === null) return expiresAt > now ? "ready" : "expired";
  // A server that was killed has written nothing down any more.
  return now.getTime() - startedAt.getTime() < WHOLE_MILLISECONDS ? "under_way" : "broken_off";
}

export type Begun = { id: string; snapshot: Snapshot };

/**
 * Uses a link: of many who do so at once one gets the data. While too much is being exported, the link stays good.
 * @throws Refusal EXPORT_NOT_FOUND, EXPORT_LINK_USED, OVERLOADED, and what the tenant's state answers
 */
export async function beginExport(parts: Writes, token: string, from: From): Promise<Begun> {
  const { database } = parts;
  const hash = hashOf(token);
  const tenantId = await database.findExport(hash);
  if (tenantId === undefined) throw new Refusal("EXPORT_NOT_FOUND", { detail: "There is no such link." });
  const opened = await database.snapshot(tenantId);
  if (opened === undefined) {
    throw new Refusal("OVERLOADED", {
      detail: `Other exports are being made: try again in ${BUSY_SECONDS} s.`,
      retryAfterSeconds: BUSY_SECONDS,
    });
  }
  try {
    const { id, subdomain } = await database.write(tenantId, async (tx) => {
      const used = await useLink(tx, tenantId, hash);
      // By whoever had it: the link says no more than who asked for it.
      const by = { tenantId, userId: used.requestedBy, ...from };
      await parts.audit(tx, by, { action: "export.taken", target: { kind: "export", id: used.id } });
      return used;
    });
    return { id, snapshot: snapshotOf(opened, { id: tenantId, subdomain }) };
  } catch (error) {
    opened.client.release(true);
    throw error;
  }
}

function snapshotOf({ client, takenAt }: OpenSnapshot, tenant: Snapshot["tenant"]): Snapshot {
  return { client, takenAt, tenant };
}

async function useLink(
  tx: Transaction,
  tenantId: string,
  tokenHash: Uint8Array<ArrayBuffer>,
): Promise<{ id: string; requestedBy: string; subdomain: string }> {
  const now = new Date();
  const [used] = await tx.export.updateManyAndReturn({
    where: { tenantId, tokenHash, startedAt: null, expiresAt: { gt: now } },
    data: { startedAt: now },
  });
  if (used === undefined) throw new Refusal("EXPORT_LINK_USED");
  const { id, requestedBy, homeId } = used;
  const role = await roleNow(tx, { tenantId, userId: requestedBy, homeId: homeId ?? undefined });
  if (role === undefined || !may(role, PERMISSION)) throw new Refusal("EXPORT_LINK_USED");
  const refused = refusedEntry(await factsOf(tx), { role });
  if (refused !== undefined) throw new Refusal(refused);
  const { subdomain } = await tx.tenant.findFirstOrThrow({ where: { id: tenantId } });
  return { id, requestedBy, subdomain };
}

/** Writes down how it ended. */
export async function endExport(
  database: Database,
  tenantId: string,
  id: string,
  end: { finishedAt: Date } | { brokenAt: Date },
): Promise<void> {
  await database.read(tenantId, (db) => db.export.updateMany({ where: { tenantId, id }, data: end }));
}
