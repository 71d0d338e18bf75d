import type { Writable } from "node:stream";
import { styleText } from "node:util";
import type { Progress } from "../cluster/index.ts";
import { cut } from "./width.ts";

/** Where a command tells what it does: lines for people on stderr, one JSON object a line on stdout for programs. */
export type Reporter = {
  /** A line of its own. */
  say(line: string): void;
  /** Something long is under way. Many calls, one line. */
  progress(event: Progress): void;
  /** What the command is there to tell, as it comes: for programs a value, for people a line, both on stdout. */
  news(value: Record<string, unknown>, line: string): void;
  /** A step is finished. */
  done(what: string, seconds?: number): void;
  /** Something can be used already, while the rest goes on. */
  ready(value: Record<string, unknown>, lines: readonly string[]): void;
  /** What the command found out or made; the last thing it tells. */
  result(value: Record<string, unknown>, lines: readonly string[]): void;
};

/** Where lines go; a terminal says so. */
export type Out = Writable & { isTTY?: boolean; columns?: number };

/** Before the line that moves: the mark and its blanks. */
const MARK_COLUMNS = 4;

/** People read a line that moves; a log or a pipe gets one line in a while. */
const PLAIN_PERIOD_MILLISECONDS = 10_000;

export function createReporter({ json }: { json: boolean }): Reporter {
  return json ? jsonReporter() : textReporter(process.stderr, process.stdout);
}

function jsonReporter(): Reporter {
  const write = (value: object) => process.stdout.write(`${JSON.stringify(value)}\n`);
  return {
    say: (line) => write({ event: "note", message: line.trim() }),
    progress: (event) => write({ event: "progress", ...event }),
    done: (what, seconds) => write({ event: "done", step: what, ...(seconds === undefined ? {} : { seconds }) }),
    ready: (value) => write({ event: "ready", ...value }),
    news: (value) => write(value),
    result: (value) => write({ event: "result", ...value }),
  };
}

/** @param answers for what was asked for; where it goes on to the same terminal, the line that moves makes room */
export function textReporter(out: Out, answers: Out): Reporter {
  let moving = false;
  let last = { step: "", at: Number.NEGATIVE_INFINITY };
  // Colours as this stream can show them, and NO_COLOR allows.
  const styled = (style: "cyan" | "green" | "dim", text: string) => styleText(style, text, { stream: out });
  const clear = () => {
    if (moving) out.write("\r\x1b[2K");
    moving = false;
  };
  const say = (line: string) => {
    clear();
    out.write(`${line}\n`);
  };
  const answer = (line: string) => {
    clear();
    answers.write(`${line}\n`);
  };
  return {
    say,
    news: (_value, line) => answer(line),
    progress(event) {
      const line = (text: string) => `  ${styled("cyan", "…")} ${text}`;
      if (out.isTTY) {
        clear();
        // Not into the last column: a terminal may go to the next line there.
        out.write(line(cut(describe(event), (out.columns || 80) - MARK_COLUMNS - 1)));
        moving = true;
        return;
      }
      const now = performance.now();
      if (event.step === last.step && now - last.at < PLAIN_PERIOD_MILLISECONDS) return;
      last = { step: event.step, at: now };
      say(line(describe(event)));
    },
    done: (what, seconds) =>
      say(`  ${styled("green", "✓")} ${what}${seconds === undefined ? "" : styled("dim", `  ${duration(seconds)}`)}`),
    ready: (_value, lines) => say(lines.join("\n")),
    result: (_value, lines) => answer(lines.join("\n")),
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
