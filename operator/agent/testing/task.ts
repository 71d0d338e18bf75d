import type { TaskInput } from "@leanvibe/schema";

/** One that could not be smaller. */
export const TASK: TaskInput = {
  name: "adds",
  title: "Adds",
  description: "Adds two numbers.",
  language: "typescript",
  requirements: {},
  acceptance: [],
  source: [],
  maxIterations: 1,
  limits: {},
};
