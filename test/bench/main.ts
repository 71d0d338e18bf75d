/** `npm run bench -- NAME [--json]`: one benchmark. Its figures are ratios of what was run in turn; no test runs one. */
import { availableParallelism, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { bundleOperator } from "../../cli/src/operator.ts";
import { EVALUATION_OPTIONS, evaluationOf } from "../eval/options.ts";
import { Refused } from "../eval/record.ts";
import { agent } from "./agent.ts";
import { login } from "./api/login.ts";
import { projects } from "./api/projects.ts";
import { failover } from "./failover.ts";
import { fanout } from "./fanout.ts";
import type { Outcome } from "./figures.ts";
import { memory } from "./memory.ts";
import { resync } from "./resync.ts";
import { start } from "./start.ts";
import { sweep } from "./sweep.ts";
import { tenants } from "./tenants.ts";

const OPTIONS = {
  json: { type: "boolean", default: false },
  // Small, for who works on it. The bars are judged with --tenants 1000 --pairs 5.
  tenants: { type: "string", default: "200" },
  pairs: { type: "string", default: "2" },
  // Of fanout; judged with --tasks 5000.
  tasks: { type: "string", default: "500" },
  // The fastest of a sweep, on two cores.
  writers: { type: "string", default: "32" },
  workers: { type: "string", default: "32" },
  quiet: { type: "string", default: "150" },
  seconds: { type: "string", default: "5" },
  fills: { type: "string", default: "2" },
  at: { type: "string", default: "1,4,8,16,32,64" },
} as const;
const { values, positionals } = parseArgs({ allowPositionals: true, options: { ...OPTIONS, ...EVALUATION_OPTIONS } });

const say = (line: string) => void process.stdout.write(`${line}\n`);
const [count, pairs] = [Number(values.tenants), Number(values.pairs)];
const [writers, workers] = [Number(values.writers), Number(values.workers)];
const [quietSeconds, fills, seconds] = [Number(values.quiet), Number(values.fills), Number(values.seconds)];

const BENCHMARKS: Record<string, () => Promise<Outcome>> = {
  tenants: () => tenants({ tenants: count, pairs, writers, workers, say }),
  resync: () => resync({ tenants: count, pairs, workers, say }),
  memory: () => memory({ tenants: count, workers, quietSeconds, fills, say }),
  fanout: () => fanout({ tasks: Number(values.tasks), pairs, writers, say }),
  failover: () => failover({ pairs, say }),
  projects: () => projects({ pairs, seconds, say }),
  login: () => login({ pairs, seconds, say }),
  start: () => start({ pairs, say }),
  // Judged with --sample 40 --seed 1.
  agent: async () => agent({ ...evaluationOf(values), say }),
  sweep: () => sweep({ tenants: count, at: values.at.split(",").map(Number), say }),
};

const [name = ""] = positionals;
const benchmark = BENCHMARKS[name];
if (benchmark === undefined) {
  const names = Object.keys(BENCHMARKS).join(", ");
  process.stderr.write(`bench: name one of ${names}; for example npm run bench -- tenants --json\n`);
  process.exit(2);
}
// What ships is what is measured; of the agent it is its loop.
if (name !== "agent") await bundleOperator();
const shown = Object.entries(values).filter(([option]) => option in (name === "agent" ? EVALUATION_OPTIONS : OPTIONS));
const machine = `Node ${process.version}, ${availableParallelism()} cores, load ${loadavg()[0]}`;
say(`${name} ${JSON.stringify(Object.fromEntries(shown))}; ${machine}`);
const outcome = await benchmark().catch(refused);
for (const { name: bar, value, limit, holds } of outcome.bars) {
  say(`${holds ? "holds" : "FAILS"}  ${bar}: ${value} (${limit})`);
}
if (values.json) say(JSON.stringify(outcome));

function refused(error: unknown): never {
  if (!(error instanceof Refused)) throw error;
  process.stderr.write(`bench: ${error.message}\n`);
  process.exit(2);
}
