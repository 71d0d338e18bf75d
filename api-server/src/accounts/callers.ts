import { LRUCache } from "lru-cache";
import type { Database } from "../db/database.ts";
import { Refusal } from "../errors/catalogue.ts";
import type { Origin } from "../http/identify.ts";
import type { Keys } from "./keys.ts";
import { sessionState } from "./sessions.ts";
import type { SessionState } from "./state.ts";
import { type Bearer, readAccessToken, type TokenPlace } from "./tokens.ts";

/** How long a session's state is believed: what ends it must be felt everywhere within a second. */
const STATE_MILLISECONDS = 900;
const KEPT = 10_000;

/** Whose a credential is, and what they may do in their tenant now. */
export type Bearing = Bearer & SessionState;

/** Who asks, and whence. */
export type Caller = Bearing & Origin;

/** Turns access tokens into callers: the signature is checked once, the session's state once a second. */
export class Callers {
  readonly #database: Database;
  readonly #keys: () => Keys;
  readonly #place: TokenPlace;
  readonly #tokens = new LRUCache<string, Bearer>({ max: KEPT });
  readonly #states: LRUCache<string, { state: SessionState | undefined }, Bearer>;

  constructor(database: Database, keys: () => Keys, place: TokenPlace) {
    this.#database = database;
    this.#keys = keys;
    this.#place = place;
    this.#states = new LRUCache({
      max: KEPT,
      ttl: STATE_MILLISECONDS,
      // Who waits for what is forgotten meanwhile still gets it; it is only not kept.
      ignoreFetchAbort: true,
      fetchMethod: async (_id, _stale, { context, options }) => {
        const begun = performance.now();
        const state = await sessionState(this.#database, context);
        // What the database saw may be as old as its answer is late. None at all would be for ever.
        options.ttl = Math.max(1, STATE_MILLISECONDS - (performance.now() - begun));
        return { state };
      },
    });
  }

  /** Whose a token is, as far as that is known at this moment without asking anybody. */
  known(token: string): Bearing | undefined {
    const bearer = this.#tokens.get(token);
    const state = bearer === undefined ? undefined : this.#states.get(bearer.sessionId)?.state;
    return bearer === undefined || state === undefined ? undefined : { ...bearer, ...state };
  }

  /** @throws Refusal AUTHENTICATION_REQUIRED; TENANT_NOT_FOUND when the token's tenant is gone */
  async callerOf(token: string): Promise<Bearing> {
    const bearer = this.#tokens.get(token) ?? (await this.#read(token));
    const known = await this.#states.fetch(bearer.sessionId, { context: bearer });
    if (known?.state === undefined) {
      const tenant = await this.#database.findTenant(bearer.tenantId);
      if (tenant === undefined || tenant.lifecycle === "deleted") throw new Refusal("TENANT_NOT_FOUND");
      throw new Refusal("AUTHENTICATION_REQUIRED", { detail: "The session has ended." });
    }
    return { ...bearer, ...known.state };
  }

  /** What was known of a session holds no longer. */
  forget(sessionId: string): void {
    this.#states.delete(sessionId);
  }

  async #read(token: string): Promise<Bearer> {
    const { expiresAtSeconds, ...bearer } = await readAccessToken(this.#keys(), this.#place, token);
    const left = expiresAtSeconds * 1000 - Date.now();
    if (left > 0) this.#tokens.set(token, bearer, { ttl: left });
    return bearer;
  }
}
