import type { FastifyRequest } from "fastify";

/** Longer than any id, name or word of a path of ours, and shorter than any secret. */
const WORD_AT_MOST = 40;

/**
 * What the log tells of a request: no query, in which links carry their tokens and people search for people, and of the path
 * nothing that is long enough to be a secret, on whichever route, also one that there is not.
 */
export function loggedRequest({ method, url, host, ip }: FastifyRequest): Record<string, string> {
  return { method, path: loggedPath(url), host, ip };
}

/** The path of that, which may also be told to who asked. */
export function loggedPath(url: string): string {
  const [path = ""] = url.split("?");
  const words = path.split("/").map((word) => (word.length > WORD_AT_MOST ? "..." : word));
  return words.join("/");
}
