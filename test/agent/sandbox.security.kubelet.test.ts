import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { KINDS, type Manifest } from "@leanvibe/runtime";
import { bundle } from "@leanvibe/runtime/bundle";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { run } from "../../cli/cluster/command.ts";
import { type AgentImage, findCluster, loadAgentImage } from "../../cli/cluster/index.ts";
import { ATTACKS } from "../../operator/agent/sandbox/testing/attacks.ts";
import { SERVICES, TOOLS } from "../../operator/agent/sandbox/testing/tools.ts";
import { type Api, apiOf, connectAs, eventually, kubeconfigPath, PODS, uniqueName } from "../harness/cluster.ts";
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

const namespace = uniqueName("sandbox");
const secret = `secret-${randomBytes(12).toString("hex")}`;
let api: Api;
let image: AgentImage;
let lines: readonly Line[] = [];

/** A pod as an AgentTask's is: under PSS restricted, the sandbox beside an agent, of which only a socket is shared. */
function pod(): Manifest {
  const mount = (name: string, mountPath: string) => ({ name, mountPath });
  const container = (name: string, user: number) => ({
    name,
    image: image.reference,
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
  const python = { name: "PYTHON", value: "version" in image.python ? "yes" : "no" };
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
          env: [secretEnv, python],
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

beforeAll(async () => {
  api = apiOf(await connectAs());
  const cluster = await findCluster(basename(dirname(kubeconfigPath())));
  if (cluster === undefined) throw new Error("the cluster is not one that these tests made");
  image = await loadAgentImage(cluster, { env: process.env });
  const labels = { "pod-security.kubernetes.io/enforce": "restricted" };
  await api.create(KINDS.Namespace, { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace, labels } });
  const folder = scratchFolder("driver");
  await bundle({ entries: { driver: join(import.meta.dirname, "driver.ts") }, folder, inParts: false });
  const data = { "driver.mjs": readFileSync(join(folder, "driver.mjs"), "utf8"), token: secret };
  const metadata = { name: "driver", namespace };
  await api.create(KINDS.ConfigMap, { apiVersion: "v1", kind: "ConfigMap", metadata, data });
  await api.create(PODS, pod());
  lines = await eventually("every attack was played", played, 180).catch(async (error: unknown) => {
    const { status } = await api.get(PODS, "attacked", namespace);
    throw new Error([error, JSON.stringify(status), await logOf("sandbox"), await logOf("agent")].join("\n"));
  });
}, 300_000);

afterAll(async () => {
  await api?.remove(KINDS.Namespace, { name: namespace });
});

/** What the driver has printed, once it has printed all. */
async function played(): Promise<readonly Line[] | undefined> {
  const { status } = (await api.get(PODS, "attacked", namespace)) as { status?: { phase?: string } };
  if (status?.phase === undefined || status.phase === "Pending") return undefined;
  const text = await logOf("agent");
  const said = text.split("\n").filter((line) => line.startsWith("{"));
  const found: Line[] = said.map((line) => JSON.parse(line));
  if (found.some(({ name }) => name === "end")) return found;
  if (status.phase === "Failed") throw new Error(text.slice(-3000));
  return undefined;
}

async function logOf(container: string): Promise<string> {
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

const possible = <T extends { python?: true }>(all: readonly T[]) =>
  all.filter(({ python }) => python === undefined || "version" in image.python);

describe("generated code in a pod under PSS restricted", () => {
  test.each(ATTACKS)("[$name] gets nothing, and the sandbox serves on", (attack) => {
    if (!possible([attack]).includes(attack)) return;
    const line = lines.find(({ name }) => name === attack.name);
    expect(line).toMatchObject({ got: [], tried: true, serves: true });
  });

  test.each([...TOOLS, ...SERVICES])("$name", (tool) => {
    if (!possible([tool]).includes(tool)) return;
    expect(lines.find(({ name }) => name === tool.name)).toMatchObject({ works: true });
  });

  test("has never ended its sandbox", async () => {
    const { status } = (await api.get(PODS, "attacked", namespace)) as {
      status?: { initContainerStatuses?: { restartCount: number }[] };
    };
    expect(status?.initContainerStatuses?.map(({ restartCount }) => restartCount)).toEqual([0]);
  });
});
