import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { PassThrough } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import fastify from "fastify";
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from "fastify-type-provider-zod";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { App } from "../app.ts";
import { refusalOf } from "../errors/refused.ts";
import { losePatience } from "./patience.ts";

const app: App = fastify().withTypeProvider<ZodTypeProvider>();
let url: string;

beforeAll(async () => {
  app.setValidatorCompiler(validatorCompiler).setSerializerCompiler(serializerCompiler);
  app.setErrorHandler((error, _request, reply) => reply.code(503).send({ code: refusalOf(error).code }));
  losePatience(app, 100);
  app.get("/never", () => new Promise(() => undefined));
  app.get("/late", { config: { patienceMilliseconds: 5_000 } }, async () => {
    await sleep(400);
    return { late: true };
  });
  app.get("/half", async () => {
    const stream = new PassThrough();
    stream.write("half");
    return stream;
  });
  url = await app.listen({ host: "127.0.0.1", port: 0 });
});

afterAll(() => app.close());

test("an answer that does not come is a refusal", async () => {
  const answer = await app.inject("/never");
  expect([answer.statusCode, answer.json()]).toEqual([503, { code: "OVERLOADED" }]);
});

test("a route that says so may take longer", async () => {
  expect((await app.inject("/late")).json()).toEqual({ late: true });
});

test("an answer that stops half-way is cut off, so that nobody takes it for a whole one", async () => {
  const [answer]: IncomingMessage[] = await once(get(`${url}/half`), "response");
  await expect(once(answer?.resume() ?? app.server, "end")).rejects.toThrow(/aborted/);
});
