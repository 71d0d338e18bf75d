import { expect, test } from "vitest";
import { answersIn, casesFiles } from "../../operator/agent/phases/cases.ts";
import { validate } from "../../operator/agent/phases/validation.ts";
import { PROFILES } from "../../operator/agent/phases/work.ts";
import { newState } from "../../operator/agent/state.ts";
import { Steps } from "../../operator/agent/steps.ts";
import { taskOf } from "./running.ts";
import { agentTools } from "./tools.ts";
import { workbench } from "./workbench.ts";

const CASES = ["1", "2", "3", "4", "5", "6"].map((n) => ({ call: `same(${n})`, result: "100" }));

/** Called as a test's own helper might be. The last differs from the first at 2, and at 5 where nobody is shown it. */
const PYTHON = [
  `def same(n):
    if n == 3:
        raise ValueError('three')
    if n == 5:
        return [0] * 500 + [1]
    return {'name': [n * 2, 'a came, b']} if n < 3 else None if n == 6 else 100
`,
  `from math import sqrt


def same(n):
    # Another way, and other lines.
    if n == 3:
        raise KeyError('another')
    if n == 5:
        return [0 for _ in range(500)] + [1]
    if n == 6:
        return None
    return {'name': [n + n, 'a came, b']} if n != 4 else 100.0
`,
  `def same(n):
    if n == 3:
        raise ValueError('three')
    if n == 5:
        return [0] * 500 + [2]
    if n == 6:
        return None
    return {'name': [n + n, 'a came, b']} if n == 1 else n * 25
`,
];
const TYPESCRIPT = [
  `export function same(n: number) {
  if (n === 3) throw new RangeError('three');
  if (n === 5) return [...new Array(500).fill(0), 1];
  return n < 3 ? { name: [n * 2, 'a came, b'] } : n === 6 ? null : 100;
}
`,
  `// Another way, and other lines.

export const same = (n: number) => {
  if (n === 3) throw new TypeError('another');
  if (n === 5) return [...Array.from({ length: 500 }, () => 0), 1];
  if (n === 6) return null;
  return n !== 4 ? { name: [n + n, 'a came, b'] } : 100;
};
`,
  `export function same(n: number) {
  if (n === 3) throw new RangeError('three');
  if (n === 5) return [...new Array(500).fill(0), 2];
  if (n === 6) return undefined;
  return n === 1 ? { name: [n * 2, 'a came, b'] } : n * 25;
}
`,
];

/** What two programs say of a call is compared as text; where they stand, and how they came to it, is no part of it. */
test.skipIf(!agentTools().python).each([
  ["python", PYTHON, [1, 4]],
  ["typescript", TYPESCRIPT, [1, 4, 5]],
] as const)(
  "the answers of %s programs are the same where their values are, and none where an error came",
  async (name, programs, differs) => {
    const { work } = newState(taskOf({ title: "same", language: name }), PROFILES.function);
    const sandbox = await workbench();
    const answers = [];
    try {
      for (const content of programs) {
        const code = [{ path: work.language.single, content }];
        const tests = casesFiles({ ...work, code, cases: CASES });
        const { failures } = await validate(sandbox, new Steps("test"), { ...work, code, tests });
        answers.push(answersIn(failures));
      }
    } finally {
      await sandbox.close();
    }
    const [one = new Map(), same, other = new Map()] = answers;
    expect([...one.keys()]).toEqual([0, 1, 2, 4, 5]);
    expect(one.get(0)).toMatch(/name.*2, 'a came, b'/);
    expect(one.get(2)).toBeUndefined();
    expect(same).toEqual(one);
    expect([...one.keys()].filter((at) => one.get(at) !== other.get(at))).toEqual(differs);
  },
);
