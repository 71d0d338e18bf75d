import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { countLine, goTooOld, requiredModules } from "./build.ts";
import { takeLock, tryLock } from "./lock.ts";
import { builtFolder, outputPaths, programsFor, sourceOf } from "./programs.ts";
import { missingPackages } from "./requirements.ts";

describe("Go", () => {
  test.each([
    ["go1.26.8", "local"],
    ["go1.27rc1", "local"],
    ["go1.21.0", "auto"],
    ["go1.24.3", "go1.24.3+auto"],
  ])("%s with GOTOOLCHAIN=%s builds", (version, toolchain) => expect(goTooOld(version, toolchain)).toBeUndefined());

  test.each([
    ["go1.24.3", "local", "GOTOOLCHAIN=auto"],
    ["go1.19.8", "", "Install Go 1.26"],
    ["devel", "auto", "Install Go 1.26"],
  ])("%s with GOTOOLCHAIN=%s does not, with what to do", (version, toolchain, fix) =>
    expect(goTooOld(version, toolchain)).toContain(fix),
  );
});

describe("the progress of a build", () => {
  test.each([
    ["go: downloading k8s.io/api v0.37.2", "download"],
    ["k8s.io/kubernetes/pkg/kubelet", "package"],
    ["internal/race", "package"],
    ["gopkg.in/yaml.v3", "package"],
    ["fmt", "package"],
    ["go: finding module for package x", undefined],
    ["# leanvibe.io/kubernetes", undefined],
    ["./main.go:70:6: assignment mismatch", undefined],
    ["", undefined],
  ])("%j counts as %s", (line, kind) => expect(countLine(line)).toBe(kind));

  test("knows how many modules each program is made of", () => {
    const count = (index: number) => {
      const program = programsFor("real")[index];
      return program ? requiredModules(readFileSync(join(sourceOf(program), "go.mod"), "utf8")) : 0;
    };
    expect(count(0)).toBeGreaterThan(150); // kubernetes
    expect(count(2)).toBe(0); // image: the standard library alone
    expect(requiredModules("module x\n\nrequire a.b/c v1.0.0\n\nreplace d => e v1.0.0\n")).toBe(1);
  });
});

describe("the cache of built programs", () => {
  test("has one folder for each program, the same at each call", () => {
    const folders = [...programsFor("real"), ...programsFor("simulated")].map((program) =>
      builtFolder(program, "/cache"),
    );
    expect(new Set(folders).size).toBe(4);
    for (const folder of folders) expect(folder).toMatch(/^\/cache\/[a-z]+-[0-9a-f]{16}$/);
    expect(Object.keys(outputPaths(programsFor("real"), "/cache"))).toContain("containerd-shim-runc-v2");
  });

  test("has another folder when a flag changes", () => {
    const [program] = programsFor("real");
    if (!program) throw new Error("no program");
    expect(builtFolder({ ...program, flags: ["-race"] }, "/cache")).not.toBe(builtFolder(program, "/cache"));
  });
});

describe("the lock", () => {
  test("is had by one, waited for by another, and free after its release", async () => {
    const folder = mkdtempSync(join(tmpdir(), "lock-"));
    try {
      const file = join(folder, "deep", "x.lock");
      const first = tryLock(file);
      expect(first).toBeDefined();
      expect(tryLock(file)).toBeUndefined();
      let waited = 0;
      const second = takeLock(file, () => waited++);
      await expect(takeLock(file, () => undefined, AbortSignal.timeout(300))).rejects.toThrow();
      first?.release();
      (await second).release();
      expect(waited).toBe(1);
      tryLock(file)?.release();
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe("what a kubelet needs", () => {
  test("is nothing when all is there", () =>
    expect(
      missingPackages(
        () => true,
        () => true,
      ),
    ).toEqual([]));
  test("is each package once", () =>
    expect(
      missingPackages(
        (name) => name === "ip" || name === "mount",
        () => false,
      ),
    ).toEqual(["runc", "nftables", "util-linux", "iptables", "containernetworking-plugins"]));
});
