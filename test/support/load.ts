// Clients that write without a pause, and an account of every call: what was acknowledged, what failed, and how long
// nothing succeeded.
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import type { TestContext } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { type Client, connect, type Level, type Mode } from '../../src/index.js';
import { cleanUp } from './emulator.js';
import { eventually } from './eventually.js';

export interface LoadClient {
  /** Part of every key and value this client writes. */
  name: string;
  /** URLs of the bus, the one to use first in front. */
  servers: readonly string[];
  mode: Mode;
  level?: Level;
}

/** A write whose success was reported. */
export interface Acknowledged {
  key: string;
  value: string;
  version: string;
}

/**
 * Time during which this process ran. On a busy machine a process may not be given a processor for hundreds of
 * milliseconds, and then sees no success however well the store does; that time does not count.
 */
class AwakeClock {
  private readonly tickMs = 10;
  private awakeMs = 0;
  private lastMs = performance.now();

  constructor() {
    setInterval(() => this.nowMs(), this.tickMs).unref();
  }

  nowMs(): number {
    const now = performance.now();
    this.awakeMs += Math.min(now - this.lastMs, 2 * this.tickMs);
    this.lastMs = now;
    return this.awakeMs;
  }
}

const awakeClock = new AwakeClock();

/** Deadline of a call: long enough for a machine that is busy with other things. */
const timeoutMs = 10_000;
/** A writer with this many failed calls gives up: the test has failed. */
const failuresMax = 20;
/** Keys of one client: few enough that most writes replace one. */
const keysPerClient = 64;

/** One client with one call under way at any time. */
export class Writer {
  /** The newest acknowledged write of each key. */
  readonly acknowledged = new Map<string, Acknowledged>();
  readonly failures: string[] = [];
  calls = 0;
  /** Duration of the slowest successful call, in milliseconds. */
  slowestMs = 0;
  /** When each success came, in milliseconds that this process ran. */

  readonly successesAtMs: number[] = [];
  private running = true;
  private readonly done: Promise<void>;

  private constructor(
    readonly spec: LoadClient,
    private readonly client: Client,
  ) {
    this.done = this.run();
  }

  /** Starts one that stops after the test at the latest, should this fail. */
  static async start(t: TestContext, spec: LoadClient): Promise<Writer> {
    const { name, servers, mode } = spec;
    const client = await connect({
      servers: [...servers],
      name,
      mode,
      timeoutMs,
      nats: { noRandomize: true },
    });
    const writer = new Writer(spec, client);
    cleanUp(t, () => writer.stop());
    return writer;
  }

  /** Lets the call under way end. */
  async stop(): Promise<void> {
    this.running = false;
    await this.done;
    await this.client.close();
  }

  private async run(): Promise<void> {
    const { name, mode, level } = this.spec;
    while (this.running && this.failures.length < failuresMax) {
      // A call that ends without waiting for anything must not keep the process from everything else.
      await setImmediate();
      const call = this.calls++;
      const write = { key: `${name}/${randomInt(keysPerClient)}`, value: `${name}:${call}` };
      const begunAtMs = performance.now();
      try {
        const { version } = await this.client.put(
          write.key,
          write.value,
          level === undefined ? {} : { level },
        );
        this.acknowledged.set(write.key, { ...write, version });
        this.successesAtMs.push(awakeClock.nowMs());
        this.slowestMs = Math.max(this.slowestMs, performance.now() - begunAtMs);
      } catch (error) {
        const afterMs = Math.round(performance.now() - begunAtMs);
        this.failures.push(`${name}, call ${call} (${mode}) after ${afterMs} ms: ${error}`);
      }
    }
  }
}

/** Waits until each writer has had this many more successes. */
export async function eachSucceeds(writers: readonly Writer[], more: number): Promise<void> {
  const wanted = writers.map(({ successesAtMs }) => successesAtMs.length + more);
  await eventually(
    () => {
      const behind = writers.filter(({ successesAtMs }, i) => successesAtMs.length < (wanted[i] ?? 0));
      const failures = behind.flatMap(each => each.failures).slice(0, 3);
      assert.deepEqual(
        behind.map(({ spec }) => spec.name),
        [],
        failures.join('; '),
      );
    },
    { deadlineMs: 60_000, what: `each writer has ${more} more writes acknowledged` },
  );
}

/** The longest time in which no writer had a success, between their first and last one. */
export function longestGapMs(writers: readonly Writer[]): number {
  const times = writers.flatMap(writer => writer.successesAtMs).sort((a, b) => a - b);
  return times.reduce((longest, time, i) => Math.max(longest, time - (times[i - 1] ?? time)), 0);
}

/** The acknowledged writes that cannot be read any more: neither they nor a newer one of the same writer is there. */
export async function lostWrites(
  client: Client,
  writers: readonly Writer[],
  level: Level = 'QUORUM',
): Promise<string[]> {
  const writes = writers.flatMap(({ acknowledged }) => [...acknowledged.values()]);
  const outcomes = await client.batch(writes.map(({ key }) => ({ op: 'get', key, level })));
  return writes.flatMap(({ key, value, version }, i) => {
    const outcome = outcomes[i];
    if (outcome !== undefined && 'found' in outcome && isSameOrNewer(outcome.version, version)) return [];
    return [`${key}: ${value} (${version}) was acknowledged, but the answer is ${JSON.stringify(outcome)}`];
  });
}

function isSameOrNewer(found: string | undefined, acknowledged: string): boolean {
  const [foundTime, foundWriter] = (found ?? '').split('@');
  const [time, writer] = acknowledged.split('@');
  return foundWriter === writer && Number(foundTime) >= Number(time);
}
