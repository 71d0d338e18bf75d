import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import fastify from "fastify";
import type { App } from "../app.ts";
import { policyWithoutHttps } from "./headers.ts";

const PAGE = `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>LeanVibe API</title><link rel="icon" href="data:,"></head><body><div id="app"></div><noscript>This page needs JavaScript; the same for programs is
<a href="/openapi.json">/openapi.json</a>, and <a href="/docs/errors">/docs/errors</a> lists the errors.</noscript>
<script src="/docs/scalar.js"></script><script src="/docs/start.js"></script></body></html>
`;

/** Nothing from elsewhere, and nothing sent there: no fonts, no telemetry, no proxy, no assistant. */
const START = `Scalar.createApiReference("#app", ${JSON.stringify({
  url: "/openapi.json",
  withDefaultFonts: false,
  telemetry: false,
  showDeveloperTools: "never",
  agent: { disabled: true, hideAddApi: true },
  mcp: { disabled: true },
  hideClientButton: true,
  persistAuth: false,
  defaultOpenAllTags: true,
  defaultHttpClient: { targetKey: "shell", clientKey: "curl" },
})});
`;

/** The API told of in a browser, from what each route declares. */
export function docs(app: App): void {
  const config = { access: "public" } as const;
  const page = { hide: true, summary: "This, for people: every route with what it takes and answers" };
  for (const url of ["/docs", "/docs/"]) {
    app.get(url, { config: { ...config }, schema: page }, async (_request, reply) =>
      reply
        .type("text/html; charset=utf-8")
        // Where the API has no HTTPS the page would ask for its own scripts by it.
        .header("Content-Security-Policy", await policyWithoutHttps())
        .send(PAGE),
    );
  }
  const script = { hide: true, summary: "Of the page" };
  app.get("/docs/start.js", { config, schema: script }, async (_request, reply) =>
    reply.type("text/javascript; charset=utf-8").send(START),
  );
  let loaded: Promise<Script> | undefined;
  app.get("/docs/scalar.js", { config, schema: script }, async (request, reply) => {
    // Five megabytes, which a server whose docs nobody reads never has in its memory.
    loaded ??= loadScript();
    const { zipped, etag } = await loaded;
    reply.header("ETag", etag).header("Cache-Control", "public, no-cache");
    if (request.headers["if-none-match"] === etag) return reply.code(304).send();
    return reply.type("text/javascript; charset=utf-8").header("Content-Encoding", "gzip").send(zipped);
  });
}

type Script = { zipped: Buffer; etag: string };

/** Scalar's script is inside of its plugin, whose own page starts it by a script in the page: our headers forbid that. */
async function loadScript(): Promise<Script> {
  const { default: scalar } = await import("@scalar/fastify-api-reference");
  const bare = fastify();
  await bare.register(scalar, { routePrefix: "/docs", configuration: { content: {} } });
  const { rawPayload } = await bare.inject("/docs/js/scalar.js");
  await bare.close();
  const etag = `"${createHash("sha256").update(rawPayload).digest("base64url")}"`;
  return { zipped: await promisify(gzip)(rawPayload), etag };
}
