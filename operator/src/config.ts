import { ELECTION_PACE, type ElectionPace } from "@leanvibe/runtime";
import { GATEWAY_SERVICE, IMAGES, SYSTEM_NAMESPACE } from "@leanvibe/schema";
import { z } from "zod";
// By an import, so that the version is in the bundle too, which has no package.json beside it.
import manifest from "../package.json" with { type: "json" };

const LEVELS = ["debug", "info", "warn", "error"] as const;

/** Where agents find the model, unless the platform says otherwise. */
const GATEWAY_URL = `http://${GATEWAY_SERVICE}.${SYSTEM_NAMESPACE}.svc/v1`;

const fields = z.object({
  LOG_LEVEL: z
    .enum(LEVELS, { error: `must be one of ${LEVELS.join(", ")}; for example LOG_LEVEL=debug` })
    .default("info"),
  HEALTH_ADDRESS: z
    .string()
    .regex(/^[^\s:]*:\d{1,5}$/, {
      error: "must be HOST:PORT or :PORT; for example HEALTH_ADDRESS=127.0.0.1:8081 (port 0 takes any free one)",
    })
    .refine((text) => portOf(text) <= 65_535, {
      error: "the port must be at most 65535; for example HEALTH_ADDRESS=:8081",
    })
    .default(":8081"),
  WORKERS: z.coerce
    .number({ error: "must be a whole number from 1 to 256; for example WORKERS=16" })
    .int({ error: "must be a whole number from 1 to 256; for example WORKERS=16" })
    .min(1, { error: "must be at least 1; for example WORKERS=16" })
    .max(256, { error: "must be at most 256; for example WORKERS=16" })
    .default(16),
  LEASE_SECONDS: seconds("LEASE_SECONDS", ELECTION_PACE.leaseSeconds),
  RENEW_DEADLINE_SECONDS: seconds("RENEW_DEADLINE_SECONDS", ELECTION_PACE.renewDeadlineSeconds),
  RETRY_SECONDS: seconds("RETRY_SECONDS", ELECTION_PACE.retrySeconds),
  NETWORK_PROBE_IMAGE: z
    .string()
    .regex(/^\S*$/, {
      error:
        "must be an image, or nothing for no probe; for example NETWORK_PROBE_IMAGE=registry.example.com/agnhost:2.53",
    })
    .default("registry.k8s.io/e2e-test-images/agnhost:2.53"),
  AGENT_IMAGE: z
    .string()
    .regex(/^\S+$/, { error: "must be an image; for example AGENT_IMAGE=registry.example.com/leanvibe/agent:1.0.0" })
    .default(`${IMAGES.agent}:${manifest.version}`),
  AGENT_GATEWAY_URL: httpUrl("AGENT_GATEWAY_URL=http://10.96.0.20/v1").default(GATEWAY_URL),
  AGENT_MODEL_URL: httpUrl("AGENT_MODEL_URL=http://vllm.models.svc:8000/v1").optional(),
  AGENT_DEFAULT_MODEL: z
    .string()
    .regex(/^[^\s\p{Cc}]{1,200}$/u, {
      error: "must be a model's name, in one word; for example AGENT_DEFAULT_MODEL=qwen2.5-coder",
    })
    .default("default"),
  AGENT_QUEUE_TIMEOUT_SECONDS: whole("AGENT_QUEUE_TIMEOUT_SECONDS", { from: 1, to: 30 * 86_400, usual: 86_400 }),
  AGENT_SLOTS: whole("AGENT_SLOTS", { from: 1, to: 1_000_000, usual: 1_000_000 }),
  AGENTS_REQUIRE_ENFORCED_NETWORK: z
    .enum(["true", "false"], {
      error: "must be true or false; for example AGENTS_REQUIRE_ENFORCED_NETWORK=true",
    })
    .default("false"),
});

function httpUrl(example: string) {
  const error = `must be the address of an OpenAI-compatible API, without user and password; for example ${example}`;
  return z.string().refine(isHttpUrl, { error });
}

function isHttpUrl(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) && url.username === "" && url.password === "";
}

