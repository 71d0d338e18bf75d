import { ELECTION_PACE, type ElectionPace } from "@leanvibe/runtime";
import { z } from "zod";

const LEVELS = ["debug", "info", "warn", "error"] as const;

const postgres = (role: string, name: string) =>
  z
    .string({ error: `is needed: the URL of role ${role}, as leanvibe migrate prints it` })
    .regex(/^postgres(ql)?:\/\//, {
      error: `must be a PostgreSQL URL; for example ${name}=postgresql://${role}:PASSWORD@localhost:5432/leanvibe`,
    });

const port = (name: string, usual: number) => {
  const error = `must be a port from 0 to 65535; for example ${name}=${usual}`;
  return z.coerce.number({ error }).int({ error }).min(0, { error }).max(65_535, { error }).default(usual);
};

/** A list with commas, blanks around them left out. */
const list = (usual: string) =>
  z
    .string()
    .default(usual)
    .transform((text) => text.split(",").flatMap((item) => (item.trim() === "" ? [] : [item.trim()])));

/** Reached by this machine alone. */
const LOOPBACK = /^(localhost|127(\.\d+){3}|::1)$/i;

const fields = z.object({
  LOG_LEVEL: z
    .enum(LEVELS, { error: `must be one of ${LEVELS.join(", ")}; for example LOG_LEVEL=debug` })
    .default("info"),
  HOST: z.string().min(1).default("127.0.0.1"),
  PORT: port("PORT", 8000),
  METRICS_PORT: port("METRICS_PORT", 9464),
  DATABASE_URL: postgres("lv_app", "DATABASE_URL"),
  DATABASE_WORKER_URL: postgres("lv_worker", "DATABASE_WORKER_URL"),
  DATABASE_LOOKUP_URL: postgres("lv_lookup", "DATABASE_LOOKUP_URL"),
  DATABASE_LISTEN_URL: postgres("lv_lookup", "DATABASE_LISTEN_URL").optional(),
  SECRET_KEY: z
    .string({ error: "is needed: 32 random bytes in base64, made once; for example by openssl rand -base64 32" })
    .transform((text) => Buffer.from(text, "base64"))
    .refine((bytes) => bytes.length === 32, {
      error: "must be 32 bytes in base64; for example by openssl rand -base64 32",
    }),
  PUBLIC_URL: z
    .url({ error: "must be the URL under which callers reach the API; for example PUBLIC_URL=https://api.example.com" })
    .transform((text) => text.replace(/\/+$/, ""))
    .default("http://localhost:8000"),
  TENANT_BASE_DOMAINS: list("leanvibe.com,localhost"),
  TRUSTED_PROXIES: list("").optional(),
  CORS_ORIGINS: list(""),
  TENANT_CREATION: z
    .enum(["open", "invite", "closed"], {
      error: "must be open, invite or closed; for example TENANT_CREATION=open",
    })
    .default("closed"),
  SIGN_IN_PER_MINUTE: z.coerce
    .number({ error: "must be a whole number; for example SIGN_IN_PER_MINUTE=30" })
    .int()
    .min(1)
    .default(30),
  SMTP_URL: z
    .string()
    .regex(/^smtps?:\/\/\S+$/, {
      error: "must be the URL of a mail server; for example SMTP_URL=smtp://USER:PASSWORD@mail.example.com:587",
    })
    .optional(),
  MAIL_FROM: z
    .string()
    .regex(/^[^\r\n]*@[^\r\n]+$/, {
      error: 'must be an address; for example MAIL_FROM="LeanVibe <no-reply@example.com>"',
    })
    .optional(),
  GATEWAY_ADDRESS: z
    .string()
    .regex(/^(\[[0-9a-f:]+\]|[^:\s]+):\d{1,5}$/i, {
      error: "must be HOST:PORT; for example GATEWAY_ADDRESS=0.0.0.0:8001",
    })
    .optional(),
  GATEWAY_MODELS: z.string().min(1).optional(),
  WORKER: z.enum(["true", "false"], { error: "must be true or false; for example WORKER=false" }).default("true"),
  KUBERNETES: z
    .enum(["auto", "wait", "off"], { error: "must be auto, wait or off; for example KUBERNETES=off" })
    .default("auto"),
  /** As every program for Kubernetes reads it. */
  KUBECONFIG: z.string().default(""),
  /** Kubernetes sets it in each pod. */
  KUBERNETES_SERVICE_HOST: z.string().default(""),
  LEASE_SECONDS: z.coerce
    .number({ error: "must be a number of seconds from 2 to 600; for example LEASE_SECONDS=15" })
    .min(2)
    .max(600)
    .default(ELECTION_PACE.leaseSeconds),
  LINGER_SECONDS: z.coerce
    .number({ error: "must be a number of seconds from 0 to 600; for example LINGER_SECONDS=5" })
    .min(0)
    .max(600)
    .default(0),
  DRAIN_SECONDS: z.coerce
    .number({ error: "must be a number of seconds from 0 to 600; for example DRAIN_SECONDS=20" })
    .min(0)
    .max(600)
    .default(20),
});

/** How a cluster is reached: by a kubeconfig, which may be one that is yet to be written, or as the pod that this is. */
export type ClusterPlace = { kubeconfig: string; mayCome: boolean } | "pod";

