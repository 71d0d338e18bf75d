/** metav1.Condition, KEP-1623. */
export type Condition = {
  type: string;
  status: "True" | "False" | "Unknown";
  reason: string;
  message: string;
  lastTransitionTime: string;
  observedGeneration?: number | undefined;
};

/** What a controller has to say; the rest follows from what was said before. */
export type ConditionDraft = Pick<Condition, "type" | "status" | "reason" | "message">;

/** An Event to tell about an object: the reason is CamelCase, the message a sentence. */
export type EventDraft = { type: "Normal" | "Warning"; reason: string; message: string };

/**
 * The conditions to write: lastTransitionTime moves only where the status did, so an unchanged object stays equal to
 * the byte and costs no write.
 */
export function conditionsFrom(
  previous: readonly Condition[],
  drafts: readonly ConditionDraft[],
  at: { generation: number; now: Date },
): Condition[] {
  return drafts.map((draft) => {
    const before = previous.find((condition) => condition.type === draft.type);
    const unmoved = before !== undefined && before.status === draft.status;
    return {
      ...draft,
      lastTransitionTime: unmoved ? before.lastTransitionTime : secondsPrecision(at.now),
      observedGeneration: at.generation,
    };
  });
}

/**
 * One Event per condition whose status or reason moved; Unknown is no news. `badWhenTrue` names the conditions whose True
 * is the bad news.
 */
export function eventsOfTransitions(
  previous: readonly Condition[],
  next: readonly Condition[],
  badWhenTrue: readonly string[] = [],
): EventDraft[] {
  return next.flatMap((condition): EventDraft[] => {
    const before = previous.find(({ type }) => type === condition.type);
    if (before?.status === condition.status && before.reason === condition.reason) return [];
    if (condition.status === "Unknown") return [];
    const bad = badWhenTrue.includes(condition.type) ? "True" : "False";
    const type = condition.status === bad ? "Warning" : "Normal";
    return [{ type, reason: condition.reason, message: condition.message }];
  });
}

/** metav1.Time has whole seconds; milliseconds would come back different from what was sent. */
export function secondsPrecision(time: Date): string {
  return `${time.toISOString().slice(0, 19)}Z`;
}
