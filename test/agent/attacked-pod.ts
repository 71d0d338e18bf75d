/** A pod as an AgentTask's is, with whoever attacks its sandbox in the agent's place. */
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { KINDS, type Manifest } from "@leanvibe/runtime";
import { bundle } from "@leanvibe/runtime/bundle";
import { describe, expect, test } from "vitest";
import { run } from "../../cli/cluster/command.ts";
import { ATTACKS } from "../../operator/agent/sandbox/testing/attacks.ts";
import { SERVICES, TOOLS } from "../../operator/agent/sandbox/testing/tools.ts";
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

/** A pod as an AgentTask's is: under PSS restricted, the sandbox beside an agent, of which only a socket is shared. */
function podOf({ image, python, namespace, secret }: Target & { namespace: string; secret: string }): Manifest {
  const mount = (name: string, mountPath: string) => ({ name, mountPath });
  const container = (name: string, user: number) => ({
    name,
    image,
    imagePullPolicy: "Never",
    securityContext: {
      runAsUser: user,
      runAsGroup: 20_003,
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    },
  });
  const secretEnv = { name: "SECRET", value: secret };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "attacked", namespace },
    spec: {
      restartPolicy: "Never",
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 1,
      securityContext: {
        runAsNonRoot: true,
        fsGroup: 20_003,
        seccompProfile: { type: "RuntimeDefault" },
      },
      initContainers: [
        {
          ...container("sandbox", 20_001),
          restartPolicy: "Always",
          command: ["node", "--disable-sigusr1", "/app/leanvibe-sandbox.mjs"],
          env: [secretEnv],
          resources: { limits: { memory: "1536Mi", cpu: "2" }, requests: { cpu: "100m" } },
          volumeMounts: [mount("socket", "/run/sandbox"), mount("workspace", "/workspace"), mount("secret", "/secret")],
        },
      ],
      containers: [
        {
          ...container("agent", 20_002),
          command: ["node", "/driver/driver.mjs"],
          env: [secretEnv, { name: "PYTHON", value: python ? "yes" : "no" }],
          volumeMounts: [mount("socket", "/run/sandbox"), mount("driver", "/driver")],
        },
      ],
      volumes: [
        { name: "socket", emptyDir: {} },
        { name: "workspace", emptyDir: { medium: "Memory", sizeLimit: "384Mi" } },
        { name: "secret", configMap: { name: "driver", items: [{ key: "token", path: "token" }] } },
        { name: "driver", configMap: { name: "driver" } },
      ],
    },
  };
}
