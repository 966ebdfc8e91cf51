// Mode `api`: requests go to whichever node is free to coordinate, many in one message. A call that a node leaves
// unanswered is tried through another one, under the version it had, so that it stays one write.
import { utf8, utf8Length } from '#platform/bytes';
import { type Lane as AnyLane, Lane } from '../coordinator/lane.js';
import {
  ClosedError,
  DynatsError,
  InvalidRequestError,
  OverloadedError,
  ReadTimeoutError,
  UnavailableError,
  WriteTimeoutError,
} from '../errors.js';
import { type Bus, BusError } from '../ports.js';
import { fromErrorReply } from '../wire/error-reply.js';
import type { GetReply, PutReply } from '../wire/generated/types.js';
import { batchReply } from '../wire/generated/validators.js';
import { readReply } from '../wire/reply.js';
import { apiSubject } from '../wire/subjects.js';
import { tracingHeaders } from '../wire/traceparents.js';
import type { Coordinators } from './coordinators.js';
import { forbidden } from './forbidden.js';
import { within } from './within.js';

/** A request on its way, whatever became of its first attempt. */
export interface Call {
  readonly isWrite: boolean;
  /** The operation as it stands in a batch request; a write's version included. */
  readonly text: string;
  /** On the monotonic clock. */
  readonly deadlineAtMs: number;
  /** The only node to ask; any when undefined. */
  readonly via: string | undefined;
  /** The step of a trace it belongs to, where somebody traces. */
  readonly traceparent: string | undefined;
}

export interface ApiOptions {
  readonly bus: Bus;
  readonly coordinators: Coordinators;
  /** Nodes of the cluster, as far as known. */
  readonly nodes: () => readonly string[];
  /** Told the clocks of every node that answers: hybrid, in microseconds, and physical, in milliseconds since 1970. */
  readonly onTime: (time: number, now: number, tookMs: number) => void;
  /** Now by the nodes' clocks, in milliseconds since 1970; undefined while none is known. */
  readonly nodesNow: () => number | undefined;
}

/** A message unanswered for this long is backed up by another node, though none is known to hang; in milliseconds. */
const HEDGE_MS = 400;
/** Most further nodes that back up one attempt. */
const BACKUPS_MAX = 4;
/** Between attempts while nobody listens or the connection is being restored, in milliseconds. */
const BACKOFF_MS = 20;
/** A coordinator gives up by so much earlier than this client: then it still learns how far the request came. */
const GRACE_MS = 2 * BACKOFF_MS;
const GRACE_SHARE_MAX = 0.2;
/** With nobody listening, how long to hope for a node to come up, in milliseconds. */
const NOBODY_PATIENCE_MS = 500;
/** Other nodes asked whether they see too few owners alive, too. */
const SECOND_OPINIONS = 2;
const MESSAGE_ITEMS_MAX = 512;
const MESSAGES_IN_FLIGHT = 4;
const QUEUED_MAX = 100_000;
/**
 * What has waited for this share of its time to be sent is refused: the rest would hardly be enough, and what comes behind it
 * would be late for it too.
 */
const WAITING_SHARE_MAX = 0.5;
const OPERATION_OVERHEAD_BYTES = 64;

export class ApiRequests {
  /** Where the next call, or backup, starts to go round. */
  private turn = 0;
  private readonly lanes = new Map<string | undefined, AnyLane<Attempt>>();

  constructor(private readonly options: ApiOptions) {}

  /** @throws DynatsError */
  async execute(call: Call): Promise<PutReply | GetReply> {
    const progress: Progress = {
      effect: 'none',
      pending: 0,
      turn: this.turn++,
      tries: 0,
      refusals: 0,
      refusal: undefined,
      timedOut: undefined,
      absent: 0,
      startedAtMs: performance.now(),
    };
    let target = call.via;
    for (;;) {
      const outcome = await this.attempt(call, target, progress);
      if (!(outcome instanceof Error)) return outcome;
      const next = this.afterFailure(call, outcome, progress);
      if (next instanceof Error) throw next;
      await pause(next.waitMs);
      target = call.via ?? this.options.coordinators.named(progress.turn++);
    }
  }

  /** One try. Resolves with the first answer to it or to a backup, or how the first to fail failed. */
  private async attempt(
    call: Call,
    target: string | undefined,
    progress: Progress,
  ): Promise<PutReply | GetReply | Error> {
    const outcome = new Promise<PutReply | GetReply | Error>(resolve => {
      const bytes = utf8Length(call.text) + OPERATION_OVERHEAD_BYTES;
      // Of a later try little time is left: that says nothing of how much waits here.
      const sendByMs =
        progress.tries++ === 0
          ? performance.now() + left(call) * WAITING_SHARE_MAX
          : Number.POSITIVE_INFINITY;
      this.submit({ call, bytes, progress, sendByMs, backups: 0, isSettled: false, resolve }, target);
    });
    if (call.via !== undefined) return outcome;
    // Whoever was asked for a second opinion need not be waited for.
    const patienceMs = progress.refusal === undefined ? left(call) : Math.min(HEDGE_MS, left(call));
    return (await within(outcome, patienceMs)) ?? progress.refusal ?? new BusError('timeout', 'dynats.batch');
  }

