// Hints and their limits on real brokers. The owners of every key here are n0, n1 and n2; n3 is the first to hold hints for
// them. The target is n1.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatSize } from '../../src/cli/size.js';
import type { Emulator } from '../../src/emulator/emulator.js';
import type { Client, WireRecord } from '../../src/index.js';
import { openClients } from '../support/coordinators.js';
import { dynatsWith, startEmulator, withoutAntiEntropy } from '../support/emulator.js';
import { eventually } from '../support/eventually.js';
import { busUrl, openStreams, type Streams } from '../support/streams.js';

const target = 'n1';
const holder = 'n3';
const nodes = ['n0', 'n1', 'n2', 'n3'];
const waitMs = 20_000;

test('hints, under their limits', async t => {
  const emulator = await startEmulator(t, { replica: withoutAntiEntropy });
  await using clients = await openClients(emulator, 'n0');
  await using streams = await openStreams(emulator, 'n0');
  const { api } = clients;
  const env = { NATS_URL: busUrl(emulator, 'n0') };
  t.afterEach(async () => {
    const { bus, log, replica } = emulator.report().nodes[target] ?? {};
    if ([bus, log, replica].some(part => part?.state !== 'running')) await emulator.restart(target);
    const set = { action: 'set', windowMs: null, targetBytesMax: null, bytesPerSecond: null } as const;
    for (const node of nodes) {
      await eventually(() => api.hints(node, { action: 'resume' }), {
        deadlineMs: waitMs,
        what: 'an answer',
      });
      await api.hints(node, set);
    }
    await nothingIsHeld(streams);
  });

  await t.test('the list says who holds how much for whom, and since when', async () => {
    await emulator.kill(target);
    await isSeenDead(api, target);
    const keys = await hintEach(api, '!list', 20);
    const held = await holds(api, entries => entries === keys.length);
    const bytes = (await streams.hints(holder)).get(target)?.length;
    assert.equal(bytes, keys.length);
    assert.ok(held.bytes > keys.length * 100, `${held.bytes} bytes`);
    assert.ok(held.oldestMs !== null && held.oldestMs < waitMs, `${held.oldestMs} ms`);
    const { stdout, code } = await dynatsWith(env, 'hints');
    assert.equal(code, 0);
    assert.match(stdout, /^target\theld by\tentries\tsize\toldest\tstate\t/);
    assert.match(stdout, new RegExp(`^n1\tn3\t20\t${formatSize(held.bytes)}\t`, 'm'));
    const json = await dynatsWith(env, 'hints', 'ls', '--json', target);
    assert.equal((JSON.parse(json.stdout) as { silent: string[] }).silent.join(), target);
  });

  await t.test('what is set at run time outlives a restart of the holder', async () => {
    const done = await dynatsWith(env, ...'hints set --window 1h --max-bytes 64MiB --rate 1MiB'.split(' '));
    assert.equal(done.code, 0, done.stderr);
    await dynatsWith(env, 'hints', 'pause', 'n2');
    await emulator.kill(holder);
    await emulator.restart(holder);
    const { policy } = await eventually(() => api.hints(holder), { deadlineMs: waitMs, what: 'n3 answers' });
    assert.deepEqual(policy.settings, {
      windowMs: 3_600_000,
      targetBytesMax: 64 * 1024 * 1024,
      bytesPerSecond: 1024 * 1024,
    });
    assert.deepEqual(policy.paused, ['n2']);
    await dynatsWith(env, 'hints', 'set', '--window', 'default');
    assert.equal((await api.hints(holder)).policy.settings.windowMs, 3 * 3_600_000);
  });

  await t.test('a paused target gets nothing until it is resumed, even from the neighbour', async () => {
    await dynatsWith(env, 'hints', 'pause', target);
    await emulator.kill(target);
    await isSeenDead(api, target);
    const keys = await hintEach(api, '!paused', 10);
    await holds(api, entries => entries === keys.length);
    await emulator.restart(target);
    await isSeen(api, holder);
    await aLookHasPassed(api);
    assert.equal((await memoryOf(api, keys)).size, 0);
    // n0 serves for n3, by n3's rules.
    await emulator.kill(holder, ['replica']);
    await isSeenDead(api, holder);
    await aLookHasPassed(api, 'n0');
    assert.equal((await memoryOf(api, keys)).size, 0);
    await emulator.restart(holder);
    await eventually(
      async () => {
        const done = await dynatsWith(env, 'hints', 'resume', target);
        assert.equal(done.code, 0, done.stderr);
      },
      { deadlineMs: waitMs, what: 'every node has resumed' },
    );
    await hasAll(api, keys);
  });

  await t.test(
    'a hint older than the window is never delivered, though the broker still has it',
    async () => {
      await emulator.kill(target);
      await isSeenDead(api, target);
      const old = await hintEach(api, '!old', 5);
      await holds(api, entries => entries === old.length);
      const before = (await api.hints(holder)).expired;
      await dynatsWith(env, 'hints', 'pause', target);
      await dynatsWith(env, 'hints', 'set', '--window', '1s');
      await eventually(async () => (await api.hints(holder)).expired === before + old.length, {
        deadlineMs: waitMs,
        what: 'they expire and are counted',
      });
      assert.equal((await streams.hints(holder)).get(target), undefined);
      await dynatsWith(env, 'hints', 'set', '--window', 'default');
      const young = await hintEach(api, '!young', 5);
      await dynatsWith(env, 'hints', 'resume');
      await emulator.restart(target);
      await hasAll(api, young);
      assert.equal((await memoryOf(api, old)).size, 0);
      assert.equal((await api.status(holder)).hints.expired, before + old.length);
    },
  );

  await t.test('what is dropped is counted and not delivered', async () => {
    await emulator.kill(target);
    await isSeenDead(api, target);
    const keys = await hintEach(api, '!dropped', 5);
    await holds(api, entries => entries === keys.length);
    const [key = ''] = keys;
    const version = (await api.read(key)).version ?? '';
    const hinted = async () => (await api.outcome(key, version)).hints;
    assert.deepEqual(await hinted(), [{ holder, target }]);
    // The target is down, which is no failure of this: it holds nothing for itself.
    const dropped = await dynatsWith(env, 'hints', 'drop', target);
    assert.equal(dropped.code, 0, dropped.stderr);
    // Of what holds for every node it is named.
    const { code, stderr } = await dynatsWith(env, 'hints', 'set', '--rate', 'default');
    assert.equal(code, 5);
    assert.match(stderr, /n1 did not answer and stays as it was/);
    assert.equal((await api.hints(holder)).dropped, keys.length);
    assert.deepEqual(await hinted(), []);
    await emulator.restart(target);
    await isSeen(api, holder);
    await aLookHasPassed(api);
    assert.equal((await memoryOf(api, keys)).size, 0);
  });

  await t.test('a full target is refused by one holder after the other, then counted', async () => {
    for (const node of nodes) await api.hints(node, { action: 'set', targetBytesMax: 4096 });
    await emulator.kill(target);
    await isSeenDead(api, target);
    const before = (await api.status('n0')).hints.failed;
    await eventually(
      async () => {
        await api.put('!full', 'x'.repeat(2000), { via: 'n0' });
        return (await api.status('n0')).hints.failed > before;
      },
      { deadlineMs: waitMs, what: 'no holder has room' },
    );
    for (const node of nodes.filter(each => each !== target)) {
      const [held] = (await api.hints(node)).targets;
      assert.ok(held?.full, node);
      assert.ok(held.bytes < 100_000, `${node} holds ${held.bytes} bytes`);
    }
  });

  await t.test('delivery keeps to the rate', async () => {
    await emulator.kill(target);
    await isSeenDead(api, target);
    const keys = await hintEach(api, '!rate', 20, 'x'.repeat(5000));
    await holds(api, entries => entries === keys.length);
    for (const node of [holder, 'n0', 'n2']) await api.hints(node, { action: 'set', bytesPerSecond: 50_000 });
    await emulator.restart(target);
    await eventually(async () => (await memoryOf(api, keys)).size > 0, {
      deadlineMs: waitMs,
      what: 'the first',
    });
    const begun = performance.now();
    await hasAll(api, keys);
    const tookMs = performance.now() - begun;
    // 100 kB at 50 kB/s, of which the first entry is there already.
    assert.ok(tookMs > 1200 && tookMs < 6000, `${tookMs} ms`);
  });
});

