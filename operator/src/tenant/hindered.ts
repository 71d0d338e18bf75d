import type { Decision } from "@leanvibe/runtime";
import { TENANT } from "@leanvibe/schema";

/** So many are told, each in so many characters; the first ones say what is wrong. */
const TOLD_AT_MOST = 3;
const LENGTH_AT_MOST = 300;

/** The same decision, its condition Suspended saying what the API server would not let us stop or bring back. */
export function hindered(decision: Decision, refusals: readonly string[]): Decision {
  const said = TENANT.status.safeParse(decision.status);
  if (!said.success) return decision;
  const told = refusals
    .toSorted()
    .slice(0, TOLD_AT_MOST)
    .map((refusal) => refusal.slice(0, LENGTH_AT_MOST));
  const more = refusals.length > TOLD_AT_MOST ? ` and ${refusals.length - TOLD_AT_MOST} more` : "";
  const hindrance = ` Refused by the API server, tried again every 10 s: ${told.join("; ")}${more}.`;
  const conditions = (said.data.conditions ?? []).map((condition) => {
    if (condition.type !== "Suspended") return condition;
    const rest = condition.reason === "Resuming" ? "" : " Pods are ended all the same.";
    return { ...condition, message: condition.message + hindrance + rest };
  });
  return { ...decision, status: { ...decision.status, conditions } };
}
