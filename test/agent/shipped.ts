import { basename, dirname } from "node:path";
import { gunzipSync } from "node:zlib";
import { KINDS, recordOf } from "@leanvibe/runtime";
import { AGENT_KEYS, AGENT_TASKS, type AgentArtifact, API_VERSION, agentArtifact } from "@leanvibe/schema";
import { findCluster, loadAgentImage } from "../../cli/cluster/index.ts";
import { addressBeside } from "../../cli/src/gateway.ts";
import { apiOf, clear, connectAs, kubeconfigPath, Operator, uniqueName } from "../harness/cluster.ts";
import type { Script } from "./model/script.ts";
import { startScriptedModel } from "./model/server.ts";
import { agentsHome, type Task } from "./played.ts";

/** The image that ships, on the nodes of the tests' own cluster. @throws Error where that is another's */
export async function loadShippedAgent() {
  const cluster = await findCluster(basename(dirname(kubeconfigPath())));
  if (cluster === undefined) throw new Error("the cluster is not one that these tests made");
  return loadAgentImage(cluster, { env: process.env });
}

/**
 * A Tenant on a real kubelet whose agents are the ones that ship: the operator, the agent's image, its sandbox. Only the
 * model plays from scripts, a script for each task.
 */
export async function shippedAgents(options: { delayMilliseconds?: number } = {}) {
  const api = apiOf(await connectAs());
  const image = await loadShippedAgent();
  const scripts = new Map<string, Script>();
  const model = await startScriptedModel({
    host: "0.0.0.0",
    ...options,
    script: (task) => {
      const script = scripts.get(task.split("/")[1] ?? "");
      if (script === undefined) throw new Error(`no script for ${task}`);
      return script;
    },
  });
  const url = new URL(model.url);
  url.hostname = (await addressBeside(api.transport)) ?? "";
  const env = { AGENT_IMAGE: image.reference, AGENT_MODEL_URL: url.href, AGENT_DEFAULT_MODEL: "scripted" };
  const operator = await Operator.start(api.transport, { env });
  const home = await agentsHome(api, { plan: "enterprise" });
  return {
    api,
    home,
    model,
    python: "version" in image.python,
    /** @returns the task's name */
    async give(script: Script, spec: Record<string, unknown> = {}): Promise<string> {
      const name = uniqueName(script.name);
      scripts.set(name, script);
      const metadata = { name, namespace: home.namespace };
      await api.create(AGENT_TASKS, {
        apiVersion: API_VERSION,
        kind: AGENT_TASKS.kind,
        metadata,
        spec: { title: "As the script has it", description: "As the script has it.", ...spec },
      });
      return name;
    },
    /** What it made, as it stands in its ConfigMap. */
    async artifactOf({ status }: Task): Promise<AgentArtifact> {
      const { configMap } = recordOf(recordOf(status)["artifact"]);
      const { binaryData } = await api.get(KINDS.ConfigMap, String(configMap), home.namespace);
      const bytes = Buffer.from(String(recordOf(binaryData)[AGENT_KEYS.artifact]), "base64");
      return agentArtifact.parse(JSON.parse(gunzipSync(bytes).toString()));
    },
    async close(): Promise<void> {
      await clear(api);
      await operator.stop();
      await model.close();
      await api.transport.close();
    },
  };
}

export type ShippedAgents = Awaited<ReturnType<typeof shippedAgents>>;

/** Somebody's program with a fault, of which one file and one test are as they should be. */
export const FAULTY_SLUGS = [
  {
    path: "src/words.ts",
    content: `/** The words of a text, in small letters. */
export function words(text: string): string[] {
  return text.toLowerCase().match(/[\\p{L}\\p{N}]+/gu) ?? [];
}
`,
  },
  {
    path: "src/index.ts",
    content: `import { words } from "./words.ts";

/** The name of a page as it stands in an address. */
export function slug(text: string): string {
  return words(text).join("_");
}
`,
  },
  {
    path: "tests/words.test.ts",
    content: `import assert from "node:assert/strict";
import test from "node:test";
import { words } from "../src/words.ts";

test("words are in small letters", () => {
  assert.deepEqual(words("A b?"), ["a", "b"]);
});
`,
  },
] as const;

/** A program that makes a page's name fit for an address, and what shows that it does. */
export const SLUG_CASES = [
  {
    name: "joins words",
    command: `node -e 'import("./src/index.ts").then(({ slug }) => console.log(slug("A  b?")))'`,
    expect: { stdout: "a-b" },
  },
];
