/** To take all there is: processes, disk, memory, time; and to outlive the run, or to end whoever runs it. */
import { setTimeout as sleep } from "node:timers/promises";
import { type Attack, attempt, commandOf, gotOf, node, type Program, python, refusalOf } from "./attack.ts";

/** One that is ended by a bound and by nothing else. */
function bounded(name: string, bound: string, program: Program, more: Partial<Attack> = {}): Attack {
  return { name, refusal: new RegExp(`^ended by ${bound} `), ...more, program: () => program } as Attack;
}

const timed = (program: Program, timeoutMilliseconds: number): Program => ({
  ...program,
  command: { ...program.command, timeoutMilliseconds },
});

/** Where older kernels have other fences. */
export const PROCESSES: readonly Attack[] = [
  bounded(
    "forks without end",
    "(time|memory)",
    timed(
      python(`while True:
    try: os.fork()
    except OSError: time.sleep(0.01)`),
      2500,
    ),
    { python: true },
  ),
  bounded(
    "starts programs without end",
    "(time|memory)",
    timed(
      node(`for (;;) {
        try { spawn(process.execPath, ["attack.mjs"], { detached: true, stdio: "ignore" }).on("error", () => {}); } catch {}
        await new Promise((resolve) => setTimeout(resolve, 5));
      }`),
      4000,
    ),
  ),
  {
    name: "outlives its run: in another session, orphaned twice, deaf to signals",
    refusal: /left/,
    play: async (sandbox, around) => {
      const beat = `import fs from "node:fs"; for (const signal of ["SIGTERM", "SIGHUP", "SIGINT", "SIGQUIT"]) process.on(signal, () => {});
        setInterval(() => fs.appendFileSync("beat.txt", "x"), 10);`;
      const { files, command } = node(`
        const twice = 'require("child_process").spawn(process.execPath, ["beat.mjs"], { detached: true, stdio: "ignore" }).unref()';
        for (let each = 0; each < 4; each++) {
          spawn(process.execPath, ["beat.mjs"], { detached: true, stdio: "ignore" }).unref();
          spawn(process.execPath, ["-e", twice], { detached: true, stdio: "ignore" }).unref();
        }
        while (!fs.existsSync("beat.txt")) await new Promise((resolve) => setTimeout(resolve, 20));
        await new Promise((resolve) => setTimeout(resolve, 300));
        console.log("left", fs.statSync("beat.txt").size); process.exit(0);`);
      const run = await attempt(sandbox, { files: [...files, { path: "beat.mjs", content: beat }], command });
      const size = async () => (await sandbox.get(["beat.txt"], 1_000_000))[0]?.content.length ?? -1;
      const before = await size();
      await sleep(300);
      const alive = before <= 0 || (await size()) !== before ? ["a process that lives on"] : [];
      return { got: [...gotOf(run, around), ...alive], refusal: refusalOf(run) };
    },
  },
  {
    name: "signals everybody, the supervisor and the server",
    refusal: /NOT kill .*EPERM/s,
    program: ({ serverPid, alone }) =>
      node(
        `for (const signal of ["SIGKILL", "SIGSTOP", "SIGTERM", "SIGUSR1", "SIGSEGV", 0])
           for (const pid of [values.serverPid, process.ppid, -values.serverPid, -process.ppid])
             await attempt("kill " + pid + " " + signal, () => { if (Math.abs(pid) === 1 && pid < 0) throw new Error("EPERM"); process.kill(pid, signal); });
         if (values.alone) process.kill(-1, "SIGKILL");
         console.log("NOT kill everybody");`,
        { serverPid, alone },
      ),
  },
  {
    name: "has the kernel signal the server and the supervisor, as owners of a pipe on which something comes",
    python: true,
    // Where Landlock keeps signals in, all of it may be asked for and nothing comes of it.
    refusal: /NOT owner of a pipe/,
    program: ({ serverPid }) =>
      python(
        `import fcntl
def own(pid):
    read, write = os.pipe()
    fcntl.fcntl(read, fcntl.F_SETOWN, pid)
    fcntl.fcntl(read, 10, signal.SIGKILL)
    fcntl.fcntl(read, fcntl.F_SETFL, fcntl.fcntl(read, fcntl.F_GETFL) | os.O_ASYNC)
    os.write(write, b"x")
for pid in [values["serverPid"], os.getppid(), -values["serverPid"]]:
    try:
        own(pid)
        print("NOT owner of a pipe: asked for")
    except OSError as error: print("NOT owner of a pipe", errno.errorcode.get(error.errno))
time.sleep(0.3)`,
        { serverPid },
      ),
  },
  {
    name: "takes limits, processors or priority from the server",
    python: true,
    refusal: /NOT prlimit EPERM.*NOT affinity EPERM.*NOT nice of the user EPERM/s,
    program: ({ serverPid }) =>
      python(
        `none = (ctypes.c_ulong * 2)(0, 0)
for pid in [values["serverPid"], os.getppid()]:
    call("prlimit", (302, 261), pid, 7, ctypes.byref(none), 0)
    call("affinity", (203, 122), pid, 8, ctypes.byref(ctypes.c_ulong(1)))
    call("scheduler", (144, 119), pid, 5, ctypes.byref(ctypes.c_int(0)))
    call("nice", (141, 140), 0, pid, 19)
    call("io priority", (251, 30), 1, pid, 0)
call("nice of the user", (141, 140), 2, 0, 19)
call("nice of the group", (141, 140), 1, 0, 19)
call("io priority of the user", (251, 30), 3, 0, 0)`,
        { serverPid },
      ),
  },
];

