import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { apiWorkloads, generateApiWorkloads } from "./workloads.ts";

type PodSpec = {
  terminationGracePeriodSeconds: number;
  containers: { env?: { name: string; value?: string }[]; args?: string[] }[];
};

const podOf = (kind: string) => {
  const found = apiWorkloads().find((manifest) => manifest.kind === kind);
  if (found === undefined) throw new Error(`there is no ${kind}`);
  return (found["spec"] as { template: { spec: PodSpec } }).template.spec;
};

describe("the API's workloads", () => {
  it("are the ones the code gives (npm run generate)", async () => {
    for (const [path, text] of generateApiWorkloads())
      expect(await readFile(new URL(`../../${path}`, import.meta.url), "utf8"), path).toBe(text);
  });

  it("are left the time that the server takes to stop, and some more", () => {
    const { terminationGracePeriodSeconds, containers } = podOf("Deployment");
    const seconds = (name: string) => Number(containers[0]?.env?.find((each) => each.name === name)?.value);
    const needed = seconds("LINGER_SECONDS") + seconds("DRAIN_SECONDS");
    expect(needed).toBeGreaterThan(0);
    expect(terminationGracePeriodSeconds).toBeGreaterThan(needed);
  });

  it("[who may read manifests or logs] hold no secret: Secrets are named, and migrations print none", () => {
    const settings = apiWorkloads().flatMap(({ kind }) =>
      kind === "Deployment" || kind === "Job" ? podOf(kind).containers.flatMap(({ env = [] }) => env) : [],
    );
    expect(settings.filter(({ name }) => /URL|KEY|PASSWORD/.test(name))).toEqual([]);
    expect(podOf("Job").containers[0]?.args).toEqual(["--for-server"]);
  });

  it("[a stolen pod] give the owner's login to migrations alone", () => {
    expect(JSON.stringify(podOf("Job"))).toContain("leanvibe-api-owner");
    expect(JSON.stringify(podOf("Deployment"))).not.toContain("leanvibe-api-owner");
  });
});
