import type { FastifyReply } from "fastify";
import { z } from "zod";
import type { App } from "../app.ts";
import { Refusal } from "../errors/catalogue.ts";
import { problem } from "../errors/problem.ts";
import { isKnown } from "../http/etag.ts";
import { callerOf } from "../http/identify.ts";
import type { Parts } from "../parts.ts";
import { patch } from "./document.ts";
import { LOGO_BYTES_AT_MOST, logoMaker } from "./logo.ts";
import { ifMatch, LOGO_URL, settings } from "./schema.ts";
import { changeLogo, changeSettings, readLogo, readSettings, type Settings } from "./settings.ts";

const SETTINGS_URL = "/api/v1/tenants/current/settings";
const READ = { access: "tenant", permission: "settings:read", wayOut: true } as const;
const WRITE = { access: "tenant", permission: "settings:write" } as const;
const tags = ["settings"];
const bytes = z.any().meta({ type: "string", format: "binary" });
const unchanged = z.null().describe("What If-None-Match names is what stands there.");

/** /api/v1/tenants/current/settings */
export function tenantSettings(app: App, parts: Parts): void {
  const { database } = parts;
  app.get(
    SETTINGS_URL,
    {
      config: READ,
      schema: {
        operationId: "getSettings",
        summary: "Get the organization's settings",
        tags,
        response: { 200: settings, 304: unchanged, default: problem },
      },
    },
    async (request, reply) => {
      const { body, etag } = await readSettings(database, callerOf(request).tenantId);
      mark(reply, etag);
      if (isKnown(request.headers["if-none-match"], etag)) return reply.code(304).send(null);
      return reply.code(200).send(body);
    },
  );
  app.patch(
    SETTINGS_URL,
    {
      config: WRITE,
      schema: {
        operationId: "changeSettings",
        summary: "Change some of the settings",
        description:
          "The body is a JSON merge patch (RFC 7396): what is left out stays, null goes back to the default.",
        tags,
        headers: ifMatch,
        body: patch,
        response: { 200: settings, default: problem },
      },
    },
    async (request, reply) => {
      const ifMatch = request.headers["if-match"];
      return answer(reply, await changeSettings(parts, callerOf(request), request.body, ifMatch));
    },
  );
  app.get(
    LOGO_URL,
    {
      config: READ,
      schema: {
        operationId: "getLogo",
        summary: "Get the organization's logo",
        tags,
        response: {
          200: { description: "A PNG.", content: { "image/png": { schema: bytes } } },
          304: unchanged,
          default: problem,
        },
      },
    },
    async (request, reply) => {
      const { png, etag } = await readLogo(database, callerOf(request).tenantId);
      // Whatever it should turn out to be, no browser runs it.
      mark(reply, etag).header("Content-Security-Policy", "default-src 'none'; sandbox");
      if (isKnown(request.headers["if-none-match"], etag)) return reply.code(304).send(null);
      return reply.code(200).type("image/png").send(png);
    },
  );
  app.delete(
    LOGO_URL,
    {
      config: WRITE,
      schema: {
        operationId: "deleteLogo",
        summary: "Take the logo away",
        tags,
        response: { 204: z.null().describe("Taken away."), default: problem },
      },
    },
    async (request, reply) => {
      await changeLogo(parts, callerOf(request), null);
      return reply.code(204).send(null);
    },
  );
  logoUpload(app, parts);
}

/** In a scope of its own, because it alone takes images, and nothing else. */
function logoUpload(app: App, parts: Parts): void {
  const makeLogo = logoMaker();
  app.register(async (scope: App) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser(
      ["image/png", "image/jpeg", "image/webp"],
      { parseAs: "buffer" },
      async (_request: unknown, body: Buffer) => body,
    );
    scope.addContentTypeParser("*", (_request, _payload, done) => {
      const detail = "A logo is image/png, image/jpeg or image/webp.";
      done(
        new Refusal("UNSUPPORTED_MEDIA_TYPE", { detail, fix: "Send a PNG, JPEG or WebP image with its media type." }),
      );
    });
    scope.put(
      LOGO_URL,
      {
        config: WRITE,
        bodyLimit: LOGO_BYTES_AT_MOST,
        schema: {
          operationId: "uploadLogo",
          summary: "Give the organization a logo",
          tags,
          body: bytes,
          consumes: ["image/png", "image/jpeg", "image/webp"],
          description: "Bytes of an image. What is kept is a PNG made of it, at most 512 pixels wide and high.",
          response: { 200: settings, default: problem },
        },
      },
      async (request, reply) => {
        if (!Buffer.isBuffer(request.body) || request.body.length === 0)
          throw new Refusal("LOGO_NOT_VALID", { detail: "The body is empty." });
        const caller = callerOf(request);
        const logo = await makeLogo(caller.tenantId, request.body);
        return answer(reply, await changeLogo(parts, caller, logo));
      },
    );
  });
}

/** For the caller to keep, but to ask each time whether it still holds. */
function mark<Reply extends Pick<FastifyReply, "header">>(reply: Reply, etag: string): Reply {
  reply.header("ETag", etag);
  reply.header("Cache-Control", "private, no-cache");
  return reply;
}

function answer(reply: Pick<FastifyReply, "header">, { body, etag }: Settings): Settings["body"] {
  mark(reply, etag);
  return body;
}