  private submit(attempt: Attempt, target: string | undefined): void {
    const lane = this.lane(target);
    attempt.progress.pending++;
    if (lane.isFull) settle(attempt, new OverloadedError('too many requests wait in this client'));
    else lane.submit(attempt);
  }

  /** What to do after a failed try: give up with an error, or wait and go on. */
  private afterFailure(call: Call, error: Error, progress: Progress): Error | { waitMs: number } {
    // The deadline in the message is this client's own: a node that found it passed has done nothing.
    const isLate = error instanceof InvalidRequestError && error.field === 'deadline';
    const failure = isLate ? new BusError('timeout', 'dynats.batch', { cause: error }) : error;
    if (failure instanceof BusError) {
      if (failure.kind === 'forbidden') return this.refused(call, forbidden(failure), progress);
      if (failure.kind === 'no-responders' && progress.refusal !== undefined)
        return this.refused(call, progress.refusal, progress);
      progress.absent = failure.kind === 'no-responders' ? progress.absent + 1 : 0;
      if (left(call) > BACKOFF_MS && !this.isHopeless(call, progress)) return { waitMs: BACKOFF_MS };
      return this.giveUp(call, failure, progress);
    }
    if (failure instanceof UnavailableError) {
      progress.refusal = failure;
      // A node that has just come back may not have heard its peers yet.
      const others = call.via === undefined ? Math.min(SECOND_OPINIONS, this.options.nodes().length - 1) : 0;
      if (progress.refusals++ < others && left(call) > 0) return { waitMs: 0 };
      return this.refused(call, failure, progress);
    }
    if (failure instanceof WriteTimeoutError || failure instanceof ReadTimeoutError) {
      progress.timedOut = failure;
      if (left(call) > 2 * BACKOFF_MS) return { waitMs: BACKOFF_MS };
    }
    // Whatever its reason, such as a version that has become too old: it is a refusal of this try, not of one before it.
    if (failure instanceof DynatsError && failure.effect === 'none')
      return this.refused(call, failure, progress);
    return failure;
  }

  /** Nobody is there: not one node alone, while another may answer. */
  private isHopeless(call: Call, { absent, pending, startedAtMs }: Progress): boolean {
    const asked = call.via === undefined ? Math.max(1, this.options.nodes().length) : 1;
    return absent >= asked && pending === 0 && performance.now() - startedAtMs > NOBODY_PATIENCE_MS;
  }

  /** A refusal does not undo what another try did, or may yet do where it waits unanswered. */
  private refused(call: Call, refusal: DynatsError, progress: Progress): Error {
    if (!call.isWrite || !mayHaveEffect(progress)) return refusal;
    const required = refusal instanceof UnavailableError ? refusal.required : 1;
    return new WriteTimeoutError(required, 0, undefined, { cause: refusal });
  }

  private giveUp(call: Call, failure: BusError, progress: Progress): Error {
    const cause = { cause: failure };
    if (failure.kind === 'no-responders' && !mayHaveEffect(progress)) {
      const who =
        call.via === undefined ? 'no node of the cluster answers' : `node ${call.via} does not answer`;
      return new UnavailableError(1, 0, `${who}: is it up?`, cause);
    }
    // How far an earlier try came says more than that the last one got no answer.
    if (progress.timedOut !== undefined) return progress.timedOut;
    const message = 'no node answered in time';
    return call.isWrite
      ? new WriteTimeoutError(1, 0, `${message}; the write may still surface`, cause)
      : new ReadTimeoutError(1, 0, message, cause);
  }

  private lane(target: string | undefined): AnyLane<Attempt> {
    const known = this.lanes.get(target);
    if (known !== undefined) return known;
    const lane = new Lane<Attempt>(
      {
        bytesOf: ({ bytes }) => bytes,
        itemsMax: MESSAGE_ITEMS_MAX,
        bytesMax: this.options.bus.maxPayload * 0.75,
        queuedMax: QUEUED_MAX,
        inFlightMax: MESSAGES_IN_FLIGHT,
      },
      attempts => this.transmit(attempts, target),
    );
    this.lanes.set(target, lane);
    return lane;
  }

