// Copies changes of a KV bucket into Dynats, many keys at a time, those of one key one after the other.
import type { Client, Operation, Outcome } from '../../client/client.js';
import { DynatsError, InvalidRequestError } from '../../errors.js';
import type { Change } from './change.js';
import { decide, heldOf, type ToWrite } from './decide.js';
import { backOff, mayPass } from './patience.js';

/** Of two QUORUM requests the later sees the earlier: what is decided on is what a quorum has. */
const LEVEL = 'QUORUM';
const BATCH_MAX = 256;
const BATCH_BYTES_MAX = 4 * 1024 * 1024;
const BATCHES_IN_FLIGHT = 4;
const WAITING_MAX = 2048;

export interface MoverOptions {
  readonly bucket: string;
  readonly streamId: string;
  /** Now by the nodes' clocks, in milliseconds since 1970. */
  readonly nowMs: () => number;
  /** How long what fails for want of nodes is tried again, in milliseconds. */
  readonly patienceMs: number;
  /** Told of a change that Dynats does not take, ever. */
  readonly onRefused: (change: Change, error: DynatsError) => void;
}

/** How many changes ended how. */
export interface Tally {
  put: number;
  deleted: number;
  there: number;
  direct: number;
  expired: number;
  /** Replaced by a later change of the key before their turn came. */
  superseded: number;
  refused: number;
}

interface Waiting {
  readonly change: Change;
  /** Since when it fails, on the clock of `performance.now`. */
  failsSinceMs?: number;
  tries: number;
}

interface Write {
  readonly waiting: Waiting;
  readonly operation: Operation;
}

export class Mover {
  readonly tally: Tally = {
    put: 0,
    deleted: 0,
    there: 0,
    direct: 0,
    expired: 0,
    superseded: 0,
    refused: 0,
  };
  private readonly waiting = new Map<string, Waiting>();
  private readonly underWay = new Set<string>();
  /** Revisions that are not settled, in their order. */
  private readonly open = new Set<number>();
  private readonly running = new Set<Promise<void>>();
  private lastAdded: number;
  private broken: { error: unknown } | undefined;

  /** @param position the revision up to which all was copied before. */
  constructor(
    private readonly client: Pick<Client, 'batch'>,
    private readonly options: MoverOptions,
    position: number,
  ) {
    this.lastAdded = position;
  }

  /** Every change up to this revision is settled. */
  get position(): number {
    const [first] = this.open;
    return first === undefined ? this.lastAdded : first - 1;
  }

  /** Takes a change; resolves when there is room for the next. Rejects when copying cannot go on. */
  async add(change: Change): Promise<void> {
    const older = this.waiting.get(change.key);
    if (older !== undefined) {
      this.tally.superseded++;
      this.open.delete(older.change.revision);
      this.waiting.delete(change.key);
    }
    this.waiting.set(change.key, { change, tries: 0 });
    this.open.add(change.revision);
    this.lastAdded = change.revision;
    this.start();
    while (this.waiting.size >= WAITING_MAX && this.running.size > 0) await Promise.race(this.running);
    this.rethrow();
  }

  /** Resolves when everything taken is settled. */
  async drain(): Promise<void> {
    while (this.running.size > 0) await Promise.race(this.running);
    this.rethrow();
  }

  private rethrow(): void {
    if (this.broken !== undefined) throw this.broken.error;
  }

  private start(): void {
    while (this.running.size < BATCHES_IN_FLIGHT && this.broken === undefined) {
      const batch = this.take();
      if (batch.length === 0) return;
      const run = this.copy(batch)
        .catch((error: unknown) => {
          this.broken ??= { error };
        })
        .finally(() => {
          for (const { change } of batch) this.underWay.delete(change.key);
          this.running.delete(run);
          this.start();
        });
      this.running.add(run);
    }
  }

