import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { type Endpoint, headersOf } from "./request.ts";

/** Of a model about which nobody says anything: what small models have at the least. A prompt is fitted to it. */
export const CONTEXT_TOKENS = 8_192;

const TRY_MILLISECONDS = 3_000;
const TRIES = 10;
const BETWEEN_TRIES_MILLISECONDS = 500;

const count = z.number().int().min(256).optional().catch(undefined);
/** Names for the same thing: of our gateway; of vLLM; of OpenRouter; of Groq. */
const model = z.object({
  id: z.string(),
  context_tokens: count,
  max_model_len: count,
  context_length: count,
  context_window: count,
});
const list = z.object({ data: z.array(model) });

/**
 * How much a model holds, prompt and answer together, as `GET /v1/models` says. A gateway may hear of a pod a moment after
 * the pod speaks to it, so it is asked for some seconds; where it does not say, {@link CONTEXT_TOKENS}.
 */
export async function contextTokensOf(
  endpoint: Pick<Endpoint, "url" | "model" | "token" | "headers">,
  signal: AbortSignal,
): Promise<number> {
  for (let attempt = 1; ; attempt += 1) {
    signal.throwIfAborted();
    const answer = await listed(endpoint, signal);
    if (answer !== "again") return contextIn(answer, endpoint.model) ?? CONTEXT_TOKENS;
    if (attempt === TRIES) return CONTEXT_TOKENS;
    await sleep(BETWEEN_TRIES_MILLISECONDS, undefined, { signal });
  }
}

async function listed(
  endpoint: Pick<Endpoint, "url" | "token" | "headers">,
  signal: AbortSignal,
): Promise<unknown | "again"> {
  try {
    const response = await fetch(`${endpoint.url.replace(/\/+$/, "")}/models`, {
      headers: await headersOf(endpoint),
      signal: AbortSignal.any([signal, AbortSignal.timeout(TRY_MILLISECONDS)]),
      redirect: "error",
    });
    if (response.ok) return await response.json();
    await response.body?.cancel();
    // There is no such list, and there will be none.
    return [404, 405, 501].includes(response.status) ? undefined : "again";
  } catch (error) {
    return error instanceof SyntaxError ? undefined : "again";
  }
}

/** Of a model that is not listed by that name, the platform's usual one among them, what each of the listed holds. */
function contextIn(answer: unknown, name: string): number | undefined {
  const { data } = list.safeParse(answer);
  const known = data?.data ?? [];
  const own = known.filter(({ id }) => id === name);
  const sizes = (own.length > 0 ? own : known).flatMap(
    (each) => each.context_tokens ?? each.max_model_len ?? each.context_length ?? each.context_window ?? [],
  );
  return sizes.length === 0 ? undefined : Math.min(...sizes);
}
