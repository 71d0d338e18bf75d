import { type FakeModel, piece } from "./model.ts";

/** Servers of models as one had better not have them. */

type Response = Parameters<FakeModel["answer"]>[0];

/** More than anybody keeps, and no end. */
export function flood(response: Response): void {
  response.writeHead(200, { "content-type": "text/event-stream" });
  const event = piece("x".repeat(65_536));
  const write = () => {
    while (!response.destroyed && response.write(event)) {
      // As fast as it is taken.
    }
    if (!response.destroyed) response.once("drain", write);
  };
  write();
}

/** As a server that is killed while it answers. */
export function brokenOff(response: Response, bytes: number): void {
  begun(response, bytes);
  setTimeout(() => response.destroy(), 100);
}

export function begun(response: Response, bytes: number): void {
  response.writeHead(200, { "content-type": "application/json" });
  response.write(" ".repeat(bytes));
}

/** A refusal that takes longer than the patience for a first word, and is never silent for long. */
export function dripping(response: Response, status: number): void {
  response.writeHead(status, { "content-type": "application/json" });
  let left = 6;
  const drop = setInterval(() => {
    left -= 1;
    if (left > 0) return void response.write(" ");
    clearInterval(drop);
    response.end("{}");
  }, 450);
}

export function endless(response: Response): void {
  response.writeHead(200, { "content-type": "application/json" });
  const chunk = Buffer.alloc(1_048_576, 32);
  const write = () => {
    while (!response.destroyed && response.write(chunk)) {
      // As fast as it is taken.
    }
    response.once("drain", write);
  };
  write();
}
