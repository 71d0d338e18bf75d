import { describe, expect, test } from "vitest";
import { textOf, timeOf } from "./cells.ts";

describe("a time of the database", () => {
  test.each([
    ["2026-11-26 05:03:51.123456+00", "2026-11-26T05:03:51.123Z"],
    ["2026-11-26 05:03:51.999999+00", "2026-11-26T05:03:51.999Z"],
    ["2026-11-26 05:03:51.1+00", "2026-11-26T05:03:51.100Z"],
    ["2026-11-26 05:03:51.0001+00", "2026-11-26T05:03:51.000Z"],
    ["2026-11-26 05:03:51+00", "2026-11-26T05:03:51.000Z"],
    ["0001-01-01 00:00:00+00", "0001-01-01T00:00:00.000Z"],
    ["2026-11-26 05:03:51.123456+05:30", "2026-11-25T23:33:51.123Z"],
    ["2026-11-26 05:03:51.12-03", "2026-11-26T08:03:51.120Z"],
  ])("is in UTC, to the millisecond, whatever zone the session has: %s", (cell, told) => {
    expect(timeOf(cell)).toBe(told);
  });

  test("is as a Date would tell it, with whatever zeros PostgreSQL leaves away", () => {
    for (let at = 0; at < 5_000; at += 1) {
      const iso = new Date(at * 86_399_001).toISOString();
      const [seconds = "", milliseconds = ""] = iso.slice(0, -1).replace("T", " ").split(".");
      const fraction = milliseconds.replace(/0+$/, "");
      expect(timeOf(`${seconds}${fraction === "" ? "" : `.${fraction}`}+00`)).toBe(iso);
    }
  });
});

test("a column that is never NULL is a fault of ours where it is", () => {
  expect(() => textOf(null)).toThrow(/NULL/);
});
