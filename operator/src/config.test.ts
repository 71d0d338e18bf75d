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
  ])("refuses %s=%s with the name, the value and an example", (name, value) => {
    expect(() => parseConfig({ [name]: value })).toThrow(new RegExp(`^${name}=${value}: .*example ${name}=`));
  });

  it("takes an empty NETWORK_PROBE_IMAGE as the wish not to probe", () => {
    expect(parseConfig({ NETWORK_PROBE_IMAGE: "" }).networkProbeImage).toBe("");
  });

  it("names every wrong variable at once", () => {
    expect(() => parseConfig({ LOG_LEVEL: "loud", WORKERS: "0" })).toThrow(/LOG_LEVEL=loud.*\nWORKERS=0/);
  });
});
