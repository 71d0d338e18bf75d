import { createHash } from "node:crypto";
import { gunzipSync, gzipSync } from "node:zlib";
import { AGENT_LIMITS, type AgentArtifact, agentArtifact, type SourceFile, type TaskExecution } from "@leanvibe/schema";
import { checkpointOf } from "./checkpoint.ts";
import { sizeOf } from "./measure.ts";
import { merged, type Work } from "./phases/work.ts";
import { verificationOf } from "./quality.ts";
import { cut, type State } from "./state.ts";

export type Packed = { bytes: Buffer; sha256: string; sizeBytes: number };

/** How long a prompt or an answer in the step log may be, tried in turn until all of it fits. */
const STEP_CHARACTERS = [64_000, 16_000, 4_000, 1_000, 200, 0] as const;
const FILES_MAX = 200;

/** Everything that the work has come to, as it is handed out. */
export function artifactOf(state: State, steps: readonly TaskExecution[]): AgentArtifact {
  const { work, measured } = state;
  const verification = verificationOf(measured, work.profile.coverageBar);
  return {
    version: 1,
    files: handedOut(work).slice(0, FILES_MAX),
    tests: work.tests.slice(0, FILES_MAX),
    documentation: work.documentation,
    steps: [...steps],
    checkpoint: checkpointOf(state),
    ...(verification === undefined ? {} : { verification }),
    ...sizeOf(work.code.filter(({ path }) => work.language.isCode(path))),
    truncated: [],
  };
}

/** The code with what it needs to be run and, once it is documented, to be deployed. */
function handedOut({ code, documentation, language, kind, profile }: Work): SourceFile[] {
  if (profile.name === "function" || code.length === 0) return [...code];
  const beside = [...language.scaffold(kind), ...(documentation.length === 0 ? [] : language.deployment(kind))];
  return merged(beside, code);
}

/**
 * Compressed, and within bounds by construction: first the step log is cut shorter and shorter, then the largest files
 * are. Each cut is marked where it was made; a file that was cut is named in `truncated`.
 */
export function packed(artifact: AgentArtifact): Packed {
  for (const characters of STEP_CHARACTERS) {
    const bytes = compressed(withShorterSteps(artifact, characters));
    if (bytes !== undefined) return sealed(bytes);
  }
  let shorter = withShorterSteps({ ...artifact, steps: artifact.steps.slice(-100) }, 0);
  for (;;) {
    const bytes = compressed(shorter);
    if (bytes !== undefined) return sealed(bytes);
    shorter = withoutLargestFile(shorter);
  }
}

/** @throws Error when the bytes are no artifact, or unpack to more than one may. */
export function unpacked(bytes: Buffer): AgentArtifact {
  const text = gunzipSync(bytes, { maxOutputLength: AGENT_LIMITS.unpackedBytes }).toString();
  return agentArtifact.parse(JSON.parse(text));
}

function compressed(artifact: AgentArtifact): Buffer | undefined {
  const json = Buffer.from(JSON.stringify(artifact));
  if (json.length > AGENT_LIMITS.unpackedBytes) return undefined;
  const bytes = gzipSync(json);
  return bytes.length > AGENT_LIMITS.artifactBytes ? undefined : bytes;
}

function sealed(bytes: Buffer): Packed {
  return { bytes, sha256: createHash("sha256").update(bytes).digest("hex"), sizeBytes: bytes.length };
}

function withShorterSteps(artifact: AgentArtifact, characters: number): AgentArtifact {
  let cutSomewhere = false;
  const shorter = (text: string): string => {
    if (text.length <= characters) return text;
    cutSomewhere = true;
    const half = Math.floor(characters / 2);
    const marker = `[... ${text.length - 2 * half} characters cut ...]`;
    return half === 0 ? marker : `${text.slice(0, half)}\n${marker}\n${text.slice(-half)}`.toWellFormed();
  };
  const steps = artifact.steps.map((step) => ({ ...step, prompt: shorter(step.prompt), output: shorter(step.output) }));
  const truncated = cutSomewhere ? [...artifact.truncated, "steps"] : artifact.truncated;
  return { ...artifact, steps, truncated };
}

function withoutLargestFile(artifact: AgentArtifact): AgentArtifact {
  const all = [...artifact.files, ...artifact.tests, ...artifact.documentation];
  const largest = all.reduce((a, b) => (b.content.length > a.content.length ? b : a));
  const marker = `[... ${largest.content.length} characters cut ...]\n`;
  const without = (files: SourceFile[]) =>
    files.map((file) => (file === largest ? { ...file, content: marker } : file));
  return {
    ...artifact,
    files: without(artifact.files),
    tests: without(artifact.tests),
    documentation: without(artifact.documentation),
    truncated: [...artifact.truncated, cut(largest.path, 200)],
  };
}
