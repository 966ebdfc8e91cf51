// A watcher on a network without nodes: its feed, scans and reads are the test's.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WatchEvent } from '../../../src/client/watch/event.js';
import { Watcher } from '../../../src/client/watch/watcher.js';
import { InvalidRequestError, ReadTimeoutError } from '../../../src/errors.js';
import { versionText } from '../../../src/model/record.js';
import { Ring } from '../../../src/model/ring.js';
import type { StreamEntry } from '../../../src/ports.js';
import type { GetReply, ScanReply, WireRecord } from '../../../src/wire/generated/types.js';
import { encodeJson } from '../../../src/wire/json.js';
import { encodeEntry, encodeRecord } from '../../../src/wire/log-entry.js';
import { subjects } from '../../../src/wire/subjects.js';
import { SimBus, SimNetwork, SimProcess } from '../../sim/network.js';
import { SeededRandom } from '../../sim/random.js';
import { settle, VirtualClock } from '../../sim/virtual-clock.js';

const nodes = ['n0', 'n1', 'n2'];
const level = { level: 'QUORUM', required: 2, received: 2 } as const;

function put(key: string, time: number): WireRecord {
  return { bucket: 'default', key, value: `${key}@${time}`, time, writer: 'w' };
}

class Stage {
  readonly clock = new VirtualClock();
  /** What scans and reads find. */
  held = new Map<string, WireRecord>();
  scans = 0;
  scanFails = 0;
  /** Scans that fail after their first page. */
  pagesFail = 0;
  scanError: Error = new ReadTimeoutError(2, 1);
  allFails = false;
  isOver = false;
  readonly events: WatchEvent[] = [];
  readonly watcher: Watcher;
  private tell: (node: string, entry: StreamEntry) => void = () => {};
  private sequence = 0;

  private readonly bus: SimBus;

  constructor(include: 'last' | 'updates' = 'last') {
    const network = new SimNetwork(this.clock, new SeededRandom(1));
    const process = new SimProcess(network, network.addSite('here'));
    this.bus = new SimBus(process);
    this.watcher = new Watcher({
      bus: this.bus,
      clock: this.clock,
      feed: {
        follow: async onEntry => {
          this.tell = onEntry;
          return { unsubscribe: () => {} };
        },
      },
      ring: new Ring(nodes, { partitioner: 'murmur3', replicationFactor: 3 }),
      bucket: 'default',
      isOver: async () => this.isOver,
      prefix: '',
      include,
      scan: keysOnly => this.scan(keysOnly),
      read: async (keys, at) =>
        keys.map(key => (at === 'ALL' && this.allFails ? undefined : this.replyOf(key))),
    });
  }

  async start(): Promise<void> {
    await this.clock.until(this.watcher.start());
  }

  /** The nodes' heartbeats, from now on. Without them the watcher looks again all the time. */
  beat(buckets = '00000000'): void {
    for (const node of nodes) {
      this.bus.subscribe(subjects.alive(node), () => {});
      const applied = node === 'n0' ? this.sequence : 0;
      const presence = {
        node,
        incarnation: 1,
        state: 'serving',
        time: 1,
        now: 1,
        remembers: {},
        applied,
        buckets,
      };
      this.bus.publish(subjects.presence(node), encodeJson(presence));
    }
    this.clock.after(300, () => this.beat(buckets));
  }

  /** An entry of n0's log. */
  store(records: WireRecord[], node = 'n0'): void {
    for (const record of records) this.held.set(record.key, record);
    this.tell(node, { sequence: ++this.sequence, data: encodeEntry(records.map(encodeRecord)) });
  }

  async takeAll(): Promise<void> {
    for (;;) {
      const { done, value } = await this.watcher.events.next();
      if (done) return;
      this.events.push(value);
    }
  }

