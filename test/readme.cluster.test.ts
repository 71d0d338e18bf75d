import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { applyManifests, manifestsIn, ROOT } from "../cli/src/manifests.ts";
import { clusterWithOperator, kubeconfigPath, untilCondition } from "./harness/cluster.ts";

const run = promisify(execFile);

const cluster = clusterWithOperator();

/** Which columns there are and what stands in them; ages and widths differ from run to run. */
function cells(text: string): string[][] {
  return text
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/\s+/).slice(0, -1));
}

it("README shows what kubectl get tenants prints for examples/tenant.yaml", async () => {
  await applyManifests(cluster.api.transport, await manifestsIn(join(ROOT, "examples", "tenant.yaml")));
  await untilCondition(cluster.api, "acme", ["Ready", "True"]);
  const kubectl = process.env["LEANVIBE_TEST_KUBECTL"] ?? "kubectl";
  const { stdout } = await run(kubectl, ["--kubeconfig", kubeconfigPath(), "get", "tenants", "acme"]);
  const shown = /\$ kubectl get tenants\n([\s\S]*?)```/.exec(readFileSync(join(ROOT, "README.md"), "utf8"))?.[1] ?? "";
  expect(cells(shown)).toEqual(cells(stdout));
  await run(kubectl, [
    "--kubeconfig",
    kubeconfigPath(),
    "wait",
    "--for=condition=Ready",
    "--timeout=10s",
    "tenant/acme",
  ]);
});
