// The read path. Ask as many owners as the level needs, one for the record and the others for their versions; one more when
// one fails or is late. The newest version wins. Above level ONE an owner seen to be stale is repaired before the answer is
// given, so that of two successive quorum reads the second is never older.
import { OverloadedError, ReadTimeoutError, UnavailableError } from '../errors.js';
import { Level } from '../model/level.js';
import { atLeastOf, choose, type Need, type Part, requiredBy, shortfall, Tally } from '../model/need.js';
import { compareVersions, tombstoneOf, type Version, versionText } from '../model/record.js';
import type { Ring } from '../model/ring.js';
import type { GetReply, WireRecord } from '../wire/generated/types.js';
import { encodeRecord } from '../wire/log-entry.js';
import type { ReadRequest } from '../wire/requests.js';
import { type Coordination, needFor, withRoom } from './coordination.js';
import type { Alarm, Sleeper } from './deadlines.js';
import { hasExpired } from './expiry.js';
import type { Answer, Read } from './read-lane.js';
import type { Trace } from './trace.js';

/**
 * Coordinates one read.
 *
 * @param deadlineAtMs on the monotonic clock.
 * @param atLeast owners to hear, wherever they are, if that is more than the level needs.
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
  const { owners } = ring.place(request.key);
  const levelNeed = needFor(c, ring, owners, request);
  trace?.needs(levelNeed);
  const need = atLeastOf(levelNeed, owners, atLeast);
  const alive = c.liveness.readable(owners);
  const missing = shortfall(need, alive);
  if (missing !== undefined)
    throw new UnavailableError(missing.required, missing.there, undefined, { zone: missing.zone });
  const free = withRoom(alive, c.reads, deadlineAtMs, c.clock.monotonic());
  if (shortfall(need, free) !== undefined)
    throw new OverloadedError('too many reads wait for the owners of this key; try again later');
  const ready = byPromptness(c, ring, free);

  return new Promise((resolve, reject) => {
    const plan = { need, required: requiredBy(levelNeed), trace };
    new ReadInProgress(c, request, plan, ready, resolve, reject).start(deadlineAtMs);
  });
}

/** The coordinator's own replica answers without the bus, those of its zone from near by: first. Owners that are late now: last. */
function byPromptness(c: Coordination, ring: Ring, owners: readonly string[]): readonly string[] {
  const hasNearness = c.self !== undefined || c.zone !== undefined;
  if (!hasNearness && !c.answerTimes.hasLate) return owners;
  const sorted = [...owners];
  if (hasNearness) {
    const nearness = (owner: string) =>
      owner === c.self ? 2 : c.zone !== undefined && ring.zoneOf(owner) === c.zone ? 1 : 0;
    sorted.sort((a, b) => nearness(b) - nearness(a));
  }
  if (c.answerTimes.hasLate)
    sorted.sort((a, b) => Number(c.answerTimes.isLate(a)) - Number(c.answerTimes.isLate(b)));
  return sorted;
}

interface Plan {
  /** What must be heard before the newest is known, and then hold it. */
  readonly need: Need;
  /** Owners that the level needs in all. */
  readonly required: number;
  readonly trace: Trace | undefined;
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
  /** Owners that answered, and those that still may. */
  private readonly tally: Tally;
  private readonly asked: string[];
  /** Owners not asked yet, in order of preference. */
  private readonly spare: string[];
  private settled = false;
  private newest: Held | undefined;
  /** Owners known to hold the newest record durably, and those whose repair may still be acked. */
  private holders: Tally | undefined;
  private deadline: Alarm | undefined;
  private lateness: Alarm | undefined;

  constructor(
    private readonly c: Coordination,
    private readonly request: ReadRequest,
    private readonly plan: Plan,
    ready: readonly string[],
    private readonly resolve: (reply: GetReply) => void,
    private readonly reject: (error: Error) => void,
  ) {
    const { chosen, spare } = choose(plan.need, ready);
    this.asked = chosen;
    this.tally = new Tally(plan.need, chosen);
    this.spare = spare;
  }

