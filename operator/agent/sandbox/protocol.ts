/** What an agent asks of its sandbox, and how the two say it. They share a socket and nothing else: bytes, never paths. */
import { z } from "zod";

/** A file by its path within the workspace: relative, without `.` and `..`. */
export type SourceFile = { path: string; content: string };

export type Command = {
  argv: string[];
  stdin?: string | undefined;
  env?: Record<string, string> | undefined;
  timeoutMilliseconds: number;
  /** Of stdout and of stderr, each: who writes more is ended. */
  outputBytes: number;
  readOnly?: boolean | undefined;
};

export type RunResult = {
  exitCode: number | null;
  signal: string | null;
  timedOut: boolean;
  stdout: string;
  stderr: string;
  truncated: boolean;
  milliseconds: number;
  /** Which bound it reached; absent where it ended by itself. */
  endedBy?: "time" | "output" | "disk" | "memory" | undefined;
};

export type ServiceCall = {
  method: string;
  path: string;
  headers?: Record<string, string> | undefined;
  body?: string | undefined;
};

export type ServiceResult = { status: number; headers: Record<string, string>; body: string } | { error: string };

export type Serving = { results: ServiceResult[]; run: RunResult };

export interface Sandbox {
  /** The workspace holds exactly these files afterwards; every earlier process is gone. */
  put(files: readonly SourceFile[]): Promise<void>;
  /**
   * Runs one command in a fresh fenced process group; with readOnly on a fresh read-only copy of what put() gave.
   * Nothing of it is left running.
   */
  run(command: Command): Promise<RunResult>;
  /** Starts a service (it must listen on the unix socket named by env LISTEN_SOCKET), asks it, ends it. */
  serve(command: Command, calls: readonly ServiceCall[]): Promise<Serving>;
  /** Files under the workspace that a run made, by exact path; missing ones are left out. */
  get(paths: readonly string[], maxBytes: number): Promise<SourceFile[]>;
  close(): Promise<void>;
}

/** Names the unix socket on which a service under test has to listen. */
export const LISTEN_SOCKET = "LISTEN_SOCKET";

/** Bounds of what may be said at all; what a run may use is the sandbox's own table. */
export const BOUNDS = {
  frameBytes: 16 << 20,
  files: 200,
  /** Of all files together. */
  fileBytes: 1 << 20,
  pathCharacters: 200,
  arguments: 256,
  argumentCharacters: 32_768,
  environment: 64,
  inputBytes: 1 << 20,
  outputBytes: 1 << 20,
  timeoutMilliseconds: 15 * 60_000,
  calls: 100,
} as const;

const withoutNul = (text: string) => !text.includes("\0");

const path = z
  .string()
  .max(BOUNDS.pathCharacters)
  .refine(
    (text) => withoutNul(text) && text.split("/").every((step) => step !== "" && step !== "." && step !== ".."),
    "must be relative, without . and ..",
  );

const text = (bytes: number) =>
  z
    .string()
    .max(bytes)
    .refine((value) => Buffer.byteLength(value) <= bytes, `must be of at most ${bytes} bytes`);

const files = z
  .array(z.object({ path, content: text(BOUNDS.fileBytes) }))
  .max(BOUNDS.files)
  .refine(
    (all) => all.reduce((sum, { content }) => sum + Buffer.byteLength(content), 0) <= BOUNDS.fileBytes,
    `must be of at most ${BOUNDS.fileBytes} bytes together`,
  );

const argument = z.string().max(BOUNDS.argumentCharacters).refine(withoutNul, "must be without NUL");

const command = z.object({
  argv: z.array(argument).min(1).max(BOUNDS.arguments),
  stdin: text(BOUNDS.inputBytes).optional(),
  env: z
    .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,99}$/), argument)
    .refine((all) => Object.keys(all).length <= BOUNDS.environment, `must be at most ${BOUNDS.environment}`)
    .optional(),
  timeoutMilliseconds: z.int().min(1).max(BOUNDS.timeoutMilliseconds),
  outputBytes: z.int().min(1).max(BOUNDS.outputBytes),
  readOnly: z.boolean().optional(),
});

const headers = z.record(z.string(), z.string());

const call = z.object({
  method: z.string().regex(/^[A-Z]{1,20}$/),
  path: z.string().regex(/^\/[!-~]{0,2000}$/, "must begin with / and be without spaces"),
  headers: headers.optional(),
  body: text(BOUNDS.inputBytes).optional(),
});

const id = z.int().min(0);

export const request = z.discriminatedUnion("ask", [
  z.object({ id, ask: z.literal("put"), files }),
  z.object({ id, ask: z.literal("run"), command }),
  z.object({ id, ask: z.literal("serve"), command, calls: z.array(call).max(BOUNDS.calls) }),
  z.object({
    id,
    ask: z.literal("get"),
    paths: z.array(path).max(BOUNDS.files),
    maxBytes: z.int().min(0).max(BOUNDS.fileBytes),
  }),
]);

export type Request = z.output<typeof request>;

export const runResult = z.object({
  exitCode: z.int().nullable(),
  signal: z.string().max(20).nullable(),
  timedOut: z.boolean(),
  stdout: z.string(),
  stderr: z.string(),
  truncated: z.boolean(),
  milliseconds: z.number(),
  endedBy: z.enum(["time", "output", "disk", "memory"]).optional(),
});

const serviceResult = z.union([
  z.object({ status: z.int(), headers, body: z.string() }),
  z.object({ error: z.string() }),
]);

/** The value of each answer; what comes out of a sandbox is as little to be trusted as what runs in it. */
export const answers = {
  put: z.null(),
  run: runResult,
  serve: z.object({ results: z.array(serviceResult).max(BOUNDS.calls), run: runResult }),
  get: z.array(z.object({ path: z.string(), content: z.string() })).max(BOUNDS.files),
} as const;

export const answer = z.union([z.object({ id, error: z.string() }), z.object({ id, value: z.unknown() })]);
