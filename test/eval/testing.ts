import type { Attempt } from "./record.ts";

/** A result as it stands in a record, for tests of what is made of it. */
export function attempted(id: string, change: Partial<Attempt> = {}): Attempt {
  return {
    id: `HumanEval/${id}`,
    model: "coder",
    agent: "v1",
    result: "Succeeded",
    reason: "Completed",
    iterations: 0,
    solved: true,
    bareSolved: true,
    tokens: 100,
    bareTokens: 10,
    calls: 3,
    seconds: 1,
    bareSeconds: 1,
    estimated: false,
    message: "",
    code: "",
    bareCode: "",
    ...change,
  };
}
