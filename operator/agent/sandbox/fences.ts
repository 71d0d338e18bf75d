/** What a run finds of the machine, and how much it may use: the sandbox's own tables. */
import { statfsSync } from "node:fs";

/** How much one run may use. */
export type Limits = {
  /** Processes and threads at a time. */
  processes: number;
  /** Of all its processes together, and of each. */
  memoryBytes: number;
  /** Of one file. */
  fileBytes: number;
  openFiles: number;
  /** Of the whole workspace. */
  diskBytes: number;
  diskFiles: number;
};

export const LIMITS: Limits = {
  // A test runner on a few processors starts a process a file, and Node eleven threads in each.
  processes: 400,
  memoryBytes: 1 << 30,
  fileBytes: 64 << 20,
  openFiles: 1024,
  diskBytes: 192 << 20,
  diskFiles: 20_000,
};

/** Where the tools of a machine are, and what makes them find each other. */
export type Tools = {
  /** Where commands are looked for. */
  path: readonly string[];
  /** What may be read and executed. What is not there is left out. */
  readable: readonly string[];
  env: Readonly<Record<string, string>>;
};

/** Of /etc, what libraries read at each start; no file of it holds a secret. */
const SETTINGS = [
  "ld.so.cache",
  "ld.so.conf",
  "ld.so.conf.d",
  "passwd",
  "group",
  "nsswitch.conf",
  "localtime",
  "alternatives",
  "ssl/openssl.cnf",
  "ssl/certs",
].map((name) => `/etc/${name}`);

/** In the agent's image: packages lie where Node and Python look for them from the workspace. */
export const IMAGE_TOOLS: Tools = {
  path: ["/usr/local/bin", "/usr/bin", "/bin"],
  readable: ["/usr", "/lib", "/lib64", "/bin", "/sbin", "/node_modules", "/opt/python", ...SETTINGS],
  env: { PYTHONPATH: "/opt/python" },
};

/** Of every run. Nothing of the server's own environment is passed on. */
export function environmentOf(tools: Tools, scratch: string): Record<string, string> {
  return {
    PATH: tools.path.join(":"),
    // Of this run alone: what an earlier one left in its home says nothing to this one.
    HOME: scratch,
    TMPDIR: scratch,
    LANG: "C.UTF-8",
    TZ: "UTC",
    // A read-only copy has no place for them, and a stale one must not take the place of a source.
    PYTHONDONTWRITEBYTECODE: "1",
    ...tools.env,
  };
}

/** What the file system of the workspace holds already: a machine's own /tmp is not empty, as a pod's volume is. */
export function usedOf(volume: string): { bytes: number; files: number } {
  const { blocks, bfree, bsize, files, ffree } = statfsSync(volume);
  return { bytes: (blocks - bfree) * bsize, files: files - ffree };
}
