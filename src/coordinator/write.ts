// The write path. Refuse what cannot reach its level; stamp the record; append it to the logs of all alive owners at once;
// keep a hint for every owner that is down or does not ack; answer as soon as the level's acks are in. Nothing is ever
// rolled back: a record that some reader may have seen, or a newer write replaced, must not be taken away.
import { InvalidRequestError, WriteTimeoutError } from '../errors.js';
import { BUCKETS } from '../model/bucket.js';
import { formatDuration } from '../model/duration.js';
import { Level } from '../model/level.js';
import { type Need, requiredBy, Tally } from '../model/need.js';
import { versionText } from '../model/record.js';
import type { PutReply, WireRecord } from '../wire/generated/types.js';
import { ENTRY_OVERHEAD_BYTES, encodeRecord } from '../wire/log-entry.js';
import type { WriteRequest } from '../wire/requests.js';
import { admit } from './admission.js';
import type { Coordination } from './coordination.js';
import type { Alarm, Sleeper } from './deadlines.js';
import type { Append } from './entry-lanes.js';
import type { Trace } from './trace.js';

/**
 * Coordinates one write.
 *
 * @param deadlineAtMs on the monotonic clock.
 * @throws InvalidRequestError, UnavailableError, OverloadedError: nothing was sent anywhere.
 * @throws WriteTimeoutError too few acks in time; the write may still surface.
 */
export function write(
  c: Coordination,
  request: WriteRequest,
  deadlineAtMs: number,
  trace?: Trace,
): Promise<PutReply> {
  const { preferenceList, owners, need, ready } = admit(c, request, deadlineAtMs);
  trace?.needs(need);

  const record = stamp(c, request);
  trace?.stamped(record);
  const text = encodeRecord(record);
  const bytes = Buffer.byteLength(text) + 1;
  if (bytes + ENTRY_OVERHEAD_BYTES > c.bus.maxPayload)
    throw new InvalidRequestError(
      request.base64 === undefined ? 'value' : 'base64',
      `the record takes ${bytes} bytes as JSON; the broker's max_payload allows ${c.bus.maxPayload - ENTRY_OVERHEAD_BYTES}`,
    );

  return new Promise((resolve, reject) => {
    const plan = { record, text, bytes, preferenceList, owners, ready, need, level: request.level, trace };
    new WriteInProgress(c, plan, resolve, reject).send(deadlineAtMs);
  });
}

/** The record this request writes, under the client's version or a new one. */
function stamp(c: Coordination, request: WriteRequest): WireRecord {
  const { bucket, key, value, base64, version } = request;
  if (version !== undefined) {
    if (c.hlc.isTooFarAhead(version.time))
      throw new InvalidRequestError(
        'time',
        `time lies more than ${formatDuration(c.hlc.maxSkewMs)} ahead of this node's clock`,
      );
    if (request.expiresAt === undefined && bucket !== BUCKETS && c.hlc.isTooOld(version.time))
      throw new InvalidRequestError(
        'time',
        'time lies so far behind that what was deleted since may have been purged: issue a new version',
      );
    c.hlc.observe(version.time);
  }
  const time = version === undefined ? c.hlc.next() : version.time;
  const writer = version === undefined ? c.writer : version.writer;
  let record: WireRecord;
  if (value !== undefined) record = { bucket, key, value, time, writer };
  else if (base64 !== undefined) record = { bucket, key, base64, time, writer };
  else return { bucket, key, deleted: true, time, writer };
  const end = endOf(request, time);
  if (end !== undefined) record.expiresAt = end;
  return record;
}

/** Counted from the version's time, so that a retry of the write ends when the write does. */
function endOf({ ttlMs, expiresAt }: WriteRequest, time: number): number | undefined {
  if (expiresAt !== undefined) return expiresAt;
  return ttlMs === undefined ? undefined : time + ttlMs * 1000;
}

interface Plan {
  readonly record: WireRecord;
  readonly text: string;
  readonly bytes: number;
  readonly preferenceList: readonly string[];
  readonly owners: readonly string[];
  /** Owners whose logs are asked; the others get hints. */
  readonly ready: readonly string[];
  readonly need: Need;
  readonly level: Level;
  readonly trace: Trace | undefined;
}

/** Counts the acks of one write. Goes on after the answer, until every owner has the record or a hint for it is kept. */
class WriteInProgress implements Sleeper {
  /** Owners that acked, for ANY those with a hint too; and those that still may. */
  private readonly tally: Tally;
  private answered = false;
  private alarm: Alarm | undefined;

  constructor(
    private readonly c: Coordination,
    private readonly plan: Plan,
    private readonly resolve: (reply: PutReply) => void,
    private readonly reject: (error: Error) => void,
  ) {
    this.tally = new Tally(plan.need, plan.level === Level.Any ? plan.owners : plan.ready);
  }

  send(deadlineAtMs: number): void {
    const { owners, ready, text, bytes, trace } = this.plan;
    this.alarm = this.c.deadlines.add(deadlineAtMs, this);
    for (const owner of owners) {
      if (!ready.includes(owner)) {
        this.hint(owner);
        continue;
      }
      trace?.asked(owner);
      this.c.logs.to(owner).submit(new OwnerAppend(this, owner, text, bytes));
    }
  }

  acked(owner: string): void {
    this.plan.trace?.acked(owner);
    this.count(owner, true);
  }

  failed(owner: string): void {
    this.plan.trace?.failed(owner);
    if (this.plan.level !== Level.Any) this.count(owner, false);
    this.hint(owner);
  }

  /** The deadline. What is under way stays under way. */
  wake(): void {
    this.timeOut();
  }

  private hint(target: string): void {
    const { preferenceList, owners, text, bytes, level, trace } = this.plan;
    trace?.hinting(target);
    this.c.hints.store({
      target,
      preferenceList,
      replicationFactor: owners.length,
      text,
      bytes,
      settled: (stored, holder) => {
        trace?.hinted(target, holder);
        if (level === Level.Any) this.count(target, stored);
      },
    });
  }

  /** What was hoped of the owner became an ack, or never will. */
  private count(owner: string, isAck: boolean): void {
    const { tally } = this;
    if (isAck) tally.answered(owner);
    else tally.failed(owner);
    if (this.answered) return;
    const { need, level, record } = this.plan;
    if (tally.isMet) {
      this.settle();
      const required = requiredBy(need);
      this.resolve({ key: record.key, version: versionText(record), level, required, acked: tally.count });
    } else if (!tally.isAttainable) this.timeOut();
  }

  private timeOut(): void {
    if (this.answered) return;
    this.settle();
    const { required, there, zone } = this.tally.lacking;
    const error = new WriteTimeoutError(required, there, undefined, { zone });
    error.version = versionText(this.plan.record);
    this.reject(error);
  }

  private settle(): void {
    this.answered = true;
    this.alarm?.cancel();
  }
}

/** The record on its way into the log of one owner. */
class OwnerAppend implements Append {
  constructor(
    private readonly write: WriteInProgress,
    private readonly owner: string,
    readonly text: string,
    readonly bytes: number,
  ) {}

  acked(): void {
    this.write.acked(this.owner);
  }

  failed(): void {
    this.write.failed(this.owner);
  }
}
