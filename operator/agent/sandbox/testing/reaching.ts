/** To reach somebody: over a network, by a socket of this machine, or through the service that is asked. */
import { type Attack, attempt, commandOf, gotOf, node, python, refusalOf } from "./attack.ts";

const NETWORKS: Attack[] = [
  {
    name: "reaches a server, by IPv4 and IPv6, by name and by address",
    control: true,
    refusal: /NOT [\d.:]+ EPERM/,
    program: ({ addresses }) =>
      node(
        `for (const { host, port } of values.addresses) await attempt(host + ":" + port, () => connect({ host, port }));
         await attempt("dns", async () => (await (await import("node:dns/promises")).resolve4("example.com")));
         await attempt("lookup", async () => (await (await import("node:dns/promises")).lookup("kubernetes.default.svc")).address);
         await attempt("fetch", () => fetch("http://" + values.addresses[0].host + ":" + values.addresses[0].port));
         await attempt("udp", () => new Promise((resolve, reject) => import("node:dgram").then(({ createSocket }) => {
           const socket = createSocket("udp4"); socket.on("error", reject);
           socket.send("x", values.addresses[0].port, "127.0.0.1", (error) => { socket.close(); error ? reject(error) : resolve("sent"); });
         })));
         await attempt("listen", () => new Promise((resolve, reject) => { const server = net.createServer().on("error", reject).listen(0, () => { resolve("listening"); server.close(); }); }));
         process.exit();`,
        { addresses },
      ),
  },
  {
    name: "opens a socket of any family but unix: netlink, packet, vsock, all of them",
    control: true,
    python: true,
    refusal: /NOT family 2 EPERM.*NOT family 16 EPERM.*NOT family 17 EPERM.*NOT family 40 EPERM/s,
    program: () =>
      python(`for family in [each for each in range(0, 60) if each != socket.AF_UNIX]:
    for kind in [1, 3] if family in (16, 17) else [1]: call("family %d" % family, (41, 198), family, kind, 0)
    call("pair %d" % family, (53, 199), family, 1, 0, 0)
# The kernel sees 32 bits of it.
call("family by its upper half", (41, 198), ctypes.c_long((1 << 32) | 2), 1, 0)`),
  },
  {
    name: "calls an abstract unix socket",
    control: true,
    refusal: /NOT abstract EPERM/,
    program: ({ abstractSocket }) =>
      node(`await attempt("abstract", () => connect("\\0" + values.abstractSocket));`, { abstractSocket }),
  },
  {
    name: "replaces the socket, or calls it",
    refusal: /NOT call ENOENT.*NOT listen EACCES/s,
    program: ({ socketPath }) =>
      node(
        `await attempt("call", () => connect(values.socketPath));
         await attempt("listen", () => new Promise((resolve, reject) => net.createServer().on("error", reject).listen(values.socketPath, () => resolve("listening"))));
         await attempt("link", () => fs.symlinkSync("x", values.socketPath));
         await attempt("folder", () => fs.renameSync(values.socketPath.replace(/[/][^/]+$/, ""), "mine"));`,
        { socketPath },
      ),
  },
];

const SERVICES: Attack[] = [
  {
    name: "has the server call another socket than its own",
    refusal: /linked/,
    play: async (sandbox, around) => {
      const { files, command } = node(
        `fs.symlinkSync(values.pathSocket, process.env.LISTEN_SOCKET); console.log("linked"); setTimeout(() => {}, 60_000);`,
        around,
      );
      await sandbox.put(files);
      const { results, run } = await sandbox.serve(commandOf({ ...command, timeoutMilliseconds: 2000 }), [
        { method: "GET", path: "/" },
      ]);
      const got = results.filter((each) => !("error" in each)).map((each) => JSON.stringify(each));
      return { got: [...gotOf(run, around), ...got], refusal: refusalOf(run) };
    },
  },
  {
    name: "answers a call without end, slowly, or not at all",
    refusal: /longer than.*ended/s,
    play: async (sandbox, around) => {
      const { files } = node("");
      const service = `import http from "node:http"; http.createServer((asked, answer) => {
        if (asked.url === "/endless") { const more = () => { while (answer.write("x".repeat(65536))); answer.once("drain", more); }; more(); }
        if (asked.url === "/slow") setInterval(() => answer.write("x"), 100);
      }).listen(process.env.LISTEN_SOCKET);`;
      await sandbox.put([...files, { path: "service.mjs", content: service }]);
      const command = commandOf({ argv: ["node", "service.mjs"], timeoutMilliseconds: 3000 });
      const paths = ["/endless", "/slow", "/never"];
      const { results, run } = await sandbox.serve(
        command,
        paths.map((path) => ({ method: "GET", path })),
      );
      const got = results.filter((each) => !("error" in each)).map((each) => JSON.stringify(each));
      return { got: [...gotOf(run, around), ...got], refusal: JSON.stringify(results) };
    },
  },
];

