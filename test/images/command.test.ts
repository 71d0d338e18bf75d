import { spawn } from "node:child_process";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import { imageNames, imageReference } from "../../cli/src/images.ts";
import { ROOT } from "../../cli/src/manifests.ts";
import { scratchFolder } from "../harness/scratch.ts";

describe("leanvibe images", () => {
  test("names an image by the repository's version, and knows four", () => {
    expect(imageNames(undefined)).toEqual(["operator", "api", "migrate", "agent"]);
    expect(imageNames("migrate, operator")).toEqual(["operator", "migrate"]);
    expect(() => imageNames("api,web")).toThrow("there is no image web; there are operator, api, migrate, agent");
    expect(imageReference("api")).toMatch(/^leanvibe\.io\/api:\d+\.\d+\.\d+$/);
  });

  test.each(["build", "load"])("%s says what to do where neither Docker nor Podman answers", async (command) => {
    const env = { PATH: scratchFolder("no-engine"), HOME: scratchFolder("home") };
    const child = spawn(process.execPath, [join(ROOT, "cli", "src", "main.ts"), "images", command], { env });
    const [said, code] = await Promise.all([
      text(child.stderr),
      new Promise((resolve) => child.once("close", resolve)),
    ]);
    expect(said).toMatch(/neither answers here\. Install one .*\n {2}docker .*\n {2}podman /);
    expect(code).toBe(1);
  });
});
