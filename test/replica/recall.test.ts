// A replica says what it remembers of its peers' logs only once it can: a premature "nothing" would let a peer that lost
// its log take a new one for the first.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ring } from '../../src/model/ring.js';
import type { Bus, Logger, LogLife, Message, ReplicaLog, StreamEntry } from '../../src/ports.js';
import { Replica } from '../../src/replica/replica.js';
import { serveReplica } from '../../src/replica/service.js';
import { systemClock, systemRandom } from '../../src/system.js';
import { encodeJson } from '../../src/wire/json.js';
import { encodeEntry } from '../../src/wire/log-entry.js';

const life: LogLife = { id: 'life1', recovering: null };
const position = { log: 'ofn1', sequence: 7, crc32: '0000abcd' };
const note = encodeEntry([], { node: 'n0', log: life.id, recovering: null, positions: { n1: position } });
const silent = () => {};
const logger: Logger = { debug: silent, info: silent, warn: silent, error: silent };

/** A bus with a peer that remembers nothing; keeps what is published. */
class PeerBus implements Bus {
  readonly maxPayload = 1_000_000;
  readonly published: string[] = [];
  isPeerMute = false;
  private readonly handlers = new Map<string, (message: Message) => void>();

  request(subject: string): Promise<Message> {
    if (this.isPeerMute && !subject.startsWith('dynats.log.')) return Promise.reject(new Error('no answer'));
    const reply = subject.startsWith('dynats.log.')
      ? { stream: 'LOG_n0', seq: 2 }
      : { node: 'n1', position: null };
    return Promise.resolve({ subject, data: encodeJson(reply) });
  }
  publish(_: string, data: Uint8Array): void {
    this.published.push(Buffer.from(data).toString());
  }
  subscribe(subject: string, handler: (message: Message) => void) {
    this.handlers.set(subject, handler);
    return { unsubscribe: silent };
  }
  settled(): Promise<void> {
    return Promise.resolve();
  }
  probe(): void {}
  /** What n0 answers when asked what it remembers of n1. */
  async ask(): Promise<string | undefined> {
    this.published.length = 0;
    const subject = 'dynats.replica.n0.remembered';
    this.handlers.get(subject)?.({ subject, data: encodeJson({ node: 'n1' }), reply: '_INBOX.x' });
    await new Promise(setImmediate);
    return this.published[0];
  }
}

/** A log with one note; each call waits until it is let go. */
class SlowLog implements ReplicaLog {
  private release: (() => void)[] = [];

  constructor(private readonly found: LogLife | undefined) {}

  async letGo(): Promise<void> {
    for (let i = 0; i < 20; i++) {
      for (const go of this.release.splice(0)) go();
      await new Promise(setImmediate);
    }
  }
  life(): Promise<LogLife | undefined> {
    return this.when(() => this.found);
  }
  create(): Promise<void> {
    return this.when(silent);
  }
  renew(): Promise<void> {
    return this.when(silent);
  }
  state() {
    return this.when(() => ({ firstSequence: 1, lastSequence: 1, entries: 1, bytes: 100, missing: 0 }));
  }
  read(_from: number, _to: number, onEntry: (entry: StreamEntry) => void): Promise<void> {
    return this.when(() => onEntry({ sequence: 1, data: note }));
  }
  purge(): Promise<void> {
    return this.when(silent);
  }
  follow() {
    return this.when(() => ({ unsubscribe: silent }));
  }
  isLocal(): Promise<boolean> {
    return this.when(() => true);
  }
  private when<T>(answer: () => T): Promise<T> {
    return new Promise(resolve => this.release.push(() => resolve(answer())));
  }
}

function start(log: SlowLog): { bus: PeerBus; replica: Replica; opened: Promise<void> } {
  const bus = new PeerBus();
  const replica = new Replica({
    node: 'n0',
    peers: ['n1'],
    bus,
    log,
    clock: systemClock,
    random: systemRandom,
    logger,
    isNewCluster: false,
    ringOf: () => new Ring(['n0', 'n1'], { partitioner: 'murmur3', replicationFactor: 2 }),
    onTimes: silent,
    onState: silent,
  });
  serveReplica({ node: 'n0', incarnation: 1, bus, replica, logger, onDropped: silent });
  return { bus, replica, opened: replica.open() };
}

test('a replica that has not found out whether it has a log, or not read it, does not say what it remembers', async t => {
  const log = new SlowLog(life);
  const { bus, replica, opened } = start(log);
  t.after(() => replica.close());
  assert.equal(await bus.ask(), undefined, 'before it knows its log');
  await log.letGo();
  await opened;
  assert.deepEqual(JSON.parse((await bus.ask()) ?? ''), { node: 'n0', position, noted: position });
});

test('a replica that has no log says at once that it remembers nothing, so that two of them need not wait', async t => {
  const log = new SlowLog(undefined);
  const { bus, replica } = start(log);
  bus.isPeerMute = true;
  t.after(() => replica.close());
  assert.equal(await bus.ask(), undefined);
  await log.letGo();
  assert.deepEqual(JSON.parse((await bus.ask()) ?? ''), { node: 'n0', position: null });
});

test('a log that was made whole under another name keeps what it noted under the former one', async t => {
  const log = new SlowLog({ id: 'life2', recovering: null, former: [life.id] });
  const { bus, replica, opened } = start(log);
  t.after(() => replica.close());
  await log.letGo();
  await opened;
  assert.equal(replica.state, 'serving');
  assert.deepEqual(JSON.parse((await bus.ask()) ?? ''), { node: 'n0', position, noted: position });
});