/** Files and settings by which one run, or whoever wrote its files, would have another do something. */
const LEFTOVERS: Attack[] = [
  {
    name: "leaves settings behind that a later run obeys: .npmrc, sitecustomize.py, conftest.py, packages, a home",
    refusal: /left.*clean/s,
    play: async (sandbox, around) => {
      const leaving = node(`
        const evil = 'console.log("GOT by a leftover")', evilPy = 'print("GOT by a leftover")';
        for (const folder of [".", os.homedir(), os.tmpdir(), os.homedir() + "/.local/lib/python3.11/site-packages", "node_modules/zod", "node_modules/left"]) {
          fs.mkdirSync(folder, { recursive: true });
          for (const name of ["sitecustomize.py", "usercustomize.py", "conftest.py", "json.py"]) fs.writeFileSync(folder + "/" + name, evilPy);
          for (const name of [".npmrc", ".node_repl_history"]) fs.writeFileSync(folder + "/" + name, "node-options=--require ./evil.cjs");
          for (const name of ["index.js", "evil.cjs", "preload.so"]) fs.writeFileSync(folder + "/" + name, evil);
          fs.writeFileSync(folder + "/package.json", '{"main":"index.js"}');
        }
        console.log("left");`);
      const left = await attempt(sandbox, leaving);
      const { files, command } = node(`
        const seen = [fs.readdirSync("."), fs.readdirSync(os.homedir()), fs.readdirSync(os.tmpdir())].flat();
        console.log(seen.filter((name) => name !== "attack.mjs").map((name) => "GOT " + name).join("\\n"));
        for (const name of ["NODE_OPTIONS", "LD_PRELOAD", "PYTHONSTARTUP", "NODE_PATH"]) if (process.env[name]) console.log("GOT", name);
        await import("left").then(() => console.log("GOT a package"), () => console.log("clean"));
        const py = spawnSync("python3", ["-c", "import json"]); console.log(String(py.stdout));`);
      await sandbox.put(files);
      const runs = [
        await sandbox.run(commandOf({ ...command, readOnly: true })),
        await sandbox.run(commandOf(command)),
      ];
      return {
        got: runs.flatMap((run) => gotOf(run, around)),
        refusal: [left, ...runs].map(refusalOf).join("\n"),
      };
    },
  },
  {
    name: "gets out by what a runtime is told by its environment: NODE_OPTIONS, LD_PRELOAD, PYTHON*",
    refusal: /evil ran.*NOT token EACCES/s,
    play: async (sandbox, around) => {
      const evil = `console.log("evil ran"); try { console.log("GOT", require("fs").readFileSync(${JSON.stringify(around.tokenPath)}, "utf8")); } catch (error) { console.log("NOT token", error.code); }`;
      await sandbox.put([
        { path: "evil.cjs", content: evil },
        { path: "evil.so", content: "no library" },
        { path: "sitecustomize.py", content: `print(open(${JSON.stringify(around.tokenPath)}).read())` },
      ]);
      const env = {
        NODE_OPTIONS: "--require ./evil.cjs",
        LD_PRELOAD: "./evil.so",
        LD_LIBRARY_PATH: ".",
        PATH: ".:/bin",
      };
      const node = await sandbox.run(commandOf({ argv: ["node", "-e", "0"], env: { ...env, PATH: "" } }));
      const found = await sandbox.run(
        commandOf({ argv: ["node", "-e", "0"], env: { NODE_OPTIONS: env.NODE_OPTIONS } }),
      );
      const python = await sandbox.run(commandOf({ argv: ["python3", "-c", "0"], env: { PYTHONPATH: "." } }));
      return {
        got: [node, found, python].flatMap((run) => gotOf(run, around)),
        refusal: [node, found, python].map(refusalOf).join("\n"),
      };
    },
  },
  {
    name: "reaches out from a conftest.py, before any test",
    python: true,
    refusal: /conftest ran.*NOT token EACCES.*NOT network EPERM/s,
    program: ({ tokenPath, addresses: [address] }) => {
      const { files } = python(
        `print("conftest ran")
attempt("token", lambda: open(values["tokenPath"]).read())
attempt("network", lambda: socket.create_connection((values["host"], values["port"]), 2))`,
        { tokenPath, ...address },
      );
      const [conftest] = files.map(({ content }) => ({ path: "conftest.py", content }));
      const test = { path: "test_x.py", content: "import conftest\ndef test_x(): pass\n" };
      // Pytest where it is, else the import that pytest would make.
      const argv = [
        "python3",
        "-c",
        "import sys; sys.path.insert(0, '.')\ntry:\n import pytest; pytest.main(['-s', '-q'])\nexcept ImportError: import test_x",
      ];
      return { files: [...(conftest ? [conftest] : []), test], command: { argv } };
    },
  },
];

export const REACHING: readonly Attack[] = [...NETWORKS, ...SERVICES, ...LEFTOVERS];
