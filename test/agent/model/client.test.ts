import { afterEach, describe, expect, test } from "vitest";
import { type Model, type ModelOptions, modelOf } from "../../../operator/agent/model/client.ts";
import {
  BudgetExceeded,
  ContextLengthExceeded,
  ModelRefused,
  ModelUnavailable,
} from "../../../operator/agent/model/errors.ts";
import { NO_USAGE } from "../../../operator/agent/model/usage.ts";
import { scriptOf } from "./script.ts";
import { type ScriptedModel, startScriptedModel } from "./server.ts";

let server: ScriptedModel | undefined;

afterEach(() => server?.close());

async function modelWith(turns: Parameters<typeof scriptOf>[1], change: Partial<ModelOptions> = {}): Promise<Model> {
  server = await startScriptedModel({ script: () => scriptOf("test", turns) });
  return modelOf({
    url: server.url,
    model: "asked-for",
    token: async () => "token-1",
    headers: { "x-leanvibe-task": "tenant-acme/report" },
    answerBytes: 10_000,
    totalMilliseconds: 5_000,
    idleMilliseconds: 300,
    unavailableMilliseconds: 3_000,
    maxTokens: undefined,
    before: NO_USAGE,
    signal: new AbortController().signal,
    random: () => 0,
    ...change,
  });
}

const question = {
  messages: [{ role: "user" as const, content: "Say hello." }],
  maxTokens: 50,
  temperature: 0,
  seed: 1,
};

