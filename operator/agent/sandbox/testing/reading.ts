/** To read what is not the run's own, or to write where it may not. */
import { type Attack, attempt, gotOf, node, python, refusalOf } from "./attack.ts";

const FILES: Attack[] = [
  {
    name: "reads a token",
    control: true,
    refusal: /NOT token EACCES/,
    program: ({ tokenPath }) =>
      node(
        `await attempt("token", () => fs.readFileSync(values.tokenPath));
         for (const path of ["/var/run/secrets/kubernetes.io/serviceaccount/token", "/etc/shadow", "/root/.ssh/id_rsa"])
           await attempt(path, () => fs.readFileSync(path, "utf8"));`,
        { tokenPath },
      ),
  },
  {
    name: "reads the environment, the memory or the files of another process in /proc",
    control: true,
    refusal: /NOT environ EACCES/,
    program: ({ serverPid }) =>
      node(
        `for (const pid of [values.serverPid, process.ppid, "self", 1]) {
           await attempt("environ", () => fs.readFileSync("/proc/" + pid + "/environ", "utf8"));
           await attempt("mem", () => fs.openSync("/proc/" + pid + "/mem", "r+"));
           if (pid !== "self") await attempt("cwd", () => fs.readdirSync("/proc/" + pid + "/cwd/"));
           await attempt("root", () => fs.readdirSync("/proc/" + pid + "/root/"));
           await attempt("fd", () => fs.readdirSync("/proc/" + pid + "/fd"));
         }
         await attempt("list", () => fs.readdirSync("/proc"));`,
        { serverPid },
      ),
  },
  {
    name: "escapes by path",
    refusal: /NOT write .* EACCES/,
    program: ({ tokenPath, socketPath }) =>
      node(
        `const outside = ["../escaped", "../../escaped", "/tmp/escaped", "/dev/shm/escaped", "/escaped", values.tokenPath + "x", values.socketPath + "x"];
         for (const path of outside) {
           await attempt("write " + path, () => fs.writeFileSync(path, "x"));
           await attempt("mkdir " + path, () => fs.mkdirSync(path));
           await attempt("rename to " + path, () => { fs.writeFileSync("mine", "x"); fs.renameSync("mine", path); });
           await attempt("append " + path, () => fs.appendFileSync(path, "x"));
         }
         for (const path of ["..", "../..", "/", "/tmp", "/dev/shm"]) await attempt("list " + path, () => fs.readdirSync(path));
         await attempt("token's folder", () => fs.unlinkSync(values.tokenPath));
         await attempt("cut the token", () => fs.truncateSync(values.tokenPath, 0));`,
        { tokenPath, socketPath },
      ),
  },
  {
    name: "has a descriptor of somebody else's",
    refusal: /NOT fd 50 EBADF/,
    program: () =>
      node(
        `for (let fd = 3; fd < 1024; fd++) await attempt("fd " + fd, () => {
           const found = fs.fstatSync(fd);
           // Those that Node opens for itself: epoll, events, and nothing with a name or a peer.
           if (found.isFile() || found.isDirectory() || found.isSocket()) return "something";
           throw Object.assign(new Error(), { code: "EBADF" });
         });`,
      ),
  },
  {
    name: "finds by a hard link what it may not read",
    refusal: /NOT link (EACCES|EXDEV|EPERM)/,
    play: async (sandbox, around) => {
      const program = node(`await attempt("link", () => fs.linkSync(values.tokenPath, "out.txt"));`, around);
      const run = await attempt(sandbox, program);
      const files = await sandbox.get(["out.txt"], 10_000);
      return { got: [...gotOf(run, around), ...files.map(({ content }) => content)], refusal: refusalOf(run) };
    },
  },
];

