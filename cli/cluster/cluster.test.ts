import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { apiServer, controllerManager, etcd, nodeComponents, scheduler } from "./components.ts";
import { containerdConfig, kubeconfig, kubeletConfig } from "./configs.ts";
import { kernelName, layoutOf } from "./layout.ts";
import { readyNodes } from "./localcluster.ts";
import { markerOf } from "./marker.ts";
import { freeAddresses, janitorScript, removalScript } from "./namespaces.ts";
import { programImage, writeArchive } from "./oci.ts";
import type { Site } from "./site.ts";

const site = (more: Partial<Site> = {}): Site => ({
  nodeName: "leanvibe-dev",
  kernelName: "leanvibe-abcdef",
  nodes: "real",
  purpose: "dev",
  emulatedVersion: undefined,
  root: "/run/leanvibe/root",
  address: "10.219.0.2",
  ports: { api: 6443, etcd: 2379, etcdPeer: 2380 },
  ...more,
});
const components = (of: Site) => [etcd(of), apiServer(of), controllerManager(of), scheduler(of), ...nodeComponents(of)];

describe("the components", () => {
  test("lose no acknowledged write, except in tests", () => {
    expect(etcd(site()).args).not.toContain("--unsafe-no-fsync");
    expect(etcd(site({ purpose: "test" })).args).toContain("--unsafe-no-fsync");
  });
  test("ask for rights", () => expect(apiServer(site()).args).toContain("--authorization-mode=Node,RBAC"));
  test("keep to loopback where they share the machine's network", () => {
    const { args } = apiServer(site({ nodes: "simulated", address: "127.0.0.1" }));
    expect(args).toContain("--bind-address=127.0.0.1");
  });
  test("behave like the minor version that is asked for", () =>
    expect(apiServer(site({ emulatedVersion: "1.33" })).args).toContain("--emulated-version=1.33"));
  test("are a kubelet's where nodes are real, kwok's where not", () => {
    const names = (of: Site) => nodeComponents(of).map(({ name }) => name);
    expect(names(site())).toEqual(["containerd", "kubelet", "kube-proxy"]);
    expect(names(site({ nodes: "simulated" }))).toEqual(["kwok"]);
  });
  test("write below the cluster's folder, /run and nowhere else", () => {
    const text = [...components(site()).flatMap(({ args }) => args), kubeletConfig(site()), containerdConfig(site())];
    const written = text.join("\n").match(/(?<=[="' ])\/(?!run\/|etc\/resolv\.conf|leanvibe-)[a-z][^\s"',]*/g) ?? [];
    expect(written.filter((path) => !/^\/(usr\/lib|opt|usr\/libexec)\/cni/.test(path))).toEqual([]);
  });
});

describe("the kubeconfig", () => {
  test("has one context and no path to another file", () => {
    const config = parse(kubeconfig("leanvibe-dev", "https://10.219.0.2:6443", "CA", { token: "t" }));
    expect(config).toMatchObject({ "current-context": "leanvibe-dev", users: [{ user: { token: "t" } }] });
    expect(config.clusters[0].cluster["certificate-authority-data"]).toBe(Buffer.from("CA").toString("base64"));
  });
});

describe("the marker", () => {
  test("of a developer's cluster never passes for a test cluster's", () => {
    const nameFor = (purpose: "dev" | "test") => markerOf({ purpose, nodes: "real", name: "x" }).metadata.name;
    expect([nameFor("dev"), nameFor("test")]).toEqual(["leanvibe-cluster", "leanvibe-test-cluster"]);
  });
});

describe("a cluster's name", () => {
  test.each(["../x", "a/b", "A", "", "-a", "a".repeat(33)])("may not be %j", (name) =>
    expect(() => layoutOf(name, { HOME: "/h" })).toThrow("cannot name a cluster"),
  );
  test("becomes one of the kernel's, other for another folder, within an interface's 15 characters", () => {
    const names = ["/a", "/b"].map((home) => kernelName(layoutOf("dev", { HOME: home })));
    expect(new Set(names).size).toBe(2);
    for (const name of names) expect(name).toMatch(/^leanvibe-[0-9a-f]{6}$/);
  });
});

describe("the namespaces", () => {
  test("get addresses that this machine does not have", () => {
    expect(freeAddresses([])).toEqual({ host: "10.219.0.1", node: "10.219.0.2" });
    expect(freeAddresses(["10.219.0.1", "10.219.0.6"])).toEqual({ host: "10.219.0.9", node: "10.219.0.10" });
    const all = Array.from({ length: 256 }, (_, index) => `10.219.${index >> 6}.${((index * 4) & 255) + 1}`);
    expect(() => freeAddresses(all)).toThrow("is taken");
  });
  test("are cleaned up by a script that names only what is ours, and delete data only for tests", () => {
    const spaces = { kernelName: "leanvibe-abcdef", root: "/d/it's", cache: "/c", kubernetes: "/c/k", nodeName: "n" };
    expect(janitorScript(spaces, false)).not.toContain("rm -rf");
    expect(janitorScript(spaces, true)).toContain(String.raw`rm -rf -- '/d/it'\''s'`);
    expect(removalScript("leanvibe-abcdef")).toContain("nft delete table ip leanvibe-abcdef");
  });
});

describe("nodes", () => {
  const node = (status: string, lastHeartbeatTime: string, taints: unknown[] = []) => ({
    spec: { taints },
    status: { conditions: [{ type: "Ready", status, lastHeartbeatTime }] },
  });
  const since = "2026-01-01T00:00:10Z";
  test.each([
    [1, node("True", "2026-01-01T00:00:10Z"), "Ready"],
    [0, node("True", "2026-01-01T00:00:09Z"), "Ready before the cluster was restarted"],
    [0, node("False", "2026-01-01T00:00:11Z"), "not Ready"],
    [0, node("True", "2026-01-01T00:00:11Z", [{ effect: "NoSchedule" }]), "not schedulable"],
  ])("count as %i when %s.2", (count, item) => expect(readyNodes({ items: [item] }, since)).toBe(count));
  test("of anything but a list are none", () => expect(readyNodes("Unauthorized", since)).toBe(0));
});

describe("the image archive", () => {
  const archive = async () => {
    const program = Buffer.from("program");
    const image = await programImage({ reference: "leanvibe.io/hello:1", entrypoint: "/hello", program });
    const file = join(mkdtempSync(join(tmpdir(), "leanvibe-archive-")), "images.tar");
    await writeArchive([image], file);
    return readFileSync(file);
  };
  const files = (tar: Buffer) => {
    const found = new Map<string, Buffer>();
    for (let at = 0; tar[at] !== 0; ) {
      const field = (start: number, length: number) =>
        tar.toString("latin1", at + start, at + start + length).replace(/\0.*$/s, "");
      const size = Number.parseInt(field(124, 12), 8);
      const header = Buffer.from(tar.subarray(at, at + 512));
      header.fill(" ", 148, 156);
      expect(Number.parseInt(field(148, 8), 8)).toBe(header.reduce((sum, byte) => sum + byte, 0));
      found.set(field(0, 100), tar.subarray(at + 512, at + 512 + size));
      at += 512 + Math.ceil(size / 512) * 512;
    }
    return found;
  };
  const json = (text: Buffer | undefined) => JSON.parse(String(text));

  test("holds each blob under its digest and runs as an unprivileged user", async () => {
    const found = files(await archive());
    const blob = (digest: string) => found.get(`blobs/${digest.replace(":", "/")}`);
    const [entry] = json(found.get("index.json")).manifests;
    expect(entry.annotations["io.containerd.image.name"]).toBe("leanvibe.io/hello:1");
    const manifest = json(blob(entry.digest));
    expect(blob(manifest.layers[0].digest)?.length).toBe(manifest.layers[0].size);
    expect(json(blob(manifest.config.digest)).config).toMatchObject({ User: "65532:65532", Entrypoint: ["/hello"] });
  });
  test("is the same bytes for the same program", async () => expect(await archive()).toEqual(await archive()));
});
