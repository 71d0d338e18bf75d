import { ApiError, type ApiRequest, type KubeObject, type Transport } from "@leanvibe/runtime";
import { probeNetwork } from "../experiment.ts";

/** A server or client as the test's cluster runs it. */
export type Behaviour = {
  /** Does a policy that leaves out a port shut it? After this many seconds. */
  enforcesAfterSeconds: number;
  /** Ports on which the server really listens. */
  listening: readonly number[];
  /** The kubelet's readiness, whatever the server does. */
  ready: boolean;
  /** A pod has a container that a runtime knows. */
  containers: boolean;
  /** What it answers instead. */
  refuses?: (request: ApiRequest) => ApiError | undefined;
  /** Called when a client has been tried, with how many were before. */
  afterClient?: (cluster: SmallCluster, clients: number) => void;
};

export const PODS_PATH = "/api/v1/namespaces/leanvibe-system/pods";
export const SERVER = "leanvibe-network-probe-server";
export const CLIENT = "leanvibe-network-probe-client";
export const HEALTHY: Behaviour = {
  enforcesAfterSeconds: Infinity,
  listening: [8080, 8081],
  ready: true,
  containers: true,
};
export const ENFORCING: Behaviour = { ...HEALTHY, enforcesAfterSeconds: 0 };

/** As much of a cluster as the probe can see: pods that run as told, one policy, a clock that only sleeping moves. */
export class SmallCluster {
  readonly objects = new Map<string, KubeObject>();
  readonly requests: ApiRequest[] = [];
  clockMilliseconds = Date.parse("2026-11-25T12:00:00Z");
  #uid = 0;
  #clients = 0;
  #openPorts: number[] = [];
  #shutSince = 0;
  readonly #behaviour: Behaviour;

  constructor(behaviour: Behaviour) {
    this.#behaviour = behaviour;
  }

  transport(): Transport {
    return {
      send: async (request) => {
        this.requests.push(request);
        const refusal = this.#behaviour.refuses?.(request);
        if (refusal !== undefined) throw refusal;
        return this.#answer(request);
      },
      lines: () => {
        throw new Error("the probe watches nothing");
      },
      close: async () => undefined,
    };
  }

  sleep = async (milliseconds: number): Promise<void> => {
    this.clockMilliseconds += milliseconds;
  };

  #answer({ method, path, body }: ApiRequest): unknown {
    if (method === "POST") return this.#create(body as KubeObject);
    if (method === "PATCH") return this.#apply(path, body as KubeObject);
    const found = this.objects.get(path);
    if (found === undefined) throw new ApiError("not found", { status: 404, reason: "NotFound" });
    if (method === "DELETE") {
      const { preconditions } = body as { preconditions: { uid: string } };
      if (preconditions.uid !== found.metadata.uid) throw new ApiError("other", { status: 409, reason: "Conflict" });
      // With a finalizer it stays, on its way out.
      if (found.metadata.finalizers === undefined) this.objects.delete(path);
      else found.metadata.deletionTimestamp = new Date(this.clockMilliseconds).toISOString();
      return found;
    }
    return { ...found, status: this.#status(found) };
  }

  #create(object: KubeObject): KubeObject {
    const path = `${PODS_PATH}/${object.metadata.name}`;
    if (this.objects.has(path)) throw new ApiError("exists", { status: 409, reason: "AlreadyExists" });
    return this.put(path, object);
  }

  put(path: string, object: KubeObject): KubeObject {
    this.#uid += 1;
    const made = { ...object, metadata: { ...object.metadata, uid: `uid-${this.#uid}` } };
    this.objects.set(path, made);
    return made;
  }

  #apply(path: string, object: KubeObject): KubeObject {
    if (object.kind !== "NetworkPolicy") return this.put(path, object);
    const { ingress } = object["spec"] as { ingress: { ports: { port: number }[] }[] };
    this.#openPorts = ingress.flatMap(({ ports }) => ports.map(({ port }) => port));
    this.#shutSince = this.clockMilliseconds;
    return this.put(path, object);
  }

  #status(pod: KubeObject): unknown {
    const { containers, ready } = this.#behaviour;
    const id = containers ? { containerID: "containerd://1" } : {};
    const { containers: specs = [] } = pod["spec"] as { containers?: { name: string; args: string[] }[] };
    if (pod.metadata.name === SERVER) {
      const status = ready ? "True" : "False";
      return {
        phase: "Running",
        podIP: "10.0.0.7",
        conditions: [{ type: "Ready", status }],
        containerStatuses: specs.map(({ name }) => ({ name, ...id, state: { running: {} } })),
      };
    }
    if (!containers) return { phase: "Running", containerStatuses: [{ name: "open", state: { running: {} } }] };
    const containerStatuses = specs.map(({ name, args }) => {
      const exitCode = this.#accepts(Number(args.at(-1)?.split(":").at(-1))) ? 0 : 1;
      return { name, ...id, state: { terminated: { exitCode, reason: exitCode === 0 ? "Completed" : "Error" } } };
    });
    this.#behaviour.afterClient?.(this, this.#clients);
    this.#clients += 1;
    return { phase: "Succeeded", containerStatuses };
  }

  #accepts(port: number): boolean {
    const { listening, enforcesAfterSeconds } = this.#behaviour;
    const inForce = this.clockMilliseconds - this.#shutSince >= enforcesAfterSeconds * 1000;
    return listening.includes(port) && (this.#openPorts.includes(port) || !inForce);
  }
}

/** Probes such a cluster, on which these objects lie already; with what is left in the end, and how long it took. */
export async function probed(behaviour: Partial<Behaviour>, leftovers: readonly KubeObject[] = []) {
  const cluster = new SmallCluster({ ...HEALTHY, ...behaviour });
  for (const leftover of leftovers) cluster.put(`${PODS_PATH}/${leftover.metadata.name}`, leftover);
  const begun = cluster.clockMilliseconds;
  const now = () => new Date(cluster.clockMilliseconds);
  const found = await probeNetwork({ transport: cluster.transport(), image: "probe:1", now, sleep: cluster.sleep });
  return { ...found, left: [...cluster.objects.keys()], seconds: (cluster.clockMilliseconds - begun) / 1000, cluster };
}

export function podNamed(name: string, finalizers?: string[]): KubeObject {
  const metadata = { name, namespace: "leanvibe-system", ...(finalizers === undefined ? {} : { finalizers }) };
  return { apiVersion: "v1", kind: "Pod", metadata, spec: {} };
}
