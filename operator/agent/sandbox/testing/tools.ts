/** What generated code is checked, tested and run with: that the fences leave it standing. */
import type { Program } from "./attack.ts";

export type Tool = Program & { name: string; python?: true; stdout: RegExp };

const TSCONFIG = JSON.stringify({
  compilerOptions: {
    strict: true,
    noEmit: true,
    module: "nodenext",
    target: "es2024",
    types: ["node"],
    skipLibCheck: true,
  },
});

const SERVICE_PY = `from fastapi import FastAPI
from pydantic import BaseModel
class Sum(BaseModel):
    a: int
    b: int
app = FastAPI()
@app.post("/sum")
def total(body: Sum): return {"total": body.a + body.b}
`;

export const TOOLS: readonly Tool[] = [
  {
    name: "Node runs TypeScript as it is, with fastify and zod",
    files: [
      {
        path: "src/app.ts",
        content: `import fastify from "fastify"; import { z } from "zod";
const app = fastify(); app.get("/", async (): Promise<object> => ({ total: z.int().parse(3) }));
console.log((await app.inject("/")).body);`,
      },
    ],
    command: { argv: ["node", "src/app.ts"] },
    stdout: /^\{"total":3\}$/m,
  },
  {
    name: "tsc checks types, those of the packages too",
    files: [
      { path: "tsconfig.json", content: TSCONFIG },
      { path: "package.json", content: `{"type":"module"}` },
      {
        path: "wrong.ts",
        content: `import fs from "node:fs"; import fastify from "fastify"; import { z } from "zod";
const wrong: number = z.string().parse(fs.readFileSync("x", "utf8")); const app: number = fastify(); console.log(wrong, app);`,
      },
    ],
    command: { argv: ["tsc", "-p", "tsconfig.json"] },
    stdout: /wrong\.ts\(2,7\): error TS2322: Type 'string'.*wrong\.ts\(2,\d+\): error TS2322: Type 'FastifyInstance/s,
  },
  {
    name: "Node's test runner runs several files and measures coverage",
    files: [
      { path: "add.ts", content: "export const add = (a: number, b: number): number => a + b;" },
      ...["one", "two", "three"].map((name) => ({
        path: `${name}.test.ts`,
        content: `import test from "node:test"; import { add } from "./add.ts"; import assert from "node:assert"; test("${name}", () => assert.equal(add(1, 2), 3));`,
      })),
    ],
    command: { argv: ["node", "--test", "--experimental-test-coverage"] },
    stdout: /pass 3.*add\.ts\s*\|\s*100\.00/s,
  },
  {
    name: "a program starts others and hears of them, by a shell too",
    files: [
      {
        path: "parent.mjs",
        content: `import { execSync, fork } from "node:child_process"; import { Worker, isMainThread } from "node:worker_threads";
if (process.argv[2] === "child") process.send("from a child"); else {
console.log(execSync("echo by a shell").toString());
fork("parent.mjs", ["child"]).on("message", (text) => console.log(text));
new Worker("require('node:worker_threads').parentPort.postMessage('from a thread')", { eval: true }).on("message", (text) => console.log(text)); }`,
      },
    ],
    command: { argv: ["node", "parent.mjs"] },
    stdout: /by a shell.*from a (child|thread)\nfrom a (child|thread)/s,
  },
  {
    name: "pytest tests a service of FastAPI, with coverage",
    python: true,
    files: [
      { path: "service.py", content: SERVICE_PY },
      {
        path: "test_service.py",
        content: `from fastapi.testclient import TestClient
from service import app
def test_total(): assert TestClient(app).post("/sum", json={"a": 1, "b": 2}).json() == {"total": 3}
`,
      },
    ],
    command: {
      argv: ["python3", "-m", "coverage", "run", "--source=.", "-m", "pytest", "-q", "-p", "no:cacheprovider"],
    },
    stdout: /1 passed/,
  },
];

/** Services, by the command that starts each. */
export const SERVICES: readonly Tool[] = [
  {
    name: "a service of fastify answers on its socket",
    files: [
      {
        path: "start.ts",
        content: `import fastify from "fastify"; const app = fastify(); app.post("/sum", async (asked) => asked.body); await app.listen({ path: process.env.LISTEN_SOCKET });`,
      },
    ],
    command: { argv: ["node", "start.ts"] },
    stdout: /"a":1/,
  },
  {
    name: "a service of FastAPI answers on its socket",
    python: true,
    files: [
      { path: "service.py", content: SERVICE_PY },
      {
        path: "start.py",
        content: `import os, uvicorn\nuvicorn.run("service:app", uds=os.environ["LISTEN_SOCKET"], log_level="warning")\n`,
      },
    ],
    command: { argv: ["python3", "start.py"] },
    stdout: /"total":3/,
  },
];
