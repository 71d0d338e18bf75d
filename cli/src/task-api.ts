import { createClient } from "@leanvibe/client";
import { messageOf } from "@leanvibe/runtime";
import { z } from "zod";
import { Away } from "./task-patience.ts";
import { lasting, runningApi, token } from "./token.ts";

export type ApiOptions = { api?: string | undefined; token?: string | undefined; tenant: string };

export type Client = ReturnType<typeof createClient>;

/** The API that is named, or else the one that `up` started here, as a development user of that tenant. */
export function clientFor({ api, token: given, tenant }: ApiOptions, env: NodeJS.ProcessEnv): Client {
  const named = api || env["LEANVIBE_API"];
  const known = given || env["LEANVIBE_TOKEN"];
  if (named) return clientOf(named, known);
  const { url } = runningApi(env);
  // Whoever watches stays longer than a token lives.
  return clientOf(url, known, () => token({ tenant, role: "owner" }, env));
}

function clientOf(baseUrl: string, known: string | undefined, mint?: () => Promise<string>): Client {
  if (!URL.canParse(baseUrl)) throw new Error(`--api: ${baseUrl} is no URL; for example http://localhost:8000`);
  const another = `get another by POST ${baseUrl}/auth/login`;
  if (known) {
    const fix = mint === undefined ? another : "leave it out, and one is made and renewed";
    return telling(createClient({ baseUrl, auth: known }), baseUrl, ` The token given is over or wrong: ${fix}.`);
  }
  if (mint !== undefined) return telling(createClient({ baseUrl, auth: lasting(mint) }), baseUrl, "");
  throw new Error(`a token for ${baseUrl} is needed: set LEANVIBE_TOKEN to what POST /auth/login answers`);
}

/**
 * Makes an Error of whatever goes wrong: the client hands on what it was given, be that a problem, a text or a TypeError.
 * @param of401 what to say besides when the token is refused
 */
function telling(client: Client, baseUrl: string, of401: string): Client {
  const strange = (url: string, what: string) => new Error(`${url} answers ${what}; is ${baseUrl} the right address?`);
  client.interceptors.response.use((response, request) => {
    const type = response.headers.get("content-type") ?? "";
    if (!response.ok || response.status === 204 || /\bjson\b/.test(type)) return response;
    throw strange(request.url, `${type || "nothing"}, as the API does not`);
  });
  client.interceptors.error.use((error, response, request) => {
    const url = request?.url ?? baseUrl;
    if (error instanceof SyntaxError) return strange(url, `broken JSON (${error.message})`);
    // What was thrown here, or by who makes the token; of the connection it is always a TypeError.
    if (error instanceof Error && !(error instanceof TypeError)) {
      return response === undefined ? new Away(messageOf(error)) : error;
    }
    if (response === undefined || error instanceof TypeError) return new Away(unreachable(url, error));
    return refusedBy(response, refusal(url, response, error), of401);
  });
  return client;
}

/** Who has too much to do is as away as who cannot work at all. */
function refusedBy({ status }: Response, told: string, of401: string): Error {
  if (status >= 500 || status === 429) return new Away(told);
  return new Error(status === 401 ? `${told}${of401}` : told);
}

const coded = z.object({ code: z.string() });

function unreachable(url: string, error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  const { data } = coded.safeParse(cause);
  const isHere = /^https?:\/\/(localhost|127\.)/.test(url);
  return `cannot reach ${url}: ${data?.code ?? messageOf(cause)}; is it running?${isHere ? " npm start starts one" : ""}`;
}

const problem = z.object({ detail: z.string(), fix: z.string() });

const QUOTED_CHARACTERS = 200;

function refusal(url: string, { status, statusText }: Response, error: unknown): string {
  const { data } = problem.safeParse(error);
  if (data !== undefined) return `${data.detail} ${data.fix}`;
  const [line = ""] = typeof error === "string" ? error.trim().split("\n") : [];
  return `${url} answers ${[status, statusText, line.slice(0, QUOTED_CHARACTERS)].filter(Boolean).join(" ")}`;
}

/** What a refusal that the client did not read says. */
export async function wordsOf(response: Response): Promise<string> {
  const text = await response.text();
  return refusal(response.url, response, jsonOr(text));
}

function jsonOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** What an API's answer holds. @throws Error with its words and what can be done */
export function dataOf<T>({ data, error }: { data?: T | undefined; error?: unknown }): T {
  if (data !== undefined) return data;
  throw error instanceof Error ? error : new Error("the API did not answer");
}