const KERNEL: Attack[] = [
  {
    name: "asks the kernel for another world: namespaces, mounts, keys, bpf, io_uring, userfaultfd, memory without a file",
    python: true,
    refusal: /NOT unshare EPERM.*NOT clone with namespaces EPERM.*NOT clone3 ENOSYS.*NOT io_uring EPERM/s,
    program: () =>
      python(`path, buffer = ctypes.c_char_p(b"."), ctypes.create_string_buffer(256)
for flag in [0x10000000, 0x00020000, 0x40000000, 0x20000000, 0x08000000, 0x04000000, 0x02000000]:
    call("unshare", (272, 97), flag)
    call("clone with namespaces", (56, 220), flag | 17, 0, 0, 0, 0)
call("clone3", (435, 435), buffer, 88)
call("setns", (308, 268), 0, 0)
for name, number in {"mount": (165, 40), "umount": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51)}.items(): call(name, number, path, path, 0, 0, 0)
for name, number in {"open_tree": 428, "move_mount": 429, "fsopen": 430, "fsmount": 432, "mount_setattr": 442, "open_tree_attr": 467}.items(): call(name, (number, number), path, path, 0, 0, 0)
call("keyctl", (250, 219), 0, -3, 1)
call("add_key", (248, 217), path, path, buffer, 1, -3)
call("bpf", (321, 280), 0, buffer, 64)
call("userfaultfd", (323, 282), 0)
call("perf", (298, 241), buffer, 0, -1, -1, 0)
call("memfd", (319, 279), path, 0)
call("memfd_secret", (447, 447), 0)
call("shm", (29, 194), 0, 4096, 0o1600)
call("message queue", (68, 186), 0, 0o1600)
call("semaphore", (64, 190), 0, 1, 0o1600)
call("mq_open", (240, 180), path, 0o100, 0o600, 0)
call("handle", (303, 264), -100, path, buffer, buffer, 0)
call("by handle", (304, 265), -100, buffer, 0)
call("kexec", (246, 104), 0, 0, 0, 0)
call("io_uring", (425, 425), 8, buffer)
call("process_madvise", (440, 440), 0, buffer, 1, 4, 0)`),
  },
  {
    name: "calls the kernel as a 32-bit program, to which the filter's numbers mean nothing",
    python: true,
    refusal: /^ended by itself \((SIGSYS|SIGSEGV|SIGBUS|SIGILL)\)\ntrying/,
    program: () =>
      python(`print("trying", flush=True)
if ARM: os.kill(os.getpid(), signal.SIGSYS)
# socketcall(SYS_SOCKET, [AF_INET, SOCK_STREAM, 0]) by int 0x80
page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
page.write(bytes.fromhex("b814000000cd80c3"))
ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()
print("GOT a 32-bit call")`),
  },
  {
    name: "calls the kernel by the numbers of x32",
    python: true,
    refusal: /^ended by itself \(SIGSYS\)\ntrying/,
    program: () =>
      python(`print("trying", flush=True)
if ARM: os.kill(os.getpid(), signal.SIGSYS)
call("x32", (0x40000000 | 41, 0), 2, 1, 0)`),
  },
];