  private take(): Waiting[] {
    const batch: Waiting[] = [];
    let bytes = 0;
    for (const [key, waiting] of this.waiting) {
      if (this.underWay.has(key)) continue;
      bytes += waiting.change.value?.length ?? 0;
      if (batch.length === BATCH_MAX || (bytes > BATCH_BYTES_MAX && batch.length > 0)) break;
      this.waiting.delete(key);
      this.underWay.add(key);
      batch.push(waiting);
    }
    return batch;
  }

  private async copy(batch: readonly Waiting[]): Promise<void> {
    let left = batch;
    while (left.length > 0 && this.broken === undefined) {
      const failed = await this.attempt(left);
      const tries = Math.max(0, ...failed.map(each => each.tries));
      if (failed.length > 0) await backOff(tries);
      left = failed;
    }
  }

  /** One read and, where need be, one write of each; resolves to what is to be tried again. */
  private async attempt(batch: readonly Waiting[]): Promise<Waiting[]> {
    const failed: Waiting[] = [];
    const writes = await this.decideAll(batch, failed);
    if (writes.length === 0) return failed;
    const outcomes: readonly Outcome[] = await this.client.batch(writes.map(({ operation }) => operation));
    for (const [i, { waiting, operation }] of writes.entries()) {
      const outcome = outcomes[i];
      if (outcome instanceof DynatsError) this.failed(waiting, outcome, failed);
      else this.settle(waiting.change, operation.op === 'delete' ? 'deleted' : 'put');
    }
    return failed;
  }

  /** Settles what needs no write; resolves to the writes of the others. */
  private async decideAll(batch: readonly Waiting[], failed: Waiting[]): Promise<Write[]> {
    const { bucket, streamId, nowMs } = this.options;
    const writes: Write[] = [];
    const replies = await this.client.batch(
      batch.map(({ change: { key } }) => ({ op: 'get', key, bucket, level: LEVEL })),
    );
    for (const [i, waiting] of batch.entries()) {
      const reply = replies[i];
      if (reply instanceof DynatsError) {
        this.failed(waiting, reply, failed);
        continue;
      }
      if (reply === undefined || !('found' in reply)) throw new TypeError('a read was answered otherwise');
      const decision = decide(waiting.change, heldOf(reply), streamId, nowMs());
      if (decision.kind === 'put' || decision.kind === 'delete')
        writes.push({ waiting, operation: operationOf(waiting.change, decision, bucket) });
      else this.settle(waiting.change, decision.kind);
    }
    return writes;
  }

  private failed(waiting: Waiting, error: DynatsError, failed: Waiting[]): void {
    if (isRefusal(error)) {
      this.options.onRefused(waiting.change, error);
      this.settle(waiting.change, 'refused');
      return;
    }
    // A version made when the clocks were read some time ago may be too old or too new by now: the next try makes another.
    const isAboutTime = error instanceof InvalidRequestError && error.field === 'time';
    if (!isAboutTime && !mayPass(error)) throw error;
    waiting.failsSinceMs ??= performance.now();
    if (performance.now() - waiting.failsSinceMs > this.options.patienceMs) throw error;
    waiting.tries++;
    failed.push(waiting);
  }

  private settle(change: Change, how: keyof Tally): void {
    this.tally[how]++;
    this.open.delete(change.revision);
  }
}

function operationOf(change: Change, decision: ToWrite, bucket: string): Operation {
  const shared = { key: change.key, bucket, level: LEVEL, version: decision.version } as const;
  if (decision.kind === 'delete') return { op: 'delete', ...shared };
  const value = textOrBytes(change.value ?? new Uint8Array());
  const { ttlMs } = decision;
  return { op: 'put', ...shared, value, ...(ttlMs === undefined ? {} : { ttlMs }) };
}

/** About this key or value, and not about the bucket or the time. */
function isRefusal(error: DynatsError): boolean {
  return error instanceof InvalidRequestError && ['key', 'value', 'base64'].includes(error.field);
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Text where the bytes are UTF-8, so that it can be read with any tool; else the bytes. */
function textOrBytes(value: Uint8Array): string | Uint8Array {
  try {
    return utf8.decode(value);
  } catch {
    return value;
  }
}
