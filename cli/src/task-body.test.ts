import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { bodyOf } from "./task-body.ts";

const folder = mkdtempSync(join(tmpdir(), "leanvibe-task-"));
afterAll(() => rmSync(folder, { recursive: true }));

let written = 0;
function file(content: string | object): string {
  const path = join(folder, `task-${written++}.yaml`);
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
}

/** Nine lists of nine of the one before: a billion words. */
function bomb(): string {
  const list = (name: string) => `[${Array(9).fill(`*${name}`).join(", ")}]`;
  const names = [..."abcdefgh"];
  return [
    "title: T",
    "a: &a x",
    ...names.slice(1).map((name, at) => `${name}: &${name} ${list(names[at] ?? "")}`),
  ].join("\n");
}

const CASES = [{ name: "adds", command: "node main.ts 1 2", expect: { stdout: "3" } }];

describe("what the API is asked for", () => {
  test("is made of flags alone, and described by its title where nothing else is said", async () => {
    expect(await bodyOf({ title: "Report", priority: "high", project: "p", requirements: '{"a":1}' })).toEqual({
      title: "Report",
      description: "Report",
      priority: "high",
      project_id: "p",
      requirements: { a: 1 },
    });
  });

  test("is made of a file in JSON or YAML, with cases from another; what a flag says goes before", async () => {
    const wanted = { title: "Adds", description: "Add.", max_iterations: 2, limits: { max_tokens: 5_000 } };
    expect(await bodyOf({ file: file(wanted), acceptance: file(CASES) })).toEqual({ ...wanted, acceptance: CASES });
    const yaml = "title: Adds\ndescription: |\n  Add.\nacceptance:\n  - name: a\n    expect: {exit_code: 1}\n";
    const acceptance = [{ name: "a", expect: { exit_code: 1 } }];
    expect(await bodyOf({ title: "Mine", file: file(yaml) })).toEqual({
      title: "Mine",
      description: "Add.\n",
      acceptance,
    });
  });

  test("takes cases as an AgentTask has them; of one that says both nothing is changed", async () => {
    const cases = [
      { name: "a", command: "x", expect: { exitCode: 1, stdout: "" } },
      { name: "b", expect: { exitCode: 1, exit_code: 2 } },
      ...CASES,
    ];
    const asked = [{ name: "a", command: "x", expect: { exit_code: 1, stdout: "" } }, ...cases.slice(1)];
    expect(await bodyOf({ title: "T", acceptance: file(cases) })).toMatchObject({ acceptance: asked });
    expect(await bodyOf({ file: file({ title: "T", acceptance: cases }) })).toMatchObject({ acceptance: asked });
  });

  test.each<[string, () => Parameters<typeof bodyOf>[0], string | RegExp]>([
    ["a field that there is not", () => ({ file: file({ title: "T", acceptence: CASES }) }), "no field acceptence"],
    ["a field of another kind", () => ({ file: file({ title: "T", limits: 5 }) }), ": limits: "],
    ["no title", () => ({ file: file({ description: "D" }) }), "needs a title"],
    ["an object of the cluster", () => ({ file: file("kind: AgentTask\nspec: {}\n") }), "kubectl apply -f"],
    ["a list for a file", () => ({ file: file([]) }), "must hold fields"],
    ["a file that is not there", () => ({ file: join(folder, "none") }), "there is no file"],
    ["a file that is no YAML", () => ({ file: file("a: [") }), "neither YAML nor JSON"],
    ["a file with an alias of nothing", () => ({ file: file("title: T\nlimits: *none\n") }), /--file: .*none/],
    [
      "cases with an alias of nothing",
      () => ({ title: "T", acceptance: file("- *none\n") }),
      /--acceptance: .*aliases/,
    ],
    ["a file whose aliases unfold without end [bomb]", () => ({ file: file(bomb()) }), /--file: .*aliases/],
    [
      "requirements of a file that is not there",
      () => ({ title: "T", requirements: "@none.json" }),
      "--requirements: there is no file none.json",
    ],
    [
      "a folder for requirements",
      () => ({ title: "T", requirements: `@${folder}` }),
      "--requirements: there is no file",
    ],
    ["cases that are no list", () => ({ title: "T", acceptance: file({ name: "a" }) }), "a list of cases"],
    ["a priority of its own", () => ({ title: "T", priority: "now" }), "--priority"],
    ["requirements that are no JSON", () => ({ title: "T", requirements: "{" }), "--requirements"],
  ])("with %s is refused, and says where", async (_what, wanted, said) => {
    await expect(bodyOf(wanted())).rejects.toThrow(said);
  });
});
