import { expect, it } from "vitest";
import { poison } from "./trials/poison.ts";

/** 10,000 of them: npm run faults -- --poison. */
const COUNT = 200;
const SEED = Number(process.env["LEANVIBE_FAULTS_SEED"] ?? 1);

it("of objects that no schema has looked at each says what is wrong with it, and no other waits for that", {
  timeout: 120_000,
}, async () => {
  const findings = await poison({ count: COUNT, seed: SEED, everyMilliseconds: 300 });
  // How long it takes is a figure of the command's: here other tests may have the machine.
  expect(findings.filter(({ holds, timed = false }) => !holds && !timed)).toEqual([]);
});
