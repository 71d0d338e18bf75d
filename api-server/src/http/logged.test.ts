import { pino } from "pino";
import { expect, test } from "vitest";
import { logOf } from "./logged.ts";

function logAt(level: string) {
  const lines: string[] = [];
  const log = pino({ level, base: null, timestamp: false }, { write: (line: string) => void lines.push(line) });
  return { log: logOf(log, { reqId: "r-1" }, {}), lines };
}

test.each(["info", "warn"])("at level %s what goes wrong is told with the request's id", (level) => {
  const { log, lines } = logAt(level);
  log.warn("looked odd");
  log.child({ part: "x" }).error({ code: 7 }, "failed for %s", "a reason");
  log.fatal({ err: new Error("gone") });
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    { level: 40, reqId: "r-1", msg: "looked odd" },
    { level: 50, reqId: "r-1", part: "x", code: 7, msg: "failed for a reason" },
    expect.objectContaining({ level: 60, reqId: "r-1", msg: "gone" }),
  ]);
});

test("what goes well is told at level info alone", () => {
  const said = ["info", "warn"].map((level) => {
    const { log, lines } = logAt(level);
    log.info("request completed");
    log.debug("details");
    return lines.length;
  });
  expect(said).toEqual([1, 0]);
});
