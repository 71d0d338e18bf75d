import { z } from "zod";
import { generation, pascalWord, prose, timestamp } from "./atoms.ts";

/** The part of `metadata` that we read. Unknown fields pass and are left out. */
export const objectMeta = z.object({
  name: z.string(),
  namespace: z.string().optional(),
  uid: z.string().optional(),
  resourceVersion: z.string().optional(),
  generation: z.int().optional(),
  creationTimestamp: z.string().optional(),
  deletionTimestamp: z.string().optional(),
  labels: z.record(z.string(), z.string()).optional(),
  annotations: z.record(z.string(), z.string()).optional(),
  finalizers: z.array(z.string()).optional(),
});

export type ObjectMeta = z.output<typeof objectMeta>;

/** metav1.Condition (KEP-1623), bounds included. */
export const condition = z.object({
  type: pascalWord(316).describe("What the condition is about."),
  status: z.enum(["True", "False", "Unknown"]).describe("Whether it holds; Unknown when nobody could find out."),
  observedGeneration: generation()
    .optional()
    .describe("metadata.generation the condition was judged for; older than that, it is stale."),
  lastTransitionTime: timestamp().describe("When status last changed."),
  reason: pascalWord(1024).describe("One word for programs: why the status is what it is."),
  message: prose(32_768).describe("A sentence for people: what is so, and what to do about it."),
});

export type Condition = z.output<typeof condition>;
