// Carries a plan out: begins each fault, holds it, heals it. Never lets two disks forget at a time.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '../client/client.js';
import { notServing } from './convergence.js';
import { faultNamed } from './faults/all.js';
import type { Blow } from './faults/fault.js';
import type { PlannedBlow } from './plan.js';
import type { TestCluster } from './test-cluster.js';

const wholeLimitMsDefault = 60_000;

export interface NemesisOptions {
  readonly cluster: TestCluster;
  /** Of the cluster; it only asks for states. */
  readonly client: Client;
  readonly signal: AbortSignal;
  /** How long a node may take until it serves again, in milliseconds, default 60,000. */
  readonly wholeLimitMs?: number;
  /** What is done, as it is done. */
  readonly onEvent: (line: string) => void;
}

export interface Struck {
  /** How many faults of each kind were begun. */
  readonly counts: Readonly<Record<string, number>>;
  /** What could not be begun or healed, and nodes that did not serve again. */
  readonly failures: readonly string[];
}

export class Nemesis {
  private readonly counts: Record<string, number> = {};
  private readonly failures: string[] = [];
  private begunAtMs = performance.now();

  constructor(private readonly options: NemesisOptions) {}

  /** Resolves when the last fault is healed, or early after the signal. Nothing is left broken either way. */
  async carryOut(plan: readonly PlannedBlow[]): Promise<Struck> {
    const { signal } = this.options;
    this.begunAtMs = performance.now();
    for (const blow of plan) {
      await this.until(blow.atMs);
      if (signal.aborted) break;
      await this.strike(blow);
    }
    return { counts: this.counts, failures: this.failures };
  }

  private async strike(blow: PlannedBlow): Promise<void> {
    const { cluster, onEvent } = this.options;
    const fault = faultNamed(blow.fault);
    if (fault === undefined) throw new TypeError(`there is no fault ${blow.fault}`);
    // Two disks that forget at a time are more than any promise bears.
    if (fault.losesData === true && !(await this.untilWhole(`so there is no ${wordsOf(blow)}`))) return;
    onEvent(`${this.time()} ${wordsOf(blow)}`);
    this.counts[blow.fault] = (this.counts[blow.fault] ?? 0) + 1;
    const begunAtMs = performance.now();
    await this.attempt(`begin ${wordsOf(blow)}`, () => fault.begin(cluster, blow));
    await this.pause(blow.holdMs - (performance.now() - begunAtMs));
    await this.attempt(`heal ${wordsOf(blow)}`, () => fault.heal(cluster, blow));
    await this.mendAll();
    onEvent(`${this.time()} healed ${blow.fault}`);
    if (fault.losesData === true) await this.untilWhole(`after ${wordsOf(blow)}`);
  }

  /** Processes may have died of a fault that was none to them. */
  private async mendAll(): Promise<void> {
    const { processes, nodes } = this.options.cluster;
    if (processes === undefined) return;
    for (const node of nodes) await this.attempt(`mend ${node}`, () => processes.mend(node));
  }

  private async untilWhole(why: string): Promise<boolean> {
    const { client, cluster, onEvent, wholeLimitMs = wholeLimitMsDefault } = this.options;
    await this.mendAll();
    const missing = await notServing(client, cluster.nodes, wholeLimitMs);
    if (missing.length === 0) return true;
    const line = `not every node serves after ${wholeLimitMs / 1000} s, ${why} (${missing.join('; ')})`;
    this.failures.push(line);
    onEvent(`${this.time()} ${line}`);
    return false;
  }

  private async attempt(what: string, step: () => Promise<void>): Promise<void> {
    try {
      await step();
    } catch (error) {
      const line = `could not ${what}: ${error instanceof Error ? error.message : String(error)}`;
      this.failures.push(line);
      this.options.onEvent(`${this.time()} ${line}`);
    }
  }

  private until(atMs: number): Promise<void> {
    return this.pause(this.begunAtMs + atMs - performance.now());
  }

  /** Ends early, and without an error, when the run is stopped. */
  private async pause(ms: number): Promise<void> {
    if (ms > 0) await sleep(ms, undefined, { signal: this.options.signal }).catch(() => {});
  }

  private time(): string {
    return `${((performance.now() - this.begunAtMs) / 1000).toFixed(1).padStart(6)}s`;
  }
}

/** `kill n1, n2 (log)`. */
export function wordsOf({ fault, nodes, how }: Blow): string {
  return [fault, nodes.join(', '), how === '' ? '' : `(${how})`].filter(word => word !== '').join(' ');
}
