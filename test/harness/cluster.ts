import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  collectionPath,
  connect,
  credentialsOf,
  isApiError,
  KINDS,
  type Kind,
  type KubeObject,
  type Manifest,
  objectPath,
  type Transport,
} from "@leanvibe/runtime";
import { API_VERSION, TENANTS } from "@leanvibe/schema";
import { afterAll, beforeAll } from "vitest";
import { readKubeconfig, writeAccountKubeconfig } from "../../cli/src/credentials.ts";
import { findOperator, isReady, type OperatorFiles, startOperator, stopOperator } from "../../cli/src/operator.ts";
import { scratchFolder } from "./scratch.ts";

export { TENANTS };
export const PODS: Kind = { ...KINDS.ConfigMap, kind: "Pod", plural: "pods" };
export const NODES: Kind = { ...KINDS.Namespace, kind: "Node", plural: "nodes" };
export const DEPLOYMENTS: Kind = { ...PODS, group: "apps", kind: "Deployment", plural: "deployments" };

/** Kinds of which a Tenant has children, and nobody else does in these tests. */
export const CHILD_KINDS = [
  KINDS.Namespace,
  KINDS.ResourceQuota,
  KINDS.LimitRange,
  KINDS.NetworkPolicy,
  KINDS.ServiceAccount,
  KINDS.RoleBinding,
  KINDS.ClusterRole,
  KINDS.ClusterRoleBinding,
];

/** The kubeconfig of the cluster that the run's set-up made. */
export function kubeconfigPath(): string {
  const path = process.env["LEANVIBE_TEST_KUBECONFIG"];
  if (path === undefined) throw new Error("LEANVIBE_TEST_KUBECONFIG is not set: run npm test, which starts a cluster");
  return path;
}

/** A connection as the administrator or, with `as`, as that user; real RBAC judges. */
export async function connectAs(as?: { user: string; groups?: string[] }): Promise<Transport> {
  const credentials = await credentialsOf(readKubeconfig(kubeconfigPath()));
  if (as === undefined) return connect(credentials);
  return connect({
    ...credentials,
    headers: async () => ({
      ...(await credentials.headers()),
      "impersonate-user": as.user,
      ...(as.groups === undefined ? {} : { "impersonate-group": as.groups.join(",") }),
    }),
  });
}

export type Api = ReturnType<typeof apiOf>;

/** A few verbs with short names, so that a test reads as what it is about. */
export function apiOf(transport: Transport) {
  const get = async (kind: Kind, name: string, namespace?: string) =>
    (await transport.send({ method: "GET", path: objectPath(kind, { name, namespace }) })) as KubeObject;
  return {
    transport,
    get,
    async find(kind: Kind, name: string, namespace?: string): Promise<KubeObject | undefined> {
      return get(kind, name, namespace).catch((error: unknown) => {
        if (isApiError(error, 404)) return undefined;
        throw error;
      });
    },
    async list(kind: Kind, labelSelector: string): Promise<KubeObject[]> {
      const answer = await transport.send({ method: "GET", path: collectionPath(kind), query: { labelSelector } });
      return (answer as { items: KubeObject[] }).items.map((item) => ({ ...item, kind: kind.kind }));
    },
    async create(kind: Kind, manifest: Manifest): Promise<KubeObject> {
      const path = collectionPath(kind, manifest.metadata.namespace);
      return (await transport.send({ method: "POST", path, body: manifest })) as KubeObject;
    },
    async patch(kind: Kind, at: { name: string; namespace?: string }, body: unknown): Promise<KubeObject> {
      const contentType = "application/merge-patch+json";
      return (await transport.send({ method: "PATCH", path: objectPath(kind, at), contentType, body })) as KubeObject;
    },
    async remove(kind: Kind, at: { name: string; namespace?: string }): Promise<void> {
      await transport.send({ method: "DELETE", path: objectPath(kind, at) }).catch((error: unknown) => {
        if (!isApiError(error, 404)) throw error;
      });
    },
  };
}

/**
 * Takes away what the Tenants of a test file leave, while the operator still runs. A node has few CPUs: pods left
 * behind would keep those of the next file from being scheduled.
 */
export async function clear(api: Api): Promise<void> {
  for (const { metadata } of await api.list(TENANTS, "")) await api.remove(TENANTS, metadata);
  // Agents' pods among theirs have eight seconds to end in, and a machine may have much else to do.
  await eventually("all Tenants are gone", async () => (await api.list(TENANTS, "")).length === 0, 90);
  for (const { metadata } of await api.list(KINDS.Namespace, "leanvibe.io/tenant"))
    await api.remove(KINDS.Namespace, metadata);
  await eventually(
    "all their namespaces are gone",
    async () => (await api.list(KINDS.Namespace, "leanvibe.io/tenant")).length === 0,
    60,
  );
}

let made = 0;

/** A name that no other test of this run has. */
export function uniqueName(prefix: string): string {
  made += 1;
  return `${prefix}-${process.pid.toString(36)}${made}`;
}

/** A Tenant with what must be there, and what the test is about. */
export function tenantManifest(name: string, spec: Record<string, unknown> = {}): Manifest {
  const base = { organizationName: "Test", adminEmail: "test@example.com" };
  return { apiVersion: API_VERSION, kind: "Tenant", metadata: { name }, spec: { ...base, ...spec } };
}

type Condition = { type: string; status: string; reason: string; message: string };

/** A condition of an object, or undefined where it has none of that type yet. */
export function conditionOf(object: KubeObject | undefined, type: string): Condition | undefined {
  const { status } = (object ?? {}) as { status?: { conditions?: Condition[] } };
  return status?.conditions?.find((condition) => condition.type === type);
}

