const WORD = /(?:\\[\s\S]|'[^']*'|"(?:\\[\s\S]|[^"\\])*"|[^\s'"\\])+/g;
const PIECE = /\\([\s\S])|'([^']*)'|"((?:\\[\s\S]|[^"\\])*)"|([^\s'"\\]+)/g;

/**
 * Splits a command as a shell would, and does nothing else that a shell does: no variables, no globs, no pipes.
 * @throws Error on a quote that is not closed.
 */
export function argvOf(command: string): string[] {
  if (command.replace(WORD, "").trim() !== "")
    throw new Error(`the command has a quote that is not closed: ${command}`);
  return (command.match(WORD) ?? []).map((word) =>
    word.replace(PIECE, (_whole, escaped, single, double, plain) =>
      String(escaped ?? single ?? double?.replace(/\\(["\\$`])/g, "$1") ?? plain),
    ),
  );
}
