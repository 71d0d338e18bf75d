import { describe, expect, test } from "vitest";
import type { Cluster } from "./cluster.ts";
import { importCommand, loadArchive } from "./images.ts";

const cluster = (more: Partial<Cluster>): Cluster => ({
  name: "dev",
  rung: "context",
  nodes: "real",
  kubeconfig: "",
  context: "eks-prod",
  kubectl: "kubectl",
  reused: true,
  stop: async () => undefined,
  ...more,
});
const told = (context: string) => {
  const { program = "", args = [] } = importCommand(context, "a.tar") ?? {};
  return [program, ...args].join(" ");
};

describe("an archive of images", () => {
  test.each([
    ["kind-kind", "kind load image-archive a.tar --name kind"],
    ["kind-two-words", "kind load image-archive a.tar --name two-words"],
    ["k3d-dev", "k3d image import a.tar --cluster dev"],
    ["minikube", "minikube image load a.tar --profile minikube"],
  ])("gets into %s by the tool that made it", (context, command) => expect(told(context)).toBe(command));

  test("goes nowhere where the way is not known, and the error says what does work", async () => {
    await expect(loadArchive(cluster({}), "a.tar", { env: {} })).rejects.toThrow(/eks-prod .* push them to a registry/);
  });

  test("is not needed where nodes are simulated", async () => {
    const simulated = cluster({ rung: "local", nodes: "simulated", context: "leanvibe-dev" });
    await expect(loadArchive(simulated, "a.tar", { env: {} })).rejects.toThrow(/needs no image/);
  });
});
