import { createHash } from "node:crypto";
import { Refusal } from "../errors/catalogue.ts";

/** Of what is answered, so that nothing that stayed the same seems to have changed. */
export function etagOf(body: object): string {
  return `"${createHash("sha256").update(JSON.stringify(body)).digest("base64url").slice(0, 22)}"`;
}

/** Whether the caller has this already (If-None-Match). */
export function isKnown(header: string | undefined, etag: string): boolean {
  return (
    header !== undefined && (header.trim() === "*" || tagsIn(header).some((tag) => tag.replace(/^W\//, "") === etag))
  );
}

/**
 * Whether a change is made of what the caller saw (If-Match); `*` says that they do not mind.
 * @throws Refusal PRECONDITION_REQUIRED, PRECONDITION_FAILED
 */
export function requireMatch(header: string | undefined, etag: string): void {
  if (header === undefined) throw new Refusal("PRECONDITION_REQUIRED");
  if (header.trim() === "*" || tagsIn(header).includes(etag)) return;
  throw new Refusal("PRECONDITION_FAILED");
}

function tagsIn(header: string): string[] {
  return header.split(",").map((tag) => tag.trim());
}
