import { basename, dirname } from "node:path";
import { beforeAll } from "vitest";
import { findCluster, loadAgentImage } from "../../cli/cluster/index.ts";
import { apiOf, connectAs, kubeconfigPath } from "../harness/cluster.ts";
import { judgePlayed, type Played, playInPod } from "./attacked-pod.ts";

let played: Played = { lines: [], python: true, restarts: -1 };

beforeAll(async () => {
  const api = apiOf(await connectAs());
  const cluster = await findCluster(basename(dirname(kubeconfigPath())));
  if (cluster === undefined) throw new Error("the cluster is not one that these tests made");
  const { reference, python } = await loadAgentImage(cluster, { env: process.env });
  played = await playInPod(api, { image: reference, python: "version" in python });
  await api.transport.close();
}, 300_000);

judgePlayed(() => played);
