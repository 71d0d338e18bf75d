import type { KubeConfig } from "@kubernetes/client-node";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { credentialsOf } from "./credentials.ts";

/** A kubeconfig of which only what is read here matters; each asking takes a moment and gives another token. */
function kubeConfig(server: string | null) {
  let asked = 0;
  const applyToHTTPSOptions = vi.fn(async (options: { headers?: Record<string, string>; ca?: string }) => {
    asked += 1;
    const token = `Bearer ${asked}`;
    await Promise.resolve();
    options.headers = { Authorization: token };
    options.ca = "the CA";
  });
  const getCurrentCluster = () => (server === null ? null : { server });
  const config = { applyToHTTPSOptions, getCurrentCluster, getCurrentContext: () => "nowhere" };
  return { config: config as unknown as KubeConfig, applyToHTTPSOptions };
}

describe("credentials", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["performance"] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("keep the path of a server behind a proxy", async () => {
    const { config } = kubeConfig("https://rancher.example/k8s/clusters/c-1");
    expect(await credentialsOf(config)).toMatchObject({
      server: "https://rancher.example/k8s/clusters/c-1",
      tls: { ca: "the CA" },
    });
  });

  it("name the context that leads nowhere", async () => {
    await expect(credentialsOf(kubeConfig(null).config)).rejects.toThrow(/"nowhere".*kubectl config use-context/);
  });

  it("are asked for once, however many requests find them stale, and not while they are fresh", async () => {
    const { config, applyToHTTPSOptions } = kubeConfig("https://server");
    const credentials = await credentialsOf(config);
    await credentials.headers();
    expect(applyToHTTPSOptions).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(31_000);
    const all = await Promise.all(Array.from({ length: 100 }, () => credentials.headers()));
    expect(applyToHTTPSOptions).toHaveBeenCalledTimes(2);
    expect(all.every(({ authorization }) => authorization === "Bearer 2")).toBe(true);
  });

  it("are renewed when they were refused, at most once a second", async () => {
    const { config, applyToHTTPSOptions } = kubeConfig("https://server");
    const credentials = await credentialsOf(config);
    vi.advanceTimersByTime(1_500);
    expect(await credentials.headers(true)).toEqual({ authorization: "Bearer 2" });
    expect(await credentials.headers(true)).toEqual({ authorization: "Bearer 2" });
    expect(applyToHTTPSOptions).toHaveBeenCalledTimes(2);
  });
});
