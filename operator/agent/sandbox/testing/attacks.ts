import type { Attack } from "./attack.ts";
import { REACHING } from "./reaching.ts";
import { READING } from "./reading.ts";
import { TAKING } from "./taking.ts";

/** Every attack on a sandbox. Each must get nothing, and leave a sandbox that does its work. */
export const ATTACKS: readonly Attack[] = [...READING, ...REACHING, ...TAKING];
