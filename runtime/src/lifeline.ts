/**
 * For a program that was started by one that must not leave it behind, however that one ends: the starter holds the other
 * end of our stdin. `stop` is called when it lets go.
 */
export function onStarterGone(stop: () => void): void {
  if (process.env["LEANVIBE_LIFELINE"] === "stdin") process.stdin.resume().on("end", stop);
}
