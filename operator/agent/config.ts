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
  SANDBOX_SOCKET: text.default("/run/sandbox/sandbox.sock"),
  LOG_LEVEL: z.enum(["debug", "info", "warn", "error"]).default("info"),
});

/** What the operator tells the agent by its environment. */
export type Config = {
  podUID: string;
  podName: string;
  job: { name: string; uid: string; namespace: string; task: string };
  taskFile: string;
  model: {
    url: string;
    name: string;
    /** For the gateway; read for each call, because a projected token is replaced while the task runs. */
    tokenFile: string | undefined;
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
      tokenFile: it.MODEL_TOKEN_FILE,
    },
    sandboxSocket: it.SANDBOX_SOCKET,
    logLevel: it.LOG_LEVEL,
  };
}
