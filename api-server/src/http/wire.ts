import { isUtf8 } from "node:buffer";
import { STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import type { FastifyRequest } from "fastify";
import { v7 as uuid } from "uuid";
import type { App } from "../app.ts";
import { ERRORS, type ErrorCode, Refusal } from "../errors/catalogue.ts";
import { PROBLEM_MEDIA_TYPE, problemOf } from "../errors/problem.ts";
import { methodsOf } from "./access.ts";
import { loggedPath } from "./logged.ts";

/** Headers that say who asks, for whom and what: of two, a proxy might believe one and we the other. */
const ONCE = new Set(["authorization", "content-type", "host", "idempotency-key", "x-tenant-id"]);

/** Refuses what could be read in two ways, before anything is made of it. */
export function readOneWay(app: App): void {
  app.addHook("onRequest", ({ raw }, _reply, done) => {
    const seen = new Set<string>();
    for (let at = 0; at < raw.rawHeaders.length; at += 2) {
      const name = raw.rawHeaders[at]?.toLowerCase() ?? "";
      if (!ONCE.has(name)) continue;
      if (seen.has(name)) throw new Refusal("HEADER_REPEATED", { detail: `The header ${name} is there twice.` });
      seen.add(name);
    }
    done();
  });
  const parse = app.getDefaultJsonParser("error", "error");
  // Nothing of ours is plain text.
  app.removeContentTypeParser(["application/json", "text/plain"]);
  app.addContentTypeParser("application/json", { parseAs: "buffer" }, (request: FastifyRequest, body: Buffer, done) => {
    // Trap: as text, bytes that are no UTF-8 would quietly become other characters.
    if (!isUtf8(body)) return done(new Refusal("MALFORMED_BODY", { detail: "The body is not UTF-8." }));
    return parse(request, body.toString("utf8"), done);
  });
}

/** Refuses what no route is for, before anything of its body is read. */
export function refuseUnrouted(app: App): void {
  app.addHook("onRequest", ({ is404, method, url, routeOptions }, reply, done) => {
    const hasParameter = routeOptions.url?.includes(":") === true;
    if (!is404 && !hasParameter) return done();
    const [path = ""] = url.split("?");
    // Trap: a path of its own is also what another route's parameter may be, and that route may have the method.
    const own = hasParameter ? app.declared.filter((route) => route.url === path) : [];
    if (!is404 && own.length === 0) return done();
    const there = methodsOf(is404 ? app.declared : own, path);
    const detail = `There is no ${method} ${loggedPath(url)}`;
    if (there.length === 0) throw new Refusal("ROUTE_NOT_FOUND", { detail: `${detail}.` });
    reply.header("Allow", there.join(", "));
    throw new Refusal("METHOD_NOT_ALLOWED", { detail: `${detail}; there is ${there.join(", ")}.` });
  });
}

/** By what Node's parser says of bytes that it makes no request of. */
const UNREAD: Readonly<Record<string, ErrorCode>> = {
  HPE_HEADER_OVERFLOW: "HEADERS_TOO_LARGE",
  ERR_HTTP_REQUEST_TIMEOUT: "REQUEST_TIMEOUT",
};

/** Answers bytes that are no request as every other refusal is answered. */
export function answerUnread(publicUrl: string) {
  return (error: Error & { code?: string }, socket: Socket): void => {
    if (error.code === "ECONNRESET" || !socket.writable) return void socket.destroy();
    const code = UNREAD[error.code ?? ""] ?? "MALFORMED_REQUEST";
    const { status } = ERRORS[code];
    const requestId = uuid();
    const body = JSON.stringify(problemOf(new Refusal(code), { requestId, publicUrl }));
    const head = [
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
      `Content-Type: ${PROBLEM_MEDIA_TYPE}`,
      `Content-Length: ${Buffer.byteLength(body)}`,
      `X-Request-Id: ${requestId}`,
      "Connection: close",
    ];
    socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
  };
}
