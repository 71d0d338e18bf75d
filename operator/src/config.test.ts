import { describe, expect, it } from "vitest";
import { parseConfig } from "./config.ts";

describe("parseConfig", () => {
  it("needs nothing to be set", () => {
    expect(parseConfig({})).toEqual({
      logLevel: "info",
      health: { host: "0.0.0.0", port: 8081 },
      workers: 16,
      election: { leaseSeconds: 15, renewDeadlineSeconds: 10, retrySeconds: 2 },
      networkProbeImage: "registry.k8s.io/e2e-test-images/agnhost:2.53",
      agents: {
        image: expect.stringMatching(/^leanvibe\.io\/agent:\d/),
        modelURL: "http://leanvibe-gateway.leanvibe-system.svc/v1",
        direct: undefined,
        defaultModel: "default",
        queueTimeoutSeconds: 86_400,
        slots: 1_000_000,
        requireEnforcedNetwork: false,
      },
    });
  });

  it.each([
    ["LOG_LEVEL", "loud"],
    ["HEALTH_ADDRESS", "8081"],
    ["HEALTH_ADDRESS", ":99999"],
    ["WORKERS", "0"],
    ["WORKERS", "many"],
    ["WORKERS", "1.5"],
    ["LEASE_SECONDS", "soon"],
    ["LEASE_SECONDS", "10"],
    ["RETRY_SECONDS", "0"],
    ["NETWORK_PROBE_IMAGE", "a b"],
    ["AGENT_IMAGE", ""],
    ["AGENT_MODEL_URL", "vllm"],
    ["AGENT_MODEL_URL", "file:///etc/passwd"],
    ["AGENT_MODEL_URL", "http://user:secret@vllm"],
    ["AGENT_DEFAULT_MODEL", "two words"],
    ["AGENT_QUEUE_TIMEOUT_SECONDS", "0"],
    ["AGENT_SLOTS", "0.5"],
    ["AGENTS_REQUIRE_ENFORCED_NETWORK", "yes"],
  ])("refuses %s=%s with the name, the value and an example", (name, value) => {
    expect(() => parseConfig({ [name]: value })).toThrow(new RegExp(`^${name}=${value}: .*example ${name}=`));
  });

  it("takes an empty NETWORK_PROBE_IMAGE as the wish not to probe", () => {
    expect(parseConfig({ NETWORK_PROBE_IMAGE: "" }).networkProbeImage).toBe("");
  });

  it("knows a model that is not behind the gateway: its usage is only an agent's word", () => {
    const byAddress = parseConfig({ AGENT_GATEWAY_URL: "http://10.96.0.20/v1" });
    expect(byAddress.agents).toMatchObject({ modelURL: "http://10.96.0.20/v1", direct: undefined });
    const { agents } = parseConfig({ AGENT_MODEL_URL: "http://10.0.0.5:8000/v1" });
    expect(agents).toMatchObject({ modelURL: "http://10.0.0.5:8000/v1", direct: "http://10.0.0.5:8000/v1" });
  });

  it("names every wrong variable at once", () => {
    expect(() => parseConfig({ LOG_LEVEL: "loud", WORKERS: "0" })).toThrow(/LOG_LEVEL=loud.*\nWORKERS=0/);
  });
});
