// Looks at the hints of this node and changes what becomes of them, at run time. What is changed is kept with the hints
// stream, so that a restart, and a neighbour that delivers for this node, go by it.
import { InvalidRequestError } from '../errors.js';
import { changeSettings, policyOf } from '../model/hint-settings.js';
import type { Clock, HintStream } from '../ports.js';
import type { HintPolicy, HintSettings, HintsReply, HintsRequest } from '../wire/generated/types.js';
import { hintsRequest } from '../wire/generated/validators.js';
import { decodeJson } from '../wire/json.js';
import { subjects } from '../wire/subjects.js';
import type { HintLedger } from './hint-ledger.js';
import type { HintLosses } from './hint-losses.js';

export interface HintControlOptions {
  readonly node: string;
  readonly nodes: readonly string[];
  readonly clock: Clock;
  readonly stream: HintStream;
  readonly ledger: HintLedger;
  readonly losses: HintLosses;
  /** What the configuration file says. */
  readonly configured: Partial<HintSettings>;
}

/** A reply but for what others count. */
export type HintsOverview = Omit<HintsReply, 'delivered' | 'refused' | 'looks'>;

export class HintControl {
  private current: HintPolicy;
  /** Changes are made one after another. */
  private changing: Promise<void> = Promise.resolve();

  constructor(private readonly options: HintControlOptions) {
    this.current = policyOf(options.configured);
  }

  get policy(): HintPolicy {
    return this.current;
  }

  /** Targets for which no further hints are kept here. */
  full(): string[] {
    const { ledger } = this.options;
    return [...ledger.held.keys()].filter(
      target => ledger.bytesFor(target) >= this.current.settings.targetBytesMax,
    );
  }

  /** Goes on with what was set before the restart. */
  async load(): Promise<void> {
    const { stream, configured } = this.options;
    const { policy } = await stream.held();
    await this.keep(policyOf(configured, policy));
  }

  /** @throws InvalidRequestError */
  async handle(data: Uint8Array): Promise<HintsOverview> {
    const request = data.length === 0 ? { action: 'list' as const } : decodeJson(hintsRequest, data);
    this.check(request);
    const done = this.changing.then(() => this.carryOut(request));
    this.changing = done.catch(() => {});
    await done;
    return this.describe();
  }

  /** What is held, by target, as of the last look: nothing is asked. */
  targets(): { target: string; entries: number; bytes: number; oldestMs: number | null }[] {
    const { ledger, clock } = this.options;
    return [...ledger.held].map(([target, entries]) => {
      const oldestAtMs = ledger.oldestFor(target);
      return {
        target,
        entries,
        bytes: ledger.bytesFor(target),
        oldestMs: oldestAtMs === undefined ? null : Math.max(0, clock.now() - oldestAtMs),
      };
    });
  }

  private check({ action, target, windowMs, targetBytesMax, bytesPerSecond }: HintsRequest): void {
    if (target !== undefined && !this.options.nodes.includes(target))
      throw new InvalidRequestError('target', `there is no node ${target}`);
    const named = Object.entries({ windowMs, targetBytesMax, bytesPerSecond }).filter(
      ([, value]) => value !== undefined,
    );
    if (action === 'set' ? named.length === 0 : named.length > 0)
      throw new InvalidRequestError('action', 'a setting, and nothing else, goes with action set');
    if (action === 'set' && target !== undefined)
      throw new InvalidRequestError('target', 'settings hold for all targets');
  }

  private async carryOut(request: HintsRequest): Promise<void> {
    const { action, target } = request;
    const { configured, nodes } = this.options;
    const targets = target === undefined ? nodes : [target];
    const { set, paused } = this.current;
    if (action === 'set')
      await this.keep(policyOf(configured, { set: changeSettings(set, request), paused }));
    if (action === 'pause')
      await this.keep(policyOf(configured, { set, paused: [...new Set([...paused, ...targets])] }));
    if (action === 'resume')
      await this.keep(policyOf(configured, { set, paused: paused.filter(each => !targets.includes(each)) }));
    if (action === 'drop') await this.drop(targets);
  }

  private async drop(targets: readonly string[]): Promise<void> {
    const { stream, node, losses } = this.options;
    const { lastSequence, entries } = await stream.held();
    for (const target of targets) {
      const count = entries.get(target) ?? 0;
      if (count === 0) continue;
      await stream.purge(lastSequence, subjects.hints(node, target));
      losses.sawDropped(target, count);
    }
  }

  /** In force only when it is stored: what was answered holds after a restart. */
  private async keep(policy: HintPolicy): Promise<void> {
    await this.options.stream.keep(policy);
    this.current = policy;
  }

  private async describe(): Promise<HintsOverview> {
    const { node, stream, ledger, losses, clock } = this.options;
    const { entries } = await stream.held();
    const full = this.full();
    const targets = [...entries].map(([target, count]) => {
      const oldestAtMs = ledger.oldestFor(target);
      return {
        target,
        entries: count,
        bytes: ledger.bytesFor(target),
        oldestMs: oldestAtMs === undefined ? null : Math.max(0, Math.round(clock.now() - oldestAtMs)),
        paused: this.current.paused.includes(target),
        full: full.includes(target),
      };
    });
    const { expired, dropped } = losses;
    return { node, policy: this.current, targets, expired, dropped };
  }
}
