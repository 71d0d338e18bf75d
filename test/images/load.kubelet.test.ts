import { readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { afterAll, beforeAll, it } from "vitest";
import { findCluster, loadArchive } from "../../cli/cluster/index.ts";
import { cacheFolder } from "../../cli/cluster/layout.ts";
import { programImage, writeArchive } from "../../cli/cluster/oci.ts";
import { outputPaths, programsFor } from "../../cli/cluster/programs.ts";
import { type Api, apiOf, connectAs, eventually, kubeconfigPath, PODS, uniqueName } from "../harness/cluster.ts";
import { scratchFolder } from "../harness/scratch.ts";

let api: Api;
const name = uniqueName("loaded");
const at = { name, namespace: "default" };
beforeAll(async () => {
  api = apiOf(await connectAs());
});
afterAll(async () => {
  await api.remove(PODS, at);
  await api.transport.close();
});

it("an image that no registry has runs on the cluster's nodes once its archive was loaded", async ({ skip }) => {
  const cluster = await findCluster(basename(dirname(kubeconfigPath())));
  // A context of somebody's: its tool is not ours to run.
  if (cluster === undefined) return skip("the cluster is not one that these tests made");
  const program = readFileSync(outputPaths(programsFor("real"), cacheFolder(process.env))["image"] ?? "");
  const image = `leanvibe.io/${name}:1`;
  const archive = join(scratchFolder("archive"), "images.tar");
  await writeArchive([await programImage({ reference: image, entrypoint: "/hello", program })], archive);
  await loadArchive(cluster, archive, { env: process.env });
  const containers = [{ name: "main", image, imagePullPolicy: "Never" }];
  // It runs until it is stopped.
  await api.create(PODS, { apiVersion: "v1", kind: "Pod", metadata: at, spec: { containers } });
  await eventually("the pod runs", async () => {
    const { status } = (await api.get(PODS, name, "default")) as { status?: { phase?: string } };
    return status?.phase === "Running";
  });
});