const LINKS: Attack[] = [
  {
    name: "has a symlink followed, when files are got and when they are put",
    refusal: /left/,
    play: async (sandbox, around) => {
      const program = node(
        `fs.symlinkSync(values.tokenPath, "out.txt"); fs.symlinkSync(values.tokenPath.replace(/[/][^/]+$/, ""), "folder");
         fs.symlinkSync("/proc/self/environ", "environ"); fs.symlinkSync("/", "root"); console.log("left");`,
        around,
      );
      const run = await attempt(sandbox, program);
      const name = around.tokenPath.split("/").at(-1) ?? "";
      const paths = ["out.txt", `folder/${name}`, "environ", `root${around.tokenPath}`];
      const files = await sandbox.get(paths, 10_000);
      await sandbox.put([
        { path: "folder/planted", content: "x" },
        { path: "out.txt", content: "x" },
      ]);
      const own = await sandbox.get(["folder/planted", "out.txt"], 10);
      const lost = own.length === 2 ? [] : ["what was put is not there"];
      return { got: [...gotOf(run, around), ...files.map(({ content }) => content), ...lost], refusal: refusalOf(run) };
    },
  },
  {
    name: "wins the race of a rename while its files are read",
    refusal: /left/,
    play: async (sandbox, around) => {
      const flip = `import fs from "node:fs"; const token = ${JSON.stringify(around.tokenPath)};
        for (;;) { try { fs.rmSync("out.txt", { force: true }); fs.symlinkSync(token, "out.txt"); fs.rmSync("out.txt"); fs.writeFileSync("out.txt", "x"); } catch {} }`;
      const { files, command } = node(
        `spawn(process.execPath, ["flip.mjs"], { detached: true, stdio: "ignore" }).unref();
         await new Promise((resolve) => setTimeout(resolve, 300)); console.log("left");`,
      );
      const run = await attempt(sandbox, { files: [...files, { path: "flip.mjs", content: flip }], command });
      const got = [];
      for (let time = 0; time < 30; time++) got.push(...(await sandbox.get(["out.txt"], 1000)));
      const secrets = got.filter(({ content }) => content.includes(around.secret)).map(({ content }) => content);
      return { got: [...gotOf(run, around), ...secrets], refusal: refusalOf(run) };
    },
  },
];

const OTHERS: Attack[] = [
  {
    name: "attaches to the server as a debugger",
    python: true,
    refusal: /NOT attach \d+ EPERM.*NOT traceme EPERM/s,
    program: ({ serverPid }) =>
      python(
        `for pid in [values["serverPid"], os.getppid()]:
    call("attach %d" % pid, (101, 117), 16, pid, 0, 0)
    call("seize %d" % pid, (101, 117), 0x4206, pid, 0, 0)
call("traceme", (101, 117), 0, 0, 0, 0)`,
        { serverPid },
      ),
  },
  {
    name: "reads and writes the server's memory by process_vm_readv, or takes its descriptors",
    python: true,
    refusal: /NOT readv EPERM.*NOT writev EPERM.*NOT getfd (EPERM|EBADF)/s,
    program: ({ serverPid }) =>
      python(
        `class iovec(ctypes.Structure): _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]
here = ctypes.create_string_buffer(64)
mine, theirs = iovec(ctypes.cast(here, ctypes.c_void_p), 64), iovec(0x400000, 64)
for pid in [values["serverPid"], os.getppid()]:
    call("readv", (310, 270), pid, ctypes.byref(mine), 1, ctypes.byref(theirs), 1, 0)
    call("writev", (311, 271), pid, ctypes.byref(mine), 1, ctypes.byref(theirs), 1, 0)
    descriptor = libc.syscall(ctypes.c_long(434), ctypes.c_long(pid), ctypes.c_long(0))
    call("getfd", (438, 438), descriptor, 1, 0)
    call("kcmp", (312, 272), os.getpid(), pid, 0, 1, 1)`,
        { serverPid },
      ),
  },
];

export const READING: readonly Attack[] = [...FILES, ...LINKS, ...OTHERS];
