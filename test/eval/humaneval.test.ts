import { describe, expect, test } from "vitest";
import { judging, type Problem, readProblems, sampleOf, taskOf } from "./humaneval.ts";
import { Refused } from "./record.ts";

const PROBLEMS: readonly Problem[] = Array.from({ length: 164 }, (_, at) => ({
  task_id: `HumanEval/${at}`,
  prompt: `def f${at}():\n    """ Nothing. """\n`,
  entry_point: `f${at}`,
  test: "def check(candidate):\n    assert candidate() is None\n",
}));
const idsOf = (problems: readonly Problem[]) => problems.map(({ task_id }) => task_id);

describe("a sample", () => {
  test("is the same for the same seed, and another for another", () => {
    expect(idsOf(sampleOf(PROBLEMS, 40, 1))).toEqual(idsOf(sampleOf(PROBLEMS, 40, 1)));
    expect(idsOf(sampleOf(PROBLEMS, 40, 2))).not.toEqual(idsOf(sampleOf(PROBLEMS, 40, 1)));
  });

  test("of seed 1 is the one that figures were told of", () => {
    const drawn = sampleOf(PROBLEMS, 40, 1).map(({ entry_point }) => entry_point.slice(1));
    expect(drawn.join(" ")).toBe(
      "1 12 15 17 21 22 27 31 38 42 45 47 62 63 70 73 75 77 83 87 91 95 96 97 101 104 110 111 112 117 122 123 124 137 141 143 144 148 160 161",
    );
  });

  test("holds 40 different problems of the set, in its order", () => {
    const drawn = sampleOf(PROBLEMS, 40, 7);
    expect(new Set(drawn).size).toBe(40);
    expect(drawn).toEqual(PROBLEMS.filter((one) => drawn.includes(one)));
  });

  test("of as many as there are, or more, is all of them", () => {
    expect(sampleOf(PROBLEMS, 164, 3)).toEqual(PROBLEMS);
    expect(sampleOf(PROBLEMS, 1_000, 3)).toEqual(PROBLEMS);
  });
});

describe("a problem", () => {
  const problem: Problem = {
    task_id: "HumanEval/9",
    prompt: 'import math\n\ndef double(n):\n    """ Twice. """\n',
    entry_point: "double",
    test: "SECRET = 1\ndef check(candidate):\n    assert candidate(2) == 4\n",
  };

  test("is given without its hidden tests", () => {
    expect(JSON.stringify(taskOf(problem, 3))).not.toContain("SECRET");
    expect(taskOf(problem, 3)).toMatchObject({ name: "humaneval-9", description: problem.prompt, acceptance: [] });
  });

  test("is judged with what stands before its function, by a whole function or by its body alone", () => {
    const whole = judging(problem, "def double(n):\n    return n * 2", "proof");
    expect(whole).toMatch(/^import math\n\n\ndef double\(n\):\n {4}return n \* 2\n\nSECRET/);
    const body = judging(problem, "    return n * 2", "proof");
    expect(body).toContain('""" Twice. """\n\n    return n * 2');
  });

  test("[code that ends the process early] is proved only behind the hidden tests", () => {
    const lines = judging(problem, "exit(0)", "proof").trimEnd().split("\n");
    expect(lines.slice(-2)).toEqual(["check(double)", 'print("proof")']);
  });

  test("that is not there is asked for by the way to get it", () => {
    expect(() => readProblems("/nowhere.jsonl")).toThrow(Refused);
    expect(() => readProblems("/nowhere.jsonl")).toThrow(/--download/);
  });
});
