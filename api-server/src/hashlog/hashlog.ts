import { createHash } from "node:crypto";
import { canonical, type Json } from "./canonical.ts";

/** One thing that is never to change, by an id that is not part of its content. */
export type Entry = { id: string; content: Json };

/** Where a chain stands: its newest batch. Whoever keeps it elsewhere notices when batches vanish from the end. */
export type Head = { seq: number; hash: string };

/** Entries in an order that is said once, and what came before. Hashes are SHA-256 in hex. */
export type Batch = Head & {
  sealedAt: string;
  ids: string[];
  /** Of each entry's content. */
  leaves: string[];
  /** Of all ids and leaves in their order. */
  root: string;
  previous: string | null;
};

/** What is wrong with a log: with an entry by its id, or with a batch as a whole. */
export type Fault = { kind: FaultKind; seq: number; id?: string; why: string };

export type FaultKind = "changed" | "missing" | "moved" | "batch changed" | "batch missing";

/**
 * The next batch of a log.
 * @param log names the chain, so that no batch of one can be shown in another.
 */
export function seal(log: string, previous: Head | undefined, entries: readonly Entry[], sealedAt: string): Batch {
  const ids = entries.map(({ id }) => id);
  const leaves = entries.map(({ content }) => leafOf(content));
  const root = rootOf(ids, leaves);
  const batch = { seq: (previous?.seq ?? 0) + 1, sealedAt, ids, leaves, root, previous: previous?.hash ?? null };
  return { ...batch, hash: hashOf(log, batch) };
}

/** Walks a log from its first batch on, one at a time, so that it may be of any length. */
export class Verifier {
  readonly #log: string;
  readonly #known: Head | undefined;
  #last: Head | undefined;
  #knownSeen = false;

  /** @param known a head that was seen before and must still be in the chain. */
  constructor(log: string, known?: Head) {
    this.#log = log;
    this.#known = known;
  }

  /** Where the chain stands after what was walked. */
  get head(): Head | undefined {
    return this.#last;
  }

  /**
   * Faults of the next batch and its entries.
   * @param contents of the entries, by id; whatever is not there is missing
   */
  next(batch: Batch, contents: ReadonlyMap<string, Json>): Fault[] {
    const faults = [...this.#linkFaults(batch), ...entryFaults(batch, contents)];
    if (this.#known?.seq === batch.seq) {
      this.#knownSeen = true;
      if (this.#known.hash !== batch.hash) faults.push(changed(batch, "its hash is not the one that was known"));
    }
    this.#last = { seq: batch.seq, hash: batch.hash };
    return faults;
  }

  /** Faults that only the end shows. */
  end(): Fault[] {
    if (this.#known === undefined || this.#knownSeen) return [];
    const { seq } = this.#known;
    return [
      { kind: "batch missing", seq, why: `batch ${seq} was known, and the chain ends with ${this.#last?.seq ?? 0}` },
    ];
  }

  #linkFaults(batch: Batch): Fault[] {
    const { seq, previous, root, ids, leaves } = batch;
    const faults: Fault[] = [];
    const wanted = (this.#last?.seq ?? 0) + 1;
    for (let gone = wanted; gone < seq; gone++) {
      faults.push({ kind: "batch missing", seq: gone, why: `batch ${seq} follows ${wanted - 1}` });
    }
    if (seq === wanted && previous !== (this.#last?.hash ?? null)) {
      faults.push(changed(batch, "it does not follow the batch before"));
    }
    if (rootOf(ids, leaves) !== root) faults.push(changed(batch, "its list of entries is not the one that was sealed"));
    if (hashOf(this.#log, batch) !== batch.hash) faults.push(changed(batch, "it is not what was sealed"));
    return faults;
  }
}

function changed({ seq }: Head, why: string): Fault {
  return { kind: "batch changed", seq, why };
}

function entryFaults({ seq, ids, leaves }: Batch, contents: ReadonlyMap<string, Json>): Fault[] {
  return ids.flatMap((id, at): Fault[] => {
    const content = contents.get(id);
    if (content === undefined) return [{ kind: "missing", seq, id, why: "it was sealed and is gone" }];
    const leaf = leafOf(content);
    if (leaf === leaves[at]) return [];
    const other = ids[leaves.indexOf(leaf)];
    if (other === undefined) return [{ kind: "changed", seq, id, why: "it is not what was sealed" }];
    return [{ kind: "moved", seq, id, why: `it holds what was sealed as ${other}` }];
  });
}

function leafOf(content: Json): string {
  return sha256(canonical(content));
}

function rootOf(ids: readonly string[], leaves: readonly string[]): string {
  return sha256(canonical(ids.map((id, at) => [id, leaves[at] ?? null])));
}

function hashOf(log: string, { seq, sealedAt, root, previous, ids }: Omit<Batch, "hash">): string {
  return sha256(canonical({ log, seq, sealed_at: sealedAt, count: ids.length, root, previous }));
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
