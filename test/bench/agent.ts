import { type Evaluation, evaluate } from "../eval/evaluation.ts";
import { type Figures, figuresOf, isScripted, summaryOf } from "../eval/summary.ts";
import { atLeast, type Bar, type Outcome, spreadOf } from "./figures.ts";

/** The agent beside the model that it asks, on the same problems, by hidden tests that neither was shown. */
export async function agent(evaluation: Evaluation): Promise<Outcome> {
  const attempts = await evaluate(evaluation);
  evaluation.say(summaryOf(attempts));
  return outcomeOf(figuresOf(attempts));
}

/** One run is one figure: its ratio has no range. A scripted model's figures are judged by no bar. */
export function outcomeOf(figures: Figures): Outcome {
  const { problems, solved, bareSolved, saidSucceeded, rightlySucceeded, gained, lost } = figures;
  const ratio = solved / bareSolved;
  return {
    name: "agent",
    ours: {
      solved,
      tokensPerSolved: figures.tokens / solved,
      seconds: figures.seconds,
      precision: rightlySucceeded / saidSucceeded,
      versions: figures.agents,
    },
    peer: {
      models: figures.models,
      solved: bareSolved,
      tokensPerSolved: figures.bareTokens / bareSolved,
      seconds: figures.bareSeconds,
    },
    ratio: spreadOf([ratio]),
    counts: { problems, solved, bareSolved, gained, lost, saidSucceeded, rightlySucceeded },
    bars: isScripted(figures) ? [] : barsOf(ratio, (100 * rightlySucceeded) / saidSucceeded),
  };
}

function barsOf(ratio: number, precision: number): Bar[] {
  return [
    atLeast("problems solved, of those that the same model solves when asked once", ratio, 1.1),
    atLeast("% of the runs called Succeeded that pass the hidden tests", precision, 90),
  ];
}
