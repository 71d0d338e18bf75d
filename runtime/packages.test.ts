import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { copyPackages } from "./packages.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "leanvibe-packages-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function install(place: string, manifest: object): void {
  const path = join(folder, place, "package.json");
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, JSON.stringify(manifest));
}

const copy = (...names: string[]) => copyPackages(names, { from: join(folder, "room"), to: join(folder, "out") });

describe("packages that go along whole", () => {
  test("bring what they need, from wherever Node would find it, and nothing else", () => {
    install("node_modules/native", { dependencies: { loader: "1" }, optionalDependencies: { "@native/here": "1" } });
    install("node_modules/loader", {});
    install("room/node_modules/@native/here", {});
    install("node_modules/@native/here", { dependencies: { loader: "1" } });
    install("node_modules/unrelated", {});
    for (const file of ["index.js", "index.d.ts", "README.md", "LICENSE.md"])
      writeFileSync(join(folder, "node_modules/native", file), "");
    expect(copy("native").toSorted()).toEqual(["@native/here", "loader", "native"]);
    expect(readdirSync(join(folder, "out")).toSorted()).toEqual(["@native", "loader", "native"]);
    const kept = ["LICENSE.md", "index.js", "package.json"];
    expect(readdirSync(join(folder, "out", "native")).toSorted()).toEqual(kept);
  });

  test("go without what is optional and for another machine", () => {
    install("node_modules/native", { optionalDependencies: { "@native/elsewhere": "1" } });
    expect(copy("native")).toEqual(["native"]);
  });

  test("are missed now and not at the first request, by name", () => {
    install("node_modules/native", { dependencies: { loader: "1" } });
    expect(() => copy("native")).toThrow(/loader is not installed, which .*native needs/);
  });

  test("in two versions at once lie where each is found by who needs it", () => {
    install("node_modules/native", { dependencies: { loader: "1", other: "1" } });
    install("node_modules/loader", { version: "1" });
    install("node_modules/other", { dependencies: { loader: "2", third: "1" } });
    install("node_modules/other/node_modules/loader", { version: "2" });
    install("node_modules/other/node_modules/third", { dependencies: { loader: "2" } });
    copy("native");
    const version = (place: string) =>
      JSON.parse(readFileSync(join(folder, "out", place, "package.json"), "utf8")).version;
    expect(version("loader")).toBe("1");
    expect(version("other/node_modules/loader")).toBe("2");
    expect(version("third/node_modules/loader")).toBe("2");
  });
});
