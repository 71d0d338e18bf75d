import type { By } from "../audit/audit.ts";
import type { Database, FoundTenant } from "../db/database.ts";
import { isOrphan } from "../db/faults.ts";
import type { User } from "../db/generated/client.ts";
import { type ErrorCode, Refusal } from "../errors/catalogue.ts";
import type { Origin } from "../http/identify.ts";
import type { Parts } from "../parts.ts";
import { refusedEntry } from "../tenants/state.ts";
import { type Entrant, findEntrant, openFor } from "./opening.ts";
import type { Device, Opened } from "./sessions.ts";

export type LoggedIn = Opened & {
  user: Pick<User, "id" | "email" | "name" | "role">;
  tenant: { id: string; organizationName: string; subdomain: string };
};

/**
 * Opens a session for who knows the password. Somebody unknown, somebody inactive and a wrong password are told alike,
 * and take as long.
 * @param named by header, host and body, whichever are there: the tenant's id or subdomain.
 * @throws Refusal LOGIN_FAILED, and what the tenant's state answers; TENANT_AMBIGUOUS when two tenants are named
 */
export async function logIn(
  parts: Pick<Parts, "database" | "passwords" | "audit">,
  who: { named: readonly string[]; email: string; password: string },
  from: Device & Origin,
): Promise<LoggedIn> {
  const { database, passwords } = parts;
  const tenant = await tenantNamed(database, who.named);
  const tenantId = tenant?.lifecycle === "deleted" ? undefined : tenant?.id;
  const found = tenantId === undefined ? undefined : await findEntrant(parts, tenantId, who.email);
  const known = await passwords.matches(found?.passwordHash, who.password);
  if (tenantId === undefined) throw new Refusal("LOGIN_FAILED");
  const by = { tenantId, userId: found?.id, email: found?.email, ip: from.ip, requestId: from.requestId };
  if (!known || found === undefined) throw await failed(parts, by, "LOGIN_FAILED");
  // Their state, or themselves, may have changed while the password was looked at: then it is decided anew, once.
  const { passwordHash } = found;
  const again = async () => {
    const now = await findEntrant(parts, tenantId, found.email);
    return now?.id === found.id && now.passwordHash === passwordHash ? await enter(parts, now, by, from) : undefined;
  };
  const loggedIn = (await enter(parts, found, by, from)) ?? (await again());
  if (loggedIn === undefined) throw await failed(parts, by, "LOGIN_FAILED");
  return loggedIn;
}

/** @returns undefined where they are no longer what they were found to be. */
async function enter(
  parts: Pick<Parts, "database" | "audit">,
  found: Entrant,
  from: By,
  device: Device,
): Promise<LoggedIn | undefined> {
  const by = { ...from, userId: found.id };
  // Only who knows the password is told of it.
  const refused = refusedEntry(found, found);
  if (refused !== undefined) throw await failed(parts, by, refused);
  const { keySealed, id, email, name, role, organizationName, subdomain } = found;
  try {
    if (keySealed === null) {
      await parts.database.write(by.tenantId, (tx) => parts.audit.makeKey(tx, by));
      return undefined;
    }
    const opened = await openFor(parts, { ...found, keySealed }, by, device);
    const tenant = { id: by.tenantId, organizationName, subdomain };
    return opened && { ...opened, user: { id, email, name, role }, tenant };
  } catch (error) {
    throw isOrphan(error) ? new Refusal("LOGIN_FAILED", { cause: error }) : error;
  }
}

/** Written down before it is told. Not the address that was tried: some type their password there. */
async function failed(
  { database, audit }: Pick<Parts, "database" | "audit">,
  by: By,
  why: ErrorCode,
): Promise<Refusal> {
  const { tenantId, userId } = by;
  const target = userId === undefined ? { kind: "tenant", id: tenantId } : { kind: "member", id: userId };
  const writing = database.write(tenantId, (tx) =>
    audit(tx, by, { action: "auth.login_failed", target, details: { reason: why } }),
  );
  // Removed meanwhile.
  await writing.catch((error: unknown) => {
    if (!isOrphan(error)) throw error;
  });
  return new Refusal(why);
}

/** One that nobody knows is no refusal of its own: it is told as a wrong password is. */
async function tenantNamed(database: Database, names: readonly string[]): Promise<FoundTenant | undefined> {
  const found = await Promise.all(names.map((name) => database.findTenant(name)));
  const [first] = found;
  if (first === undefined || found.includes(undefined)) return undefined;
  if (found.every((tenant) => tenant?.id === first.id)) return first;
  throw new Refusal("TENANT_AMBIGUOUS", {
    detail: `The request names ${names.map((name) => `'${name}'`).join(" and ")}.`,
  });
}
