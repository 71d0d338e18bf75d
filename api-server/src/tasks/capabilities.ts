/** What agents are said to be able to do: nothing but these words, whatever an agent calls what it did. */
export const CAPABILITIES = [
  "task_analysis",
  "architecture_design",
  "code_generation",
  "test_creation",
  "debugging",
  "validation",
  "documentation",
  "deployment",
] as const;

export type Capability = (typeof CAPABILITIES)[number];

/** By the name of a step of ours; how many times over stands behind it. */
const SHOWN_BY: Readonly<Record<string, Capability>> = {
  task_analysis: "task_analysis",
  architecture_design: "architecture_design",
  code_generation: "code_generation",
  another_implementation: "code_generation",
  test_generation: "test_creation",
  test_reconsideration: "test_creation",
  self_correction: "debugging",
  code_validation: "validation",
  quality_check: "validation",
  documentation: "documentation",
  documentation_generation: "documentation",
  documentation_examples: "documentation",
  deployment_preparation: "deployment",
};

/** What the steps that succeeded show, each once, in one order. */
export function capabilitiesIn(steps: Iterable<string>): Capability[] {
  const shown = new Set<Capability>();
  for (const step of steps) {
    const name = step.replace(/-(again|\d+)(-again)?$/, "");
    const capability = Object.hasOwn(SHOWN_BY, name) ? SHOWN_BY[name] : undefined;
    if (capability !== undefined) shown.add(capability);
  }
  return CAPABILITIES.filter((each) => shown.has(each));
}
