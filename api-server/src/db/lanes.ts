import pg from "pg";
import { type Cell, ENDING, parsing, running } from "./packets.ts";
import { SET_TENANT, SET_TENANT_NAME, SET_TENANT_TO_WRITE, STATEMENT_LOST } from "./pool.ts";

/**
 * A read that is asked for at nearly every request, short enough that others may stand behind it: its text is known
 * beforehand, and so are its columns.
 */
export type Statement<T> = {
  /** Under which each connection knows it. */
  name: string;
  /** Of the tenant alone, by row-level security. */
  text: string;
  /** What a row is to who asked. */
  row: (cells: Row) => T;
};

type Row = readonly Cell[];
type Text = { name: string; text: string };
type Asked = { tenant: Text; tenantId: string; values: readonly Cell[]; now: number };

/** Says for whom a transaction is. */
const READS: Text = { name: SET_TENANT_NAME, text: SET_TENANT };
const WRITES: Text = { name: "lv_tenant_to_write", text: SET_TENANT_TO_WRITE };

/** Connections that are shared, of all those of the pool. */
const LANES = 2;
/** Those who wait for an answer of one before another is opened: what leaves together is cheaper, for both ends. */
const CROWD = 64;
/** A connection that was silent for longer while somebody waited has something long before it: others go past it. */
const SILENT_MILLISECONDS = 50;
/** How long a shared connection is kept for who may come next. */
const KEPT_MILLISECONDS = 10;

/**
 * Reads that share connections: what several requests ask for in one moment leaves in one packet, and is answered in one.
 * Each names its tenant and ends with a Sync of its own, so that it is a transaction of its own: it sees its tenant's rows
 * alone, and where it fails the ones behind it do not.
 */
export class Lanes {
  readonly #pool: pg.Pool;
  readonly #prepared: boolean;
  readonly #lanes = new Set<Lane>();
  readonly #known = new WeakMap<pg.PoolClient, Set<string>>();

  /** @param prepared whether a connection knows tomorrow what it was taught today. */
  constructor(pool: pg.Pool, { prepared }: { prepared: boolean }) {
    this.#pool = pool;
    this.#prepared = prepared;
  }

  /** Rows of that tenant. */
  read<T>(tenantId: string, statement: Statement<T>, values: readonly Cell[]): Promise<T[]> {
    const now = performance.now();
    const lane = this.#lane(now);
    return this.#run(lane, statement, { tenant: READS, tenantId, values, now });
  }

  /** The same of a statement that changes rows: nobody stands behind it, for it may have to wait. */
  write<T>(tenantId: string, statement: Statement<T>, values: readonly Cell[]): Promise<T[]> {
    const lane = new Lane(this.#pool, 0, () => undefined);
    return this.#run(lane, statement, { tenant: WRITES, tenantId, values, now: performance.now() });
  }

  #run<T>(lane: Lane, statement: Statement<T>, asked: Asked): Promise<T[]> {
    return new Promise((resolve, reject) => {
      const packetFor = (client: pg.PoolClient) => this.#packetFor(client, statement, asked);
      const read = new Read(packetFor, (error, rows) => {
        lane.leave(error);
        if (error !== null) return reject(error);
        try {
          resolve(rows.map(statement.row));
        } catch (fault) {
          reject(fault);
        }
      });
      lane.add(read, asked.now);
    });
  }

  /** One on whose packet there is room, else the one with the fewest who wait for an answer. */
  #lane(now: number): Lane {
    let least: Lane | undefined;
    for (const lane of this.#lanes) {
      if (lane.gathers && lane.isFree(now)) return lane;
      if (least === undefined || isBetter(lane, least, now)) least = lane;
    }
    if (least !== undefined && (this.#lanes.size >= LANES || least.isFree(now))) return least;
    const lane: Lane = new Lane(this.#pool, KEPT_MILLISECONDS, () => this.#lanes.delete(lane));
    this.#lanes.add(lane);
    return lane;
  }

  #packetFor(client: pg.PoolClient, statement: Text, { tenant, tenantId, values }: Asked): Buffer[] {
    if (!this.#prepared) {
      const [first, second] = [parsing("", tenant.text), parsing("", statement.text)];
      return [first, running("", [tenantId]), second, running("", values), ENDING];
    }
    const taught = [...this.#taught(client, tenant), ...this.#taught(client, statement)];
    return [...taught, running(tenant.name, [tenantId]), running(statement.name, values), ENDING];
  }

  /** Nothing where the connection knows it. */
  #taught(client: pg.PoolClient, { name, text }: Text): Buffer[] {
    let known = this.#known.get(client);
    if (known === undefined) {
      known = new Set([SET_TENANT_NAME]);
      this.#known.set(client, known);
    }
    if (known.has(name)) return [];
    known.add(name);
    return [parsing(name, text)];
  }
}

function isBetter(lane: Lane, than: Lane, now: number): boolean {
  const isSilent = lane.isSilent(now);
  return isSilent === than.isSilent(now) ? lane.underWay < than.underWay : !isSilent;
}

/** One connection for as long as anybody waits for an answer of it. */
class Lane {
  underWay = 0;
  readonly #kept: number;
  readonly #ended: () => void;
  readonly #waiting: Read[] = [];
  #client: pg.PoolClient | undefined;
  #packets: Buffer[] = [];
  #timer: NodeJS.Timeout | undefined;
  #isBroken = false;
  /** When it last answered; of one that was empty, when it was first asked. */
  #heard = 0;

