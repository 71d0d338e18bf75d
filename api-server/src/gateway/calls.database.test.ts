import { randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { PLANS } from "@leanvibe/schema";
import { pino } from "pino";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { settle } from "../metering/ledger.ts";
import { monthScope } from "../metering/meters.ts";
import { inDatabase } from "../testing/database.ts";
import { DONE, type FakeModel, fakeModel, piece, send, streamed, usagePiece, whole } from "../testing/model.ts";
import { type TestParts, type TestTenant, testParts, testTenant } from "../testing/parts.ts";
import { begun, brokenOff, dripping, endless, flood } from "../testing/unruly.ts";
import type { Agent } from "./agents.ts";
import { Calls } from "./calls.ts";
import { modelsIn } from "./models.ts";
import { chatRequest } from "./request.ts";

const KEY = "sk-nobody-may-see-this";
const keyFile = join(tmpdir(), `leanvibe-key-${process.pid}`);

let running: TestParts;
let server: FakeModel;
let elsewhere: FakeModel;
let calls: Calls;
let tenant: TestTenant;
let agent: Agent;

beforeAll(async () => {
  running = await testParts();
  server = await fakeModel();
  elsewhere = await fakeModel();
  writeFileSync(keyFile, `${KEY}\n`);
  const common = { endpoint: server.endpoint, context_tokens: 4_096 };
  const price = { input_cents: 100, output_cents: 200 };
  const models = modelsIn(
    JSON.stringify({
      models: [
        { ...common, name: "coder", model: "Real-Name", key_file: keyFile, price, default: true },
        { ...common, name: "unpriced" },
        { ...common, name: "down", endpoint: "http://127.0.0.1:9/v1", price },
      ],
    }),
    "models.json",
  );
  // Long enough for a machine that has much else to do.
  const patience = { first: 2_000, idle: 1_500, whole: 8_000 };
  calls = new Calls({ database: running.parts.database, log: pino({ level: "silent" }), models, patience });
});

afterAll(async () => {
  await calls.settled();
  await server.close();
  await elsewhere.close();
  await running.close();
});

beforeEach(async () => {
  tenant = await testTenant(running.parts);
  agent = agentOf({});
  server.asked.length = 0;
  elsewhere.asked.length = 0;
  server.answer = (response) => whole(response, { prompt: 11, completion: 7 });
});

const agentOf = (more: Partial<Agent>): Agent => ({
  taskId: randomUUID(),
  tenantId: tenant.id,
  payerId: tenant.id,
  plan: "starter",
  maxTokens: undefined,
  model: undefined,
  ...more,
});

const MESSAGES = [{ role: "user", content: "Say hello." }];
const never = new AbortController().signal;
const ask = (more: object = {}, gone: AbortSignal = never) =>
  calls.answer(agent, chatRequest.parse({ messages: MESSAGES, ...more }), gone);

async function body(answer: Awaited<ReturnType<typeof ask>>): Promise<string> {
  return typeof answer.body === "string" ? answer.body : await text(answer.body);
}

async function used() {
  await calls.settled();
  return await inDatabase(running.admin, async (client) => {
    const { rows: events } = await client.query(
      "SELECT meter, quantity::int, details FROM usage_events WHERE tenant_id = $1 ORDER BY meter",
      [tenant.id],
    );
    const { rows: totals } = await client.query(
      "SELECT scope, meter, used::int, reserved::int FROM usage_totals WHERE tenant_id = $1 ORDER BY scope, meter",
      [tenant.id],
    );
    return { events, totals };
  });
}

/** Nothing was counted, and nothing is spoken for. */
async function nothingUsed(): Promise<void> {
  const { events, totals } = await used();
  expect(events).toEqual([]);
  for (const total of totals) expect(total).toMatchObject({ used: 0, reserved: 0 });
}

describe("an answer", () => {
  test("is the model's, by the name and the key that its server wants, and counts as it says", async () => {
    expect(JSON.parse(await body(await ask({ temperature: 0 })))).toMatchObject({
      choices: [{ message: { content: "hello" } }],
    });
    expect(server.asked).toMatchObject([
      {
        path: "/v1/chat/completions",
        headers: { authorization: `Bearer ${KEY}` },
        body: { model: "Real-Name", messages: MESSAGES, temperature: 0, max_tokens: expect.any(Number) },
      },
    ]);
    const { events, totals } = await used();
    expect(events).toMatchObject([
      { meter: "ai_requests", quantity: 1 },
      {
        meter: "ai_tokens",
        quantity: 18,
        details: { model: "coder", input_tokens: 11, output_tokens: 7, estimated: false, cost_millionth_cents: 2_500 },
      },
    ]);
    expect(totals).toEqual([
      { scope: monthScope(new Date()), meter: "ai_requests", used: 1, reserved: 0 },
      { scope: monthScope(new Date()), meter: "ai_tokens", used: 18, reserved: 0 },
      { scope: `task:${agent.taskId}`, meter: "ai_tokens", used: 18, reserved: 0 },
    ]);
  });

  test("without figures is estimated, rather more than less, and marked so", async () => {
    server.answer = (response) => whole(response, undefined);
    await ask();
    const { events } = await used();
    expect(events[1]).toMatchObject({ details: { estimated: true } });
    expect(events[1].quantity).toBeGreaterThan(20);
  });

  test("comes piece by piece, and its figures are asked for, and kept from who did not", async () => {
    server.answer = (response) => streamed(response, [piece("a"), piece("b"), usagePiece(20, 2), DONE]);
    expect(await body(await ask({ stream: true }))).toBe(piece("a") + piece("b") + DONE);
    expect(server.asked[0]?.body).toMatchObject({ stream: true, stream_options: { include_usage: true } });
    const all = await body(await ask({ stream: true, stream_options: { include_usage: true } }));
    expect(all).toContain('"prompt_tokens":20');
    expect((await used()).events.map(({ quantity }) => quantity)).toEqual([1, 1, 22, 22]);
  });

  test("whose client goes away in the middle is ended there, and counts as far as it came [free rides]", async () => {
    server.answer = (response) => streamed(response, [piece("a"), piece("b"), undefined]);
    const gone = new AbortController();
    const answer = await ask({ stream: true }, gone.signal);
    await sleep(50);
    gone.abort(new Error("gone"));
    await body(answer).catch(() => "");
    const { events } = await used();
    expect(events[1]).toMatchObject({ details: { estimated: true, output_tokens: 2 } });
    await sleep(50);
    expect(server.asked[0]?.closed).toBe(true);
  });

  test.each([
    ["thoughts", { reasoning_content: "1234567890" }],
    ["what another server calls them", { thinking: { parts: ["12345", { text: "67890" }] } }],
    ["a refusal", { role: "assistant", content: "", refusal: "1234567890" }],
    ["calls of tools", { tool_calls: [{ index: 0, function: { name: "12345", arguments: "67890" } }] }],
    ["signs of four bytes", { content: "12345\u{1f9ff}6" }],
  ])(
    "of which the client takes only %s and leaves before the figures counts all of it [free rides]",
    async (_what, delta) => {
      const events = Array.from(
        { length: 10 },
        () => `data: ${JSON.stringify({ choices: [{ index: 0, delta }] })}\n\n`,
      );
      server.answer = (response) => streamed(response, [...events, undefined]);
      const gone = new AbortController();
      const answer = await ask({ stream: true }, gone.signal);
      await sleep(50);
      gone.abort(new Error("gone"));
      await body(answer).catch(() => "");
      expect((await used()).events[1]).toMatchObject({ details: { estimated: true, output_tokens: 100 } });
    },
  );

  test("whole and without figures counts by all that was written, whatever it is called [free rides]", async () => {
    const message = { role: "assistant", content: "1", reasoning_content: "2".repeat(500) };
    server.answer = (response) => send(response, 200, { choices: [{ index: 0, message }] });
    await ask();
    expect((await used()).events[1]).toMatchObject({ details: { estimated: true, output_tokens: 167 } });
  });

  test("of which the client heard nothing counts all the same: the model has read it [free rides]", async () => {
    server.answer = () => undefined;
    const gone = new AbortController();
    const asking = ask({ stream: true }, gone.signal).catch((error: unknown) => error);
    await sleep(100);
    gone.abort(new Error("gone"));
    await asking;
    expect((await used()).events[1]).toMatchObject({ details: { estimated: true, output_tokens: 0 } });
  });

  test.each([true, false])(
    "whose client had gone before the model was asked costs nothing, and it is not asked [stream %s]",
    async (stream) => {
      const gone = new AbortController();
      // While it is being paid for.
      const asking = ask({ stream }, gone.signal).catch((error: unknown) => error);
      gone.abort(new Error("gone"));
      await expect(asking).resolves.toMatchObject({ code: "MODEL_UNAVAILABLE" });
      expect(server.asked).toEqual([]);
      await nothingUsed();
    },
  );

  test("that is whole is read to its end though nobody waits for it", async () => {
    const gone = new AbortController();
    server.answer = async (response) => {
      gone.abort(new Error("gone"));
      await sleep(50);
      whole(response, { prompt: 100, completion: 50 });
    };
    await ask({}, gone.signal);
    expect((await used()).events[1]).toMatchObject({ quantity: 150 });
  });

  test("that breaks off tells so where clients of models look for it, and counts as far as it came", async () => {
    server.answer = (response) => streamed(response, [piece("a")]);
    expect(await body(await ask({ stream: true }))).toContain('"code":"model_unavailable"');
    expect((await used()).events).toHaveLength(2);
  });
});

describe("a budget", () => {
  test("of a month lets one of 50 calls through where there is room for one [race]", async () => {
    const scope = monthScope(new Date());
    // The whole context is reserved; after the one call too little is left for another like it.
    const room = 4_100;
    const quantity = PLANS.starter.aiTokensPerMonth - room;
    await running.parts.database.write(tenant.id, (tx) =>
      settle(tx, randomUUID(), [{ meter: "ai_tokens", quantity, scopes: [scope] }], {
        source: "test",
        usedBy: tenant.id,
        taskId: null,
        details: {},
      }),
    );
    server.answer = async (response) => {
      await sleep(300);
      whole(response, { prompt: 11, completion: 7 });
    };
    const request = chatRequest.parse({ messages: MESSAGES });
    const answers = await Promise.allSettled(
      Array.from({ length: 50 }, () => calls.answer(agentOf({}), request, never)),
    );
    expect(answers.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    const refused = answers.flatMap((each) => (each.status === "rejected" ? [each.reason.code] : []));
    expect(new Set(refused)).toEqual(new Set(["BUDGET_EXCEEDED"]));
    expect(server.asked).toHaveLength(1);
    expect(await ask({ max_tokens: 100 })).toBeDefined();
  });

  test("of a task stops it in the middle of its work, before the model is asked", async () => {
    agent = agentOf({ maxTokens: 5_000 });
    server.answer = (response) => whole(response, { prompt: 1_000, completion: 1_000 });
    await ask();
    await expect(ask()).rejects.toMatchObject({ code: "BUDGET_EXCEEDED" });
    expect(server.asked).toHaveLength(1);
    expect(await ask({ max_tokens: 100 })).toBeDefined();
  });

  test("of a child is its parent's", async () => {
    const parent = await testTenant(running.parts);
    agent = agentOf({ payerId: parent.id });
    await ask();
    await calls.settled();
    const { rows } = await inDatabase(running.admin, (client) =>
      client.query("SELECT tenant_id, used_by FROM usage_events WHERE used_by = $1", [tenant.id]),
    );
    expect(rows[0]).toEqual({ tenant_id: parent.id, used_by: tenant.id });
  });
});

test("a call that the budget has room for, by what its text usually is, is let through", async () => {
  agent = agentOf({ maxTokens: 1_000 });
  await ask({ messages: [{ role: "user", content: "word ".repeat(300) }], max_tokens: 250 });
  expect((await used()).totals.at(-1)).toMatchObject({ reserved: 0 });
});

test("one call after the other finds what is left, and not what the one before had reserved", async () => {
  agent = agentOf({ maxTokens: 4_300 });
  server.answer = (response, { body: asked }) =>
    asked["stream"] === true
      ? streamed(response, [piece("a"), usagePiece(10, 10), DONE])
      : whole(response, { prompt: 10, completion: 10 });
  for (let at = 0; at < 10; at++) await body(await ask({ stream: at % 2 === 0 }));
  expect((await used()).totals.at(-1)).toMatchObject({ used: 200, reserved: 0 });
});

describe("a model's server", () => {
  test.each([
    ["answers 500", (response) => send(response, 500, { error: { message: "broken" } }), "MODEL_UNAVAILABLE"],
    ["knows no such model", (response) => send(response, 404, "not found"), "MODEL_UNAVAILABLE"],
    ["hangs up", (response) => void response.destroy(), "MODEL_UNAVAILABLE"],
    ["is asked too much", (response) => send(response, 429, {}, { "retry-after": "7" }), "RATE_LIMITED"],
    [
      "refuses it so slowly that it takes longer than its first word may",
      (response) => dripping(response, 429),
      "RATE_LIMITED",
    ],
    ["fails as slowly", (response) => dripping(response, 500), "MODEL_UNAVAILABLE"],
    ["refuses it", (response) => send(response, 400, { error: { message: "no such role" } }), "MODEL_REQUEST_REFUSED"],
    [
      "cannot read so much",
      (response) => send(response, 400, { error: { message: "maximum context length is 4096" } }),
      "CONTEXT_LENGTH_EXCEEDED",
    ],
  ] satisfies [string, FakeModel["answer"], string][])(
    "that %s costs nothing, and is told",
    async (_what, answer, code) => {
      server.answer = answer;
      await expect(ask()).rejects.toMatchObject({ code });
      await nothingUsed();
    },
  );

  test.each([
    ["says nothing for as long as is waited", () => undefined, 0, 0],
    ["breaks off in the middle of an answer", (response) => brokenOff(response, 3_000), 1_000, 1_000],
    ["falls silent in the middle of an answer", (response) => begun(response, 300), 300, 300],
    ["sends no end [memory]", (response) => endless(response), 1_000, 1_000],
  ] satisfies [string, FakeModel["answer"], number, number][])(
    "that %s had read and written: it counts, as far as it was asked for [free rides]",
    async (_what, answer, least, most) => {
      server.answer = answer;
      await expect(ask({ max_tokens: 1_000 })).rejects.toMatchObject({ code: "MODEL_UNAVAILABLE" });
      const { events, totals } = await used();
      expect(events[1]).toMatchObject({ details: { estimated: true } });
      expect(events[1].details.input_tokens).toBeGreaterThan(10);
      expect(events[1].details.output_tokens).toBeGreaterThanOrEqual(least);
      expect(events[1].details.output_tokens).toBeLessThanOrEqual(most);
      for (const total of totals) expect(total).toMatchObject({ reserved: 0 });
    },
  );

  test("that is down costs nothing", async () => {
    await expect(ask({ model: "down" })).rejects.toMatchObject({
      code: "MODEL_UNAVAILABLE",
      options: { retryAfterSeconds: 5 },
    });
    await nothingUsed();
  });

  test("is not followed elsewhere: neither the key nor the words go there [redirect]", async () => {
    server.answer = (response) => send(response, 307, "", { location: `${elsewhere.endpoint}/chat/completions` });
    await expect(ask()).rejects.toMatchObject({ code: "MODEL_UNAVAILABLE" });
    expect(elsewhere.asked).toEqual([]);
  });

  test("that repeats the key in a refusal tells it to nobody [key]", async () => {
    server.answer = (response) => send(response, 400, { error: { message: `bad request with ${KEY}` } });
    await expect(ask()).rejects.toThrow("bad request with [key]");
    server.answer = (response) => send(response, 401, { error: { message: `invalid key ${KEY}` } });
    const refused = await ask().catch((error: unknown) => error);
    expect(JSON.stringify(refused)).not.toContain(KEY);
  });

  test("gets to see nothing but a chat: no address that it would fetch, no second answer [smuggled]", async () => {
    await ask({ base_url: elsewhere.endpoint, web_search_options: {}, store: true, user: "x", n: 1 });
    expect(Object.keys(server.asked[0]?.body ?? {}).toSorted()).toEqual(["max_tokens", "messages", "model"]);
    const image = { role: "user", content: [{ type: "image_url", image_url: { url: elsewhere.endpoint } }] };
    expect(chatRequest.safeParse({ messages: [image] }).success).toBe(false);
    expect(chatRequest.safeParse({ messages: MESSAGES, n: 2 }).success).toBe(false);
  });

  test("is one of the table, by its name alone, and has a price [SSRF]", async () => {
    for (const model of [elsewhere.endpoint, "Real-Name", "__proto__", "coder@evil"]) {
      await expect(ask({ model })).rejects.toMatchObject({ code: "MODEL_NOT_FOUND" });
    }
    await expect(ask({ model: "x" })).rejects.toThrow("there is coder, unpriced, down");
    await expect(ask({ model: "unpriced" })).rejects.toMatchObject({ code: "MODEL_NOT_PRICED" });
    agent = agentOf({ model: "unpriced" });
    await expect(ask({ model: "default" })).rejects.toMatchObject({ code: "MODEL_NOT_PRICED" });
    expect(await ask({ model: "coder" })).toBeDefined();
    expect(server.asked).toHaveLength(1);
  });

  test.each([
    ["takes nothing is let go, and its place is another's [slots]", undefined],
    ["takes nothing and goes leaves its place at once [slots]", 300],
  ])("whose reader %s", async (_what, leavesAfter) => {
    server.answer = (response) => flood(response);
    const gone = new AbortController();
    const answers = await Promise.all(Array.from({ length: 4 }, () => ask({ stream: true }, gone.signal)));
    await expect(ask({ stream: true })).rejects.toMatchObject({ code: "RATE_LIMITED" });
    if (leavesAfter !== undefined) setTimeout(() => gone.abort(new Error("gone")), leavesAfter);
    const begun = performance.now();
    await calls.settled();
    const within = leavesAfter === undefined ? 5_000 : 1_200;
    expect(performance.now() - begun).toBeLessThan(within);
    server.answer = (response) => whole(response, { prompt: 1, completion: 1 });
    await ask();
    for (const { body: stream } of answers) expect(typeof stream === "string" || stream.destroyed).toBe(true);
    const { events, totals } = await used();
    expect(events.filter(({ meter }) => meter === "ai_requests")).toHaveLength(5);
    for (const total of totals) expect(total).toMatchObject({ reserved: 0 });
  });

  test("has four calls of a task at once, and the fifth is told to come again", async () => {
    server.answer = async (response) => {
      await sleep(200);
      whole(response, { prompt: 1, completion: 1 });
    };
    const answers = await Promise.allSettled(Array.from({ length: 5 }, () => ask()));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([...Array(4).fill("fulfilled"), "rejected"]);
  });
});