describe("the model's client", () => {
  test("streams an answer, counts what it cost and knows who gave it", async () => {
    const model = await modelWith([{ text: "hello there" }]);
    expect(await model.ask(question)).toMatchObject({
      text: "hello there",
      model: "scripted/test",
      finish: "stop",
      usage: { inputTokens: 3, outputTokens: 3, llmCalls: 1, estimated: false },
    });
    expect(server?.asked[0]).toMatchObject({
      task: "tenant-acme/report",
      authorization: "Bearer token-1",
      body: { model: "asked-for", temperature: 0, max_tokens: 50, stream: true },
    });
  });

  test("reads an answer that comes as a whole although a stream was asked for", async () => {
    const model = await modelWith([{ text: "hello", whole: true }]);
    expect(await model.ask(question)).toMatchObject({ text: "hello", usage: { outputTokens: 2 } });
  });

  test("estimates what an answer without usage cost, rather too much, and says so", async () => {
    const text = "an answer of some length, about which nobody counts the tokens";
    const model = await modelWith([{ text, withoutUsage: true }]);
    const { usage } = await model.ask(question);
    expect(usage.estimated).toBe(true);
    expect(usage.outputTokens).toBeGreaterThan(text.length / 4);
    expect(model.used()).toEqual(usage);
  });

  test("reads the token anew for each call, because it is replaced while a task runs", async () => {
    let calls = 0;
    const model = await modelWith([{ text: "a" }, { text: "b" }], { token: async () => `token-${++calls}` });
    await model.ask(question);
    await model.ask(question);
    expect(server?.asked.map(({ authorization }) => authorization)).toEqual(["Bearer token-1", "Bearer token-2"]);
  });

  test("waits as long as Retry-After says, and then has its answer", async () => {
    const waits: number[] = [];
    const model = await modelWith([{ fault: { status: 429, retryAfterSeconds: 1 } }, { text: "now" }], {
      waiting: (_why, milliseconds) => waits.push(milliseconds),
    });
    expect((await model.ask(question)).text).toBe("now");
    expect(waits).toEqual([1000]);
  });

  test.each([
    ["500", { fault: { status: 500 } }],
    ["503", { fault: { status: 503 } }],
    ["403 of a gateway that has not heard of the pod yet", { fault: { status: 403 } }],
    ["a hang", { fault: { hang: true as const } }],
    ["a page of HTML", { fault: { garbage: true as const } }],
    ["a stream that breaks off", { text: "half of it", fault: { cutAfter: 0 } }],
  ])("asks again after %s", async (_what, turn) => {
    const model = await modelWith([turn, { text: "good" }]);
    expect((await model.ask(question)).text).toBe("good");
    expect(server?.asked).toHaveLength(2);
  });

  test("counts what a broken stream cost", async () => {
    const model = await modelWith([{ text: "x".repeat(600), fault: { cutAfter: 300 } }, { text: "good" }]);
    await model.ask(question);
    expect(model.used()).toMatchObject({ llmCalls: 2, estimated: true });
  });

  test("gives up when the model is gone for longer than it waits, and says whether it was refused for room", async () => {
    const gone = await modelWith([{ fault: { status: 503 } }], { unavailableMilliseconds: 600 });
    await expect(gone.ask(question)).rejects.toThrow(ModelUnavailable);
    await server?.close();
    const limited = await modelWith([{ fault: { status: 429, retryAfterSeconds: 60 } }]);
    const began = performance.now();
    await expect(limited.ask(question)).rejects.toMatchObject({ name: "ModelUnavailable", rateLimited: true });
    expect(performance.now() - began).toBeLessThan(1_000);
  });

  test("waits longer than it would for a model that is gone where it is told when there is room, and the task has that time", async () => {
    const turns = [{ fault: { status: 429, retryAfterSeconds: 1 } }, { text: "now" }];
    const model = await modelWith(turns, { unavailableMilliseconds: 500, leftMilliseconds: () => 5_000 });
    expect((await model.ask(question)).text).toBe("now");
  });

  test("ends at once where it is told to wait for longer than the task has", async () => {
    const turns = [{ fault: { status: 429, retryAfterSeconds: 400 } }];
    const model = await modelWith(turns, { unavailableMilliseconds: 300_000, leftMilliseconds: () => 399_000 });
    await expect(model.ask(question)).rejects.toMatchObject({
      name: "RateLimited",
      message: "HTTP 429: scripted refusal 429: 400 s are to be waited, and 399 s are left",
    });
    expect(server?.asked).toHaveLength(1);
  });

  test.each([
    [403, "model_not_priced"],
    [404, "model_not_found"],
    [409, "task_ended"],
    [401, "invalid_api_key"],
    [429, "insufficient_quota"],
  ])("ends at %i with the code %s, without asking again", async (status, code) => {
    const model = await modelWith([{ fault: { status, code } }]);
    await expect(model.ask(question)).rejects.toThrow(ModelRefused);
    expect(server?.asked).toHaveLength(1);
  });

  test("asks again for a Tenant that is on its way out, and may be called back", async () => {
    const model = await modelWith([{ fault: { status: 404, code: "tenant_not_found" } }, { text: "good" }]);
    expect((await model.ask(question)).text).toBe("good");
  });

  test("gives up when nothing listens there", async () => {
    const model = await modelWith([{ text: "" }], { url: "http://127.0.0.1:9/v1", unavailableMilliseconds: 300 });
    await expect(model.ask(question)).rejects.toThrow(/cannot be spoken to/);
  });

  test.each([402, 403])("ends at %i with the code budget_exceeded, without asking again", async (status) => {
    const model = await modelWith([{ fault: { status, code: "budget_exceeded" } }]);
    await expect(model.ask(question)).rejects.toThrow(BudgetExceeded);
    expect(server?.asked).toHaveLength(1);
  });

  test("does not begin a call when the task's own tokens are used up", async () => {
    const before = { inputTokens: 60, outputTokens: 40, llmCalls: 3, estimated: false };
    const model = await modelWith([{ text: "no" }], { maxTokens: 100, before });
    await expect(model.ask(question)).rejects.toThrow(BudgetExceeded);
    expect(server?.asked).toHaveLength(0);
  });

  test("knows a context that is too small from any other bad request", async () => {
    const small = await modelWith([{ fault: { status: 400, code: "context_length_exceeded" } }]);
    await expect(small.ask(question)).rejects.toThrow(ContextLengthExceeded);
    await server?.close();
    const bad = await modelWith([{ fault: { status: 400 } }]);
    await expect(bad.ask(question)).rejects.toThrow(ModelRefused);
  });

  test("stops reading an answer without end where its bound is", async () => {
    const model = await modelWith([{ fault: { oversizedBytes: 1_000_000 } }]);
    const answer = await model.ask(question);
    expect(answer.finish).toBe("length");
    expect(answer.text.length).toBeLessThanOrEqual(10_000);
  });

  test("ends at once when the pod is told to stop", async () => {
    const stop = new AbortController();
    const model = await modelWith([{ fault: { hang: true } }], { signal: stop.signal, idleMilliseconds: 60_000 });
    setTimeout(() => stop.abort(new Error("stopped")), 50);
    await expect(model.ask(question)).rejects.toThrow("stopped");
  });
});
