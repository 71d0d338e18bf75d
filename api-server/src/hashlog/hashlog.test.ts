import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonical, type Json } from "./canonical.ts";
import { type Batch, type Entry, type Head, seal, Verifier } from "./hashlog.ts";

const entries = (from: number, count: number): Entry[] =>
  Array.from({ length: count }, (_, at) => ({ id: `e${from + at}`, content: { n: from + at } }));

/** A log of three batches with two entries each. */
function sealed(): { batches: Batch[]; contents: Map<string, Json> } {
  const batches: Batch[] = [];
  const contents = new Map<string, Json>();
  for (const from of [1, 3, 5]) {
    const batch = entries(from, 2);
    for (const { id, content } of batch) contents.set(id, content);
    batches.push(seal("log", batches.at(-1), batch, "2026-01-01T00:00:00Z"));
  }
  return { batches, contents };
}

function faultsOf({ batches, contents }: ReturnType<typeof sealed>, known?: Head, log = "log"): string[] {
  const verifier = new Verifier(log, known);
  const faults = [...batches.flatMap((batch) => verifier.next(batch, contents)), ...verifier.end()];
  return faults.map(({ kind, seq, id }) => [kind, seq, ...(id === undefined ? [] : [id])].join(" "));
}

describe("the canonical text of a value", () => {
  test("is RFC 8785's, by its own example", () => {
    const numbers = JSON.parse("[333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001]");
    const value = {
      numbers,
      string: "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"/",
      literals: [null, true, false],
    };
    expect(canonical(value)).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
    // Its order is of UTF-16, in which what stands above U+FFFF comes before U+FB33.
    const names = { "\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\ud83d\ude00": 5, "\u0080": 6, "\u00f6": 7 };
    expect(canonical(names)).toBe('{"\\r":2,"1":4,"\u0080":6,"ö":7,"€":1,"😀":5,"\ufb33":3}');
  });

  test("says what JSON says, whatever the order of members", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = canonical(JSON.parse(JSON.stringify(value)));
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
        expect(canonical(JSON.parse(text))).toBe(text);
      }),
    );
    expect(canonical({ a: 1, b: { c: 2, d: 3 } })).toBe(canonical({ b: { d: 3, c: 2 }, a: 1 }));
    for (const none of [Number.NaN, Number.POSITIVE_INFINITY, "\ud800"])
      expect(() => canonical(none)).toThrow(RangeError);
  });
});

describe("a log", () => {
  test("that nobody touched is whole, with and without a head that was known", () => {
    const log = sealed();
    for (const known of [undefined, ...log.batches]) expect(faultsOf(log, known)).toEqual([]);
  });

  test("has hashes that anybody can work out with SHA-256 alone", () => {
    const sha = (text: string) => createHash("sha256").update(text).digest("hex");
    const [first, second] = sealed().batches;
    const root = sha(`[["e1","${sha('{"n":1}')}"],["e2","${sha('{"n":2}')}"]]`);
    const text = `{"count":2,"log":"log","previous":null,"root":"${root}","sealed_at":"2026-01-01T00:00:00Z","seq":1}`;
    expect([first?.root, first?.hash]).toEqual([root, sha(text)]);
    expect(second?.previous).toBe(sha(text));
  });

  test.each<[string, (log: ReturnType<typeof sealed>) => void, string[]]>([
    ["changed", ({ contents }) => contents.set("e3", { n: 33 }), ["changed 2 e3"]],
    ["removed", ({ contents }) => contents.delete("e3"), ["missing 2 e3"]],
    ["swapped", ({ contents }) => void contents.set("e3", { n: 4 }).set("e4", { n: 3 }), ["moved 2 e3", "moved 2 e4"]],
    [
      "put into another order",
      ({ batches }) => batches[1]?.ids.reverse(),
      ["batch changed 2", "moved 2 e4", "moved 2 e3"],
    ],
  ])("names each entry that was %s", (_what, tamper, wanted) => {
    const log = sealed();
    tamper(log);
    expect(faultsOf(log)).toEqual(wanted);
  });

  test("names what was sealed anew without those after it [rewritten history]", () => {
    const log = sealed();
    const forged = entries(3, 2).map(({ id }) => ({ id, content: { n: 0 } }));
    for (const { id, content } of forged) log.contents.set(id, content);
    const [first, second] = log.batches;
    log.batches[1] = seal("log", first, forged, "2026-01-01T00:00:00Z");
    expect(faultsOf(log)).toEqual(["batch changed 3"]);
    expect(faultsOf(log, second)).toEqual(["batch changed 2", "batch changed 3"]);
  });

  test("names a batch that is gone, from the end only with a head that was known", () => {
    const middle = sealed();
    middle.batches.splice(1, 1);
    expect(faultsOf(middle)).toEqual(["batch missing 2"]);
    const end = sealed();
    const head = end.batches.pop();
    expect(faultsOf(end)).toEqual([]);
    expect(faultsOf(end, head)).toEqual(["batch missing 3"]);
    const start = sealed();
    start.batches.shift();
    expect(faultsOf(start)).toEqual(["batch missing 1"]);
  });

  test("of one name is none of another [a batch of somebody else's]", () => {
    expect(faultsOf(sealed(), undefined, "other")).toEqual(["batch changed 1", "batch changed 2", "batch changed 3"]);
  });
});