test('a flapping node loses nothing and gets nothing twice', async t => {
  const emulator = await startEmulator(t, { replica: withoutAntiEntropy });
  await using clients = await openClients(emulator, 'n0');
  await using streams = await openStreams(emulator, 'n0');
  const { api } = clients;
  const keys: string[] = [];
  for (let round = 0; round < 5; round++) {
    await flapDown(emulator, round);
    // Seen dead by the coordinator: it appends nothing to the target's log, so all comes by hints.
    await isSeenDead(api, target);
    keys.push(...(await writeEach(api, `!flap ${round}`, 60)));
    await flapUp(emulator, round);
    // The next fall comes while it is being delivered.
    await eventually(async () => (await memoryOf(api, keys)).size > 60 * round, {
      deadlineMs: waitMs,
      what: 'some of it has arrived',
    });
  }
  await hasAll(api, keys);
  await nothingIsHeld(streams);
  const copies = new Map<string, number>();
  for (const { key, time, writer } of await streams.log(target))
    copies.set(`${key} ${time}@${writer}`, (copies.get(`${key} ${time}@${writer}`) ?? 0) + 1);
  assert.equal(copies.size, keys.length);
  assert.deepEqual(
    [...copies].filter(([, count]) => count > 1),
    [],
  );
});

test('anti-entropy brings what hints did not', async t => {
  // So rare that only a return, or a loss, explains that it comes.
  const emulator = await startEmulator(t, { replica: { antiEntropy: { periodMs: 3_600_000 } } });
  await using clients = await openClients(emulator, 'n0');
  await using streams = await openStreams(emulator, 'n0');
  const { api } = clients;
  for (const node of nodes) await api.hints(node, { action: 'set', windowMs: 1000 });
  await emulator.kill(target);
  await isSeenDead(api, target);
  const expired = await hintEach(api, '!expired', 10);
  await eventually(async () => (await api.hints(holder)).expired === expired.length, {
    deadlineMs: waitMs,
    what: 'they expire',
  });
  await nothingIsHeld(streams, [holder]);
  await emulator.restart(target);
  await hasAll(api, expired);
});