  start(deadlineAtMs: number): void {
    this.deadline = this.c.deadlines.add(deadlineAtMs, this);
    if (this.spare.length > 0) this.awaitAnswers();
    const { asked } = this;
    // Not beyond those chosen first: an owner that fails at once is replaced meanwhile, and the one in its place asked.
    const chosen = asked.length;
    for (let i = 0; i < chosen; i++) this.ask(asked[i] ?? '', i === 0 ? 'record' : 'version');
  }

  /** The deadline, or an owner is late. */
  wake(alarm: Alarm): void {
    if (alarm === this.lateness) this.backUp();
    else this.fail();
  }

  /** Whoever has not answered by the time almost every answer takes is backed up by the next owner, and that one too. */
  private awaitAnswers(): void {
    const lateAtMs = this.c.clock.monotonic() + this.c.answerTimes.lateAfterMs;
    this.lateness = this.c.lateness.add(lateAtMs, this);
  }

  private backUp(): void {
    if (this.settled || this.newest !== undefined) return;
    for (const owner of this.asked)
      if (!this.answers.some(held => held.owner === owner)) this.c.answerTimes.wasLate(owner);
    // One that is late itself is no help: where all are slow, asking more of them makes them slower.
    const isPrompt = (owner: string) => !this.c.answerTimes.isLate(owner);
    for (const part of this.plan.need) if (!this.tally.isPartMet(part)) this.askNext(part, isPrompt);
    if (this.spare.length > 0) this.awaitAnswers();
  }

  /** Asks the next owner that counts for `part`, of those that `may`. */
  private askNext(part: Part, may = (_owner: string) => true): void {
    const at = this.spare.findIndex(owner => part.owners.includes(owner) && may(owner));
    const [owner] = at < 0 ? [] : this.spare.splice(at, 1);
    if (owner === undefined) return;
    this.asked.push(owner);
    this.tally.hope(owner);
    this.ask(owner, 'record');
  }

  private ask(owner: string, want: 'record' | 'version'): void {
    this.plan.trace?.asked(owner);
    this.c.reads.get(owner)?.ask(new OwnerRead(this, owner, this.request, want, this.c.clock.monotonic()));
  }

  answered(owner: string, answer: Answer, askedAtMs: number): void {
    if (owner !== this.c.self) this.c.answerTimes.answered(owner, this.c.clock.monotonic() - askedAtMs);
    this.plan.trace?.answered(owner, answer);
    this.count({ owner, version: answer, record: recordIn(answer) });
  }

  failed(owner: string): void {
    this.plan.trace?.failed(owner);
    this.replace(owner);
  }

  /** An owner will not answer: for whatever it was asked the next takes its place. */
  private replace(owner: string): void {
    this.tally.failed(owner);
    if (this.settled || this.newest !== undefined) return;
    const part = this.plan.need.find(each => each.owners.includes(owner) && !this.tally.isPartMet(each));
    if (part !== undefined) this.askNext(part);
    for (const each of this.plan.need) if (!this.tally.isPartAttainable(each)) this.askNext(each);
    if (!this.tally.isAttainable) this.fail();
  }

