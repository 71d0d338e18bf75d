import helmet from "@fastify/helmet";
import fastify from "fastify";
import type { App } from "../app.ts";

const OPTIONS = { contentSecurityPolicy: { directives: { "frame-ancestors": ["'none'"] } } };
const HTTPS_ALONE = ";upgrade-insecure-requests";

type Headers = Readonly<Record<string, string>>;

let asked: Promise<Headers> | undefined;

/** Of every answer: what helmet says, which is the same each time, and by which id the log speaks of the request. */
export async function setHeaders(app: App): Promise<void> {
  asked ??= askHelmet();
  const headers = await asked;
  app.addHook("onRequest", ({ id }, reply, done) => {
    reply.headers(headers).header("X-Request-Id", id);
    done();
  });
}

/** Without what makes a browser ask for everything of a page by HTTPS, which not every API has. */
export async function policyWithoutHttps(): Promise<string> {
  asked ??= askHelmet();
  return (await asked)["content-security-policy"]?.replace(HTTPS_ALONE, "") ?? "";
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
