import { setTimeout as sleep } from "node:timers/promises";
import { isNewer, type KubeObject, recordOf } from "@leanvibe/runtime";
import type { Answer, Recorded } from "../harness/recording-proxy.ts";

/** A leader acts on what it first saw for so long, before its watches tell it what has happened since. */
const BELIEVED_MILLISECONDS = 3_000;

type View = { version: string; listed: Set<string>; leads: PromiseWithResolvers<void>; over: Promise<void> };

/**
 * Shows a new process the world as it once was: its first list of each kind is what the API server held at one version,
 * and its watches go on from there only a while after it began to lead. So a standby sees it whose watches lag, or one
 * whose API server does.
 */
export class Past {
  #latest = "0";
  #view: View | undefined;

  /** The newest version that was seen in any answer or line. */
  get latest(): string {
    return this.#latest;
  }

  saw(version: unknown): void {
    if (typeof version === "string" && isNewer(version, this.#latest)) this.#latest = version;
  }

  sawIn({ metadata }: Pick<KubeObject, "metadata">): void {
    this.saw(metadata.resourceVersion);
  }

  sawInBody({ status, body }: Answer): void {
    if (status < 300) this.saw(recordOf(recordOf(JSON.parse(body))["metadata"])["resourceVersion"]);
  }

  /** From now on, until the next leader has believed it for a while. */
  show(version: string): void {
    const leads = Promise.withResolvers<void>();
    const over = leads.promise.then(() => sleep(BELIEVED_MILLISECONDS));
    const view = { version, listed: new Set<string>(), leads, over };
    this.#view = view;
    void over.then(() => {
      if (this.#view === view) this.#view = undefined;
    });
  }

  /** Somebody leads. */
  taken(): void {
    this.#view?.leads.resolve();
  }

  /** Resolves when what is shown is what stands. */
  get over(): Promise<void> {
    return this.#view?.over ?? Promise.resolve();
  }

  /** Of the first list of each kind: asked of the version that is shown. */
  queryOf({ path, query }: Recorded): string | undefined {
    const view = this.#view;
    if (view === undefined || !query.includes("limit=") || view.listed.has(path)) return undefined;
    view.listed.add(path);
    return `${query}&resourceVersion=${view.version}&resourceVersionMatch=Exact`;
  }
}
