import { beforeAll } from "vitest";
import { imageReference } from "../../cli/src/images.ts";
import { judgePlayed, type Played, playInPod } from "../agent/attacked-pod.ts";
import { apiOf, connectAs } from "../harness/cluster.ts";
import { buildAndLoad } from "./deployed.ts";

let played: Played = { lines: [], python: true, restarts: -1 };

// The image that is shipped, where the other tests have one of this machine's own programs.
beforeAll(async () => {
  const api = apiOf(await connectAs());
  await buildAndLoad(["agent"]);
  played = await playInPod(api, { image: imageReference("agent"), python: true });
  await api.transport.close();
}, 900_000);

judgePlayed(() => played);
