import { z } from "zod";
import type { App } from "../app.ts";
import { escaped } from "../http/html.ts";
import { ERRORS, Refusal } from "./catalogue.ts";
import type { ErrorEntry } from "./entry.ts";

const entries = new Map<string, ErrorEntry>(Object.entries(ERRORS));

/** A page for each error code, made of the catalogue that the answers are made of. */
export function errorPages(app: App): void {
  const config = { access: "public" } as const;
  app.get("/docs/errors", { config, schema: { hide: true, summary: "Every error code" } }, async (_request, reply) => {
    const items = [...entries].map(
      ([code, { status, title }]) =>
        `<li><a href="/docs/errors/${code}"><code>${code}</code></a> (${status}): ${title}</li>`,
    );
    return reply.type("text/html; charset=utf-8").send(page("Errors", `<ul>${items.join("\n")}</ul>`));
  });
  const params = z.object({ code: z.string().max(64) });
  app.get(
    "/docs/errors/:code",
    { config, schema: { hide: true, summary: "Cause and fix of an error code", params } },
    async ({ params: { code } }, reply) => {
      const entry = entries.get(code);
      if (entry === undefined) {
        throw new Refusal("ROUTE_NOT_FOUND", {
          detail: "There is no error of this code; /docs/errors lists them all.",
        });
      }
      return reply.type("text/html; charset=utf-8").send(page(code, bodyOf(entry)));
    },
  );
}

function bodyOf({ status, title, cause, fix, example }: ErrorEntry): string {
  return `<p>HTTP ${status}. ${title}.</p>
<h2>Cause</h2><p>${escaped(cause)}</p>
<h2>Fix</h2><p>${escaped(fix)}</p>
<h2>Example</h2><pre>${escaped(example)}</pre>
<p><a href="/docs/errors">All errors</a></p>`;
}

function page(title: string, body: string): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${title} - LeanVibe API</title></head><body><main><h1>${title}</h1>
${body}</main></body></html>
`;
}
