// The read path. Ask as many owners as the level needs, one for the record and the others for their versions; one more when
// one fails or is late. The newest version wins. Above level ONE an owner seen to be stale is repaired before the answer is
// given, so that of two successive quorum reads the second is never older.
import { InvalidRequestError, OverloadedError, ReadTimeoutError, UnavailableError } from '../errors.js';
import { Level, requiredOwners } from '../model/level.js';
import { compareVersions, type Version, versionText } from '../model/record.js';
import type { GetReply, WireRecord } from '../wire/generated/types.js';
import { encodeRecord } from '../wire/log-entry.js';
import type { ReadRequest } from '../wire/requests.js';
import type { Coordination } from './coordination.js';
import type { Alarm, Sleeper } from './deadlines.js';
import type { Answer } from './read-lane.js';
import type { Trace } from './trace.js';

/**
 * Coordinates one read.
 *
 * @param deadlineAtMs on the monotonic clock.
 * @param atLeast owners to hear, if that is more than the level needs.
 * @throws InvalidRequestError, UnavailableError, OverloadedError: nobody was asked.
 * @throws ReadTimeoutError too few answers, or too few acks of a repair, in time.
 */
export function read(
  c: Coordination,
  request: ReadRequest,
  deadlineAtMs: number,
  trace?: Trace,
  atLeast = 0,
): Promise<GetReply> {
  const ring = c.rings.of(request.bucket);
  const owners = ring.owners(request.key);
  const required = Math.max(atLeast, requiredOwners(request.level, ring.replicationFactor));
  if (required > owners.length)
    throw new InvalidRequestError(
      'level',
      `level ${request.level} needs ${required} owners; the bucket has ${owners.length} for each key`,
    );
  const alive = owners.filter(owner => c.liveness.isReadable(owner));
  if (alive.length < required) throw new UnavailableError(required, alive.length);
  const ready = alive.filter(owner => c.reads.get(owner)?.isFull === false);
  if (ready.length < required)
    throw new OverloadedError('too many reads wait for the owners of this key; try again later');
  sortByPromptness(c, ready);

  return new Promise((resolve, reject) => {
    new ReadInProgress(c, request, required, ready, trace, resolve, reject).start(deadlineAtMs);
  });
}

/** The coordinator's own replica answers without the bus: first. Owners that are late now: last. */
function sortByPromptness(c: Coordination, owners: string[]): void {
  if (c.self !== undefined && owners.includes(c.self))
    owners.sort((a, b) => Number(b === c.self) - Number(a === c.self));
  if (c.answerTimes.hasLate)
    owners.sort((a, b) => Number(c.answerTimes.isLate(a)) - Number(c.answerTimes.isLate(b)));
}

interface Held {
  readonly owner: string;
  /** What the owner holds; null when it holds nothing of the key. */
  readonly version: Version | null;
  readonly record: WireRecord | undefined;
}

/** Gathers the answers of one read, then its repairs. */
class ReadInProgress implements Sleeper {
  private readonly answers: Held[] = [];
  /** Owners not asked yet, in order of preference. */
  private readonly spare: string[];
  private asked = 0;
  private settled = false;
  private newest: Held | undefined;
  /** Owners known to hold the newest record durably. */
  private holders = 0;
  /** Repairs that may still become acks. */
  private repairs = 0;
  private deadline: Alarm | undefined;
  private lateness: Alarm | undefined;

  constructor(
    private readonly c: Coordination,
    private readonly request: ReadRequest,
    private readonly required: number,
    private readonly owners: readonly string[],
    private readonly trace: Trace | undefined,
    private readonly resolve: (reply: GetReply) => void,
    private readonly reject: (error: Error) => void,
  ) {
    this.spare = [...owners];
  }

  start(deadlineAtMs: number): void {
    this.deadline = this.c.deadlines.add(deadlineAtMs, this);
    if (this.spare.length > this.required) this.awaitAnswers();
    for (let i = 0; i < this.required; i++) this.askNext(i === 0 ? 'record' : 'version');
  }

  /** The deadline. */
  wake(): void {
    this.fail();
  }

  /** Whoever has not answered by the time almost every answer takes is backed up by the next owner, and that one too. */
  private awaitAnswers(): void {
    const lateAtMs = this.c.clock.monotonic() + this.c.answerTimes.lateAfterMs;
    this.lateness = this.c.lateness.add(lateAtMs, { wake: () => this.backUp() });
  }

  private backUp(): void {
    if (this.settled || this.newest !== undefined) return;
    for (const owner of this.owners.slice(0, this.owners.length - this.spare.length))
      if (!this.answers.some(held => held.owner === owner)) this.c.answerTimes.wasLate(owner);
    if (this.askNext('record') && this.spare.length > 0) this.awaitAnswers();
  }

