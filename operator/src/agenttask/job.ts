import type { Manifest } from "@leanvibe/runtime";
import {
  AGENT_NAME,
  AGENT_TASKS,
  type AgentTask,
  ANNOTATIONS,
  API_VERSION,
  agentJobName,
  divideQuantity,
  GATEWAY_AUDIENCE,
  LABELS,
} from "@leanvibe/schema";
import type { AgentSettings } from "../config.ts";
import { inputOf } from "./admission.ts";

/** Pods that may fail before the task does. With the Job controller's pauses it lasts about three minutes beside them. */
const RETRIES = 4;
/** Enough to write down what is done; short enough that Cancel takes less than ten seconds. */
const GRACE_SECONDS = 8;
/** The Job's own deadline comes before that of its pods: it knows of pods before, and of rests. */
const AFTER_JOB_SECONDS = 60;
const GATEWAY_TOKEN = { folder: "/var/run/secrets/leanvibe/gateway", seconds: 600 };
const ACCOUNT = { folder: "/var/run/secrets/kubernetes.io/serviceaccount", seconds: 3_607 };
const SOCKET = { folder: "/run/sandbox", path: "/run/sandbox/sandbox.sock" };
const WORKSPACE = "/workspace";
/** It waits for the model and writes text; the code it judges runs beside it. */
const AGENT_RESOURCES = { requests: { cpu: "50m", memory: "128Mi" }, limits: { cpu: "500m", memory: "256Mi" } };

/** Users of their own for each task: what a node counts by user (processes, for one) is then a task's own count. */
const USERS = { first: 1_000_000_000, pairs: 500_000_000 };

/** What the Job of a task is made with. It is made once: what it holds is fixed by Kubernetes. */
export function jobManifest(task: AgentTask, settings: AgentSettings, runtimeClassName: string | undefined): Manifest {
  const { name, namespace = "", uid = "" } = task.metadata;
  const labels = { [LABELS.agent]: "true", [LABELS.agentTask]: name, "app.kubernetes.io/managed-by": "leanvibe" };
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: {
      name: agentJobName(name, uid),
      namespace,
      labels,
      ownerReferences: [
        { apiVersion: API_VERSION, kind: AGENT_TASKS.kind, name, uid, controller: true, blockOwnerDeletion: true },
      ],
    },
    spec: {
      parallelism: 1,
      completions: 1,
      suspend: false,
      backoffLimit: RETRIES,
      activeDeadlineSeconds: task.spec.limits.activeDeadlineSeconds,
      podReplacementPolicy: "Failed",
      // A node that is drained is nobody's failure. What the agent itself ends with counts, also that the model was away
      // for long (75): a task that waits for it without end would keep a place of its Tenant's plan.
      podFailurePolicy: {
        rules: [{ action: "Ignore", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] }],
      },
      template: {
        metadata: { labels, annotations: { [ANNOTATIONS.task]: JSON.stringify(inputOf(task)) } },
        spec: podSpec(task, settings, runtimeClassName),
      },
    },
  };
}

/** Of the agent and of its sandbox, which share a group for their socket and nothing else. */
export function usersOf(uid: string): { agent: number; sandbox: number; group: number } {
  const digits = Number.parseInt(uid.replaceAll("-", "").slice(0, 8), 16);
  const first = USERS.first + (Number.isNaN(digits) ? 0 : digits % USERS.pairs) * 2;
  return { agent: first, sandbox: first + 1, group: first };
}

function podSpec(task: AgentTask, settings: AgentSettings, runtimeClassName: string | undefined): object {
  const users = usersOf(task.metadata.uid ?? "");
  return {
    restartPolicy: "Never",
    serviceAccountName: AGENT_NAME,
    // Its tokens are named below, in the agent's container alone.
    automountServiceAccountToken: false,
    // Else each Service of the namespace would be told to both.
    enableServiceLinks: false,
    terminationGracePeriodSeconds: GRACE_SECONDS,
    // Also of a pod whose Job somebody deleted from over it.
    activeDeadlineSeconds: task.spec.limits.activeDeadlineSeconds + AFTER_JOB_SECONDS,
    ...(runtimeClassName === undefined ? {} : { runtimeClassName }),
    securityContext: {
      runAsNonRoot: true,
      fsGroup: users.group,
      fsGroupChangePolicy: "OnRootMismatch",
      seccompProfile: { type: "RuntimeDefault" },
    },
    initContainers: [sandboxContainer(task, settings, users.sandbox)],
    containers: [agentContainer(task, settings, users.agent)],
    volumes: volumesOf(task, settings),
  };
}

