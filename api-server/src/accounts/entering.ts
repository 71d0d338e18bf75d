import { v7 as uuid } from "uuid";
import type { Transaction } from "../db/database.ts";
import { Refusal } from "../errors/catalogue.ts";
import type { Parts } from "../parts.ts";
import { childNamed } from "../tenants/children.ts";
import { refusedEntry } from "../tenants/state.ts";
import type { Caller } from "./callers.ts";
import type { LoggedIn } from "./login.ts";
import { addRefreshToken, bearerOf, type Device } from "./sessions.ts";
import { stateInChild } from "./state.ts";

/**
 * Opens a session in a child for a user of its parent. It is no user of the child, and ends no later than the session by
 * which it is opened.
 * @param name the child's id or subdomain.
 * @throws Refusal TENANT_NOT_FOUND for what is no child of the caller's, PERMISSION_DENIED, and what the child's state answers
 */
export function enterChild(
  { database, audit }: Pick<Parts, "database" | "audit">,
  caller: Caller,
  name: string,
  from: Device,
): Promise<LoggedIn> {
  const { tenantId, userId, sessionId } = caller;
  return database.write(tenantId, async (tx) => {
    const child = await childNamed(tx, name);
    const state = await stateInChild(tx, child.id, userId);
    if (state === undefined) {
      const detail = `You may not enter '${child.subdomain}': an owner of your organization can grant it.`;
      throw new Refusal("PERMISSION_DENIED", { detail });
    }
    const refused = refusedEntry(state, state);
    if (refused !== undefined) throw new Refusal(refused);
    const where = { tenantId, id: userId };
    const user = await tx.user.findFirstOrThrow({ where });
    const session = await openWithin(tx, { tenantId, id: sessionId, userId }, child.id, from);
    const details = { session: session.id, role: state.role };
    await audit(tx, caller, { action: "child.entered", target: { kind: "tenant", id: child.id }, details });
    return {
      bearer: bearerOf(session),
      refreshToken: await addRefreshToken(tx, tenantId, session.id, session.expiresAt),
      user: { ...user, role: state.role },
      tenant: { id: child.id, organizationName: child.organization_name, subdomain: child.subdomain },
    };
  });
}

async function openWithin(
  tx: Transaction,
  origin: { tenantId: string; id: string; userId: string },
  enteredTenantId: string,
  { device, ip }: Device,
) {
  const now = new Date();
  const where = { ...origin, enteredTenantId: null, revokedAt: null, expiresAt: { gt: now } };
  const opener = await tx.session.findFirst({ where });
  if (opener === null) throw new Refusal("AUTHENTICATION_REQUIRED", { detail: "The session has ended." });
  const { tenantId, userId, method, expiresAt, id: enteredFrom } = opener;
  const place = { device: device ?? opener.device, ip };
  return await tx.session.create({
    data: { tenantId, userId, id: uuid(), method, expiresAt, enteredTenantId, enteredFrom, ...place },
  });
}
