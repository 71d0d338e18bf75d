import { v7 as uuid } from "uuid";
import type { Transaction } from "../db/database.ts";
import type { Cell } from "../db/packets.ts";
import type { Json } from "../hashlog/canonical.ts";
import { announce } from "../webhooks/announce.ts";
import type { Untold } from "../webhooks/events.ts";
import type { Action, ActorKind } from "./actions.ts";
import { cellsOf, timeOf, writing } from "./entry.ts";
import { keyOf, sealBy, sealPersonal } from "./personal.ts";

/** Who does something, and whence. A caller of a route is one. */
export type By = {
  tenantId: string;
  /** A member, where nothing is said. */
  kind?: ActorKind;
  userId?: string | undefined;
  /** Of who is no member: the platform's name for them. */
  name?: string;
  email?: string | undefined;
  ip?: string | undefined;
  requestId?: string | undefined;
  /** Of who comes from another tenant: their addresses are that one's to keep and to destroy, and not told here. */
  homeId?: string | undefined;
};

export type AuditEvent = {
  action: Action;
  target: { kind: string; id: string };
  /** Small, and nobody's personal data: it can never be taken away. */
  details?: { [name: string]: Json };
};

export type Audit = {
  /** Writes down, and tells the webhooks that want to hear of it, what the caller's transaction does: it is there when, and only when, that commits. */
  (tx: Transaction, by: By, event: AuditEvent): Promise<void>;
  /**
   * For what no webhook hears of: the parameters of a statement that does it and writes it down, by `writing`.
   * @param keySealed of the user, whom `makeKey` makes one where they have none.
   */
  cells(by: By & { userId: string }, event: AuditEvent & { action: Untold }, keySealed: Buffer): Cell[];
  /** So that what is personal of a user can be written down. */
  makeKey(tx: Transaction, user: { tenantId: string; userId: string }): Promise<void>;
};

const WRITE = `WITH ${writing(1, "")} SELECT FROM event`;

/** @param secret seals the keys by which personal data is sealed. */
export function auditing(secret: Buffer): Audit {
  const audit = async (tx: Transaction, by: By, event: AuditEvent): Promise<void> => {
    const { tenantId, userId, email = null, ip = null } = by;
    const id = uuid();
    const untold = by.homeId !== undefined || (email === null && ip === null);
    const named = untold ? undefined : { rowId: id, data: { email, ip } };
    const personal = named && (await sealPersonal(tx, secret, { tenantId, userId }, named));
    await tx.$executeRawUnsafe(WRITE, ...cellsOf({ id, by, event, personal }));
    const { action, target, details = {} } = event;
    await announce(tx, tenantId, { id, at: timeOf(id), action, target, details });
  };
  return Object.assign(audit, {
    cells: (by: By & { userId: string }, event: AuditEvent, keySealed: Buffer): Cell[] => {
      const id = uuid();
      const data = { email: by.email ?? null, ip: by.ip ?? null };
      return cellsOf({ id, by, event, personal: sealBy(secret, keySealed, { keyId: by.userId, rowId: id, data }) });
    },
    makeKey: async (tx: Transaction, user: { tenantId: string; userId: string }): Promise<void> => {
      await keyOf(tx, secret, user);
    },
  });
}

/** The least id of that moment: what is before it was made before. */
export function leastId(time: Date): string {
  return uuid({ msecs: time.getTime(), seq: 0, random: new Uint8Array(16) });
}
