import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { CommandFailed, ended } from "../cluster/command.ts";
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
 * Starts it, or finds it running.
 * @throws CommandFailed with what PostgreSQL said.
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedDatabase> {
  const { folder } = options;
  mkdirSync(folder, { recursive: true });
  // The account that runs it for root passes through; what is inside has modes of its own.
  chmodSync(folder, 0o755);
  const server = new Server(await providePrograms(), folder);
  const password = await server.initialise();
  const port = (await server.runningPort()) ?? (await server.start(options));
  const url = `postgresql://${SUPERUSER}:${password}@127.0.0.1:${port}/postgres`;
  return { url, stop: () => server.stop() };
}

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

  /** Makes the data folder, once. @returns the superuser's password. */
  async initialise(): Promise<string> {
    if (existsSync(join(this.#data, "PG_VERSION"))) return readFileSync(this.#password, "utf8");
    const password = randomBytes(24).toString("base64url");
    const { account, run } = this.#programs;
    writeFileSync(this.#password, password, { mode: 0o600 });
    writeFileSync(this.#log, "");
    mkdirSync(this.#data, { recursive: true, mode: 0o700 });
    if (account !== undefined)
      for (const path of [this.#password, this.#data, this.#log]) chownSync(path, account.uid, account.gid);
    const how = ["--auth=scram-sha-256", `--username=${SUPERUSER}`, `--pwfile=${this.#password}`];
    await run("initdb", [`--pgdata=${this.#data}`, ...how, "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]);
    return password;
  }

  /** The port of the one that runs in this folder. */
  async runningPort(): Promise<number | undefined> {
    try {
      await this.#programs.run("pg_ctl", ["status", "-D", this.#data]);
    } catch (error) {
      if (error instanceof CommandFailed) return undefined;
      throw error;
    }
    return Number(readFileSync(join(this.#data, "postmaster.pid"), "utf8").split("\n")[3]);
  }

  async start({ lifetime, durable }: EmbeddedOptions): Promise<number> {
    const [port = 0] = await freePorts(1);
    const settings = [`port=${port}`, "listen_addresses=127.0.0.1", "unix_socket_directories=", "max_connections=200"];
    if (!durable) settings.push("fsync=off", "synchronous_commit=off", "full_page_writes=off");
    if (lifetime === "parent") {
      await this.#startWithParent(settings);
    } else {
      const flags = settings.map((setting) => `-c ${setting}`).join(" ");
      const wait = ["-w", "-t", String(START_SECONDS), "-l", this.#log];
      await this.#programs.run("pg_ctl", ["start", "-D", this.#data, ...wait, "-o", flags]);
    }
    return port;
  }

  async stop(): Promise<void> {
    if ((await this.runningPort()) === undefined) return;
    await this.#programs.run("pg_ctl", ["stop", "-D", this.#data, "-m", "fast", "-w"]);
  }

  /** The pipe to the shell closes with this process, even at a kill -9; the shell then stops the server at once. */
  async #startWithParent(settings: readonly string[]): Promise<void> {
    const flags = settings.flatMap((setting) => ["-c", setting]);
    const [program, args] = this.#programs.line("postgres", ["-D", this.#data, ...flags]);
    const script =
      'log="$0"; "$@" </dev/null >>"$log" 2>&1 & server=$!; cat >/dev/null; kill -QUIT "$server"; wait "$server"';
    const child = spawn("sh", ["-c", script, this.#log, program, ...args], {
      detached: true,
      stdio: ["pipe", "ignore", "ignore"],
    });
    child.unref();
    if (child.stdin instanceof Socket) child.stdin.unref();
    child.stdin.on("error", () => undefined);
    const over = ended(child);
    for (const end = Date.now() + START_SECONDS * 1000; Date.now() < end; await sleep(POLL_MILLISECONDS)) {
      if (this.#isReady()) return;
      const why = await Promise.race([over.then((reason) => reason ?? "ended"), undefined]);
      if (why !== undefined) throw new CommandFailed(`postgres ${why}`, readFileSync(this.#log, "utf8"));
    }
    throw new CommandFailed(`postgres was not ready within ${START_SECONDS} s`, readFileSync(this.#log, "utf8"));
  }

  /** Line 8 of its pid file says so. */
  #isReady(): boolean {
    const file = join(this.#data, "postmaster.pid");
    return existsSync(file) && readFileSync(file, "utf8").split("\n")[7]?.trim() === "ready";
  }
}
