import { randomBytes } from "node:crypto";
import { basename, dirname, join } from "node:path";
import { KINDS, type Manifest } from "@leanvibe/runtime";
import { type ImageName, SYSTEM_NAMESPACE } from "@leanvibe/schema";
import { relayTo } from "../../api-server/src/testing/relay.ts";
import { run } from "../../cli/cluster/command.ts";
import { findCluster, loadArchive } from "../../cli/cluster/index.ts";
import { startEmbedded } from "../../cli/database/embedded.ts";
import { findBuilder, saveImages } from "../../cli/src/builder.ts";
import { addressBeside } from "../../cli/src/gateway.ts";
import { imageReference } from "../../cli/src/images.ts";
import { applyManifests, manifestsIn, ROOT } from "../../cli/src/manifests.ts";
import { type Api, DEPLOYMENTS, kubeconfigPath, NODES } from "../harness/cluster.ts";
import { scratchFolder } from "../harness/scratch.ts";

const WORKLOADS = join(ROOT, "api-server", "manifests", "workloads.yaml");
const SERVICES = { ...KINDS.ConfigMap, kind: "Service", plural: "services" };

/** As a person would, by the command; LEANVIBE_IMAGES_BUILD holds more arguments, such as a base image that is here. */
export async function buildAndLoad(names: readonly ImageName[]): Promise<void> {
  const more = (process.env["LEANVIBE_IMAGES_BUILD"] ?? "").split(" ").filter((word) => word !== "");
  await run(
    process.execPath,
    [join(ROOT, "cli", "src", "main.ts"), "images", "build", "--only", names.join(), ...more],
    { cwd: ROOT },
  );
  const file = join(scratchFolder("images"), "images.tar");
  const builder = await findBuilder(process.env);
  const references = names.map(imageReference);
  await saveImages(builder, references, { file, signal: AbortSignal.timeout(120_000) });
  const cluster = await findCluster(basename(dirname(kubeconfigPath())));
  if (cluster === undefined) throw new Error("the cluster is not one that these tests made");
  await loadArchive(cluster, file, { env: process.env });
}

type WithAddresses = { status?: { addresses?: { type: string; address: string }[] } };

/** The node's address, and this machine's on the same wire. */
async function addresses(api: Api): Promise<{ node: string; host: string }> {
  const nodes = (await api.list(NODES, "")) as WithAddresses[];
  const known = nodes.flatMap(({ status }) => status?.addresses ?? []);
  const node = known.find(({ type }) => type === "InternalIP")?.address ?? "";
  const host = await addressBeside(api.transport);
  if (host === undefined) throw new Error(`this machine has no address beside the node's, ${node}`);
  return { node, host };
}

export type Deployed = {
  /** Of the API's Service, from this machine through the node. */
  url: string;
  /** Whatever no log may show. */
  secrets: readonly string[];
  remove(): Promise<void>;
};

/** The API by its shipped manifests, on a PostgreSQL beside the cluster. Resolves when everything is applied. */
export async function deploy(api: Api): Promise<Deployed> {
  const { node, host } = await addresses(api);
  const postgres = await startEmbedded({ folder: scratchFolder("postgres"), lifetime: "parent", durable: false });
  const relay = await relayTo(postgres.url, host);
  const passwords = ["lv_app", "lv_worker", "lv_lookup"].map(
    (role) => [role, randomBytes(18).toString("base64url")] as const,
  );
  const ownerUrl = relay.url(postgres.url);
  const [app, worker, lookup] = passwords.map(
    ([role, password]) => Object.assign(new URL(ownerUrl), { username: role, password }).href,
  );
  const key = randomBytes(32).toString("base64");
  const server = { DATABASE_URL: app, DATABASE_WORKER_URL: worker, DATABASE_LOOKUP_URL: lookup, SECRET_KEY: key };
  const settings = { PUBLIC_URL: "http://api.example.com", TENANT_CREATION: "open", TRUSTED_PROXIES: "none" };
  const inSystem = (name: string) => ({ name, namespace: SYSTEM_NAMESPACE });
  const own: Manifest[] = [
    { apiVersion: "v1", kind: "Secret", metadata: inSystem("leanvibe-api"), stringData: server },
    {
      apiVersion: "v1",
      kind: "Secret",
      metadata: inSystem("leanvibe-api-owner"),
      stringData: { DATABASE_OWNER_URL: ownerUrl },
    },
    { apiVersion: "v1", kind: "ConfigMap", metadata: inSystem("leanvibe-api"), data: settings },
  ];
  // The Job and the server come before what they need, as they may when a person applies all at once.
  await applyManifests(api.transport, await manifestsIn(WORKLOADS));
  await applyManifests(api.transport, own);
  const opened = await api.patch(SERVICES, inSystem("leanvibe-api"), { spec: { type: "NodePort" } });
  const { ports } = opened["spec"] as { ports: { nodePort: number }[] };
  return {
    url: `http://${node}:${ports[0]?.nodePort}`,
    secrets: [...passwords.map(([, password]) => password), key, new URL(postgres.url).password],
    remove: async () => {
      await api.remove(DEPLOYMENTS, inSystem("leanvibe-api"));
      await relay.close();
      await postgres.stop();
    },
  };
}
