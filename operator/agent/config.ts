import { z } from "zod";

const text = z.string().min(1, { error: "must not be empty" });

const fields = z.object({
  POD_UID: text,
  POD_NAME: text,
  POD_NAMESPACE: text,
  JOB_NAME: text,
  JOB_UID: text,
  TASK_NAME: text,
  TASK_FILE: text.default("/task/task.json"),
  MODEL_URL: z.url({ protocol: /^https?$/, error: "must be http(s)://HOST[:PORT]/v1" }),
  MODEL_NAME: text,
  MODEL_TOKEN_FILE: text.optional(),
  MODEL_API_KEY_FILE: text.optional(),
  MODEL_CONTEXT_TOKENS: whole("MODEL_CONTEXT_TOKENS", 1_024, 2_000_000, 8_192),
  MODEL_UNAVAILABLE_SECONDS: whole("MODEL_UNAVAILABLE_SECONDS", 1, 86_400, 300),
  SANDBOX_SOCKET: text.default("/run/sandbox/sandbox.sock"),
  LOG_LEVEL: z.enum(["debug", "info", "warn", "error"]).default("info"),
});

function whole(name: string, least: number, most: number, usual: number) {
  const error = `must be a whole number from ${least} to ${most}; for example ${name}=${usual}`;
  return z.coerce.number({ error }).int({ error }).min(least, { error }).max(most, { error }).default(usual);
}

/** What the operator tells the agent by its environment. */
export type Config = {
  podUID: string;
  podName: string;
  job: { name: string; uid: string; namespace: string; task: string };
  taskFile: string;
  model: {
    url: string;
    name: string;
    /** Read for each call; a projected token is replaced while the task runs. */
    tokenFile: string | undefined;
    contextTokens: number;
    unavailableMilliseconds: number;
  };
  sandboxSocket: string;
  logLevel: "debug" | "info" | "warn" | "error";
};

/** @throws Error with one line per wrong variable. */
export function parseConfig(environment: NodeJS.ProcessEnv): Config {
  // An empty variable is what the downward API and a shell make of one that is not set.
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ""));
  const parsed = fields.safeParse(given);
  if (!parsed.success) {
    throw new Error(parsed.error.issues.map(({ path, message }) => `${String(path[0])}: ${message}`).join("\n"));
  }
  const it = parsed.data;
  return {
    podUID: it.POD_UID,
    podName: it.POD_NAME,
    job: { name: it.JOB_NAME, uid: it.JOB_UID, namespace: it.POD_NAMESPACE, task: it.TASK_NAME },
    taskFile: it.TASK_FILE,
    model: {
      url: it.MODEL_URL,
      name: it.MODEL_NAME,
      tokenFile: it.MODEL_TOKEN_FILE ?? it.MODEL_API_KEY_FILE,
      contextTokens: it.MODEL_CONTEXT_TOKENS,
      unavailableMilliseconds: it.MODEL_UNAVAILABLE_SECONDS * 1_000,
    },
    sandboxSocket: it.SANDBOX_SOCKET,
    logLevel: it.LOG_LEVEL,
  };
}
