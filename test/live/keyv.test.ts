// Keyv's own test suite, all of it, on a store of a real emulator.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import suite, { keyvIteratorTests } from '@keyv/test-suite';
import Keyv from 'keyv';
import KeyvDynats from '../../src/adapters/keyv.js';
import { type Client, connect } from '../../src/index.js';
import { startEmulator } from '../support/emulator.js';

/** The matchers that the suite uses, as its own test runner has them. */
function expect(actual: unknown) {
  return {
    toBe: (expected: unknown) => assert.equal(actual, expected),
    toEqual: (expected: unknown) => assert.deepEqual(actual, expected),
    toBeTruthy: () => assert.ok(actual),
    toBeFalsy: () => assert.ok(!actual),
    toBeDefined: () => assert.notEqual(actual, undefined),
    toBeUndefined: () => assert.equal(actual, undefined),
    toBeNull: () => assert.equal(actual, null),
    not: { toBe: (expected: unknown) => assert.notEqual(actual, expected) },
  };
}

type Body = (t: { expect: typeof expect & { assertions(expected: number): void } }) => unknown;

/** The cases of a suite, each with what it is to be preceded by. */
function casesOf(register: (runner: never) => void): { name: string; run: () => Promise<void> }[] {
  const before: (() => unknown)[] = [];
  const after: (() => unknown)[] = [];
  const cases: { name: string; run: () => Promise<void> }[] = [];
  const runner = {
    beforeEach: (step: () => unknown) => before.push(step),
    afterEach: (step: () => unknown) => after.push(step),
    it: (name: string, body: Body) =>
      cases.push({
        name,
        run: async () => {
          for (const step of before) await step();
          let made = 0;
          let planned: number | undefined;
          const counting = (actual: unknown) => {
            made++;
            return expect(actual);
          };
          const assertions = (expected: number) => {
            planned = expected;
          };
          await body({ expect: Object.assign(counting, { assertions }) });
          assert.equal(made, planned ?? made);
          for (const step of after) await step();
        },
      }),
  };
  // The suite is typed for its own runner.
  register(runner as never);
  return cases;
}

test('Keyv passes its whole suite', async t => {
  const emulator = await startEmulator(t, { partitioner: 'murmur3' });
  await using client = await connect({ servers: [...emulator.urls] });
  const store = () => new KeyvDynats({ client });
  const cases = [
    ...casesOf(runner => suite(runner, Keyv as never, store as never)),
    ...casesOf(runner => keyvIteratorTests(runner, Keyv as never, store as never)),
  ];
  assert.ok(cases.length >= 42, `${cases.length} cases`);
  for (const { name, run } of cases) await t.test(name, run);
});

test('a store by itself connects, keeps namespaces apart, lets entries expire in the store, and disconnects', async t => {
  const emulator = await startEmulator(t, { partitioner: 'murmur3' });
  const servers = [...emulator.urls];
  const client: Client = await connect({ servers });
  t.after(() => client.close());
  const a = new Keyv({ store: new KeyvDynats({ servers, level: 'ALL' }), namespace: 'a' });
  t.after(() => a.disconnect());
  const b = new Keyv({ store: new KeyvDynats({ servers }), namespace: 'b' });
  t.after(() => b.disconnect());
  await a.set('x', 1);
  await b.setMany([
    { key: 'x', value: 2 },
    { key: 'y', value: 3, ttl: 60_000 },
  ]);
  assert.deepEqual(
    [await a.get('x'), await b.get('x'), await b.get(['x', 'y', 'z'])],
    [1, 2, [2, 3, undefined]],
  );
  assert.ok(((await client.read('b:y')).expiresAt ?? 0) > Date.now() * 1000);
  assert.deepEqual([await b.delete('x'), await b.delete('x')], [true, false]);
  assert.deepEqual([await b.deleteMany(['x', 'y']), await b.deleteMany(['x', 'y'])], [true, false]);
  await b.set('z', 1);
  await b.clear();
  const keys: string[] = [];
  for await (const key of client.keys()) keys.push(key);
  assert.deepEqual(keys, ['a:x']);
});
