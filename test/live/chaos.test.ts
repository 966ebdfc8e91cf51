// `dynats chaos` on real brokers, for a few seconds of each kind of fault that needs no root.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { startOwnCluster } from '../../src/chaos/own-cluster.js';
import type { RunResult } from '../../src/chaos/run.js';
import { check } from '../../src/check/check.js';
import type { Holding, Operation } from '../../src/check/history.js';
import { connect } from '../../src/index.js';
import { cleanUp, dynats, tempDir } from '../support/emulator.js';
import { eventually } from '../support/eventually.js';

const kinds = ['kill', 'pause', 'partition', 'clock', 'bit-flip', 'wipe'];

test('chaos breaks its own cluster in every way asked for, and no promise is broken', async t => {
  const history = path.join(await tempDir(t), 'history.jsonl');
  const flags = ['--seed', '11', '--duration', '13s', '--every', '2s', '--clients', '8', '--sync', 'lazy'];
  const { code, stdout, stderr } = await dynats(
    ...['chaos', ...flags, '--faults', kinds.join(','), '--history', history, '--json'],
  );
  assert.equal(code, 0, stderr);
  const result = JSON.parse(stdout) as RunResult & { deaths: string[] };
  assert.deepEqual(Object.keys(result.struck.counts).sort(), [...kinds].sort());
  assert.deepEqual(result.struck.failures, []);
  assert.deepEqual(result.deaths, []);
  assert.ok(result.verdict.acked > 300, `${result.verdict.acked} writes acknowledged`);

  await t.test('the history it writes is what it has judged', async () => {
    const lines = (await readFile(history, 'utf8')).trimEnd().split('\n');
    const entries = lines.map(line => JSON.parse(line) as Operation | Holding);
    const operations = entries.filter(entry => entry.kind !== 'held');
    const holdings = entries.filter(entry => entry.kind === 'held');
    const { isKept, acked } = check(operations, { holdings, disksLost: true });
    assert.deepEqual([isKept, acked], [true, result.verdict.acked]);
    // And a lie in it is found: an acknowledged write that left nothing anywhere.
    const last = operations.findLast(({ client }) => client === 'final');
    assert.ok(last !== undefined);
    const time = 1000 * (Date.now() + 1000);
    const lie: Operation = {
      ...last,
      ...{ client: 'liar', kind: 'put', value: 'a lie', version: `${time}@liar` },
      ...{ startedAtMs: last.startedAtMs - 2, endedAtMs: last.startedAtMs - 1 },
    };
    assert.equal(check([...operations, lie], { holdings, disksLost: true }).isKept, false);
  });
});

test('a node that is cut off is dead to the others, by whatever way they reach it, until it is healed', async t => {
  const cluster = await startOwnCluster({ sync: 'lazy' });
  cleanUp(t, () => cluster.close());
  const [first = '', second = ''] = cluster.urls;
  const open = async (url: string) => {
    const client = await connect({ servers: url, nats: { ignoreClusterUpdates: true } });
    cleanUp(t, () => client.close());
    return client;
  };
  const [inside, outside] = await Promise.all([open(first), open(second)]);
  const writable = async () => {
    const { peers } = await outside.status('n1');
    return ['n0', 'n2', 'n3'].map(node => peers[node]?.writable);
  };
  const sees = (states: boolean[], what: string) =>
    eventually(async () => assert.deepEqual(await writable(), states), { deadlineMs: 10_000, what });

  await sees([true, true, true], 'n1 sees all');
  cluster.network?.part(['n0'], ['n1', 'n2', 'n3']);
  await sees([false, true, true], 'n1 does not see n0');
  await outside.put('key', 'from the majority', { level: 'QUORUM' });
  await assert.rejects(inside.put('key', 'from the minority', { via: 'n0', level: 'ALL' }));
  cluster.network?.heal();
  await sees([true, true, true], 'n1 sees n0 again');
});

test('chaos refuses a cluster that nobody said is for tests, and names what it does not know', async () => {
  const foreign = await dynats('chaos', '--server', 'nats://127.0.0.1:1', '--no-context');
  assert.deepEqual([foreign.code, foreign.stdout], [3, '']);
  assert.match(foreign.stderr, /--yes-this-is-a-test-cluster/);
  const unknown = await dynats('chaos', '--faults', 'kill,earthquake');
  assert.equal(unknown.code, 3);
  assert.match(unknown.stderr, /there is no fault "earthquake": there are kill, pause,/);
});
