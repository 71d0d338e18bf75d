import { readFile } from "node:fs/promises";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { Refusal } from "../errors/catalogue.ts";
import type { Model } from "./models.ts";

/** How long a model's server may take: for its first byte, between two pieces of an answer, and for all of it. */
export type Patience = { first: number; idle: number; whole: number };

export const PATIENCE: Patience = { first: 120_000, idle: 60_000, whole: 600_000 };

/** More is no answer of a model. */
export const ANSWER_BYTES_AT_MOST = 16 * 1024 * 1024;
const REFUSAL_BYTES = 65_536;
const RETRY_SECONDS = 5;
const RETRY_SECONDS_AT_MOST = 60;
const SAID_LENGTH = 500;

/**
 * Asks a model's server, and hands over what it answers with 200. Nothing is followed: a redirect is a fault of the table,
 * since the key and the tenant's words would go with it.
 * @param by signal: ends it wherever it is. gone: a client that has gone before anything was sent needs no answer.
 * @throws Refusal MODEL_UNAVAILABLE, RATE_LIMITED, CONTEXT_LENGTH_EXCEEDED, MODEL_REQUEST_REFUSED; TooLate; NotAsked; what
 * `signal` was aborted with
 */
export async function ask(
  model: Model,
  body: string,
  patience: Patience,
  { signal, gone }: { signal: AbortSignal; gone: AbortSignal },
): Promise<IncomingMessage> {
  const url = new URL(`${model.endpoint}/chat/completions`);
  const send = url.protocol === "https:" ? httpsRequest : httpRequest;
  const key = await keyOf(model);
  if (gone.aborted || signal.aborted) throw new NotAsked("its client has gone");
  const headers = {
    "content-type": "application/json",
    "content-length": String(Buffer.byteLength(body)),
    accept: "application/json, text/event-stream",
    "user-agent": "leanvibe-gateway",
    ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
  };
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const sent = send(url, { method: "POST", headers, signal });
    const timer = setTimeout(() => sent.destroy(new TooLate(patience.first)), patience.first);
    sent.once("response", (answer) => {
      clearTimeout(timer);
      resolve(answer);
    });
    sent.once("error", (error) => {
      clearTimeout(timer);
      if (signal.aborted) reject(signal.reason);
      else reject(error instanceof TooLate ? error : unavailable(model, error.message));
    });
    sent.end(body);
  });
  // Whoever reads it is told by the reading.
  response.on("error", () => undefined);
  response.setTimeout(patience.idle, () => response.destroy(new Error(`silent for ${patience.idle} ms`)));
  if (response.statusCode === 200) return response;
  throw refusalOf(model, response, await beginningOf(response), key);
}

export function unavailable({ name }: Model, note: string): Refusal {
  const detail = `Model ${name} does not answer: try again in ${RETRY_SECONDS} s.`;
  return new Refusal("MODEL_UNAVAILABLE", { detail, note, retryAfterSeconds: RETRY_SECONDS });
}

/** Read each time, so that a new one holds at once. @throws Refusal MODEL_UNAVAILABLE */
async function keyOf(model: Model): Promise<string | undefined> {
  if (model.keyFile === undefined) return undefined;
  const text = await readFile(model.keyFile, "utf8").catch(() => {
    throw unavailable(model, `its key cannot be read from ${model.keyFile}`);
  });
  return text.trim();
}

/** It had read what it was sent, and did not begin to answer for as long as is waited. */
export class TooLate extends Error {
  override readonly name = "TooLate";

  constructor(milliseconds: number) {
    super(`no answer within ${milliseconds} ms`);
  }
}

/** Nothing was sent to it. */
export class NotAsked extends Error {
  override readonly name = "NotAsked";
}

/** An answer that had begun. */
export class BrokenOff extends Error {
  override readonly name = "BrokenOff";
  /** So much of it came. */
  readonly bytes: number;

  constructor(message: string, bytes: number) {
    super(message);
    this.bytes = bytes;
  }
}

/** All of an answer that is no stream. @throws BrokenOff */
export async function wholeOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response) {
      const piece = Buffer.from(chunk);
      bytes += piece.length;
      if (bytes > ANSWER_BYTES_AT_MOST) throw new Error(`its answer is larger than ${ANSWER_BYTES_AT_MOST} bytes`);
      chunks.push(piece);
    }
  } catch (error) {
    throw new BrokenOff(error instanceof Error ? error.message : String(error), bytes);
  } finally {
    response.destroy();
  }
  return Buffer.concat(chunks).toString("utf8");
}

async function beginningOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response) {
      chunks.push(Buffer.from(chunk));
      bytes += chunk.length;
      if (bytes >= REFUSAL_BYTES) break;
    }
  } catch {
    // As much as came.
  }
  response.destroy();
  return Buffer.concat(chunks).toString("utf8");
}

const TOO_LONG = /context|too (long|large|many tokens)|maximum.{0,40}tokens|exceed/i;

function refusalOf(model: Model, response: IncomingMessage, text: string, key: string | undefined): Refusal {
  const status = response.statusCode ?? 0;
  const said = saidIn(text, key);
  if (status === 429) {
    const asked = Number(response.headers["retry-after"]);
    const retryAfterSeconds = Number.isFinite(asked)
      ? Math.min(RETRY_SECONDS_AT_MOST, Math.max(1, Math.ceil(asked)))
      : RETRY_SECONDS;
    const detail = `Model ${model.name} has too much to do: try again in ${retryAfterSeconds} s.`;
    return new Refusal("RATE_LIMITED", { detail, retryAfterSeconds });
  }
  if (status === 400 || status === 413 || status === 422) {
    if (TOO_LONG.test(said)) return new Refusal("CONTEXT_LENGTH_EXCEEDED", { detail: `The model says: ${said}` });
    return new Refusal("MODEL_REQUEST_REFUSED", { detail: `The model says: ${said}` });
  }
  // What else it says is about the platform's account with it, or about the table: for the log, not for a tenant.
  return unavailable(model, `its server answered ${status}: ${said}`);
}

/** What an answer says is wrong, without the key, which some servers repeat. */
function saidIn(text: string, key: string | undefined): string {
  let said = text;
  try {
    const json: unknown = JSON.parse(text);
    const found = messageIn(json);
    if (found !== undefined) said = found;
  } catch {
    // Whatever it is.
  }
  const bare = key === undefined || key === "" ? said : said.replaceAll(key, "[key]");
  return bare
    .replaceAll(/\p{Cc}+/gu, " ")
    .slice(0, SAID_LENGTH)
    .toWellFormed();
}

function messageIn(json: unknown): string | undefined {
  if (typeof json !== "object" || json === null) return undefined;
  if ("error" in json) return typeof json.error === "string" ? json.error : messageIn(json.error);
  return "message" in json && typeof json.message === "string" ? json.message : undefined;
}