  private count(held: Held): void {
    if (this.settled || this.newest !== undefined) return;
    this.answers.push(held);
    this.tally.answered(held.owner);
    if (!this.tally.isMet) return;
    const newest = this.answers.reduce((best, next) => (isNewer(next, best) ? next : best));
    this.newest = newest;
    if (newest.version === null) this.answer(undefined);
    else if (newest.record !== undefined) this.repair(newest.record);
    else if (newest.version.deleted === true || hasExpired(this.c, newest.version)) {
      // A delete is its version, and by now its owner may have purged it: there is no record to ask for.
      const { bucket, key } = this.request;
      this.repair(tombstoneOf({ bucket, key, ...newest.version }));
    } else this.fetch(newest.version);
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
          const record = recordIn(answer);
          // It may hold an even newer one by now; that one is as good an answer.
          if (record === undefined) askSource();
          else this.repair(record);
        },
        failed: askSource,
      });
    };
    askSource();
  }

  /**
   * Brings every owner that answered with something older up to `found`, and answers once the level's owners hold it. An
   * expired record is brought up to the delete it has become: a coordinator whose clock is behind must not find it again.
   */
  private repair(found: WireRecord): void {
    if (this.settled) return;
    const record = hasExpired(this.c, found) ? tombstoneOf(found) : found;
    const stale = this.answers.filter(
      held => held.version === null || compareVersions(held.version, record) < 0,
    );
    if (stale.length === 0) {
      this.answer(record);
      return;
    }
    const holders = new Tally(
      this.plan.need,
      stale.map(held => held.owner),
    );
    for (const held of this.answers) if (!stale.includes(held)) holders.answered(held.owner);
    this.holders = holders;
    if (this.request.level === Level.One || holders.isMet) {
      this.answer(record);
      return;
    }
    const text = encodeRecord(record);
    const bytes = Buffer.byteLength(text) + 1;
    for (const { owner } of stale) {
      this.plan.trace?.repairing(owner);
      this.c.logs.to(owner).submit({
        text,
        bytes,
        acked: () => {
          holders.answered(owner);
          this.repaired(holders, record, owner, true);
        },
        failed: () => {
          holders.failed(owner);
          this.repaired(holders, record, owner, false);
        },
      });
    }
  }

  private repaired(holders: Tally, record: WireRecord, owner: string, isAcked: boolean): void {
    this.c.repairs[isAcked ? 'acked' : 'failed']++;
    this.plan.trace?.repaired(owner, isAcked);
    if (this.settled) return;
    if (holders.isMet) this.answer(record);
    else if (!holders.isAttainable) this.fail();
  }

  private answer(record: WireRecord | undefined): void {
    if (this.settled) return;
    this.settle();
    const { key, level } = this.request;
    const found = record !== undefined && record.deleted !== true && !hasExpired(this.c, record);
    if (record !== undefined) this.c.hlc.observe(record.time);
    const reply: GetReply = {
      key,
      found,
      level,
      required: this.plan.required,
      received: this.answers.length,
    };
    if (record !== undefined) reply.version = versionText(record);
    if (found) {
      if (record.value !== undefined) reply.value = record.value;
      if (record.base64 !== undefined) reply.base64 = record.base64;
      if (record.expiresAt !== undefined) reply.expiresAt = record.expiresAt;
    }
    this.resolve(reply);
  }

  private fail(): void {
    if (this.settled) return;
    this.settle();
    // Once the newest is known it is its holders that count.
    const tally = this.newest === undefined ? this.tally : (this.holders ?? new Tally(this.plan.need, []));
    const { required, there, zone } = tally.lacking;
    this.reject(new ReadTimeoutError(required, there, undefined, { zone }));
  }

  private settle(): void {
    this.settled = true;
    this.deadline?.cancel();
    this.lateness?.cancel();
  }
}

function recordIn(answer: Answer): WireRecord | undefined {
  return answer !== null && 'key' in answer ? answer : undefined;
}

function isNewer(a: Held, b: Held): boolean {
  if (a.version === null) return false;
  if (b.version === null) return true;
  const order = compareVersions(a.version, b.version);
  // Of equals the one that brought the record saves a second question.
  return order > 0 || (order === 0 && a.record !== undefined && b.record === undefined);
}

/** One question of a read to one owner. */
class OwnerRead implements Read {
  readonly bucket: string;
  readonly key: string;

  constructor(
    private readonly read: ReadInProgress,
    private readonly owner: string,
    { bucket, key }: Pick<Read, 'bucket' | 'key'>,
    readonly want: 'record' | 'version',
    private readonly askedAtMs: number,
  ) {
    this.bucket = bucket;
    this.key = key;
  }

  answered(answer: Answer): void {
    this.read.answered(this.owner, answer, this.askedAtMs);
  }

  failed(): void {
    this.read.failed(this.owner);
  }
}
