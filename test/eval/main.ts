/**
 * `npm run eval -- humaneval --endpoint URL [--sample 40 --seed 1]`: how good the agent is with a real model, and whether
 * its word can be relied on. It goes on where an earlier run of the same record ended.
 */
import { parseArgs } from "node:util";
import { evaluate } from "./evaluation.ts";
import { DATA } from "./humaneval.ts";
import { EVALUATION_OPTIONS, evaluationOf } from "./options.ts";
import { Refused } from "./record.ts";
import { summaryOf } from "./summary.ts";

const USAGE = `npm run eval -- humaneval --endpoint URL [options]
  --endpoint URL      an OpenAI-compatible endpoint, up to and with /v1
  --model NAME        which of its models (default: default)
  --sample N          so many of the 164 problems, drawn by --seed (default: all)
  --seed N            (default: 1)
  --results FILE      the record, a line a problem; what is in it is not run again, and what was made by another model, by
                      other settings or by another version of the agent is refused (default: humaneval-results.jsonl)
  --mixed             put results of several versions of the agent together; the summary says so
  --data FILE         HumanEval.jsonl or .jsonl.gz (default: ${DATA})
  --download          fetch the data first where it is not there
  --steps FOLDER      every prompt and answer, a file a problem
  --parallel N        problems at a time (default: 1); seconds are then those of a model that others ask as well
  --context N         tokens of the model's context (default: 8192)
  The key, where the endpoint wants one, is read from the variable MODEL_API_KEY.`;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: EVALUATION_OPTIONS });
  if (positionals[0] !== "humaneval" || values.endpoint === undefined) {
    console.error(USAGE);
    return 2;
  }
  try {
    console.log(summaryOf(await evaluate({ ...evaluationOf(values), say: console.log })));
    return 0;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    console.error(`eval: ${error.message}`);
    return 1;
  }
}

process.exit(await main());