function securityOf(user: number): object {
  return {
    runAsUser: user,
    runAsGroup: user,
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ["ALL"] },
  };
}

/** A native sidecar, so that it is there before the agent and goes after it. It holds no token and no word of the task. */
function sandboxContainer({ spec }: AgentTask, { image }: AgentSettings, user: number): object {
  const { cpu, memory } = spec.resources;
  return {
    name: "sandbox",
    image,
    imagePullPolicy: "IfNotPresent",
    // By that signal anybody of its user would open its debugger.
    command: ["node", "--disable-sigusr1", "/app/leanvibe-sandbox.mjs"],
    restartPolicy: "Always",
    env: [
      { name: "SANDBOX_SOCKET", value: SOCKET.path },
      { name: "SANDBOX_WORKSPACE", value: WORKSPACE },
    ],
    resources: { requests: { cpu, memory }, limits: { cpu, memory } },
    securityContext: securityOf(user),
    volumeMounts: [
      { name: "workspace", mountPath: WORKSPACE },
      { name: "socket", mountPath: SOCKET.folder },
      { name: "sandbox-tmp", mountPath: "/tmp" },
    ],
  };
}

function agentContainer({ metadata, spec }: AgentTask, settings: AgentSettings, user: number): object {
  const { name, uid = "" } = metadata;
  const field = (fieldPath: string) => ({ valueFrom: { fieldRef: { fieldPath } } });
  const isDirect = settings.direct !== undefined;
  return {
    name: "agent",
    image: settings.image,
    imagePullPolicy: "IfNotPresent",
    command: ["node", "/app/leanvibe-agent.mjs"],
    env: [
      { name: "POD_NAME", ...field("metadata.name") },
      { name: "POD_UID", ...field("metadata.uid") },
      { name: "POD_NAMESPACE", ...field("metadata.namespace") },
      { name: "JOB_NAME", value: agentJobName(name, uid) },
      { name: "JOB_UID", ...field("metadata.labels['batch.kubernetes.io/controller-uid']") },
      { name: "TASK_NAME", value: name },
      { name: "TASK_FILE", value: "/task/task.json" },
      { name: "MODEL_URL", value: settings.modelURL },
      { name: "MODEL_NAME", value: spec.model ?? settings.defaultModel },
      ...(isDirect ? [] : [{ name: "MODEL_TOKEN_FILE", value: `${GATEWAY_TOKEN.folder}/token` }]),
      { name: "SANDBOX_SOCKET", value: SOCKET.path },
    ],
    resources: AGENT_RESOURCES,
    securityContext: securityOf(user),
    volumeMounts: [
      { name: "task", mountPath: "/task", readOnly: true },
      { name: "account", mountPath: ACCOUNT.folder, readOnly: true },
      ...(isDirect ? [] : [{ name: "gateway", mountPath: GATEWAY_TOKEN.folder, readOnly: true }]),
      { name: "socket", mountPath: SOCKET.folder },
      { name: "agent-tmp", mountPath: "/tmp" },
    ],
  };
}

function volumesOf({ spec }: AgentTask, { direct }: AgentSettings): object[] {
  const token = (about: object) => ({ serviceAccountToken: { path: "token", ...about } });
  const field = (path: string, fieldPath: string) => ({ path, fieldRef: { fieldPath } });
  // Full, it is to say so to who writes; by the container's own limit the sandbox would be killed with it.
  const half = divideQuantity(spec.resources.memory, 2, "memory");
  const memory = (name: string, sizeLimit: string) => ({ name, emptyDir: { medium: "Memory", sizeLimit } });
  return [
    { name: "task", downwardAPI: { items: [field("task.json", `metadata.annotations['${ANNOTATIONS.task}']`)] } },
    {
      name: "account",
      projected: {
        sources: [
          token({ expirationSeconds: ACCOUNT.seconds }),
          { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
          { downwardAPI: { items: [field("namespace", "metadata.namespace")] } },
        ],
      },
    },
    ...(direct === undefined
      ? [
          {
            name: "gateway",
            projected: {
              sources: [token({ audience: GATEWAY_AUDIENCE, expirationSeconds: GATEWAY_TOKEN.seconds })],
            },
          },
        ]
      : []),
    memory("workspace", half),
    memory("sandbox-tmp", "16Mi"),
    memory("agent-tmp", "16Mi"),
    memory("socket", "1Mi"),
  ];
}
