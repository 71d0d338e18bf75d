/** A pod as an AgentTask's is, with whoever attacks its sandbox in the agent's place. */
import { randomBytes, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { KINDS, type Manifest } from "@leanvibe/runtime";
import { bundle } from "@leanvibe/runtime/bundle";
import { AGENT_TASKS, type AgentTask, API_VERSION, parseAgentTask } from "@leanvibe/schema";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { run } from "../../cli/cluster/command.ts";
import { ATTACKS } from "../../operator/agent/sandbox/testing/attacks.ts";
import { SERVICES, TOOLS } from "../../operator/agent/sandbox/testing/tools.ts";
import { jobManifest } from "../../operator/src/agenttask/job.ts";
import { parseConfig } from "../../operator/src/config.ts";
import { type Api, eventually, kubeconfigPath, PODS, uniqueName } from "../harness/cluster.ts";
import { scratchFolder } from "../harness/scratch.ts";

type Line = {
  name: string;
  error?: string;
  got?: string[];
  tried?: boolean;
  refusal?: string;
  serves?: boolean;
  works?: boolean;
  said?: string;
};

/** What came of it; `restarts` is how often the sandbox had to be started again. */
export type Played = { lines: readonly Line[]; python: boolean; restarts: number };

type Target = { image: string; python: boolean };

/** Plays every attack in a pod of its own, which is gone afterwards. @throws Error with what the pod said */
export async function playInPod(api: Api, target: Target): Promise<Played> {
  const namespace = uniqueName("sandbox");
  const secret = `secret-${randomBytes(12).toString("hex")}`;
  const labels = { "pod-security.kubernetes.io/enforce": "restricted" };
  await api.create(KINDS.Namespace, { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace, labels } });
  try {
    const folder = scratchFolder("driver");
    await bundle({ entries: { driver: join(import.meta.dirname, "driver.ts") }, folder, inParts: false });
    const data = { "driver.mjs": readFileSync(join(folder, "driver.mjs"), "utf8"), token: secret };
    const metadata = { name: "driver", namespace };
    await api.create(KINDS.ConfigMap, { apiVersion: "v1", kind: "ConfigMap", metadata, data });
    await api.create(PODS, podOf({ ...target, namespace, secret }));
    return await eventually("every attack was played", () => outcome(api, namespace, target), 180).catch(
      async (error: unknown) => {
        const { status } = await api.get(PODS, "attacked", namespace);
        const logs = [await logOf(namespace, "sandbox"), await logOf(namespace, "agent")];
        throw new Error([error, JSON.stringify(status), ...logs].join("\n"));
      },
    );
  } finally {
    await api.remove(KINDS.Namespace, { name: namespace });
  }
}

/** What the driver has printed, once it has printed all. */
async function outcome(api: Api, namespace: string, { python }: Target): Promise<Played | undefined> {
  const { status } = (await api.get(PODS, "attacked", namespace)) as {
    status?: { phase?: string; initContainerStatuses?: { restartCount: number }[] };
  };
  if (status?.phase === undefined || status.phase === "Pending") return undefined;
  const text = await logOf(namespace, "agent");
  const said = text.split("\n").filter((line) => line.startsWith("{"));
  const lines: Line[] = said.map((line) => JSON.parse(line));
  if (lines.some(({ name }) => name === "end"))
    return { lines, python, restarts: status.initContainerStatuses?.[0]?.restartCount ?? -1 };
  if (status.phase === "Failed") throw new Error(text.slice(-3000));
  return undefined;
}

async function logOf(namespace: string, container: string): Promise<string> {
  const kubectl = process.env["LEANVIBE_TEST_KUBECTL"] ?? "kubectl";
  const args = [
    "--kubeconfig",
    kubeconfigPath(),
    "--namespace",
    namespace,
    "logs",
    "attacked",
    "--container",
    container,
  ];
  return await run(kubectl, args).catch(() => "");
}

/** The tests of what came of it. */
export function judgePlayed(played: () => Played): void {
  const possible = ({ python }: { python?: true }) => python === undefined || played().python;
  const line = (wanted: string) => played().lines.find(({ name }) => name === wanted);

  describe("generated code in a pod under PSS restricted", () => {
    test.for(ATTACKS)("[$name] gets nothing, and the sandbox serves on", (attack, { skip }) => {
      if (!possible(attack)) skip("the image has no Python");
      expect(line(attack.name)).toMatchObject({ got: [], tried: true, serves: true });
    });

    test.for([...TOOLS, ...SERVICES])("$name", (tool, { skip }) => {
      if (!possible(tool)) skip("the image has no Python");
      expect(line(tool.name)).toMatchObject({ works: true });
    });

    test("has never ended its sandbox", () => expect(played().restarts).toBe(0));
  });
}

/** The task that is attacked, with what a task gets that asks for nothing. */
function taskIn(namespace: string): AgentTask {
  const parsed = parseAgentTask({
    apiVersion: API_VERSION,
    kind: AGENT_TASKS.kind,
    metadata: { name: "attacked", namespace, uid: randomUUID() },
    spec: { title: "Attacked", description: "Its sandbox is." },
  });
  if (!parsed.ok) throw parsed.error;
  return parsed.value;
}

const mountsOf = z.array(z.looseObject({ name: z.string() }));
const containerOf = z.looseObject({ volumeMounts: mountsOf, env: z.array(z.looseObject({ name: z.string() })) });
const podTemplate = z.object({
  spec: z.object({
    template: z.object({
      spec: z.looseObject({
        initContainers: z.tuple([containerOf]),
        containers: z.tuple([containerOf]),
        volumes: mountsOf,
      }),
    }),
  }),
});

/** What only the agent has, and an attacker in its place has no use for: this namespace is no Tenant's. */
const AGENTS_OWN = new Set(["task", "account", "gateway"]);

/**
 * The very pod that the operator makes, under PSS restricted, with another program in the agent's place, and secrets where
 * the sandbox must not come by them.
 */
function podOf({ image, python, namespace, secret }: Target & { namespace: string; secret: string }): Manifest {
  const settings = { ...parseConfig({}).agents, image };
  const made = podTemplate.parse(jobManifest(taskIn(namespace), settings, undefined));
  const { serviceAccountName: _, ...spec } = made.spec.template.spec;
  const [sandbox] = spec.initContainers;
  const [agent] = spec.containers;
  const secretEnv = { name: "SECRET", value: secret };
  const mount = (name: string, mountPath: string) => ({ name, mountPath });
  const notAgents = ({ name }: { name: string }) => !AGENTS_OWN.has(name);
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "attacked", namespace },
    spec: {
      ...spec,
      initContainers: [
        {
          ...sandbox,
          env: [...sandbox.env, secretEnv],
          volumeMounts: [...sandbox.volumeMounts, mount("secret", "/secret")],
        },
      ],
      containers: [
        {
          ...agent,
          command: ["node", "/driver/driver.mjs"],
          env: [secretEnv, { name: "PYTHON", value: python ? "yes" : "no" }],
          volumeMounts: [...agent.volumeMounts.filter(notAgents), mount("driver", "/driver")],
        },
      ],
      volumes: [
        ...spec.volumes.filter(notAgents),
        { name: "secret", configMap: { name: "driver", items: [{ key: "token", path: "token" }] } },
        { name: "driver", configMap: { name: "driver" } },
      ],
    },
  };
}
