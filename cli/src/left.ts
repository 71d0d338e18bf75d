/** Ctrl-C ended a command, but not what it is about: its words say how to come back to that. */
export class Left extends Error {
  override readonly name = "Left";
}