  /** Sends one message, to the node named if any. Frees the lane when the message is late; its answer is still welcome. */
  private async transmit(waiting: Attempt[], name: string | undefined): Promise<void> {
    const { coordinators } = this.options;
    const attempts = waiting.filter(attempt => !isLate(attempt));
    for (const attempt of waiting)
      if (isLate(attempt)) settle(attempt, new OverloadedError('the request waited too long in this client'));
    if (attempts.length === 0) return;
    const target = name ?? coordinators.next();
    const answer = this.exchange(attempts, target);
    // Those that want this node and no other have nothing to back them up.
    const others = attempts.filter(({ call }) => call.via === undefined);
    if (others.length === 0) await within(answer, HEDGE_MS);
    else if (!(await coordinators.isAnswered(answer, target, HEDGE_MS))) this.backUp(others, target);
  }

  /** Sends the attempts of a late message through another node too: `target` may hang. */
  private backUp(attempts: readonly Attempt[], target: string | undefined): void {
    const other = this.options.coordinators.named(this.turn++, target);
    const lane = this.lane(other);
    const backupsMax = Math.min(BACKUPS_MAX, Math.max(1, this.options.nodes().length));
    for (const attempt of attempts)
      if (!attempt.isSettled && !lane.isFull && attempt.backups++ < backupsMax && left(attempt.call) > 0)
        this.submit(attempt, other);
  }

  private async exchange(attempts: Attempt[], target: string | undefined): Promise<void> {
    const timeoutMs = Math.max(1, Math.ceil(Math.max(...attempts.map(({ call }) => left(call)))));
    const subject = apiSubject('batch', target);
    const operations = attempts.map(({ call }) => call.text).join(',');
    // By the nodes' clocks: this machine's may be wrong, and every request would come too late.
    const nodesNow = this.options.nodesNow();
    const deadline = nodesNow === undefined ? '' : `,"deadline":${nodesNow + timeoutMs}`;
    const theirsMs = Math.max(1, Math.floor(timeoutMs - Math.min(GRACE_MS, timeoutMs * GRACE_SHARE_MAX)));
    const data = utf8(`{"operations":[${operations}],"timeoutMs":${theirsMs}${deadline}}`);
    const headers = tracingHeaders(attempts.map(({ call }) => call.traceparent));
    const sentAtMs = performance.now();
    try {
      const { results, time, now } = readReply(
        batchReply,
        (await this.options.bus.request(subject, data, timeoutMs, { headers })).data,
      );
      const tookMs = performance.now() - sentAtMs;
      this.options.coordinators.answered(tookMs);
      this.options.onTime(time, now, tookMs);
      attempts.forEach((attempt, i) => {
        const result = results[i];
        if (result === undefined) settle(attempt, new BusError('timeout', subject));
        else settle(attempt, 'error' in result ? fromErrorReply(result) : result);
      });
    } catch (error) {
      const failure = error instanceof Error ? error : new Error(String(error));
      if (target !== undefined && failure instanceof BusError && failure.kind === 'no-responders')
        this.options.coordinators.gone(target);
      for (const attempt of attempts) settle(attempt, failure);
    }
  }
}

/** Of what was sent before, in a message that is late, an answer may still come. */
function isLate({ sendByMs, backups }: Attempt): boolean {
  return backups === 0 && performance.now() > sendByMs;
}

interface Attempt {
  readonly bytes: number;
  readonly call: Call;
  readonly progress: Progress;
  /** When it is too late to send it for the first time, on the clock of `performance.now`. */
  readonly sendByMs: number;
  /** Further messages it was put in, since one was late. */
  backups: number;
  isSettled: boolean;
  /** Called once for each message; only the first counts. */
  readonly resolve: (outcome: PutReply | GetReply | Error) => void;
}

/** What became of one message with the attempt in it. */
function settle(attempt: Attempt, outcome: PutReply | GetReply | Error): void {
  const { progress } = attempt;
  attempt.isSettled = true;
  progress.pending--;
  const isLost =
    outcome instanceof BusError && outcome.kind !== 'no-responders' && outcome.kind !== 'forbidden';
  if (isLost || (outcome instanceof DynatsError && outcome.effect === 'unknown')) progress.effect = 'unknown';
  attempt.resolve(outcome);
}

interface Progress {
  /** Whether some earlier try may have been carried out. */
  effect: 'none' | 'unknown';
  /** Tries without an answer yet. */
  pending: number;
  /** Index of the node to ask next. */
  turn: number;
  /** Begun so far. */
  tries: number;
  refusals: number;
  refusal: UnavailableError | undefined;
  /** What the last node that ran out of time said, of how far it came. */
  timedOut: WriteTimeoutError | ReadTimeoutError | undefined;
  /** Tries in a row that reached nobody. */
  absent: number;
  readonly startedAtMs: number;
}

const mayHaveEffect = ({ effect, pending }: Progress): boolean => effect === 'unknown' || pending > 0;

const left = (call: Call): number => call.deadlineAtMs - performance.now();

function pause(ms: number): Promise<void> {
  return new Promise(done => setTimeout(done, Math.max(0, ms)));
}

/** The connection this client had is closed. */
export function closedError(): ClosedError {
  return new ClosedError('this client is closed');
}