/** Asks again until there is an answer, and fails with what was asked for. */
export async function eventually<T>(what: string, ask: () => Promise<T | undefined | false>, seconds = 30): Promise<T> {
  const end = performance.now() + seconds * 1000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (performance.now() > end) throw new Error(`not within ${seconds} s: ${what}`);
    await sleep(50);
  }
}

/** Waits until the Tenant's condition has this status, and gives the Tenant. */
export async function untilCondition(api: Api, name: string, [type, status]: [string, string]): Promise<KubeObject> {
  let last: KubeObject | undefined;
  try {
    return await eventually(`Tenant ${name} ${type}=${status}`, async () => {
      last = await api.find(TENANTS, name);
      const fresh = (last as { status?: { observedGeneration?: number } })?.status?.observedGeneration;
      return fresh === last?.metadata.generation && conditionOf(last, type)?.status === status ? last : undefined;
    });
  } catch (error) {
    throw new Error(`${String(error)}; last status: ${JSON.stringify(last?.["status"])}`);
  }
}

/** Short enough that the next operator need not wait long for a killed one's Lease, long enough for a busy machine. */
const PACE = { LEASE_SECONDS: "8", RENEW_DEADLINE_SECONDS: "6", RETRY_SECONDS: "1" };
const DEFAULTS = { ...PACE, NETWORK_PROBE_IMAGE: "" };

export type OperatorOptions = {
  env?: NodeJS.ProcessEnv;
  /** Where it finds the API server, when not where everybody does. */
  server?: string;
  /** Another program than the bundle. */
  program?: string;
};

/** An operator as a process of its own, under its own ServiceAccount, as it is run for people. */
export class Operator {
  readonly #files: OperatorFiles;
  readonly #start: Pick<OperatorOptions, "env" | "program">;
  #ended: Promise<number | undefined> = Promise.resolve(undefined);

  private constructor(files: OperatorFiles, start: Pick<OperatorOptions, "env" | "program">) {
    this.#files = files;
    this.#start = start;
  }

  /** Without a network probe unless the test is about it: its pods and writes would be in every other test's way. */
  static async start(transport: Transport, { env, server, ...more }: OperatorOptions = {}): Promise<Operator> {
    const folder = scratchFolder("operator");
    const files = { kubeconfig: join(folder, "kubeconfig"), log: join(folder, "log"), state: join(folder, "state") };
    await writeAccountKubeconfig(transport, "operator", { admin: kubeconfigPath(), path: files.kubeconfig });
    if (server !== undefined) pointTo(server, files.kubeconfig);
    const operator = new Operator(files, { ...more, env: { ...DEFAULTS, ...env } });
    await operator.restart();
    return operator;
  }

  get log(): string {
    return this.#files.log;
  }

  /** Its exit code once it is gone; undefined when it was killed. */
  get ended(): Promise<number | undefined> {
    return this.#ended;
  }

  /** As a power cut would: no chance to finish anything. */
  kill(): void {
    this.signal("SIGKILL");
  }

  signal(signal: NodeJS.Signals): void {
    const running = findOperator(this.#files);
    if (running !== undefined) process.kill(running.pid, signal);
  }

  async restart(): Promise<void> {
    this.#ended = (await startOperator(this.#files, { detached: false, ...this.#start })).ended;
  }

  async stop(): Promise<void> {
    await stopOperator(this.#files);
  }

  isRunning(): boolean {
    return findOperator(this.#files) !== undefined;
  }

  /** Does it say that it is fit for work? */
  async isReady(): Promise<boolean> {
    const running = findOperator(this.#files);
    return running !== undefined && (await isReady(running));
  }

  /** What it tells Prometheus. */
  async metrics(): Promise<string> {
    const port = findOperator(this.#files)?.port ?? 0;
    return (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  }

  /** Requests it has sent so far, by method. */
  async requests(): Promise<Record<string, number>> {
    const text = await this.metrics();
    const counts: Record<string, number> = {};
    for (const [, method = "", count] of text.matchAll(/^rest_client_requests_total\{method="(\w+)".*\} (\d+)$/gm)) {
      counts[method] = (counts[method] ?? 0) + Number(count);
    }
    return counts;
  }
}

/** Has a kubeconfig lead to another server. */
export function pointTo(server: string, kubeconfig: string): void {
  const config = JSON.parse(readFileSync(kubeconfig, "utf8")) as { clusters: { cluster: Record<string, unknown> }[] };
  // The library takes plain HTTP for a mistake unless it is told so; only this machine hears the token.
  for (const entry of config.clusters) entry.cluster = { server, "insecure-skip-tls-verify": true };
  writeFileSync(kubeconfig, JSON.stringify(config));
}

/**
 * For the tests of a file: an administrator's connection and a running operator. At the end no Tenant is left and the
 * operator has stopped.
 */
export function clusterWithOperator(): { readonly api: Api; readonly operator: Operator } {
  let held: { api: Api; operator: Operator } | undefined;
  const get = () => {
    if (held === undefined) throw new Error("only inside a test: the operator starts before the first one");
    return held;
  };
  beforeAll(async () => {
    const api = apiOf(await connectAs());
    held = { api, operator: await Operator.start(api.transport) };
  });
  afterAll(async () => {
    await clear(get().api);
    await get().operator.stop();
  });
  return {
    get api() {
      return get().api;
    },
    get operator() {
      return get().operator;
    },
  };
}
