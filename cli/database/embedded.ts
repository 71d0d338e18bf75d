import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { CommandFailed, ended } from "../cluster/command.ts";
import { takeLock } from "../cluster/lock.ts";
import { freePorts } from "../cluster/ports.ts";
import { type PostgresPrograms, providePrograms } from "./programs.ts";

/** A PostgreSQL of our own, on loopback. */
export type EmbeddedDatabase = {
  /** Of its superuser. */
  url: string;
  /** Ends it; what it holds stays in the folder. */
  stop(): Promise<void>;
};

export type EmbeddedOptions = {
  /** Where its data, programs and log are; made where it is not there. */
  folder: string;
  /** `parent`: it ends with this process, however that ends. `detached`: it goes on until it is stopped. */
  lifetime: "parent" | "detached";
  /** false: nothing waits for the disk. For tests, whose data nobody keeps. */
  durable: boolean;
};

const SUPERUSER = "postgres";
const START_SECONDS = 60;
const POLL_MILLISECONDS = 50;

/**
 * Starts it, or finds it running. Of several at once on one folder one does so, and the others find it.
 * @throws CommandFailed with what PostgreSQL said.
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedDatabase> {
  const { folder } = options;
  mkdirSync(folder, { recursive: true });
  // The account that runs it for root passes through; what is inside has modes of its own.
  chmodSync(folder, 0o755);
  const server = new Server(await providePrograms(), folder);
  const lock = await takeLock(join(folder, "lock"), () => undefined);
  try {
    const password = await server.initialise();
    const port = (await server.runningPort()) ?? (await server.start(options));
    const url = `postgresql://${SUPERUSER}:${password}@127.0.0.1:${port}/postgres`;
    return {
      url,
      stop: async () => {
        await server.stop();
      },
    };
  } finally {
    lock.release();
  }
}

/** Ends the one of that folder, whoever started it. @returns whether it ran */
export async function stopEmbedded(folder: string): Promise<boolean> {
  if (!existsSync(join(folder, "data"))) return false;
  const lock = await takeLock(join(folder, "lock"), () => undefined);
  try {
    return await new Server(await providePrograms(), folder).stop();
  } finally {
    lock.release();
  }
}

/** Ends the server when the pipe to it closes, even by a kill -9 of this process; and ends when the server does. */
const WITH_PARENT = `exec 3<&0
"$@" </dev/null >>"$0" 2>&1 3<&- & server=$!
(cat <&3 >/dev/null; kill -QUIT "$server") & watcher=$!
exec 3<&-
wait "$server"; code=$?
kill "$watcher" 2>/dev/null
exit "$code"`;

class Server {
  readonly #programs: PostgresPrograms;
  readonly #data: string;
  readonly #password: string;
  readonly #log: string;

  constructor(programs: PostgresPrograms, folder: string) {
    this.#programs = programs;
    this.#data = join(folder, "data");
    this.#password = join(folder, "password");
    this.#log = join(folder, "postgresql.log");
  }

  /** Makes the data folder, once and whole or not at all. @returns the superuser's password. */
  async initialise(): Promise<string> {
    if (existsSync(this.#data)) return readFileSync(this.#password, "utf8");
    const password = randomBytes(24).toString("base64url");
    const { account, run } = this.#programs;
    const half = `${this.#data}-new`;
    rmSync(half, { recursive: true, force: true });
    mkdirSync(half, { mode: 0o700 });
    writeFileSync(this.#password, password, { mode: 0o600 });
    writeFileSync(this.#log, "");
    if (account !== undefined)
      for (const path of [this.#password, half, this.#log]) chownSync(path, account.uid, account.gid);
    const how = ["--auth=scram-sha-256", `--username=${SUPERUSER}`, `--pwfile=${this.#password}`];
    await run("initdb", [`--pgdata=${half}`, ...how, "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]);
    renameSync(half, this.#data);
    return password;
  }

  /** The port of the one that runs in this folder, when it takes connections. */
  async runningPort(): Promise<number | undefined> {
    try {
      await this.#programs.run("pg_ctl", ["status", "-D", this.#data]);
    } catch (error) {
      if (error instanceof CommandFailed) return undefined;
      throw error;
    }
    for (const end = Date.now() + START_SECONDS * 1000; Date.now() < end; await sleep(POLL_MILLISECONDS)) {
      const { port, ready } = this.#pidFile();
      if (ready) return port;
    }
    throw new CommandFailed(`postgres runs and was not ready within ${START_SECONDS} s`, this.#lastLines());
  }

  async start({ lifetime, durable }: EmbeddedOptions): Promise<number> {
    const [port = 0] = await freePorts(1);
    const settings = [`port=${port}`, "listen_addresses=127.0.0.1", "unix_socket_directories=", "max_connections=200"];
    if (!durable) settings.push("fsync=off", "synchronous_commit=off", "full_page_writes=off");
    if (lifetime === "parent") {
      await this.#startWithParent(settings, port);
    } else {
      const flags = settings.map((setting) => `-c ${setting}`).join(" ");
      const wait = ["-w", "-t", String(START_SECONDS), "-l", this.#log];
      await this.#programs.run("pg_ctl", ["start", "-D", this.#data, ...wait, "-o", flags]);
    }
    return port;
  }

  /** @returns whether it ran */
  async stop(): Promise<boolean> {
    if ((await this.runningPort()) === undefined) return false;
    await this.#programs.run("pg_ctl", ["stop", "-D", this.#data, "-m", "fast", "-w"]);
    return true;
  }

  async #startWithParent(settings: readonly string[], port: number): Promise<void> {
    const flags = settings.flatMap((setting) => ["-c", setting]);
    const [program, args] = this.#programs.line("postgres", ["-D", this.#data, ...flags]);
    const child = spawn("sh", ["-c", WITH_PARENT, this.#log, program, ...args], {
      // Its account may not enter the person's folder.
      cwd: "/",
      detached: true,
      stdio: ["pipe", "ignore", "ignore"],
    });
    child.unref();
    if (child.stdin instanceof Socket) child.stdin.unref();
    child.stdin.on("error", () => undefined);
    let over: string | undefined;
    void ended(child).then((reason) => {
      over = reason ?? "ended";
    });
    for (const end = Date.now() + START_SECONDS * 1000; Date.now() < end; await sleep(POLL_MILLISECONDS)) {
      const found = this.#pidFile();
      // One that was killed has left its file behind, which says ready too.
      if (found.ready && found.port === port) return;
      if (over !== undefined) throw new CommandFailed(`postgres ${over}`, this.#lastLines());
    }
    throw new CommandFailed(`postgres was not ready within ${START_SECONDS} s`, this.#lastLines());
  }

  /** Line 4 of its pid file is the port, line 8 says when it is ready. */
  #pidFile(): { port: number; ready: boolean } {
    const file = join(this.#data, "postmaster.pid");
    const lines = existsSync(file) ? readFileSync(file, "utf8").split("\n") : [];
    return { port: Number(lines[3]), ready: lines[7]?.trim() === "ready" };
  }

  #lastLines(): string {
    return readFileSync(this.#log, "utf8").trim().split("\n").slice(-5).join("\n");
  }
}
