import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ROOT } from "../../cli/src/manifests.ts";

const read = (name: string) => readFileSync(join(ROOT, name), "utf8");
const { workspaces }: { workspaces: string[] } = JSON.parse(read("package.json"));

describe.each(["Dockerfile.operator", "Dockerfile.api"])("%s", (name) => {
  const text = read(name);

  test("knows every workspace, without which npm ci takes package-lock.json for another project's", () => {
    for (const workspace of workspaces) expect(text).toContain(`COPY ${workspace}/package.json ${workspace}/\n`);
  });

  test("[root in a container] runs as an unprivileged user by number, which runAsNonRoot can judge, and without a shell", () => {
    const stages = text.split(/^FROM /m).slice(2);
    // What is made of a build, and no build itself.
    const made = stages.filter((stage) => /COPY --from=(agent-)?build/.test(stage));
    expect(made.length).toBeGreaterThan(0);
    for (const stage of made) expect(stage.match(/^USER .*$/m)?.[0]).toBe("USER 1000:1000");
    for (const [line] of text.matchAll(/^(ENTRYPOINT|CMD) .*$/gm)) expect(line).toMatch(/^ENTRYPOINT \["node", /);
  });

  test("is built of a base that can be pinned by digest, in every stage of its own", () => {
    expect(text).toMatch(/^ARG BASE=docker\.io\/library\/node:24-bookworm-slim$/m);
    for (const [, base] of text.matchAll(/^FROM (\S+)/gm)) expect(base).toMatch(/^(\$\{(GO_)?BASE\}|programs)$/);
  });
});

test("[secrets in an image] nothing gets into a build but what is named", () => {
  const [first, ...rest] = read(".dockerignore")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));
  expect(first).toBe("*");
  expect(rest.filter((line) => line.startsWith("!")).toSorted()).toMatchInlineSnapshot(`
    [
      "!.npmrc",
      "!LICENSE",
      "!api-server",
      "!api-server/client/package.json",
      "!cli/package.json",
      "!crds/schema",
      "!operator",
      "!package-lock.json",
      "!package.json",
      "!runtime",
      "!tsconfig.json",
    ]
  `);
});