  private askNext(want: 'record' | 'version'): boolean {
    const owner = this.spare.shift();
    if (owner === undefined) return false;
    this.asked++;
    const { bucket, key } = this.request;
    const askedAtMs = this.c.clock.monotonic();
    this.trace?.asked(owner);
    const lane = this.c.reads.get(owner);
    lane?.ask({
      bucket,
      key,
      want,
      answered: answer => {
        if (owner !== this.c.self) this.c.answerTimes.answered(owner, this.c.clock.monotonic() - askedAtMs);
        this.trace?.answered(owner, answer);
        this.count({ owner, ...heldBy(answer) });
      },
      failed: () => {
        this.trace?.failed(owner);
        this.asked--;
        this.replace();
      },
    });
    return true;
  }

  /** An owner will not answer: the next takes its place. */
  private replace(): void {
    if (this.settled || this.newest !== undefined) return;
    if (this.askNext('record')) return;
    if (this.asked < this.required) this.fail();
  }

  private count(held: Held): void {
    if (this.settled || this.newest !== undefined) return;
    this.answers.push(held);
    if (this.answers.length < this.required) return;
    const newest = this.answers.reduce((best, next) => (isNewer(next, best) ? next : best));
    this.newest = newest;
    if (newest.version === null) this.answer(undefined);
    else if (newest.record !== undefined) this.repair(newest.record);
    else this.fetch(newest.version);
  }

  /** Gets the record whose version won, from an owner that holds it. */
  private fetch(version: Version): void {
    const sources = this.answers.filter(
      held => held.version !== null && compareVersions(held.version, version) === 0,
    );
    const askSource = () => {
      const source = sources.shift();
      if (source === undefined) {
        this.fail();
        return;
      }
      const { bucket, key } = this.request;
      this.c.reads.get(source.owner)?.ask({
        bucket,
        key,
        want: 'record',
        answered: answer => {
          const { record } = heldBy(answer);
          // It may hold an even newer one by now; that one is as good an answer.
          if (record === undefined) askSource();
          else this.repair(record);
        },
        failed: askSource,
      });
    };
    askSource();
  }

  /** Brings every owner that answered with something older up to `record`, and answers once `required` owners hold it. */
  private repair(record: WireRecord): void {
    if (this.settled) return;
    const stale = this.answers.filter(
      held => held.version === null || compareVersions(held.version, record) < 0,
    );
    this.holders = this.answers.length - stale.length;
    if (this.request.level === Level.One || stale.length === 0 || this.holders >= this.required) {
      this.answer(record);
      return;
    }
    const text = encodeRecord(record);
    const bytes = Buffer.byteLength(text) + 1;
    this.repairs = stale.length;
    for (const { owner } of stale) {
      this.trace?.repairing(owner);
      this.c.logs.to(owner).submit({
        text,
        bytes,
        acked: () => this.repaired(record, owner, true),
        failed: () => this.repaired(record, owner, false),
      });
    }
  }

  private repaired(record: WireRecord, owner: string, isAcked: boolean): void {
    this.trace?.repaired(owner, isAcked);
    this.repairs--;
    if (isAcked) this.holders++;
    if (this.settled) return;
    if (this.holders >= this.required) this.answer(record);
    else if (this.holders + this.repairs < this.required) this.fail();
  }

  private answer(record: WireRecord | undefined): void {
    if (this.settled) return;
    this.settle();
    const { key, level } = this.request;
    const found = record !== undefined && record.deleted !== true;
    if (record !== undefined) this.c.hlc.observe(record.time);
    this.resolve({
      key,
      found,
      ...(found && record.value !== undefined ? { value: record.value } : {}),
      ...(found && record.base64 !== undefined ? { base64: record.base64 } : {}),
      ...(record !== undefined ? { version: versionText(record) } : {}),
      level,
      required: this.required,
      received: this.answers.length,
    });
  }

  private fail(): void {
    if (this.settled) return;
    this.settle();
    const repaired = this.newest === undefined ? this.answers.length : this.holders;
    this.reject(new ReadTimeoutError(this.required, Math.min(repaired, this.required)));
  }

  private settle(): void {
    this.settled = true;
    this.deadline?.cancel();
    this.lateness?.cancel();
  }
}

function heldBy(answer: Answer): { version: Version | null; record: WireRecord | undefined } {
  return { version: answer, record: answer !== null && 'key' in answer ? answer : undefined };
}

function isNewer(a: Held, b: Held): boolean {
  if (a.version === null) return false;
  if (b.version === null) return true;
  const order = compareVersions(a.version, b.version);
  // Of equals the one that brought the record saves a second question.
  return order > 0 || (order === 0 && a.record !== undefined && b.record === undefined);
}
