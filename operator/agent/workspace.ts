import type { SourceFile } from "@leanvibe/schema";

/** A program that runs in the sandbox, found on its PATH. */
export type Command = {
  argv: readonly string[];
  stdin?: string;
  env?: Readonly<Record<string, string>>;
  timeoutMilliseconds: number;
  outputBytes: number;
  /** On a fresh copy of what put() gave, which it cannot change. */
  readOnly?: boolean;
};

export type RunResult = {
  exitCode: number | null;
  signal: string | null;
  timedOut: boolean;
  stdout: string;
  stderr: string;
  truncated: boolean;
  milliseconds: number;
};

export type ServiceCall = { method: string; path: string; headers?: Readonly<Record<string, string>>; body?: string };
export type ServiceResult = { status: number; headers: Record<string, string>; body: string } | { error: string };

/** Where generated code runs, and nowhere else. */
export interface Sandbox {
  /** The workspace holds exactly these files afterwards; every earlier process is gone. */
  put(files: readonly SourceFile[]): Promise<void>;
  run(command: Command): Promise<RunResult>;
  /** Starts a service that listens on the unix socket named by LISTEN_SOCKET, asks it, ends it. */
  serve(command: Command, calls: readonly ServiceCall[]): Promise<{ results: ServiceResult[]; run: RunResult }>;
  /** Files that a run made, by exact path; missing ones are left out. */
  get(paths: readonly string[], maxBytes: number): Promise<SourceFile[]>;
  close(): Promise<void>;
}

export type { SourceFile };
