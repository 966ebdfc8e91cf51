// The client processes, seen from the process that runs the chaos.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Answer, LoadSpec, Order } from './order.js';

const processFile = fileURLToPath(new URL('./client-process.js', import.meta.url));

export interface Counts {
  readonly operations: number;
  /** Writes. */
  readonly acknowledged: number;
}

export class Fleet {
  private constructor(private readonly members: readonly Member[]) {}

  /** A process for each; resolves when all have connected and begun. */
  static async begin(specs: readonly LoadSpec[]): Promise<Fleet> {
    const fleet = new Fleet(specs.map(() => new Member()));
    try {
      await Promise.all(specs.map((spec, i) => fleet.members[i]?.order({ do: 'begin', spec })));
      return fleet;
    } catch (error) {
      fleet.killNow();
      throw error;
    }
  }

  get counts(): Counts {
    const sum = (of: (counts: Counts) => number) =>
      this.members.reduce((total, { counts }) => total + of(counts), 0);
    return { operations: sum(each => each.operations), acknowledged: sum(each => each.acknowledged) };
  }

  /** Rejects when a client process has failed; never resolves. */
  get failed(): Promise<never> {
    return Promise.race(this.members.map(({ failed }) => failed));
  }

  /** Lets what is under way end; resolves when all is written down and the processes are gone. */
  async end(): Promise<void> {
    await Promise.all(this.members.map(member => member.end()));
  }

  killNow(): void {
    for (const member of this.members) member.killNow();
  }
}

class Member {
  counts: Counts = { operations: 0, acknowledged: 0 };
  readonly failed: Promise<never>;
  private readonly process: ChildProcess;
  private readonly exited: Promise<unknown>;
  private onDone: () => void = () => {};
  private ending = false;

  constructor() {
    this.process = fork(processFile, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    this.exited = once(this.process, 'exit');
    this.failed = new Promise((_, reject) => {
      this.process.on('message', (answer: Answer) => {
        if ('error' in answer) reject(new Error(`in a client process: ${answer.error}`));
        else if (answer.did === 'counts') this.counts = answer;
        else this.onDone();
      });
      void this.exited.then(() => {
        if (!this.ending) reject(new Error('a client process ended by itself; its output is above'));
      });
    });
    // Only who waits for an answer needs to know.
    this.failed.catch(() => undefined);
  }

  async order(order: Order): Promise<void> {
    const done = new Promise<void>(resolve => {
      this.onDone = resolve;
    });
    this.process.send(order);
    await Promise.race([done, this.failed]);
  }

  async end(): Promise<void> {
    await this.order({ do: 'end' });
    this.ending = true;
    this.process.kill('SIGKILL');
    await this.exited;
  }

  killNow(): void {
    this.ending = true;
    this.process.kill('SIGKILL');
  }
}
