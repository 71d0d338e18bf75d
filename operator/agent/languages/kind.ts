import type { TaskInput } from "@leanvibe/schema";
import type { Kind } from "./language.ts";

const SERVICE = /\b(rest|http|api|apis|endpoints?|web ?service|microservice|server|fastify|fastapi|route|routes)\b/i;
const PROGRAM = /\b(cli|command[- ]line|stdin|standard input|stdout|script|prints?)\b/i;
/** Of a command that is code itself: it calls what it imports, and is no program that was asked for. */
const INLINE = /^\s*(node|python3?)\s+(-\S+\s+)*(-[ecp]|--eval|--print)\b/;

/**
 * What the task asks for, by its acceptance cases where it has some and else by its words. Not asked of the model: a
 * small one says "service" of a function that adds two numbers.
 */
export function kindOf({ acceptance, title, description, requirements }: TaskInput): Kind {
  if (acceptance.some(({ http }) => http !== undefined)) return "service";
  if (acceptance.some(({ command }) => command !== undefined && !INLINE.test(command))) return "program";
  const words = `${title}\n${description}\n${JSON.stringify(requirements)}`;
  if (SERVICE.test(words)) return "service";
  return PROGRAM.test(words) ? "program" : "library";
}