  private async *scan(keysOnly: boolean): AsyncGenerator<ScanReply> {
    this.scans++;
    if (this.scanFails-- > 0) throw this.scanError;
    const records = [...this.held.values()].map(record => {
      const { key, value, deleted } = record;
      const content = value === undefined || keysOnly ? {} : { value };
      return { key, ...content, ...(deleted === true ? { deleted } : {}), version: versionText(record) };
    });
    for (let i = 0; i < records.length; i += 1000) {
      yield { records: records.slice(i, i + 1000), ...level };
      if (this.pagesFail-- > 0) throw this.scanError;
    }
  }

  private replyOf(key: string): GetReply {
    const record = this.held.get(key);
    if (record === undefined) return { key, found: false, ...level };
    const { value } = record;
    return {
      key,
      found: value !== undefined,
      ...(value === undefined ? {} : { value }),
      version: versionText(record),
      ...level,
    };
  }
}

test('a reader that is slow gets the newest of every key in the end, in order, and memory stays bounded', async () => {
  const stage = new Stage();
  stage.beat();
  await stage.start();
  await stage.clock.advance(2000);
  for (let round = 1; round <= 5; round++)
    for (let part = 0; part < 4; part++)
      stage.store(Array.from({ length: 1000 }, (_, i) => put(`key ${part * 1000 + i}`, round)));
  assert.ok(stage.watcher.events.isFull);
  void stage.takeAll();
  await stage.clock.advance(5000);
  const last = new Map<string, string | undefined>();
  for (const { key, version } of stage.events) {
    assert.notEqual(version, last.get(key));
    last.set(key, version);
  }
  assert.equal(last.size, 4000);
  assert.deepEqual([...new Set(last.values())], ['5@w']);
  assert.ok(stage.events.length < 20_000, 'some were passed over');
  stage.watcher.stop();
});

test('while nothing is missed nobody is asked again', async () => {
  const stage = new Stage();
  stage.beat();
  await stage.start();
  await stage.clock.advance(2000);
  const { scans } = stage;
  stage.store([put('a', 1)]);
  stage.store([put('b', 1)]);
  await stage.clock.advance(5000);
  assert.equal(stage.scans, scans);
  stage.watcher.stop();
});

test('a look that fails is taken again; one that never can succeed ends the watch', async () => {
  const stage = new Stage();
  stage.held.set('a', put('a', 1));
  stage.scanFails = 3;
  await stage.start();
  void stage.takeAll();
  await stage.clock.advance(5000);
  assert.deepEqual(
    stage.events.map(({ key }) => key),
    ['a'],
  );
  stage.watcher.stop();

  const refused = new Stage();
  refused.scanFails = 1;
  refused.scanError = new InvalidRequestError('bucket', 'unknown bucket');
  await refused.start();
  await assert.rejects(refused.clock.until(refused.watcher.events.next()), InvalidRequestError);

  const updates = new Stage('updates');
  updates.scanFails = 1;
  updates.scanError = new InvalidRequestError('bucket', 'unknown bucket');
  await assert.rejects(updates.start(), InvalidRequestError);
});

test('a key deleted between two tries of the first look is a delete for whoever got its value', async () => {
  const stage = new Stage();
  stage.beat();
  stage.held.set('a', put('a', 1)).set('b', { ...put('b', 1), deleted: true });
  stage.pagesFail = 1;
  await stage.start();
  void stage.takeAll();
  stage.held.set('a', { bucket: 'default', key: 'a', time: 2, writer: 'w', deleted: true });
  await stage.clock.advance(5000);
  assert.deepEqual(
    stage.events.map(({ kind, key }) => `${kind} ${key}`),
    ['put a', 'delete a'],
  );
  stage.watcher.stop();
});

