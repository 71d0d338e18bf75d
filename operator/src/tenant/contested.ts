import { type ConditionDraft, conditionsFrom, type Decision, eventsOfTransitions } from "@leanvibe/runtime";
import { TENANT, type Tenant, type TenantConditionType } from "@leanvibe/schema";

/** So many are named; whoever fights over more has the same thing to do. */
const NAMED_AT_MOST = 5;

/** The same decision, saying that somebody else keeps changing what the operator keeps; absent when nobody does. */
export function contested(decision: Decision, names: readonly string[], tenant: Tenant, now: Date): Decision {
  const type: TenantConditionType = "Contested";
  const more = names.length > NAMED_AT_MOST ? ` and ${names.length - NAMED_AT_MOST} more` : "";
  const said = TENANT.status.safeParse(decision.status);
  if (!said.success) return decision;
  const conditions = said.data.conditions ?? [];
  // A suspended Tenant may have somebody who starts its workloads, too.
  const also = conditions.find((condition) => condition.type === type);
  const draft: ConditionDraft = {
    type,
    status: "True",
    reason: "ChangedByAnother",
    message: `Somebody else keeps changing or deleting ${names.toSorted().slice(0, NAMED_AT_MOST).join(", ")}${more}; each is put back at most every 10 s. Find who (kubectl get KIND NAME -o yaml --show-managed-fields) and stop it, or say in the Tenant's spec what should be.${also === undefined ? "" : ` ${also.message}`}`,
  };
  const previous = tenant.status?.conditions ?? [];
  const [condition] = conditionsFrom(previous, [draft], { generation: tenant.metadata.generation ?? 0, now });
  if (condition === undefined) return decision;
  const others = conditions.filter((other) => other.type !== type);
  return {
    ...decision,
    status: { ...decision.status, conditions: [...others, condition] },
    events: [...decision.events, ...eventsOfTransitions(previous, [condition], [type])],
  };
}
