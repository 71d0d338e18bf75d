import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import type { ClusterOptions } from "./cluster.ts";
import { ClusterRefused } from "./cluster.ts";
import { agree, currentContext, isThrowaway, namedContext, testContext } from "./context.ts";
import { readContexts } from "./kubeconfigs.ts";

describe("a context that people make to throw away", () => {
  test.each([
    ["kind-kind", "https://127.0.0.1:41234"],
    ["kind-dev", "https://localhost:6443"],
    ["minikube", "https://192.168.49.2:8443"],
    ["k3d-mine", "https://0.0.0.0:6445"],
    ["k3d-mine", "https://host.docker.internal:6445"],
    ["docker-desktop", "https://kubernetes.docker.internal:6443"],
  ])("%s at %s may be used unasked", (name, server) => expect(isThrowaway(name, server)).toBe(true));

  test.each([
    ["production", "https://127.0.0.1:6443"],
    ["arn:aws:eks:eu-west-1:1:cluster/kind-eu", "https://ABC.eks.amazonaws.com"],
    ["gke_acme_europe-west1_main", "https://34.1.2.3"],
    ["prod-kind-eu", "https://127.0.0.1:6443"],
    ["minikube-prod", "https://127.0.0.1:6443"],
    ["Docker-Desktop", "https://127.0.0.1:6443"],
    ["kind-", "https://127.0.0.1:6443"],
    ["default", "https://10.0.0.1:6443"],
    ["kubernetes-admin@kubernetes", "https://10.0.0.1:6443"],
    ["leanvibe-dev", "https://10.219.0.2:6443"],
  ])("%s at %s may not, for its name", (name, server) => expect(isThrowaway(name, server)).toBe(false));

  test.each([
    ["kind-eu", "https://api.acme.example"],
    ["minikube", "https://34.1.2.3"],
    ["kind-x", "https://127.0.0.1.acme.example"],
    ["kind-x", "https://172.32.0.1"],
    ["kind-x", "not a URL"],
  ])("%s at %s may not, for its server is elsewhere", (name, server) => expect(isThrowaway(name, server)).toBe(false));
});

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function environment(current: string, server: string): { folder: string; env: NodeJS.ProcessEnv } {
  const folder = mkdtempSync(join(tmpdir(), "kubeconfig-"));
  folders.push(folder);
  const config = {
    "current-context": current,
    contexts: [{ name: current, context: { cluster: "c", user: "u", namespace: "n" } }],
    clusters: [{ name: "c", cluster: { server, "certificate-authority": "ca.crt" } }],
    users: [{ name: "u", user: { "client-key": "/keys/u.key" } }],
  };
  writeFileSync(join(folder, "config"), JSON.stringify(config));
  return { folder, env: { KUBECONFIG: join(folder, "config") } };
}

const CLOSED_PORT = "https://127.0.0.1:1";

describe("a person's kubeconfig", () => {
  test("is read with its files found from any folder", () => {
    const { folder, env } = environment("kind-a", CLOSED_PORT);
    const { current, contexts } = readContexts(env);
    expect(current).toBe("kind-a");
    expect(contexts.map(({ name, server }) => [name, server])).toEqual([["kind-a", CLOSED_PORT]]);
    expect(contexts[0]?.kubeconfig).toContain(join(folder, "ca.crt"));
    expect(contexts[0]?.kubeconfig).toContain("/keys/u.key");
  });

  test("may be split over files: the first that names a thing wins", () => {
    const [first, second] = [environment("a", "https://first"), environment("a", "https://second")];
    const env = { KUBECONFIG: `${first.env["KUBECONFIG"]}:${second.env["KUBECONFIG"]}:/nowhere` };
    expect(readContexts(env).contexts.map(({ server }) => server)).toEqual(["https://first"]);
  });

  test("may be missing", () =>
    expect(readContexts({ HOME: "/nowhere" })).toEqual({ current: undefined, contexts: [] }));

  test.each(["", ":"])("is the one at home where KUBECONFIG is %j", (KUBECONFIG) => {
    const { folder } = environment("kind-a", CLOSED_PORT);
    mkdirSync(join(folder, ".kube"));
    writeFileSync(join(folder, ".kube", "config"), "current-context: at-home");
    expect(readContexts({ KUBECONFIG, HOME: folder }).current).toBe("at-home");
  });

  test("may have a context without a user, or with nothing", () => {
    const { folder, env } = environment("kind-a", CLOSED_PORT);
    const clusters = [{ name: "c", cluster: { server: CLOSED_PORT } }];
    const contexts = [
      { name: "open", context: { cluster: "c" } },
      { name: "void", context: null },
    ];
    writeFileSync(join(folder, "config"), JSON.stringify({ contexts, clusters }));
    expect(readContexts(env).contexts.map(({ name }) => name)).toEqual(["open"]);
  });

  test.each([
    ["a list", "[]", /config is no kubeconfig: .*expected object/],
    ["a context without a name", "contexts: [{context: {cluster: c}}]", /config is no kubeconfig: contexts\.0\.name: /],
    ["what is no YAML", "contexts: [\n  {name", /config is no kubeconfig: .* at line 2, column \d+$/],
  ])("that is %s is refused in a line, with its path and the fault", (_what, text, said) => {
    const { folder, env } = environment("kind-a", CLOSED_PORT);
    writeFileSync(join(folder, "config"), text);
    expect(() => readContexts(env)).toThrow(said);
    expect(() => readContexts(env)).toThrow(expect.objectContaining({ message: expect.not.stringContaining("\n") }));
    expect(() => readContexts({ KUBECONFIG: folder })).toThrow(`${folder} is no kubeconfig: EISDIR`);
  });

  test("with a cluster that is down is passed over, named", async () => {
    const { env } = environment("kind-a", CLOSED_PORT);
    expect(await currentContext(env)).toBe("the cluster of the current context kind-a does not answer.");
  });

  test("without the context that was asked for is refused, with the known ones", async () => {
    const { env } = environment("kind-a", CLOSED_PORT);
    await expect(namedContext("prod", env)).rejects.toThrow('There is no context "prod" (known: kind-a)');
  });

  test("does not lend tests a cluster that cannot be asked whether it is for tests", async () => {
    const { env } = environment("prod", CLOSED_PORT);
    await expect(testContext("prod", env)).rejects.toBeInstanceOf(ClusterRefused);
  });
});

describe("a cluster that may matter", () => {
  const context = { name: "prod", server: "https://prod.acme.example", kubeconfig: "" };
  const options = (confirm?: () => Promise<boolean>): ClusterOptions => ({
    name: "dev",
    purpose: "dev",
    lifetime: "detached",
    progress: () => undefined,
    ...(confirm ? { confirm } : {}),
  });

  test("is refused with exit code 2 and a fix where nobody can be asked", async () => {
    await expect(agree(context, options())).rejects.toMatchObject({
      exitCode: 2,
      fix: expect.stringContaining("--context"),
    });
  });

  test("is refused without a yes", async () => {
    await expect(
      agree(
        context,
        options(async () => false),
      ),
    ).rejects.toBeInstanceOf(ClusterRefused);
  });

  test("is used after a yes", async () => {
    await expect(
      agree(
        context,
        options(async () => true),
      ),
    ).resolves.toBeUndefined();
  });
});
