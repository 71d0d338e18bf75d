import { DATA } from "./humaneval.ts";
import { Refused } from "./record.ts";

/** The options of an evaluation, as node:util's parseArgs takes them; `npm run bench -- agent` has the same. */
export const EVALUATION_OPTIONS = {
  endpoint: { type: "string" },
  model: { type: "string", default: "default" },
  sample: { type: "string" },
  seed: { type: "string", default: "1" },
  results: { type: "string", default: "humaneval-results.jsonl" },
  data: { type: "string", default: DATA },
  download: { type: "boolean", default: false },
  context: { type: "string", default: "8192" },
  mixed: { type: "boolean", default: false },
  steps: { type: "string" },
  parallel: { type: "string", default: "1" },
} as const;

type Values = {
  endpoint?: string;
  model: string;
  sample?: string;
  seed: string;
  results: string;
  data: string;
  download: boolean;
  context: string;
  mixed: boolean;
  steps?: string;
  parallel: string;
};

/** @throws Refused for what is no number, or without an endpoint. */
export function evaluationOf(values: Values) {
  const { endpoint: url, model, results, data, mixed, steps } = values;
  if (url === undefined) throw new Refused("--endpoint names the model's endpoint, up to and with /v1");
  if (!URL.canParse(url)) throw new Refused(`--endpoint ${url} is no URL`);
  const token = process.env["MODEL_API_KEY"];
  return {
    endpoint: { url, model, token, contextTokens: whole("context", values.context, 512) },
    sample: values.sample === undefined ? undefined : whole("sample", values.sample, 1),
    seed: whole("seed", values.seed, 0),
    results,
    data,
    download: values.download,
    mixed,
    steps,
    parallel: whole("parallel", values.parallel, 1),
  };
}

function whole(name: string, text: string, least: number): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isInteger(value) && value >= least) return value;
  throw new Refused(`--${name} ${text} is no whole number from ${least} on`);
}
