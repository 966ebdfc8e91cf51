// One client: puts, gets and deletes, one after the other, each recorded as this client saw it.
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import type { Operation } from '../../check/history.js';
import type { Client, RequestOptions, Session } from '../../client/client.js';
import { DynatsError } from '../../errors.js';
import { SeededRandom } from '../random.js';
import { bucketName, type ClientSpec, epochAt, keyOf, type LoadSpec, sharedNowMs } from './order.js';

/** Shares of the operations. */
const getShare = 0.45;
const deleteShare = 0.05;
/** After a failure, in milliseconds: a refusal costs no time, and a loop of them would starve this process. */
const failurePauseMs = 5;

type Recorded = Pick<Operation, 'outcome' | 'version'> & Partial<Pick<Operation, 'value' | 'code'>>;

export class LoadClient {
  private readonly random: SeededRandom;
  private readonly store: Pick<Session, 'put' | 'delete' | 'read'>;
  private writes = 0;
  private running = true;

  constructor(
    client: Client,
    private readonly spec: ClientSpec,
    private readonly load: LoadSpec,
    private readonly record: (epoch: number, operation: Operation) => void,
    seed: number,
  ) {
    this.store = spec.hasSession ? client.session() : client;
    this.random = new SeededRandom(seed);
  }

  /** Resolves after `stop`, when the operation under way has ended. */
  async run(): Promise<void> {
    while (this.running) {
      const ended = await this.next();
      // Also lets timers and other clients' replies in.
      await (ended.outcome === 'ok' ? turn() : sleep(failurePauseMs));
    }
  }

  stop(): void {
    this.running = false;
  }

  private async next(): Promise<Operation> {
    const { random, load, spec } = this;
    const drawn = random.next();
    const kind = drawn < getShare ? 'get' : drawn < getShare + deleteShare ? 'delete' : 'put';
    const level = kind === 'get' ? spec.readLevel : spec.writeLevel;
    const startedAtMs = sharedNowMs();
    const epoch = epochAt(startedAtMs, load.epochMs);
    const key = keyOf(load.run, epoch, random.below(load.keys));
    const value = `${spec.name}:${this.writes++}`;
    const recorded = await this.outcomeOf(kind, key, value, {
      level,
      bucket: bucketName,
      timeoutMs: load.timeoutMs,
    });
    const operation: Operation = {
      client: spec.name,
      kind,
      key,
      level,
      startedAtMs,
      endedAtMs: sharedNowMs(),
      ...recorded,
      ...(spec.hasSession ? { session: spec.name } : {}),
    };
    this.record(epoch, operation);
    return operation;
  }

  private async outcomeOf(
    kind: Operation['kind'],
    key: string,
    value: string,
    options: RequestOptions,
  ): Promise<Recorded> {
    try {
      if (kind === 'get') {
        const { version, value: found } = await this.store.read(key, options);
        return { outcome: 'ok', version: version ?? null, ...(found === undefined ? {} : { value: found }) };
      }
      if (kind === 'delete')
        return { outcome: 'ok', version: (await this.store.delete(key, options)).version };
      return { outcome: 'ok', version: (await this.store.put(key, value, options)).version, value };
    } catch (error) {
      if (!(error instanceof DynatsError)) throw error;
      const version = 'version' in error && typeof error.version === 'string' ? error.version : null;
      return {
        outcome: error.effect === 'none' ? 'refused' : 'unknown',
        version: kind === 'get' ? null : version,
        code: error.code,
        ...(kind === 'put' ? { value } : {}),
      };
    }
  }
}
