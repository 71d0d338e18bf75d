import { z } from "zod";
import type { Database } from "../db/database.ts";
import type { AuditEvent, PersonalKey } from "../db/generated/client.ts";
import { momentOf } from "../http/moment.ts";
import type { Page } from "../http/pages.ts";
import { ACTOR_KINDS, type ActorKind } from "./actions.ts";
import { leastId } from "./audit.ts";
import { openPersonal } from "./personal.ts";
import type { AuditBody, AuditFilter } from "./schema.ts";

const EXPORT_PAGE = 500;
/** Whose people tenants know as one: which of them it was, and whence, the platform itself can tell by the rows. */
const PLATFORM = "platform" satisfies ActorKind;

type Reads = { database: Database; secret: Buffer };

/** The latest first; one more than `limit` where there is more. */
export async function listAudit(
  { database, secret }: Reads,
  tenantId: string,
  { limit, cursor, ...filter }: Page & AuditFilter,
): Promise<AuditBody[]> {
  const before = cursor === undefined ? [] : [{ id: { lt: cursor } }];
  const where = { tenantId, AND: [...conditionsOf(filter), ...before] };
  const rows = await database.read(tenantId, (db) =>
    db.auditEvent.findMany({ where, orderBy: { id: "desc" }, take: limit + 1 }),
  );
  const keys = await keysOf(database, tenantId, rows);
  return rows.map((row) => bodyOf(row, keys, secret));
}

/** All of them, the first first, a line each; never more than a page of them in memory. */
export async function* exportAudit(reads: Reads, tenantId: string, filter: AuditFilter): AsyncGenerator<string> {
  const { database, secret } = reads;
  let after: string | undefined;
  for (;;) {
    const from = after === undefined ? [] : [{ id: { gt: after } }];
    const where = { tenantId, AND: [...conditionsOf(filter), ...from] };
    const rows = await database.read(tenantId, (db) =>
      db.auditEvent.findMany({ where, orderBy: { id: "asc" }, take: EXPORT_PAGE }),
    );
    const keys = await keysOf(database, tenantId, rows);
    if (rows.length > 0) yield rows.map((row) => `${JSON.stringify(bodyOf(row, keys, secret))}\n`).join("");
    after = rows.at(-1)?.id;
    if (rows.length < EXPORT_PAGE) return;
  }
}

/** Ids grow with time, so that a time is an id, and the table's key finds it. */
function conditionsOf({ actor, action, target, from, to }: AuditFilter) {
  return [
    ...(actor === undefined ? [] : [{ actorId: actor, actorKind: { not: PLATFORM } }]),
    ...(action === undefined ? [] : [{ action }]),
    ...(target === undefined ? [] : [{ targetId: target }]),
    ...(from === undefined ? [] : [{ id: { gte: leastId(momentOf(from)) } }]),
    ...(to === undefined ? [] : [{ id: { lt: leastId(momentOf(to)) } }]),
  ];
}

type Keys = ReadonlyMap<string, Uint8Array>;

async function keysOf(database: Database, tenantId: string, rows: readonly AuditEvent[]): Promise<Keys> {
  const ids = [...new Set(rows.flatMap(({ personalKey }) => personalKey ?? []))];
  if (ids.length === 0) return new Map();
  // One text for lists of every length, so that PostgreSQL plans it once.
  const found = await database.read(
    tenantId,
    (db) => db.$queryRaw<Pick<PersonalKey, "id" | "keySealed">[]>`
      SELECT id, key_sealed AS "keySealed" FROM personal_keys WHERE tenant_id = ${tenantId}::uuid AND id = ANY (${ids}::uuid[])`,
  );
  return new Map(found.map(({ id, keySealed }) => [id, keySealed]));
}

const details = z.record(z.string(), z.unknown());

function bodyOf(row: AuditEvent, keys: Keys, secret: Buffer): AuditBody {
  const isPlatforms = row.actorKind === PLATFORM;
  const { email, ip } = isPlatforms
    ? { email: null, ip: null }
    : openPersonal(secret, row, keys.get(row.personalKey ?? ""));
  return {
    id: row.id,
    at: row.at.toISOString(),
    actor: { kind: z.enum(ACTOR_KINDS).parse(row.actorKind), id: isPlatforms ? null : row.actorId, email },
    action: row.action,
    target: { kind: row.targetKind, id: row.targetId },
    ip,
    request_id: row.requestId,
    details: details.parse(row.details),
  };
}
