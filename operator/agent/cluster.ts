import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Credentials, connect, isApiError, type Transport } from "@leanvibe/runtime";
import { AGENT_KEYS, agentConfigMaps, LABELS } from "@leanvibe/schema";
import { z } from "zod";

export type JobReference = { name: string; uid: string; namespace: string; task: string };

/** The agent's two ConfigMaps: all of the cluster that it can reach. */
export type Store = {
  /** The artifact that an earlier pod of this Job left. */
  artifact(): Promise<Buffer | undefined>;
  writeArtifact(bytes: Buffer): Promise<void>;
  writeReport(text: string): Promise<void>;
  close(): Promise<void>;
};

const ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";
const TRIES = 4;

/** Credentials of the pod itself. The token is read for each request: the kubelet replaces it while a task runs. */
export async function podCredentials(environment: NodeJS.ProcessEnv, folder = ACCOUNT): Promise<Credentials> {
  const { KUBERNETES_SERVICE_HOST: host = "", KUBERNETES_SERVICE_PORT: port = "443" } = environment;
  if (host === "") throw new Error("KUBERNETES_SERVICE_HOST is not set: this program runs inside a pod");
  return {
    server: `https://${host.includes(":") ? `[${host}]` : host}:${port}`,
    tls: { ca: await readFile(join(folder, "ca.crt")) },
    async headers() {
      return { authorization: `Bearer ${(await readFile(join(folder, "token"), "utf8")).trim()}` };
    },
  };
}

export function storeOf(credentials: Credentials, job: JobReference): Store {
  const transport = connect(credentials, { userAgent: "leanvibe-agent" });
  const names = agentConfigMaps(job.name);
  // The operator watches what has this label, and would else hear of every artifact.
  const report = configMap(transport, job, { name: names.report, labels: { [LABELS.agentReport]: "true" } });
  const artifact = configMap(transport, job, { name: names.artifact, labels: {} });
  return {
    async artifact() {
      const data = (await artifact.read())?.binaryData?.[AGENT_KEYS.artifact];
      return data === undefined ? undefined : Buffer.from(data, "base64");
    },
    writeArtifact: (bytes) => artifact.write({ binaryData: { [AGENT_KEYS.artifact]: bytes.toString("base64") } }),
    writeReport: (text) => report.write({ data: { [AGENT_KEYS.report]: text } }),
    close: () => transport.close(),
  };
}

const found = z.object({
  metadata: z.object({ ownerReferences: z.array(z.object({ uid: z.string() })).default([]) }),
  binaryData: z.record(z.string(), z.string()).optional(),
});

type Content = { data?: Record<string, string>; binaryData?: Record<string, string> };

type Called = { name: string; labels: Record<string, string> };

function configMap(transport: Transport, job: JobReference, { name, labels }: Called) {
  const collection = `/api/v1/namespaces/${job.namespace}/configmaps`;
  const path = `${collection}/${name}`;
  let exists = false;
  const create = (content: Content): Promise<unknown> =>
    transport.send({ method: "POST", path: collection, body: { ...manifestOf(job, { name, labels }), ...content } });
  const patch = (content: Content): Promise<unknown> =>
    transport.send({ method: "PATCH", path, body: content, contentType: "application/merge-patch+json" });
  return {
    /** Undefined for none, and for one that another Job of this name left. */
    async read(): Promise<z.output<typeof found> | undefined> {
      try {
        const object = found.parse(await persisting(() => transport.send({ method: "GET", path })));
        exists = true;
        return object.metadata.ownerReferences.some(({ uid }) => uid === job.uid) ? object : undefined;
      } catch (error) {
        if (isApiError(error, 404)) return undefined;
        throw error;
      }
    },
    async write(content: Content): Promise<void> {
      await persisting(() =>
        exists
          ? patch(content).catch(orElse(404, () => create(content)))
          : create(content).catch(orElse(409, () => patch(content))),
      );
      exists = true;
    },
  };
}

/** An earlier pod has made it, or somebody has deleted it: then the other way. */
function orElse(status: number, other: () => Promise<unknown>): (error: unknown) => Promise<unknown> {
  return (error) => {
    if (isApiError(error, status)) return other();
    throw error;
  };
}

function manifestOf(job: JobReference, { name, labels }: Called): Record<string, unknown> {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: {
      name,
      namespace: job.namespace,
      labels: { [LABELS.agentTask]: job.task, ...labels },
      ownerReferences: [{ apiVersion: "batch/v1", kind: "Job", name: job.name, uid: job.uid }],
    },
  };
}

/** Again after a moment, unless the API server has understood and refused. */
async function persisting<T>(send: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await send();
    } catch (error) {
      const refused = isApiError(error) && error.status < 500 && error.status !== 429 && error.status !== 409;
      if (refused || attempt === TRIES) throw error;
      await sleep(200 * 2 ** attempt);
    }
  }
}
