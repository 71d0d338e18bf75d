/** What others wrote, models among them, must not steer a terminal. */

/** As one line. */
export function plainLine(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, " ");
}

/** As lines, of which only the ends and the tabs stay of what is not written but does something. */
export function plainText(text: string): string {
  return text.replaceAll(/[^\P{Cc}\n\t]/gu, "");
}
