/**
 * The data of server-sent events, one string an event. Written out because the events of a chat completion use nothing
 * else of that format, and because each line is bounded here: the other side may be anything.
 */
export async function* eventData(body: AsyncIterable<Uint8Array>, lineCharacters: number): AsyncGenerator<string> {
  let data: string[] = [];
  for await (const line of linesOf(body, lineCharacters)) {
    if (line.startsWith("data:")) data.push(line.slice(line.startsWith("data: ") ? 6 : 5));
    else if (line === "" && data.length > 0) {
      yield data.join("\n");
      data = [];
    }
  }
  // Some servers close right behind the last line.
  if (data.length > 0) yield data.join("\n");
}

async function* linesOf(body: AsyncIterable<Uint8Array>, charactersAtMost: number): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of body) {
    rest += decoder.decode(chunk, { stream: true });
    const lines = rest.split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > charactersAtMost) throw new RangeError(`a line is longer than ${charactersAtMost} characters`);
    for (const line of lines) yield line.replace(/\r$/, "");
  }
  yield rest;
}