test('a key that is gone without a trace is a delete, once every owner has been asked', async () => {
  const stage = new Stage();
  stage.held.set('a', put('a', 1));
  await stage.start();
  void stage.takeAll();
  await stage.clock.advance(1000);
  stage.held.delete('a');
  stage.allFails = true;
  await stage.clock.advance(3000);
  assert.equal(stage.events.length, 1, 'one owner may have it yet');
  stage.allFails = false;
  await stage.clock.advance(3000);
  assert.deepEqual(
    stage.events.map(({ kind, key, version }) => [kind, key, version]),
    [
      ['put', 'a', '1@w'],
      ['delete', 'a', undefined],
    ],
  );
  stage.store([put('a', 2)]);
  await settle();
  assert.equal(stage.events.at(-1)?.version, '2@w');
  stage.watcher.stop();
});

test('a tombstone that is there when the watch begins is no event, one that is missed is', async () => {
  const stage = new Stage();
  stage.held.set('old', { bucket: 'default', key: 'old', deleted: true, time: 1, writer: 'w' });
  stage.held.set('b', put('b', 1));
  await stage.start();
  void stage.takeAll();
  await stage.clock.advance(1000);
  stage.held.set('b', { bucket: 'default', key: 'b', deleted: true, time: 2, writer: 'w' });
  await stage.clock.advance(2000);
  assert.deepEqual(
    stage.events.map(({ kind, key, isUpdate }) => [kind, key, isUpdate]),
    [
      ['put', 'b', false],
      ['delete', 'b', true],
    ],
  );
  stage.watcher.stop();
});

test('a record that expires is a delete, told once; a touch is none, and is no event', async () => {
  const stage = new Stage();
  stage.beat();
  await stage.start();
  void stage.takeAll();
  const now = () => stage.clock.now() * 1000;
  const until = (ms: number) => ({ expiresAt: now() + ms * 1000 });
  const [a, b, c] = [put('a', now()), put('b', now()), put('c', now())];
  stage.store([{ ...a, ...until(2000) }, { ...b, ...until(2000) }, c]);
  await stage.clock.advance(1000);
  stage.store([{ ...b, ...until(4000) }]);
  await stage.clock.advance(2000);
  // Some reader found it expired.
  stage.store([{ bucket: 'default', key: 'a', deleted: true, time: a.time, writer: 'w' }]);
  await stage.clock.advance(3000);
  assert.deepEqual(
    stage.events.map(({ kind, key, version }) => `${kind} ${key} ${version}`),
    [
      ...[a, b, c].map(record => `put ${record.key} ${versionText(record)}`),
      ...[a, b].map(record => `delete ${record.key} ${versionText(record)}`),
    ],
  );
  stage.watcher.stop();
});

test('a record that was told to have expired, and had been touched before, is there again', async () => {
  const stage = new Stage();
  stage.beat();
  await stage.start();
  void stage.takeAll();
  const now = stage.clock.now() * 1000;
  stage.store([{ ...put('a', now), expiresAt: now + 1_000_000 }]);
  await stage.clock.advance(2000);
  stage.store([{ ...put('a', now), expiresAt: now + 9_000_000 }]);
  await stage.clock.advance(500);
  assert.deepEqual(
    stage.events.map(({ kind }) => kind),
    ['put', 'delete', 'put'],
  );
  stage.watcher.stop();
});

test('a watch ends when its bucket is dropped, and not when another one is', async () => {
  const stage = new Stage();
  stage.beat();
  await stage.start();
  const next = stage.watcher.events.next();
  stage.beat('11111111');
  await stage.clock.advance(1000);
  stage.store([put('a', 1)]);
  assert.equal((await stage.clock.until(next)).value?.key, 'a');
  stage.isOver = true;
  const end = stage.watcher.events.next();
  stage.beat('22222222');
  await assert.rejects(stage.clock.until(end), { code: 'INVALID_REQUEST', field: 'bucket' });
});

test('what waits is dropped when the watch is stopped, and the iteration ends', async () => {
  const stage = new Stage();
  await stage.start();
  stage.store([put('a', 1)]);
  stage.watcher.stop();
  assert.deepEqual(await stage.watcher.events.next(), { done: true, value: undefined });
});
