import { AGENT_NAME, AGENT_PREFIX, GATEWAY_AUDIENCE } from "@leanvibe/schema";
import { z } from "zod";

/** A clock that is a little behind must not refuse what the cluster would let in. */
const SKEW_SECONDS = 60;
/** Longer than Kubernetes makes any. */
const LENGTH_AT_MOST = 8_192;
const JWT = /^[\w-]+\.([\w-]+)\.[\w-]+$/;

const claims = z.object({
  aud: z.union([z.string(), z.array(z.string())]),
  exp: z.number(),
  sub: z.string().endsWith(`:${AGENT_NAME}`).startsWith("system:serviceaccount:"),
  "kubernetes.io": z.object({ pod: z.object({ name: z.string().startsWith(AGENT_PREFIX), uid: z.string().min(1) }) }),
});

/**
 * Whether a token says of itself that it is an agent's, for us and still good. Nothing of it is verified, and nothing is
 * believed: what does not even claim so much is refused here, and costs the cluster no question.
 */
export function claimsToBeAgents(token: string, now: Date): boolean {
  const [, payload] = token.length > LENGTH_AT_MOST ? [] : (JWT.exec(token) ?? []);
  const { data } = claims.safeParse(payload === undefined ? undefined : jsonIn(payload));
  if (data === undefined) return false;
  const isForUs = [data.aud].flat().includes(GATEWAY_AUDIENCE);
  return isForUs && data.exp > now.getTime() / 1000 - SKEW_SECONDS;
}

function jsonIn(payload: string): unknown {
  try {
    return JSON.parse(Buffer.from(payload, "base64url").toString("utf8"));
  } catch {
    return undefined;
  }
}