interface Held {
  readonly entries: number;
  readonly bytes: number;
  readonly oldestMs: number | null;
}

/** What the holder holds for the target, once it is as `wanted`, and its bytes have been counted. */
async function holds(api: Client, wanted: (entries: number) => boolean): Promise<Held> {
  return eventually(
    async () => {
      const [held] = (await api.hints(holder)).targets.filter(each => each.target === target);
      assert.ok(held !== undefined && wanted(held.entries), JSON.stringify(held));
      await aLookHasPassed(api);
      const [counted] = (await api.hints(holder)).targets.filter(each => each.target === target);
      assert.ok(counted !== undefined && wanted(counted.entries) && counted.oldestMs !== null);
      return counted;
    },
    { deadlineMs: waitMs, what: `${holder} holds the hints` },
  );
}

/** Waits until `node` has begun and ended a look for hints to deliver. */
async function aLookHasPassed(api: Client, node = holder): Promise<void> {
  const { looks } = await api.hints(node);
  await eventually(async () => (await api.hints(node)).looks > looks + 1, {
    deadlineMs: waitMs,
    what: `a look of ${node}`,
  });
}

/** One write after another, each a hint of its own. */
async function writeEach(api: Client, prefix: string, count: number, value = 'v'): Promise<string[]> {
  const keys = Array.from({ length: count }, (_, i) => `${prefix} ${i}`);
  for (const key of keys) await api.put(key, value, { via: 'n0' });
  return keys;
}

/** As `writeEach`, each hint stored before the next is written, so that it is an entry of its own. */
async function hintEach(api: Client, prefix: string, count: number, value = 'v'): Promise<string[]> {
  const keys: string[] = [];
  const stored = async () => (await api.status('n0')).hints.stored;
  for (let i = 0; i < count; i++) {
    const before = await stored();
    keys.push(...(await writeEach(api, `${prefix} ${i}`, 1, value)));
    await eventually(async () => assert.equal(await stored(), before + 1), {
      deadlineMs: waitMs,
      what: 'the hint is stored',
    });
  }
  return keys;
}

async function memoryOf(api: Client, keys: readonly string[]): Promise<Map<string, WireRecord>> {
  const { records } = await api.records(target, { keys: [...keys] });
  return new Map(records.map(record => [record.key, record]));
}

async function hasAll(api: Client, keys: readonly string[]): Promise<void> {
  await eventually(async () => assert.equal((await memoryOf(api, keys)).size, keys.length), {
    deadlineMs: waitMs,
    what: `${target} has ${keys.length} records`,
  });
}

/** Waits until the target answers requests, and `by` counts on it. */
async function isSeen(api: Client, by: string): Promise<void> {
  await eventually(() => api.status(target), { deadlineMs: waitMs, what: `${target} answers` });
  await eventually(async () => (await api.status(by)).peers[target]?.writable === true, {
    deadlineMs: waitMs,
    what: `${by} sees ${target}`,
  });
}

async function isSeenDead(api: Client, node: string): Promise<void> {
  await eventually(async () => (await api.status('n0')).peers[node]?.writable === false, {
    deadlineMs: waitMs,
    what: `n0 sees that ${node} is dead`,
  });
}

async function nothingIsHeld(streams: Streams, holders: readonly string[] = nodes): Promise<void> {
  await eventually(
    async () => {
      for (const node of holders) assert.deepEqual([...(await streams.hints(node)).keys()], [], node);
    },
    { deadlineMs: waitMs, what: 'no hints are left' },
  );
}

/** In turns: killed as a whole, frozen, its log broker killed. */
async function flapDown(emulator: Emulator, round: number): Promise<void> {
  if (round % 3 === 0) await emulator.kill(target);
  else if (round % 3 === 1) await emulator.pause(target);
  else await emulator.kill(target, ['log']);
}

async function flapUp(emulator: Emulator, round: number): Promise<void> {
  if (round % 3 === 1) await emulator.resume(target);
  else await emulator.restart(target);
}
