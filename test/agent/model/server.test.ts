import OpenAI, { APIError, RateLimitError } from "openai";
import { afterEach, describe, expect, test } from "vitest";
import { scriptOf } from "./script.ts";
import { type ScriptedModel, startScriptedModel } from "./server.ts";

/** The client that people who are not us wrote reads what the scripted model says; so a shape we made up would show. */
let model: ScriptedModel | undefined;

afterEach(() => model?.close());

async function clientOf(...turns: Parameters<typeof scriptOf>[1]): Promise<OpenAI> {
  model = await startScriptedModel({ script: () => scriptOf("test", turns) });
  return new OpenAI({ baseURL: model.url, apiKey: "none", maxRetries: 0, timeout: 2_000 });
}

const asking = { model: "any", messages: [{ role: "user" as const, content: "Say hello." }] };

describe("the scripted model, read by OpenAI's own client,", () => {
  test("answers as a whole, with usage", async () => {
    const client = await clientOf({ text: "hello" });
    const answer = await client.chat.completions.create(asking);
    expect(answer.choices[0]?.message.content).toBe("hello");
    expect(answer.usage?.completion_tokens).toBe(2);
    expect(answer.model).toBe("scripted/test");
  });

  test("streams, with usage in the last chunk where it is asked for", async () => {
    const client = await clientOf({ text: "word ".repeat(100) });
    const stream = await client.chat.completions.create({
      ...asking,
      stream: true,
      stream_options: { include_usage: true },
    });
    let text = "";
    let usage: OpenAI.CompletionUsage | null | undefined;
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? "";
      usage = chunk.usage ?? usage;
    }
    expect(text).toBe("word ".repeat(100));
    expect(usage?.completion_tokens).toBe(125);
  });

  test("refuses in a form that the client knows: 429 with Retry-After, 500, 402 with a code", async () => {
    const client = await clientOf(
      { fault: { status: 429, retryAfterSeconds: 3 } },
      { fault: { status: 500 } },
      { fault: { status: 402, code: "budget_exceeded" } },
    );
    const limited = await client.chat.completions.create(asking).catch((error: unknown) => error);
    expect(limited).toBeInstanceOf(RateLimitError);
    expect(limited instanceof RateLimitError ? limited.headers?.get("retry-after") : undefined).toBe("3");
    await expect(client.chat.completions.create(asking)).rejects.toMatchObject({ status: 500 });
    const spent = await client.chat.completions.create(asking).catch((error: unknown) => error);
    expect(spent instanceof APIError ? spent.code : undefined).toBe("budget_exceeded");
  });

  test("lists itself", async () => {
    const client = await clientOf({ text: "" });
    const { data } = await client.models.list();
    expect(data.map(({ id }) => id)).toEqual(["scripted"]);
  });
});
