import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { AGENT_LIMITS, type AgentArtifact, agentArtifact } from "./agent-report.ts";
import { isSimple } from "./simple.ts";

/** A thousand steps and all files take a tenth of it; what is left is the agent's own, of which nothing is stored. */
const MARKS_AT_MOST = 200_000;

const unpack = promisify(gunzip);

/** What an agent left cannot be used: it is no fault that goes by itself. */
export class UnusableArtifact extends Error {
  override readonly name: string = "UnusableArtifact";
}

/** It is not there, or another is: who reads it at the moment that it changes sees the right one a little later. */
export class MissingArtifact extends UnusableArtifact {
  override readonly name = "MissingArtifact";
}

/**
 * What an agent made, as far as it can be believed: the very bytes of which the operator wrote down the sum, which unpack to
 * no more than anybody reads, and say what the schema says.
 * @throws UnusableArtifact, of other bytes MissingArtifact
 */
export async function artifactIn(bytes: Buffer, sha256: string): Promise<AgentArtifact> {
  if (bytes.length > AGENT_LIMITS.artifactBytes)
    throw new UnusableArtifact(`it is larger than ${AGENT_LIMITS.artifactBytes} bytes`);
  if (createHash("sha256").update(bytes).digest("hex") !== sha256) {
    throw new MissingArtifact("it is not what the agent had reported");
  }
  const text = await unpack(bytes, { maxOutputLength: AGENT_LIMITS.unpackedBytes }).catch(() => {
    throw new UnusableArtifact(`it does not unpack to at most ${AGENT_LIMITS.unpackedBytes} bytes`);
  });
  const parsed = agentArtifact.safeParse(jsonIn(text));
  if (parsed.success) return parsed.data;
  const [fault] = parsed.error.issues;
  throw new UnusableArtifact(`it does not fit: ${fault?.path.join(".").slice(0, 100)} ${fault?.message.slice(0, 200)}`);
}

/** @throws UnusableArtifact */
function jsonIn(text: Buffer): unknown {
  // Before it is parsed: what is millions of empty objects would be hundreds of megabytes.
  if (!isSimple(text, MARKS_AT_MOST)) {
    throw new UnusableArtifact(`it holds too many values: more than ${MARKS_AT_MOST} of {, [, : and , outside of text`);
  }
  try {
    return JSON.parse(text.toString("utf8"));
  } catch {
    throw new UnusableArtifact("it is no JSON");
  }
}
