import { z } from "zod";

const LEVELS = ["debug", "info", "warn", "error"] as const;

const schema = z.object({
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
  NETWORK_PROBE_IMAGE: z
    .string()
    .regex(/^\S*$/, {
      error:
        "must be an image, or nothing for no probe; for example NETWORK_PROBE_IMAGE=registry.example.com/agnhost:2.53",
    })
    .default("registry.k8s.io/e2e-test-images/agnhost:2.53"),
});

/** The operator's settings, all from the environment. The cluster is the kubeconfig's: KUBECONFIG, or in-cluster. */
export type Config = {
  logLevel: (typeof LEVELS)[number];
  health: { host: string; port: number };
  /** Tenants worked on at the same time. */
  workers: number;
  /** Image with agnhost's commands serve-hostname and connect; empty for no probe: then an earlier result stands. */
  networkProbeImage: string;
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
  const { LOG_LEVEL, HEALTH_ADDRESS, WORKERS, NETWORK_PROBE_IMAGE } = parsed.data;
  const host = HEALTH_ADDRESS.slice(0, HEALTH_ADDRESS.lastIndexOf(":"));
  return {
    logLevel: LOG_LEVEL,
    health: { host: host === "" ? "0.0.0.0" : host, port: portOf(HEALTH_ADDRESS) },
    workers: WORKERS,
    networkProbeImage: NETWORK_PROBE_IMAGE,
  };
}

function portOf(address: string): number {
  return Number(address.slice(address.lastIndexOf(":") + 1));
}
