// Receipts and outcomes on real brokers. Key 137 is owned by n2, n3 and n0; n1 keeps the hints.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  DynatsError,
  Level,
  type Receipt,
  UnavailableError,
  Verdict,
  WriteTimeoutError,
} from '../../src/index.js';
import { receipt as isReceipt } from '../../src/wire/generated/validators.js';
import { openClients } from '../support/coordinators.js';
import { dynats, startEmulator, withoutAntiEntropy } from '../support/emulator.js';
import { eventually } from '../support/eventually.js';
import { busUrl, openStreams } from '../support/streams.js';

const key = '137';
const settleMs = 15_000;
const trace = { trace: true } as const;

function statesOf(receipt: Receipt | undefined): Record<string, string> {
  assert.ok(isReceipt(receipt), JSON.stringify(receipt));
  return Object.fromEntries(receipt.owners.map(({ node, state }) => [node, state]));
}

async function failureOf(work: Promise<unknown>): Promise<DynatsError> {
  const error = await work.then(
    () => assert.fail('it succeeded'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof DynatsError, String(error));
  return error;
}

test('receipts tell how reads and writes went, and outcomes where a write stands', async t => {
  const emulator = await startEmulator(t, { replica: withoutAntiEntropy });
  await using clients = await openClients(emulator, 'n0');
  await using streams = await openStreams(emulator, 'n0');
  const { api, direct } = clients;

  await t.test('a write names the owners that stored it, by every way in', async () => {
    for (const [client, via] of [
      [api, { via: 'n1' }],
      [api, {}],
      [direct, {}],
    ] as const) {
      const { receipt, version } = await client.put(key, 'v', { level: Level.All, ...trace, ...via });
      assert.deepEqual(statesOf(receipt), { n2: 'acked', n3: 'acked', n0: 'acked' });
      assert.equal(receipt?.version, version);
      assert.equal(receipt?.met, true);
      assert.deepEqual(receipt?.hints, []);
      assert.ok(receipt?.owners.every(({ tookMs = -1 }) => tookMs >= 0 && tookMs <= (receipt?.tookMs ?? 0)));
    }
    const plain = await api.put(key, 'v');
    assert.equal('receipt' in plain, false);
  });

  await t.test('a read names what each owner held, and what was repaired', async () => {
    const before = await api.put(key, 'before', { level: Level.All });
    const time = Date.now() * 1000;
    await streams.append('n3', [{ bucket: 'default', key, value: 'newer', time, writer: 'test~1' }]);
    const { receipt, value } = await api.read(key, { level: Level.All, via: 'n1', ...trace });
    assert.equal(value, 'newer');
    assert.deepEqual(statesOf(receipt), { n2: 'answered', n3: 'answered', n0: 'answered' });
    const held = receipt?.owners.map(({ node, holds, repair }) => [
      node,
      `${holds?.time}@${holds?.writer}`,
      repair,
    ]);
    assert.deepEqual(held, [
      ['n2', before.version, 'acked'],
      ['n3', `${time}@test~1`, undefined],
      ['n0', before.version, 'acked'],
    ]);
  });

  await t.test('an absent key was answered with nothing', async () => {
    const { receipt } = await api.read('139', { level: Level.All, ...trace });
    assert.deepEqual(
      receipt?.owners.map(({ holds }) => holds),
      [null, null, null],
    );
  });

  await emulator.kill('n2');

  await t.test('a write says for whom a hint is kept, and by whom', async () => {
    const isHinted = async () => {
      const { receipt } = await api.put(key, 'hinted', { level: Level.Any, via: 'n0', ...trace });
      assert.equal(statesOf(receipt)['n2'], 'down');
      assert.deepEqual(
        receipt?.hints.map(({ target }) => target),
        ['n2'],
      );
      // The answer does not wait for the hint when owners have acked.
      return receipt?.hints[0]?.state === 'stored' && receipt.hints[0].holder === 'n1';
    };
    await eventually(isHinted, { deadlineMs: settleMs, what: 'a hint stored before the answer' });
  });

  await t.test('the outcome of a write that is on owners, and hinted', async () => {
    const { version } = await api.put(key, 'stored', { level: Level.Two, via: 'n0' });
    const isHinted = async () => (await api.outcome(key, version)).hints.length > 0;
    await eventually(isHinted, { deadlineMs: settleMs, what: 'the hint' });
    const report = await api.outcome(key, version);
    assert.equal(report.verdict, Verdict.Stored);
    assert.deepEqual(
      report.owners.map(({ node, standing }) => [node, standing]),
      [
        ['n2', 'unknown'],
        ['n3', 'holds'],
        ['n0', 'holds'],
      ],
    );
    assert.deepEqual(report.hints, [{ holder: 'n1', target: 'n2' }]);
    assert.deepEqual(report.unasked, ['n2']);
    const older = await api.put(key, 'newer', { level: Level.Two });
    assert.equal((await api.outcome(key, version)).verdict, Verdict.Superseded);
    assert.equal((await api.outcome(key, older.version)).verdict, Verdict.Stored);
  });

  await t.test('a refusal says which owners are missing', async () => {
    const error = await failureOf(api.put(key, 'v', { level: Level.All, via: 'n0', ...trace }));
    assert.ok(error instanceof UnavailableError);
    assert.deepEqual(statesOf(error.receipt), { n2: 'down', n3: 'not-asked', n0: 'not-asked' });
    assert.match(error.receipt?.why ?? '', /^UNAVAILABLE: .* needs 3 owners .* 2 alive/);
    assert.equal(error.receipt?.met, false);
  });

  await t.test('after a WRITE_TIMEOUT the command line tells where the write stands', async () => {
    const server = ['--server', busUrl(emulator, 'n0')];
    // Resolves only when the others have noticed: the write must not find them so far.
    const paused = emulator.pause('n3');
    const options = { level: Level.Two, via: 'n0', timeoutMs: 600, ...trace };
    const error = await failureOf(api.put(key, 'late', options));
    await paused;
    assert.ok(error instanceof WriteTimeoutError, String(error));
    const { receipt, version = '' } = error;
    assert.deepEqual(statesOf(receipt), { n2: 'down', n3: 'waiting', n0: 'acked' });
    assert.equal(receipt?.version, version);
    assert.match(receipt?.why ?? '', /^WRITE_TIMEOUT: 1 of 2 /);
    const byReceipt = await dynats('outcome', JSON.stringify(receipt), '--json', ...server);
    const { verdict, owners } = JSON.parse(byReceipt.stdout) as { verdict: string; owners: unknown[] };
    assert.deepEqual([verdict, owners.length, byReceipt.code], ['stored', 3, 0]);
    const byVersion = await dynats('outcome', version, '--key', key, ...server);
    assert.match(byVersion.stdout, /^stored: on n0.* as far as can be seen without n2, n3$/m);
    await emulator.resume('n3');
  });

  await t.test(
    'a version that nobody has is unknown while a node is away, and nowhere when all are there',
    async () => {
      const version = `${Date.now() * 1000}@nobody~1`;
      assert.equal((await api.outcome(key, version)).verdict, Verdict.Unknown);
      await emulator.restart('n2');
      await eventually(async () => (await api.outcome(key, version)).verdict === Verdict.Nowhere, {
        deadlineMs: settleMs,
        what: 'every node to answer',
      });
      const printed = await dynats('outcome', version, '--key', key, '--server', busUrl(emulator, 'n0'));
      assert.equal(printed.code, 6);
      assert.match(printed.stdout, /^nowhere: /m);
    },
  );

  await t.test('a write that no coordinator answered is told so, with the version to ask about', async () => {
    const server = ['--server', busUrl(emulator, 'n0')];
    await emulator.pause('n1', ['replica']);
    const put = await dynats(
      'put',
      key,
      'v',
      '--via',
      'n1',
      '--timeout',
      '500ms',
      '--trace',
      '--json',
      ...server,
    );
    assert.equal(put.code, 124, put.stderr);
    const { error, receipt } = JSON.parse(put.stdout) as { error: { version: string }; receipt: Receipt };
    assert.deepEqual([receipt.coordinator, receipt.version], [null, error.version]);
    assert.ok(put.stderr.includes(`dynats outcome ${error.version} --key 137`), put.stderr);
    assert.equal((await api.outcome(key, error.version)).verdict, Verdict.Unknown);
    await emulator.resume('n1');
    // Its deadline has passed: the request that waited for n1 is not carried out.
    await eventually(async () => (await api.outcome(key, error.version)).verdict === Verdict.Nowhere, {
      deadlineMs: settleMs,
      what: 'n1 to answer',
    });
  });
});