  constructor(pool: pg.Pool, keptMilliseconds: number, ended: () => void) {
    this.#kept = keptMilliseconds;
    this.#ended = ended;
    pool.connect().then(
      (client) => {
        this.#client = client;
        for (const read of this.#waiting.splice(0)) this.#send(client, read);
      },
      (error: Error) => {
        for (const read of this.#waiting.splice(0)) read.handleError(error);
      },
    );
  }

  /** Whether what is added now leaves together with what is there. */
  get gathers(): boolean {
    return this.#client === undefined || this.#packets.length > 0;
  }

  /** Whether who comes now is answered as soon as may be. */
  isFree(now: number): boolean {
    return this.underWay < CROWD && !this.isSilent(now);
  }

  isSilent(now: number): boolean {
    return this.underWay > 0 && now - this.#heard > SILENT_MILLISECONDS;
  }

  add(read: Read, now: number): void {
    if (this.underWay === 0) this.#heard = now;
    this.underWay += 1;
    if (this.#client === undefined) this.#waiting.push(read);
    else this.#send(this.#client, read);
  }

  /** One was answered. */
  leave(error: Error | null): void {
    this.#heard = performance.now();
    if (error !== null && !(error instanceof pg.DatabaseError && isHarmless(error))) {
      this.#isBroken = true;
      // At once: as long as others came it would never be empty.
      this.#ended();
    }
    this.underWay -= 1;
    if (this.underWay > 0) return;
    if (this.#kept === 0 || this.#isBroken) this.#end();
    else this.#timer ??= setTimeout(() => this.#endIfIdle(), this.#kept);
  }

  #endIfIdle(): void {
    this.#timer = undefined;
    if (this.underWay === 0) this.#end();
  }

  #end(): void {
    clearTimeout(this.#timer);
    this.#ended();
    this.#client?.release(this.#isBroken);
  }

  #send(client: pg.PoolClient, read: Read): void {
    read.submit = ({ stream }) => {
      if (this.#packets.length === 0) setImmediate(() => this.#flush(stream));
      this.#packets.push(...read.packetFor(client));
    };
    client.query(read);
  }

  #flush(stream: pg.Connection["stream"]): void {
    const packet = Buffer.concat(this.#packets);
    this.#packets = [];
    // Of one that is lost who waits is told by the client.
    if (stream.writable) stream.write(packet);
  }
}

/** Whether the connection goes on behind it; one that does not know what it was taught does not learn it either. */
function isHarmless({ severity, code }: pg.DatabaseError): boolean {
  return severity === "ERROR" && code !== STATEMENT_LOST;
}

/** One read as pg's client sees it, which tells it of each message of its answer. */
class Read extends pg.Query {
  declare callback: (error: Error | null) => void;
  readonly packetFor: (client: pg.PoolClient) => Buffer[];
  readonly #rows: Row[] = [];
  #isNamed = false;

  constructor(packetFor: Read["packetFor"], done: (error: Error | null, rows: readonly Row[]) => void) {
    // As a text: an object would be copied property by property.
    super("");
    this.packetFor = packetFor;
    let isDone = false;
    this.callback = (error) => {
      if (isDone) return;
      isDone = true;
      done(error, this.#rows);
    };
  }

  handleDataRow({ fields }: { fields: Row }): void {
    // The first row is set_config's.
    if (this.#isNamed) this.#rows.push(fields);
  }

  handleCommandComplete(): void {
    this.#isNamed = true;
  }

  handleReadyForQuery(): void {
    this.callback(null);
  }

  handleError(error: Error): void {
    this.callback(error);
  }
}