function whole(name: string, { from, to, usual }: { from: number; to: number; usual: number }) {
  const error = `must be a whole number from ${from} to ${to}; for example ${name}=${usual}`;
  return z.coerce.number({ error }).int({ error }).min(from, { error }).max(to, { error }).default(usual);
}

function seconds(name: string, usual: number) {
  const error = `must be a number of seconds from 0.1 to 600; for example ${name}=${usual}`;
  return z.coerce.number({ error }).min(0.1, { error }).max(600, { error }).default(usual);
}

const schema = fields.refine(
  ({ LEASE_SECONDS: lease, RENEW_DEADLINE_SECONDS: deadline, RETRY_SECONDS: retry }) =>
    lease > deadline && deadline > retry * 1.2,
  {
    path: ["LEASE_SECONDS"],
    error:
      "must be more than RENEW_DEADLINE_SECONDS, and that more than 1.2 x RETRY_SECONDS; for example LEASE_SECONDS=15, RENEW_DEADLINE_SECONDS=10, RETRY_SECONDS=2",
  },
);

/** The operator's settings, all from the environment. The cluster is the kubeconfig's: KUBECONFIG, or in-cluster. */
export type Config = {
  logLevel: (typeof LEVELS)[number];
  health: { host: string; port: number };
  /** Tenants worked on at the same time. */
  workers: number;
  election: ElectionPace;
  /** Image with agnhost's commands serve-hostname and connect; empty for no probe: then an earlier result stands. */
  networkProbeImage: string;
  agents: AgentSettings;
};

/** What the platform decides about agents; none of it is a Tenant's. */
export type AgentSettings = {
  /** Image of the agent and of its sandbox. */
  image: string;
  modelURL: string;
  /**
   * The same where it is not the gateway: then nobody stands between an agent and the model, what it says of its usage
   * is only its word, and no budget stops it.
   */
  direct: string | undefined;
  /** Of tasks that name none. */
  defaultModel: string;
  queueTimeoutSeconds: number;
  /** Tasks that run at the same time in the whole cluster, whatever the Tenants' plans add up to. */
  slots: number;
  /** May agents run only where the cluster was seen to enforce network policies? */
  requireEnforcedNetwork: boolean;
};

/** @throws Error with one line per wrong variable: its name, the fault and an example. */
export function parseConfig(environment: NodeJS.ProcessEnv): Config {
  const parsed = schema.safeParse(environment);
  if (!parsed.success) {
    const lines = parsed.error.issues.map(({ path, message }) => {
      const name = String(path[0]);
      return `${name}=${environment[name] ?? ""}: ${message}`;
    });
    throw new Error(lines.join("\n"));
  }
  const { LOG_LEVEL, HEALTH_ADDRESS, WORKERS, LEASE_SECONDS, RENEW_DEADLINE_SECONDS, RETRY_SECONDS } = parsed.data;
  // Whoever says nothing of it means the gateway, wherever that is.
  const modelURL = parsed.data.AGENT_MODEL_URL ?? parsed.data.AGENT_GATEWAY_URL;
  const host = HEALTH_ADDRESS.slice(0, HEALTH_ADDRESS.lastIndexOf(":"));
  return {
    logLevel: LOG_LEVEL,
    health: { host: host === "" ? "0.0.0.0" : host, port: portOf(HEALTH_ADDRESS) },
    workers: WORKERS,
    election: {
      leaseSeconds: LEASE_SECONDS,
      renewDeadlineSeconds: RENEW_DEADLINE_SECONDS,
      retrySeconds: RETRY_SECONDS,
    },
    networkProbeImage: parsed.data.NETWORK_PROBE_IMAGE,
    agents: {
      image: parsed.data.AGENT_IMAGE,
      modelURL,
      direct: modelURL === parsed.data.AGENT_GATEWAY_URL ? undefined : modelURL,
      defaultModel: parsed.data.AGENT_DEFAULT_MODEL,
      queueTimeoutSeconds: parsed.data.AGENT_QUEUE_TIMEOUT_SECONDS,
      slots: parsed.data.AGENT_SLOTS,
      requireEnforcedNetwork: parsed.data.AGENTS_REQUIRE_ENFORCED_NETWORK === "true",
    },
  };
}

function portOf(address: string): number {
  return Number(address.slice(address.lastIndexOf(":") + 1));
}
