import { createHmac, randomBytes } from "node:crypto";
import { derivedKey, open, seal } from "../accounts/sealing.ts";
import type { Webhook } from "../db/generated/client.ts";

const SECRET_BYTES = 32;
const PURPOSE = "leanvibe webhook secrets";

/** By what a receiver tells that it is us. All of the text is the key. */
export function newWebhookSecret(): string {
  return `whsec_${randomBytes(SECRET_BYTES).toString("base64")}`;
}

export function sealSecret(secret: Buffer, webhookId: string, text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(seal(text, derivedKey(secret, PURPOSE), webhookId));
}

type Signing = Pick<Webhook, "id" | "secretSealed" | "previousSealed" | "previousUntil">;

/** Those that hold now: for a day after a change two of them. */
export function secretsOf(secret: Buffer, webhook: Signing, now: Date): string[] {
  const { id, secretSealed, previousSealed, previousUntil } = webhook;
  const previous = previousUntil !== null && previousUntil > now ? previousSealed : null;
  const sealed = previous === null ? [secretSealed] : [secretSealed, previous];
  return sealed.map((each) => open(Buffer.from(each), derivedKey(secret, PURPOSE), id));
}

/** LeanVibe-Signature: the time is signed too, so that a receiver can refuse what somebody sends again later. */
export function signatureOf(secrets: readonly string[], body: string, now: Date): string {
  const t = Math.floor(now.getTime() / 1000);
  const signed = secrets.map((secret) => `v1=${createHmac("sha256", secret).update(`${t}.${body}`).digest("hex")}`);
  return [`t=${t}`, ...signed].join(",");
}
