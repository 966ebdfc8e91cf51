// The closed loop, on a store in memory.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fill, type LoadSpec, runLoad, type Store } from '../../../src/cli/bench/load.js';
import { Values } from '../../../src/cli/bench/values.js';

class MapStore implements Store {
  readonly held = new Map<string, string>();
  /** Most operations that were under way at once. */
  most = 0;
  private underWay = 0;

  async put(key: string, value: string): Promise<void> {
    await this.pass();
    this.held.set(key, value);
  }

  async get(key: string): Promise<string | undefined> {
    await this.pass();
    return this.held.get(key);
  }

  async close(): Promise<void> {}

  private async pass(): Promise<void> {
    this.most = Math.max(this.most, ++this.underWay);
    await new Promise(done => setImmediate(done));
    this.underWay--;
  }
}

const spec: LoadSpec = {
  kind: 'mixed',
  concurrency: 8,
  keys: 50,
  distribution: 'uniform',
  warmupMs: 0,
  measureMs: 300,
};

test('a store that answers well has neither failures nor wrong answers, and as much under way as asked for', async () => {
  const store = new MapStore();
  const values = new Values('w', 100);
  await fill(store, values, { from: 0, to: spec.keys, concurrency: 4 });
  assert.equal(store.held.size, spec.keys);
  const result = await runLoad([store], values, spec);
  assert.deepEqual([result.failed, result.wrong, result.problems], [0, 0, []]);
  assert.ok(result.count > 0 && result.perSecond > 0);
  assert.ok(result.p50Ms <= result.p99Ms, `${result.p50Ms} ${result.p99Ms}`);
  assert.equal(store.most, spec.concurrency);
});

test('answers for other keys, and absent ones, are counted as wrong', async () => {
  const store = new MapStore();
  const values = new Values('w', 100);
  await fill(store, values, { from: 0, to: spec.keys, concurrency: 1 });
  const swapped: Store = {
    put: (key, value) => store.put(key, value),
    get: async key => (key === 'key-0' ? undefined : store.get('key-0')),
    close: async () => {},
  };
  const result = await runLoad([swapped], values, { ...spec, kind: 'get' });
  assert.ok(result.count > 0 && result.wrong >= result.count, `${result.wrong} of ${result.count}`);
});

test('failures are counted, and are no successes', async () => {
  const store: Store = {
    put: () => Promise.reject(new Error('no room')),
    get: () => Promise.reject(new Error('no room')),
    close: async () => {},
  };
  const result = await runLoad([store], new Values('w', 100), spec);
  assert.equal(result.count, 0);
  assert.ok(result.failed > 0);
  assert.match(result.problems[0] ?? '', /no room/);
  assert.ok(result.gapMs >= spec.measureMs - 1, `${result.gapMs}`);
  const [gap, ...others] = result.gaps;
  assert.deepEqual(others, []);
  assert.equal(gap?.ms, result.gapMs);
  assert.ok(Math.abs((gap?.endedAt ?? 0) - Date.now()) < 1000, `${gap?.endedAt}`);
});
