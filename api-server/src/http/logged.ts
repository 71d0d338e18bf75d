import type { FastifyRequest } from "fastify";

/** Links that are secrets have theirs in the path, or in the query. */
const IN_PATH = /^(\/api\/v1\/exports\/)[^/]+/;

/** What the log tells of a request: no query, in which links carry their tokens and people search for people. */
export function loggedRequest({ method, url, host, ip }: FastifyRequest): Record<string, string> {
  const [path = ""] = url.split("?");
  return { method, path: path.replace(IN_PATH, "$1..."), host, ip };
}