/** The server's settings, all from the environment. */
export type Config = {
  logLevel: (typeof LEVELS)[number];
  listen: { host: string; port: number; metricsPort: number };
  database: {
    url: string;
    workerUrl: string;
    lookupUrl: string;
    /** By which it hears of what others write; not there where all go through a pooler of transactions. */
    listenUrl: string | undefined;
  };
  /** 32 bytes that the database never has: what it keeps secret is sealed by them. */
  secret: Buffer;
  /** Who signs tokens, and for whom. */
  tokens: { issuer: string; audience: string };
  /** Without a slash at its end. */
  publicUrl: string;
  /** One label under one of these names a tenant. */
  tenantBaseDomains: string[];
  /** Addresses and CIDRs whose X-Forwarded-* headers are believed. */
  trustedProxies: string[];
  corsOrigins: string[];
  /** Whether anybody may create a tenant, or those whom the platform's people invited. */
  tenantCreation: "open" | "invite" | "closed";
  /** Requests of one address to each route that takes a password or a refresh token. */
  signInPerMinute: number;
  /** Where mail is handed in, and whom it comes from; without it mail waits. */
  mail: { url: string; from: string; domain: string } | undefined;
  /** Where agents reach models, and the file with the table of those; not there where they reach none by this process. */
  gateway: { host: string; port: number; models: string | undefined } | undefined;
  /** Whether this process does what the outbox asks for, too. */
  worker: boolean;
  /** Not there where the API works without one. */
  cluster: ClusterPlace | undefined;
  /** By which one of several servers mirrors. */
  election: ElectionPace;
  /** How long it goes on, asked to stop, until all who send requests have heard of it. */
  lingerSeconds: number;
  /** How long requests under way may take when the server is asked to stop. */
  drainSeconds: number;
};

/** @throws Error that names each setting, what is wrong with it and an example. */
export function configFrom(env: NodeJS.ProcessEnv): Config {
  const parsed = fields.safeParse(env);
  if (!parsed.success) {
    const faults = parsed.error.issues.map(({ path, message }) => `${path.join(".")} ${message}`);
    throw new Error(`The settings do not fit:\n${faults.map((fault) => `  ${fault}`).join("\n")}`);
  }
  const { data } = parsed;
  return {
    logLevel: data.LOG_LEVEL,
    listen: { host: data.HOST, port: data.PORT, metricsPort: data.METRICS_PORT },
    database: databaseFrom(data),
    secret: data.SECRET_KEY,
    tokens: { issuer: data.PUBLIC_URL, audience: "leanvibe-api" },
    publicUrl: data.PUBLIC_URL,
    tenantBaseDomains: data.TENANT_BASE_DOMAINS.map((domain) => domain.toLowerCase()),
    trustedProxies: proxiesFrom(data),
    corsOrigins: data.CORS_ORIGINS,
    tenantCreation: data.TENANT_CREATION,
    signInPerMinute: data.SIGN_IN_PER_MINUTE,
    mail: mailFrom(data),
    gateway: gatewayFrom(data),
    worker: data.WORKER === "true",
    cluster: clusterFrom(data),
    election: paceOf(data.LEASE_SECONDS),
    lingerSeconds: data.LINGER_SECONDS,
    drainSeconds: data.DRAIN_SECONDS,
  };
}

/**
 * @throws Error where it is not said and others than this machine may connect: behind an ingress all callers would have its
 * address, and one of them would use up what each may try.
 */
function proxiesFrom({ HOST, TRUSTED_PROXIES: said = [] }: z.output<typeof fields>): string[] {
  if (said.length === 0 && !LOOPBACK.test(HOST)) {
    throw new Error(
      `The settings do not fit:\n  TRUSTED_PROXIES is needed where HOST is ${HOST}: the addresses of what stands before the server, since all who come through it would be one caller else; for example TRUSTED_PROXIES=10.0.0.0/8, or TRUSTED_PROXIES=none where nothing does`,
    );
  }
  return said.filter((proxy) => proxy !== "none");
}

function databaseFrom(data: z.output<typeof fields>): Config["database"] {
  const { DATABASE_URL: url, DATABASE_WORKER_URL: workerUrl, DATABASE_LOOKUP_URL: lookupUrl } = data;
  const pooled = new URL(lookupUrl).searchParams.get("pgbouncer") === "true";
  return { url, workerUrl, lookupUrl, listenUrl: data.DATABASE_LISTEN_URL ?? (pooled ? undefined : lookupUrl) };
}

function gatewayFrom({ GATEWAY_ADDRESS: address, GATEWAY_MODELS: models }: z.output<typeof fields>): Config["gateway"] {
  if (address === undefined) return undefined;
  const at = address.lastIndexOf(":");
  return { host: address.slice(0, at).replaceAll(/[[\]]/g, ""), port: Number(address.slice(at + 1)), models };
}

function mailFrom({ SMTP_URL: url, MAIL_FROM, PUBLIC_URL }: z.output<typeof fields>): Config["mail"] {
  if (url === undefined) return undefined;
  const domain = new URL(PUBLIC_URL).hostname;
  return { url, from: MAIL_FROM ?? `LeanVibe <no-reply@${domain}>`, domain };
}

/** Never by ~/.kube/config: where somebody last looked with kubectl is no place for a server to write to. */
function clusterFrom(data: z.output<typeof fields>): ClusterPlace | undefined {
  if (data.KUBERNETES === "off") return undefined;
  if (data.KUBECONFIG !== "") return { kubeconfig: data.KUBECONFIG, mayCome: data.KUBERNETES === "wait" };
  return data.KUBERNETES_SERVICE_HOST === "" ? undefined : "pod";
}

/** The other times of an election in proportion to how long a Lease holds. */
function paceOf(leaseSeconds: number): ElectionPace {
  const scale = leaseSeconds / ELECTION_PACE.leaseSeconds;
  return {
    leaseSeconds,
    renewDeadlineSeconds: ELECTION_PACE.renewDeadlineSeconds * scale,
    retrySeconds: ELECTION_PACE.retrySeconds * scale,
  };
}
