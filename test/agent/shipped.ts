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

/**
 * A Tenant on a real kubelet whose agents are the ones that ship: the operator, the agent's image, its sandbox. Only the
 * model plays from scripts, a script for each task.
 */
export async function shippedAgents(options: { delayMilliseconds?: number } = {}) {
  const cluster = await findCluster(basename(dirname(kubeconfigPath())));
  if (cluster === undefined) throw new Error("the cluster is not one that these tests made");
  const api = apiOf(await connectAs());
  const image = await loadAgentImage(cluster, { env: process.env });
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

/** A program that makes a page's name fit for an address, and what shows that it does. */
export const SLUG_CASES = [
  {
    name: "joins words",
    command: `node -e 'import("./src/index.ts").then(({ slug }) => console.log(slug("A  b?")))'`,
    expect: { stdout: "a-b" },
  },
];
