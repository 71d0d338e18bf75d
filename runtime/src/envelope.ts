import { ApiError } from "./errors.ts";
import { type KubeObject, recordOf } from "./kubernetes.ts";

/** One line of a watch. */
export type WatchEvent = { type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK"; object: KubeObject };

const EVENT_TYPES = new Set(["ADDED", "MODIFIED", "DELETED", "BOOKMARK"]);

/** @throws ApiError for an ERROR event (410 among them), TypeError for a line that is no event. */
export function parseEvent(line: string): WatchEvent {
  const event = recordOf(parsedJson(line));
  if (event["type"] === "ERROR") {
    const status = recordOf(event["object"]);
    throw new ApiError(String(status["message"] ?? "the watch was ended by the server"), {
      status: Number(status["code"] ?? 500),
      reason: String(status["reason"] ?? "Unknown"),
    });
  }
  const type = event["type"];
  const metadata = recordOf(recordOf(event["object"])["metadata"]);
  const complete = typeof metadata[type === "BOOKMARK" ? "resourceVersion" : "name"] === "string";
  if (typeof type !== "string" || !EVENT_TYPES.has(type) || !complete) {
    throw new TypeError(`a watch sent a line that is no event: ${line.slice(0, 120)}`);
  }
  // The API server is trusted for the envelope, which has just been looked at; content is parsed by who reads it.
  return event as unknown as WatchEvent;
}

function parsedJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** One page of a list. @throws TypeError for what is none. */
export function parseList(body: unknown): { items: KubeObject[]; resourceVersion: string; continueToken: string } {
  const list = recordOf(body);
  const metadata = recordOf(list["metadata"]);
  const items = list["items"];
  if (!Array.isArray(items) || typeof metadata["resourceVersion"] !== "string") {
    throw new TypeError("the API server answered a list request with something that is no list");
  }
  return {
    items,
    resourceVersion: metadata["resourceVersion"],
    continueToken: typeof metadata["continue"] === "string" ? metadata["continue"] : "",
  };
}
