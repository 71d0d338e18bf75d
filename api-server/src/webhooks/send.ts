import { once } from "node:events";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { byDns, guardedLookup, type Resolve, targetOf } from "./target.ts";

const TIMEOUT_MILLISECONDS = 10_000;
const BODY_BYTES_AT_MOST = 4_096;
const SNIPPET = 1_024;

export type Outcome = { status: number; snippet: string; milliseconds: number };

/**
 * Sends one POST. Nothing is followed: a redirect is an answer like any other.
 * @throws TargetRefused, or whatever kept it from being answered
 */
export async function post(
  target: string,
  { body, headers }: { body: string; headers: Record<string, string> },
  { local, resolve = byDns }: { local: boolean; resolve?: Resolve | undefined },
): Promise<Outcome> {
  const url = targetOf(target, local);
  const began = performance.now();
  const send = url.protocol === "https:" ? httpsRequest : httpRequest;
  const request = send(url, {
    method: "POST",
    // A connection of its own, whose address was looked at.
    agent: false,
    lookup: guardedLookup(local, resolve),
    signal: AbortSignal.timeout(TIMEOUT_MILLISECONDS),
    headers: { ...headers, "content-length": String(Buffer.byteLength(body)) },
  });
  try {
    request.end(body);
    const [response]: IncomingMessage[] = await once(request, "response");
    if (response === undefined) throw new Error("no answer");
    const snippet = await beginningOf(response);
    return { status: response.statusCode ?? 0, snippet, milliseconds: Math.round(performance.now() - began) };
  } finally {
    request.on("error", () => undefined).destroy();
  }
}

/** As text that PostgreSQL can keep. Who answers more than anybody reads is not listened to. */
async function beginningOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response) {
    chunks.push(Buffer.from(chunk));
    bytes += chunk.length;
    if (bytes >= BODY_BYTES_AT_MOST) break;
  }
  const text = Buffer.concat(chunks).subarray(0, BODY_BYTES_AT_MOST).toString("utf8").replaceAll("\0", "");
  return text.toWellFormed().slice(0, SNIPPET).toWellFormed();
}
