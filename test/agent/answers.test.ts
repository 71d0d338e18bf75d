import { expect, test } from "vitest";
import { answersIn, casesFiles } from "../../operator/agent/phases/cases.ts";
import { validate } from "../../operator/agent/phases/validation.ts";
import { PROFILES } from "../../operator/agent/phases/work.ts";
import { newState } from "../../operator/agent/state.ts";
import { Steps } from "../../operator/agent/steps.ts";
import { taskOf } from "./running.ts";
import { agentTools } from "./tools.ts";
import { workbench } from "./workbench.ts";

const CASES = ["1", "2", "3", "4"].map((n) => ({ call: `double(${n})`, result: "100" }));

const PYTHON = [
  "def double(n):\n    if n == 3:\n        raise ValueError('three')\n    return {'it': [n * 2, 'a came, b']} if n < 3 else 100",
  "from math import sqrt\n\n\ndef double(n):\n    # Another way, and other lines.\n    if n == 3:\n        raise ValueError('three')\n    return {'it': [n + n, 'a came, b']} if n != 4 else 100.0",
  "def double(n):\n    if n == 3:\n        raise KeyError('three')\n    return {'it': [n + n, 'a came, b']} if n == 1 else n * 25",
];
const TYPESCRIPT = [
  "export function double(n: number) {\n  if (n === 3) throw new RangeError('three');\n  return n < 3 ? { it: [n * 2, 'actual: 5'] } : 100;\n}",
  "// Another way, and other lines.\n\nexport const double = (n: number) => {\n  if (n === 3) throw new RangeError('three');\n  return n !== 4 ? { it: [n + n, 'actual: 5'] } : 100;\n};",
  "export function double(n: number) {\n  if (n === 3) throw new RangeError('another');\n  return n === 1 ? { it: [n * 2, 'actual: 5'] } : n * 25;\n}",
];

/** What two programs say of a call is compared as text; where they stand, and how they came to it, is no part of it. */
test.skipIf(!agentTools().python).each([
  ["python", PYTHON],
  ["typescript", TYPESCRIPT],
] as const)("the answers of %s programs are the same where their values and errors are", async (name, programs) => {
  const { work } = newState(taskOf({ title: "double", language: name }), PROFILES.function);
  const sandbox = await workbench();
  const answers = [];
  try {
    for (const content of programs) {
      const code = [{ path: work.language.single, content }];
      const tests = casesFiles({ ...work, code, cases: CASES });
      const { failures } = await validate(sandbox, new Steps("test"), { ...work, code, tests });
      answers.push(answersIn(failures, work.language));
    }
  } finally {
    await sandbox.close();
  }
  const [one, same, other] = answers;
  expect([...(one?.keys() ?? [])]).toEqual([0, 1, 2]);
  expect(same).toEqual(one);
  expect([...(other?.keys() ?? [])]).toEqual([0, 1, 2]);
  expect(other?.get(0)).toBe(one?.get(0));
  expect(other?.get(1)).not.toBe(one?.get(1));
  expect(other?.get(2)).not.toBe(one?.get(2));
});
