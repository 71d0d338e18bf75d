import type { FastifyReply } from "fastify";
import type { App } from "../app.ts";
import { Refusal } from "../errors/catalogue.ts";

const MILLISECONDS = 30_000;
const LOOKED_EVERY_MILLISECONDS = 1_000;
const RETRY_SECONDS = 5;

declare module "fastify" {
  interface FastifyContextConfig {
    /** How long an answer may take in the end; 30 s. */
    patienceMilliseconds?: number;
  }
}

/**
 * Nobody waits without end: an answer that does not come is a refusal, and one that stops half-way is cut off. One clock
 * for all requests; Fastify's own is a timer, a signal and a listener for each.
 */
export function losePatience(app: App, milliseconds: number = MILLISECONDS): void {
  const waiting = new Map<FastifyReply, number>();
  const look = setInterval(
    () => {
      const now = performance.now();
      for (const [reply, until] of waiting) {
        if (now < until) continue;
        waiting.delete(reply);
        if (reply.raw.headersSent) reply.raw.destroy();
        else if (!reply.sent)
          reply.send(
            new Refusal("OVERLOADED", { detail: "The answer took too long.", retryAfterSeconds: RETRY_SECONDS }),
          );
      }
    },
    Math.min(LOOKED_EVERY_MILLISECONDS, milliseconds),
  ).unref();
  app.addHook("onRequest", ({ routeOptions }, reply, done) => {
    waiting.set(reply, performance.now() + (routeOptions.config.patienceMilliseconds ?? milliseconds));
    done();
  });
  app.addHook("onResponse", (_request, reply, done) => {
    waiting.delete(reply);
    done();
  });
  app.addHook("onClose", async () => clearInterval(look));
}