const DISK: Attack[] = [
  bounded(
    "fills the disk",
    "disk",
    node(`const block = Buffer.alloc(8 << 20, 1); for (let file = 0; ; file++) fs.writeFileSync("big" + file, block);`),
  ),
  bounded(
    "fills the disk with files that are deleted while they are open",
    "disk",
    node(`const block = Buffer.alloc(8 << 20, 1);
      for (let file = 0; ; file++) { const fd = fs.openSync("gone", "w"); fs.unlinkSync("gone"); for (let part = 0; part < 4; part++) fs.writeSync(fd, block); }`),
  ),
  bounded(
    "makes a million small files",
    "disk",
    node(
      `for (let file = 0; file < 1_000_000; file++) { if (file % 1000 === 0) fs.mkdirSync("d" + file / 1000); fs.writeFileSync("d" + Math.floor(file / 1000) + "/" + file, ""); }`,
    ),
  ),
  {
    name: "makes a sparse file of a terabyte, and has one read that fits",
    refusal: /NOT terabyte EFBIG.*sparse/s,
    play: async (sandbox, around) => {
      const program =
        node(`fs.writeFileSync("huge", ""); await attempt("terabyte", () => fs.truncateSync("huge", 2 ** 40));
        fs.writeFileSync("sparse", ""); fs.truncateSync("sparse", 60 << 20); console.log("sparse");`);
      const run = await attempt(sandbox, program);
      const files = await sandbox.get(["huge", "sparse"], 1 << 20);
      const large = files.filter(({ content }) => content.length > 0).map(({ path }) => path);
      return { got: [...gotOf(run, around), ...large], refusal: refusalOf(run) };
    },
  },
  {
    name: "leaves what cannot be removed: closed folders, a nest of thousands, odd names, pipes, sockets, loops",
    refusal: /left/,
    play: async (sandbox, around) => {
      const run = await attempt(
        sandbox,
        node(`
        for (const name of ["closed", "closed/inner"]) { fs.mkdirSync(name); fs.writeFileSync(name + "/file", "x"); }
        fs.symlinkSync("loop", "loop"); fs.writeFileSync(Buffer.from([255, 254, 10, 92]), "x"); fs.writeFileSync("moved-1", "x"); fs.mkdirSync("moved-2");
        fs.writeFileSync("-rf", "x"); fs.writeFileSync("n".repeat(255), "x");
        spawnSync("mkfifo", ["pipe"]); spawnSync("python3", ["-c", "import os; os.path.exists('pipe') or os.mkfifo('pipe')"]);
        await new Promise((resolve) => net.createServer().listen("sock", resolve));
        const start = process.cwd(); for (let depth = 0; depth < 4000; depth++) { fs.mkdirSync("deeper"); process.chdir("deeper"); }
        fs.writeFileSync("bottom", "x"); process.chdir(start);
        fs.chmodSync("closed/inner", 0); fs.chmodSync("closed", 0); fs.chmodSync(".", 0);
        console.log("left"); process.exit(0);`),
      );
      const files = await sandbox.get(["pipe", "sock", "loop", "closed/file"], 1000).catch(() => []);
      await sandbox.put([{ path: "mine.txt", content: "x" }]);
      const { stdout } = await sandbox.run(
        commandOf({
          argv: ["node", "-e", `console.log(fs.readdirSync(".").join(), fs.readdirSync(process.env.TMPDIR).join())`],
        }),
      );
      const left = stdout.trim() === "mine.txt" ? [] : [stdout];
      return { got: [...gotOf(run, around), ...files.map(({ path }) => path), ...left], refusal: refusalOf(run) };
    },
  },
];

const FLOODS: Attack[] = [
  bounded(
    "prints without end",
    "output",
    node(`const line = "x".repeat(65536) + "\\n"; for (;;) fs.writeSync(1, line);`),
  ),
  bounded(
    "complains without end",
    "output",
    node(`const line = "x".repeat(65536) + "\\n"; for (;;) fs.writeSync(2, line);`),
  ),
  bounded("spins without end", "time", timed(node(`for (;;);`), 1500)),
  {
    name: "takes memory without end, alone",
    refusal: /^ended by (memory|itself \((SIG\w+|[1-9]\d*)\))/,
    program: () => node(`const kept = []; for (;;) kept.push(Buffer.alloc(16 << 20, 1));`),
  },
  bounded(
    "takes memory without end, by many together",
    "memory",
    node(`for (let each = 0; each < 12; each++)
        spawn(process.execPath, ["-e", "const kept = []; for (let part = 0; part < 12; part++) kept.push(Buffer.alloc(16 << 20, 1)); setTimeout(() => {}, 60_000)"], { stdio: "ignore" });
      setTimeout(() => {}, 60_000);`),
  ),
];

export const TAKING: readonly Attack[] = [...PROCESSES, ...KERNEL, ...DISK, ...FLOODS];
