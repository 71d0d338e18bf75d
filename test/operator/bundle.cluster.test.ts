import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { writeAccountKubeconfig } from "../../cli/src/credentials.ts";
import { ROOT } from "../../cli/src/manifests.ts";
import { startProcess } from "../bench/process.ts";
import { connectAs, kubeconfigPath } from "../harness/cluster.ts";

// Far from the repository: what it needed beside itself would be missing here.
const folder = mkdtempSync(join(tmpdir(), "leanvibe-bundle-"));
afterAll(() => rmSync(folder, { recursive: true }));

it("the operator bundled into one file gets ready alone, in a folder without packages", async () => {
  const bundle = join(folder, "leanvibe-operator.mjs");
  execFileSync(process.execPath, [join(ROOT, "operator", "build.ts"), bundle]);
  const transport = await connectAs();
  const kubeconfig = join(folder, "kubeconfig");
  await writeAccountKubeconfig(transport, "operator", { admin: kubeconfigPath(), path: kubeconfig });
  await transport.close();
  const command = { program: process.execPath, args: [bundle], env: { NETWORK_PROBE_IMAGE: "" } };
  const operator = await startProcess(command, kubeconfig, join(folder, "log"));
  try {
    expect(await operator.metrics()).toMatch(/^rest_client_requests_total\{method="GET",code="200"\} \d+$/m);
    // Who starts it reads its log; a warning of Node's would be the first line of it.
    const lines = readFileSync(join(folder, "log"), "utf8").trimEnd().split("\n");
    expect(lines.filter((line) => !line.startsWith("{"))).toEqual([]);
  } finally {
    await operator.stop();
  }
});
