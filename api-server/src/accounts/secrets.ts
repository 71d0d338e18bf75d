import { createHash, randomBytes } from "node:crypto";

const BYTES = 32;

/** A secret that is given to somebody once, and its SHA-256, which is all that is kept: it is too long to be guessed. */
export function newSecret(prefix: string): { secret: string; hash: Uint8Array<ArrayBuffer> } {
  const secret = `${prefix}_${randomBytes(BYTES).toString("base64url")}`;
  return { secret, hash: hashOf(secret) };
}

export function hashOf(secret: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(createHash("sha256").update(secret).digest());
}
