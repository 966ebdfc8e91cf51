// Whom a client asks to coordinate: whoever the queue group hands its message to; and while a node of the group hangs, by
// name, those that answer. The group hides who took a message, so one that is late leads to a roll call. That tells a node
// that hangs from a request that takes long, and no request has to wait on a frozen node to find out that it still is.
import { LateBound, type LateBounds } from '../coordinator/late-bound.js';
import type { Bus, Clock } from '../ports.js';
import { RollCall } from './roll-call.js';
import { within } from './within.js';

export interface CoordinatorsOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  /** Nodes of the cluster, as far as known. */
  readonly nodes: () => readonly string[];
  /** Told when no node answers a roll call: it may be the server between that hangs. */
  readonly onSilence?: () => void;
}

/** When a message is late. Below the least, a pause of the scheduler would look like a node that hangs. */
const LATE_BOUNDS: LateBounds = { defaultMs: 25, minMs: 20, maxMs: 400, isCautious: true };
/** An answer that took longer is no measure: whoever gave it had hung. In milliseconds. */
const HUNG_MS = 2 * LATE_BOUNDS.maxMs;
/** So many times the nearest node's answer time is still near. Messages go by name to no node further away. */
const NEAR_FACTOR = 2;
/** What makes a message late makes a node silent, but a roll call asks for less than a message may: in milliseconds. */
const SILENT_MAX_MS = 100;

/** After so long without any answer to a roll call it is not the nodes that are doubted, in milliseconds. */
const SILENCE_MS = 200;

export class Coordinators {
  private readonly bound: LateBound;
  /** Nodes that owe an answer to the last roll call; while there are any, messages go to those that are near. */
  private silent = new Set<string>();
  private near: readonly string[] = [];
  private judging: Promise<void> | undefined;
  private turn = 0;

  constructor(private readonly options: CoordinatorsOptions) {
    this.bound = new LateBound(options.clock, LATE_BOUNDS);
  }

  /** The node to ask; undefined for the queue group. */
  next(): string | undefined {
    return this.isSomeoneHanging ? this.near[this.turn++ % this.near.length] : undefined;
  }

  /**
   * For one more try: goes round the nodes as `turn` goes up, but not to those that hang, nor to `not` if there is
   * another. Undefined, the queue group, while no node is known.
   */
  named(turn: number, not?: string): string | undefined {
    const all = this.isSomeoneHanging ? this.near : this.options.nodes();
    const others = all.filter(node => node !== not);
    const nodes = others.length > 0 ? others : all;
    return nodes[turn % Math.max(1, nodes.length)];
  }

  /** The first node that was asked says that only these are alive: until the others are known to be dead, they may hang. */
  begin(alive: readonly string[]): void {
    const nodes = this.options.nodes();
    this.silent = new Set(nodes.filter(node => !alive.includes(node)));
    this.near = nodes.filter(node => alive.includes(node));
    if (this.silent.size > 0) void this.callRoll();
  }

  /** A message was answered, `tookMs` after it was sent. */
  answered(tookMs: number): void {
    if (tookMs < HUNG_MS) this.bound.answered(tookMs);
  }

  /** Nobody listens there: a dead node is asked by name no more. */
  gone(node: string): void {
    this.near = this.near.filter(other => other !== node);
  }

  /**
   * Whether the answer comes, of the node asked or of whomever the queue group chose, before that is found to hang and
   * within `patienceMs`.
   *
   * @param answer must not reject.
   */
  async isAnswered(answer: Promise<unknown>, node: string | undefined, patienceMs: number): Promise<boolean> {
    const endsAtMs = this.options.clock.monotonic() + patienceMs;
    const leftMs = () => endsAtMs - this.options.clock.monotonic();
    const came = answer.then(() => true);
    if (await within(came, Math.min(this.bound.lateAfterMs, patienceMs))) return true;
    const isHanging = await within(Promise.race([came.then(() => false), this.isHanging(node)]), leftMs());
    return isHanging === false && (await within(came, leftMs())) === true;
  }

  /** With nobody near there is nobody else to ask. */
  private get isSomeoneHanging(): boolean {
    return this.silent.size > 0 && this.near.length > 0;
  }

  /** Whether the node asked, or any of the queue group, owes an answer while others give theirs. */
  private async isHanging(node: string | undefined): Promise<boolean> {
    if (node !== undefined || !this.isSomeoneHanging) await this.callRoll();
    return this.isSomeoneHanging && (node === undefined || this.silent.has(node));
  }

  /** Resolves when it is known who hangs. */
  private callRoll(): Promise<void> {
    this.judging ??= this.judge(new RollCall(this.options.bus, this.options.nodes()));
    return this.judging;
  }

  private async judge(rollCall: RollCall): Promise<void> {
    const begunAtMs = this.options.clock.monotonic();
    // While nobody answers it may be this process that was held up.
    if (
      (await within(
        rollCall.first.then(() => true),
        SILENCE_MS,
      )) === undefined
    )
      this.options.onSilence?.();
    await rollCall.first;
    const graceMs = Math.min(SILENT_MAX_MS, this.bound.lateAfterMs);
    const nearestMs = this.options.clock.monotonic() - begunAtMs;
    await within(rollCall.all, Math.max(graceMs, NEAR_FACTOR * nearestMs));
    this.near = [...rollCall.answering];
    // A late answer takes a node out of it again.
    this.silent = rollCall.silent;
    this.judging = undefined;
    void this.watch(rollCall);
  }

  /** Calls again as long as a node owes an answer. */
  private async watch({ all, silent }: RollCall): Promise<void> {
    await all;
    if (this.silent === silent && silent.size > 0) void this.callRoll();
  }
}
