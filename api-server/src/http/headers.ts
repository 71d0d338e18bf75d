import helmet from "@fastify/helmet";
import fastify from "fastify";
import type { App } from "../app.ts";

/** What holds for a page: what helmet says, of which nobody else may frame it. */
const OPTIONS = { contentSecurityPolicy: { directives: { "frame-ancestors": ["'none'"] } } };
const HTTPS_ALONE = ";upgrade-insecure-requests";

const POLICY = "content-security-policy";

/** Of what helmet says that which means something where there is no page: the rest is for documents. */
const OF_EVERYTHING = new Set([
  "cross-origin-resource-policy",
  "referrer-policy",
  "strict-transport-security",
  "x-content-type-options",
  "x-frame-options",
]);

/** What is no page loads nothing, runs nothing and is framed by nobody, should a browser take it for one. */
const NOTHING = "default-src 'none';frame-ancestors 'none'";

type Headers = Readonly<Record<string, string>>;

let asked: Promise<Headers> | undefined;

/** What browsers must not do with an answer, the same each time, and by which id the log speaks of it. */
export async function setHeaders(app: App): Promise<void> {
  asked ??= askHelmet();
  const ofPages = await asked;
  const ofEverything: Headers = {
    ...Object.fromEntries(Object.entries(ofPages).filter(([name]) => OF_EVERYTHING.has(name))),
    [POLICY]: NOTHING,
  };
  app.addHook("onRequest", ({ id }, reply, done) => {
    reply.headers(ofEverything).header("X-Request-Id", id);
    done();
  });
  app.addHook("onSend", (_request, reply, _payload, done) => {
    if (String(reply.getHeader("content-type")).startsWith("text/html")) {
      const own = reply.getHeader(POLICY);
      reply.headers(ofPages);
      // A page that says more of itself knows better.
      if (own !== NOTHING) reply.header(POLICY, own);
    }
    done();
  });
}

/** Without what makes a browser ask for everything of a page by HTTPS, which not every API has. */
export async function policyWithoutHttps(): Promise<string> {
  asked ??= askHelmet();
  return (await asked)[POLICY]?.replace(HTTPS_ALONE, "") ?? "";
}

/** By a request that nobody sent: helmet would put the same together anew for each. */
async function askHelmet(): Promise<Headers> {
  const [plain, guarded] = [fastify(), fastify()];
  await guarded.register(helmet, OPTIONS);
  for (const app of [plain, guarded]) app.get("/", async () => "");
  const usual = (await plain.inject("/")).headers;
  const headers = Object.entries((await guarded.inject("/")).headers).flatMap(([name, value]) =>
    name in usual ? [] : [[name, String(value)] as const],
  );
  await Promise.all([plain.close(), guarded.close()]);
  return Object.freeze(Object.fromEntries(headers));
}
