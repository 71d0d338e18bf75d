import type pg from "pg";
import { hashOf, newSecret } from "../accounts/secrets.ts";
import type { Database } from "../db/database.ts";
import { Refusal } from "../errors/catalogue.ts";

export const SESSION_PREFIX = "lvp_";

/** A token that opens one session of the platform within an hour, and whatever is over taken away. @param pool of lv_worker */
export async function makeBootstrapToken(pool: Pick<pg.ClientBase, "query">): Promise<string> {
  const { secret, hash } = newSecret("lvb");
  await pool.query("DELETE FROM platform_tokens WHERE expires_at < now()");
  await pool.query(
    "INSERT INTO platform_tokens (hash, kind, expires_at) VALUES ($1, 'bootstrap', now() + interval '1 hour')",
    [Buffer.from(hash)],
  );
  return secret;
}

export type PlatformSession = { token: string; expiresInSeconds: number };

/** @throws Refusal BOOTSTRAP_NOT_VALID */
export async function openPlatformSession(
  { platform }: Pick<Database, "platform">,
  bootstrap: string,
): Promise<PlatformSession> {
  const { secret, hash } = newSecret(SESSION_PREFIX.slice(0, -1));
  const until = await platform.openSession(hashOf(bootstrap), hash);
  if (until === undefined) throw new Refusal("BOOTSTRAP_NOT_VALID");
  return { token: secret, expiresInSeconds: Math.max(0, Math.round((until.getTime() - Date.now()) / 1000)) };
}
