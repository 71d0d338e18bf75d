/** The files of a sandbox, touched only through lv-exec: it follows no link, and removes whatever a program can make. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { z } from "zod";
import type { SourceFile } from "./protocol.ts";

const found = z.array(z.object({ path: z.string(), content: z.string() }));

export class Workspace {
  /** The volume; what a run may write to is below it. */
  readonly volume: string;
  readonly #lvExec: string;
  #files: readonly SourceFile[] = [];

  constructor(volume: string, lvExec: string) {
    this.volume = volume;
    this.#lvExec = lvExec;
  }

  /** Where commands run. */
  get work(): string {
    return join(this.volume, "work");
  }

  /** What put() gave, for runs that may not change it. */
  get copy(): string {
    return join(this.volume, "copy");
  }

  /** Home, temporary files and listening socket of one run. */
  get scratch(): string {
    return join(this.volume, "scratch");
  }

  async put(files: readonly SourceFile[]): Promise<void> {
    this.#files = files;
    await this.#write(this.scratch, []);
    await this.#write(this.copy, []);
    await this.#write(this.work, files);
  }

  /** As it was after the last put(): what a run has filled is of no use to anybody. */
  async restore(): Promise<void> {
    await this.put(this.#files);
  }

  /** Before each run: nothing of an earlier one is in its scratch folder, or in its copy. @returns where it runs. */
  async prepare(readOnly: boolean): Promise<string> {
    await this.#write(this.scratch, []);
    if (!readOnly) return this.work;
    await this.#write(this.copy, this.#files);
    return this.copy;
  }

  async get(paths: readonly string[], maxBytes: number): Promise<SourceFile[]> {
    return found.parse(JSON.parse(await this.#ask(["read", this.work], { paths, maxBytes })));
  }

  async #write(folder: string, files: readonly SourceFile[]): Promise<void> {
    await this.#ask(["write", folder], files);
  }

  async #ask(args: readonly string[], input: unknown): Promise<string> {
    const child = spawn(this.#lvExec, args, { env: {}, cwd: "/" });
    // It may end before it has read everything; its code says what matters.
    child.stdin.on("error", () => undefined);
    child.stdin.end(JSON.stringify(input));
    const [said, complained, code] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      new Promise<number | null>((resolve, reject) => {
        child.once("error", reject);
        child.once("close", resolve);
      }),
    ]);
    if (code !== 0) throw new Error(complained.trim() || `lv-exec ${args[0]} ended with ${code}`);
    return said;
  }
}
