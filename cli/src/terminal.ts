import { styleText } from "node:util";
import type { Progress } from "../cluster/index.ts";

/** Where a command tells what it does: lines for people on stderr, one JSON object a line on stdout for programs. */
export type Reporter = {
  /** A line of its own. */
  say(line: string): void;
  /** Something long is under way. Many calls, one line. */
  progress(event: Progress): void;
  /** A step is finished. */
  done(what: string, seconds?: number): void;
  /** Something can be used already, while the rest goes on. */
  ready(value: Record<string, unknown>, lines: readonly string[]): void;
  /** What the command found out or made; the last thing it tells. */
  result(value: Record<string, unknown>, lines: readonly string[]): void;
};

/** People read a line that moves; a log or a pipe gets one line in a while. */
const PLAIN_PERIOD_MILLISECONDS = 10_000;

export function createReporter({ json }: { json: boolean }): Reporter {
  return json ? jsonReporter() : textReporter(process.stderr);
}

function jsonReporter(): Reporter {
  const write = (value: object) => process.stdout.write(`${JSON.stringify(value)}\n`);
  return {
    say: (line) => write({ event: "note", message: line.trim() }),
    progress: (event) => write({ event: "progress", ...event }),
    done: (what, seconds) => write({ event: "done", step: what, ...(seconds === undefined ? {} : { seconds }) }),
    ready: (value) => write({ event: "ready", ...value }),
    result: (value) => write({ event: "result", ...value }),
  };
}

function textReporter(out: NodeJS.WriteStream): Reporter {
  let moving = false;
  let last = { step: "", at: Number.NEGATIVE_INFINITY };
  const clear = () => {
    if (moving) out.write("\r\x1b[2K");
    moving = false;
  };
  const say = (line: string) => {
    clear();
    out.write(`${line}\n`);
  };
  return {
    say,
    progress(event) {
      const line = `  ${styleText("cyan", "…")} ${describe(event)}`;
      if (out.isTTY) {
        clear();
        out.write(line.slice(0, (out.columns || 80) + 8));
        moving = true;
        return;
      }
      const now = performance.now();
      if (event.step === last.step && now - last.at < PLAIN_PERIOD_MILLISECONDS) return;
      last = { step: event.step, at: now };
      say(line);
    },
    done: (what, seconds) =>
      say(
        `  ${styleText("green", "✓")} ${what}${seconds === undefined ? "" : styleText("dim", `  ${duration(seconds)}`)}`,
      ),
    ready: (_value, lines) => say(lines.join("\n")),
    result(_value, lines) {
      clear();
      process.stdout.write(`${lines.join("\n")}\n`);
    },
  };
}

function describe({ message, done, total, elapsedSeconds, expectedSeconds }: Progress): string {
  const share = done !== undefined && total !== undefined && total > 0 ? ` ${bar(done / total)} ${done}/${total}` : "";
  const time =
    expectedSeconds === undefined
      ? duration(elapsedSeconds)
      : `${duration(elapsedSeconds)} of about ${duration(expectedSeconds)}`;
  return `${message}${share}  ${time}`;
}

function bar(share: number): string {
  const filled = Math.round(Math.min(1, share) * 20);
  return "█".repeat(filled) + "░".repeat(20 - filled);
}

/** `4.2 s`, `35 s`, `9 min 06 s`. */
export function duration(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`;
}
